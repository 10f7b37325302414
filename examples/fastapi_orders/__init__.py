"""A FastAPI + SQLAlchemy project that adopts Tense in four steps, each of them runnable and useful alone."""

"""For projects on SQLAlchemy: their session as the unit of work, and Tense's tables in their metadata. Imports adapters."""

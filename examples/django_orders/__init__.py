"""A Django project that adopted Tense in four steps. Begin with `shop/views.py`."""

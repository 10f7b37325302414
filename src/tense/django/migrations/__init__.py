"""Tense's tables in Django's history: one file for each version of the schema, forward only."""

"""The engine: the only floor that starts and stops tasks. Imports everything below it."""

"""Mistake: what the person at the keyboard should do otherwise. Printed as it stands, exit status 2."""

from tense.errors import TenseError


class MistakeError(TenseError):
    """A word, file or setting given to the command line that cannot be used."""

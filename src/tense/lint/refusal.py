"""The one error of this floor: input that cannot be worked with, told in one line."""


class UnusableInputError(ValueError):
    """Something given to the linter cannot be used; the text says what, where, and what would be right."""

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        super().__init__(" ".join(part for part in (f"{where}:" if where else "", what, mend) if part))

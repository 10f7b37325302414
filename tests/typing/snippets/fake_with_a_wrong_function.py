from words import ChargeCard

from tense.testing import answers


def cents(command: ChargeCard) -> int:
    return command.cents


wrong = answers(ChargeCard)(cents)  # expect: mypy=arg-type pyright=reportArgumentType

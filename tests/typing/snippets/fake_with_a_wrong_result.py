from words import CardDeclined, ChargeCard, OutOfStock

from tense.testing import answers

right = answers(ChargeCard)("reference")
right_too = answers(ChargeCard)(CardDeclined(reason="stolen"))
wrong = answers(ChargeCard)(5)  # expect: mypy=arg-type pyright=reportArgumentType
wrong_too = answers(ChargeCard)(OutOfStock(sku="a"))  # expect: mypy=arg-type pyright=reportArgumentType

import pytest

from tense import Contract
from tense.errors import ContractNameError


def test_contracts_with_one_name_are_equal_wherever_they_were_made():
    assert Contract("orders") == Contract("orders")
    assert len({Contract("orders"), Contract("orders"), Contract("payment")}) == 2


def test_a_contract_is_frozen():
    with pytest.raises(AttributeError):
        Contract("orders").name = "payment"


@pytest.mark.parametrize(
    "name", ["", "Orders", "1orders", "or.ders", "or ders", "ordérs", "o" * 32, "-orders", None, 5, "a\n"]
)
def test_a_name_that_no_broker_could_carry_is_refused_with_what_is_allowed(name):
    with pytest.raises(
        ContractNameError, match=r"lower-case letters, digits and '-'.*at most 31 characters"
    ) as refused:
        Contract(name)

    assert repr(str(name)) in str(refused.value)


@pytest.mark.parametrize("name", ["o", "orders", "order-desk", "o2", "o" * 31])
def test_plain_names_are_taken(name):
    assert str(Contract(name)) == name

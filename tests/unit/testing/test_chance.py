from uuid import UUID

from tense.testing import SeededChance


def test_the_same_seed_gives_the_same_ids_and_figures():
    first, second = SeededChance(4), SeededChance(4)

    drawn = [(chance.new_id(), chance.random(), chance.new_id()) for chance in (first, second)]

    assert drawn[0] == drawn[1]


def test_another_seed_gives_other_ids():
    assert SeededChance(1).new_id() != SeededChance(2).new_id()


def test_ids_are_uuids_of_version_7_that_grow():
    chance = SeededChance()

    ids = [chance.new_id() for _ in range(1000)]

    assert {(UUID(each).version, UUID(each).variant) for each in ids} == {(7, "specified in RFC 4122")}
    assert ids == sorted(set(ids))


def test_figures_lie_between_nought_and_one():
    chance = SeededChance()

    assert all(0 <= chance.random() < 1 for _ in range(1000))

import json

import pytest

from tense.cli.doctor import clocks, lagging, leases
from tense.ports.records import Instance, Lag

NOW = 1_000_000.0


def lag(**fields):
    plain = {"consumer": "orders", "kind": "inbox", "waiting": 0, "oldest": None, "retrying": 0, "held": 0, "dead": 0}
    return Lag(**{**plain, "lanes": 64, "owned": 64, **fields})


def living(**fields):
    plain = {"id": "a", "host": "h", "pid": 1, "version": "1", "started": NOW - 60, "until": NOW + 10}
    return Instance(**{**plain, "services": ("orders",), "consumers": ("orders",), **fields})


def states(findings):
    return {finding.about: finding.state for finding in findings}


def test_an_app_that_runs_well_has_no_trouble(tense, serve):
    serve()

    ran = tense("doctor", "--json")

    assert ran.status == 0
    found = {finding["about"]: finding["state"] for finding in json.loads(ran.out)}
    assert found["schema"] == found["lag"] == found["leases"] == found["clock"] == found["app"] == "fine"
    assert found["services"] == "note"


def test_trouble_leaves_with_1_and_says_what_to_do(tense, serve):
    serve()
    tense("send", "PlaceOrder", '{"order_id": "1", "sku": "broken"}')
    serve()

    ran = tense("doctor")

    assert ran.status == 1
    assert "orders has 1 dead letter" in ran.out
    assert "tense dead list --consumer 'orders'" in ran.out


def test_an_app_that_does_not_import_and_a_store_that_is_none_are_both_told(tense, project):
    (project / "shopapp.py").write_text("raise RuntimeError('boom')")
    (project / "shop.db").write_text("this is a letter and no database; it is long enough to be looked at by anyone")

    ran = tense("doctor")

    assert ran.status == 1
    assert "boom" in ran.out
    assert "is not a SQLite database" in ran.out


def test_a_missing_store_is_told_and_not_made(tense, project):
    ran = tense("doctor")

    assert ran.status == 1
    assert "there is no store at" in ran.out
    assert not (project / "shop.db").exists()


def test_waiting_long_is_trouble_only_where_somebody_runs_it():
    late = lag(waiting=3, oldest=NOW - 600)

    assert states(lagging([late], [living()], NOW))["lag"] == "trouble"
    assert states(lagging([late], [], NOW))["lag"] == "note"
    assert states(lagging([lag(waiting=3, oldest=NOW - 1)], [living()], NOW))["lag"] == "fine"


def test_lanes_of_a_process_that_is_gone_are_noted():
    gone = living(until=NOW - 100)

    assert states(leases([lag(owned=5)], [], [gone]))["leases"] == "note"
    assert states(leases([lag(owned=0)], [], [gone]))["leases"] == "fine"


def test_lanes_that_nobody_took_though_it_runs_are_noted():
    assert states(leases([lag(owned=60)], [living()], [living()]))["leases"] == "note"
    assert states(leases([lag(owned=64)], [living()], [living()]))["leases"] == "fine"


@pytest.mark.parametrize(("started", "written", "state"), [(0, 0, "fine"), (60, None, "trouble"), (0, 60, "trouble")])
def test_a_clock_that_is_behind_another_is_trouble(started, written, state):
    findings = clocks([living(started=NOW + started)], NOW, None if written is None else NOW + written)

    assert states(findings)["clock"] == state

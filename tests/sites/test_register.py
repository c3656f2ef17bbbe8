"""The register of requests: what is entered, what is lost (nothing), what is near."""

from datetime import date

import pandas as pd
import pytest

from infraplan.layers.bundle import empty_table
from infraplan.sites.register import batch_table
from infraplan.sites.register import check_related
from infraplan.sites.register import enter
from infraplan.sites.register import related_requests
from infraplan.sites.register import request_changes
from infraplan.sites.register import unbuilt
from tests.sites.test_appraisal import appraise
from tests.sites.test_appraisal import reasons
from tests.sites.world import CRS
from tests.sites.world import RULES
from tests.sites.world import requests
from tests.sites.world import stations

HERE = (2_000.0, 2_000.0)


def letter(batch="one", received="2025-03-10", **rows):
    """Return requests of a letter: name=(x, y, operator[, other fields])."""
    told = {"batch": batch, "received": received, "letter": f"{batch}/VT", "name": None}
    made = {
        name: (row[0], row[1], row[2], 42.0, "4G", told | (row[3] if len(row) > 3 else {}))
        for name, row in rows.items()
    }
    return requests(**made)


def entered(*letters):
    """Return the register after letters were entered one after another."""
    register = empty_table("requests", CRS)
    for rows in letters:
        register = enter(register, rows, batch=str(rows["batch"].iloc[0])).register
    return register


def decided(register, request_id, decision="approve", **fields):
    """Return a register in which the office decided on a request."""
    said = {"decision": decision, "state": "decided", "decided_by": "Trần B", **fields}
    for column, value in said.items():
        if column not in register:
            register[column] = None
        register.loc[request_id, column] = value
    return register


def related(new, register, sites=None):
    """Return what is near the requests of a batch."""
    rows = register[register["batch"] == new]
    return related_requests(rows, register, stations() if sites is None else sites, RULES.rules)


@pytest.fixture(autouse=True)
def _no_stations(monkeypatch):
    """Let `stations()` without any be an empty layer."""
    own = stations

    def made(**rows):
        return own(**rows) if rows else empty_table("sites", CRS)

    monkeypatch.setattr("tests.sites.test_register.stations", made)


def test_a_code_asked_for_again_becomes_a_second_request_and_supersedes_the_first():
    first = decided(entered(letter(H1=(*HERE, "A"))), "H1", "needs_information")
    done = enter(first, letter("two", "2025-11-03", H1=(*HERE, "A")), batch="two")
    assert done.ids == {"H1": "H1.2"}
    assert done.superseded == (("H1.2", "H1"),)
    assert done.register.loc["H1", "state"] == "superseded"
    assert done.register.loc["H1", "decision"] == "needs_information"
    assert pd.isna(done.register.loc["H1.2", "decision"])


def test_a_third_time_supersedes_the_second():
    names = ["one", "two", "three"]
    register = entered(
        *(letter(n, f"2025-0{k}-01", H1=(*HERE, "A")) for k, n in enumerate(names, 1))
    )
    assert list(register.index) == ["H1", "H1.2", "H1.3"]
    assert register["supersedes"].fillna("").tolist() == ["", "H1", "H1.2"]
    assert register["state"].tolist() == ["superseded", "superseded", "received"]


def test_a_code_of_another_operator_supersedes_nothing():
    done = enter(entered(letter(H1=(*HERE, "A"))), letter("two", H1=(*HERE, "B")), batch="two")
    assert done.ids == {"H1": "H1.2"}
    assert done.superseded == ()
    assert done.perhaps == ()
    assert done.register.loc["H1", "state"] == "received"


@pytest.mark.parametrize(("east_m", "is_said"), [(50.0, True), (50.1, False)])
def test_another_code_within_50_m_is_said_and_supersedes_nothing(east_m, is_said):
    first = entered(letter(H1=(*HERE, "A")))
    second = letter("two", "2025-11-03", H9=(HERE[0] + east_m, HERE[1], "A"))
    done = enter(first, second, batch="two")
    assert [pair[:2] for pair in done.perhaps] == ([("H9", "H1")] if is_said else [])
    assert done.superseded == ()


def test_a_batch_read_again_keeps_what_the_office_wrote_and_says_what_changed():
    first = decided(
        entered(letter(H1=(*HERE, "A"), H2=(0, 0, "A"))), "H1", field_check="đúng vị trí"
    )
    again = letter(H1=(HERE[0] + 30, HERE[1], "A", {"name": "Cẩm Bình"}), H2=(9, 9, "A"))
    done = enter(first, again, batch="one")
    row = done.register.loc["H1"]
    assert (row["decision"], row["state"], row["field_check"]) == (
        "approve",
        "decided",
        "đúng vị trí",
    )
    assert done.changed.index.tolist() == [("H1", "name"), ("H1", "position"), ("H1", "moved_m")]
    assert done.changed.loc[("H1", "moved_m"), "after"] == "30.0"
    assert len(done.register) == 2


def test_the_same_batch_read_again_is_the_same_register():
    register = entered(letter(H1=(*HERE, "A")), letter("two", "2025-11-03", H1=(*HERE, "A")))
    for name, day in (("one", "2025-03-10"), ("two", "2025-11-03")):
        again = enter(register, letter(name, day, H1=(*HERE, "A")), batch=name)
        pd.testing.assert_frame_equal(again.register, register)
        assert not len(again.changed)


def test_a_row_gone_from_the_file_stays_only_where_the_office_had_its_say():
    first = decided(entered(letter(H1=(*HERE, "A"), H2=(0, 0, "A"), H3=(9, 9, "A"))), "H1")
    done = enter(first, letter(H3=(9, 9, "A")), batch="one")
    assert (done.kept, done.dropped) == (("H1",), ("H2",))
    assert sorted(done.register.index) == ["H1", "H3"]


def test_a_resubmission_taken_back_leaves_the_earlier_request_as_it_was():
    register = entered(letter(H1=(*HERE, "A")), letter("two", H1=(*HERE, "A"), H5=(0, 0, "A")))
    done = enter(register, letter("two", H5=(0, 0, "A")), batch="two")
    assert done.register.loc["H1", "state"] == "received"


def test_an_operator_cannot_fill_in_what_is_the_offices():
    said = {"decision": "approve", "state": "decided", "decided_by": "Viettel"}
    register = entered(letter(H1=(*HERE, "A", said)))
    assert register.loc["H1", ["decision", "decided_by"]].isna().all()
    assert register.loc["H1", "state"] == "received"


def test_rows_without_a_code_replace_nothing_in_another_letter():
    rows = [letter(n, **{"requests-00008": (*HERE, "A")}) for n in ("one", "two")]
    first = enter(empty_table("requests", CRS), rows[0], batch="one", unnamed=["requests-00008"])
    done = enter(first.register, rows[1], batch="two", unnamed=["requests-00008"])
    assert (done.ids["requests-00008"], done.superseded) == ("requests-00008.2", ())
    again = enter(done.register, rows[1], batch="two", unnamed=["requests-00008"])
    assert list(again.register.index) == ["requests-00008", "requests-00008.2"]


@pytest.mark.parametrize(
    ("east_m", "operator", "kinds"),
    [
        (50.0, "A", ["earlier"]), (50.1, "A", []), (50.0, "B", ["pending_other"]),
        (300.0, "B", ["pending_other"]), (300.1, "B", []),
    ],
)  # fmt: skip
def test_earlier_and_pending_requests_are_named_to_their_distance(east_m, operator, kinds):
    first = letter(H1=(HERE[0] + east_m, HERE[1], operator))
    register = entered(first, letter("two", "2025-11-03", H9=(*HERE, "A")))
    assert related("two", register)["kind"].tolist() == kinds


def test_an_approved_request_is_unbuilt_until_its_station_stands():
    register = entered(letter(H1=(200 + HERE[0], HERE[1], "B")), letter("two", H9=(*HERE, "A")))
    register = decided(register, "H1", "approve_with_conditions")
    standing = stations(S1=(210 + HERE[0], HERE[1], "B", 42, "4G"))
    assert related("two", register)["kind"].tolist() == ["approved_unbuilt"]
    assert related("two", register, standing)["kind"].tolist() == []
    assert unbuilt(register, stations()).index.tolist() == ["H1"]
    assert unbuilt(register, standing).index.tolist() == []


def test_a_planned_station_is_named_once_with_its_request():
    register = entered(letter(H1=(200 + HERE[0], HERE[1], "B")), letter("two", H9=(*HERE, "A")))
    planned = stations(H1=(200 + HERE[0], HERE[1], "B", 42, "4G"), P2=(*HERE, "C", 42, "4G"))
    found = related("two", decided(register, "H1"), planned.assign(status="approved"))
    assert found.index.get_level_values(1).tolist() == ["P2", "H1"]
    assert set(found["kind"]) == {"approved_unbuilt"}


def effects(new, register):
    """Return the effects of the register's rules on the one request of a batch."""
    row = register[register["batch"] == new].iloc[0]
    found = check_related(str(row.name), row["operator"], related(new, register), RULES.rules)
    return {reason.rule.id: reason.effect for reason in found}


@pytest.mark.parametrize(
    ("east_m", "operator", "decision", "found"),
    [
        (50.0, "A", None, ("condition", "none")), (50.1, "A", None, ("none", "none")),
        (300.0, "B", None, ("none", "condition")), (300.1, "B", None, ("none", "none")),
        (30.0, "A", "reject", ("condition", "none")), (30.0, "B", "reject", ("condition", "none")),
        (200.0, "B", "approve", ("none", "condition")), (200.0, "A", "approve", ("none", "none")),
    ],
)  # fmt: skip
def test_the_rules_of_the_register_hold_to_their_edges(east_m, operator, decision, found):
    first = letter(H1=(HERE[0] + east_m, HERE[1], operator))
    register = entered(first, letter("two", "2025-11-03", H9=(*HERE, "A")))
    register = decided(register, "H1", decision) if decision else register
    assert effects("two", register) == dict(
        zip(("earlier_request", "pending_other"), found, strict=True)
    )


def test_the_request_that_is_replaced_asks_for_nothing():
    register = entered(letter(H1=(*HERE, "A")), letter("two", "2025-11-03", H1=(*HERE, "A")))
    assert related("two", register)["kind"].tolist() == ["superseded"]
    assert effects("two", register) == {"earlier_request": "none", "pending_other": "none"}


def test_a_resubmission_shows_its_differences_only():
    first = letter(H1=(*HERE, "A", {"name": "Cẩm Bình", "address": "Thôn 3"}))
    second = letter("two", H1=(*HERE, "A", {"name": "Cẩm Bình", "address": "Thôn 4"}))
    register = entered(first, second.assign(height_m=36.5))
    found = request_changes(register[register["batch"] == "two"], register)
    assert found.to_dict("index") == {
        ("H1.2", "address"): {"before": "Thôn 3", "after": "Thôn 4"},
        ("H1.2", "height_m"): {"before": "42", "after": "36.5"},
    }


def test_what_is_overdue_stands_first_and_what_is_answered_last():
    rows = [
        letter(n, f"2025-1{k}-01", **{n: (k * 900, 0, "A", {"due": due})})
        for k, (n, due) in enumerate([("a", "2025-12-20"), ("b", None), ("c", "2025-12-01")])
    ]
    register = decided(entered(*rows, letter("d", D=(0, 9, "A", {"due": "2025-01-01"}))), "D")
    table = batch_table(register, stations(), as_of=date(2025, 12, 10))
    assert table.index.tolist() == ["c", "a", "b", "d"]
    assert table["days_left"].fillna(0).tolist() == [-9, 10, 0, 0]
    assert table.loc["d", ["approve", "unbuilt", "waiting"]].tolist() == [1, 1, 0]


def test_an_appraisal_names_what_the_register_has_and_asks_nothing_without_one():
    second = letter("two", "2025-11-03", H1=(2_020.0, 2_000.0, "A"), H2=(2_060.0, 2_000.0, "A"))
    register = entered(letter(H1=(*HERE, "A"), H7=(2_060.0, 2_040.0, "A")), second)
    rows = register[register["batch"] == "two"]
    found = appraise(rows, register=register)
    assert found.related["kind"].tolist() == ["superseded", "earlier"]
    assert found.changes.loc[("H1.2", "moved_m"), "after"] == "20.0"
    assert reasons(found, "H2")["earlier_request"]["detail"]["request"] == "H7"
    alone = appraise(rows)
    assert len(alone.related) == 0
    assert "earlier_request" not in reasons(alone, "H2")

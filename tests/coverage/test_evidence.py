"""Statements on hamlets against the model, in a world where both are known."""

import numpy as np
import pandas as pd
import pytest

from infraplan.coverage import agreement_with_evidence
from infraplan.coverage import certainty_of_gaps
from infraplan.coverage import newest_findings
from infraplan.coverage import wilson_interval
from infraplan.coverage import worth_measuring
from infraplan.errors import SettingsError
from tests.coverage.world import EVERYWHERE
from tests.coverage.world import NOWHERE
from tests.coverage.world import gaps_of
from tests.coverage.world import inside


def evidence(*rows):
    """Return statements: (hamlet, operator, finding[, day])."""
    full = [(*row, None)[:4] for row in rows]
    table = pd.DataFrame(full, columns=["hamlet_id", "operator", "finding", "found_on"])
    return table.assign(source="test").rename_axis("evidence_id").astype("object")


def hamlets(**rows):
    """Return areas as gaps have them: name=(covered, low, high[, placed_by[, unknown]])."""
    table = {}
    for name, row in rows.items():
        covered, low, high, placed, unknown = (*row, None, 0.0)[:5] if len(row) < 5 else row
        table[name] = {
            "name": f"Thôn {name}",
            "commune": "Tây",
            "people": 100.0,
            "placed_by": placed,
            "covered_share": covered,
            "unknown_share": unknown,
            "people_uncovered": 100.0 * (1.0 - covered),
            "people_uncovered_low": 100.0 * (1.0 - high),
            "people_uncovered_high": 100.0 * (1.0 - low),
            "share_4G": covered,
            "share_4G_A": covered,
            "share_4G_B": 0.0,
        }
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("hamlet_id")


def test_the_newest_statement_wins_whatever_the_order_of_rows() -> None:
    rows = [("H1", "A", "none", "2024-05-01"), ("H1", "A", "good", "2025-05-01")]
    for order in (rows, rows[::-1], [("H1", "A", "none"), *rows]):
        assert newest_findings(evidence(*order), ["A"]).loc["H1", "A"] == "good"


def test_contradictions_of_one_day_are_unsteady() -> None:
    rows = [("H1", "A", "none", "2025-05-01"), ("H1", "A", "good", "2025-05-01")]
    for order in (rows, rows[::-1], [*rows, rows[1]]):
        assert newest_findings(evidence(*order), ["A", "B"]).loc["H1", "A"] == "unsteady"
    undated = evidence(("H1", "A", "none"), ("H1", "A", "good"))
    assert newest_findings(undated, ["A"]).loc["H1", "A"] == "unsteady"


def test_one_good_operator_makes_any_good_but_one_without_does_not_make_it_none() -> None:
    said = evidence(
        ("H1", "A", "good"), ("H2", "A", "none"), ("H3", "A", "none"), ("H3", "B", "none"),
        ("H4", "A", "unsteady"), ("H4", "B", "none"), ("H5", "any", "none"), ("H6", "any", "good"),
    )  # fmt: skip
    found = newest_findings(said, ["A", "B"])
    expected = {"H1": "good", "H2": None, "H3": "none", "H4": "unsteady", "H5": "none"}
    assert found["any"].to_dict() == expected | {"H6": "good"}
    assert found.loc["H5", ["A", "B"]].tolist() == ["none", "none"]
    assert found.loc["H6", ["A", "B"]].tolist() == [None, None]
    assert found.loc["H1", "B"] is None


def test_none_of_any_and_a_good_operator_are_weighed_by_their_days() -> None:
    old, new = "2024-01-01", "2025-01-01"
    for good, none, expected in ((old, new, "none"), (new, old, "good"), (new, new, "unsteady")):
        said = evidence(("H1", "A", "good", good), ("H1", "any", "none", none))
        found = newest_findings(said, ["A", "B"]).loc["H1"]
        assert (found["A"], found["any"]) == (expected, expected)
        assert found["B"] == "none"


def test_no_statement_gives_no_finding() -> None:
    found = newest_findings(evidence(), ["A"])
    assert found.empty
    assert list(found.columns) == ["A", "any"]


def test_agreement_counts_hamlets_and_what_was_left_out() -> None:
    # the model: A serves H1 and 300 m of the 510 m of H2, B serves H3, nobody else
    half = inside(2_400, 3_000, 2_700, 3_570)
    west, east = inside(0, 0, 1_500, 1_500), inside(4_500, 1_500, 6_000, 3_000)
    gaps = gaps_of({("4G", "A"): west | half, ("4G", "B"): east})
    said = evidence(
        ("H1", "A", "good"), ("H2", "A", "unsteady"), ("H3", "A", "good"),
        ("H1", "B", "none"), ("H2", "any", "none"), ("H3", "A", "none", "2025-01-01"),
        ("H9", "A", "none"), ("H1", "C", "none"), ("1-rest", "A", "none"),
    )  # fmt: skip
    found = agreement_with_evidence(gaps.shares, said, technology="4G")
    table = found.table.set_index(["operator", "model"])
    assert table.loc[("A", "served")].tolist() == [1, 0, 0]
    # H2: none of any and unsteady of A, both without a day, are a contradiction
    assert table.loc[("A", "partly")].tolist() == [0, 1, 0]
    assert table.loc[("A", "not")].tolist() == [0, 0, 1]
    assert table.loc[("B", "not")].tolist() == [0, 0, 2]
    assert table.loc[("any", "served")].tolist() == [1, 0, 0]
    assert table.loc[("any", "partly")].tolist() == [0, 0, 1]
    assert found.used_count == 5
    assert found.left_out == {"unknown_hamlet": 2, "unknown_operator": 1, "superseded": 1}
    assert list(found.table["operator"].unique()) == ["any", "A", "B"]


def test_agreement_is_on_gap_or_none_with_wilsons_interval() -> None:
    gaps = gaps_of({("4G", "A"): inside(0, 0, 1_500, 1_500)})
    said = evidence(("H1", "A", "good"), ("H2", "A", "unsteady"), ("H3", "A", "good"))
    rate = agreement_with_evidence(gaps.shares, said, technology="4G").rates.loc["A"]
    assert (rate["hamlets"], rate["agreeing"]) == (3, 2)
    assert rate["agreement"] == pytest.approx(2 / 3)
    assert (rate["agreement_low"], rate["agreement_high"]) == pytest.approx(wilson_interval(2, 3))
    assert rate["exact"] == pytest.approx(1 / 3)


def test_what_is_not_predicted_is_left_out() -> None:
    gaps = gaps_of({("4G", "A"): NOWHERE}, unknown=inside(0, 0, 1_500, 1_500))
    said = evidence(("H1", "A", "none"), ("H2", "A", "none"))
    found = agreement_with_evidence(gaps.shares, said, technology="4G")
    assert found.left_out == {"unknown_prediction": 1}
    assert found.pairs.loc[found.pairs["operator"] == "A", "hamlet_id"].tolist() == ["H2"]


def test_without_statements_agreement_is_not_known() -> None:
    gaps = gaps_of({("4G", "A"): EVERYWHERE})
    found = agreement_with_evidence(gaps.shares, evidence(), technology="4G")
    assert found.used_count == 0
    assert found.table[["good", "unsteady", "none"]].to_numpy().sum() == 0
    assert np.isnan(found.rates["agreement"]).all()
    with pytest.raises(SettingsError, match="no hamlets with 5G; technologies of hamlets: 4G"):
        agreement_with_evidence(gaps.shares, evidence(), technology="5G")


def certainty(areas, *rows, operator="any"):
    return certainty_of_gaps(areas, evidence(*rows), technology="4G", operator=operator)


def test_a_gap_is_likely_only_where_its_whole_range_is_one() -> None:
    found = certainty(
        hamlets(
            sure=(0.2, 0.1, 0.6), straddling=(0.7, 0.5, 0.95), served=(0.95, 0.6, 1.0),
            unknown=(0.1, 0.1, 0.5, None, 0.4), nobody=(np.nan, np.nan, np.nan),
        )
    )  # fmt: skip
    assert found["certainty"].fillna("").to_dict() == {
        "sure": "likely", "straddling": "to_be_measured", "served": "",
        "unknown": "to_be_measured", "nobody": "to_be_measured",
    }  # fmt: skip
    assert found["doubt"].dropna().to_dict() == {
        "straddling": "straddles", "unknown": "unknown", "nobody": "unknown",
    }  # fmt: skip


def test_evidence_confirms_a_gap_even_where_the_range_straddles() -> None:
    areas = hamlets(a=(0.2, 0.1, 0.6), b=(0.7, 0.5, 0.95), c=(0.2, 0.1, 0.6, None, 0.4))
    said = [("a", "any", "none"), ("b", "any", "unsteady"), ("c", "any", "none")]
    found = certainty(areas, *said)
    assert found["certainty"].tolist() == ["confirmed", "confirmed", "to_be_measured"]
    assert found.loc["c", "doubt"] == "unknown"


def test_contradicted_hamlets_are_to_be_measured_on_both_sides() -> None:
    areas = hamlets(gap=(0.2, 0.1, 0.6), served=(0.95, 0.92, 1.0), weak=(0.95, 0.92, 1.0))
    said = [("gap", "A", "good"), ("served", "any", "none"), ("weak", "any", "unsteady")]
    found = certainty(areas, *said)
    assert found["certainty"].fillna("").to_dict() == {
        "gap": "to_be_measured", "served": "to_be_measured", "weak": "",
    }  # fmt: skip
    assert found.loc[["gap", "served"], "doubt"].tolist() == ["contradicted"] * 2


@pytest.mark.parametrize("finding", ["good", "unsteady", "none", None])
def test_a_hamlet_placed_by_guess_is_never_more_than_to_be_measured(finding) -> None:
    areas = hamlets(a=(0.0, 0.0, 0.0, "guess"), b=(0.0, 0.0, 0.0, "survey"))
    said = [] if finding is None else [("a", "any", finding)]
    found = certainty(areas, *said)
    assert found["certainty"].tolist() == ["to_be_measured", "likely"]
    assert found.loc["a", "doubt"] == "guess"


def test_the_headline_of_an_operator_takes_statements_on_it() -> None:
    areas = hamlets(a=(0.2, 0.1, 0.6))
    said = [("a", "B", "none")]
    assert certainty(areas, *said, operator="A").loc["a", "certainty"] == "likely"
    assert certainty(areas, *said, operator="B").loc["a", "certainty"] == "confirmed"
    assert certainty(areas, *said).loc["a", "certainty"] == "likely"
    with pytest.raises(SettingsError, match="4G of 'C' was not predicted; there are A, B"):
        certainty(areas, operator="C")


def test_gaps_as_found_can_be_weighed() -> None:
    gaps = gaps_of({("4G", "A"): inside(0, 0, 1_500, 1_500)})
    said = evidence(("H2", "A", "none"))
    found = certainty_of_gaps(gaps.hamlets, said, technology="4G")
    assert list(found.index) == list(gaps.hamlets.index)
    told = found.loc[["H1", "H2", "H3"], "certainty"].fillna("").tolist()
    assert told == ["", "confirmed", "likely"]
    dark = gaps_of({("4G", "A"): inside(0, 0, 1_500, 1_500)}, unknown=EVERYWHERE)
    doubt = certainty_of_gaps(dark.hamlets, evidence(), technology="4G")["doubt"]
    assert doubt.loc[["H2", "H3"]].tolist() == ["unknown", "unknown"]


def test_hamlets_worth_measuring_come_by_the_people_whose_service_is_open() -> None:
    areas = hamlets(
        straddling=(0.7, 0.5, 0.95), wide=(0.7, 0.1, 1.0), guess=(0.0, 0.0, 0.0, "guess"),
        sure=(0.2, 0.1, 0.6), contradicted=(0.0, 0.0, 0.1),
    )  # fmt: skip
    areas.loc["contradicted", "people"] = 150.0
    areas.loc["1-rest"] = areas.loc["wide"]
    known = certainty(areas, ("contradicted", "A", "good"))
    found = worth_measuring(areas, known)
    assert found["people_open"].round(6).to_dict() == {
        "contradicted": 150.0, "guess": 100.0, "wide": 90.0, "straddling": 45.0,
    }  # fmt: skip
    assert found["doubt"].tolist() == ["contradicted", "guess", "straddles", "straddles"]
    assert worth_measuring(areas, known, count=2).index.tolist() == ["contradicted", "guess"]
    with pytest.raises(SettingsError, match="count must be 0 or more"):
        worth_measuring(areas, known, count=-1)

"""Figures of old communes under new codes: nobody is lost, nothing joined across vintages."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.errors import LayerError
from infraplan.errors import VintageError
from infraplan.io import read_layer
from infraplan.io.units import shipped_shares
from infraplan.io.units import shipped_steps
from infraplan.layers.crosswalk import convert
from infraplan.layers.crosswalk import destinations
from infraplan.layers.crosswalk import with_shares
from infraplan.layers.crosswalk import with_steps
from infraplan.layers.schemas import VINTAGES
from tests.shared_data import shared_folder


def crosswalk(*moves, between=("2025-01", "2025-07"), **columns):
    """Return a crosswalk of moves (old, new)."""
    return pd.DataFrame(list(moves), columns=["from_code", "to_code"], dtype="str").assign(
        from_vintage=between[0], to_vintage=between[1], **columns
    )


def people(**counts):
    """Return people by old code; names of arguments begin with a letter that is cut off."""
    return pd.DataFrame({"people": counts.values()}, index=[name[1:] for name in counts])


def moved(figures, table, **options):
    return convert(figures, table, from_vintage="2025-01", to_vintage="2025-07", **options)


def test_merged_units_are_summed() -> None:
    found = moved(people(c1=10, c2=5, c3=7), crosswalk(("1", "1"), ("2", "1"), ("3", "9")))
    assert found["people"].to_dict() == {"1": 15, "9": 7}
    assert found["from_codes"].to_dict() == {"1": "1;2", "9": "3"}
    assert not found["estimated"].any()


def test_a_divided_unit_follows_weights_to_the_person() -> None:
    table = crosswalk(("1", "8"), ("1", "9"), ("2", "9"))
    found = moved(people(c1=11, c2=100), table, weights={("1", "8"): 2, ("1", "9"): 1})
    assert found["people"].to_dict() == {"8": 7, "9": 104}  # 7.33 and 3.67
    assert not found["estimated"].any()


def test_without_weights_a_divided_unit_is_halved_and_flagged() -> None:
    table = crosswalk(("1", "8"), ("1", "9"), ("2", "7"))
    found = moved(people(c1=11, c2=5), table)
    assert found["people"].to_dict() == {"7": 5, "8": 6, "9": 5}
    assert found["estimated"].to_dict() == {"7": False, "8": True, "9": True}


def test_shares_of_the_crosswalk_are_taken_where_no_weights_are_given() -> None:
    table = crosswalk(("1", "8"), ("1", "9"), people_share=[0.9, 0.1], area_share=[0.5, 0.5])
    found = moved(people(c1=100).assign(area_km2=4.0), table)
    assert found["people"].to_dict() == {"8": 90, "9": 10}
    assert found["area_km2"].to_dict() == {"8": 2.0, "9": 2.0}
    assert not found["estimated"].any()


def test_the_people_of_ky_loi_go_elsewhere_than_its_ground() -> None:
    table = crosswalk(("18796", "18754"), ("18796", "18823"), ("18796", "18832"))
    known = with_shares(table, shipped_shares())
    found = moved(people(c18796=1_001).assign(area_km2=20.5), known)
    assert found["people"].to_dict() == {"18754": 501, "18823": 0, "18832": 500}
    assert found["area_km2"].to_dict() == {"18754": 0.0, "18823": 20.5, "18832": 0.0}


def test_shares_shipped_for_one_province_say_nothing_of_other_codes() -> None:
    table = crosswalk(("1", "18754"), ("1", "18823"))
    assert (
        with_shares(table, shipped_shares())[["people_share", "area_share"]].isna().all(axis=None)
    )


def test_shares_of_the_table_itself_go_before_those_shipped() -> None:
    table = crosswalk(("18796", "18754"), ("18796", "18823"), people_share=[0.25, 0.75])
    found = moved(people(c18796=100), with_shares(table, shipped_shares()))
    assert found["people"].to_dict() == {"18754": 25, "18823": 75}


def test_what_known_shares_leave_over_is_divided_and_flagged() -> None:
    table = crosswalk(("1", "7"), ("1", "8"), ("1", "9"), people_share=[0.5, np.nan, np.nan])
    found = moved(people(c1=100), table)
    assert found["people"].to_dict() == {"7": 50, "8": 25, "9": 25}
    assert found["estimated"].to_dict() == {"7": False, "8": True, "9": True}
    only = moved(people(c1=100), crosswalk(("1", "7"), ("1", "8"), people_share=[0.3, np.nan]))
    assert only["people"].to_dict() == {"7": 30, "8": 70}
    assert not only["estimated"].any()


def test_two_steps_lead_from_2024_to_july_2025() -> None:
    table = pd.concat(
        [
            crosswalk(("1", "1"), ("2", "1"), ("3", "3"), between=("2024", "2025-01")),
            crosswalk(("1", "7"), ("3", "7"), ("3", "8")),
        ]
    )
    found = convert(people(c1=1, c2=2, c3=4), table, from_vintage="2024", to_vintage="2025-07")
    assert found["people"].to_dict() == {"7": 5, "8": 2}
    assert found["from_codes"].to_dict() == {"7": "1;2;3", "8": "3"}
    assert found["estimated"].all()


def test_random_counts_are_kept_to_the_person() -> None:
    rng = np.random.default_rng(1)
    old = [str(code) for code in range(200)]
    moves = sorted({(code, str(rng.integers(1000, 1050))) for code in old * 3})
    weights = {move: float(rng.random()) for move in moves[::2]}
    figures = pd.DataFrame({"people": rng.integers(0, 10**6, 200)}, index=old)
    figures["households"] = (figures["people"] // 4).astype("Int64")
    found = moved(figures, crosswalk(*moves), weights=_whole(weights, moves))
    assert found["people"].sum() == figures["people"].sum()
    assert found["households"].sum() == figures["households"].sum()


def _whole(weights, moves):
    """Return weights without units all of whose weights are left out."""
    return {move: weights[move] for move in moves if move in weights and weights[move] > 0}


def test_all_unknown_and_repeated_codes_are_told_at_once() -> None:
    figures = pd.DataFrame({"people": [1, 2, 3, 4]}, index=["1", "5", "6", "1"])
    with pytest.raises(LayerError) as error:
        moved(figures, crosswalk(("1", "1")))
    assert "5, 6" in str(error.value)
    assert "codes are repeated" in str(error.value)


def test_weights_of_other_moves_and_shares_that_are_not_one_are_refused() -> None:
    table = crosswalk(("1", "8"), ("1", "9"), people_share=[0.5, 0.6])
    with pytest.raises(LayerError, match=r"did not happen[\s\S]*people_share"):
        moved(people(c1=1), table, weights={("1", "7"): 1.0})
    with pytest.raises(LayerError, match="weights must be at least 0"):
        moved(people(c1=1), crosswalk(("1", "8"), ("1", "9")), weights={("1", "8"): 0.0})


def test_a_step_that_the_crosswalk_lacks_is_a_vintage_error() -> None:
    with pytest.raises(VintageError, match="converts 2025-01 to 2025-07"):
        convert(people(c1=1), crosswalk(("1", "1")), from_vintage="2024", to_vintage="2025-07")


def test_figures_that_say_another_vintage_are_refused() -> None:
    with pytest.raises(VintageError, match="are of vintage 2024"):
        moved(people(c1=1).assign(vintage="2024"), crosswalk(("1", "1")))


def test_an_unknown_number_stays_unknown_where_it_went() -> None:
    figures = pd.DataFrame({"people": pd.array([1, None, 3], dtype="Int64")}, index=["1", "2", "3"])
    found = moved(figures, crosswalk(("1", "8"), ("2", "8"), ("3", "9")))
    assert found["people"].isna().to_dict() == {"8": True, "9": False}


def test_the_province_is_kept_to_the_person() -> None:
    path = shared_folder("data/hatinh") / "communes_2024_to_2025.csv"
    fill = {"from_vintage": "2025-01", "to_vintage": "2025-07"}
    read = read_layer(path, "crosswalk", plan_crs="EPSG:9209", fill=fill).table
    table = with_shares(read, shipped_shares())
    codes = sorted(set(table["from_code"]))
    assert len(codes) == 209
    figures = pd.DataFrame({"people": range(1_000, 1_000 + len(codes))}, index=codes)
    found = moved(figures, table)
    assert len(found) == 69
    assert found["people"].sum() == figures["people"].sum()
    assert sorted(found.index[found["estimated"]]) == ["18073", "18652", "18754", "18832"]
    assert "18082" in found.loc["18652", "from_codes"]


STEPS = (("2024", "2025-01"), ("2025-01", "2025-07"))
PAIRS = [(a, b) for a in VINTAGES for b in VINTAGES if a != b]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_no_vintage_is_joined_to_another_without_a_crosswalk(old, new) -> None:
    with pytest.raises(VintageError, match=f"of {old} cannot be joined to those of {new}"):
        convert(people(c1=1), crosswalk(), from_vintage=old, to_vintage=new)


@pytest.mark.parametrize(("old", "new"), [pair for pair in PAIRS if pair[0] > pair[1]])
def test_figures_are_never_taken_back_to_an_older_vintage(old, new) -> None:
    both = pd.concat([crosswalk(("1", "1"), between=step) for step in STEPS])
    with pytest.raises(VintageError):
        convert(people(c1=1), both, from_vintage=old, to_vintage=new)


@st.composite
def chains(draw):
    """Return two steps between re-used codes, some with shares, and figures of the first."""
    codes = [str(code) for code in range(draw(st.integers(2, 8)))]
    steps = []
    for step in STEPS:
        moves = []
        for old in codes:
            ends = draw(st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True))
            parts = draw(st.lists(st.integers(1, 9), min_size=len(ends), max_size=len(ends)))
            shares = [part / sum(parts) if draw(st.booleans()) else None for part in parts]
            moves += [(old, end, share) for end, share in zip(ends, shares, strict=True)]
        table = pd.DataFrame(moves, columns=["from_code", "to_code", "people_share"])
        table["people_share"] = table["people_share"].astype("float64")
        steps.append(table.assign(from_vintage=step[0], to_vintage=step[1]))
    counts = draw(st.lists(st.integers(0, 10**7), min_size=len(codes), max_size=len(codes)))
    return pd.concat(steps), pd.DataFrame({"people": counts, "area_km2": 1.5}, index=codes)


@settings(max_examples=8, deadline=None)
@given(chains())
def test_chains_of_steps_keep_every_person_and_all_ground(chain) -> None:
    table, figures = chain
    found = convert(figures, table, from_vintage="2024", to_vintage="2025-07")
    assert found["people"].sum() == figures["people"].sum()
    assert (found["people"] >= 0).all()
    assert found["area_km2"].sum() == pytest.approx(figures["area_km2"].sum())


def test_the_province_is_kept_to_the_person_from_2024_on() -> None:
    first, second = shipped_steps()
    codes = sorted(set(first["from_code"]))
    figures = pd.DataFrame({"people": range(len(codes)), "households": 3, "area_km2": 2.0}, codes)
    both = with_steps(first, second)
    found = convert(figures, both, from_vintage="2024", to_vintage="2025-07")
    assert len(found) == 69
    assert found[["people", "households"]].sum().tolist() == [216 * 215 // 2, 3 * 216]
    assert found["area_km2"].sum() == pytest.approx(432.0)
    assert set(found.loc["18073", "from_codes"].split(";")) >= {"18070", "18076", "18077", "18094"}


def test_destinations_follow_both_steps_and_tell_divided_units() -> None:
    first, second = shipped_steps()
    became = destinations(with_steps(first, second), "2024", "2025-07")
    assert len(became) == 216
    assert became["18070"] == ("18073",)  # both parts of Trần Phú came together again
    assert became["18472"] == ("18484",)
    assert {code for code, ends in became.items() if len(ends) > 1} == {"18082", "18796"}


def test_the_shipped_step_of_july_2025_is_the_official_table() -> None:
    path = shared_folder("data/hatinh") / "communes_2024_to_2025.csv"
    fill = {"from_vintage": "2025-01", "to_vintage": "2025-07"}
    official = read_layer(path, "crosswalk", plan_crs="EPSG:9209", fill=fill).table
    pairs = {tuple(pair) for pair in official[["from_code", "to_code"]].to_numpy()}
    own = shipped_steps()[1]
    assert {tuple(pair) for pair in own[["from_code", "to_code"]].to_numpy()} == pairs
    assert len(own) == 212
    assert own.groupby("from_code").size().value_counts().to_dict() == {1: 207, 2: 1, 3: 1}
    assert own["divided"].sum() == 5

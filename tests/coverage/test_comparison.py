"""Two coverages held against each other, in a world where every cell and person is counted."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.coverage import agreement_with_measurements
from infraplan.coverage import cohens_kappa
from infraplan.coverage import compare_covered
from infraplan.coverage import wilson_interval
from infraplan.coverage.comparison import PARTS
from infraplan.errors import GridMismatchError
from infraplan.errors import SettingsError
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from tests.coverage.world import BORDER_M
from tests.coverage.world import CRS
from tests.coverage.world import EVERYWHERE
from tests.coverage.world import NOWHERE
from tests.coverage.world import PROFILE
from tests.coverage.world import at
from tests.coverage.world import coverage_of
from tests.coverage.world import ground
from tests.coverage.world import inside
from tests.coverage.world import raster
from tests.coverage.world import table

# whole columns of cells: 60 cells of 60 m wide and 80 high on either side
WEST = inside(0, 0, 3_600, 4_800)
SERVICE_DBM = PROFILE.technologies["4G"].service_dbm


def areas():
    """Return a western and an eastern area that fill the world, 3600 m wide each."""
    rows = {
        "W": {"name": "Tây", "geometry": ground(0, 0, 3_600, 4_800)},
        "E": {"name": "Đông", "geometry": ground(3_600, 0, 7_200, 4_800)},
    }
    return table("hamlet_id", rows)


def compared(first, second, people=1.0, of=None):
    return compare_covered(
        raster(first, "covered"), raster(second, "covered"), people=raster(people),
        areas=areas() if of is None else of,
    )  # fmt: skip


def test_people_and_ground_are_counted_where_each_has_service() -> None:
    # of the 120 columns the first serves 0-59, the second 30-89; a person lives in every cell
    found = compared(WEST, inside(1_800, 0, 5_400, 4_800))
    parts = found.areas[["both", "only_first", "only_second", "neither", "unknown"]]
    assert parts.loc["W"].tolist() == [30 * 80, 30 * 80, 0, 0, 0]
    assert parts.loc["E"].tolist() == [0, 0, 30 * 80, 30 * 80, 0]
    assert found.areas["agreement"].tolist() == [0.5, 0.5]
    cell_km2 = 0.06 * 0.06
    assert found.totals.loc["ground_km2", "both"] == pytest.approx(30 * 80 * cell_km2)
    assert found.totals.loc["people", "total"] == 120 * 80
    assert found.totals.loc["people", "kappa"] == 0.0  # as much as chance would give


def test_people_and_ground_are_told_apart() -> None:
    # nine people to a cell in the west, one in the east; only the second serves the east
    found = compared(WEST, EVERYWHERE, people=np.where(WEST, 9.0, 1.0))
    assert found.totals["agreement"].to_dict() == {"people": 0.9, "ground_km2": 0.5}


def test_the_classes_are_as_their_names_say() -> None:
    found = compared(WEST, inside(1_800, 0, 5_400, 4_800))
    row = found.classes.to_numpy()[40]
    assert [PARTS[int(row[n])] for n in (0, 45, 75, 110)] == [
        "only_first", "both", "only_second", "neither",
    ]  # fmt: skip


def test_a_coverage_agrees_with_itself() -> None:
    found = compared(WEST, WEST)
    assert found.totals["only_first"].tolist() == [0, 0]
    assert found.totals["only_second"].tolist() == [0, 0]
    assert found.totals["agreement"].tolist() == [1, 1]
    assert found.totals["kappa"].tolist() == [1, 1]


def test_the_unknown_is_neither_gain_nor_loss() -> None:
    unknown = np.where(inside(0, 0, 600, 4_800), np.nan, WEST.astype(float))
    found = compared(unknown, NOWHERE)
    assert found.areas.loc["W", "unknown"] == 10 * 80
    assert found.areas.loc["W", "only_first"] == 50 * 80
    assert np.isnan(found.classes.to_numpy()[:, :10]).all()
    assert found.areas.loc["W", "agreement"] == 0.0
    assert found.areas.loc["E", "agreement"] == 1.0


def test_a_cell_on_a_border_counts_by_its_share() -> None:
    rows = {"H": {"name": "H", "geometry": ground(BORDER_M, 0, BORDER_M + 60, 60)}}
    # the border runs through the middle of column 60, of which the first serves nothing else
    found = compared(inside(3_600, 0, 3_660, 4_800), NOWHERE, of=table("hamlet_id", rows))
    assert found.areas.loc["H", "only_first"] == pytest.approx(0.5)
    assert found.areas.loc["H", "neither"] == pytest.approx(0.5)


def test_where_nobody_lives_there_is_no_share() -> None:
    found = compared(WEST, EVERYWHERE, people=0.0)
    assert np.isnan(found.totals.loc["people", "agreement"])
    assert found.totals.loc["ground_km2", "agreement"] == 0.5


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_changing_sides_changes_only_the_sides(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, two = random.choice([0.0, 1.0, np.nan], size=(2, *NOWHERE.shape))
    there, back = compared(one, two).totals, compared(two, one).totals
    assert np.allclose(there["only_first"], back["only_second"])
    assert np.allclose(there["kappa"], back["kappa"])
    parts = there[["both", "only_first", "only_second", "neither", "unknown"]].sum(axis=1)
    assert np.allclose(parts, there["total"])


def test_other_values_than_yes_and_no_are_refused() -> None:
    with pytest.raises(SettingsError, match="1 \\(covered\\)"):
        compared(np.full(NOWHERE.shape, -90.0), NOWHERE)


def test_other_grids_are_refused() -> None:
    box = grid_over((0, 0, 600, 600), crs=CRS, resolution_m=60.0)
    other = wrap(np.zeros(box.shape), box, name="covered")
    with pytest.raises(GridMismatchError, match="differ in size"):
        compare_covered(raster(0.0), other, people=raster(1.0), areas=areas())


def test_kappa_is_that_of_a_worked_example() -> None:
    # 50 proposals: both readers yes 20, first only 5, second only 10, both no 15
    assert cohens_kappa(15, 20, 5, 10) == pytest.approx(0.4)


def test_kappa_says_nothing_where_chance_agrees_as_well() -> None:
    assert np.isnan(cohens_kappa(0, 7, 0, 0))
    assert np.isnan(cohens_kappa(0, 0, 0, 0))
    assert cohens_kappa(0, 5, 0, 5) == 0.0


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_intervals_are_the_published_ones(count: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(count, total) == pytest.approx((low, high), abs=5e-5)


def test_of_no_sample_there_is_no_interval() -> None:
    assert np.isnan(wilson_interval(0, 0)).all()


def measured(**rows):
    """Return measurements: name=(x, y, level[, more columns])."""
    made = {
        key: {
            "level_dbm": row[2], "quantity": "RSRP", "snr_db": np.nan, "below_floor": False,
            "technology": "4G", "site_id": None, "cell_id": None, "geometry": at(row[0], row[1]),
        } | (row[3] if len(row) > 3 else {})
        for key, row in rows.items()
    }  # fmt: skip
    return table("measurement_id", made)


def agreement(rows, covered=None, operator="any", **options):
    coverage = coverage_of(covered or {("4G", "A"): WEST}, **options)
    return agreement_with_measurements(coverage, rows, technology="4G", operator=operator)


STRONG, WEAK = SERVICE_DBM + 10.0, SERVICE_DBM - 10.0


def test_measured_places_are_counted_by_what_they_say_of_the_prediction() -> None:
    found = agreement(
        measured(
            a=(100, 100, STRONG), b=(200, 200, STRONG), c=(300, 300, WEAK),
            d=(5_000, 100, STRONG), e=(5_000, 900, WEAK), f=(5_000, 990, WEAK),
        )
    )  # fmt: skip
    assert found.counts == {
        "neither": 2, "both": 2, "only_predicted": 1, "only_measured": 1, "unknown": 0,
    }  # fmt: skip
    assert found.agreement == pytest.approx(4 / 6)
    assert (found.agreement_low, found.agreement_high) == wilson_interval(4, 6)
    assert found.kappa == cohens_kappa(2, 2, 1, 1)
    assert found.places["outcome"]["c"] == "only_predicted"
    assert found.cell_count == 6
    assert not found.left_out


def test_a_level_on_the_threshold_is_service() -> None:
    found = agreement(measured(a=(100, 100, SERVICE_DBM), b=(100, 100, SERVICE_DBM - 0.1)))
    assert found.places["is_measured"].tolist() == [True, False]


def test_bias_and_spread_are_those_of_places_with_both_signals() -> None:
    # predicted -90 dBm in the west, nothing in the east, where b says nothing of the error
    rows = measured(a=(100, 100, -93.0), b=(5_000, 100, -93.0), c=(200, 100, -89.0))
    found = agreement(rows, signal_dbm=-90.0)
    assert found.signal_count == 2
    assert found.bias_db == pytest.approx((3.0 - 1.0) / 2)
    assert found.rmse_db == pytest.approx(np.sqrt((9 + 1) / 2))


def test_nothing_received_is_no_service_unless_the_floor_lies_too_high() -> None:
    silent = {"below_floor": True}
    rows = measured(a=(100, 100, WEAK, silent), b=(5_000, 100, WEAK, silent), c=(1, 1, -60, silent))
    found = agreement(rows)
    assert found.places["outcome"].to_dict() == {"a": "only_predicted", "b": "neither"}
    assert found.left_out == {"floor": 1}
    assert found.signal_count == 0
    assert np.isnan(found.bias_db)


def test_rssi_becomes_the_signal_alone() -> None:
    # at 0 dB of signal to noise, the signal is half the sum: 3.01 dB less
    row = {"quantity": "RSSI", "snr_db": 0.0}
    found = agreement(measured(a=(100, 100, SERVICE_DBM + 3.0, row), b=(100, 100, -80.0, row)))
    assert found.places["measured_dbm"]["b"] == pytest.approx(-83.0103, abs=1e-4)
    assert found.places["is_measured"].tolist() == [False, True]


def test_only_rows_of_the_technology_count() -> None:
    rows = measured(
        a=(100, 100, STRONG, {"technology": "3G"}),
        b=(100, 100, STRONG, {"technology": None}),
        c=(100, 100, STRONG, {"technology": None, "quantity": "RSCP"}),
        d=(100, 100, STRONG, {"technology": None, "quantity": "RSSI"}),
        e=(100, 100, STRONG, {"technology": None, "quantity": "RSSI", "cell_id": "A/4G"}),
    )
    found = agreement(rows)
    assert list(found.places.index) == ["b", "e"]
    assert found.left_out == {"other_technology": 2, "no_technology": 1}


def test_only_rows_of_the_operator_count() -> None:
    covered = {("4G", "A"): WEST, ("4G", "B"): NOWHERE}
    rows = measured(
        a=(100, 100, STRONG, {"site_id": "A"}),
        b=(100, 100, STRONG, {"site_id": "B"}),
        c=(100, 100, STRONG, {"cell_id": "B/4G"}),
        d=(100, 100, STRONG),
        e=(100, 100, STRONG, {"site_id": "X"}),
    )
    found = agreement(rows, covered, operator="B")
    assert found.places["outcome"].to_dict() == {"b": "only_measured", "c": "only_measured"}
    assert found.left_out == {"other_operator": 1, "no_operator": 2}
    assert len(agreement(rows, covered).places) == 5


def test_places_off_the_grid_and_of_unknown_prediction_are_told() -> None:
    unknown = inside(3_600, 0, 7_200, 4_800)
    rows = measured(a=(100, 100, STRONG), b=(5_000, 100, STRONG), c=(-100, 100, STRONG))
    found = agreement(rows, unknown=unknown)
    assert found.counts["unknown"] == 1
    assert found.agreement == 1.0
    assert found.left_out == {"off_grid": 1}


def test_no_place_gives_no_share() -> None:
    found = agreement(measured(c=(-100, 100, STRONG)))
    assert np.isnan(found.agreement)
    assert np.isnan(found.agreement_low)
    assert len(found.places) == 0


def test_measurements_in_another_system_are_refused() -> None:
    rows = measured(a=(100, 100, STRONG)).to_crs("EPSG:4326")
    with pytest.raises(GridMismatchError, match="bring them to one CRS"):
        agreement(rows)


def test_optional_columns_may_be_absent() -> None:
    bare = gpd.GeoDataFrame(
        {"level_dbm": [STRONG], "quantity": ["RSRP"]},
        geometry=[at(100, 100)], crs=CRS, index=pd.Index(["a"]),
    )  # fmt: skip
    assert agreement(bare).counts["both"] == 1

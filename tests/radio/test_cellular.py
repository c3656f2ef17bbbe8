"""3GPP's macro cells against published rows, and what their formulas imply."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.errors import ModelRangeError
from infraplan.radio import tr38901_rma_los_probability
from infraplan.radio import tr38901_rma_loss_db
from infraplan.radio import tr38901_uma_los_probability
from infraplan.radio import tr38901_uma_loss_db
from tests.shared_data import shared_folder

RURAL = {"distance_m": 1e3, "freq_mhz": 900.0, "base_height_m": 35.0, "mobile_height_m": 1.5}
URBAN = {**RURAL, "base_height_m": 25.0}
ALONG_THE_GROUND = np.geomspace(10.0, 5_000.0, 400)
# At its breakpoint the published rural loss may step down by this much, see the docstring.
STEP_DB = 0.01

sight = st.booleans()
rural = st.fixed_dictionaries(
    {
        "freq_mhz": st.floats(500.0, 30_000.0),
        "base_height_m": st.floats(10.0, 150.0),
        "mobile_height_m": st.floats(1.0, 10.0),
        "street_width_m": st.floats(5.0, 50.0),
        "building_height_m": st.floats(5.0, 50.0),
    }
)
urban = st.fixed_dictionaries(
    {
        "freq_mhz": st.floats(500.0, 100_000.0),
        "base_height_m": st.floats(10.0, 150.0),
        "mobile_height_m": st.floats(1.5, 22.5),
    }
)


@pytest.mark.parametrize(
    ("scenario", "loss_db"), [("RMa", tr38901_rma_loss_db), ("UMa", tr38901_uma_loss_db)]
)
@pytest.mark.parametrize("condition", ["LOS", "NLOS"])
def test_loss_agrees_with_published_rows(scenario, loss_db, condition) -> None:
    path = shared_folder("benchmarks/empirical") / "tr38901.csv"
    table = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    rows = [r for r in table if (r["scenario"], r["condition"]) == (scenario, condition)]
    assert len(rows) == 4
    d, f, hb, hm, expected = (
        np.array([float(row[name]) for row in rows])
        for name in ("d2D_m", "f_GHz", "h_bs_m", "h_ut_m", "pathloss_dB")
    )
    found = loss_db(d, f * 1000, hb, hm, line_of_sight=condition == "LOS")
    assert found == pytest.approx(expected, abs=0.05)


# The published rows are all of 5 GHz and the usual heights; these values are the formulas of ns-3
# (three-gpp-propagation-loss-model.cc), worked one number at a time: LOS, NLOS.
@pytest.mark.parametrize(
    ("place", "width", "building", "expected"),
    [
        ((4_000.0, 700.0, 60.0, 5.0), 10.0, 12.0, (114.620458, 133.645681)),
        ((4_000.0, 2_600.0, 15.0, 1.0), 40.0, 30.0, (143.345580, 183.040628)),
    ],
)
def test_rural_loss_agrees_with_another_program(place, width, building, expected) -> None:
    options = {"street_width_m": width, "building_height_m": building}
    found = [tr38901_rma_loss_db(*place, line_of_sight=seen, **options) for seen in (True, False)]
    assert np.array(found) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((3_000.0, 900.0, 40.0, 10.0), (103.581995, 143.411597)),
        ((3_000.0, 3_500.0, 25.0, 22.5), (115.378032, 147.707265)),
    ],
)
def test_urban_loss_agrees_with_another_program(place, expected) -> None:
    found = [tr38901_uma_loss_db(*place, line_of_sight=seen) for seen in (True, False)]
    assert np.array(found) == pytest.approx(expected, abs=1e-5)


@given(line_of_sight=sight, others=rural)
def test_rural_loss_rises_with_distance(*, line_of_sight: bool, others: dict[str, float]) -> None:
    loss = tr38901_rma_loss_db(ALONG_THE_GROUND, line_of_sight=line_of_sight, **others)
    assert np.all(np.diff(loss) > -STEP_DB)


@given(line_of_sight=sight, others=urban)
def test_urban_loss_rises_with_distance(*, line_of_sight: bool, others: dict[str, float]) -> None:
    loss = tr38901_uma_loss_db(ALONG_THE_GROUND, line_of_sight=line_of_sight, **others)
    assert np.all(np.diff(loss) > -1e-9)


@given(rural)
def test_rural_loss_is_not_less_without_line_of_sight(others: dict[str, float]) -> None:
    clear = tr38901_rma_loss_db(ALONG_THE_GROUND, line_of_sight=True, **others)
    blocked = tr38901_rma_loss_db(ALONG_THE_GROUND, line_of_sight=False, **others)
    assert np.all(blocked >= clear)


@given(urban)
def test_urban_loss_is_not_less_without_line_of_sight(others: dict[str, float]) -> None:
    clear = tr38901_uma_loss_db(ALONG_THE_GROUND, line_of_sight=True, **others)
    blocked = tr38901_uma_loss_db(ALONG_THE_GROUND, line_of_sight=False, **others)
    assert np.all(blocked >= clear)


def test_a_higher_environment_draws_the_breakpoint_nearer() -> None:
    # 4 (25 - 12) (22.5 - 12) 900e6 / 3e8 = 1 638 m against 4 (25 - 1) (22.5 - 1) 3 = 6 192 m
    options = {**URBAN, "distance_m": [1_600.0, 2_000.0], "mobile_height_m": 22.5}
    low = tr38901_uma_loss_db(**options, line_of_sight=True)
    high = tr38901_uma_loss_db(**options, line_of_sight=True, environment_height_m=12.0)
    assert high - low == pytest.approx([0.0, 18 * np.log10(2000 / 1638)], abs=1e-3)


@pytest.mark.parametrize("line_of_sight", [True, False])
def test_arrays_broadcast(line_of_sight) -> None:
    d, f, w = np.array([[10.0], [900.0]]), np.array([700.0, 900.0, 1800.0]), np.ones((4, 1, 1))
    rural_db = tr38901_rma_loss_db(d, f, street_width_m=20 * w, line_of_sight=line_of_sight)
    urban_db = tr38901_uma_loss_db(d, f, 25 * w, 1.5, line_of_sight=line_of_sight)
    assert rural_db.shape == urban_db.shape == (4, 2, 3)
    assert np.ptp(rural_db, axis=0) == pytest.approx(0.0)
    single = tr38901_uma_loss_db(900.0, 1800.0, 25.0, 1.5, line_of_sight=line_of_sight)
    assert urban_db[0, 1, 2] == single


@pytest.mark.parametrize(
    ("changed", "value", "told"),
    [
        ("distance_m", 9.9, r"distance_m must be in \[10, 5000\]"),
        ("distance_m", 5_001.0, r"distance_m must be in \[10, 5000\]"),
        ("freq_mhz", 499.0, r"freq_mhz must be in \[500, 30000\]"),
        ("freq_mhz", 30_001.0, r"freq_mhz must be in \[500, 30000\]"),
        ("base_height_m", 9.0, r"base_height_m must be in \[10, 150\]"),
        ("base_height_m", 151.0, r"base_height_m must be in \[10, 150\]"),
        ("mobile_height_m", 0.9, r"mobile_height_m must be in \[1, 10\]"),
        ("mobile_height_m", 10.1, r"mobile_height_m must be in \[1, 10\]"),
        ("street_width_m", 4.0, r"street_width_m must be in \[5, 50\]"),
        ("street_width_m", 51.0, r"street_width_m must be in \[5, 50\]"),
        ("building_height_m", 4.0, r"building_height_m must be in \[5, 50\]"),
        ("building_height_m", [5.0, np.nan], r"building_height_m must be in \[5, 50\]"),
    ],
)
def test_rural_loss_refuses_what_it_was_not_published_for(changed, value, told) -> None:
    tr38901_rma_loss_db(**RURAL, line_of_sight=False)
    with pytest.raises(ModelRangeError, match=f"^{told}$"):
        tr38901_rma_loss_db(**{**RURAL, changed: value}, line_of_sight=False)


def test_line_of_sight_reaches_10_km_in_the_country() -> None:
    tr38901_rma_loss_db([10.0, 10_000.0], 900.0, line_of_sight=True)
    with pytest.raises(ModelRangeError, match=r"distance_m must be in \[10, 10000\]"):
        tr38901_rma_loss_db(10_001.0, 900.0, line_of_sight=True)


@pytest.mark.parametrize(
    ("changed", "value", "told"),
    [
        ("distance_m", 9.9, r"distance_m must be in \[10, 5000\]"),
        ("distance_m", [100.0, 5_001.0], r"distance_m must be in \[10, 5000\]"),
        ("freq_mhz", 499.0, r"freq_mhz must be in \[500, 100000\]"),
        ("freq_mhz", 100_001.0, r"freq_mhz must be in \[500, 100000\]"),
        ("base_height_m", 9.0, r"base_height_m must be in \[10, 150\]"),
        ("base_height_m", 151.0, r"base_height_m must be in \[10, 150\]"),
        ("mobile_height_m", 1.4, r"mobile_height_m must be in \[1.5, 22.5\]"),
        ("mobile_height_m", 22.6, r"mobile_height_m must be in \[1.5, 22.5\]"),
        ("environment_height_m", 2.0, "environment_height_m must be 1, or in .12"),
        ("environment_height_m", 12.0, "environment_height_m must be 1, or in .12"),
    ],
)
@pytest.mark.parametrize("line_of_sight", [True, False])
def test_urban_loss_refuses_what_it_was_not_published_for(
    changed, value, told, line_of_sight
) -> None:
    tr38901_uma_loss_db(**URBAN, line_of_sight=line_of_sight)
    with pytest.raises(ModelRangeError, match=f"^{told}"):
        tr38901_uma_loss_db(**{**URBAN, changed: value}, line_of_sight=line_of_sight)


def test_every_range_that_is_left_is_named_at_once() -> None:
    with pytest.raises(ModelRangeError, match=r"distance_m.*; freq_mhz.*; mobile_height_m"):
        tr38901_rma_loss_db(1.0, 100.0, mobile_height_m=50.0, line_of_sight=True)
    with pytest.raises(ModelRangeError, match=r"distance_m.*; freq_mhz.*; base_height_m"):
        tr38901_uma_loss_db(1.0, 100.0, 5.0, 1.5, line_of_sight=True)
    with pytest.raises(ModelRangeError, match=r"distance_m.*; mobile_height_m"):
        tr38901_uma_los_probability(-1.0, 30.0)


def test_rural_line_of_sight_fades_by_e_each_kilometre() -> None:
    found = tr38901_rma_los_probability([0.0, 10.0, 1_010.0, 2_010.0])
    assert found == pytest.approx([1.0, 1.0, np.exp(-1), np.exp(-2)])


def test_urban_line_of_sight_gives_the_values_of_its_formula() -> None:
    # 63 m: 18/63 + (1 - 18/63) / e; at 23 m height (C' = 1) times 1 + 1.25 0.63^3 e^(-0.42)
    street = 18 / 63 + (1 - 18 / 63) / np.e
    taller = street * (1 + 1.25 * 0.63**3 * np.exp(-0.42))
    found = tr38901_uma_los_probability([18.0, 63.0, 63.0, 63.0], [1.5, 1.5, 13.0, 23.0])
    assert found == pytest.approx([1.0, street, street, taller])


@given(st.floats(1.5, 23.0))
def test_line_of_sight_never_grows_with_distance(height: float) -> None:
    d = np.geomspace(1.0, 1e4, 2_000)
    for found in (tr38901_rma_los_probability(d), tr38901_uma_los_probability(d, height)):
        assert np.all(np.diff(found) <= 0)
        assert np.all((found > 0) & (found <= 1))


@given(st.floats(0.0, 1e4), st.floats(1.5, 23.0), st.floats(1.5, 23.0))
def test_a_higher_mobile_sees_no_less(distance: float, one: float, other: float) -> None:
    low, high = tr38901_uma_los_probability(distance, sorted([one, other]))
    assert high >= low


def test_line_of_sight_refuses_what_it_was_not_published_for() -> None:
    with pytest.raises(ModelRangeError, match="distance_m must be 0 or more"):
        tr38901_rma_los_probability([-1.0, 5.0])
    with pytest.raises(ModelRangeError, match=r"^distance_m must be 0 or more$"):
        tr38901_uma_los_probability(np.nan, 1.5)
    with pytest.raises(ModelRangeError, match=r"^mobile_height_m must be in \[1.5, 23\]$"):
        tr38901_uma_los_probability(100.0, 24.0)
    with pytest.raises(ModelRangeError, match=r"^mobile_height_m must be in \[1.5, 23\]$"):
        tr38901_uma_los_probability(100.0, 1.4)

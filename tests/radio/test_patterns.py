"""Two cuts become a pattern that keeps both, and nothing that is no pattern becomes one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from infraplan.errors import LayerError
from infraplan.errors import ModelRangeError
from infraplan.radio.patterns import AntennaPattern
from infraplan.radio.patterns import main_lobe_deg

DEGREES = np.arange(360)
SIGNED = (DEGREES + 180.0) % 360.0 - 180.0
HORIZONTAL = np.minimum(12.0 * (SIGNED / 65.0) ** 2, 25.0)
VERTICAL = np.where(np.abs(SIGNED) > 90.0, 25.0, np.minimum(12.0 * (SIGNED / 7.0) ** 2, 20.0))
CUTS = arrays(np.float64, 24, elements=st.floats(0.0, 100.0)).map(lambda cut: np.repeat(cut, 15))
SIDES = st.floats(-720.0, 720.0)
DOWNS = st.floats(-90.0, 90.0)


def pattern(
    horizontal: object = HORIZONTAL, vertical: object = VERTICAL, **changed: object
) -> AntennaPattern:
    given_too = {"gain_dbi": 17.0, "freq_mhz": 1800.0, "source": "a test", **changed}
    name = given_too.pop("name", "panel")
    return AntennaPattern.from_cuts(name, horizontal, vertical, **given_too)


def columns_at_fault(*cuts: object, **changed: object) -> list[str]:
    with pytest.raises(LayerError) as caught:
        pattern(*cuts, **changed)
    assert all(fault.expected for fault in caught.value.faults)
    return [fault.column for fault in caught.value.faults]


def at(cut: np.ndarray, angle: float) -> float:
    """Return a cut between whole degrees, worked out by hand."""
    low = int(np.floor(angle))
    share = angle - low
    return (1.0 - share) * cut[low % 360] + share * cut[(low + 1) % 360]


def test_the_cuts_are_kept_and_cannot_be_changed() -> None:
    horizontal = HORIZONTAL.copy()
    made = pattern(horizontal)
    horizontal[0] = 50.0
    assert np.array_equal(made.horizontal_db, HORIZONTAL)
    assert np.array_equal(made.vertical_db, VERTICAL)
    with pytest.raises(ValueError, match="read-only"):
        made.vertical_db[0] = 1.0


def test_all_faults_come_at_once() -> None:
    found = columns_at_fault(
        HORIZONTAL[:-1], -VERTICAL, name=" ", gain_dbi=41.0, freq_mhz=0.9, source=""
    )
    assert found == ["horizontal_db", "vertical_db", "name", "source", "gain_dbi", "freq_mhz"]


@pytest.mark.parametrize("wrong", [-0.1, 100.1, np.nan, np.inf])
def test_an_attenuation_out_of_range_is_refused_with_its_degree(wrong: float) -> None:
    cut = HORIZONTAL.copy()
    cut[[7, 9]] = wrong
    with pytest.raises(LayerError) as caught:
        pattern(cut)
    assert [fault.rows for fault in caught.value.faults] == [("7", "9")]


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [
        ("gain_dbi", -10.0, 40.0),
        ("freq_mhz", 30.0, 6000.0),
        ("electrical_downtilt_deg", -45.0, 45.0),
    ],
)
def test_the_ends_of_a_range_belong_to_it(column: str, low: float, high: float) -> None:
    assert [getattr(pattern(**{column: end}), column) for end in (low, high)] == [low, high]
    for outside in (low - 0.01, high + 0.01, np.nan):
        assert columns_at_fault(**{column: outside}) == [column]


@given(CUTS, CUTS, DOWNS)
def test_straight_ahead_and_behind_it_is_the_vertical_cut(
    horizontal: np.ndarray, vertical: np.ndarray, down: float
) -> None:
    ahead, behind = pattern(horizontal, vertical).relative_gain_db([0.0, 180.0], down)
    assert ahead == pytest.approx(-at(vertical, down), abs=1e-9)
    assert behind == pytest.approx(-at(vertical, 180.0 - down), abs=1e-9)


@given(CUTS, CUTS, SIDES)
def test_along_the_horizon_it_is_the_horizontal_cut_where_the_cuts_agree(
    horizontal: np.ndarray, vertical: np.ndarray, side: float
) -> None:
    vertical[[0, 180]] = horizontal[[0, 180]]
    found = pattern(horizontal, vertical).relative_gain_db(side, 0.0)
    assert found == pytest.approx(-at(horizontal, side), abs=1e-9)


def test_tilted_electrically_the_horizon_loses_what_the_tilt_takes_off() -> None:
    tilted = pattern(vertical=np.roll(VERTICAL, 4))
    off_db = 12.0 * (4.0 / 7.0) ** 2
    found = tilted.relative_gain_db([0.0, 90.0, 180.0], 0.0)
    assert found == pytest.approx([-off_db, -HORIZONTAL[90] - 0.5 * off_db, -25.0])
    assert tilted.relative_gain_db(0.0, 4.0) == 0.0


def test_between_the_planes_it_is_the_published_formula() -> None:
    w = 60.0 / 180.0
    expected = HORIZONTAL[60] - (1.0 - w) * (0.0 - VERTICAL[5]) - w * (25.0 - VERTICAL[175])
    found = pattern().relative_gain_db([60.0, -60.0], 5.0)
    assert found == pytest.approx([-expected, -expected])
    assert expected == pytest.approx(12 * (60 / 65) ** 2 + 2 / 3 * 12 * (5 / 7) ** 2)


def test_below_the_horizon_is_down_and_clockwise_is_right() -> None:
    horizontal, vertical = np.full(360, 30.0), np.full(360, 30.0)
    horizontal[[0, 90]], vertical[[0, 45]] = 0.0, 0.0
    made = pattern(horizontal, vertical)
    assert made.relative_gain_db(0.0, [45.0, -45.0]) == pytest.approx([0.0, -30.0])
    assert made.relative_gain_db([90.0, -90.0], 0.0) == pytest.approx([0.0, -30.0])


@given(CUTS, CUTS, SIDES, DOWNS)
def test_it_never_exceeds_the_peak_and_turns_full_circle(
    horizontal: np.ndarray, vertical: np.ndarray, side: float, down: float
) -> None:
    made = pattern(horizontal, vertical)
    found = made.relative_gain_db([side, side + 360.0], down)
    assert np.all(found <= 0.0)
    assert found[0] == pytest.approx(found[1], abs=1e-6)


@given(CUTS, CUTS, SIDES, DOWNS, st.floats(1e-9, 1e-6))
def test_it_is_continuous_also_where_the_circle_closes(
    horizontal: np.ndarray, vertical: np.ndarray, side: float, down: float, near: float
) -> None:
    sides = np.array([side, 180.0, -180.0, 0.0])
    made = pattern(horizontal, vertical)
    first = made.relative_gain_db(sides - near, down)
    assert first == pytest.approx(made.relative_gain_db(sides + near, down), abs=1e-3)


def test_it_stops_at_the_peak_where_the_sides_are_stronger_than_the_back() -> None:
    horizontal = np.where(np.abs(SIGNED) < 170.0, 0.0, 30.0)
    vertical = np.where(np.abs(SIGNED) > 90.0, 20.0, 0.0)
    assert pattern(horizontal, vertical).relative_gain_db(160.0, 0.0) == 0.0


def test_shapes_are_broadcast_and_unknown_angles_stay_unknown() -> None:
    found = pattern().relative_gain_db([[0.0], [np.nan]], [0.0, 3.5, np.nan])
    assert found.shape == (2, 3)
    assert found[0, :2] == pytest.approx([0.0, -0.5 * (VERTICAL[3] + VERTICAL[4])])
    assert np.isnan(found[0, 2])
    assert np.isnan(found[1]).all()


@pytest.mark.parametrize("down", [90.01, -91.0, np.inf])
def test_beyond_straight_down_is_refused(down: float) -> None:
    with pytest.raises(ModelRangeError, match=r"from -90 .* to 90"):
        pattern().relative_gain_db(0.0, [0.0, down])


@pytest.mark.parametrize(
    ("strongest", "lobe"),
    [
        ([6], 6.0),
        ([354], -6.0),
        ([180], 180.0),
        ([350, 3], 3.0),
        ([4, 5, 6, 7], 5.5),
        ([358, 359, 0], -1.0),
        ([179, 180, 181, 182], -179.5),
        (list(range(360)), 0.0),
    ],
    ids=str,
)
def test_the_main_lobe_is_the_middle_of_the_nearest_of_the_strongest(
    strongest: list[int], lobe: float
) -> None:
    cut = np.full(360, 10.0)
    cut[strongest] = 0.0
    assert main_lobe_deg(cut) == lobe

"""Clutter and building entry loss against numbers that others published."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.errors import ModelRangeError
from infraplan.errors import SettingsError
from infraplan.radio import p2108_statistical_loss_db
from infraplan.radio import p2108_terminal_loss_db
from infraplan.radio import p2109_entry_loss_db
from tests.shared_data import shared_folder

TYPES = ["water", "open", "suburban", "urban", "woods", "dense_urban"]
TERMINAL = {"freq_mhz": 900.0, "height_m": 1.5, "clutter_height_m": 10.0, "clutter_type": "urban"}
SHARES = np.linspace(0.001, 0.999, 200)


@pytest.mark.parametrize(("code", "building"), [("1", "traditional"), ("2", "efficient")])
def test_entry_loss_agrees_with_published_rows(code: str, building: str) -> None:
    path = shared_folder("benchmarks/empirical") / "p2109.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))[1:]
    f, percent, angle, expected = np.array(
        [[float(row[n]) for n in (0, 1, 3, 4)] for row in rows if row[2] == code]
    ).T
    assert len(f) > 250
    found = p2109_entry_loss_db(f * 1000, percent / 100, building=building, elevation_deg=angle)
    assert found == pytest.approx(expected, abs=0.01)


@given(
    st.floats(80.0, 100_000.0), st.sampled_from(["traditional", "efficient"]), st.floats(-90, 90)
)
def test_entry_loss_rises_with_probability(freq: float, building: str, angle: float) -> None:
    loss = p2109_entry_loss_db(freq, SHARES, building=building, elevation_deg=angle)
    assert np.all(np.diff(loss) > 0)
    assert np.all(loss > -3)
    mirrored = p2109_entry_loss_db(freq, SHARES, building=building, elevation_deg=-angle)
    assert np.array_equal(mirrored, loss)


def test_entry_loss_is_traditional_and_level_unless_told() -> None:
    found = p2109_entry_loss_db([[900.0], [3500.0]], [0.1, 0.5, 0.9])
    assert found.shape == (2, 3)
    told = p2109_entry_loss_db(900.0, 0.1, building="traditional", elevation_deg=0.0)
    assert told == found[0, 0]


@pytest.mark.parametrize(
    ("changed", "value", "told"),
    [
        ("freq_mhz", 79.0, r"freq_mhz must be in \[80, 100000\]"),
        ("freq_mhz", 100_001.0, r"freq_mhz must be in \[80, 100000\]"),
        ("probability", 0.0, r"probability must be in \(0, 1\)"),
        ("probability", [0.5, 1.0], r"probability must be in \(0, 1\)"),
        ("elevation_deg", -91.0, r"elevation_deg must be in \[-90, 90\]"),
        ("elevation_deg", 91.0, r"elevation_deg must be in \[-90, 90\]"),
    ],
)
def test_entry_loss_refuses_what_it_was_not_published_for(changed, value, told) -> None:
    with pytest.raises(ModelRangeError, match=f"^{told}$"):
        p2109_entry_loss_db(**{"freq_mhz": 900.0, "probability": 0.5, changed: value})


# ITU-R SG 3's "Clutter and BEL workbook", as tested in eeveetza/javaP2108 (P2108Test.java): 2 dp;
# then NTIA/p2108 (HeightGainTerminalCorrectionModelTestData.csv), published to 0.1 dB
@pytest.mark.parametrize(
    ("kind", "freq_ghz", "height", "street", "clutter", "expected", "within"),
    [
        ("water", 1.5, 2, 27, 10, 16.00, 0.01),
        ("open", 1.5, 2, 27, 4, 6.90, 0.01),
        ("suburban", 1.5, 2, 27, 10, 20.45, 0.01),
        ("suburban", 1.5, 2, 27, 4, 9.24, 0.01),
        ("urban", 1.5, 2, 27, 15, 24.50, 0.01),
        ("woods", 1.5, 2, 27, 15, 24.50, 0.01),
        ("dense_urban", 1.5, 2, 27, 20, 27.10, 0.01),
        ("dense_urban", 3, 3, 15, 15, 29.0, 0.05),
        ("open", 0.9, 2.3, 30, 10, 13.7, 0.05),
        ("suburban", 1.5, 2.5, 25, 10, 20.2, 0.05),
        ("suburban", 0.03, 2.1, 24.5, 9.8, 5.7, 0.05),
        ("suburban", 1.7, 30, 24.5, 9.8, 0.0, 0.0),
        ("suburban", 1.7, 30, 24.5, 30, 0.0, 0.0),
    ],
)
def test_terminal_loss_agrees_with_published_values(
    kind, freq_ghz, height, street, clutter, expected, within
) -> None:
    found = p2108_terminal_loss_db(
        freq_ghz * 1000, height, clutter, clutter_type=kind, street_width_m=street
    )
    assert float(found) == pytest.approx(expected, abs=within)


@given(st.sampled_from(TYPES), st.floats(30.0, 3_000.0), st.floats(1.0, 40.0))
def test_terminal_loss_falls_with_height_to_nothing(kind: str, freq: float, clutter: float) -> None:
    heights = np.linspace(0.05, 1.2, 100) * clutter
    loss = p2108_terminal_loss_db(freq, heights, clutter, clutter_type=kind)
    assert np.all(np.diff(loss) <= 0)
    assert np.all(loss[heights < clutter * 0.999] > 0)
    assert not np.any(loss[heights >= clutter])


@pytest.mark.parametrize("kind", TYPES)
def test_terminal_loss_broadcasts(kind: str) -> None:
    h, r, w = np.array([[2.0], [30.0]]), np.array([5.0, 10.0, 20.0]), np.full((4, 1, 1), 27.0)
    loss = p2108_terminal_loss_db(900.0, h, r, clutter_type=kind, street_width_m=w)
    assert loss.shape == (4, 2, 3)
    assert loss[2, 0, 1] == p2108_terminal_loss_db(900.0, 2.0, 10.0, clutter_type=kind)


@pytest.mark.parametrize(
    ("changed", "value", "told"),
    [
        ("freq_mhz", 29.0, r"freq_mhz must be in \[30, 3000\]"),
        ("freq_mhz", 3_001.0, r"freq_mhz must be in \[30, 3000\]"),
        ("height_m", [1.5, 0.0], "height_m must be above 0"),
        ("clutter_height_m", 0.0, "clutter_height_m must be above 0"),
        ("street_width_m", 0.0, "street_width_m must be above 0"),
    ],
)
@pytest.mark.parametrize("kind", ["open", "urban"])
def test_terminal_loss_refuses_what_it_was_not_published_for(changed, value, told, kind) -> None:
    with pytest.raises(ModelRangeError, match=f"^{told}$"):
        p2108_terminal_loss_db(**{**TERMINAL, "clutter_type": kind, changed: value})


# ITU-R SG 3's workbook at 0.65 km, as tested in eeveetza/javaP2108 (P2108Test.java): 6 dp;
# then NTIA/p2108 (TerrestrialStatisticalModelTestData.csv), published to 0.1 dB
@pytest.mark.parametrize(
    ("freq_ghz", "distance_km", "percent", "expected", "within"),
    [
        (2, 0.65, 5, 19.225939, 0.01),
        (66, 0.65, 5, 23.899101, 0.01),
        (2, 0.65, 50, 27.092893, 0.01),
        (66, 0.65, 50, 31.925059, 0.01),
        (2, 0.65, 95, 34.591634, 0.01),
        (66, 0.65, 95, 39.585141, 0.01),
        (2, 0.65, 99.9, 40.381908, 0.01),
        (66, 0.65, 99.9, 45.377361, 0.01),
        (0.5, 0.25, 50, 17.4, 0.05),
        (0.5, 0.25, 1, 3.9, 0.05),
        (0.5, 0.25, 99, 30.9, 0.05),
        (26.6, 15.8, 45, 32.5, 0.05),
        (67, 5.4, 30.5, 30.9, 0.05),
        (3.5, 1, 0.1, 16.8, 0.05),
        (3.5, 1, 99.9, 42.8, 0.05),
    ],
)
def test_statistical_loss_agrees_with_published_values(
    freq_ghz, distance_km, percent, expected, within
) -> None:
    found = p2108_statistical_loss_db(freq_ghz * 1000, distance_km * 1000, percent)
    assert float(found) == pytest.approx(expected, abs=within)


@given(st.floats(500.0, 67_000.0), st.floats(250.0, 1e5))
def test_statistical_loss_rises_with_the_share_of_places(freq: float, distance: float) -> None:
    loss = p2108_statistical_loss_db(freq, distance, 100 * SHARES)
    assert np.all(np.diff(loss) > 0)


@given(st.floats(500.0, 67_000.0), st.floats(0.1, 50.0))
def test_statistical_loss_rises_to_2_km_and_stays(freq: float, percent: float) -> None:
    # Above the median the spread shrinks with distance, so that the loss need not rise.
    loss = p2108_statistical_loss_db(freq, np.geomspace(250.0, 2_000.0, 50), percent)
    assert np.all(np.diff(loss) > 0)
    assert p2108_statistical_loss_db(freq, 1e5, percent) == pytest.approx(loss[-1])


@given(st.floats(500.0, 67_000.0), st.floats(250.0, 1e5), st.floats(0.1, 99.9))
def test_statistical_loss_never_exceeds_that_at_2_km(
    freq: float, distance: float, percent: float
) -> None:
    most = p2108_statistical_loss_db(freq, 2_000.0, percent)
    assert p2108_statistical_loss_db(freq, distance, percent) <= most


@pytest.mark.parametrize(
    ("changed", "value", "told"),
    [
        ("freq_mhz", 499.0, r"freq_mhz must be in \[500, 67000\]"),
        ("freq_mhz", 67_001.0, r"freq_mhz must be in \[500, 67000\]"),
        ("distance_m", [249.0, 300.0], "distance_m must be 250 or more"),
        ("location_percent", 0.0, r"location_percent must be in \(0, 100\)"),
        ("location_percent", 100.0, r"location_percent must be in \(0, 100\)"),
    ],
)
def test_statistical_loss_refuses_what_it_was_not_published_for(changed, value, told) -> None:
    inside = {"freq_mhz": 900.0, "distance_m": 1e3, "location_percent": 50.0}
    with pytest.raises(ModelRangeError, match=f"^{told}$"):
        p2108_statistical_loss_db(**{**inside, changed: value})


def test_every_range_that_is_left_is_named_at_once() -> None:
    with pytest.raises(ModelRangeError, match=r"freq_mhz.*; probability.*; elevation_deg"):
        p2109_entry_loss_db(1.0, 2.0, elevation_deg=100.0)
    with pytest.raises(ModelRangeError, match=r"freq_mhz.*; height_m.*; clutter_height_m.*; "):
        p2108_terminal_loss_db(1.0, -1.0, -1.0, clutter_type="open", street_width_m=-1.0)
    with pytest.raises(ModelRangeError, match=r"freq_mhz.*; distance_m.*; location_percent"):
        p2108_statistical_loss_db(1.0, 1.0, 100.0)


def test_an_unknown_building_or_clutter_is_refused() -> None:
    with pytest.raises(SettingsError, match="building must be traditional or efficient; found 'x'"):
        p2109_entry_loss_db(900.0, 0.5, building="x")
    with pytest.raises(SettingsError, match=r"clutter_type must be water, .*; found 'x'"):
        p2108_terminal_loss_db(900.0, 1.5, 10.0, clutter_type="x")

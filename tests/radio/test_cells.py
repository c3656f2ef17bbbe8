"""What is assumed of a cell is marked, an azimuth is never made up, what is odd is told."""

import numpy as np
import pandas as pd
import pyogrio
import pytest

from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.io.store import read_tables
from infraplan.layers.bundle import empty_table
from infraplan.layers.validate import conform
from infraplan.radio.antennas import UNKNOWN_AZIMUTH_LOSS_DB
from infraplan.radio.antennas import antenna
from infraplan.radio.antennas import relative_gain_db
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import check_cells
from infraplan.radio.cells import derive_cells
from infraplan.radio.link import reference_eirp_dbm
from infraplan.radio.link import reference_offset_db
from tests.radio.conftest import CRS
from tests.radio.conftest import stations

NO_CELLS = empty_table("cells", CRS)


def test_each_listed_technology_gets_one_assumed_cell(defaults: CellDefaults) -> None:
    sites = stations([{"id": "S", "x": 0, "y": 0, "technologies": "2G;4G"}])
    cells = derive_cells(sites, NO_CELLS, defaults)
    assert cells["technology"].tolist() == ["2G", "4G"]
    assert cells["assumed"].all()
    assert cells["azimuth_deg"].isna().all()


def test_a_known_cell_is_kept_and_only_its_gaps_are_filled(defaults: CellDefaults) -> None:
    sites = stations([{"id": "S", "x": 0, "y": 0}])
    full = derive_cells(sites, NO_CELLS, defaults).assign(assumed=False, azimuth_deg=120.0)
    gap = full.assign(tx_power_dbm=np.nan)
    assert not derive_cells(sites, full, defaults)["assumed"].any()
    filled = derive_cells(sites, gap, defaults)
    assert filled["assumed"].all()
    assert filled["azimuth_deg"].tolist() == [120.0]
    assert filled["tx_power_dbm"].tolist() == [defaults.technologies["4G"].tx_power_dbm]


def test_a_planned_station_is_not_on_air(defaults: CellDefaults) -> None:
    sites = stations([{"id": "S", "x": 0, "y": 0, "status": "planned"}])
    assert not len(derive_cells(sites, NO_CELLS, defaults))


def test_unknown_keys_of_the_defaults_are_refused() -> None:
    with pytest.raises(SettingsError, match="unknown key 'colour'"):
        CellDefaults.from_dict({"colour": "red"})


@pytest.mark.parametrize(
    ("technology", "bandwidth", "offset"),
    [
        ("2G", 0.2, 0.0),
        ("3G", 5.0, 10.0),
        ("4G", 10.0, 27.78),
        ("4G", 20.0, 30.79),
        ("5G", 100.0, 35.15),
    ],
)
def test_the_reported_level_lies_below_that_of_the_cell(technology, bandwidth, offset) -> None:
    assert reference_offset_db(technology, bandwidth) == pytest.approx(offset, abs=0.01)


def test_43_dbm_in_10_mhz_leave_15_2_dbm_a_resource_element(defaults: CellDefaults) -> None:
    sites = stations([{"id": "S", "x": 0, "y": 0}])
    cells = derive_cells(sites, NO_CELLS, defaults)
    cells = cells.assign(tx_power_dbm=43.0, bandwidth_mhz=10.0, antenna="isotropic")
    assert float(reference_eirp_dbm(cells).iloc[0]) == pytest.approx(15.2, abs=0.05)


def test_a_pattern_falls_by_3_db_at_half_its_width() -> None:
    shape = antenna("3gpp_900")
    sides = relative_gain_db(
        "3gpp_900", [shape.horizontal_deg / 2, 0.0], [0.0, shape.vertical_deg / 2]
    )
    assert sides == pytest.approx([-3.0, -3.0], abs=1e-9)


def test_electrical_tilt_lowers_the_beam_all_round_mechanical_only_ahead() -> None:
    electrical = relative_gain_db("3gpp_900", [0, 60], [6, 6], electrical_downtilt_deg=6.0)
    mechanical = relative_gain_db("3gpp_900", [0, 60], [6, 6], mechanical_downtilt_deg=6.0)
    assert electrical[0] == pytest.approx(mechanical[0], abs=1e-9) == pytest.approx(0.0, abs=1e-9)
    assert mechanical[1] < electrical[1]


def test_an_unknown_azimuth_costs_the_mean_over_all_turns() -> None:
    turns = relative_gain_db("3gpp_900", np.linspace(-60, 60, 2001), 0.0)
    alone = relative_gain_db("3gpp_900", [17.0], [0.0], azimuth_deg=float("nan"))
    assert float(alone[0]) == pytest.approx(float(turns.mean()), abs=0.01)
    assert pytest.approx(3.41, abs=0.01) == UNKNOWN_AZIMUTH_LOSS_DB


USUAL = {
    "site_id": "S", "technology": "4G", "carrier": "L1800", "sector": 1, "freq_mhz": 1842.5,
    "bandwidth_mhz": 20.0, "tx_power_dbm": 46.0, "antenna": "3gpp_1800", "azimuth_deg": 0.0,
    "mechanical_downtilt_deg": 0.0, "electrical_downtilt_deg": 3.0, "height_m": 40.0, "load": 0.5,
}  # fmt: skip
SITES = stations(
    [
        {"id": "S", "x": 0, "y": 0, "height_m": 40.0, "mast_id": "M"},
        {"id": "T", "x": 0, "y": 0, "height_m": 48.0, "mast_id": "M"},
        {"id": "P", "x": 0, "y": 0, "status": "planned"},
    ]
)


def cells_of(*changes: dict[str, object]) -> pd.DataFrame:
    rows = [{**USUAL, **change, "cell_id": f"c{n}"} for n, change in enumerate(changes)]
    return pd.DataFrame(conform(pd.DataFrame(rows), "cells", plan_crs=CRS).table)


def found(*changes: dict[str, object]) -> tuple[list[str], list[str]]:
    findings = check_cells(cells_of(*changes), SITES)
    return [str(fault) for fault in findings.faults], [str(note) for note in findings.notes]


def test_sound_cells_have_neither_faults_nor_notes() -> None:
    sectors = [{"sector": n + 1, "azimuth_deg": 120.0 * n} for n in range(3)]
    other = {"technology": "2G", "carrier": "G900", "freq_mhz": 945.0, "bandwidth_mhz": 0.2}
    assert found(*sectors, other, {"site_id": "T", "height_m": 53.0}) == ([], [])
    check_cells(NO_CELLS, SITES).refuse()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"site_id": "Z"}, "names no station (column 'site_id', rows c0); found Z"),
        ({"technology": "3G", "bandwidth_mhz": 5.0}, "named after another technology"),
        ({"freq_mhz": 900.0}, "found 900; expected 1805 to 1880 MHz for 1800"),
        ({"freq_mhz": 1747.5}, "not the uplink's"),
        ({"bandwidth_mhz": 7.0}, "expected 1.4, 3, 5, 10, 15, 20 MHz"),
        ({"antenna": "K742"}, "the antenna is unknown (column 'antenna', rows c0); found K742"),
        ({"electrical_downtilt_deg": -12.0}, "found -12; expected a sum in [-10, 30] deg"),
        ({"mechanical_downtilt_deg": 20.0, "electrical_downtilt_deg": 11.0}, "found 31"),
    ],
)
def test_what_makes_a_prediction_wrong_is_a_fault(change, message) -> None:
    faults, notes = found(change)
    assert len(faults) == 1
    assert message in faults[0]
    assert notes == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"freq_mhz": 1800.0}, "the name of the band"),
        ({"carrier": "band 3"}, "tells no band that is known"),
        ({"tx_power_dbm": 20.0}, "20 W are 43 dBm"),
        ({"tx_power_dbm": 40.0}, "40 W are 46 dBm"),
        ({"tx_power_dbm": 60.0}, "60 W are 48 dBm"),
        ({"height_m": 53.5}, "above the highest one known of its mast"),
        ({"freq_mhz": None}, "freq_mhz is empty"),
        ({"height_m": None}, "height_m is empty; that of the station or the default is taken"),
        ({"azimuth_deg": None}, "radiates alike all round"),
        ({"site_id": "P"}, "not on air"),
        ({"technology": "3G", "carrier": "U2100", "freq_mhz": 2140.0, "bandwidth_mhz": 4.2}, "3G"),
    ],
)
def test_what_may_be_true_is_a_note(change, message) -> None:
    faults, notes = found(change)
    assert faults == []
    assert len(notes) == 1
    assert message in notes[0]


def test_a_height_above_the_sea_is_noted_twice_and_kept() -> None:
    faults, notes = found({"height_m": 260.0})
    assert faults == []
    assert "higher than masts" in notes[0]
    assert "of its mast" in notes[1]


@pytest.mark.parametrize(
    ("changes", "fault", "note"),
    [
        ([{}, {}], "rows c0, c1", ""),
        ([{"azimuth_deg": 0.0}, {"azimuth_deg": 360.0}], "stands more than once", ""),
        ([{}, {"carrier": "L2100", "freq_mhz": 2140.0}], "", ""),
        ([{}, {"sector": 2}], "", "same azimuth"),
        ([{}, {"azimuth_deg": 120.0}], "", "same sector"),
        ([{"carrier": None, "freq_mhz": None}] * 2, "", "cannot be told apart"),
        ([{"sector": None, "azimuth_deg": None}] * 2, "", "cannot be told apart"),
        ([{"sector": None, "azimuth_deg": None, "antenna": "omni"}] * 2, "rows c0, c1", ""),
    ],
)
def test_a_cell_that_stands_twice_is_found(changes, fault, note) -> None:
    faults, notes = found(*changes)
    assert (bool(faults), bool(notes)) == (fault != "", note != "")
    assert fault in " ".join(faults)
    assert note in " ".join(notes)


def test_all_faults_are_refused_at_once_and_no_cell_is_dropped() -> None:
    cells = cells_of({"site_id": "Z"}, {"antenna": "K742", "bandwidth_mhz": 7.0}, {"sector": 3})
    before = cells.copy()
    with pytest.raises(LayerError) as caught:
        check_cells(cells, SITES).refuse()
    assert len(caught.value.faults) == 3
    pd.testing.assert_frame_equal(cells, before)


@pytest.mark.parametrize(
    ("column", "value"),
    [("freq_mhz", 29.0), ("tx_power_dbm", 61.0), ("azimuth_deg", 361.0), ("height_m", 301.0)],
)
def test_what_one_column_can_tell_is_refused_at_import(column: str, value: float) -> None:
    with pytest.raises(LayerError, match=column):
        cells_of({column: value})


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ({"carrier": "L700", "freq_mhz": None}, ("L700", 780.5)),
        ({"carrier": "L1800", "freq_mhz": None}, ("L1800", 1842.5)),
        ({"carrier": "band 3", "freq_mhz": None}, ("band 3", 1842.5)),
        ({"carrier": None, "freq_mhz": 780.0}, ("L700", 780.0)),
        ({"carrier": None, "freq_mhz": 1850.0}, ("L1800", 1850.0)),
        ({"carrier": None, "freq_mhz": 460.0}, ("L460", 460.0)),
        ({"carrier": None, "freq_mhz": None}, ("L1800", 1842.5)),
    ],
)
def test_a_default_does_not_move_a_cell_to_another_band(given, filled, defaults) -> None:
    cells = derive_cells(SITES, cells_of(given), defaults)
    assert tuple(cells.loc["c0", ["carrier", "freq_mhz"]]) == filled
    assert bool(cells.loc["c0", "assumed"])


def test_an_assumed_power_is_behind_the_feeder(defaults: CellDefaults) -> None:
    cells = cells_of({"feeder_loss_db": 2.0}, {"feeder_loss_db": 2.0, "tx_power_dbm": None})
    filled = derive_cells(SITES, cells, defaults)
    assert filled.loc["c0", "feeder_loss_db"] == 2.0
    assert np.isnan(filled.loc["c1", "feeder_loss_db"])
    assert not filled.loc["c0", "assumed"]


def test_a_plan_from_before_the_feeder_loads_and_gives_the_same_power(tmp_path, defaults) -> None:
    old = cells_of({}, {"sector": 2, "azimuth_deg": 120.0}).drop(columns="feeder_loss_db")
    pyogrio.write_dataframe(old.reset_index(), tmp_path / "layers.gpkg", layer="cells")
    table = read_tables(tmp_path / "layers.gpkg")["cells"]
    assert table["feeder_loss_db"].isna().all()
    filled = derive_cells(SITES, table, defaults).loc[old.index]
    assert not filled["assumed"].any()
    pd.testing.assert_series_equal(reference_eirp_dbm(filled), reference_eirp_dbm(old))

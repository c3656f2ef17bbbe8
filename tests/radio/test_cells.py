"""What is assumed of a cell is marked as assumed, and an azimuth is never made up."""

import numpy as np
import pytest

from infraplan.errors import SettingsError
from infraplan.layers.bundle import empty_table
from infraplan.radio.antennas import UNKNOWN_AZIMUTH_LOSS_DB
from infraplan.radio.antennas import antenna
from infraplan.radio.antennas import relative_gain_db
from infraplan.radio.cells import CellDefaults
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

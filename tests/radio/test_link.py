"""A link budget adds up, and qualities and rates follow from it as the standards say."""

import numpy as np
import pandas as pd
import pytest

from infraplan.errors import ModelRangeError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import empty_table
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.area import predict
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import derive_cells
from infraplan.radio.link import NR_BLOCKS
from infraplan.radio.link import ec_no_db
from infraplan.radio.link import link_budget
from infraplan.radio.link import loaded_power_mw
from infraplan.radio.link import noise_dbm
from infraplan.radio.link import receiver_noise_dbm
from infraplan.radio.link import reference_eirp_dbm
from infraplan.radio.link import reference_offset_db
from infraplan.radio.link import resource_blocks
from infraplan.radio.link import rsrq_db
from infraplan.radio.link import sinr_db
from infraplan.radio.link import subcarrier_spacing_khz
from infraplan.radio.link import throughput_class
from infraplan.radio.link import throughput_mbps
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile
from infraplan.radio.settings import ThroughputClasses
from tests.radio.conftest import CRS
from tests.radio.conftest import SOUTH
from tests.radio.conftest import WEST
from tests.radio.conftest import stations
from tests.radio.conftest import terrain_of

NOTHING_DBM = -np.inf
BUDGET = {
    "tx_power_dbm": 46.0, "feeder_loss_db": 0.5, "antenna_gain_dbi": 17.0, "bandwidth_mhz": 20.0,
    "threshold_dbm": -110.0, "p_cov": 0.75, "sigma_db": 8.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def classes() -> ThroughputClasses:
    return ThroughputClasses.from_dict(read_toml(data_path("thresholds/throughput.toml")))


def cells_of_5g(defaults: CellDefaults, **fields: object) -> pd.DataFrame:
    sites = stations([{"id": "S", "x": WEST + 4050, "y": SOUTH + 4050, "technologies": "5G"}])
    return derive_cells(sites, empty_table("cells", CRS), defaults).assign(**fields)


@pytest.mark.parametrize(
    ("subcarrier_khz", "bandwidth_mhz", "blocks"),
    [
        (15, 5.0, 25), (15, 10.0, 52), (15, 20.0, 106), (15, 50.0, 270), (30, 10.0, 24),
        (30, 20.0, 51), (30, 40.0, 106), (30, 100.0, 273), (60, 10.0, 11), (60, 100.0, 135),
    ],
)  # fmt: skip
def test_5g_has_the_blocks_of_the_standard(subcarrier_khz, bandwidth_mhz, blocks) -> None:
    assert resource_blocks("5G", bandwidth_mhz, subcarrier_khz=subcarrier_khz) == blocks


def test_blocks_fit_into_their_channel_and_use_nearly_all_of_it() -> None:
    for spacing, table in NR_BLOCKS.items():
        widths = np.array(list(table))
        used = np.array(list(table.values())) * 12 * spacing / 1e3 / widths
        assert (np.diff(list(table.values())) > 0).all()
        assert ((used > 0.75) & (used < 0.99)).all()


@pytest.mark.parametrize(
    ("technology", "bandwidth_mhz", "subcarrier_khz", "message"),
    [
        ("5G", 60.0, 15, "5G with 15 kHz has no channel of 60 MHz"),
        ("5G", 20.0, 120, "no subcarriers of 120 kHz; there is 15, 30, 60"),
        ("4G", 20.0, 30, "4G has no subcarriers of 30 kHz"),
        ("4G", 40.0, None, "4G has no channel of 40 MHz"),
        ("3G", 5.0, None, "must be 4G or 5G"),
    ],
)
def test_what_the_standard_lacks_is_refused(
    technology, bandwidth_mhz, subcarrier_khz, message
) -> None:
    with pytest.raises(ModelRangeError, match=message):
        resource_blocks(technology, bandwidth_mhz, subcarrier_khz=subcarrier_khz)


@pytest.mark.parametrize(
    ("freq_mhz", "bandwidth_mhz", "spacing"),
    [
        (773.0, 10.0, 15), (1842.5, 20.0, 15), (2299.9, None, 15), (2140.0, 60.0, 30),
        (2300.0, None, 30), (2550.0, 100.0, 30), (3750.0, 100.0, 30),
    ],
)  # fmt: skip
def test_fdd_bands_have_15_khz_and_tdd_bands_30(freq_mhz, bandwidth_mhz, spacing) -> None:
    assert subcarrier_spacing_khz(freq_mhz, bandwidth_mhz) == spacing


def test_without_a_spacing_5g_is_as_it_was() -> None:
    assert reference_offset_db("5G", 100.0) == pytest.approx(10 * np.log10(12 * 273))
    assert noise_dbm("5G") == pytest.approx(-173.98 + 10 * np.log10(30e3) + 9.0)


def test_a_cell_below_2300_mhz_has_the_elements_of_15_khz(defaults: CellDefaults) -> None:
    cells = cells_of_5g(defaults, freq_mhz=773.0, bandwidth_mhz=10.0, antenna="isotropic")
    expected = cells["tx_power_dbm"].iloc[0] - 10 * np.log10(12 * 52)
    assert float(reference_eirp_dbm(cells).iloc[0]) == pytest.approx(expected)


@pytest.mark.parametrize(("freq_mhz", "hz"), [(773.0, 15e3), (2550.0, 30e3)])
def test_a_prediction_takes_the_noise_of_the_subcarrier(
    freq_mhz, hz, profile: ThresholdProfile, defaults: CellDefaults
) -> None:
    sites = stations([{"id": "S", "x": WEST + 4050, "y": SOUTH + 4050, "technologies": "5G"}])
    cells = cells_of_5g(defaults, freq_mhz=freq_mhz, bandwidth_mhz=20.0, load=0.0)
    ground, settings = terrain_of(np.zeros((80, 80))), RadioSettings(radius_m=2_000.0)
    bands = predict(ground, sites, cells, profile=profile, settings=settings).bands("5G")
    ratio = float(bands["signal_dbm"][40, 50] - bands["sinr_db"][40, 50])
    assert ratio == pytest.approx(float(receiver_noise_dbm(hz)), abs=0.05)


def test_a_feeder_lowers_the_power_of_its_own_cell_only(defaults: CellDefaults) -> None:
    one = cells_of_5g(defaults)
    both = pd.concat([one, one.rename(lambda name: f"{name}/b").assign(feeder_loss_db=2.5)])
    without = reference_eirp_dbm(both.drop(columns="feeder_loss_db"))
    assert (without - reference_eirp_dbm(both)).tolist() == [0.0, 2.5]


def test_noise_is_k_t_b_and_the_noise_figure() -> None:
    watt = 1.380649e-23 * 290.0 * np.array([15e3, 20e6])
    found = receiver_noise_dbm([15e3, 20e6], [9.0, 7.0])
    assert found == pytest.approx(10 * np.log10(watt * 1e3) + [9.0, 7.0], abs=0.01)
    with pytest.raises(ModelRangeError, match="above 0 Hz"):
        receiver_noise_dbm(0.0)


def test_a_link_budget_adds_up_term_by_term() -> None:
    budget = link_budget("4G", **BUDGET, body_loss_db=3.0, entry_loss_db=12.0)
    assert float(budget.eirp_dbm) == 62.5
    assert float(budget.reference_offset_db) == pytest.approx(30.79, abs=0.01)
    assert float(budget.margin_db) == pytest.approx(5.396, abs=0.001)  # 0.6745 of 8 dB
    # 62.5 - 30.79 - 3 - 12 + 110 - 5.40
    assert float(budget.max_path_loss_db) == pytest.approx(121.31, abs=0.01)


def test_at_the_greatest_path_loss_the_margin_is_just_kept() -> None:
    budget = link_budget("3G", **{**BUDGET, "bandwidth_mhz": 5.0}, entry_loss_db=[0.0, 15.0])
    at_most = budget.level_dbm(budget.max_path_loss_db)
    assert at_most == pytest.approx(budget.threshold_dbm + budget.margin_db)


def test_terms_broadcast_to_one_shape() -> None:
    options = {**BUDGET, "tx_power_dbm": [40.0, 43.0, 46.0], "threshold_dbm": [[-110.0], [-105.0]]}
    budget = link_budget("4G", **options)
    assert budget.max_path_loss_db.shape == budget.feeder_loss_db.shape == (2, 3)
    assert np.diff(budget.max_path_loss_db, axis=1) == pytest.approx(3.0)
    assert np.diff(budget.max_path_loss_db, axis=0) == pytest.approx(-5.0)


def test_deviations_of_the_place_and_of_the_wall_add_as_squares() -> None:
    options = {**BUDGET, "sigma_db": 6.0, "entry_sigma_db": 8.0}
    plain = link_budget("4G", **{**BUDGET, "sigma_db": 10.0})
    assert link_budget("4G", **options).margin_db == pytest.approx(plain.margin_db)


def test_all_that_is_out_of_range_in_a_budget_is_named_at_once() -> None:
    options = {**BUDGET, "p_cov": 1.0, "feeder_loss_db": -1.0, "sigma_db": [8.0, -8.0]}
    with pytest.raises(ModelRangeError) as caught:
        link_budget("4G", **options)
    assert all(name in str(caught.value) for name in ("p_cov", "feeder_loss_db", "sigma_db"))


def test_sinr_without_interference_is_the_distance_to_noise() -> None:
    assert sinr_db([-80.0, -100.0], 0.0, -120.0) == pytest.approx([40.0, 20.0])


def test_interference_equal_to_noise_costs_3_db() -> None:
    mw = loaded_power_mw([-117.0, NOTHING_DBM], [0.5, 1.0])
    assert float(sinr_db(-100.0, mw, -120.0)) == pytest.approx(20.0 - 3.01, abs=0.02)


def test_loads_belong_to_cells_not_to_places() -> None:
    levels = np.array([[-90.0, -90.0, -90.0], [-90.0, -90.0, np.nan]])
    found = loaded_power_mw(levels, [0.0, 1.0])
    assert found[:2] == pytest.approx([1e-9, 1e-9])
    assert np.isnan(found[2])  # what is unknown does not count as nothing
    with pytest.raises(ModelRangeError, match="loads"):
        loaded_power_mw(levels, 50.0)


@pytest.mark.parametrize(("load", "expected_db"), [(0.0, -3.01), (1.0, -10.0)])
def test_ec_no_of_a_lone_cell_is_set_by_its_load(load, expected_db) -> None:
    assert float(ec_no_db(-60.0, load, -99.1)) == pytest.approx(expected_db, abs=0.01)


def test_ec_no_falls_with_the_pilot_and_with_other_cells() -> None:
    found = ec_no_db([-60.0, -90.0, -115.0], 0.5, noise_dbm("3G"))
    assert (np.diff(found) < 0).all()
    # -115 dBm against 10 times 0.6 of it and noise of -99.1 dBm
    assert found[2] == pytest.approx(-16.49, abs=0.01)
    # another cell as strong as the whole own one, -50 dBm
    assert float(ec_no_db(-60.0, 1.0, -99.1, 1e-5)) == pytest.approx(-13.01, abs=0.01)


@pytest.mark.parametrize(
    ("ports", "load", "expected_db"),
    [(1, 0.0, -3.01), (1, 1.0, -10.79), (2, 0.0, -6.02), (2, 1.0, -10.79)],
)
def test_rsrq_of_a_lone_cell_is_set_by_its_load(ports, load, expected_db) -> None:
    found = rsrq_db(-70.0, load, noise_dbm("4G"), ports=ports)
    assert float(found) == pytest.approx(expected_db, abs=0.01)


def test_rsrq_at_0_db_sinr_of_full_cells_is_13_8_db_below() -> None:
    found = rsrq_db(-90.0, 1.0, -130.0, loaded_power_mw([-90.0]))
    assert float(found) == pytest.approx(-10 * np.log10(24), abs=0.01)
    with pytest.raises(ModelRangeError, match="ports"):
        rsrq_db(-90.0, 1.0, -130.0, ports=4)


def test_a_rate_is_nothing_below_10_db_and_no_more_above_22_db() -> None:
    found = throughput_mbps([-30.0, -10.01, -10.0, 22.06, 40.0], "4G", 20.0)
    assert found[:2].tolist() == [0.0, 0.0]
    assert found[2] == pytest.approx(18 * (1 - 36 / 168) * 0.6 * np.log2(1.1))
    assert found[3:] == pytest.approx([18 * (1 - 36 / 168) * 4.4] * 2)


def test_only_the_downlink_slots_of_5g_in_a_tdd_band_carry_data() -> None:
    tdd = float(throughput_mbps(40.0, "5G", 100.0))
    assert tdd == pytest.approx(98.28 * (1 - 0.14) * 52 / 70 * 4.4)
    fdd = float(throughput_mbps(40.0, "5G", 20.0, subcarrier_khz=15))
    assert fdd == pytest.approx(19.08 * (1 - 0.14) * 4.4)


def test_a_share_of_the_cell_is_a_share_of_its_rate() -> None:
    whole = throughput_mbps([0.0, 10.0, np.nan], "4G", 10.0, overhead=0.0)
    part = throughput_mbps([0.0, 10.0, np.nan], "4G", 10.0, overhead=0.5, user_share=0.5)
    assert part[:2] == pytest.approx(whole[:2] / 4)
    assert np.isnan(part[2])
    with pytest.raises(ModelRangeError, match="user_share"):
        throughput_mbps(0.0, "4G", 10.0, user_share=0.0)


def test_a_throughput_belongs_to_the_class_whose_limit_it_reaches(classes) -> None:
    names = throughput_class([[0.0, 0.99, 1.0, 5.0], [29.9, 30.0, 100.0, np.nan]], classes)
    assert names.tolist() == [
        ["none", "none", "basic", "video"],
        ["video", "high", "very_high", ""],
    ]
    assert str(throughput_class(12.0, classes)) == "video"


def test_only_limits_of_a_rule_are_verified(classes) -> None:
    for item in classes.classes:
        assert item.source
        assert item.verified == item.source.startswith("QCVN")


def test_classes_are_checked_as_they_are_read() -> None:
    entry = {"name": "a", "from_mbps": 1.0, "source": "s", "verified": False}
    with pytest.raises(SettingsError, match=r"rise from 0; found \[1\.0\]"):
        ThroughputClasses.from_dict({"name": "x", "classes": [entry]})
    with pytest.raises(SettingsError, match=r"unknown key 'colour'.*class 1: missing key 'name'"):
        ThroughputClasses.from_dict({"name": "x", "colour": "red", "classes": [{}]})

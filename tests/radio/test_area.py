"""The area engine obeys the laws of its subject."""

import geopandas as gpd
import numpy as np
import pytest
from pyproj import Geod
from pyproj import Transformer

from infraplan.errors import ModelRangeError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import empty_table
from infraplan.layers.grid import cell_centres
from infraplan.layers.grid import geobox_of
from infraplan.layers.terrain import Terrain
from infraplan.radio.area import predict
from infraplan.radio.area import service_probability
from infraplan.radio.area import site_loss_db
from infraplan.radio.area import site_signals
from infraplan.radio.cells import derive_cells
from infraplan.radio.diffraction import delta_bullington
from infraplan.radio.models import free_space_loss_db
from infraplan.radio.network import grid_azimuth
from infraplan.radio.patterns import AntennaPattern
from infraplan.radio.results import NOTHING_RECEIVED_DBM
from infraplan.radio.settings import RadioSettings
from tests.radio.conftest import CRS
from tests.radio.conftest import SOUTH
from tests.radio.conftest import WEST
from tests.radio.conftest import stations
from tests.radio.conftest import terrain_of

SHORT = RadioSettings(radius_m=4_000.0)
MIDDLE = (WEST + 6_050.0, SOUTH + 6_050.0)


def cells_of(sites: gpd.GeoDataFrame, defaults: object, **fields: object):
    cells = derive_cells(sites, empty_table("cells", CRS), defaults)
    return cells.assign(**fields) if fields else cells


def sectors(sites: gpd.GeoDataFrame, defaults: object, *azimuths: float):
    usual = cells_of(sites, defaults).iloc[0]
    rows = [{**usual, "azimuth_deg": azimuth, "sector": n} for n, azimuth in enumerate(azimuths, 1)]
    frame = empty_table("cells", CRS).iloc[:0].reindex([f"c{n}" for n in range(len(rows))])
    for n, row in enumerate(rows):
        for name, value in row.items():
            frame.loc[f"c{n}", name] = value
    return frame.rename_axis("cell_id")


@pytest.mark.parametrize("rays", ["radial", "cell"])
def test_loss_on_flat_ground_is_that_of_the_profile(rays: str) -> None:
    flat = terrain_of(np.zeros((81, 81)))
    x, y = (float(v) for v in cell_centres(geobox_of(flat.ground_m), 40, 40))
    options = {"freq_mhz": 1800.0, "tx_height_m": 30.0, "rx_height_m": 1.5}
    loss = site_loss_db(flat.ground_m, x, y, radius_m=3500.0, rays=rays, **options)
    at_m = np.arange(31) * 100.0
    diffraction = delta_bullington(at_m, np.zeros(31), **options).loss_db
    space = float(free_space_loss_db(np.hypot(3000.0, 28.5), 1800.0))
    assert float(loss[40, 70]) == pytest.approx(space + diffraction, abs=1e-3)


def test_one_ray_a_cell_gives_the_loss_of_the_profile_to_that_cell(hills: Terrain) -> None:
    geobox = geobox_of(hills.ground_m)
    x, y = (float(v) for v in cell_centres(geobox, 60, 60))
    options = {"freq_mhz": 945.0, "tx_height_m": 35.0, "rx_height_m": 1.5}
    loss = site_loss_db(hills.ground_m, x, y, radius_m=4000.0, rays="cell", **options)
    ground = hills.ground_m.to_numpy().astype(float)
    for column in (75, 85, 98):  # along a row every sample is the middle of a cell
        heights = ground[60, 60 : column + 1]
        distance = np.arange(heights.size) * 100.0
        drop = heights[0] + 35.0 - heights[-1] - 1.5
        space = float(free_space_loss_db(np.hypot(distance[-1], drop), 945.0))
        expected = space + delta_bullington(distance, heights, **options).loss_db
        assert float(loss[60, column]) == pytest.approx(expected, abs=1e-3)


def test_radial_rays_stay_close_to_exact_ones(hills: Terrain) -> None:
    options = {"freq_mhz": 945.0, "tx_height_m": 35.0, "radius_m": 5000.0}
    radial = site_loss_db(hills.ground_m, *MIDDLE, rays="radial", **options)
    exact = site_loss_db(hills.ground_m, *MIDDLE, rays="cell", **options)
    difference = (radial - exact).to_numpy()
    assert abs(np.nanmean(difference)) < 0.2
    assert np.nanstd(difference) < 2.0


def test_turning_station_and_terrain_turns_the_map(hills: Terrain) -> None:
    ground = hills.ground_m.to_numpy()
    turned = terrain_of(np.rot90(ground, -1))  # clockwise
    options = {"freq_mhz": 945.0, "tx_height_m": 35.0, "radius_m": 4000.0, "rays": "cell"}
    straight = site_loss_db(hills.ground_m, *MIDDLE, **options).to_numpy()
    # (row 59, column 60) turns to (row 60, column 60)
    aside = site_loss_db(turned.ground_m, MIDDLE[0], MIDDLE[1] - 100.0, **options).to_numpy()
    assert np.allclose(np.rot90(straight, -1), aside, atol=1e-3, equal_nan=True)


def test_unknown_ground_makes_what_lies_behind_it_unknown(hills: Terrain) -> None:
    x, y = (float(v) for v in cell_centres(geobox_of(hills.ground_m), 12, 30))
    loss = site_loss_db(
        hills.ground_m, x, y, freq_mhz=945.0, tx_height_m=35.0, radius_m=2500.0, rays="cell"
    )
    assert np.isnan(float(loss[12, 22]))  # unknown itself
    assert np.isnan(float(loss[12, 15]))  # behind it
    assert np.isfinite(float(loss[12, 40]))  # the other way


def test_a_mast_on_unknown_ground_is_refused(hills: Terrain) -> None:
    x, y = (float(v) for v in cell_centres(geobox_of(hills.ground_m), 12, 22))
    with pytest.raises(ModelRangeError, match="unknown ground"):
        site_loss_db(hills.ground_m, x, y, freq_mhz=945.0, tx_height_m=35.0, radius_m=2500.0)


def test_more_stations_never_lower_the_signal(hills: Terrain, profile, defaults) -> None:
    rows = [
        {"id": f"S{n}", "x": WEST + 2000 + 1700 * n, "y": SOUTH + 3000 + 900 * n, "operator": o}
        for n, o in enumerate("AABAB")
    ]
    few, many = stations(rows[:3]), stations(rows)
    before = predict(hills, few, cells_of(few, defaults), profile=profile, settings=SHORT)
    after = predict(hills, many, cells_of(many, defaults), profile=profile, settings=SHORT)
    for operator in ("A", "B", "any"):
        old = before.bands("4G", operator)["signal_dbm"].to_numpy()
        new = after.bands("4G", operator)["signal_dbm"].to_numpy()
        known = np.isfinite(old) & np.isfinite(new)
        assert (new[known] >= old[known]).all()


def test_any_is_the_best_of_the_operators(hills: Terrain, profile, defaults) -> None:
    rows = [
        {"id": f"S{n}", "x": WEST + 2000 + 1700 * n, "y": SOUTH + 6000, "operator": o, "mast_id": m}
        for n, (o, m) in enumerate([("A", "M1"), ("B", "M2"), ("A", "M3"), ("B", "M4")])
    ]
    sites = stations(rows)
    made = predict(hills, sites, cells_of(sites, defaults), profile=profile, settings=SHORT)
    best = np.fmax(*(made.bands("4G", o)["signal_dbm"].to_numpy() for o in "AB"))
    of_any = made.bands("4G", "any")["signal_dbm"].to_numpy()
    known = np.isfinite(of_any)
    assert np.array_equal(of_any[known], best[known])


def test_stations_that_share_a_mast_are_one_server(hills: Terrain, profile, defaults) -> None:
    at = {"x": MIDDLE[0], "y": MIDDLE[1], "mast_id": "M"}
    sites = stations([{"id": "A1", "operator": "A", **at}, {"id": "B1", "operator": "B", **at}])
    bands = predict(hills, sites, cells_of(sites, defaults), profile=profile, settings=SHORT).bands(
        "4G", "any"
    )
    near = bands["signal_dbm"].to_numpy() > NOTHING_RECEIVED_DBM
    assert (bands["servers"].to_numpy()[near] == 1).all()
    assert (bands["second_dbm"].to_numpy()[near] == NOTHING_RECEIVED_DBM).all()


def test_threads_do_not_change_a_bit(hills: Terrain, profile, defaults) -> None:
    rows = [
        {"id": f"S{n:02d}", "x": WEST + 1500 + 700 * n, "y": SOUTH + 9000 - 500 * n, "operator": o}
        for n, o in enumerate("ABCABCABCABC")
    ]
    sites = stations(rows)
    cells = cells_of(sites, defaults)
    one, two = (
        predict(hills, sites, cells, profile=profile, settings=SHORT, workers=n) for n in (1, 2)
    )
    for key, bands in one.maps.items():
        for name in bands:
            assert bands[name].to_numpy().tobytes() == two.maps[key][name].to_numpy().tobytes()


@pytest.mark.parametrize("lon", [103.5, 105.5, 108.5])
def test_azimuths_turn_from_true_north_to_the_grid_s(lon: float, defaults) -> None:
    to_grid = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    far_lon, far_lat, _ = Geod(ellps="WGS84").fwd(lon, 18.3, 40.0, 2000.0)
    x, y = to_grid.transform([lon, far_lon], [18.3, far_lat])
    bearing = np.degrees(np.arctan2(x[1] - x[0], y[1] - y[0])) % 360
    sites = stations([{"id": "S", "x": x[0], "y": y[0]}])
    cells = sectors(sites, defaults, 40.0)
    found = grid_azimuth(cells, sites.geometry.loc[cells["site_id"]], sites.crs)
    assert found[0] == pytest.approx(bearing, abs=0.01)


def test_a_sector_is_weaker_behind_by_its_front_to_back_ratio(profile, defaults) -> None:
    flat = terrain_of(np.zeros((121, 121)))
    sites = stations([{"id": "S", "x": MIDDLE[0], "y": MIDDLE[1]}])
    cells = sectors(sites, defaults, 90.0)
    signal = predict(flat, sites, cells, profile=profile, settings=SHORT).bands("4G")["signal_dbm"]
    east, west = float(signal[60, 85]), float(signal[60, 35])
    assert east - west == pytest.approx(25.0, abs=1.5)  # less what the tilt costs


def test_more_power_raises_the_level_by_as_much(hills: Terrain, profile, defaults) -> None:
    sites = stations([{"id": "S", "x": MIDDLE[0], "y": MIDDLE[1]}])
    cells = cells_of(sites, defaults)
    louder = cells.assign(tx_power_dbm=cells["tx_power_dbm"] + 3.0)
    low, high = (
        predict(hills, sites, c, profile=profile, settings=SHORT).bands("4G")["signal_dbm"]
        for c in (cells, louder)
    )
    heard = (low > NOTHING_RECEIVED_DBM).to_numpy()
    assert np.allclose((high - low).to_numpy()[heard], 3.0, atol=0.11)


def test_a_cell_is_unknown_only_where_no_known_path_covers_it(hills: Terrain, profile, defaults):
    geobox = geobox_of(hills.ground_m)
    x, y = (float(v) for v in cell_centres(geobox, 12, 30))
    one = stations([{"id": "S1", "x": x, "y": y}])
    alone = predict(hills, one, cells_of(one, defaults), profile=profile, settings=SHORT)
    assert np.isnan(float(alone.bands("4G")["signal_dbm"][12, 15]))
    x2, y2 = (float(v) for v in cell_centres(geobox, 12, 12))
    two = stations([{"id": "S1", "x": x, "y": y}, {"id": "S2", "x": x2, "y": y2}])
    both = predict(hills, two, cells_of(two, defaults), profile=profile, settings=SHORT)
    assert float(both.covered("4G")[12, 15]) == 1.0


def test_a_station_alone_gives_the_signal_of_the_prediction(hills: Terrain, profile, defaults):
    sites = stations([{"id": "S", "x": MIDDLE[0], "y": MIDDLE[1]}])
    cells = cells_of(sites, defaults)
    (signal,) = site_signals(hills, sites, cells, settings=SHORT)
    whole = predict(hills, sites, cells, profile=profile, settings=SHORT).bands("4G")["signal_dbm"]
    part = whole.to_numpy()[signal.rows, signal.columns]
    known = np.isfinite(part)
    assert np.allclose(part[known], np.maximum(signal.signal_dbm[known], -160.0), atol=0.051)


def test_probability_is_one_half_at_the_threshold() -> None:
    found = service_probability([-110.0, np.nan], threshold_dbm=-110.0, sigma_db=8.0)
    assert found[0] == pytest.approx(0.5)
    assert np.isnan(found[1])


def test_an_unknown_operator_is_refused_with_those_there_are(hills, profile, defaults) -> None:
    sites = stations([{"id": "S", "x": MIDDLE[0], "y": MIDDLE[1]}])
    with pytest.raises(SettingsError, match="there is A"):
        predict(hills, sites, cells_of(sites, defaults), profile=profile, operators=["Z"])


class InterruptedRunError(Exception):
    """What kills a run in the tests."""


class FailingStore:
    """Keeps losses in memory and kills the run after some."""

    def __init__(self, kept: dict, lives: int) -> None:
        self.kept, self.lives, self.found = kept, lives, 0

    def load(self, key: str):
        self.found += key in self.kept
        return self.kept.get(key)

    def save(self, key: str, losses) -> None:
        if not self.lives:
            raise InterruptedRunError
        self.lives -= 1
        self.kept[key] = losses.copy()


def test_a_run_that_was_killed_resumes_and_ends_the_same(hills: Terrain, profile, defaults) -> None:
    rows = [{"id": f"S{n}", "x": WEST + 2000 + 900 * n, "y": SOUTH + 5000} for n in range(8)]
    sites = stations(rows)
    options = {"profile": profile, "settings": SHORT}
    whole = predict(hills, sites, cells_of(sites, defaults), **options).bands("4G")
    kept: dict = {}
    with pytest.raises(InterruptedRunError):
        predict(hills, sites, cells_of(sites, defaults), store=FailingStore(kept, 3), **options)
    second = FailingStore(kept, 99)
    again = predict(hills, sites, cells_of(sites, defaults), store=second, **options).bands("4G")
    assert second.found == 3
    assert second.lives == 99 - 5
    for name in whole:
        assert whole[name].to_numpy().tobytes() == again[name].to_numpy().tobytes()


def test_a_region_is_predicted_as_the_whole_is(hills: Terrain, profile, defaults) -> None:
    rows = [{"id": f"S{n}", "x": WEST + 1000 + 1400 * n, "y": SOUTH + 9000} for n in range(8)]
    sites = stations(rows)
    region = np.zeros(hills.ground_m.shape, dtype=bool)
    region[15:40, 5:30] = True
    options = {"profile": profile, "settings": SHORT}
    whole = predict(hills, sites, cells_of(sites, defaults), **options).bands("4G", "A")
    some = predict(hills, sites, cells_of(sites, defaults), region=region, **options)
    part = some.bands("4G", "A")
    for name in ("signal_dbm", "second_dbm", "sinr_db", "servers", "probability"):
        inside = part[name].to_numpy()
        assert np.array_equal(inside[region], whole[name].to_numpy()[region], equal_nan=True)
        assert np.isnan(inside[~region]).all()
    assert len(some.cells["4G"]) < len(sites)  # those too far away were left out


def measured(tilt_deg: float = 0.0) -> AntennaPattern:
    """Return the formula's panel as two measured cuts."""
    at = (np.arange(360) + 180) % 360 - 180
    return AntennaPattern.from_cuts(
        "panel",
        np.minimum(12.0 * (at / 65.0) ** 2, 25.0),
        np.minimum(12.0 * ((at - tilt_deg) / 7.0) ** 2, 20.0),
        gain_dbi=17.0,
        freq_mhz=1800.0,
        electrical_downtilt_deg=tilt_deg,
        source="made by the test",
    )


@pytest.mark.parametrize("tilt", [0.0, 4.0])
def test_a_measured_pattern_radiates_as_its_formula_along_its_cuts(profile, defaults, tilt) -> None:
    flat = terrain_of(np.zeros((121, 121)))
    sites = stations([{"id": "S", "x": MIDDLE[0], "y": MIDDLE[1]}])
    listed = sectors(sites, defaults, 90.0).assign(electrical_downtilt_deg=tilt, assumed=False)
    by_formula = derive_cells(sites, listed.assign(antenna="3gpp_1800"), defaults)
    given = listed.assign(antenna="panel", electrical_downtilt_deg=np.nan)
    by_file = derive_cells(sites, given, defaults, {"panel": measured(tilt)})
    one, other = (
        predict(flat, sites, cells, profile=profile, settings=SHORT).bands("4G")["signal_dbm"]
        for cells in (by_formula, by_file)
    )
    for column in (63, 70, 85, 99):  # straight ahead
        assert float(one[60, column]) == pytest.approx(float(other[60, column]), abs=0.11)


def test_both_ways_of_asking_a_measured_pattern_agree() -> None:
    from infraplan.radio._kernels.servers import measured_gain_db

    pattern = measured(4.0)
    cuts = [
        np.append(cut, cut[0]).astype(np.float32)
        for cut in (pattern.horizontal_db, pattern.vertical_db)
    ]
    for side in (-170.0, -60.5, 0.0, 33.3, 120.0, 180.0):
        for down in (-30.0, -2.5, 0.0, 4.0, 17.7):
            found = measured_gain_db(np.float32(side), np.float32(down), *cuts)
            expected = float(pattern.relative_gain_db(side, down))
            assert found == pytest.approx(expected, abs=1e-3)


def test_clutter_obstructs_between_the_ends_as_in_the_profile(hills: Terrain) -> None:
    geobox = geobox_of(hills.ground_m)
    x, y = (float(v) for v in cell_centres(geobox, 60, 60))
    trees = hills.ground_m.copy(data=np.full(hills.ground_m.shape, 12.0, dtype=np.float32))
    options = {"freq_mhz": 945.0, "tx_height_m": 35.0, "radius_m": 4000.0, "rays": "cell"}
    loss = site_loss_db(hills.ground_m, x, y, clutter=trees, **options)
    ground = hills.ground_m.to_numpy().astype(float)
    for column in (75, 98):
        heights = ground[60, 60 : column + 1]
        distance = np.arange(heights.size) * 100.0
        cover = np.where((distance >= 100.0) & (distance[-1] - distance >= 100.0), 12.0, 0.0)
        drop = heights[0] + 35.0 - heights[-1] - 1.5
        space = float(free_space_loss_db(np.hypot(distance[-1], drop), 945.0))
        lost = delta_bullington(
            distance, heights, cover, freq_mhz=945.0, tx_height_m=35.0, rx_height_m=1.5
        ).loss_db
        assert float(loss[60, column]) == pytest.approx(space + lost, abs=1e-3)


def test_no_clutter_is_bare_ground(hills: Terrain) -> None:
    none = hills.ground_m.copy(data=np.zeros(hills.ground_m.shape, dtype=np.float32))
    options = {"freq_mhz": 945.0, "tx_height_m": 35.0, "radius_m": 3000.0}
    bare = site_loss_db(hills.ground_m, *MIDDLE, **options)
    same = site_loss_db(hills.ground_m, *MIDDLE, clutter=none, **options)
    far = np.abs((bare - same).to_numpy())
    assert np.array_equal(np.isnan(bare), np.isnan(same))
    assert np.nanmax(far) <= 0.012


def test_the_engine_refuses_clutter_that_it_would_ignore() -> None:
    with pytest.raises(SettingsError, match="clutter must be none"):
        RadioSettings(clutter="path")


def test_an_operator_may_lack_the_technology_that_is_predicted(hills, profile, defaults) -> None:
    x, y = MIDDLE
    rows = [{"id": "S", "x": x, "y": y}, {"id": "T", "x": x, "y": y, "operator": "B"}]
    sites = stations(rows).assign(technologies=["4G", "2G"])
    cells = cells_of(sites, defaults)
    options = {"profile": profile, "technologies": ["4G"], "operators": ["A", "B"]}
    found = predict(hills, sites, cells, **options)
    assert (found.maps["4G", "A"]["probability"] > 0.5).any()
    assert not (found.maps["4G", "B"]["probability"] > 0.5).any()

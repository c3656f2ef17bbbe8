"""Links to single places: what the area engine says, and where the obstruction stands."""

import numpy as np
import pytest

from infraplan.layers.bundle import empty_table
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import terrain_from
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.area import predict
from infraplan.radio.area import site_loss_db
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import derive_cells
from infraplan.radio.links import LinkGround
from infraplan.radio.links import planned_senders
from infraplan.radio.links import senders_of
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile
from infraplan.radio.tuning import TunedModel
from tests.coverage.world import CRS
from tests.coverage.world import stations

DEFAULTS = CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))
PROFILE = ThresholdProfile.from_dict(read_toml(data_path("thresholds/vn-default.toml")))
SITES = stations(A=(2_000, 2_500, "A", "2G;4G"), B=(4_900, 1_300, "B", "4G"))
GEOBOX = grid_over((540_000, 2_029_980, 547_200, 2_034_780), crs=CRS, resolution_m=60.0)
TUNED = TunedModel(
    intercept_db=4.0, slope_db=6.0, near_slope_db=3.0, near_m=900.0, diffraction_weight=0.8,
    height_db=-5.0, clutter_db=(("10", 7.0),), site_offset_db=(("A", 2.0),),
)  # fmt: skip


def hilly(*, unknown=False):
    """Return rolling terrain with a land cover of two classes."""
    row, column = np.mgrid[0 : GEOBOX.shape[0], 0 : GEOBOX.shape[1]]
    heights = 60.0 + 50.0 * np.sin(row / 9.0) * np.cos(column / 7.0) + 0.3 * column
    if unknown:
        heights[:, 60:63] = np.nan
    terrain = terrain_from(wrap(heights, GEOBOX, name="terrain"))
    cover = wrap(np.where(column % 5 < 2, 10.0, 30.0), GEOBOX, name="landcover")
    return type(terrain)(terrain.ground_m, terrain.zone, cover)


def known_cells():
    """Return the stations' cells, those of A turned and tilted."""
    cells = derive_cells(SITES, empty_table("cells", CRS), DEFAULTS)
    turned = cells["site_id"] == "A"
    return cells.assign(
        azimuth_deg=np.where(turned, 75.0, np.nan),
        mechanical_downtilt_deg=np.where(turned, 4.0, 0.0),
    )


@pytest.mark.parametrize(
    "settings",
    [
        RadioSettings(rays="cell", radius_m=9_000.0),
        RadioSettings(rays="cell", radius_m=9_000.0, model="free_space"),
        RadioSettings(rays="cell", radius_m=9_000.0, model="tuned", tuning=TUNED),
    ],
    ids=lambda settings: settings.model,
)
def test_links_give_the_levels_of_the_area_engine(settings):
    terrain, cells = hilly(), known_cells()
    engine = predict(terrain, SITES, cells, profile=PROFILE, settings=settings)
    ground = LinkGround.of(terrain, settings)
    senders = senders_of(cells[cells["technology"] == "4G"], SITES, GEOBOX, settings)
    random = np.random.default_rng(3)
    row, column = random.integers(0, GEOBOX.shape[0], 400), random.integers(0, 120, 400)
    for number, operator in enumerate("AB"):
        found = ground.links(senders, np.full(400, number), row, column).level_dbm
        expected = engine.bands("4G", operator)["signal_dbm"].to_numpy()[row, column]
        assert np.abs(found - expected).max() < 0.06  # bands are rounded to 0.1 dB


def test_a_path_over_unknown_ground_has_no_level_but_a_smooth_one():
    ground = LinkGround.of(hilly(unknown=True), RadioSettings())
    senders = senders_of(known_cells(), SITES, GEOBOX, RadioSettings())
    links = ground.links(senders, np.array([0]), np.array([40]), np.array([100]))
    assert np.isnan(links.level_dbm[0])
    assert np.isfinite(links.smooth_dbm[0])
    assert np.isnan(links.edge_height_m[0])


def test_smooth_ground_is_what_flat_terrain_gives():
    terrain = terrain_from(wrap(np.full(GEOBOX.shape, 37.0), GEOBOX, name="terrain"))
    ground = LinkGround.of(terrain, RadioSettings())
    senders = senders_of(known_cells(), SITES, GEOBOX, RadioSettings())
    links = ground.links(senders, np.array([0, 1]), np.array([10, 60]), np.array([100, 3]))
    assert links.level_dbm == pytest.approx(links.smooth_dbm, abs=1e-3)
    told = links.edge_height_m[~np.isnan(links.edge_height_m)]
    assert (told == 37.0).all()  # the plain itself, where it comes near the line of sight


def test_the_main_obstruction_is_the_wall_in_the_way():
    heights = np.full(GEOBOX.shape, 5.0)
    heights[:, 70], heights[:, 45] = 150.0, 60.0  # the higher wall, and a lower one before it
    terrain = terrain_from(wrap(heights, GEOBOX, name="terrain"))
    ground = LinkGround.of(terrain, RadioSettings())
    senders = senders_of(known_cells(), SITES, GEOBOX, RadioSettings())
    row = np.array([int(senders.row[0])])
    links = ground.links(senders, np.array([0]), row, np.array([90]))
    assert links.edge_x_m[0] == pytest.approx(540_000 + 70.5 * 60.0, abs=60.0)
    assert links.edge_height_m[0] == pytest.approx(150.0, abs=30.0)
    loss = site_loss_db(
        terrain.ground_m, 542_000.0, 2_032_480.0, freq_mhz=945.0, tx_height_m=40.0,
        radius_m=9_000.0, rays="cell",
    )  # fmt: skip
    flat = site_loss_db(
        terrain.ground_m * 0.0, 542_000.0, 2_032_480.0, freq_mhz=945.0, tx_height_m=40.0,
        radius_m=9_000.0, rays="cell",
    )  # fmt: skip
    taken = float((loss - flat).to_numpy()[row[0], 90])
    assert links.smooth_dbm[0] - links.level_dbm[0] == pytest.approx(taken, abs=0.1)


def test_a_planned_sector_shines_where_it_faces():
    terrain = terrain_from(wrap(np.zeros(GEOBOX.shape), GEOBOX, name="terrain"))
    ground = LinkGround.of(terrain, RadioSettings())
    cell = known_cells().iloc[[2, 2, 2]]  # without mechanical tilt
    at_m = (np.full(3, 543_600.0), np.full(3, 2_032_380.0))
    senders = planned_senders(
        cell.drop(columns="azimuth_deg"), at_m, np.array([90.0, 270.0, np.nan]), GEOBOX,
        RadioSettings(),
    )  # fmt: skip
    row = np.full(3, senders.row[0])
    east, west, around = ground.links(senders, np.arange(3), row, np.full(3, 100)).level_dbm
    assert east - west == pytest.approx(25.0, abs=1.5)  # the front-to-back ratio of the panel
    assert 2.0 < east - around < 4.5

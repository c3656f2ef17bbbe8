"""What happens at the edges: unknown ground, several heights, threads, and every published row."""

import csv
import sys
from subprocess import run

import numba
import numpy as np
import pandas as pd
import pytest

import infraplan.radio
from infraplan.layers.bundle import empty_table
from infraplan.radio.area import predict
from infraplan.radio.area import site_loss_db
from infraplan.radio.area import site_signals
from infraplan.radio.cells import derive_cells
from infraplan.radio.link import reference_offset_db
from infraplan.radio.settings import RadioSettings
from tests.radio.conftest import CRS
from tests.radio.conftest import SOUTH
from tests.radio.conftest import WEST
from tests.radio.conftest import stations
from tests.radio.conftest import terrain_of
from tests.shared_data import shared_folder

SHORT = RadioSettings(radius_m=3000.0)
MIDDLE = {"id": "S", "x": WEST + 4050, "y": SOUTH + 4050}
P452 = (
    "b2iseac_dense_urban_land_eqdist",
    "b2iseac_eqdist",
    "b2iseac_eqdist_no_clutter",
    "b2iseac_land_eqdist_no_clutter",
    "flat_land_1000km",
    "flat_land_100km",
    "flat_land_5km",
    "flat_land_5km_Dense_Suburban",
    "flat_land_5km_Dense_Urban",
    "flat_land_5km_Industrial",
)


def test_the_room_offers_its_functions_without_importing_numba() -> None:
    code = "import sys, infraplan.radio as r; r.hata_loss_db; print('numba' in sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert all(hasattr(infraplan.radio, name) for name in infraplan.radio.__all__)


def test_ground_in_reach_of_a_mast_on_unknown_ground_is_unknown(profile, defaults) -> None:
    heights = np.zeros((80, 80))
    heights[38:42, 38:42] = np.nan
    sites = stations([MIDDLE])
    cells = derive_cells(sites, empty_table("cells", CRS), defaults)
    bands = predict(terrain_of(heights), sites, cells, profile=profile, settings=SHORT).bands("4G")
    assert np.isnan(bands["signal_dbm"][30, 40])
    assert float(bands["signal_dbm"][2, 2]) == -160.0


def test_stations_beyond_the_grid_leave_nothing_received(profile, defaults) -> None:
    sites = stations([{"id": "S", "x": WEST - 50_000, "y": SOUTH}])
    cells = derive_cells(sites, empty_table("cells", CRS), defaults)
    made = predict(terrain_of(np.zeros((20, 20))), sites, cells, profile=profile, settings=SHORT)
    assert "1 cells left out" in made.provenance.notes[-1]


def test_known_ground_beside_the_unknown_is_known() -> None:
    heights = np.zeros((81, 80))
    heights[:, 60:] = np.nan
    loss = site_loss_db(
        terrain_of(heights).ground_m, WEST + 4050, SOUTH + 4050, freq_mhz=900.0, tx_height_m=40.0,
        radius_m=2500.0,
    )  # fmt: skip
    assert np.isfinite(loss.to_numpy()[30:51, 59]).all()


def test_two_antenna_heights_of_a_station_are_one_signal(defaults) -> None:
    terrain, sites = terrain_of(np.zeros((80, 80))), stations([MIDDLE])
    high = derive_cells(sites, empty_table("cells", CRS), defaults)
    low = high.assign(height_m=15.0, carrier="L2100").rename(lambda name: f"{name}/low")
    (both,) = site_signals(terrain, sites, pd.concat([high, low]), settings=SHORT)
    (one,) = site_signals(terrain, sites, high, settings=SHORT)
    assert (both.signal_dbm >= one.signal_dbm).all()


def test_a_prediction_leaves_the_number_of_threads_as_it_was(profile, defaults) -> None:
    before = numba.get_num_threads()
    sites = stations([MIDDLE])
    cells = derive_cells(sites, empty_table("cells", CRS), defaults)
    ground = terrain_of(np.zeros((80, 80)))
    predict(ground, sites, cells, profile=profile, settings=SHORT, workers=1)
    assert numba.get_num_threads() == before


def test_5g_knows_the_channels_of_the_standard() -> None:
    assert reference_offset_db("5G", 30.0) == pytest.approx(10 * np.log10(12 * 78))


@pytest.mark.parametrize("name", P452)
def test_every_published_row_of_p452_agrees(name: str) -> None:
    from infraplan.radio._kernels.profile import profile_terms_db

    folder = shared_folder("benchmarks/p452_diffraction")
    lines = (folder / f"profiles/test_profile_{name}.csv").read_text("latin-1").splitlines()
    d, h, clutter = np.array([[float(v) for v in x.split(",")[:3]] for x in lines[1:] if x]).T
    # P.452-18 takes no clutter within 50 m of a terminal
    clutter = np.where((d < 0.05 - 1e-9) | (d > d[-1] - 0.05 + 1e-9), 0.0, clutter)
    with (folder / f"results/test_result_{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        numbers = (row["f (GHz)"], row["htg (m)"], row["hrg (m)"], row["ae"])
        found = profile_terms_db(
            h, h + clutter, d, *map(float, numbers), row["pol (1-h/2-v)"] == "2",
            float(row["omega"]),
        )  # fmt: skip
        assert found[2] == pytest.approx(float(row["Ldsph"]), abs=0.01)
        assert found[3] == pytest.approx(float(row["Ld50"]), abs=0.01)

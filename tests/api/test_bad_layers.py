"""Wrong files: every fault with its row and how to mend it, and what the plan has is kept."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import infraplan as ip
from infraplan.api import check_layers
from infraplan.api import import_layer
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.io import write_raster
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.plan import Plan
from tests.coverage.world import CRS
from tests.coverage.world import EAST
from tests.coverage.world import GEOBOX
from tests.coverage.world import NORTH
from tests.coverage.world import communes
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import raster
from tests.coverage.world import stations
from tests.coverage.world import three_hamlets


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    made = ip.init_plan(tmp_path / "plan", crs=CRS, resolution_m=60.0)
    tables = {"communes": communes().assign(type="xã"), "hamlets": three_hamlets()}
    sites = stations(A=(900, 900, "Viettel", "2G;4G"), B=(900, 900, "VNPT", "4G", "A"))
    made.write_tables(tables | {"sites": sites})
    write_raster(made.raster_path("terrain"), {"terrain": raster(10.0, "terrain")})
    return made


def file_of(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "layer.gpkg"
    path.unlink(missing_ok=True)
    frame.reset_index().to_file(path)
    return path


def tiff(folder: Path, bounds, value: float = 1.0) -> Path:
    grid = grid_over(bounds, crs=CRS, resolution_m=60.0)
    path = folder / "other.tif"
    write_raster(path, {"band": wrap(np.full(grid.shape, value), grid, name="band")})
    return path


ELSEWHERE = (600_000.0, 2_100_000.0, 605_000.0, 2_105_000.0)


def test_hamlets_out_of_place_are_refused_all_at_once_and_the_old_ones_kept(plan, tmp_path):
    wrong = pd.concat(
        [
            three_hamlets().assign(commune_code=["1", "9", "2"]),
            hamlets(
                OUT=("1", ground(9_000, 0, 9_300, 300)), E=("1", ground(6_000, 600, 6_300, 900))
            ),
        ]
    )
    with pytest.raises(LayerError) as caught:
        import_layer(plan, "hamlets", file_of(wrong, tmp_path))
    rows = [fault.rows for fault in caught.value.faults]
    assert rows == [("H2",), ("OUT",), ("E",)]
    assert "set commune_code to 2" in str(caught.value)
    assert sorted(plan.table("hamlets").index) == ["H1", "H2", "H3"]


def test_a_check_tells_hamlets_without_with_unknown_and_with_wrong_commune_together(plan):
    wrong = hamlets(
        NONE=(None, ground(9_000, 0, 9_300, 300)),
        NINE=("9", ground(600, 600, 900, 900)),
        EAST=("1", ground(6_000, 600, 6_300, 900)),
    )
    plan.write_tables({"hamlets": wrong})
    rows = sorted(fault.rows for fault in check_layers(plan)[0] if fault.sheet == "hamlets")
    assert rows == [("EAST",), ("NINE",), ("NONE",)]


def test_a_hamlet_across_two_communes_is_noted_at_import_and_at_check(plan, tmp_path):
    across = pd.concat([three_hamlets(), hamlets(X=("1", ground(3_330, 600, 3_930, 900)))])
    done = import_layer(plan, "hamlets", file_of(across, tmp_path))
    assert any("1 hamlets reach beyond their commune" in note for note in done.notes)
    faults, notes = check_layers(plan)
    assert not faults
    assert ("straddling", {"count": 1, "hamlets": "X"}) in notes


def test_overlapping_communes_are_refused_at_import_and_at_check(plan, tmp_path):
    wrong = communes().assign(type="xã")
    wrong.loc["2", "geometry"] = ground(3_000, 30, 7_170, 4_770)
    with pytest.raises(LayerError, match="two communes overlap"):
        import_layer(plan, "communes", file_of(wrong, tmp_path))
    assert not check_layers(plan)[0]
    plan.write_tables({"communes": wrong})
    with pytest.raises(LayerError, match=r"298\.6 ha in both Tây and Đông"):
        ip.open_plan(plan.folder)


@pytest.mark.parametrize("layer", ["terrain", "population", "floods", "landcover"])
def test_a_raster_of_another_place_is_refused(plan, tmp_path, layer):
    before = plan.raster_path("terrain").read_bytes()
    with pytest.raises(SourceFileError, match="does not reach the area"):
        import_layer(plan, layer, tiff(tmp_path, ELSEWHERE))
    assert plan.raster_path("terrain").read_bytes() == before


def test_rasters_that_came_before_communes_are_faults_beside_all_others(plan, tmp_path):
    write_raster(
        plan.raster_path("terrain"),
        {"terrain": wrap(np.ones((9, 9)), grid_over(ELSEWHERE, crs=CRS, resolution_m=600.0)[:9, :9],
                         name="terrain")},
    )  # fmt: skip
    plan.write_tables({"hamlets": three_hamlets().assign(commune_code=["1", "9", "2"])})
    faults, _ = check_layers(plan)
    told = {(fault.file, fault.what) for fault in faults}
    assert ("rasters/terrain.tif", "the raster shows another place") in told
    assert any(fault.rows == ("H2",) for fault in faults)


def test_a_raster_of_a_part_of_the_area_is_noted(plan, tmp_path):
    half = (EAST, NORTH, EAST + 3_600, NORTH + 4_800)
    import_layer(plan, "population", tiff(tmp_path, half))
    (share,) = [n[1]["share"] for n in check_layers(plan)[1] if n[0] == "partial_raster"]
    assert share == pytest.approx(0.5, abs=0.01)


def test_repeated_ids_and_negative_people_are_told_together(plan, tmp_path):
    twice = pd.concat([three_hamlets()] * 2).assign(people=[-5, 1, 2, 3, 4, 5])
    with pytest.raises(LayerError) as caught:
        import_layer(plan, "hamlets", file_of(twice, tmp_path))
    assert {fault.column for fault in caught.value.faults} == {"hamlet_id", "people"}


def test_negative_numbers_of_a_raster_are_no_people(plan, tmp_path):
    values = np.ones(GEOBOX.shape)
    values[:40] = -99_999.0  # as rasters write it that do not say what means "no data"
    write_raster(tmp_path / "p.tif", {"population": wrap(values, GEOBOX, name="population")})
    import_layer(plan, "population", tmp_path / "p.tif")
    read = plan.layers(rasters=("population",)).rasters["population"].to_numpy()
    assert np.nanmin(read) >= 0.0
    assert np.nansum(read) == pytest.approx(40 * 120, rel=0.1)


@pytest.mark.parametrize("text", ["", "hamlet_id;name;commune_code\n", "\x00\x01"])
def test_files_without_rows_say_so_and_replace_nothing(plan, tmp_path, text):
    path = tmp_path / "empty.csv"
    path.write_text(text)
    with pytest.raises(ip.InfraplanError, match=r"no row has headings|is empty"):
        import_layer(plan, "hamlets", path)
    assert len(plan.table("hamlets")) == 3


def test_evidence_on_unknown_hamlets_and_operators_comes_with_rows_and_proposals(plan, tmp_path):
    path = tmp_path / "evidence.csv"
    path.write_text("evidence_id,hamlet_id,operator,finding\nE1,h2,VNPT,good\nE2,H9,any,none\n")
    with pytest.raises(LayerError) as caught:
        import_layer(plan, "evidence", path)
    told = {fault.rows: fault.remedy for fault in caught.value.faults}
    assert told[("2",)].startswith("did you mean 'H2'?")
    assert told[("3",)].startswith("correct the id")
    path.write_text("evidence_id,hamlet_id,operator,finding\nE1,H1,Viettell,good\n")
    note = import_layer(plan, "evidence", path).notes[-1]
    assert "(rows 2). Did you mean 'Viettell' → 'Viettel'?" in note


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"technology": "5G"}, "technology 5G has no station on air; there is 2G, 4G"),
        ({"operator": "Beeline"}, "operator Beeline has no station on air; there is any, VNPT, V"),
    ],
)
def test_a_headline_that_is_not_on_air_is_refused_before_anything_is_predicted(plan, asked, told):
    with pytest.raises(SettingsError, match=told):
        ip.gaps(plan, **asked)
    assert not list(plan.results.glob("*.tif"))

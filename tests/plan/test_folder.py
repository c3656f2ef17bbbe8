"""A plan on disk: made once, locked while written, honest on what it lacks."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point
from shapely import box

from infraplan import atomic
from infraplan.errors import PlanError
from infraplan.io import content_hash
from infraplan.io import write_raster
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import wrap
from infraplan.plan import Plan
from infraplan.plan import PlanSettings
from infraplan.plan import create_plan
from infraplan.plan import open_folder

CRS = "EPSG:9209"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return create_plan(tmp_path / "phương án", PlanSettings(name="Thử", resolution_m=100.0))


@pytest.fixture
def communes() -> gpd.GeoDataFrame:
    rows = {"name": ["Đông", "Tây"], "vintage": ["2025-07"] * 2, "people": [100, 200]}
    shapes = [box(500_000, 2_000_000, 501_000, 2_001_000), box(501_000, 2e6, 502_000, 2_001_000)]
    table = gpd.GeoDataFrame(rows, geometry=shapes, crs=CRS, index=["1", "2"])
    return table.rename_axis("code")


def test_a_folder_without_a_plan_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="infraplan init"):
        open_folder(tmp_path / "nowhere")


def test_a_plan_is_not_made_over_another(plan: Plan) -> None:
    with pytest.raises(PlanError, match="holds a plan already"):
        create_plan(plan.folder, plan.settings)


def test_tables_read_back_as_written(plan: Plan, communes: gpd.GeoDataFrame) -> None:
    plan.write_tables({"communes": communes})
    assert content_hash(plan.table("communes")) == content_hash(communes)
    assert plan.table("communes").crs.to_epsg() == 9209


def test_a_layer_that_was_read_once_shows_what_others_wrote_since_and_nothing_done_to_it(
    plan: Plan, communes: gpd.GeoDataFrame
) -> None:
    plan.write_tables({"communes": communes})
    os.utime(plan.layers_file, (1e9, 1e9))  # long ago, so that what is read is kept
    first = plan.table("communes")
    first["people"] = 0
    first.loc["1", "name"] = "Bắc"
    assert content_hash(plan.table("communes")) == content_hash(communes)
    plan.write_tables({"communes": communes.assign(people=[1, 2])})
    assert plan.table("communes")["people"].tolist() == [1, 2]


def test_writing_one_layer_leaves_the_others(plan: Plan, communes: gpd.GeoDataFrame) -> None:
    sites = gpd.GeoDataFrame({"operator": ["A"]}, geometry=[Point(500_500, 2_000_500)], crs=CRS)
    plan.write_tables({"communes": communes})
    plan.write_tables({"sites": sites.rename_axis("site_id").set_axis(["S1"])})
    assert plan.layer_names() == ("communes", "sites")
    assert content_hash(plan.table("communes")) == content_hash(communes)


def test_a_second_writer_is_told_who_holds_the_plan(plan: Plan, communes: gpd.GeoDataFrame) -> None:
    with atomic.exclusive(plan.folder), pytest.raises(PlanError, match="being written to by"):
        plan.write_tables({"communes": communes})
    assert plan.layer_names() == ()


def test_a_plan_without_communes_says_so(plan: Plan) -> None:
    with pytest.raises(PlanError, match="import the communes first"):
        plan.geobox({})


def test_the_grid_of_a_plan_lies_on_multiples_of_its_cell(
    plan: Plan, communes: gpd.GeoDataFrame
) -> None:
    grid = plan.geobox({"communes": communes})
    assert (grid.affine.c % 100, grid.affine.f % 100) == (0, 0)
    assert grid == plan.geobox({"communes": communes})


def test_a_record_whose_files_are_gone_does_not_count(plan: Plan) -> None:
    file = plan.results / "x.txt"
    atomic.write_text(file, "x")
    provenance = Provenance(step="x", version="1")
    plan.write_record("x", key="k", files=[file], figures={"a": 1}, provenance=provenance)
    assert plan.record("x").key == "k"
    file.unlink()
    assert plan.record("x") is None


def test_a_changed_layer_changes_the_key_of_what_was_computed_from_it(
    plan: Plan, communes: gpd.GeoDataFrame
) -> None:
    plan.write_tables({"communes": communes})
    before = plan.step_key("gaps", plan.hashes(), {})
    plan.write_tables({"communes": communes.assign(people=[100, 201])})
    assert plan.step_key("gaps", plan.hashes(), {}) != before


def test_a_raster_that_changed_is_warped_anew(plan: Plan, communes: gpd.GeoDataFrame) -> None:
    plan.write_tables({"communes": communes})
    grid = plan.geobox({"communes": communes})
    for height_m in (5.0, 7.0):
        ground = wrap(np.full(grid.shape, height_m, dtype=np.float32), grid, name="terrain")
        write_raster(plan.raster_path("terrain"), {"terrain": ground})
        twice = [plan.layers(rasters=("terrain",)).rasters["terrain"] for _ in range(2)]
        assert all((raster == height_m).all() for raster in twice)
        with pytest.raises(ValueError, match="read-only"):
            twice[0][0, 0] = 9.0

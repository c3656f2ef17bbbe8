"""A plan found good is not checked again until a file of it changes."""

import os
import time
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import box

from infraplan.api import build
from infraplan.api import open_plan
from infraplan.errors import LayerError
from infraplan.plan import Plan
from infraplan.plan import PlanSettings
from infraplan.plan import create_plan
from infraplan.plan.checked import GoodPlan

LONG_AGO_S = 60


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Return a plan whose files are a minute old, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    plan = create_plan(tmp_path / "plan", PlanSettings(name="Thử", resolution_m=100.0))
    _write(plan, people=100)
    _age(plan)
    return plan


def _write(plan: Plan, *, people: int) -> None:
    """Write a commune."""
    rows = {"name": ["Đông"], "vintage": ["2025-07"], "people": [people]}
    shapes = [box(500_000, 2_000_000, 501_000, 2_001_000)]
    table = gpd.GeoDataFrame(rows, geometry=shapes, crs=plan.settings.crs, index=["1"])
    plan.write_tables({"communes": table.rename_axis("code")})


def _age(plan: Plan) -> None:
    """Make the files of a plan a minute old."""
    then = time.time() - LONG_AGO_S
    for path in plan.folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def test_a_good_plan_is_checked_once(settled: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    check = build.check_layers
    monkeypatch.setattr(build, "check_layers", lambda plan: asked.append(1) or check(plan))
    before = {path: path.stat().st_mtime_ns for path in settled.folder.rglob("*")}
    for _ in range(3):
        open_plan(settled.folder)
    assert len(asked) == 1
    assert {path: path.stat().st_mtime_ns for path in settled.folder.rglob("*")} == before


def test_a_fault_that_comes_later_is_found(settled: Plan) -> None:
    open_plan(settled.folder)
    assert GoodPlan(settled).is_known
    _write(settled, people=-5)
    assert not GoodPlan(settled).is_known
    with pytest.raises(LayerError, match="people"):
        open_plan(settled.folder)
    assert not GoodPlan(settled).is_known


@pytest.mark.parametrize("name", ["layers.gpkg-wal", "rasters/terrain.tif", "antennas/a.msi"])
def test_any_file_of_a_plan_counts(settled: Plan, name: str) -> None:
    GoodPlan(settled).keep()
    assert GoodPlan(settled).is_known
    path = settled.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"new")
    assert not GoodPlan(settled).is_known


def test_a_plan_that_changed_a_moment_ago_is_not_remembered(settled: Plan) -> None:
    os.utime(settled.layers_file)
    GoodPlan(settled).keep()
    assert not GoodPlan(settled).is_known


def test_a_cache_that_cannot_be_written_costs_time_only(
    settled: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "file"))
    open_plan(settled.folder)
    assert not GoodPlan(settled).is_known


def test_a_plan_that_changes_while_it_is_checked_is_not_remembered(settled: Plan) -> None:
    state = GoodPlan(settled)
    _write(settled, people=-5)
    _age(settled)
    state.keep()
    assert not GoodPlan(settled).is_known


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_what_qgis_holds_back_beside_a_linked_file_counts(settled: Plan, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.gpkg"
    settled.layers_file.rename(real)
    settled.layers_file.symlink_to(real)
    GoodPlan(settled).keep()
    assert GoodPlan(settled).is_known
    real.with_name("elsewhere.gpkg-wal").write_bytes(b"new")
    assert not GoodPlan(settled).is_known

"""Layers and gaps of a plan handed to other programs, their source and licence with them."""

import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

import infraplan as ip
from infraplan.errors import InfraplanError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.plan import Plan
from tests.shared_data import shared_folder


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    plan = ip.init_plan(tmp_path_factory.mktemp("phương án") / "p", name="Hà Tĩnh")
    rows = {
        "site_id": ["A1", "A2"],
        "operator": ["Viettel", "Viettel"],
        "note": ["=cmd()", "<script>"],
    }
    points = [shapely.Point(540_000, 2_020_000), shapely.Point(541_000, 2_021_000)]
    frame = gpd.GeoDataFrame(rows, geometry=points, crs="EPSG:9209")
    pyogrio.write_dataframe(frame, plan.folder.parent / "trạm.gpkg")
    ip.import_layer(plan, "sites", plan.folder.parent / "trạm.gpkg")
    old = plan.table("sources")
    told = old.assign(licence="CC BY 4.0", attribution="© Sở KH&CN", synthetic=True)
    table = plan.table("sites").assign(owner_phone="0912 345 678")
    plan.write_tables({"sources": told, "sites": table})
    return plan


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infraplan", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=dict(os.environ),
        check=False,
    )


def test_source_licence_and_synthetic_go_with_the_file(plan: Plan, tmp_path: Path) -> None:
    done = ip.export_layer(plan, "sites", tmp_path / "a.mif")
    assert [file.name for file in done.files] == ["a.mif", "a.mid", "a.mif.txt"]
    ip.export_layer(plan, "sites", tmp_path / "a.kml")
    for file in (done.files[-1], tmp_path / "a.kml"):
        text = file.read_text("utf-8").replace("&amp;", "&")
        for words in ("CC BY 4.0", "© Sở KH&CN", "SỐ LIỆU GIẢ LẬP", "trạm.gpkg"):
            assert words in text
    assert done.synthetic


@pytest.mark.parametrize("suffix", [".kml", ".mif", ".geojson", ".zip", ".gpkg", ".xlsx", ".csv"])
def test_columns_that_no_layer_declares_never_leave_the_plan(
    plan: Plan, suffix: str, tmp_path: Path
) -> None:
    assert "owner_phone" in plan.table("sites")
    done = ip.export_layer(plan, "sites", tmp_path / f"a{suffix}")
    for file in done.files:
        assert b"0912" not in file.read_bytes()
        assert b"owner_phone" not in file.read_bytes()


def test_columns_can_be_dropped(plan: Plan, tmp_path: Path) -> None:
    ip.export_layer(plan, "sites", tmp_path / "a.geojson", drop=["mast_id"])
    assert "mast_id" not in pyogrio.read_dataframe(tmp_path / "a.geojson")
    with pytest.raises(SettingsError, match=r"no column x to drop; .*operator"):
        ip.export_layer(plan, "sites", tmp_path / "a.geojson", drop=["x"])
    with pytest.raises(SettingsError, match="no column site_id"):
        ip.export_layer(plan, "sites", tmp_path / "a.geojson", drop=["site_id"])


@pytest.mark.parametrize(
    "name", ["layers.gpkg", "results/gaps.gpkg", "maps/a.kml", "../p/layers.gpkg", "rasters"]
)
def test_nothing_of_the_plan_is_written_over(plan: Plan, name: str) -> None:
    before = {file: file.read_bytes() for file in plan.folder.rglob("*") if file.is_file()}
    with pytest.raises(PlanError, match=r"own files|is a folder"):
        ip.export_layer(plan, "sites", plan.folder / name)
    after = {file: file.read_bytes() for file in plan.folder.rglob("*") if file.is_file()}
    assert after == before


def test_a_link_to_the_plans_own_file_is_not_written_through(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").symlink_to(plan.layers_file)
    with pytest.raises(PlanError, match="own files"):
        ip.export_layer(plan, "sites", tmp_path / "a.gpkg")


@pytest.mark.parametrize(
    ("layer", "name", "words"),
    [
        ("hamlets", "a.kml", "no layer 'hamlets' to write; it has sites, sources"),
        ("terrain", "a.kml", "is a raster"),
        ("towers", "a.kml", "there is no layer 'towers'"),
        ("sites", "a.dwg", "give FILE one of these endings"),
        ("sources", "a.kml", "table without ground"),
        ("gaps", "a.kml", "gaps"),
    ],
)
def test_what_cannot_be_written_is_told(
    plan: Plan, layer: str, name: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InfraplanError, match=words):
        ip.export_layer(plan, layer, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_table_without_ground_becomes_a_list(plan: Plan, tmp_path: Path) -> None:
    done = ip.export_layer(plan, "sources", tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(done.path)["sources"]
    assert [cell.value for cell in sheet[1]][:2] == ["source_id", "layer"]
    assert done.crs == ""


def test_the_command_says_what_it_wrote_and_what_follows(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "trạm BTS.shp"
    done = run("--lang", "en", "export", str(plan.folder), "sites", str(path))
    assert done.returncode == 0, done.stderr
    assert f'Wrote 2 rows of layer sites, in EPSG:9209, to "{path}"' in done.stdout
    assert "technologies -> technologi" in done.stdout
    assert "SYNTHETIC DATA" in done.stdout
    assert "infraplan import" in done.stdout.splitlines()[-1]
    again = run("export", str(plan.folder), "sites", str(path))
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_a_list_in_metres_says_its_system_in_the_next_step(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    done = run("export", str(plan.folder), "sites", str(path), "--crs", "EPSG:5897")
    assert done.stdout.splitlines()[-1].endswith(" --crs EPSG:5897")
    back = ip.io.read_layer(path, "sites", plan_crs="EPSG:9209", crs="EPSG:5897").table
    assert max(back.distance(plan.table("sites"))) < 0.001


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".kml", ".mif", ".zip", ".gpkg", ".geojson"])
def test_gaps_are_exported_with_their_figures(demo_plan: Path, suffix: str, tmp_path: Path) -> None:
    plan = ip.open_plan(demo_plan)
    done = ip.export_layer(plan, "gaps", tmp_path / f"a{suffix}")
    frame = ip.io.vectors.features(done.path, "gaps").frame
    assert len(frame) == done.rows
    people = next(name for name in frame if str(name).startswith("people"))
    assert pd.to_numeric(frame[people]).sum() > 0


@pytest.mark.slow
def test_the_communes_of_a_province_go_through_mapinfo_unmoved(tmp_path: Path) -> None:
    source = shared_folder("data/hatinh") / "communes.gpkg"
    plan = ip.init_plan(tmp_path / "p")
    ip.import_layer(plan, "communes", source, vintage="2025-07")
    meant = plan.table("communes").geometry
    for suffix in (".mif", ".tab"):
        path = ip.export_layer(plan, "communes", tmp_path / f"a{suffix}").path
        back = ip.io.read_layer(path, "communes", plan_crs="EPSG:9209").table.geometry
        assert list(back.index) == list(meant.index)
        moved = shapely.hausdorff_distance(back.to_numpy(), meant.to_numpy())
        assert max(moved) < 0.001

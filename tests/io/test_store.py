"""The GeoPackage of a plan: read back as written, whole whatever happens to the writer."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely import LineString
from shapely import Point

from infraplan.errors import PlanError
from infraplan.errors import SourceFileError
from infraplan.io import content_hash
from infraplan.io import read_frames
from infraplan.io import read_tables
from infraplan.io import table_names
from infraplan.io import write_frames
from infraplan.io import write_tables
from infraplan.layers.validate import conform

CRS = "EPSG:9209"
WRITER = """
import sys
from pathlib import Path
import geopandas as gpd, numpy as np
from shapely import LineString
from infraplan.io import write_tables
rng = np.random.default_rng(0)
n = 4000
lines = [LineString(540_000 + rng.random((20, 2)) * 9000) for _ in range(n)]
ids = [f"F{i}" for i in range(n)]
table = gpd.GeoDataFrame({"operator": "B"}, geometry=lines, crs="EPSG:9209", index=ids)
print("go", flush=True)
for _ in range(1000):
    write_tables(Path(sys.argv[1]), {"fibre": table.rename_axis("cable_id")})
"""


def sites(count: int = 3, **columns: object) -> gpd.GeoDataFrame:
    rows = {
        "site_id": [f"S{n}" for n in range(count)],
        "operator": ["Viettel"] * count,
        "technologies": ["2G;4G"] * count,
        "height_m": [40.0] * count,
        **columns,
    }
    points = [Point(540_000 + n, 2_020_000) for n in range(count)]
    frame = gpd.GeoDataFrame(rows, geometry=points, crs=CRS)
    return conform(frame, "sites", plan_crs=CRS).table


def fibre() -> gpd.GeoDataFrame:
    rows = {"cable_id": ["F1"], "operator": ["VNPT"], "cores": [24]}
    line = [LineString([(540_000, 2_020_000), (541_000, 2_020_500)])]
    return conform(gpd.GeoDataFrame(rows, geometry=line, crs=CRS), "fibre", plan_crs=CRS).table


def test_a_layer_reads_back_with_its_types_and_holes(tmp_path: Path) -> None:
    table = sites(name=["Hà Tĩnh", None, "=1+1"], power_backup_h=[4.5, None, 0.0])
    write_tables(tmp_path / "layers.gpkg", {"sites": table})
    again = read_tables(tmp_path / "layers.gpkg")["sites"]
    assert again.index.name == "site_id"
    assert again["name"].isna().tolist() == [False, True, False]
    assert content_hash(again) == content_hash(table)
    assert again.crs.to_epsg() == 9209


def test_a_table_without_geometry_reads_back(tmp_path: Path) -> None:
    rows = {"source_id": ["sites"], "layer": ["sites"], "synthetic": [True], "rows": [3]}
    table = conform(pd.DataFrame(rows), "sources", plan_crs=CRS).table
    write_tables(tmp_path / "layers.gpkg", {"sources": table})
    again = read_tables(tmp_path / "layers.gpkg")["sources"]
    assert again["synthetic"].tolist() == [True]
    assert again["complete"].isna().all()
    assert content_hash(again) == content_hash(table)


def test_the_hash_does_not_mind_the_order_of_rows_but_every_value(tmp_path: Path) -> None:
    table = sites()
    assert content_hash(table.iloc[::-1]) == content_hash(table)
    assert content_hash(table.assign(height_m=[40.0, 40.0, 40.1])) != content_hash(table)
    moved = table.set_geometry(table.geometry.translate(0.001, 0))
    assert content_hash(moved) != content_hash(table)


def test_changing_one_layer_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "layers.gpkg"
    write_tables(path, {"sites": sites(), "fibre": fibre()})
    write_tables(path, {"sites": sites(5)})
    assert set(table_names(path)) >= {"sites", "fibre"}
    tables = read_tables(path, ["sites", "fibre"])
    assert (len(tables["sites"]), len(tables["fibre"])) == (5, 1)


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_tables(tmp_path / f"{name}.gpkg", {"sites": sites()})
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_a_file_that_is_no_geopackage_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "layers.gpkg").write_text("no database", encoding="utf-8")
    with pytest.raises(SourceFileError, match=r"layers\.gpkg"):
        table_names(tmp_path / "layers.gpkg")


@pytest.mark.slow
@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.05, 0.09, 0.14, 0.2, 0.27, 0.35, 0.5, 0.8])
def test_a_writer_killed_at_any_point_leaves_a_readable_plan(
    tmp_path: Path, delay_s: float
) -> None:
    path = tmp_path / "layers.gpkg"
    write_tables(path, {"sites": sites(7)})
    before = content_hash(read_tables(path, ["sites"])["sites"])
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay_s)
        writer.send_signal(signal.SIGKILL)
    tables = read_tables(path)
    assert content_hash(tables["sites"]) == before
    assert len(tables.get("fibre", [0] * 4000)) == 4000


@pytest.mark.skipif(os.name == "nt", reason="limits of a process are POSIX")
def test_a_full_disk_leaves_the_old_layers(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "layers.gpkg"
    write_tables(path, {"sites": sites()})
    before = path.read_bytes()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20_000, old[1]))
    try:
        with pytest.raises(
            (
                PlanError,
                SourceFileError,
                pyogrio.errors.DataSourceError,
                pyogrio.errors.FeatureError,
            )
        ):
            write_tables(path, {"sites": sites(20_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["layers.gpkg"]


def test_a_write_cut_short_by_another_program_is_rolled_back(tmp_path: Path) -> None:
    path = tmp_path / "layers.gpkg"
    write_tables(path, {"fibre": fibre()})
    code = (
        "import sqlite3, sys, os\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('pragma cache_size=1'); db.execute('begin immediate')\n"
        "db.execute('create table big(x)')\n"
        "for n in range(4000): db.execute('insert into big values (?)', ('y' * 900,))\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert path.with_name("layers.gpkg-journal").exists()
    assert len(read_tables(path)["fibre"]) == 1
    with sqlite3.connect(path) as database:
        assert not database.execute("select 1 from sqlite_master where name='big'").fetchall()
    database.close()


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 400 kB, where root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_small_file_system_that_runs_full_keeps_the_old_layers(small_disk: Path) -> None:
    path = small_disk / "layers.gpkg"
    write_tables(path, {"sites": sites()})
    before = path.read_bytes()
    with pytest.raises(PlanError):
        write_tables(path, {"sites": sites(20_000)})
    assert path.read_bytes() == before
    assert [p.name for p in small_disk.iterdir()] == ["layers.gpkg"]
    assert len(read_tables(path)["sites"]) == 3


def test_flags_with_missing_ones_come_back_as_flags(tmp_path: Path) -> None:
    flags = pd.array([True, None, False], dtype=object)
    frame = pd.DataFrame({"verified": flags}, index=pd.Index(["a", "b", "c"], name="line"))
    about = write_frames(tmp_path / "x.gpkg", {"lines": frame})
    back = read_frames(tmp_path / "x.gpkg", about)["lines"]["verified"]
    assert [None if pd.isna(value) else value for value in back] == [True, None, False]

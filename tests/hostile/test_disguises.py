"""Files and paths that would lead a reader elsewhere."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infraplan.plan import Plan
from tests.hostile.conftest import Refusal
from tests.hostile.corpus import geojson
from tests.hostile.corpus import hashes
from tests.hostile.corpus import site

VRT = (
    '<OGRVRTDataSource><OGRVRTLayer name="sites"><SrcDataSource>{path}</SrcDataSource>'
    "</OGRVRTLayer></OGRVRTDataSource>"
)
RASTER_VRT = (
    '<VRTDataset rasterXSize="9" rasterYSize="9"><SRS>EPSG:9209</SRS><VRTRasterBand band="1">'
    "<SimpleSource><SourceFilename>{path}</SourceFilename></SimpleSource></VRTRasterBand>"
    "</VRTDataset>"
)
ENDLESS = """CREATE VIEW evil AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c)
SELECT x AS site_id FROM c"""


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A good list that no one asked to import."""
    folder = tmp_path / "secret"
    folder.mkdir()
    return geojson(folder / "s.geojson", [site("SECRET", [105.9, 18.3])])


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("a.geojson", r"is not a geojson file, whatever its name says"),
        ("a.gpkg", r"is not a gpkg file"),
        ("a.shp", r"is not a shp file"),
        ("a.xlsx", r"is not a xlsx file"),
        ("a.csv", r"no row has headings"),
        ("a.vrt", r"files of the type '\.vrt' are not read"),
    ],
)
def test_a_virtual_file_under_a_false_name_is_not_followed(
    tmp_path: Path, refusal: Refusal, secret: Path, name: str, match: str
) -> None:
    (tmp_path / name).write_text(VRT.format(path=secret), encoding="utf-8")
    assert "SECRET" not in refusal(tmp_path / name, match=match)


@pytest.mark.parametrize("name", ["a.tif", "a.vrt"])
def test_a_virtual_raster_under_a_false_name_is_not_followed(
    tmp_path: Path, refusal: Refusal, name: str
) -> None:
    (tmp_path / name).write_text(RASTER_VRT.format(path="/etc/hostname"), encoding="utf-8")
    refusal(tmp_path / name, "terrain", match="is not a GeoTIFF, whatever its name says")


@pytest.mark.parametrize("name", ["a.geojson", "a.json"])
def test_a_command_of_gdal_in_json_does_not_run(
    tmp_path: Path, refusal: Refusal, secret: Path, name: str
) -> None:
    command = f'gdal vector pipeline ! read "{secret}"'
    content = {"type": "gdal_streamed_alg", "command_line": command}
    (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    assert "SECRET" not in refusal(tmp_path / name, match="cannot be read as a g?e?o?json file")


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("CREATE VIRTUAL TABLE evil USING VirtualShape('{path}', 'UTF-8', 4326)", "VirtualShape"),
        ("CREATE VIRTUAL TABLE evil USING \"VirtualOGR\"('{path}')", "VirtualOGR"),
        (ENDLESS, "'evil' is a stored query, not a layer"),
    ],
)
def test_a_layer_that_is_a_command_is_refused(
    tmp_path: Path, refusal: Refusal, standing_plan: Plan, sql: str, match: str
) -> None:
    path = tmp_path / "a.gpkg"
    shutil.copy(standing_plan.layers_file, path)
    with sqlite3.connect(path) as database:
        database.execute("pragma writable_schema=1")
        kind = "view" if "VIEW" in sql else "table"
        row = (kind, "evil", "evil", 0, sql.format(path=tmp_path))
        database.execute("insert into sqlite_master values (?, ?, ?, ?, ?)", row)
        database.execute("update gpkg_contents set table_name='evil' where table_name='sites'")
    database.close()
    started = time.monotonic()
    refusal(path, match=match)
    assert time.monotonic() - started < 5.0


@pytest.mark.parametrize("layer", ["sites", "terrain"])
@pytest.mark.parametrize(
    "path",
    [
        "/vsicurl/http://127.0.0.1:{port}/a.csv",
        "/vsizip//vsicurl/http://127.0.0.1:{port}/a.zip/a.tif",
        "/vsizip/a.zip/b.csv",
        "\\vsicurl\\http://127.0.0.1:{port}/a.csv",
        "http://127.0.0.1:{port}/a.geojson",
        "https://127.0.0.1:{port}/a.tif",
        "file:///etc/a.csv",
        r"\\127.0.0.1\share\a.xlsx",
        "//127.0.0.1/share/a.tif",
        r"\\?\UNC\server\a.csv",
        "a\0b.csv",
    ],
)
def test_an_address_is_refused_and_nothing_is_asked_of_it(
    refusal: Refusal, path: str, layer: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        refusal(
            path.format(port=server.getsockname()[1]),
            layer,
            match=r"is an address, not a file on this machine; copy the file",
        )
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("layer", ["sites", "terrain"])
@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("/dev/zero", r"is a device or a pipe"),
        ("/dev/stdin", r"is a device or a pipe|not a file on this machine"),
        ("/", r"is a folder"),
        ("/nowhere/a.csv", r"does not exist"),
        ("~$a.csv", r"does not exist"),
        ("x" * 5000 + ".csv", r"does not exist"),
    ],
)
def test_what_is_no_ordinary_file_is_refused_unopened(
    refusal: Refusal, path: str, match: str, layer: str
) -> None:
    refusal(path, layer, match=match)


def test_a_pipe_and_a_link_to_a_device_are_refused_without_waiting(
    tmp_path: Path, refusal: Refusal
) -> None:
    os.mkfifo(tmp_path / "a.csv")
    (tmp_path / "b.csv").symlink_to("/dev/zero")
    refusal(tmp_path / "a.csv", match="is a device or a pipe")
    refusal(tmp_path / "b.csv", match="is a device or a pipe")


def test_a_file_of_the_plan_is_not_imported_into_it(
    tmp_path: Path, refusal: Refusal, standing_plan: Plan
) -> None:
    (tmp_path / "a.gpkg").symlink_to(standing_plan.layers_file)
    for path in (standing_plan.layers_file, tmp_path / "a.gpkg"):
        refusal(path, match="is a file of the plan itself")


def test_a_sign_that_gdal_takes_for_an_archive_is_told(
    tmp_path: Path, refusal: Refusal, standing_plan: Plan
) -> None:
    shutil.copy(standing_plan.layers_file, tmp_path / "a!b.gpkg")
    refusal(tmp_path / "a!b.gpkg", match="has the sign '!' in its name")
    geojson(tmp_path / "a!b.geojson", [site("", [105.9, 18.3])])
    refusal(tmp_path / "a!b.geojson", match="site_id is empty")


@pytest.mark.parametrize("path", ["/vsicurl/http://127.0.0.1:9/a.csv", "/dev/zero"])
def test_the_command_ends_with_2_and_no_traceback(standing_plan: Plan, path: str) -> None:
    before = hashes(standing_plan.folder)
    command = [sys.executable, "-m", "infraplan", "import", str(standing_plan.folder), "sites"]
    done = subprocess.run([*command, path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not a file on this machine" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert hashes(standing_plan.folder) == before

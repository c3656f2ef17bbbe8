"""
Readers on damaged and random bytes: an error in words, or a layer, and nothing else.

`INFRAPLAN_FUZZ=5000` runs as many examples of each format.
"""

import contextlib
import json
import os
import struct
import time
import zipfile
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.api import export_layer
from infraplan.api import import_layer
from infraplan.errors import InfraplanError
from infraplan.io import read_antenna
from infraplan.io import read_outline
from infraplan.packaged import read_toml
from infraplan.plan import Plan
from infraplan.plan import PlanSettings
from tests.hostile.corpus import HEADINGS
from tests.hostile.corpus import ROW
from tests.hostile.corpus import SITE_CSV
from tests.hostile.corpus import SITES_CSV
from tests.hostile.corpus import geojson
from tests.hostile.corpus import hashes
from tests.hostile.corpus import site
from tests.hostile.corpus import workbook

EXAMPLES = int(os.environ.get("INFRAPLAN_FUZZ", "8"))
LONGEST_S = 20.0
PROFILE = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=EXAMPLES < 100,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip

Read = Callable[[Plan, Path], object]
Make = Callable[[Path, Plan], Path]


def of_layer(layer: str) -> Read:
    """Return a reader of a layer that keeps nothing."""
    return lambda plan, path: import_layer(plan, layer, path, dry_run=True)


def csv_file(folder: Path, plan: Plan) -> Path:
    (folder / "a.csv").write_text(SITES_CSV + SITE_CSV, encoding="utf-8")
    return folder / "a.csv"


def utf16_file(folder: Path, plan: Plan) -> Path:
    (folder / "a.csv").write_text((SITES_CSV + SITE_CSV).replace(",", "\t"), encoding="utf-16")
    return folder / "a.csv"


def xlsx_file(folder: Path, plan: Plan) -> Path:
    return workbook(folder / "a.xlsx", HEADINGS, ROW)


def json_file(folder: Path, plan: Plan) -> Path:
    return geojson(folder / "a.geojson", [site("A", [105.9, 18.3]), site("B", [105.8, 18.3])])


def vector_file(name: str, layer: str = "sites") -> Make:
    """Return what writes a layer of the plan in a format of GDAL."""

    def make(folder: Path, plan: Plan) -> Path:
        import pyogrio

        table = plan.table(layer).reset_index()
        table = table.dropna(axis="columns", how="all").drop(
            columns="commune_code", errors="ignore"
        )
        pyogrio.write_dataframe(table, folder / name)
        return folder / name

    return make


def exported(name: str) -> Make:
    """Return what writes the stations of the plan as our exports do."""

    def make(folder: Path, plan: Plan) -> Path:
        return export_layer(plan, "sites", folder / name).path

    return make


def gpx_file(folder: Path, plan: Plan) -> Path:
    point = '<wpt lat="18.3" lon="105.9"><name>A</name><desc>Sóng yếu</desc></wpt>'
    track = '<trk><name>T</name><trkseg><trkpt lat="18.3" lon="105.9"/></trkseg></trk>'
    text = f'<?xml version="1.0"?><gpx version="1.1">{point}{point}{track}</gpx>'
    (folder / "a.gpx").write_text(text, encoding="utf-8")
    return folder / "a.gpx"


def tif_file(folder: Path, plan: Plan) -> Path:
    import rasterio
    from affine import Affine

    with rasterio.open(
        str(folder / "a.tif"), "w", driver="GTiff", width=40, height=40, count=1, dtype="float32",
        crs="EPSG:9209", transform=Affine(500, 0, 530_000, 0, -500, 2_040_000), compress="deflate",
    ) as target:  # fmt: skip
        target.write(np.arange(1600, dtype=np.float32).reshape(1, 40, 40))
    return folder / "a.tif"


def msi_file(folder: Path, plan: Plan) -> Path:
    cut = "\n".join(f"{angle} {angle % 30}" for angle in range(0, 360, 10))
    text = f"NAME A\nFREQUENCY 900\nGAIN 15 dBd\nHORIZONTAL 36\n{cut}\nVERTICAL 36\n{cut}\n"
    (folder / "a.msi").write_text(text, encoding="utf-8")
    return folder / "a.msi"


def toml_file(folder: Path, plan: Plan) -> Path:
    (folder / "a.toml").write_bytes((plan.folder / "infraplan.toml").read_bytes())
    return folder / "a.toml"


SITES = of_layer("sites")
FORMATS: dict[str, tuple[Make, Read]] = {
    "csv": (csv_file, SITES),
    "csv in utf-16": (utf16_file, SITES),
    "xlsx": (xlsx_file, SITES),
    "geojson": (json_file, SITES),
    "gpkg": (vector_file("a.gpkg"), SITES),
    "shp": (exported("a.shp"), SITES),
    "kml": (exported("a.kml"), SITES),
    "kmz": (exported("a.kmz"), SITES),
    "mif": (exported("a.mif"), SITES),
    "tab": (exported("a.tab"), SITES),
    "zip": (exported("a.zip"), SITES),
    "gpx": (gpx_file, of_layer("requests")),
    "outline": (
        vector_file("a.gpkg", "communes"),
        lambda _plan, path: read_outline(path, crs="EPSG:9209"),
    ),
    "tif": (tif_file, of_layer("terrain")),
    "counts": (tif_file, of_layer("population")),
    "msi": (msi_file, lambda _plan, path: read_antenna(path)),
    "toml": (toml_file, lambda _plan, path: PlanSettings.from_dict(read_toml(path))),
}


@st.composite
def damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Return a way to damage bytes: flipped, cut out, repeated, cut off, replaced by numbers."""
    kind = draw(st.sampled_from(("flip", "cut", "repeat", "end", "number", "random", "word")))
    place, length = draw(st.floats(0, 1)), draw(st.integers(1, 64))
    filling = draw(st.binary(min_size=1, max_size=64))
    number = draw(st.sampled_from((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0xFFFF)))
    word = draw(st.sampled_from((b"1e400", b"NaN", b"\0", b"\xff", b'"', b"=1+1", b"\xe2\x80\xae")))

    def damaged(content: bytes) -> bytes:
        at = int(place * max(len(content) - 1, 0))
        head, tail = content[:at], content[at:]
        return {
            "flip": lambda: head + filling + tail[len(filling) :],
            "cut": lambda: head + tail[length:],
            "repeat": lambda: head + tail[:length] * length + tail,
            "end": lambda: head,
            "number": lambda: head + struct.pack("<I", number) + tail[4:],
            "random": lambda: filling,
            "word": lambda: head + word + tail,
        }[kind]()

    return damaged


def damage_inside(path: Path, ways: list[Callable[[bytes], bytes]], first: int) -> None:
    """Damage the parts of an archive, so that the damage gets through its checksums."""
    with zipfile.ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(parts):
            chosen = [way for turn, way in enumerate(ways, first) if turn % len(parts) == number]
            archive.writestr(name, reduce(lambda old, way: way(old), chosen, content))


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_bytes_are_an_error_in_words_or_a_layer(
    name: str, standing_plan: Plan, tmp_path: Path
) -> None:
    make, read = FORMATS[name]
    good = make(tmp_path, standing_plan)
    read(standing_plan, good)
    files = {path: path.read_bytes() for path in tmp_path.iterdir()}
    plan_before = hashes(standing_plan.folder)

    @PROFILE
    @given(ways=st.lists(damage(), min_size=1, max_size=4), turn=st.integers(0, 19))
    def check(ways: list[Callable[[bytes], bytes]], turn: int) -> None:
        for path, content in files.items():
            path.write_bytes(content)
        if turn % 2 and zipfile.is_zipfile(good):
            damage_inside(good, ways, turn // 2)
        else:
            target = list(files)[turn // 2 % len(files)]
            target.write_bytes(reduce(lambda content, way: way(content), ways, target.read_bytes()))
        started = time.monotonic()
        with contextlib.suppress(InfraplanError):
            read(standing_plan, good)
        assert time.monotonic() - started < LONGEST_S
        assert set(tmp_path.iterdir()) == set(files)

    check()
    assert hashes(standing_plan.folder) == plan_before


def test_random_json_members_are_an_error_in_words_or_a_layer(
    standing_plan: Plan, tmp_path: Path
) -> None:
    values = st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=6,
    )

    @PROFILE
    @given(coordinates=values, kind=st.sampled_from(("Point", "Polygon", "X")), other=values)
    def check(coordinates: object, kind: str, other: object) -> None:
        made = site("A", coordinates)
        made["geometry"]["type"] = kind
        made["properties"]["name"] = other
        path = tmp_path / "a.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [made]}))
        with contextlib.suppress(InfraplanError):
            import_layer(standing_plan, "sites", path, dry_run=True)

    check()

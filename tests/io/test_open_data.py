"""Whatever bytes come from outside, they are read or the reader says what is wrong."""

import contextlib
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.errors import InfraplanError
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.io.open_data.boundaries import _features
from infraplan.io.open_data.cells import _rows
from infraplan.io.open_data.cells import check_cells
from infraplan.io.open_data.declarations import read_sources
from infraplan.io.open_data.osm import _parsed
from infraplan.io.open_data.osm import check_osm
from infraplan.io.open_data.pieces import tile_values
from infraplan.io.open_data.pieces import tiles_over
from infraplan.io.open_data.rasters import check_tile
from tests.api import open_files as files

QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FEATURE = {
    "type": "FeatureCollection",
    "features": [
        {
            "properties": {"shapeName": "a"},
            "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
        }
    ],
}
WHOLE = {
    "osm": files.town(),
    "cells": files.opencellid(*files.CELLS),
    "json": json.dumps(FEATURE).encode(),
    "tif": files.worldcover_tile(18, 105, 10)[:20_000],
}
READERS = {
    "osm": (check_osm,),
    "cells": (check_cells, lambda path: list(_rows(path))),
    "json": (_features,),
    "tif": (check_tile,),
}


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
@QUICK
def test_damaged_bytes_are_read_or_told(kind: str, data: st.DataObject, tmp_path: Path) -> None:
    content = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
    path = tmp_path / f"x.{kind}"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    for reader in READERS[kind]:
        with contextlib.suppress(InfraplanError):
            reader(path)


@given(rows=st.lists(st.binary(max_size=40), max_size=3))
@QUICK
def test_any_rows_of_cells_are_read_or_told(rows: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"\n".join([files.CELLS[0].encode(), *rows])))
    with contextlib.suppress(SourceFileError):
        check_cells(path)
        assert next(_rows(path))["radio"] == "LTE"


@pytest.mark.parametrize(
    "coordinates",
    [[[[0, 0], [float("nan"), 0], [1, 1], [0, 0]]], [[[0, 0], [1e400, 0], [1, 1]]], []],
)
def test_polygons_without_numbers_are_refused(coordinates: str, tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    geometry = f'{{"type": "Polygon", "coordinates": {coordinates}}}'
    path.write_text(f'{{"features": [{{"geometry": {geometry}}}]}}')
    with pytest.raises(SourceFileError):
        _features(path)


def test_tags_are_read_as_gdal_packs_them() -> None:
    packed = r'"name:vi"=>"Cầu \"Cày\", cũ","a\\b"=>"1"'
    assert _parsed(packed) == {"name:vi": 'Cầu "Cày", cũ', "a\\b": "1"}
    assert _parsed(None) == {}


@pytest.mark.parametrize(
    ("box", "names"),
    [((105.0, 18.0, 106.0, 19.0), "N18E105"), ((-70.0, -34.0, -69.0, -33.0), "S34W070")],
)
def test_tiles_are_named_by_their_south_west_corner(box: tuple[float, ...], names: str) -> None:
    values = tile_values(box)
    assert "".join(values[part] for part in ("ns", "lat02", "ew", "lon03")) == names


def test_the_tiles_of_ha_tinh_are_those_of_the_notes() -> None:
    import shapely

    province = shapely.box(105.1, 17.9, 106.5, 18.8)
    heights = {
        tile_values(box)["lat02"] + tile_values(box)["lon03"] for box in tiles_over(province, 1)
    }
    cover = {
        tile_values(box)["lat02"] + tile_values(box)["lon03"] for box in tiles_over(province, 3)
    }
    assert heights == {"17105", "17106", "18105", "18106"}
    assert cover == {"15105", "18105"}


def test_an_area_of_the_whole_world_is_refused() -> None:
    import shapely

    with pytest.raises(SettingsError, match="smaller plans"):
        list(tiles_over(shapely.box(-180, -90, 180, 90), 1.0))


def test_a_declaration_of_the_office_replaces_only_what_it_names(tmp_path: Path) -> None:
    from infraplan.packaged import data_path

    (tmp_path / "osm-roads.toml").write_text(
        'address = "https://mirror.test/?data={query}"\n[options.classes]\ntrack = ["path"]\n'
    )
    made = read_sources([data_path("sources"), tmp_path])["osm-roads"]
    ours = read_sources([data_path("sources")])["osm-roads"]
    assert made.address.startswith("https://mirror.test/")
    assert made.options["classes"]["track"] == ["path"]
    assert made.options["classes"]["national"] == ours.options["classes"]["national"]
    assert made.licence == ours.licence

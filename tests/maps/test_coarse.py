"""The map that may be published tells figures of communes and no place of anything."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan import maps
from infraplan.layers.bundle import Layers
from infraplan.maps import MapPage
from infraplan.maps.packing import unpack
from infraplan.maps.projection import to_web
from infraplan.maps.published import commune_figures
from tests.maps.blocks import blocks_of
from tests.maps.blocks import layers_of

NEAR_M = 25.0
SHARES = {"C-0": (0.93, 90.0), "C-1": (0.0, 9000.0)}  # share served, people of whom unknown


@pytest.fixture(scope="module")
def commune_gaps(layers: Layers, gaps: SimpleNamespace) -> SimpleNamespace:
    """Gaps with shares of two communes, one of them unknown."""
    rows = [
        {"area_id": code, "area_level": "commune", "denominator": "people", "technology": name,
         "operator": operator, "total": 9000.0, "share": share, "share_low": share - 0.02,
         "share_high": share + 0.02, "unknown": unknown}
        for code, (share, unknown) in SHARES.items()
        for name in ("2G", "4G")
        for operator in ("any", "Viettel")
    ]  # fmt: skip
    told = {"technology": "4G", "operator": "Viettel", "range_db": 3.0}
    definition = SimpleNamespace(**{**vars(gaps.definition), **told})
    sources = pd.DataFrame(
        {"layer": ["communes", "sites"], "synthetic": False, "attribution": ["OSM", "Viettel HT"]},
        index=pd.Index(["communes", "sites"], name="source_id"),
    )
    named = replace(layers, tables={**layers.tables, "sources": sources})
    return SimpleNamespace(
        **{**vars(gaps), "shares": pd.DataFrame(rows), "definition": definition, "layers": named}
    )


@pytest.fixture(scope="module")
def page(commune_gaps: Any) -> MapPage:
    return maps.coarse(commune_gaps)


def vertices(page: MapPage) -> np.ndarray:
    """Return every coordinate that any block of the page holds, in the page's projection."""
    found = [np.empty((0, 2))]
    for kind, block in blocks_of(page.html):
        if kind != "layer" or block["kind"] not in ("point", "line", "polygon"):
            continue
        header, arrays = unpack(block["data"])
        for x, y in (("x", "y"), ("labelX", "labelY")):
            if x in arrays:
                found.append(np.column_stack([arrays[x], arrays[y]]) * header["step"])
    return np.concatenate(found)


def precise_places(layers: Layers) -> np.ndarray:
    tables = [layers.table(name) for name in ("sites", "fibre", "hamlets")]
    shapes = [to_web(table.geometry.to_numpy(), table.crs) for table in tables]
    return shapely.get_coordinates(np.concatenate(shapes))


def distance_m(places: np.ndarray, found: np.ndarray) -> float:
    return float(np.hypot(*(places[:, None] - found[None]).transpose(2, 0, 1)).min())


def test_no_block_holds_a_coordinate_of_a_site_cable_or_hamlet(
    page: MapPage, layers: Layers
) -> None:
    assert distance_m(precise_places(layers), vertices(page)) > NEAR_M


def test_the_same_search_finds_the_sites_of_a_precise_map(layers: Layers) -> None:
    precise = maps.plan_page(layers, title="x")
    sites = to_web(layers.table("sites").geometry.to_numpy(), layers.crs)
    assert distance_m(shapely.get_coordinates(sites), vertices(precise)) < NEAR_M


def test_it_carries_no_raster_and_only_communes_and_their_surroundings(page: MapPage) -> None:
    drawn = [block for kind, block in blocks_of(page.html) if kind == "layer"]
    assert {block["kind"] for block in drawn} <= {"polygon", "line"}
    assert {block["name"] for block in drawn} <= {"communes", "sea", "waterways", "roads"}
    assert "data:image/webp" not in page.html


def test_no_text_names_a_station_a_hamlet_or_an_operator(page: MapPage, layers: Layers) -> None:
    told = []
    for kind, block in blocks_of(page.html):
        told.append(json.dumps(block, ensure_ascii=False))
        if kind == "layer":
            told.append(json.dumps(unpack(block["data"])[0], ensure_ascii=False))
    text = "".join(told)
    names = [*layers.table("sites").index, *layers.table("fibre").index, "Thôn Đồng Lạc", "Viettel"]
    assert [name for name in names if name in text] == []


def test_communes_are_classed_by_the_share_of_people_with_service(page: MapPage) -> None:
    communes = layers_of(page.html)["communes"]
    labels = {style["label"]: style["count"] for style in communes["styles"]}
    assert labels == {"90 đến dưới 95 %": 1, "chưa đủ dữ liệu": 1}


def test_the_table_tells_the_range_and_what_is_not_known(page: MapPage) -> None:
    rows = {row[0]: row[2:] for row in page.facts.tables[0].rows}
    assert rows["Thạch Hà"] == ("93,0 % (91,0–95,0)", "93,0 % (91,0–95,0)")
    assert rows["Đức Thọ"] == ("chưa đủ dữ liệu", "chưa đủ dữ liệu")


def test_the_phone_picture_tells_no_commune_for_the_whole(page: MapPage) -> None:
    assert page.facts.tables[0].by_area
    assert "Viettel" not in page.html


def test_the_people_of_whom_nothing_is_known_are_not_without_service(commune_gaps: Any) -> None:
    figures = commune_figures(commune_gaps)
    assert figures.loc["C-0", "people_uncovered"] == pytest.approx(9000 * 0.07 - 90)
    assert figures.loc["C-1", "people_uncovered"] == pytest.approx(0)


def test_only_precise_maps_are_for_internal_use(page: MapPage, layers: Layers) -> None:
    assert page.facts.restricted == ""
    assert "NỘI BỘ" in maps.plan_page(layers, title="x").facts.restricted


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_shows_it_without_complaint(opened: Callable[..., Any], page: MapPage) -> None:
    tab = opened(page)
    assert tab.heard.complaints == []
    assert tab.locator(".ip-restricted").count() == 0

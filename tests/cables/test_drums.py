"""Drums: joints in chambers, as few drums as can be, a bound that holds."""

from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan.cables.drums import cut_lengths
from infraplan.cables.drums import drum_plan
from infraplan.cables.drums import packed_drums
from infraplan.cables.study import filled_table
from infraplan.cables.technical import WorkRules
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from tests.cables.conftest import CRS


@pytest.fixture(scope="module")
def rules() -> WorkRules:
    return WorkRules.from_dict(read_toml(data_path("works/vn-2025.toml")))


def fewest(lengths, room):
    """Return the fewest drums by trying every assignment."""
    for count in range(1, len(lengths) + 1):
        for drums in product(range(count), repeat=len(lengths)):
            if np.bincount(drums, weights=lengths, minlength=count).max() <= room + 1e-9:
                return count
    return len(lengths)


@pytest.mark.parametrize("seed", range(12))
def test_drums_are_as_few_as_brute_force_finds(seed) -> None:
    lengths = np.random.default_rng(seed).integers(200, 1300, 7).astype(float)
    packing = packed_drums(lengths, 2000.0)
    assert packing.drums == packing.bound == fewest(lengths, 2000.0)
    assert packing.optimal
    assert np.bincount(packing.drum, weights=lengths).max() <= 2000


def test_a_case_where_first_fit_wastes_a_drum_is_solved() -> None:
    lengths = np.asarray([700, 600, 500, 500, 400, 300, 500, 500.0])  # 4,000 m in two drums
    packing = packed_drums(np.asarray([6, 5, 4, 3, 2, 2, 2.0]) * 100, 1200.0)
    assert (packing.drums, packing.optimal) == (2, True)
    assert packed_drums(lengths, 2000.0).drums == 2


@pytest.mark.parametrize("seed", range(4))
def test_many_pieces_keep_a_bound(seed) -> None:
    lengths = np.random.default_rng(seed).uniform(50, 1900, 200)
    packing = packed_drums(lengths, 2000.0)
    assert lengths.sum() / 2000 <= packing.bound <= packing.drums
    assert packing.drums <= 1.03 * packing.bound


def test_cables_are_cut_in_chambers_as_seldom_as_can_be() -> None:
    at = np.asarray([0.0, 900, 1800, 2100, 3900, 4000])
    assert cut_lengths(at, 2000.0).tolist() == [0, 2, 3, 5]
    assert cut_lengths(np.asarray([0.0, 5000.0]), 2000.0).tolist() == [0, 1]


def test_the_cut_list_follows_the_cable_whichever_way_its_segments_are_drawn(rules) -> None:
    lines = [shapely.LineString([(0, 0), (1500, 0)]), shapely.LineString([(2600, 0), (1500, 0)])]
    segments = gpd.GeoDataFrame(
        {"length_m": [1500.0, 1100.0]}, geometry=lines, index=["G1", "G2"], crs=CRS
    )
    places = {"B1": 0, "B2": 1500, "B3": 1900, "B4": 2600}
    chambers = gpd.GeoDataFrame(
        geometry=[shapely.Point(x, 0.4) for x in places.values()], index=list(places), crs=CRS
    )
    row = {"owner": "VNPT", "cores": 48, "cables": 2, "segment_ids": "G1;G2"}
    made = drum_plan(filled_table("cables", {("N1",): row}), segments, chambers, rules=rules)
    pieces = list(zip(made["from_id"], made["to_id"], strict=True))
    assert pieces == [("B1", "B3"), ("B3", "B4")] * 2
    # 2 % of slack, and a loop of 15 m in the third chamber passed
    assert made["length_m"].tolist() == pytest.approx([1938, 729, 1938, 729])
    assert made["drum"].nunique() == made["least"].iloc[0] == 3
    assert made.groupby("drum")["left_m"].first().min() == pytest.approx(62)


def test_without_cables_there_is_no_cut_list(rules) -> None:
    empty = filled_table("cables", {})
    frame = gpd.GeoDataFrame({"length_m": []}, geometry=[], crs=CRS)
    made = drum_plan(empty, frame, frame, rules=rules)
    assert isinstance(made, pd.DataFrame)
    assert made.empty

"""Cable against route length, and distances to cable."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.cables import fibre_distance_m
from infraplan.cables import fibre_lengths
from infraplan.cables import fibre_road_distance_m
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from tests.cables.conftest import CRS
from tests.cables.conftest import EAST
from tests.cables.conftest import NORTH
from tests.cables.conftest import cable
from tests.cables.conftest import reversed_layers
from tests.cables.conftest import street
from tests.cables.conftest import table_of


def fibre(*cables) -> Layers:
    return Layers("cables", CRS, {"fibre": table_of("fibre", list(cables))})


def points(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    dots = [shapely.Point(EAST + x, NORTH + y) for x, y in places]
    return gpd.GeoDataFrame(index=[f"P{k}" for k in range(len(dots))], geometry=dots, crs=CRS)


def test_three_cables_in_one_trench_are_three_and_one() -> None:
    three = [cable(f"F{k}", (0, 0), (1000, 0)) for k in range(3)]
    total = fibre_lengths(fibre(*three)).loc["total"]
    assert total["cable_km"] == pytest.approx(3.0, rel=1e-3)
    assert total["route_km"] == pytest.approx(1.0, rel=1e-3)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**31), count=st.integers(2, 6))
def test_noisy_parallels_merge_within_two_per_cent(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.arange(0.0, 4001.0, 40.0)
    made = [
        cable(f"F{k}", *zip(x, rng.uniform(-3, 3, len(x)), strict=True), operator=f"O{k % 2}")
        for k in range(count)
    ]
    total = fibre_lengths(fibre(*made)).loc["total"]
    assert total["route_km"] == pytest.approx(4.0, rel=0.02)


def test_a_branch_is_not_merged_into_its_trunk() -> None:
    layers = fibre(cable("A", (0, 0), (1000, 0)), cable("B", (500, 0), (500, 1000)))
    assert fibre_lengths(layers).loc["total", "route_km"] == pytest.approx(2.0, rel=0.005)


def test_lines_farther_apart_than_the_tolerance_stay_two() -> None:
    layers = fibre(cable("A", (0, 0), (1000, 0)), cable("B", (0, 14), (1000, 14)))
    assert fibre_lengths(layers).loc["total", "route_km"] == pytest.approx(2.0, rel=1e-3)
    wide = fibre_lengths(layers, tolerance_m=20.0).loc["total", "route_km"]
    assert wide == pytest.approx(1.0, rel=1e-3)


def test_a_cable_that_leaves_the_others_counts_from_there() -> None:
    layers = fibre(cable("A", (0, 0), (1000, 0)), cable("B", (0, 1), (400, 1), (400, 600)))
    assert fibre_lengths(layers).loc["total", "route_km"] == pytest.approx(1.6, rel=0.01)


def test_operators_count_their_own_routes_and_installations_sum() -> None:
    layers = fibre(
        cable("A", (0, 0), (1000, 0)), cable("B", (0, 0), (1000, 0), operator="VNPT"),
        cable("C", (0, 0), (500, 0), operator="VNPT", installation="duct"),
        cable("D", (0, 0), (300, 0), operator="VNPT", installation=None))  # fmt: skip
    table = fibre_lengths(layers)
    assert table.index.tolist() == ["VNPT", "Viettel", "total"]
    assert table["route_km"].to_numpy() == pytest.approx([1.0, 1.0, 1.0], rel=0.01)
    kinds = table[["aerial_km", "buried_km", "duct_km", "unknown_km"]].sum(axis=1)
    assert kinds.to_numpy() == pytest.approx(table["cable_km"].to_numpy())
    assert table.loc["VNPT", "duct_km"] == pytest.approx(0.5, rel=1e-3)


def test_direction_of_drawing_changes_no_length() -> None:
    layers = fibre(cable("A", (0, 0), (700, 90)), cable("B", (0, 3), (700, 93)))
    one, two = fibre_lengths(layers), fibre_lengths(reversed_layers(layers))
    assert np.allclose(one.to_numpy(), two.to_numpy(), equal_nan=True)


def test_lengths_are_those_on_the_ellipsoid() -> None:
    from pyproj import Geod
    from pyproj import Transformer

    line = cable("A", (0, 0), (3000, 4000))
    xy = np.asarray(line["geometry"].coords)
    to_degrees = Transformer.from_crs(CRS, "EPSG:4756", always_xy=True)
    lon, lat = to_degrees.transform(xy[:, 0], xy[:, 1])
    expected_km = Geod(ellps="WGS84").line_length(lon, lat) / 1000
    assert fibre_lengths(fibre(line)).loc["total", "cable_km"] == pytest.approx(
        expected_km, rel=1e-9
    )


def test_no_cables_and_no_tolerance_are_told() -> None:
    with pytest.raises(PlanError, match="fibre"):
        fibre_lengths(Layers("empty", CRS, {}))
    with pytest.raises(SettingsError, match="tolerance_m"):
        fibre_lengths(fibre(cable("A", (0, 0), (9, 0))), tolerance_m=0.0)


def test_distance_to_cable_is_straight_and_unknown_without_cable() -> None:
    layers = fibre(cable("A", (0, 0), (1000, 0)))
    assert fibre_distance_m(layers, points((500, 30), (1040, 30))).tolist() == [30.0, 50.0]
    assert fibre_distance_m(Layers("empty", CRS, {}), points((0, 0))).isna().all()


def test_distance_along_roads_goes_round_the_corner(town) -> None:
    streets = [street("A", (0, 0), (1000, 0)), street("B", (1000, 0), (1000, 800), name="B")]
    layers = town(streets=streets, fibre=[cable("F", (-5, -300), (-5, 300))])
    found = fibre_road_distance_m(layers, points((1010, 800), (500, 20)))
    assert found.to_numpy() == pytest.approx([1815.0, 525.0], abs=1.0)
    assert (found >= fibre_distance_m(layers, points((1010, 800), (500, 20)))).all()

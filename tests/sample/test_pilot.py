"""The pilot has the counts, lengths and shares that its description promises."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial import cKDTree

from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import index_of
from infraplan.layers.grid import same_grid
from infraplan.layers.schemas import schema
from infraplan.layers.validate import conform
from infraplan.sample import generate

DATUM_SHIFT_M = (-195.7, 110.3)


def content(sample) -> str:
    """Return a hash of everything in a sample."""
    digest = hashlib.sha256()
    for name in sorted(sample.tables):
        table = sample.tables[name]
        digest.update(name.encode())
        for geometry in table.geometry:
            digest.update(geometry.wkb)
        digest.update(table.drop(columns="geometry").to_csv().encode())
    for name in sorted(sample.rasters):
        digest.update(sample.rasters[name].to_numpy().tobytes())
    return digest.hexdigest()


def points(table) -> np.ndarray:
    """Return the coordinates of a layer of points."""
    return np.column_stack([table.geometry.x, table.geometry.y])


def of_kind(pilot, kind: str) -> str:
    """Return the id of the first request of a kind."""
    return next(key for key, found in pilot.figures["request_kinds"].items() if found == kind)


@pytest.mark.parametrize(
    ("figure", "low", "high"),
    [
        ("stations", 150, 150),
        ("masts", 115, 130),
        ("shared_mast_share", 0.10, 0.25),
        ("cable_km", 594, 606),
        ("aerial_share", 0.88, 0.92),
        ("hamlets", 50, 70),
        ("communes", 10, 12),
        ("requests", 15, 15),
        ("street_sections", 60, 120),
        ("buildings", 200, 900),
    ],
)
def test_pilot_figure_is_in_its_range(pilot, figure, low, high):
    assert low <= pilot.figures[figure] <= high


def test_shared_share_is_that_of_masts_with_two_operators(pilot, tables):
    operators = tables["sites"].groupby("mast_id")["operator"].agg(set)
    shared = sum(len(found) > 1 for found in operators)
    assert pilot.figures["shared_mast_share"] == pytest.approx(shared / len(operators))


def test_parallel_cables_make_routes_shorter_than_cables(pilot):
    assert 1.4 < pilot.figures["cable_km"] / pilot.figures["route_km"] < 4.5


def test_same_seed_same_content_other_seed_other_content(pilot):
    assert content(generate("pilot", seed=0)) == content(pilot)
    assert content(generate("pilot", seed=1)) != content(pilot)


def test_every_layer_has_the_columns_of_its_schema(tables):
    for name, table in tables.items():
        declared = schema(name)
        columns = {column.name: column for column in declared.columns}
        assert table.index.name == declared.key, name
        assert table.index.is_unique, name
        assert set(table.columns) - {"geometry"} <= set(columns), name
        for column in declared.columns:
            if column.required and column.name != declared.key:
                assert table[column.name].notna().all(), (name, column.name)


def test_every_value_is_one_that_its_schema_allows(tables):
    for name, table in tables.items():
        for column in schema(name).columns:
            if column.name not in table:
                continue
            values = table[column.name].dropna()
            if allowed := column.values:  # noqa: PD011 - not a frame
                words = values.str.split(";").explode()
                assert words.isin(allowed).all(), (name, column.name)
            if column.low is not None:
                assert (values >= column.low).all(), (name, column.name)
            if column.high is not None:
                assert (values <= column.high).all(), (name, column.name)


def test_every_layer_passes_the_plans_own_check(pilot, tables):
    for name, table in {**tables, "sources": pilot.sources}.items():
        kept = conform(table.reset_index(), name, plan_crs="EPSG:9209")
        assert len(kept.table) == len(table), name


def test_geometry_is_valid_not_empty_and_in_the_planning_crs(tables):
    for name, table in tables.items():
        assert table.crs.to_epsg() == 9209, name
        assert table.geometry.is_valid.all(), name
        assert not table.geometry.is_empty.any(), name
        assert set(table.geom_type) <= set(schema(name).geometry), name


def test_hamlets_are_disjoint_and_inside_their_commune(tables):
    hamlets = tables["hamlets"]
    one, two = hamlets.sindex.query(hamlets.geometry, predicate="overlaps")
    home = tables["communes"].geometry.loc[hamlets["commune_code"]]
    assert len(one) == len(two) == 0
    assert hamlets.geometry.within(home.set_axis(hamlets.index).buffer(0.01)).all()


def test_hamlet_names_are_unique_inside_a_commune(tables):
    assert not tables["hamlets"].duplicated(["commune_code", "name"]).any()


def test_hamlets_hold_nearly_all_people_of_their_commune(tables):
    people = tables["hamlets"].groupby("commune_code")["people"].sum()
    share = people / tables["communes"]["people"]
    assert share.between(0.90, 1.0).all()


def test_stations_stand_on_dry_land_inside_the_commune_they_name(tables):
    sites = tables["sites"]
    home = tables["communes"].geometry.loc[sites["commune_code"]].set_axis(sites.index)
    assert sites.geometry.distance(home).max() < 150  # a position moved uphill may cross a border
    assert not sites.geometry.within(tables["sea"].union_all()).any()


def test_masts_keep_apart_and_stations_of_one_mast_share_its_position(tables):
    sites = tables["sites"]
    spread = sites.geometry.apply(lambda p: (p.x, p.y)).groupby(sites["mast_id"]).nunique()
    masts = points(sites.drop_duplicates("mast_id"))
    assert (spread == 1).all()
    assert cKDTree(masts).query(masts, k=2)[0][:, 1].min() > 30


def test_an_operator_stands_once_on_a_mast_and_in_every_commune(tables):
    sites = tables["sites"]
    assert not sites.duplicated(["mast_id", "operator"]).any()
    assert set(sites["commune_code"]) == set(tables["communes"].index)


def test_antenna_heights_fit_their_class(tables):
    height = tables["sites"].groupby("mast_class")["height_m"].agg(["min", "max"])
    assert height.loc["A2a", "min"] >= 15
    assert height.loc["A2a", "max"] <= 30
    assert height.loc["A2b", "max"] <= 48


def test_every_station_is_reached_by_its_operators_fibre(tables):
    for operator, sites in tables["sites"].groupby("operator"):
        own = tables["fibre"][tables["fibre"]["operator"] == operator].union_all()
        assert sites.distance(own).max() < 1, operator


def test_cables_in_ducts_lie_in_streets_that_have_one(tables):
    cables = tables["fibre"][tables["fibre"]["installation"] == "duct"]
    streets = tables["streets"].loc[tables["ducts"]["street_id"].unique()]
    assert len(cables)
    assert cables.distance(streets.union_all()).max() < 20


def test_ducts_have_no_more_free_bores_than_bores(tables):
    ducts = tables["ducts"]
    assert (ducts["free_bores"] <= ducts["bores"]).all()
    assert (ducts["free_bores"] > 0).any()
    assert set(ducts["street_id"]) <= set(tables["streets"].index)


def test_streets_of_the_pilot_are_there_by_name(pilot, tables):
    names = pilot.figures["underground_streets"]
    assert len(names) == 5
    assert set(names) <= set(tables["streets"]["name"])


def test_houses_stand_beside_streets_and_apart(tables):
    houses, streets = tables["buildings"], tables["streets"]
    near = streets.sindex.nearest(houses.geometry, return_distance=True)[1]
    one, _ = houses.sindex.query(houses.geometry, predicate="overlaps")
    assert near.max() < 30
    assert len(one) == 0
    assert 0 < houses["aerial_service"].mean() < 1


def test_requests_show_every_usual_fault(pilot):
    kinds = pd.Series(pilot.figures["request_kinds"]).value_counts()
    assert kinds["capacity"] >= 4
    assert kinds["coverage"] >= 2
    faults = ["behind_ridge", "tall", "no_height", "duplicate", "beside_mast", "datum_shift", "sea"]
    assert (kinds[faults] == 1).all()


def test_duplicate_stands_within_20_m_of_the_operators_own_station(pilot, tables):
    request = tables["requests"].loc[of_kind(pilot, "duplicate")]
    own = tables["sites"][tables["sites"]["operator"] == request["operator"]]
    assert own.distance(request.geometry).min() < 20


def test_datum_shift_taken_back_gives_a_mast(pilot, tables):
    request = tables["requests"].geometry.loc[of_kind(pilot, "datum_shift")]
    east, north = DATUM_SHIFT_M
    true = shapely.Point(request.x - east, request.y - north)
    assert tables["sites"].distance(true).min() < 0.1


def test_request_at_sea_is_in_the_sea(pilot, tables):
    request = tables["requests"].geometry.loc[of_kind(pilot, "sea")]
    assert tables["sea"].contains(request).any()


def test_request_beside_a_mast_has_one_of_another_operator_within_150_m(pilot, tables):
    request = tables["requests"].loc[of_kind(pilot, "beside_mast")]
    near = tables["sites"][tables["sites"].distance(request.geometry).between(60, 150)]
    assert (near["operator"] != request["operator"]).any()


def test_request_behind_a_ridge_is_barred_from_the_nearest_mast(pilot, tables):
    request = tables["requests"].geometry.loc[of_kind(pilot, "behind_ridge")]
    away = tables["sites"].distance(request)
    mast = tables["sites"].geometry.loc[away.idxmin()]
    assert away.min() > 400
    share = np.linspace(0, 1, 200)
    terrain = pilot.rasters["terrain"]
    row, column = index_of(
        same_grid(terrain),
        request.x + share * (mast.x - request.x),
        request.y + share * (mast.y - request.y),
    )
    ground = terrain.to_numpy()[row, column]
    assert (ground > np.maximum(ground[0], ground[-1] + 30)).any()


def test_heights_missing_and_tall_as_promised(pilot, tables):
    height = tables["requests"]["height_m"]
    assert np.isnan(height[of_kind(pilot, "no_height")])
    assert height[of_kind(pilot, "tall")] > 45
    assert height.isna().sum() == 1


def test_rasters_share_one_grid_and_people_add_up(pilot, tables):
    same_grid(*pilot.rasters.values())
    total = float(pilot.rasters["population"].sum())
    assert total == pytest.approx(float(tables["communes"]["people"].sum()), rel=0.05)


def test_terrain_is_unknown_at_sea_only_and_has_hills(pilot, tables):
    height = pilot.rasters["terrain"].to_numpy()
    assert 400 <= np.nanmax(height) <= 500
    share = tables["sea"].area.sum() / (np.prod(height.shape) * 900.0)
    assert np.isnan(height).mean() == pytest.approx(share, abs=0.002)


def test_sources_name_every_layer_as_synthetic_and_the_old_list_as_old(pilot):
    sources = pilot.sources
    assert set(sources["layer"]) == {*pilot.tables, *pilot.rasters}
    assert sources["synthetic"].all()
    assert "sites:Viettel" in sources.index
    assert sources.loc["sites:Vietnamobile", "as_of"] < "2024"
    counted = sources[sources["layer"] == "sites"]["rows"].sum()
    assert counted == len(pilot.tables["sites"])


def test_province_without_base_is_refused():
    with pytest.raises(PlanError, match="--base"):
        generate("province")


def test_base_without_communes_and_terrain_names_both():
    with pytest.raises(PlanError, match="communes, terrain"):
        generate("province", base=Layers(name="x", crs="EPSG:9209", tables={}))


@pytest.mark.parametrize(("size", "seed"), [("country", 0), ("pilot", -1)])
def test_unknown_size_and_negative_seed_are_refused(size, seed):
    with pytest.raises(SettingsError, match="must be"):
        generate(size, seed=seed)

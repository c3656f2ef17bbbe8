"""The cheapest fix of a hamlet, in worlds made so that it is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from shapely import Point

from infraplan.coverage import find_gaps
from infraplan.coverage import people_grid
from infraplan.coverage import residential_areas
from infraplan.coverage import zones_over
from infraplan.coverage.fixes import ACTIONS
from infraplan.coverage.fixes import ENOUGH
from infraplan.coverage.fixes import ActionPrices
from infraplan.coverage.fixes import FixMeans
from infraplan.coverage.fixes import _chosen
from infraplan.coverage.fixes import fixes_of
from infraplan.coverage.shares import SERVED
from infraplan.coverage.shares import parts_of
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.area import predict
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import derive_cells
from infraplan.radio.settings import RadioSettings
from tests.coverage.world import EAST
from tests.coverage.world import GEOBOX
from tests.coverage.world import NORTH
from tests.coverage.world import PROFILE
from tests.coverage.world import fibre
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import inside
from tests.coverage.world import stations
from tests.coverage.world import world

DEFAULTS = CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))
PRICES = ActionPrices.from_dict(read_toml(data_path("prices/actions-assumed.toml")))
RIDGE = np.where(inside(2_400, 0, 2_700, 4_800), 400.0, 10.0)
MIDDLE = (2_910, 2_250)  # of the hamlet behind the ridge
BEHIND = ("1", ground(2_760, 2_100, 3_060, 2_400))
WEST = (900, 2_250, "A", "2G;4G")  # the station that the ridge hides


def solved(
    operator="any", azimuths=None, prices=PRICES, tables=None, ground_m=RIDGE, less_db=0.0, **sites
):
    """Return the fix of the hamlet behind the ridge, and what it was found from."""
    layers = world(
        ground_m=ground_m,
        sites=stations(**sites),
        hamlets=hamlets(BEHIND=BEHIND),
        **({"fibre": fibre((900, 2_250), (900, 4_000))} if tables is None else tables),
    )
    cells = derive_cells(layers.table("sites"), layers.table("cells"), DEFAULTS)
    cells = cells.assign(azimuth_deg=cells["site_id"].map(azimuths or {}).astype("float64"))
    cells = cells.assign(tx_power_dbm=cells["tx_power_dbm"] - less_db)
    coverage = predict(
        layers.terrain, layers.table("sites"), cells, profile=PROFILE,
        settings=RadioSettings(radius_m=8_000.0),
    )  # fmt: skip
    people = people_grid(layers, GEOBOX).people
    gaps = find_gaps(layers, people, coverage, technology="4G", operator=operator).hamlets
    areas = residential_areas(layers, people)
    weights = weights_of(areas, people)
    means = FixMeans(defaults=DEFAULTS, prices=prices, cells=cells)
    asked = {"technology": "4G", "operator": operator, "means": means}
    return fixes_of(layers, coverage, gaps, weights, **asked), (layers, coverage, gaps, asked)


def weights_of(areas, people):
    """Return the people of each grid cell in each area."""
    zones = zones_over(areas, GEOBOX)
    parts = parts_of(zones, people, is_residential=~areas["is_rest"].to_numpy())
    return parts.matrix(people.size)


def dearer(**prices_vnd):
    """Return the prices with some of them changed."""
    actions = {
        name: replace(item, price_vnd=prices_vnd.get(name, item.price_vnd))
        for name, item in PRICES.actions.items()
    }
    return replace(PRICES, actions=actions)


def away_m(fix, x_m, y_m):
    """Return how far a fix stands from a point of the world."""
    return np.hypot(fix["fix_x_m"] - EAST - x_m, fix["fix_y_m"] - NORTH - y_m)


def test_a_mast_beside_the_hamlet_gets_the_technology():
    fixes, (_, _, gaps, _) = solved(A=WEST, M=(3_300, 2_250, "B", "2G"))
    fix = fixes.loc["BEHIND"]
    assert (fix["fix"], fix["fix_site"]) == ("technology_on_mast", "M")
    assert fix["fix_cost_vnd"] == PRICES.actions["technology_on_mast"].price_vnd
    assert fix["fix_share"] == pytest.approx(1.0)
    assert fix["fix_people"] == pytest.approx(gaps.loc["BEHIND", "people_uncovered"])
    assert bool(fix["fix_assumed"])


def test_with_no_mast_near_a_new_site_is_named_with_its_cable():
    fixes, _ = solved(A=WEST)
    fix = fixes.loc["BEHIND"]
    assert fix["fix"] == "new_site"
    assert pd.isna(fix["fix_site"])
    assert away_m(fix, *MIDDLE) < 1_600.0
    cable = fibre((900, 2_250), (900, 4_000)).geometry.iloc[0]
    cable_m = 1.3 * cable.distance(Point(fix["fix_x_m"], fix["fix_y_m"]))
    assert fix["fix_fibre_m"] == pytest.approx(cable_m, rel=1e-6)
    base = sum(PRICES.actions[name].price_vnd for name in ("new_site", "site_equipment"))
    assert fix["fix_cost_vnd"] == pytest.approx(base + cable_m / 1_000.0 * 60e6, abs=1.0)
    assert fix["fix_share"] >= ENOUGH


def test_of_new_sites_that_are_enough_the_one_with_the_least_cable_is_named():
    near = {"fibre": fibre((2_910, 2_250), (2_910, 4_000))}
    fix = solved(A=WEST, tables=near)[0].loc["BEHIND"]
    assert (fix["fix"], fix["fix_fibre_m"]) == ("new_site", pytest.approx(0.0, abs=80.0))


def test_without_a_known_cable_none_is_counted():
    fix = solved(A=WEST, tables={})[0].loc["BEHIND"]
    assert np.isnan(fix["fix_fibre_m"])
    assert fix["fix_cost_vnd"] == PRICES.base_vnd("new_site")


def test_a_station_that_looks_away_gets_a_sector():
    # E stands in sight, 3.9 km to the east, at a power that only its back lobe wastes
    far = np.full(GEOBOX.shape, 10.0)
    station = (7_100, 2_250, "A", "4G")
    fixes, (_, _, gaps, _) = solved(ground_m=far, less_db=22.0, E=station, azimuths={"E": 90.0})
    assert gaps.loc["BEHIND", "covered_share"] < SERVED
    fix = fixes.loc["BEHIND"]
    assert (fix["fix"], fix["fix_site"]) == ("new_sector", "E")
    assert fix["fix_cost_vnd"] == PRICES.actions["new_sector"].price_vnd
    assert fix["fix_share"] >= ENOUGH


def test_a_station_that_faces_the_ridge_gets_no_sector():
    fix = solved(A=WEST, azimuths={"A": 90.0})[0].loc["BEHIND"]
    assert fix["fix"] == "new_site"


def test_sharing_is_for_one_operator_only():
    sites = {"A": WEST, "M": (3_300, 2_250, "B", "2G")}
    fix = solved("A", **sites)[0].loc["BEHIND"]
    assert (fix["fix"], fix["fix_site"]) == ("sharing", "M")
    assert solved(**sites)[0].loc["BEHIND", "fix"] == "technology_on_mast"


def test_a_mast_on_which_the_operator_stands_is_not_shared_but_upgraded():
    sites = {
        "A": WEST,
        "M": (3_300, 2_250, "B", "2G;4G", "mast"),
        "N": (3_300, 2_250, "A", "2G", "mast"),
    }
    fix = solved("A", **sites)[0].loc["BEHIND"]
    assert (fix["fix"], fix["fix_site"]) == ("technology_on_mast", "N")


def test_the_cheapest_of_the_actions_that_are_enough_is_taken():
    sites = {"A": WEST, "M": (3_300, 2_250, "B", "2G")}
    dear = dearer(technology_on_mast=9_000_000_000)
    assert solved(prices=dear, **sites)[0].loc["BEHIND", "fix"] == "new_site"


def test_where_nothing_is_enough_the_most_people_for_the_money_are_told():
    tried = pd.DataFrame(
        {
            "hamlet": [0, 0, 0, 1, 1, 2],
            "action": ["dear", "best", "useless", "enough", "cheap", "useless"],
            "gained": [0.5, 0.3, 0.0, 0.95, 0.3, 0.0],
            "share": [0.5, 0.3, 0.0, 0.95, 0.3, 0.0],
            "cost_vnd": [500.0, 200.0, 1.0, 10_000.0, 1.0, 1.0],
        }
    )
    assert _chosen(tried)["action"].to_list() == ["best", "enough"]


def test_what_is_predicted_comes_true_when_the_station_is_built():
    fixes, (layers, _, _, _) = solved(A=WEST, M=(3_300, 2_250, "B", "2G"))
    built = solved(A=WEST, M=(3_300, 2_250, "B", "2G;4G"))[1][2]
    assert built.loc["BEHIND", "covered_share"] == pytest.approx(
        fixes.loc["BEHIND", "fix_share"], abs=0.04
    )
    assert layers.has("sites")


def test_areas_with_service_and_rests_get_no_fix():
    fixes, (_, _, gaps, _) = solved(A=WEST, M=(3_300, 2_250, "B", "4G"))
    assert gaps.loc["BEHIND", "covered_share"] == pytest.approx(1.0)
    assert fixes["fix"].isna().all()
    assert fixes["fix_cost_vnd"].isna().all()
    assert list(fixes.index) == list(gaps.index)


def test_a_new_site_stands_on_no_water_and_in_the_province():
    far = {"fibre": fibre((3_700, 2_250), (3_700, 4_000))}
    plain = solved(A=WEST, tables=far)[1]
    layers, coverage, gaps, asked = plain
    people = people_grid(layers, GEOBOX).people
    areas = residential_areas(layers, people)
    weights = weights_of(areas, people)
    communes = layers.table("communes").iloc[:1]  # the west only: up to 3 630 m
    layers = replace(layers, tables=dict(layers.tables) | {"communes": communes})
    fix = fixes_of(layers, coverage, gaps, weights, **asked).loc["BEHIND"]
    assert fix["fix"] == "new_site"
    assert fix["fix_x_m"] <= EAST + 3_630.0


def test_the_threshold_of_a_fix_is_that_of_the_gaps():
    assert ENOUGH == SERVED


def test_without_terrain_the_remedy_is_told():
    _, (layers, coverage, gaps, asked) = solved(A=WEST)
    with pytest.raises(PlanError, match="infraplan import PLAN terrain FILE"):
        fixes_of(replace(layers, terrain=None), coverage, gaps, None, **asked)


def test_the_packaged_prices_are_told_to_be_assumed():
    assert all(PRICES.is_assumed(action) for action in ACTIONS)
    assert all(item.source and item.date for item in PRICES.actions.values())


def priced(**changes):
    """Return the packaged prices as a table, the entry of a new sector changed."""
    table = read_toml(data_path("prices/actions-assumed.toml"))
    entry = {**table["actions"]["new_sector"], **changes}
    return {**table, "actions": {**table["actions"], "new_sector": entry}}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (priced(price_vnd=-1), "new_sector.price_vnd must be a whole number"),
        (priced(price_vnd=1.5), "found 1.5"),
        (priced(price_vnd=True), "found True"),
        (priced(unit="m"), "new_sector.unit must be each; found 'm'"),
        (priced(verified="yes"), "verified must be true or false"),
        (priced(source=" "), "source must say where"),
        (priced(rebate=1), "unknown new_sector.key 'rebate'"),
        ({**priced(), "actions": {}}, "missing action key 'fibre_km'"),
        ({**priced(), "actions": 3}, "must be tables such as"),
        ({**priced(), "currency": "USD"}, "currency must be VND"),
        ({"name": "x"}, "missing key 'actions'"),
    ],
)
def test_wrong_prices_are_refused_with_what_is_wrong(table, message):
    with pytest.raises(SettingsError, match=message):
        ActionPrices.from_dict(table)


def test_a_verified_price_is_not_assumed():
    prices = ActionPrices.from_dict(priced(verified=True))
    assert not prices.is_assumed("new_sector")
    assert prices.is_assumed("new_site")

"""Actions of every kind: the right one is known by hand; on small cases all choices are tried."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from infraplan.layers.bundle import empty_table
from infraplan.sites import actions as module
from infraplan.sites.demand import demand_of
from infraplan.sites.eligible import EXCLUSIONS
from infraplan.sites.eligible import eligible_area
from infraplan.sites.floors import Choice
from infraplan.sites.floors import Places
from infraplan.sites.floors import cheaper_at_no_loss
from infraplan.sites.floors import floor_set
from infraplan.sites.floors import floors_of
from infraplan.sites.floors import left_out
from infraplan.sites.footprints import Footprint
from infraplan.sites.footprints import _packed
from infraplan.sites.footprints import _unpacked
from infraplan.sites.proposal import _frontier
from infraplan.sites.proposal import _Limit
from infraplan.sites.proposal import _solved
from tests.sites.test_proposal import EAST_SIDE
from tests.sites.test_proposal import MIDDLE
from tests.sites.test_proposal import WEST
from tests.sites.test_proposal import Kept
from tests.sites.test_proposal import prices
from tests.sites.test_proposal import propose
from tests.sites.test_proposal import ridged
from tests.sites.test_proposal import task_of
from tests.sites.world import GEOBOX
from tests.sites.world import areas
from tests.sites.world import at
from tests.sites.world import stations
from tests.sites.world import table

OF_CELL = ("site_id", "technology", "azimuth_deg", "height_m", "carrier", "freq_mhz", "antenna")


def candidates(**rows):
    """Return a layer of candidates: name=(x, y[, kind, mast])."""
    return table(
        {
            key: {
                "kind": row[2] if len(row) > 2 else "new",
                "mast_id": row[3] if len(row) > 3 else None,
                "height_m": 30.0,
                "geometry": at(row[0], row[1]),
            }
            for key, row in rows.items()
        },
        "candidate_id",
        "candidates",
    )


def sector(site, azimuth_deg):
    """Return a table of cells with one sector of 4G."""
    values = (site, "4G", azimuth_deg, 40.0, "L1800", 1_840.0, "sector-65")
    told = pd.DataFrame([values], columns=list(OF_CELL), index=pd.Index(["X1"], name="cell_id"))
    blank = empty_table("cells", "EPSG:4326").astype(object)
    return told.reindex(columns=blank.columns).astype({"assumed": "boolean"})


def kinds_found(layers, operator):
    """Return the actions possible in a world, by kind."""
    found = module.possible_actions(task_of(layers, operator))
    return {kind: sorted(rows.index) for kind, rows in found.groupby("kind")}


def test_a_mast_of_the_operator_gets_the_technology_and_one_of_others_is_shared():
    sites = stations(
        S1=(*EAST_SIDE, "A", 50, "2G", "M1"), S2=(*WEST, "B", 50, "4G", "M2"),
        S3=(*MIDDLE, "A", 30, "4G", "M3"),
    )  # fmt: skip
    found = kinds_found(ridged(sites=sites), "A")
    assert found["technology_on_mast"] == ["M1"]
    assert found["sharing"] == ["M2"]


def test_nothing_is_shared_where_any_operator_will_do():
    sites = stations(S2=(*WEST, "B", 50, "2G", "M2"))
    found = kinds_found(ridged(sites=sites), "any")
    assert "sharing" not in found
    assert found["technology_on_mast"] == ["M2"]


def test_a_shared_antenna_hangs_below_the_owners_and_needs_consent():
    sites = stations(S2=(*WEST, "B", 50, "4G", "M2"))
    task = task_of(ridged(sites=sites), "A")
    row = module.priced(task, module.possible_actions(task)).loc["M2"]
    assert (row["height_m"], row["prerequisite"]) == (46.0, "owner_consent;mast_load")
    assert row["cost_vnd"] == 400e6


def test_a_sector_is_sought_where_none_looks():
    sites = stations(S1=(4_000, 4_995, "A", 40, "4G", "M1"))
    layers = ridged(sites=sites, cells=sector("S1", 270.0))
    found = kinds_found(layers, "A")["new_sector"]
    assert found == ["S1-060", "S1-090"]


def test_no_sector_is_sought_where_one_may_look_anywhere():
    sites = stations(S1=(4_000, 4_995, "A", 40, "4G", "M1"))
    assert "new_sector" not in kinds_found(ridged(sites=sites), "A")


def test_a_new_mast_pays_its_cable_and_says_what_it_needs():
    line = table({"F": {"geometry": at(1_035, 9_000).buffer(1)}}, "fibre_id", "fibre")
    task = task_of(ridged(candidates=candidates(K1=WEST), fibre=line))
    row = module.priced(task, module.possible_actions(task)).loc["K1"]
    assert row["fibre_m"] == pytest.approx(1.3 * 4_004.0, rel=0.01)
    assert row["cost_vnd"] == pytest.approx(1_721e6 + row["fibre_m"] / 1_000 * 60e6, abs=1)
    assert row["prerequisite"] == "land;fibre"


def test_on_one_mast_at_most_one_action_is_done():
    rows = pd.DataFrame({"mast_id": ["M1", None, "M1", "M2", None]})
    group = module.groups_of(rows)
    assert group[0] == group[2] >= 0
    assert group[3] not in (group[0], -1)
    assert group[[1, 4]].tolist() == [-1, -1]


def test_sharing_beats_building_for_the_same_people():
    sites = stations(S2=(*WEST, "B", 50, "4G", "M2"))
    both = candidates(K1=WEST, K2=(*WEST, "existing_mast", "M2"))
    layers = ridged(sites=sites, candidates=both)
    row = propose(layers=layers, operator="A", sites=1).sites.iloc[0]
    assert (row["kind"], row["mast_id"], row["people_gained"]) == ("sharing", "M2", 100)


def test_a_sector_beats_a_new_mast_for_the_same_people():
    sites = stations(S1=(7_065, 5_500, "A", 40, "4G", "M1"))
    layers = ridged(sites=sites, cells=sector("S1", 0.0))
    row = propose(layers=layers, operator="A", sites=1).sites.iloc[0]
    assert (row["kind"], row["mast_id"]) == ("new_sector", "M1")
    assert row["people_gained"] == 300


def test_a_budget_takes_what_reaches_most_for_the_money():
    sites = stations(S2=(*WEST, "B", 50, "4G", "M2"))
    layers = ridged(
        sites=sites, candidates=candidates(K1=EAST_SIDE, K2=(*WEST, "existing_mast", "M2"))
    )
    poor = propose(layers=layers, operator="A", budget_vnd=1.8e9)
    assert poor.people_gained.to_dict() == {"K1": 300}
    rich = propose(layers=layers, operator="A", budget_vnd=2.2e9)
    assert rich.people_gained.to_dict() == {"K1": 300, "K2": 100}
    dear = propose(layers=layers, operator="A", budget_vnd=1.8e9, prices=prices(new_site=9_000))
    assert dear.people_gained.to_dict() == {"K2": 100}


def test_an_announced_station_takes_its_people_out_only_where_asked():
    announced = stations(P1=(*EAST_SIDE, "A", 42, "4G")).assign(status="approved")
    layers = ridged(sites=announced, candidates=candidates(K1=EAST_SIDE, K2=WEST))
    told = propose(layers=layers, sites=1)
    assert told.planned["people_left"] == 150
    assert told.sites[["people_gained", "people_if_planned"]].to_numpy().tolist() == [[300, 0]]
    counted = propose(layers=layers, sites=1, with_planned=True)
    assert counted.people_gained.to_dict() == {"K2": 100}


def hamlets(**counts):
    """Return three hamlets from west to east, with whether each counts."""
    frame = areas(
        "hamlet_id", W=(500, 4_500, 1_500, 5_500, {"name": "Tây", "commune_code": "1"}),
        M=(3_500, 4_500, 4_400, 5_500, {"name": "Giữa", "commune_code": "1"}),
        E=(6_500, 4_500, 7_500, 5_500, {"name": "Đông", "commune_code": "2"}),
    ).assign(commune="Hòa Hải", is_rest=False)  # fmt: skip
    return frame.assign(counts=[counts[name] for name in frame.index]) if counts else frame


def test_only_people_of_hamlets_that_count_are_reached():
    layers = ridged(candidates=candidates(K1=WEST, K2=MIDDLE, K3=EAST_SIDE))
    proposal = propose(layers=layers, hamlets=hamlets(W=False, M=True, E=False), sites=2)
    assert proposal.people_gained.to_dict() == {"K2": 50}
    assert proposal.provenance.settings["hamlets_counted"] == 1


def test_hamlets_that_get_nothing_are_named_with_what_would_reach_them():
    layers = ridged(candidates=candidates(K1=WEST, K2=MIDDLE, K3=EAST_SIDE))
    left = propose(layers=layers, hamlets=hamlets(), sites=1).left_out
    assert left["people_without"].to_dict() == {"W": 100, "M": 50}
    assert left["best_action"].tolist() == ["K1", "K2"]
    assert left["best_kind"].tolist() == ["new_site", "new_site"]


def test_a_floor_for_a_commune_costs_the_people_of_what_makes_room():
    layers = ridged(candidates=candidates(K1=WEST, K2=MIDDLE, K3=EAST_SIDE))
    proposal = propose(layers=layers, hamlets=hamlets(), sites=1)
    row = proposal.floors.loc["1"]
    assert not row["has_floor"]
    assert (row["floor_action"], row["replaced_action"], row["price_people"]) == ("K1", "K3", 200)
    assert (proposal.floor["actions_needed"], proposal.floor["fits"]) == (2, False)


def test_reasons_are_bits_and_positions_lie_on_eligible_cells_only():
    area = eligible_area(ridged(candidates=candidates(K1=(2_500, 4_995), K2=WEST)))
    reasons = area.reasons.to_numpy()
    bit = {name: 1 << n for n, name in enumerate(EXCLUSIONS)}
    assert reasons[50, 27] & bit["protected"]
    assert reasons[50, 97] & bit["sea"]
    assert area.excluded["protected"] == np.count_nonzero(reasons & bit["protected"])
    assert {"building", "flood", "far_from_road"} <= set(area.not_assessed)
    layers = ridged(candidates=candidates(K1=(2_500, 4_995), K2=WEST))
    assert module.possible_actions(task_of(layers)).index.tolist() == ["K2"]


def test_ground_far_from_roads_and_steep_ground_are_excluded():
    road = table({"R": {"geometry": at(1_000, 1_000).buffer(50)}}, "road_id", "roads")
    area = eligible_area(ridged(roads=road))
    bits = area.reasons.to_numpy()
    far, steep = (1 << EXCLUSIONS.index(name) for name in ("far_from_road", "steep"))
    assert not bits[-12, 11] & far
    assert bits[10, 11] & far
    assert bits[50, 24] & steep
    assert not bits[50, 11] & steep


def test_a_second_choice_finds_the_footprints_of_the_first():
    store = Kept()
    layers = ridged(candidates=candidates(K1=WEST, K2=MIDDLE, K3=EAST_SIDE))
    one = propose(layers=layers, sites=1, store=store)
    assert (len(store.kept), store.found) == (3, 0)
    two = propose(layers=layers, sites=3, store=store)
    assert (len(store.kept), store.found) == (3, 3)
    assert two.people_gained.iloc[0] == one.people_gained.iloc[0]


def test_a_footprint_survives_packing_and_damage_is_seen():
    served = np.random.default_rng(1).random((7, 5)) > 0.5
    kept = _packed(Footprint(slice(3, 10), slice(70_000, 70_005), served))
    found = _unpacked(kept)
    assert np.array_equal(found.served, served)
    assert (found.rows, found.columns) == (slice(3, 10), slice(70_000, 70_005))
    assert _unpacked(kept[:-2]) is None
    assert _unpacked(kept[:4]) is None


def a_choice(seed, limit=3.0, *, by_money=False):
    """Return a small random choice with some actions on one mast."""
    random = np.random.default_rng(seed)
    covers = sp.csr_array((random.random((14, 9)) < 0.3).astype(float))
    cost = random.integers(1, 9, 9).astype(float)
    weight = random.integers(1, 50, 14).astype(float)
    group = np.array([0, 0, 0, 1, 1, -1, -1, -1, -1])
    return Choice(covers, weight, cost, cost if by_money else np.ones(9), limit, group)


def admissible(choice):
    """Yield every choice within the limit with at most one action a mast."""
    for size in range(choice.cost_vnd.size + 1):
        for some in combinations(range(choice.cost_vnd.size), size):
            groups = choice.group[list(some)]
            groups = groups[groups >= 0]
            if (
                choice.spend[list(some)].sum() <= choice.limit
                and np.unique(groups).size == groups.size
            ):
                yield np.array(some, dtype=np.int64)


def reached(choice, chosen):
    """Return the weight that some actions cover."""
    return choice.weight[choice.covers[:, chosen].sum(axis=1) > 0].sum()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("by_money", [False, True])
def test_the_choice_of_actions_is_the_best_of_all(seed, by_money):
    choice = a_choice(seed, 12.0 if by_money else 3.0, by_money=by_money)
    best = max(reached(choice, some) for some in admissible(choice))
    found = _solved(choice, _Limit(*((None, 12.0) if by_money else (3, None))), time_limit_s=30)
    assert found.covered == best == reached(choice, found.chosen)
    assert found.bound >= best


@pytest.mark.parametrize("seed", range(4))
def test_a_cheaper_choice_reaches_as_many_and_keeps_to_one_a_mast(seed):
    choice = a_choice(seed)
    some = next(s for s in admissible(choice) if s.size == 3)
    found = cheaper_at_no_loss(choice, some)
    groups = choice.group[found][choice.group[found] >= 0]
    assert np.unique(groups).size == groups.size
    assert reached(choice, found) >= reached(choice, some)
    assert choice.cost_vnd[found].sum() <= choice.cost_vnd[some].sum()


def two_communes(choice):
    """Return two communes that share the blocks of a choice."""
    half = np.zeros((2, choice.weight.size))
    half[0, :7], half[1, 7:] = choice.weight[:7], choice.weight[7:]
    return Places(pd.DataFrame({"name": ["a", "b"]}, index=["1", "2"]), sp.csr_array(half))


@pytest.mark.parametrize("seed", range(6))
def test_the_price_of_a_floor_is_never_below_the_true_one(seed):
    choice = a_choice(seed, 2.0)
    communes, every = two_communes(choice), list(admissible(choice))
    best = max(every, key=lambda some: reached(choice, some))
    for number, row in enumerate(floors_of(communes, choice, best, share=0.5).itertuples()):
        own = communes.people.toarray()[number]
        enough = [
            s for s in every if own[choice.covers[:, s].sum(axis=1) > 0].sum() >= own.sum() / 2
        ]
        true = reached(choice, best) - max((reached(choice, s) for s in enough), default=np.nan)
        if np.isfinite(row.price_people):
            assert row.price_people >= true - 1e-9


def test_the_set_that_gives_every_commune_its_floor_does():
    choice = a_choice(3)
    communes = two_communes(choice)
    needed, counts = floor_set(communes, choice, share=0.4)
    covered = choice.covers[:, needed].sum(axis=1) > 0
    gained = communes.people.toarray()[:, covered].sum(axis=1)
    assert counts == {"communes": 2, "out_of_reach": 0}
    assert (gained >= 0.4 * communes.people.toarray().sum(axis=1)).all()
    assert not len(left_out(communes, choice.covers, needed))


def test_more_money_never_reaches_fewer_people():
    choice = a_choice(5, 8.0, by_money=True)
    table_ = _frontier(choice, np.array([0, 3]))
    assert table_["people"].is_monotonic_increasing
    assert (table_["cost_vnd"] <= table_.index).all()
    assert (table_["bound"] >= table_["people"]).all()


def test_demand_can_be_held_to_a_part_of_the_ground():
    task = task_of(ridged())
    west = np.zeros(GEOBOX.shape, bool)
    west[:, :30] = True
    assert demand_of(task.ground, "4G", "any", within=west).weight.sum() == 100

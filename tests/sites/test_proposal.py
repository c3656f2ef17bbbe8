"""What to build next: chosen where people lack service, with a bound that can be checked."""

import base64
import zlib

import numpy as np
import pytest

from infraplan.coverage.fixes import ActionPrices
from infraplan.errors import SettingsError
from infraplan.layers.grid import cell_centres
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.sites import actions as module
from infraplan.sites import propose_sites
from infraplan.sites.demand import demand_of
from infraplan.sites.eligible import eligible_area
from infraplan.sites.gain import Ground
from infraplan.sites.surroundings import Surroundings
from tests.sites.world import CRS
from tests.sites.world import GEOBOX
from tests.sites.world import PROFILE
from tests.sites.world import SETTINGS
from tests.sites.world import areas
from tests.sites.world import at
from tests.sites.world import coverage_of
from tests.sites.world import stations
from tests.sites.world import table
from tests.sites.world import villages
from tests.sites.world import world


class Kept:
    """Keeps footprints in memory and counts those found again."""

    def __init__(self):
        self.kept, self.found = {}, 0

    def load(self, key):
        """Return what was kept."""
        self.found += key in self.kept
        return self.kept.get(key)

    def save(self, key, losses):
        """Keep it."""
        self.kept[key] = losses


STORE = Kept()  # of all tests: equal worlds have equal footprints
WEST, MIDDLE, EAST_SIDE = (1_035.0, 4_995.0), (4_005.0, 4_995.0), (7_065.0, 4_995.0)


def defaults():
    """Return the packaged defaults of cells."""
    from infraplan.radio.cells import CellDefaults

    return CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))


def prices(**changes):
    """Return the packaged prices, some of them changed [million VND]."""
    table = read_toml(data_path("prices/actions-assumed.toml"))
    for name, million in changes.items():
        table["actions"][name]["price_vnd"] = int(million * 1e6)
    return ActionPrices.from_dict(table)


def task_of(layers, operator="any", people=None, coverage=None):
    """Return what actions are sought for in a world where nobody has service."""
    from infraplan.radio.cells import derive_cells

    ground = Ground.of(
        three_villages() if people is None else people,
        coverage or coverage_of(),
        layers.terrain,
        (),
    )
    return module.ActionTask(
        layers=layers,
        around=Surroundings.of(layers, None),
        ground=ground,
        demand=demand_of(ground, "4G", operator),
        area=eligible_area(layers),
        cells=derive_cells(layers.table("sites"), layers.table("cells"), defaults()),
        settings=SETTINGS,
        defaults=defaults(),
        prices=prices(),
        technology="4G",
        operator=operator,
    )


def propose(people=None, coverage=None, layers=None, **options):
    """Propose sites in a world where nobody has service, unless told otherwise."""
    from infraplan.radio.cells import derive_cells

    layers = ridged() if layers is None else layers
    if "budget_vnd" not in options:
        options = {"sites": 2} | options
    return propose_sites(
        layers,
        cells=derive_cells(layers.table("sites"), layers.table("cells"), defaults()),
        coverage=coverage or coverage_of(operators=("A",)),
        people=three_villages() if people is None else people,
        profile=PROFILE,
        settings=SETTINGS,
        defaults=defaults(),
        technology="4G",
        **({"prices": prices(), "store": STORE} | options),
    )


def three_villages():
    """Return 100, 50 and 300 people from west to east."""
    return (
        villages(WEST, people=100.0)
        + villages(MIDDLE, people=50.0)
        + villages(EAST_SIDE, people=300.0)
    )


def ridged(**tables):
    """Return a world of three valleys; no site sees two of them, save from a ridge."""
    ground = np.full(GEOBOX.shape, 10.0)
    ground[:, 25:30] = ground[:, 58:63] = 600.0
    bar = areas(
        "area_id", N=(2_000, 0, 3_000, 9_000, {"kind": "military"}),
        S=(5_000, 0, 6_000, 9_000, {"kind": "military"}),
    )  # fmt: skip
    return world(ground_m=ground, **({"protected": bar} | tables))


def test_the_two_greatest_villages_are_reached_first():
    proposal = propose()
    assert proposal.people_gained.tolist() == [300, 100]
    assert proposal.sites["order"].tolist() == [1, 2]
    assert proposal.objective == proposal.people_gained.sum() == 400
    assert proposal.bound >= proposal.objective
    assert proposal.gap == pytest.approx(0.0, abs=1e-6)


def test_the_bound_can_be_checked_from_the_certificate_alone():
    proof = propose(sites=1).certificate
    m = np.clip(proof["multipliers"], 0, proof["weight"])
    steps = np.frombuffer(zlib.decompress(base64.b64decode(proof["blocks_packed"])), "<i4")
    total = np.concatenate([[0], np.cumsum(m[np.cumsum(steps)])])
    c = total[proof["starts"][1:]] - total[proof["starts"][:-1]]
    bound = (proof["weight"] - m).sum() + np.sort(c)[::-1][: proof["count"]].sum()
    assert bound == pytest.approx(300)


def test_positions_keep_clear_of_the_sea_of_protected_areas_and_of_the_outside():
    layers = ridged()
    considered = module.possible_actions(task_of(layers))
    assert len(considered) > 100
    assert considered.within(layers.table("communes").union_all()).all()
    assert not considered.intersects(layers.table("protected").union_all()).any()


def test_a_lattice_point_moves_to_the_highest_cell_within_reach():
    height = np.full(GEOBOX.shape, 10.0)
    height[50, 50] = 99.0
    layers = world(ground_m=height)
    x_m, y_m = cell_centres(GEOBOX, 50, 50)
    found = module._highest(task_of(layers), np.array([x_m + 90, x_m + 270]), np.full(2, y_m))
    assert found[0].tolist() == [x_m, x_m + 270]
    assert found[2].tolist() == [99.0, 10.0]


def test_candidates_have_ids_of_one_lattice_for_the_whole_country():
    site = propose(sites=1).sites
    row, column = (int(part) for part in site.index[0][1:].split("_"))
    point = site.geometry.iloc[0]
    assert np.hypot((column + 0.5) * 300 - point.x, (row + 0.5) * 300 - point.y) <= 250


def test_the_plans_own_candidates_are_taken_where_it_has_some():
    rows = {
        "K1": {"kind": "new", "height_m": 30.0, "geometry": at(*MIDDLE)},
        "K2": {"kind": None, "height_m": np.nan, "geometry": at(*WEST)},
    }
    own = table(rows, "candidate_id", "candidates")
    proposal = propose(layers=ridged(candidates=own), sites=5)
    assert proposal.sites.index.tolist() == ["K2", "K1"]
    assert proposal.people_gained.tolist() == [100, 50]
    assert proposal.certificate["evaluated"] == 2


def test_a_mast_that_lacks_the_technology_is_a_candidate():
    sites = stations(S1=(*EAST_SIDE, "B", 50, "2G", "M1"), S2=(*WEST, "B", 50, "4G", "M2"))
    actions = module.possible_actions(task_of(ridged(sites=sites)))
    masts = actions[actions["kind"] == "technology_on_mast"]
    assert masts["height_m"].to_dict() == {"M1": 50.0}


def test_people_with_service_are_no_demand():
    covered = np.zeros(GEOBOX.shape, bool)
    covered[:, 60:] = True
    proposal = propose(coverage=coverage_of({("4G", "any"): covered}))
    assert proposal.people_gained.tolist() == [100, 50]


def test_people_of_unknown_coverage_are_no_demand():
    proposal = propose(coverage=coverage_of(unknown=np.ones(GEOBOX.shape, bool)))
    assert (len(proposal.sites), proposal.objective, proposal.bound, proposal.gap) == (0, 0, 0, 0)
    assert proposal.sites.crs == CRS


def test_a_budget_buys_whole_sites():
    proposal = propose(budget_vnd=3.5e9)
    assert len(proposal.sites) == 2
    assert proposal.sites["cost_vnd"].tolist() == [1.721e9, 1.721e9]


@pytest.mark.parametrize(
    "options",
    [
        {"sites": 0},
        {"sites": 1, "budget_vnd": 1e9},
        {"budget_vnd": 1e9},
        {"budget_vnd": -1e9},
    ],
)
def test_what_cannot_be_chosen_is_refused(options):
    with pytest.raises(SettingsError, match=r"sites|budget"):
        propose(**({"sites": None} | options))


def test_where_positions_are_many_the_best_tiles_are_looked_at_again(monkeypatch):
    everything = propose(sites=1)
    monkeypatch.setattr(module, "EVALUATED", 40)
    monkeypatch.setattr(module, "REFINED", 20)
    monkeypatch.setattr("infraplan.sites.proposal.REFINED", 20)
    proposal = propose(sites=1)
    assert 40 < proposal.certificate["evaluated"] <= 60 < proposal.certificate["considered"]
    assert proposal.objective == everything.objective == 300


def test_the_same_input_gives_the_same_sites():
    one, two = propose(), propose()
    assert one.sites.equals(two.sites)
    assert one.certificate["multipliers"].tobytes() == two.certificate["multipliers"].tobytes()


def test_the_repr_tells_the_gain_and_the_bound():
    shown = propose(sites=1)._repr_html_()
    assert "1 sites gain 300 people" in shown
    assert "gap 0.00 %" in shown

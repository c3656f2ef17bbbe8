"""Just below, at and just above the thresholds of the rules, positions taken as exact."""

from dataclasses import replace

import numpy as np
import pytest

from infraplan.sites.checks import CHECKS
from infraplan.sites.checks import check_batch
from infraplan.sites.reasons import judge
from infraplan.sites.rules import RULES as KNOWN
from infraplan.text import words
from tests.sites.findings import ASK
from tests.sites.findings import CONDITION
from tests.sites.findings import PASS
from tests.sites.findings import REJECT
from tests.sites.findings import found
from tests.sites.findings import told
from tests.sites.world import RULES
from tests.sites.world import a_request
from tests.sites.world import areas
from tests.sites.world import around
from tests.sites.world import stations

OTHER_ROOMS = {"earlier_request", "pending_other", "overshoot"}
OF_THE_BATCH = {"batch_duplicate", "batch_position", "batch_sharing"}
CASES = {
    "address_outside", "aerodrome_unknown", "building_permit_no_plan", "building_permit_urban",
    "commune_outside", "emf_others", "fibre_by_road", "fibre_no_road", "mast_class_below_roof",
    "mast_class_drawing", "mast_class_ground", "mast_class_missing", "mast_class_unstated",
    "microwave_blocked", "microwave_marginal", "obstacle_surface_unknown", "power_high_only",
    "protected_edge", "sharing_doubtful", "spacing_doubtful",
}  # fmt: skip


def exact(**fields):
    """Return a request whose position is exact."""
    return a_request(accuracy_m=0.0, **fields)


@pytest.mark.parametrize(("away_m", "expected"), [(49.9, REJECT), (50.0, REJECT), (50.1, PASS)])
def test_the_own_station_stands_there_within_fifty_metres(away_m, expected):
    place = around(sites=stations(S1=(2_000 + away_m, 5_000, "A", 42, "4G")))
    assert told(found("same_station", exact(), place)) == expected


@pytest.mark.parametrize(
    ("x_m", "height_m", "kind", "limit_m"),
    [
        (2_000, 15.0, "A2a", 200), (2_000, 15.1, "A2a", 350), (2_000, 42.0, "A2b", 300),
        (6_000, 15.0, "A2a", 150), (6_000, 15.1, "A2a", 200), (6_000, 42.0, "A2b", 300),
        (6_000, 42.0, "A2c", 300),
    ],
)  # fmt: skip
def test_spacing_is_kept_at_its_limit_and_not_below(x_m, height_m, kind, limit_m):
    request = exact(x_m=x_m, height_m=height_m, row={"mast_class": kind})
    for away_m, expected in ((limit_m - 1, CONDITION), (limit_m, PASS), (limit_m + 1, PASS)):
        place = around(sites=stations(S1=(x_m + away_m, 5_000, "B", 42, "4G")))
        assert told(found("spacing", request, place)) == expected


@pytest.mark.parametrize(("away_m", "expected"), [(99, CONDITION), (100, CONDITION), (101, PASS)])
def test_the_buffer_of_a_protected_area_is_a_hundred_metres(away_m, expected):
    area = areas("area_id", P1=(2_000 + away_m, 4_900, 2_400, 5_100, {"kind": "dyke"}))
    assert told(found("protected", exact(), around(protected=area))) == expected


@pytest.mark.parametrize(("away_m", "expected"), [(14, ASK), (15, ASK), (16, PASS)])
def test_the_datum_shift_carries_onto_a_mast_within_fifteen_metres(away_m, expected):
    place = around(sites=stations(S1=(2_195.72 + away_m, 4_889.69, "A", 42, "4G")))
    assert told(found("datum", exact(), place)) == expected


@pytest.mark.parametrize(
    ("rule", "operator", "limit_m", "near"),
    [("batch_duplicate", "A", 50, ASK), ("batch_sharing", "B", 300, CONDITION)],
)
def test_requests_of_a_batch_are_compared_up_to_the_limit(rule, operator, limit_m, near):
    for away_m, expected in ((limit_m - 1, near), (limit_m, near), (limit_m + 1, PASS)):
        other = exact(x_m=2_000 + away_m, request_id="R2", operator=operator)
        batch = [exact(), other]
        reasons = {r.rule.id: told(r) for r in check_batch(other, batch, RULES.rules)}
        assert reasons[rule] == expected


@pytest.mark.parametrize(("away_m", "expected"), [(199, PASS), (200, PASS), (201, CONDITION)])
def test_a_road_is_to_be_within_two_hundred_metres(away_m, expected):
    road = areas("road_id", R1=(2_000 + away_m, 4_000, 2_300, 6_000))
    assert told(found("road", exact(), around(roads=road))) == expected


@pytest.mark.parametrize(("share", "expected"), [(0.999, PASS), (1.001, CONDITION)])
def test_slope_is_kept_up_to_twenty_five_degrees(share, expected):
    rise_m = 90.0 * np.tan(np.radians(25.0)) * share
    shape = around().layers.terrain.ground_m.shape
    ground = np.tile(np.arange(shape[1]) * rise_m, (shape[0], 1))
    assert told(found("slope", exact(), around(ground_m=ground))) == expected


def test_every_rule_has_a_check_in_some_room():
    assert set(KNOWN) - OTHER_ROOMS <= set(CHECKS) | OF_THE_BATCH


@pytest.mark.parametrize("rule", KNOWN)
def test_only_a_confirmed_block_or_a_plain_fact_rejects(rule):
    packaged = RULES.rules[rule]
    confirmed = replace(packaged, verified=True, plain_fact=False)
    unconfirmed = replace(packaged, verified=False, plain_fact=False)
    assert judge(unconfirmed, holds=False).effect != "reject"
    blocks = judge(confirmed, holds=False).effect in ("reject", "needs_information")
    assert blocks is (packaged.severity == "block")


def test_need_never_asks_and_never_rejects():
    need = replace(RULES.rules["need"], verified=True, plain_fact=True)
    assert {judge(need, holds=holds).effect for holds in (True, False, None)} == {"none"}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_special_case_has_words(language):
    entries = words(language).entries
    assert [case for case in sorted(CASES) if f"sites.why_{case}" not in entries] == []

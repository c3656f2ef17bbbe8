"""A batch whose every table is filled by hand, and one of which nothing is known."""

import base64
import json
import zlib

import numpy as np
import pandas as pd

from infraplan.layers.bundle import Provenance
from infraplan.sites import Appraisal
from tests.reports.batches import finding
from tests.sites.world import EAST
from tests.sites.world import NORTH
from tests.sites.world import RULES
from tests.sites.world import requests
from tests.sites.world import stations
from tests.sites.world import world

HOSTILE = (
    "</script><script>document.title='run'</script>",
    "{{7*7}}",
    "<img src=x onerror=\"document.title='run'\">",
)
NEED = finding("need", value=412.0, unit="people", detail={"technology": "4G", "relieved": 30})
SPACING = finding(
    "spacing", "condition", "condition", value=95.0, limit=300.0, margin=-205.0,
    legal_reference="Luật Viễn thông 24/2023/QH15", detail={"site": HOSTILE[0]},
)  # fmt: skip
TAKEN = finding(
    "same_station", "fail", "reject", value=10.0, limit=50.0, margin=-40.0, detail={"site": "S1"},
    verified=True, confirmed_by=HOSTILE[1], confirmed_on="2025-11-20",
)  # fmt: skip
OPEN = [finding(rule, "not_assessed", "condition") for rule in ("flood", "slope", "fibre", "road")]
NAN = float("nan")


def told(proposal, reasons, people=NAN, rank=1, **more):
    """Return the columns that an appraisal adds to a request."""
    return {
        "proposal": proposal, "reasons": json.dumps([*reasons]), "people_gained": people,
        "people_gained_low": 0.6 * people, "people_gained_high": 1.4 * people, "rank": rank,
        "marginal_people": people / 2, "people_upgraded": 120.0, "people_relieved": NAN,
        "letter": "12/CV", "received": "2025-11-03", "due": None, "mast_class": "A2a",
        "name": None, "decision": None, "decided_by": None, "decided_on": None,
        "decision_reason": None, "field_check": None, **more,
    }  # fmt: skip


def table(keys, *rows):
    """Return a table of a study, its first columns the keys."""
    return pd.DataFrame(list(rows)).set_index(list(keys))


def packed(classes):
    """Return a window of classes as an appraisal stores it."""
    return base64.b64encode(zlib.compress(np.asarray(classes, np.uint8).tobytes())).decode()


def window():
    """Return the row of a footprint: its east is served, its north-east was weak."""
    before = np.zeros((20, 30), np.uint8)
    before[:4, 20:], before[18:, :3] = 1, 255
    after = before.copy()
    after[:10, 15:] = 3
    return {
        "request_id": "R1", "technology": "4G", "operator": "any", "west_m": EAST + 1000,
        "north_m": NORTH + 7000, "cell_m": 90.0, "rows": 20, "columns": 30,
        "before": packed(before), "after": packed(after),
    }  # fmt: skip


def path():
    """Return the path of a link over a hill, with trees."""
    distance = np.linspace(0, 6000, 61)
    ground = 20 + 45 * np.exp(-(((distance - 3500) / 700) ** 2))
    trees = np.where((distance > 1000) & (distance < 5000), 12.0, 0.0)
    return json.dumps(
        {"distance_m": distance.tolist(), "ground_m": ground.tolist(), "clutter_m": trees.tolist()}
    )


def study():
    """Return every table of a study."""
    spot = {"x_m": EAST + 2600, "y_m": NORTH + 5200}
    return {
        "alternatives": table(
            ["request_id", "mast_id"],
            {"request_id": "R1", "mast_id": "M1", "operators": "B;C", "distance_m": 430.0,
             "height_m": 28.0, "people": 350.0, "people_low": 200.0, "people_high": 480.0,
             "share": 0.85, "state": "computed", **spot},
            {"request_id": "R1", "mast_id": HOSTILE[2], "operators": "B", "distance_m": 900.0,
             "height_m": NAN, "people": NAN, "share": NAN, "state": "no_room", "x_m": NAN},
        ),
        "heights": table(
            ["request_id", "height_m"],
            *({"request_id": "R1", "height_m": h, "people": 9 * h, "people_low": 6 * h,
               "people_high": 11 * h} for h in (15.0, 30.0, 45.0, 60.0)),
        ),
        "flips": table(
            ["request_id", "kind"],
            {"request_id": "R1", "kind": "move", "proposal": "approve", "people": 430.0,
             "people_change_share": 0.04, "moved_m": 210.0, "mast_id": None, **spot,
             "rules_json": json.dumps([{"rule": "spacing", "before": "condition",
                                        "after": "pass"}])},
            {"request_id": "R1", "kind": "lower", "proposal": "approve_with_conditions",
             "people": 400.0, "people_change_share": -0.03, "height_m": 30.0, "rules_json": "["},
        ),
        "links": table(
            ["request_id", "far_id"],
            {"request_id": "R1", "far_id": "S1", "operator": "A", "distance_m": 6000.0,
             "freq_mhz": 7500.0, "near_height_m": 42.0, "far_height_m": 36.0,
             "clearance_standard": -0.2, "clearance_low_k": -0.6, "outcome": "blocked",
             "worst_m": 3500.0, "profile_json": path()},
            {"request_id": "R2", "far_id": HOSTILE[0], "operator": "A", "distance_m": NAN,
             "outcome": "unknown", "profile_json": None},
        ),
        "footprints": table(["request_id"], window()),
        "stability": table(
            ["request_id"],
            {"request_id": "R1", "draws": 200, "same": 187, "approve": 13,
             "approve_with_conditions": 187, "reject": 0, "needs_information": 0},
        ),
        "overlaps": table(
            ["request_id", "other_id"],
            {"request_id": "R1", "other_id": "R2", "people": 90.0, "distance_m": 380.0,
             "conflict": "spacing"},
        ),
        "frontier": table(
            ["sites"],
            {"sites": 1, "people": 412.0, "bound": 412.0, "request_ids": "R1", "is_proven": True},
            {"sites": 2, "people": 520.0, "bound": 530.0, "request_ids": "R1;R2",
             "is_proven": False},
        ),
        "swaps": table(
            ["order"],
            {"order": 1, "request_id": "R2", "candidate_id": HOSTILE[1], "kind": "new_site",
             "people_before": 520.0, "people_after": 760.0, **spot},
        ),
        "related": table(
            ["request_id", "other_id"],
            {"request_id": "R2", "other_id": "OLD-1", "kind": "earlier", "distance_m": 20.0,
             "operator": "B", "batch": "lo 1", "letter": None, "state": "received",
             "decision": None},
        ),
        "changes": table(
            ["request_id", "field"],
            {"request_id": "R2", "field": "height_m", "before": "42", "after": HOSTILE[2]},
        ),
        "against": {"sites": 2, "people": 520.0, "best_people": 900.0, "bound": 905.0,
                    "positions": 1200},
    }  # fmt: skip


def appraisal(tables=None, synthetic=("sites",)):
    """Return four requests: one with everything, one decided, one hostile, one without a place."""
    rows = {
        "R1": (2000, 5000, "A", 42.0, "4G;5G",
               told("approve_with_conditions", [SPACING, *OPEN, NEED], 412.0)),
        "R2": (2300, 5200, HOSTILE[1], 30.0, "4G",
               told("reject", [TAKEN], 108.0, 2, name=HOSTILE[0], decision="approve",
                    decided_by=HOSTILE[2], decided_on="2025-11-24", decision_reason=HOSTILE[1],
                    field_check="đã đo")),
        HOSTILE[2]: (6000, 3000, "B", 45.0, "4G", told("approve", [NEED], 0.0, 3)),
        "R4": (None, None, None, NAN, None, told("needs_information", [], NAN, 4)),
    }  # fmt: skip
    return Appraisal(
        requests=requests(**rows),
        gains=pd.DataFrame(
            [{"request_id": "R1", "technology": "4G", "operator": "any", "people_gained": 412.0,
              "people_gained_low": 247.0, "people_gained_high": 577.0}]
        ).set_index(["request_id", "technology", "operator"]),
        rules=RULES,
        batch="lo 2",
        technology="4G",
        operator="any",
        layers=world(sites=stations(S1=(7000, 6000, "A", 36, "4G"))),
        provenance=Provenance("appraisal", "0", synthetic=tuple(synthetic)),
        set_aside=(HOSTILE[0],),
        **(study() if tables is None else tables),
    )  # fmt: skip


def unstudied():
    """Return a batch whose tables beyond the requests are all empty."""
    return appraisal({})

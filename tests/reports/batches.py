"""Appraised batches made in code, as hostile as an operator's workbook may be."""

import json

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point

from infraplan.errors import Fault
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.sites import Appraisal
from infraplan.sites import SiteRules
from infraplan.text import words

CRS = "EPSG:9209"
VI = words("vi")
HOSTILE = (
    "{{7*7}}", "<b>Đậm</b>", '=HYPERLINK("http://x")', "{% for i in range(9) %}x{% endfor %}",
    'a & b < c > "d"', "\x0bô\x07\ftrang", "{{ ''.__class__.__mro__ }}", "@SUM(1)", "]]>", "%}",
    "{#", "Trạm " + "rất dài " * 20, "</w:t></w:r>", "+1", "'; DROP",
)  # fmt: skip
LAW = "Luật Viễn thông 24/2023/QH15"


def finding(rule, outcome="pass", effect="none", **more):
    """Return one finding as an appraisal stores it."""
    plain = {
        "value": None, "limit": None, "margin": None, "unit": "m", "severity": "condition",
        "legal_reference": "", "source": "assumed", "verified": False, "detail": {},
    }  # fmt: skip
    return {"rule": rule, "outcome": outcome, "effect": effect, **plain, **more}


ROAD = finding("road", "condition", "condition", value=230.0, limit=200.0, margin=-30.0)
SPACING = finding("spacing", "condition", "condition", value=95.0, limit=300.0,
                  legal_reference=LAW, detail={"site": "HTH-1"})  # fmt: skip
LACKS = finding("completeness", "fail", "needs_information", value=1.0, limit=0.0,
                detail={"missing": ["height_m"]})  # fmt: skip
TAKEN = finding("same_station", "fail", "reject", value=10.0, limit=50.0, detail={"site": "=1+1"})
NEED = finding("need", value=412.0, unit="people",
               detail={"technology": "4G", "relieved": 0})  # fmt: skip
OPEN = [finding(rule, "not_assessed", "condition") for rule in ("flood", "slope", "fibre")]


def request(proposal="approve", reasons=(NEED,), **more):
    """Return the fields of one appraised request."""
    return {
        "operator": "Viettel", "batch": "lo", "name": "Trạm", "letter": "12/CV", "height_m": 42.0,
        "letter_date": "2025-11-01", "received": "2025-11-03", "commune": "Thành Sen",
        "mast_class": "A2a", "technologies": "4G;5G", "proposal": proposal,
        "reasons": json.dumps(list(reasons)), "people_gained": 412.0, "people_gained_low": 251.0,
        "people_gained_high": 563.0, "overlap_share": 0.5, "nearest_site_m": float("nan"),
        "site_code": None, "decision": None, "decided_by": None, "decided_on": None,
        "decision_reason": None, "field_check": None, "geometry": Point(540_000.0, 2_030_000.0),
        **more,
    }  # fmt: skip


def appraisal(synthetic=(), faults=(), tables=None, **rows):
    """Return an appraised batch: id=fields of `request`."""
    table = gpd.GeoDataFrame(
        pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="request_id")),
        geometry="geometry",
        crs=CRS,
    )
    return Appraisal(
        requests=table,
        gains=pd.DataFrame(),
        rules=SiteRules.from_dict(read_toml(data_path("rules/vn-2025.toml"))),
        batch="lo",
        technology="4G",
        operator="any",
        layers=Layers(name="Tỉnh", crs=CRS, tables={}),
        provenance=Provenance(step="appraisal", version="1", synthetic=tuple(synthetic)),
        faults=tuple(faults),
        **(tables or {}),
    )


def mixed(**more):
    """Return a batch with one request of each proposal."""
    return appraisal(
        **more,
        R1=request(),
        R2=request("approve_with_conditions", [SPACING, ROAD, *OPEN, NEED]),
        R3=request("reject", [TAKEN]),
        R4=request("needs_information", [LACKS], geometry=None, people_gained=float("nan")),
    )


def hostile():
    """Return fifteen requests whose every text attacks what prints it."""
    proposals = ("approve_with_conditions", "reject", "needs_information")
    reasons = ([SPACING, ROAD], [TAKEN], [LACKS])
    rows = {
        f"R{place:02d}{text[:2]}": request(
            proposals[place % 3], reasons[place % 3], name=text, commune=text, operator=text,
            site_code=text, decided_by=text, decision_reason=text, field_check=text, letter=text,
            decision="reject" if place % 2 else None,
        )
        for place, text in enumerate(HOSTILE)
    }  # fmt: skip
    fault = Fault(what="{{7*7}} <w:t>", rows=("12",), found="=cmd|' /C calc'!A0", remedy="{{x}}")
    return appraisal(faults=[fault], **rows)


def study(**tables):
    """Return tables of a study: name=(keys, rows)."""
    return {name: pd.DataFrame(rows).set_index(list(keys)) for name, (keys, rows) in tables.items()}

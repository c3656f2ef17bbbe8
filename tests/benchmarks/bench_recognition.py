"""
How often a list of coordinates is understood: by form, length, and with communes named or not.

Random points in the real communes are written in every form that offices send and read back with
nothing said. `assumed` is right where the plan's own zone was meant; `asked` names the true system
among its readings. INFRAPLAN_BENCH=province runs 40 lists a cell, as the measured table did.
"""

import os
from collections import Counter
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan.io.positions import positions_from
from infraplan.layers.crs import transformer
from infraplan.layers.known import KnownPlaces
from tests.shared_data import shared_folder

PLAN = "EPSG:9209"
RUNS = 40 if os.environ.get("INFRAPLAN_BENCH") == "province" else 4
PROPER_M = 35.0  # DMS to whole seconds puts a point up to 22 m off
Cells = tuple[list[object], list[object]]


def dms(value: float, letters: str) -> str:
    seconds = round(value * 3600)
    return f"{seconds // 3600}°{seconds // 60 % 60:02}'{seconds % 60:02}\"{letters}"


def spoken(value: float, word: str) -> str:
    seconds = round(value * 3600)
    return f"{seconds // 3600} độ {seconds // 60 % 60} phút {seconds % 60} giây {word}"


def vietnamese(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


DEGREES: dict[str, Callable[[np.ndarray, np.ndarray], Cells]] = {
    "deg lat,lon": lambda e, n: ([*n.round(6)], [*e.round(6)]),
    "deg lon,lat": lambda e, n: ([*e.round(6)], [*n.round(6)]),
    "decimal comma": lambda e, n: (
        [f"{v:.6f}".replace(".", ",") for v in n],
        [f"{v:.6f}".replace(".", ",") for v in e],
    ),
    "DMS N/E": lambda e, n: ([dms(v, "N") for v in n], [dms(v, "E") for v in e]),
    "DMS B/Đ": lambda e, n: ([dms(v, " B") for v in n], [dms(v, " Đ") for v in e]),
    "độ phút giây": lambda e, n: ([spoken(v, "Bắc") for v in n], [spoken(v, "Đông") for v in e]),
    "lost separators": lambda e, n: (
        [f"{round(v * 1e6):,}".replace(",", ".") for v in n],
        [f"{round(v * 1e6):,}".replace(",", ".") for v in e],
    ),
    "lost, integers": lambda e, n: ([round(v * 1e6) for v in n], [round(v * 1e5) for v in e]),
}
METRES: dict[str, Callable[[np.ndarray, np.ndarray], Cells]] = {
    "N,E": lambda e, n: ([*n.round(2)], [*e.round(2)]),
    "E,N": lambda e, n: ([*e.round(2)], [*n.round(2)]),
    "2.028.878,62": lambda e, n: ([vietnamese(v) for v in n], [vietnamese(v) for v in e]),
    "zone prefix": lambda e, n: ([*n.round(2)], [*(e.round(2) + 48e6)]),
}
OWN = [("EPSG:9209", form) for form in METRES]
NEIGHBOURS = [(code, "N,E") for code in ("EPSG:9208", "EPSG:9210", "EPSG:9211")]
ALIKE = [(code, "N,E") for code in ("EPSG:5897", "EPSG:3405", "EPSG:32648")]
FORMS = [*[("EPSG:4326", form) for form in DEGREES], *OWN, *NEIGHBOURS, *ALIKE]


@pytest.fixture(scope="module")
def communes() -> gpd.GeoDataFrame:
    """Return the real communes in the planning CRS, as a plan holds them."""
    frame = gpd.read_file(shared_folder("data/hatinh") / "communes.gpkg")
    frame = frame.rename(columns={"fullName": "full_name"}).set_index("code")
    return frame[["name", "full_name", "type", "geometry"]].to_crs(PLAN)


def drawn(communes: gpd.GeoDataFrame, count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return random points within the communes, with the commune of each."""
    west, south, east, north = communes.total_bounds
    found = []
    while len(found) < count:
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        at = communes.sindex.query(shapely.Point(x, y), predicate="within")
        if len(at):
            found.append((communes["full_name"].iloc[at[0]], shapely.Point(x, y)))
    names, points = zip(*found, strict=True)
    return gpd.GeoDataFrame({"commune": names}, geometry=list(points), crs=PLAN)


def outcome(
    rows: gpd.GeoDataFrame, form: tuple[str, str], places: KnownPlaces, *, named: bool
) -> str:
    """Return what became of one list: right, assumed, asked, or wrong."""
    code, written = form
    move = transformer(PLAN, code).transform
    east, north = (np.asarray(v) for v in move(rows.geometry.x, rows.geometry.y))
    first, second = {**DEGREES, **METRES}[written](east, north)
    frame = pd.DataFrame({"X": first, "Y": second}, dtype=object)
    found = positions_from(
        frame,
        {"X": "x", "Y": "y"},
        tuple(str(row + 2) for row in range(len(frame))),
        plan_crs=PLAN,
        crs=None,
        area=None,
        places=places,
        commune_names=rows["commune"] if named else None,
    )
    assert found is not None
    if found.faults:
        codes = {fault.code for fault in found.faults}
        is_asked = "crs_ambiguous" in codes and code in {one.crs for one in found.readings}
        return "asked" if is_asked else "wrong question"
    apart = found.points.to_crs(PLAN).distance(rows.geometry.reset_index(drop=True))
    if (apart < PROPER_M).all():
        return "assumed" if found.certainty == "assumed" else "right"
    return "wrong, assumed" if found.certainty == "assumed" else "wrong"


def table(communes: gpd.GeoDataFrame) -> dict[tuple[tuple[str, str], int, bool], Counter[str]]:
    """Return the outcomes of every form, length and use of names."""
    nothing = communes.iloc[:0]
    places = KnownPlaces(communes=communes, hamlets=nothing, sites=nothing, sea=nothing)
    counts: dict[tuple[tuple[str, str], int, bool], Counter[str]] = {}
    for form in FORMS:
        for count in (1, 20):
            for run in range(RUNS):
                rows = drawn(communes, count, np.random.default_rng([count, run]))
                for named in (False, True):
                    key = (form, count, named)
                    told = outcome(rows, form, places, named=named)
                    counts.setdefault(key, Counter())[told] += 1
    return counts


def test_lists_are_understood_at_least_as_often_as_measured(communes: gpd.GeoDataFrame) -> None:
    counts = table(communes)
    print(f"\n{'system':11}{'form':17}{'n':>4}{'xã':>4}  outcomes of {RUNS}")
    for (form, count, named), told in counts.items():
        shown = ", ".join(f"{what} {many}" for what, many in sorted(told.items()))
        print(f"{form[0]:11}{form[1]:17}{count:>4}{'x' if named else '':>4}  {shown}")
    for (form, count, named), told in counts.items():
        good = told["right"] + told["assumed"] + told["asked"] * (form in ALIKE)
        if form[0] in (PLAN, "EPSG:4326"):
            assert told["right"] + told["assumed"] == RUNS, form
        if named:
            assert good >= 0.97 * RUNS, (form, count)
        if named or count > 1:
            assert told["wrong"] + told["wrong, assumed"] == 0, (form, count)
        assert told["wrong"] == 0, (form, count)

"""A small area on the coast, results made by hand, and a browser without a network."""

import json
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

from infraplan.cables.choice_pieces import no_pieces
from infraplan.cables.sharing import Sharing
from infraplan.cables.study import STUDY
from infraplan.cables.study import empty_table
from infraplan.cables.study import filled_table
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import grid_over
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import terrain_from
from infraplan.maps import MapPage
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.results import Coverage
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile
from infraplan.sites import Appraisal
from infraplan.sites import SiteRules

CRS = "EPSG:9209"
WEST, SOUTH, SIDE = 540_000.0, 2_026_000.0, 6_000.0
HOSTILE = (
    "<img src=x onerror=\"document.title='run'\">",
    "</script><script>document.title='run'</script>",
    "{{7*7}}",
    "{% raw %}",
    "`${7*7}`",
    "${alert(1)}",
    "{{cycler.__init__.__globals__.os.popen('id').read()}}",
    "<!-- & \\u003c \\ \" ' -->",
)


def table(prefix: str, geometry: list[Any], key: str, **columns: Any) -> gpd.GeoDataFrame:
    """Return a layer whose ids are its name and a number."""
    ids = pd.Index([f"{prefix}-{n}" for n in range(len(geometry))], name=key)
    return gpd.GeoDataFrame(columns, geometry=geometry, index=ids, crs=CRS)


def points(*places: tuple[float, float]) -> list[shapely.Point]:
    """Return points in km from the corner of the area."""
    return [shapely.Point(WEST + 1000 * x, SOUTH + 1000 * y) for x, y in places]


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """Return a rectangle in km from the corner of the area."""
    low, high = points((west, south), (east, north))
    return shapely.box(low.x, low.y, high.x, high.y)


@pytest.fixture(scope="session")
def hostile() -> tuple[str, ...]:
    """Names that would run as HTML, script, template or end their element."""
    return HOSTILE


@pytest.fixture(scope="session")
def layers() -> Layers:
    """Two communes by the sea with stations, fibre, a road and made-up sources."""
    grid = grid_over((WEST, SOUTH, WEST + SIDE, SOUTH + SIDE), crs=CRS, resolution_m=60.0)
    rows, columns = np.indices(grid.shape)
    ground = (150 * np.exp(-((columns - 25) ** 2 + (rows - 40) ** 2) / 200)).astype("float32")
    ground[:, 85:] = np.nan
    sea = wrap(columns >= 85, grid, name="sea")
    tables = {
        "communes": table(
            "C", [box(0, 0, 5, 3), box(0, 3, 5, 6)], "code",
            name=["Thạch Hà", "Đức Thọ"], people=[9000, 7000],
        ),
        "sea": table("sea", [box(5, 0, 6, 6)], "sea_id", source=None),
        "sites": table(
            "HTI", points((1, 1), (1, 1), (3, 4), (4, 2)), "site_id",
            operator=["Viettel", "VNPT", "Viettel", HOSTILE[0]], name=["A", "B", HOSTILE[1], None],
            technologies="2G;4G", status="operating", height_m=[42.0, 42.0, 36.0, np.nan],
        ),
        "fibre": table(
            "F", [shapely.LineString(points((0, 1), (3, 4), (4, 2)))], "cable_id",
            operator=["VNPT"], installation=["aerial"],
        ),
        "hamlets": table(
            "H", [box(0.5, 0.5, 1.5, 1.5), box(3, 3.5, 4, 4.5)], "hamlet_id",
            name=["Thôn Đồng Lạc", HOSTILE[2]], commune_code=["C-0", "C-1"], people=[800, 410],
        ),
        "sources": pd.DataFrame(
            {"layer": ["communes", "sites"], "synthetic": [False, True],
             "attribution": ["https://example.org/?a=1&b=2 " + HOSTILE[3], None]},
            index=pd.Index(["communes", "sites"], name="source_id"),
        ),
    }  # fmt: skip
    terrain = terrain_from(wrap(ground, grid, name="terrain"), sea)
    return Layers(name="Thử", crs=CRS, tables=tables, terrain=terrain)


@pytest.fixture(scope="session")
def coverage(layers: Layers) -> Coverage:
    """A signal that falls from west to east, unknown in one corner."""
    profile = ThresholdProfile.from_dict(read_toml(data_path("thresholds/vn-default.toml")))
    ground = layers.terrain.ground_m
    signal = np.broadcast_to(np.linspace(-80, -130, ground.shape[1]), ground.shape).copy()
    signal[:20, :20] = np.nan
    bands = xr.Dataset(
        {"signal_dbm": ground.copy(data=signal.astype("float32")).rename("signal_dbm")}
    )
    maps = {("4G", "any"): bands, ("2G", "any"): bands}
    return Coverage(maps, {}, RadioSettings(), profile, Provenance("coverage", "0"))


@pytest.fixture(scope="session")
def gaps(layers: Layers) -> SimpleNamespace:
    """One hamlet without signal, one unknown, and the people outside both."""
    hamlets = layers.table("hamlets").assign(
        commune=["Thạch Hà", "Đức Thọ"], level=["none", None], people_uncovered=[412.0, np.nan],
        people_uncovered_low=[250.0, np.nan], people_uncovered_high=[561.0, np.nan],
        covered_share=[0.12, np.nan], cause=["terrain", None], near_border=[False, True],
    )  # fmt: skip
    rest = hamlets.iloc[[0]].set_axis(pd.Index(["C-0-rest"], name="hamlet_id"))
    shares = pd.DataFrame(
        {"area_level": "province", "denominator": "people", "technology": ["4G", "4G"],
         "operator": ["any", "Viettel"], "share": [0.981, 0.9], "share_low": [0.97, 0.88],
         "share_high": [0.99, 0.92], "unknown": [120.0, 120.0], "total": [12000.0, 12000.0]}
    )  # fmt: skip
    definition = SimpleNamespace(
        thresholds_dbm={"4G": -110.0}, p_cov=0.75, model="p1812", resolution_m=60.0, sigma_db=8.0
    )
    return SimpleNamespace(
        hamlets=pd.concat([hamlets, rest]), shares=shares, definition=definition, layers=layers,
        provenance=Provenance("gaps", "0"),
    )  # fmt: skip


@pytest.fixture(scope="session")
def appraisal(layers: Layers) -> Appraisal:
    """Two requests: one to be shared, one of a hostile name."""
    reasons = [
        {"rule": "spacing", "outcome": "condition", "value": 320, "limit": 500, "margin": -180,
         "unit": "m", "verified": False, "legal_reference": "x", "detail": {"site": HOSTILE[4]}},
        {"rule": "flood", "outcome": "not_assessed", "value": None, "limit": 50, "detail": {}},
    ]  # fmt: skip
    requests = table(
        "R", points((2, 2), (2.5, 5)), "request_id", name=["Xin 1", HOSTILE[5]], operator="Viettel",
        proposal=["approve_with_conditions", "reject"], reasons=[json.dumps(reasons), None],
        people_gained=[412.0, 0.0], people_gained_low=[250.0, 0.0], people_gained_high=[561.0, 3.0],
        rank=[1, 2],
    )  # fmt: skip
    return Appraisal(
        requests=requests, gains=pd.DataFrame(), batch="đợt 1", technology="4G", operator="any",
        rules=SiteRules.from_dict(read_toml(data_path("rules/vn-2025.toml"))), layers=layers,
        provenance=Provenance("appraisal", "0"),
    )  # fmt: skip


@pytest.fixture(scope="session")
def proposal(layers: Layers) -> SimpleNamespace:
    """Two sites to build, in order."""
    sites = table("S", points((4, 5), (2, 3)), "candidate_id", kind=["new", "existing_mast"])
    gained = pd.Series([900.0, 300.0], index=sites.index)
    return SimpleNamespace(
        sites=sites, people_gained=gained, bound=1230.0, gap=0.0244, layers=layers,
        provenance=Provenance("proposal", "0", synthetic=("sites",)),
    )  # fmt: skip


@pytest.fixture(scope="session")
def cable_plan(layers: Layers) -> SimpleNamespace:
    """One trench, one re-used duct, two chambers, a crossing and a drop."""
    a, b, c = points((1, 1), (1.4, 1), (1.4, 1.3))
    lines = [shapely.LineString([a, b]), shapely.LineString([b, c])]
    segments = table(
        "G", lines, "segment_id", street=["Phan Đình Phùng", "Hà Huy Tập"], side="left",
        kind=["trench", "duct"], length_m=[400.0, 300.0], cost_vnd=[4.6e8, 0.0],
        street_ids=["S-0", "S-1"],
    )  # fmt: skip
    chambers = table("B", [a, c], "chamber_id", kind=["manhole", "handhole"], cost_vnd=9e6)
    short = [shapely.LineString([b, shapely.Point(b.x + 9, b.y + 9)])]
    bill = pd.DataFrame(
        {"item": ["trench"], "description": [HOSTILE[6]], "quantity": [400.0], "unit": ["m"],
         "price_vnd": [1_150_000], "cost_vnd": [460_000_000], "verified": [False]}
    )  # fmt: skip
    shares = pd.DataFrame({"operator": ["VNPT", HOSTILE[7]], "cost_vnd": [3e8, 1.6e8]})
    study = {name: empty_table(name) for name in STUDY}
    return SimpleNamespace(
        **study, segments=segments, chambers=chambers, crossings=table("X", short, "crossing_id"),
        drops=table("D", short, "drop_id"), bill=bill, shares=shares, cost_vnd=460_000_000,
        bound_vnd=450_000_000, gap=0.0217, layers=layers, provenance=Provenance("underground", "0"),
        sharing=Sharing(), pieces=no_pieces(), stretches={},
    )  # fmt: skip


@pytest.fixture(scope="session")
def chosen_plan(cable_plan: SimpleNamespace) -> SimpleNamespace:
    """The same with three choices of its two streets, solved; one owner's name is hostile."""
    streets, owners = ["Phan Đình Phùng", "Hà Huy Tập"], ["VNPT", HOSTILE[7], "SCTV"]
    subsets, shares = {}, {}
    for n, names in enumerate((streets[:1], streets[1:], streets)):
        key = ";".join(names)
        subsets[key,] = {
            "streets": key, "cost_vnd": 310_000_007 + 150_000_001 * n, "gap": 0.02 * (n == 2),
            "bound_vnd": 1, "length_m": 400.0 + 150 * n, "chambers": 2 + n, "removed_m": 900.0,
        }  # fmt: skip
        for k, owner in enumerate(owners):
            for rule in ("diameter", "alone"):
                shares[key, rule, owner] = {
                    "weight": (7919 * (k + 1) + n) ** 3, "direct_vnd": 1_000_003 * k,
                    "cost_vnd": 0, "alone_vnd": 90_000_000 if owner == "SCTV" else 900_000_000,
                }  # fmt: skip
    return SimpleNamespace(
        **{
            **vars(cable_plan),
            "subsets": filled_table("subsets", subsets),
            "subset_shares": filled_table("subset_shares", shares),
        }
    )


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open pages with the network cut; what they ask for and complain of is kept in `heard`."""
    contexts = []

    def show(page: MapPage, *, script: str = "", **options: Any) -> Any:
        path = page.save(tmp_path / "Sở KH&CN tỉnh" / "bản đồ.html")
        context = chromium.new_context(viewport={"width": 1200, "height": 760}, **options)
        contexts.append(context)
        only_files = lambda route: (  # noqa: E731
            route.continue_() if route.request.url.startswith("file:") else route.abort()
        )
        context.route("**/*", only_files)
        if script:
            context.add_init_script(script)
        tab = context.new_page()
        tab.heard = SimpleNamespace(requests=[], complaints=[])
        tab.on("request", lambda request: tab.heard.requests.append(request.url))
        tab.on("console", lambda message: tab.heard.complaints.append(message.text))
        tab.on("pageerror", lambda error: tab.heard.complaints.append(str(error)))
        tab.goto(path.as_uri())
        if options.get("java_script_enabled", True):
            tab.wait_for_selector("html[data-ready]", timeout=20_000)
        return tab

    yield show
    for context in contexts:
        context.close()

"""One small plan from end to end: each figure is the same wherever it is printed."""

import csv
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest

import infraplan as ip
from infraplan.api import draw_map
from infraplan.api import write_report
from infraplan.io import write_raster
from infraplan.plan import Plan
from tests.coverage.world import CRS
from tests.coverage.world import communes
from tests.coverage.world import fibre
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import inside
from tests.coverage.world import raster
from tests.coverage.world import stations
from tests.coverage.world import table
from tests.maps.test_page import blocks

pytestmark = pytest.mark.slow
HOSTILE = {
    "H1": "{{7*7}}",
    "H2": "<script>alert(1)</script>",
    "H3": '=HYPERLINK("http://example.org")',
    "H4": "+1",
}


@pytest.fixture(scope="module")
def plan(tmp_path_factory) -> Plan:
    """Return a plan with a ridge in the east, without roads, power, floods or evidence."""
    made = ip.init_plan(tmp_path_factory.mktemp("agree") / "plan", crs=CRS, resolution_m=60.0)
    homes = hamlets(
        H1=("1", ground(600, 600, 1_230, 1_170), 400),
        H2=("1", ground(2_400, 3_000, 2_910, 3_570), 300),
        H3=("2", ground(5_000, 2_000, 5_600, 2_600), 200),
        H4=("2", ground(6_000, 3_000, 6_300, 3_300), 100),
    )
    sites = stations(
        A=(900, 900, "Viettel", "2G;4G", "M1"),
        B=(900, 900, "=1+1", "4G", "M1"),
        C=(2_700, 3_300, "VNPT", "4G"),
    )
    named = communes().assign(type="xã", households=[250, 120], name=["<b>Tây</b>", "{{1}}"])
    old = {"436": {"name": "Cũ", "geometry": ground(0, 0, 2_650, 4_800)}}
    tables = {
        "communes": named,
        "hamlets": homes.assign(name=list(HOSTILE.values()), households=[100, 75, 50, 25]),
        "sites": sites,
        "fibre": fibre((0, 100), (3_000, 100)),
        "districts": table("code", old).assign(vintage="2024"),
    }
    made.write_tables(tables)
    ridge = np.where(inside(4_000, 0, 4_300, 4_800), 400.0, 10.0)
    write_raster(made.raster_path("terrain"), {"terrain": raster(ridge, "terrain")})
    ip.gaps(made)
    write_report(made)
    draw_map(made)
    return made


@pytest.fixture(scope="module")
def stored(plan: Plan) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return hamlets and shares as another program reads them from the GeoPackage."""
    path = plan.results / "gaps.gpkg"
    assert {"hamlets", "shares"} <= set(pyogrio.list_layers(path)[:, 0])
    return gpd.read_file(path, layer="hamlets"), gpd.read_file(path, layer="shares")


def headline(shares: pd.DataFrame, level: str) -> pd.DataFrame:
    """Return people with 4G of any operator by area."""
    asked = "technology == '4G' and operator == 'any' and denominator == 'people'"
    return shares.query(f"{asked} and area_level == '{level}'").set_index("area_id")


def sheet_rows(plan: Plan, head: str) -> list[dict[str, object]]:
    """Return the rows of the sheet of the workbook that has a heading, with it."""
    (path,) = (plan.folder / "reports").glob("*.xlsx")
    for sheet in openpyxl.load_workbook(path).worksheets:
        rows = list(sheet.iter_rows(values_only=True))
        for number, row in enumerate(rows):
            if head in row:
                return [dict(zip(row, cells, strict=True)) for cells in rows[number + 1 :]]
    msg = f"no sheet has {head}"
    raise AssertionError(msg)


def map_text(plan: Plan) -> SimpleNamespace:
    (path,) = (plan.folder / "maps").glob("*.html")
    return SimpleNamespace(html=path.read_text(encoding="utf-8"))


def test_hamlets_sum_to_communes_districts_and_the_province_for_every_reading(stored):
    shares = stored[1].query("denominator == 'people'")
    by = ["area_level", "technology", "operator"]
    sums = shares.groupby(by)[["total", "covered", "unknown"]].sum()
    for level in ("hamlet", "commune", "district"):
        assert np.allclose(sums.loc[level], sums.loc["province"], rtol=1e-6, atol=1e-6)
    assert set(sums.loc["province"]["total"].round(3)) == {1_500.0}
    covered = headline(shares, "province")["covered"].iloc[0]
    assert 500 < covered < 1_400  # the ridge takes some, or nothing was compared


def test_the_hamlets_of_the_geopackage_agree_with_its_shares(stored):
    homes, shares = stored
    found = homes.set_index("hamlet_id")
    told = headline(shares, "hamlet").loc[found.index]
    assert found["people"].tolist() == pytest.approx(told["total"].tolist(), abs=1e-6)
    lacking = (told["total"] - told["covered"]).tolist()
    assert found["people_uncovered"].tolist() == pytest.approx(lacking, abs=1e-6)


def test_the_workbook_agrees_with_the_geopackage_to_the_person(plan, stored):
    rows = [row for row in sheet_rows(plan, "Mã xã") if row["Dân số"] is not None]
    told = headline(stored[1], "commune")
    whole = headline(stored[1], "province").iloc[0]
    for row in rows:
        area = whole if row["Mã xã"] is None else told.loc[row["Mã xã"]]
        assert row["Dân số"] == pytest.approx(area["total"], abs=1e-6)
        assert row["Dân chưa có sóng"] == pytest.approx(area["total"] - area["covered"], abs=1e-6)
    assert len(rows) == 3  # two communes and the total


def test_the_csv_files_agree_with_the_workbook_to_the_person(plan):
    in_book = [row for row in sheet_rows(plan, "Mã xã") if row["Dân số"] is not None]
    for path in (plan.folder / "reports" / "csv").glob("*.csv"):
        lines = list(csv.reader(path.read_text("utf-8-sig").splitlines(), delimiter=";"))
        heads = [number for number, line in enumerate(lines) if "Mã xã" in line]
        if heads and "Dân chưa có sóng" in lines[heads[0]]:
            rows = [dict(zip(lines[heads[0]], line, strict=True)) for line in lines[heads[0] + 1 :]]
            for name in ("Dân số", "Dân chưa có sóng"):
                assert [int(row[name]) for row in rows] == [round(row[name]) for row in in_book]
            return
    pytest.fail("no CSV file holds the communes")


def test_the_map_prints_the_same_shares(plan, stored):
    shares = stored[1].query("area_level == 'province' and denominator == 'people'")
    told = {tuple(row[:2]) for table in blocks(map_text(plan), "page")[0]["tables"]
            for row in table["rows"]}  # fmt: skip
    for technology in ("2G", "4G"):
        row = shares[(shares["technology"] == technology) & (shares["operator"] == "any")]
        share = f"{100 * row['share'].iloc[0]:.1f}".replace(".", ",")
        assert (technology, share) in told


def test_hostile_names_stay_text_in_workbook_csv_and_map(plan):
    (path,) = (plan.folder / "reports").glob("*.xlsx")
    cells = [
        c for s in openpyxl.load_workbook(path).worksheets for row in s.iter_rows() for c in row
    ]
    assert not [c for c in cells if c.data_type == "f"]
    assert HOSTILE["H3"] in {c.value for c in cells}
    for file in (plan.folder / "reports" / "csv").glob("*.csv"):
        for line in csv.reader(file.read_text("utf-8-sig").splitlines(), delimiter=";"):
            assert not [cell for cell in line if cell.startswith(("=", "+", "@"))]
    page = map_text(plan).html
    assert "<script>alert" not in page
    assert "<b>Tây" not in page


def test_the_ridge_hides_one_hamlet_and_terrain_is_the_cause(stored):
    homes = stored[0].query("not hamlet_id.str.endswith('-rest')").set_index("hamlet_id")
    causes = homes["cause"].dropna().to_dict()
    assert set(causes.values()) == {"terrain"}
    assert set(causes) <= {"H3", "H4"}

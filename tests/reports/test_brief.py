"""The page for the head: any plan, nothing invented, what moved since the last one."""

import re
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from infraplan.layers.bundle import Layers
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.reports.brief import Findings
from infraplan.reports.brief import _changes
from infraplan.reports.brief import _decisions
from infraplan.reports.brief import _doubts
from infraplan.reports.brief import _number
from infraplan.reports.brief import _open_batches
from infraplan.reports.brief import brief_figures
from infraplan.reports.brief import write_brief
from infraplan.sites.rules import SiteRules
from infraplan.text import words

CRS = "EPSG:9209"
DAY = date(2026, 11, 28)
SAY = words("vi")


def found(**columns: Any) -> Findings:
    size = len(next(iter(columns.values()), []))
    rows = {"operator": ["Viettel"] * size, "batch": ["b"] * size, "decision": [None] * size}
    table = gpd.GeoDataFrame(
        rows | columns, index=pd.Index([f"R{n}" for n in range(size)], name="request_id"),
        geometry=[shapely.Point(542_000, 2_028_000)] * size, crs=CRS,
    )  # fmt: skip
    rules = SiteRules.from_dict(read_toml(data_path("rules/vn-2025.toml")))
    tables = {"requests": table} if size else {}
    return Findings(Layers(name="Thử", crs=CRS, tables=tables), DAY, rules)


def test_an_empty_plan_says_what_it_lacks_and_invents_nothing() -> None:
    bare = found()
    assert _number(bare, SAY) == "—"
    assert _decisions(bare, SAY) == []
    assert "kết quả vùng phủ" in _doubts(bare, SAY)[0]
    assert set(brief_figures(bare)) == {"open_requests", "unconfirmed_rules"}


def test_the_page_is_one_and_the_picture_as_wide_as_a_phone_shows() -> None:
    pdf, png = write_brief(found(due=["2026-12-05"] * 3), picture=None, before=None, words=SAY)
    assert int(re.findall(rb"/Type\s*/Pages[^>]*?/Count (\d+)", pdf)[0]) == 1
    assert int.from_bytes(png[16:20], "big") == 1080
    again = write_brief(found(due=["2026-12-05"] * 3), picture=None, before=None, words=SAY)
    assert (pdf, png) == again


@pytest.mark.parametrize(
    ("due", "told"),
    [("2026-12-05", "còn 7 ngày"), ("2026-11-28", "hôm nay"), ("2026-11-20", "Quá hạn 8 ngày"),
     (None, "chưa ghi hạn")],
)  # fmt: skip
def test_a_batch_tells_how_long_is_left(due: str | None, told: str) -> None:
    (decision,) = _decisions(found(due=[due]), SAY)
    assert told in decision["lines"][0]
    assert "Chưa thẩm định." in decision["lines"]


def test_what_is_decided_or_withdrawn_waits_for_nobody() -> None:
    states = found(
        state=["received", "decided", "withdrawn", None], decision=[None] * 3 + ["reject"]
    )
    assert [(name, list(rows.index)) for name, rows in _open_batches(states)] == [("b", ["R0"])]


def test_the_batch_that_is_due_first_comes_first_and_others_are_counted() -> None:
    many = found(
        batch=list("abcde"), due=["2027-01-01", "2026-12-01", None, "2027-03-01", "2027-02-01"]
    )
    decisions = _decisions(many, SAY)
    assert [d["title"].split()[3] for d in decisions] == ["b", "a", "e"]
    assert decisions[2]["lines"][-1] == "Còn 2 đợt khác đang chờ."


def test_what_moved_since_the_last_page_is_told() -> None:
    (line,) = _changes(found(due=[None]), (date(2026, 10, 1), {"open_requests": 4.0}), SAY)
    assert "01/10/2026" in line
    assert "4 trước đây, nay 1" in line
    assert "chưa có bản trước" in _changes(found(), None, SAY)[0]


def test_hostile_names_stay_on_one_page() -> None:
    bad = found(operator=['#eval("1")' * 40], batch=["*" * 500], letter=["<b>\u202e" * 200])
    pdf, _ = write_brief(bad, picture=None, before=None, words=SAY)
    assert int(re.findall(rb"/Type\s*/Pages[^>]*?/Count (\d+)", pdf)[0]) == 1

"""Two routes on their map, stored and told."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from infraplan import maps
from infraplan.cables import Route
from infraplan.cables import plan_route
from infraplan.cables.shared_told import shared_part
from infraplan.cli.account import tell_route
from infraplan.plan import PlanSettings
from infraplan.plan import create_plan
from infraplan.plan.results import load_route
from infraplan.plan.results import store_route
from infraplan.text import words
from tests.cables.conftest import prices  # noqa: F401 - a fixture
from tests.cables.conftest import street
from tests.cables.conftest import town  # noqa: F401 - a fixture
from tests.cables.test_routes import BLOCK
from tests.cables.test_routes import at
from tests.maps.test_page import blocks


@pytest.fixture
def pair(town, prices) -> Route:  # noqa: F811 - a fixture
    lane = street("S5", (200, 150), (300, 150), name="Ngõ {5} <b>")
    layers = town(streets=[*BLOCK, lane])
    return plan_route(layers, at(0, 0), at(300, 152), prices=prices, diverse=True)


def test_each_route_has_its_colour_and_common_parts_are_marked(pair: Route) -> None:
    page = maps.route(pair)
    route, common = (
        next(entry for entry in blocks(page, "layer") if entry["name"] == name)
        for name in ("route", "common")
    )
    colors = [entry["color"] for entry in route["styles"] if entry["count"]]
    assert len(set(colors)) == 3
    assert common["count"] == len(pair.common)
    tables = blocks(page, "page")[0]["tables"]
    assert [table["title"] for table in tables] == [
        "Tuyến 1",
        "Tuyến 2",
        "Chỗ hai tuyến dùng chung",
    ]
    assert "Trong các cặp tuyến dùng chung ít như vậy, không cặp nào rẻ hơn" in tables[0]["note"]
    assert "dự phòng" not in page.html


def test_the_words_of_two_routes_do_not_contradict_each_other(
    pair: Route, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_route(pair, words("vi"))
    said = capsys.readouterr().out
    assert "Không có hai tuyến nào tách hẳn nhau" in said
    assert said.index("hào chung trên") < said.index("Trong các cặp tuyến dùng chung ít như vậy")
    ends = replace(pair, common=pair.common.assign(kind="drop"))
    tell_route(ends, words("vi"))
    said = capsys.readouterr().out
    assert "chỉ chung đoạn nối vào điểm cuối:" in said
    assert "Không có cặp tuyến tách hẳn nào rẻ hơn." in said
    tell_route(replace(pair, common=pair.common.iloc[:0]), words("en"))
    assert "no common junction.\nNo pair of routes that are fully apart" in capsys.readouterr().out


@pytest.mark.parametrize(("language", "part"), [("vi", "hào chung trên"), ("en", "common trench")])
def test_what_is_shared_is_told_with_its_name_and_place(pair: Route, language, part) -> None:
    told = shared_part(pair.common.iloc[0].to_dict(), words(language))
    assert told.startswith(f"{part}")
    assert "Ngõ {5} <b>" in told
    assert "540250,2030150" in told


def test_two_routes_are_stored_beside_a_single_one(pair: Route, tmp_path: Path) -> None:
    plan = create_plan(tmp_path / "p", PlanSettings(name="Thử"))
    path = store_route(plan, pair, names=("A", "B"))
    assert path.name == "A_B_diverse.gpkg"
    back = load_route(plan, ("A", "B"), pair.layers, diverse=True)
    assert (back.lengths_m, back.bound_vnd, back.optimal) == (
        pair.lengths_m, pair.bound_vnd, True,
    )  # fmt: skip
    pd.testing.assert_frame_equal(pd.DataFrame(back.common), pd.DataFrame(pair.common))
    assert back.segments["cost_vnd"].sum() == pair.cost_vnd

"""Parts of streets are told as parts wherever a reader could take them for the whole street."""

from dataclasses import replace

import pytest
import shapely

from infraplan.cables import CablePlan
from infraplan.cables import plan_underground
from infraplan.cables.plan_told import street_told
from infraplan.cli.account import tell_underground
from infraplan.maps.choices import street_choices
from infraplan.reports.drawings import street_drawings
from infraplan.reports.underground_memo import approval_memo
from infraplan.text import words
from tests.cables.conftest import EAST
from tests.cables.conftest import NORTH
from tests.cables.conftest import shifted
from tests.cables.test_works import ONE
from tests.cables.test_works import TURN
from tests.cables.test_works import WIRES

VI = words("vi")


@pytest.fixture
def layers(town):
    return town(streets=[ONE, TURN], fibre=WIRES)


def test_a_part_is_told_with_the_places_asked_for(layers, prices) -> None:
    asked = ["phan dinh phung: 20,5 - ha huy tap", "Hà Huy Tập: - 100 m"]
    made = plan_underground(layers, streets=asked, prices=prices)
    assert [street_told(made, name, VI) for name in ("Phan Đình Phùng", "Hà Huy Tập", "X")] == [
        "Phan Đình Phùng (đoạn từ 20,5 m đến Hà Huy Tập)",
        "Hà Huy Tập (đoạn từ đầu đường đến 100 m)",
        "X",
    ]


def test_two_parts_of_a_street_are_both_dug_and_a_whole_street_is_no_part(layers, prices) -> None:
    parts = ["S1: 0 - 50", "S1: 120 - "]
    made = plan_underground(layers, streets=parts, prices=prices)
    told = street_told(made, "Phan Đình Phùng", words("en"))
    assert told == "Phan Đình Phùng (from 0 m to 50 m; from 120 m to its end)"
    x = made.segments.geometry.get_coordinates()["x"] - EAST
    assert ((x < 55).any(), ((x > 60) & (x < 115)).any(), (x > 120).any()) == (True, False, True)
    whole = plan_underground(layers, streets=[*parts, "S1"], prices=prices)
    assert whole.stretches == {}


def test_a_street_that_an_outline_cuts_is_told_as_a_part(layers, prices) -> None:
    area = shapely.box(EAST - 50, NORTH - 50, EAST + 120, NORTH + 50)
    made = plan_underground(layers, area=area, prices=prices)
    assert street_told(made, "Phan Đình Phùng", VI) == "Phan Đình Phùng (một phần)"


def test_one_line_of_a_street_that_has_two_is_told_as_a_part(town, prices) -> None:
    other = ONE | {"street_id": "S9", "geometry": shifted((0, 900), (200, 900))}
    town_of_two = town(streets=[ONE, TURN, other], fibre=WIRES)
    made = plan_underground(town_of_two, streets=["S1", "Hà Huy Tập"], prices=prices)
    assert dict(made.stretches) == {"Phan Đình Phùng": ()}
    assert plan_underground(town_of_two, streets=["Phan Đình Phùng"], prices=prices).stretches == {}


def test_screen_memo_drawings_and_map_tell_the_part(town, prices, capsys) -> None:
    from tests.reports.undergrounding import plan

    base: CablePlan = replace(plan(), stretches={"Trần Phú": (("100", "600"),)})
    told = "Trần Phú (đoạn từ 100 m đến 600 m)"
    tell_underground(base, VI)
    assert f"Chỉ làm một phần: {told}." in capsys.readouterr().out
    text = text_of(approval_memo(base, VI))
    assert text.count(told) >= 2  # title, table of streets
    sheets = [sheet for sheet in street_drawings(base, VI) if sheet.street == "Trần Phú"]
    assert all(told in sheet.svg.decode() and sheet.title.startswith(told) for sheet in sheets)
    if len(base.subsets) and len(base.subset_shares):
        assert told in street_choices(base, VI)["streets"]


def text_of(content: bytes) -> str:
    """Return all text of a Word file."""
    import io

    import docx

    document = docx.Document(io.BytesIO(content))
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])

"""The cards of a batch as data: every figure of the tables, nothing where they are empty."""

import json
import re

import numpy as np
import pytest

from infraplan import maps
from infraplan.maps.card_pictures import curve_of
from infraplan.maps.card_pictures import footprint_of
from infraplan.maps.card_pictures import profile_of
from infraplan.maps.cards import batch_cards
from infraplan.maps.packing import unpack
from infraplan.maps.projection import to_web
from infraplan.text import words
from tests.maps import batches
from tests.sites.world import at

VI = words("vi")
OPTIONAL = ("stability", "footprint", "alternatives", "flips", "links", "related", "changes")


@pytest.fixture(scope="module")
def cards():
    return batch_cards(batches.appraisal(), VI)


@pytest.fixture(scope="module")
def html():
    return maps.appraisal(batches.appraisal()).html


@pytest.fixture(scope="module")
def first(cards):
    return cards["cards"][0]


def test_cards_follow_the_order_of_the_batch(cards):
    assert [card["sort"]["rank"] for card in cards["cards"]] == [1, 2, 3, 4]
    assert [card["id"] for card in cards["cards"]][:2] == ["R1", "R2"]


def test_figures_are_those_of_the_table_with_their_range(first):
    figures = dict(first["figures"])
    assert figures["Dân được phủ thêm"] == "khoảng 410 (250 đến 580)"
    assert figures["Riêng vị trí này thêm"] == "210"
    assert figures["Dân được san bớt tải từ trạm bên"] == "chưa đủ dữ liệu"
    assert first["stability"]["text"] == "Giữ nguyên trong 187/200 lần thử"


def test_at_most_five_reasons_come_first_and_every_check_follows(first):
    assert len(first["reasons"]) == 5
    assert [check["state"] for check in first["checks"]].count("chưa đủ dữ liệu") == 4
    spacing = first["checks"][0]
    assert spacing["cells"] == ["95\u00a0m", "300\u00a0m", "−205\u00a0m"]
    assert spacing["confirmed"] == "chưa được Sở xác nhận"


def test_a_confirmed_rule_names_who_confirmed_it_and_when(cards):
    check = cards["cards"][1]["checks"][0]
    assert check["confirmed"] == "{{7*7}} xác nhận, 20/11/2025"


def test_proposal_and_decision_are_both_told(cards):
    card = cards["cards"][1]
    assert card["proposal"]["text"] == "Chưa phù hợp"
    assert card["decision"]["text"] == "Đủ điều kiện"
    assert card["decision"]["lines"][0].endswith(", 24/11/2025")
    assert cards["batch"]["decided"] == "Sở đã quyết định 1/4 vị trí"


def test_a_mast_tells_people_and_share_or_why_it_was_not_computed(first):
    near, full = first["alternatives"]
    assert near["cells"][3:] == ["khoảng 350 (200 đến 480)", "85\u00a0%"]
    assert full["cells"][2:] == ["–", "không còn chỗ lắp", "–"]
    assert full["at"] is None


def test_what_would_flip_tells_people_and_rules(first):
    move, lower = first["flips"]
    assert move["text"] == "Dịch vị trí 210 m"
    assert move["lines"][0] == "dân được phủ thêm khoảng 430 (+4\u00a0%)"
    assert move["lines"][1] == "Khoảng cách giữa các cột: kèm yêu cầu → đạt"
    assert (move["same"], lower["same"]) == (False, True)


def test_places_are_those_of_the_planning_system(first):
    assert first["at"] == pytest.approx([18.3924, 105.89726], abs=0.02)
    apart = np.subtract(first["alternatives"][0]["at"], first["at"])
    assert apart * [110_700, 105_600] == pytest.approx([200, 600], abs=6)


def test_a_footprint_keeps_every_class_before_and_after(first):
    window = first["footprint"]
    codes = unpack(window["data"])[1]["codes"]
    found = {((int(code) - 1) // 5, (int(code) - 1) % 5) for code in codes if code}
    assert found == {(0, 0), (0, 3), (1, 3), (4, 4)}
    assert codes.size == window["rows"] * window["columns"]


def test_a_footprint_lies_on_its_place(first):
    west, south, east, north = first["footprint"]["bounds"]
    assert (east - west, north - south) == pytest.approx((2700 / 0.949, 1800 / 0.949), rel=0.08)
    corner = to_web([at(1000, 7000)], "EPSG:9209")[0]
    assert (west, north) == pytest.approx((corner.x, corner.y), abs=100)


@pytest.mark.parametrize(
    "broken", [{"before": "§"}, {"after": None}, {"rows": 7}, {"cell_m": float("nan")}]
)
def test_a_broken_footprint_is_left_out(broken):
    assert footprint_of({**batches.window(), **broken}, "EPSG:9209") is None


def test_a_path_keeps_its_ends_and_its_peak():
    link = batches.study()["links"].iloc[0].to_dict()
    path = profile_of(link)
    assert (path["distance"][0], path["distance"][-1], path["near"]) == (0, 6000, 42)
    assert max(path["ground"]) == pytest.approx(65, abs=0.1)


@pytest.mark.parametrize(
    "told",
    ["", "[]", "{", '{"distance_m":[0],"ground_m":[1]}', '{"distance_m":[0,0],"ground_m":[1,1]}',
     '{"distance_m":[0,9],"ground_m":[1,NaN]}', '{"distance_m":[0,9],"ground_m":[1]}'],
)  # fmt: skip
def test_a_broken_path_is_left_out(told):
    link = batches.study()["links"].iloc[0].to_dict()
    assert profile_of({**link, "profile_json": told}) is None


def test_a_link_tells_whether_its_ends_see_each_other(cards):
    told = [link for card in cards["cards"] for link in card["links"]]
    assert [link["outcome"] for link in told] == ["fail", "not_assessed"]
    assert told[0]["text"] == "Bị che"
    assert told[0]["clearance"].startswith("hở −20 % bán kính")
    assert (told[1]["profile"], told[1]["clearance"], told[1]["at"]) == (None, "", None)


def test_a_curve_leaves_out_heights_without_people():
    heights = batches.table(
        ["height_m"], *({"height_m": h, "people": p} for h, p in ((40, 9.0), (20, 5.0), (60, None)))
    )
    assert curve_of(heights) == [[20, 5, 5, 5], [40, 9, 9, 9]]


def test_with_empty_tables_each_card_still_stands():
    cards = batch_cards(batches.unstudied(), VI)
    assert len(cards["cards"]) == 4
    assert not any(card[part] for card in cards["cards"] for part in OPTIONAL)
    batch = cards["batch"]
    assert not any(batch[part] for part in ("frontier", "overlaps", "against", "swaps"))


def test_the_batch_tells_frontier_conflicts_and_what_is_possible_elsewhere(cards):
    batch = cards["batch"]
    assert [row[2] for row in batch["frontier"]["rows"]] == [
        "không cách chọn nào hơn", "cách khác nhiều nhất 530",
    ]  # fmt: skip
    assert batch["overlaps"][0]["text"].endswith("vướng: Khoảng cách giữa các cột")
    assert "1.200 nơi" in batch["against"][0]
    assert batch["against"][1] == "Đợt này đạt 58 % so với cách chọn tốt nhất đã tìm được."
    assert "từ 520 lên 760" in batch["swaps"][0]["text"]


def test_the_page_is_the_same_each_time_and_says_synthetic(html):
    assert maps.appraisal(batches.appraisal()).html == html
    assert "SỐ LIỆU GIẢ LẬP" in html
    assert "SỐ LIỆU GIẢ LẬP" not in maps.appraisal(batches.appraisal(synthetic=())).html


def test_hostile_text_reaches_the_page_as_data_only(html, cards):
    told = re.sub(r'<script type="application/json".*?</script>|<noscript>.*?</noscript>', "", html)
    assert not any(name in told for name in batches.HOSTILE)
    assert "49" not in json.dumps(cards["cards"][1]["about"])


def test_a_page_without_cards_carries_none_of_their_programs():
    plain = maps.build_page([], maps.Facts(title="T")).html
    assert "ip.heightChart" not in plain
    assert "ip-cards-body" not in plain


def test_a_decided_request_is_marked_by_the_decision_with_a_dark_rim(html):
    layer = next(
        one
        for text in re.findall(r'class="infraplan-layer">(.*?)</script>', html)
        if (one := json.loads(text))["name"] == "requests_lo 2"
    )
    style = next(s for s in layer["styles"] if s["value"] == "decided_approve")
    assert style["label"] == "Sở quyết định: Đủ điều kiện"
    assert (style["color"], style["count"]) == ("#111111", 1)

"""The page as text: what it holds, what it must not hold."""

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infraplan import maps
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.maps.packing import unpack
from infraplan.maps.page import Facts
from infraplan.maps.page import MapPage
from infraplan.maps.page import build_page
from infraplan.radio.results import Coverage
from infraplan.sites import Appraisal


def blocks(page: MapPage, kind: str) -> list[dict[str, Any]]:
    found = re.findall(
        rf'<script type="application/json" class="infraplan-{kind}">(.*?)</script>', page.html
    )
    return [json.loads(text) for text in found]


@pytest.fixture(scope="module")
def page(
    layers: Layers,
    coverage: Coverage,
    gaps: SimpleNamespace,
    appraisal: SimpleNamespace,
    proposal: SimpleNamespace,
    cable_plan: SimpleNamespace,
) -> MapPage:
    return maps.plan_page(
        layers, title="Phủ sóng <Hà Tĩnh>", coverage=coverage, gaps=gaps, appraisals=[appraisal],
        proposal=proposal, cable_plan=cable_plan,
    )  # fmt: skip


def test_every_layer_and_feature_is_there(page: MapPage) -> None:
    counts = {entry["name"]: entry.get("count") for entry in blocks(page, "layer")}
    assert counts["sites"] == 4
    assert counts["hamlets"] == 2
    assert counts["requests_đợt 1"] == counts["proposal"] == counts["segments"] == 2
    assert {"relief", "sea", "communes", "fibre", "coverage_4G_any", "chambers"} <= set(counts)


def test_the_legend_names_levels_classes_and_operators(page: MapPage) -> None:
    layers = {entry["name"]: entry for entry in blocks(page, "layer")}
    legend = {name: [s["label"] for s in entry["styles"]] for name, entry in layers.items()}
    assert legend["hamlets"] == ["Không có sóng", "chưa đủ dữ liệu"]
    assert legend["coverage_4G_any"][0] == "Không có sóng (dưới −110 dBm)"
    assert "Viettel" in legend["sites"]
    assert legend["requests_đợt 1"] == ["Đủ điều kiện, kèm yêu cầu", "Chưa phù hợp"]


def test_a_popup_tells_ranges_reasons_and_what_is_unknown(page: MapPage) -> None:
    layers = {entry["name"]: entry for entry in blocks(page, "layer")}
    requests = unpack(layers["requests_đợt 1"]["data"])[0]["columns"]
    assert [c for col in requests for c in col if "410" in c] == ["khoảng 410 (250 đến 560)"]
    assert any("Cách trạm gần nhất" in cell and "500" in cell for col in requests for cell in col)
    hamlets = unpack(layers["hamlets"]["data"])[0]["columns"]
    assert any(cell == "chưa đủ dữ liệu" for col in hamlets for cell in col)


def test_the_figures_carry_their_definition_and_the_warning(page: MapPage) -> None:
    told = blocks(page, "page")[0]
    assert told["warning"] == "SỐ LIỆU GIẢ LẬP, KHÔNG DÙNG ĐỂ KÝ"
    assert "75 %" in told["definition"][0]
    assert "4G −110 dBm" in told["definition"][0]
    assert told["tables"][0]["rows"] == [["4G", "98,1", "97,0 – 99,0", "1,0"]]
    assert any("giả lập" in line and "trạm BTS" in line for line in told["sources"])


def test_without_scripts_the_figures_are_still_there(page: MapPage) -> None:
    plain = html.unescape(re.search(r"<noscript>(.*?)</noscript>", page.html, re.DOTALL).group(1))
    assert "98,1" in plain
    assert "Phủ sóng <Hà Tĩnh>" in plain


def test_no_address_on_the_network_is_left(page: MapPage) -> None:
    assert not re.search(r"https?://", page.html)
    assert not re.search(r"(src|href)\s*=\s*[\"']?(?!data:)\w", page.html.split("<script>")[0])


def test_the_policy_names_each_script_by_its_hash(page: MapPage) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page.html).group(1)
    assert page.html.index("Content-Security-Policy") < page.html.index("<script")
    for body in re.findall(r"<script>(.*?)</script>", page.html, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]


def test_the_same_inputs_give_the_same_bytes(
    layers: Layers, coverage: Coverage, gaps: SimpleNamespace
) -> None:
    first, second = (
        maps.plan_page(layers, title="T", coverage=coverage, gaps=gaps).html for _ in range(2)
    )
    assert first == second


def test_a_saved_page_is_the_page(page: MapPage, tmp_path: Path) -> None:
    path = page.save(tmp_path / "Thẩm định BTS" / "bản đồ.html")
    assert path.read_text(encoding="utf-8") == page.html


def test_a_notebook_shows_it_in_a_frame_that_can_do_nothing_else(page: MapPage) -> None:
    shown = page._repr_html_()
    assert 'sandbox="allow-scripts"' in shown
    assert html.unescape(re.search(r'srcdoc="(.*?)"', shown, re.DOTALL).group(1)) == page.html


def test_a_page_too_large_for_a_notebook_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = MapPage("x" * 6_000_000)._repr_html_()
    assert "6,0 MB" in shown
    assert len(shown) < 1000


@pytest.mark.parametrize("name", ["gaps", "appraisal", "proposal", "cable_plan"])
def test_each_result_has_a_page_in_both_languages(
    name: str, request: pytest.FixtureRequest
) -> None:
    result = request.getfixturevalue(name)
    draw = getattr(maps, {"cable_plan": "underground"}.get(name, name))
    pages = [draw(result, language=language) for language in ("vi", "en")]
    titles = [blocks(page, "page")[0]["title"] for page in pages]
    assert titles[0] != titles[1]
    assert all(len(blocks(page, "layer")) > 5 for page in pages)


def test_coverage_alone_has_a_page(coverage: Coverage) -> None:
    drawn = blocks(maps.coverage(coverage), "layer")
    assert [entry["name"] for entry in drawn] == ["coverage_4G_any", "coverage_2G_any"]
    assert [entry["shown"] for entry in drawn] == [True, False]


def test_a_route_has_a_page(layers: Layers, cable_plan: SimpleNamespace) -> None:
    found = SimpleNamespace(
        segments=cable_plan.segments.rename(columns={"street": "name"}), length_m=700.0,
        alternatives=cable_plan.segments.assign(rank=2), cost_vnd=460_000_000, layers=layers,
        provenance=cable_plan.provenance,
    )  # fmt: skip
    page = maps.route(found)
    assert {"route", "alternative"} <= {entry["name"] for entry in blocks(page, "layer")}
    assert "700" in blocks(page, "page")[0]["tables"][0]["note"]


def test_results_with_few_columns_are_drawn_all_the_same(
    layers: Layers, gaps: SimpleNamespace, appraisal: Appraisal
) -> None:
    bare = SimpleNamespace(**{**vars(gaps), "hamlets": gaps.hamlets[["name", "geometry"]]})
    few = appraisal.requests[["operator", "geometry"]]
    page = maps.plan_page(
        layers, title="T", gaps=bare,
        appraisals=[replace(appraisal, requests=few)],
    )  # fmt: skip
    assert {"hamlets", "requests_đợt 1"} <= {entry["name"] for entry in blocks(page, "layer")}


def test_an_empty_plan_has_a_page() -> None:
    page = maps.plan_page(Layers(name="", crs="EPSG:9209", tables={}), title="Trống")
    assert blocks(page, "layer") == []


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(SettingsError, match="language must be one of"):
        build_page([], Facts(title="T"), language="fr")


def test_a_base_map_opens_the_page_to_one_host_and_no_other() -> None:
    facts = Facts(title="T", base_map="https://tiles.example.org/{z}/{x}/{y}.png")
    text = build_page([], facts).html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert "img-src data: https://tiles.example.org;" in policy
    assert policy.count("https://") == text.count("https://") == 1
    assert "https://" not in build_page([], Facts(title="T")).html


@pytest.mark.parametrize(
    "address",
    [
        "http://host/{z}/{x}/{y}.png",
        "https://host/{z}/{x}.png",
        "https://{s}.host/{z}/{x}/{y}.png",
        "https://host/{z}/{x}/{y}/{s}",
        "https://host; script-src *; /{z}/{x}/{y}.png",
        'https://host/{z}/{x}/{y}.png"><script>',
    ],
)
def test_a_base_map_needs_a_proper_address(address: str) -> None:
    with pytest.raises(SettingsError, match=r"map\.online_base"):
        build_page([], Facts(title="T", base_map=address))


def test_the_page_says_what_its_colours_mean_and_of_which_days_its_data_are(
    layers: Layers, gaps: SimpleNamespace, coverage: Coverage
) -> None:
    dated = layers.table("sources").assign(as_of=["2025-07-01", "2024-12-31"])
    tables = {**layers.tables, "sources": dated}
    page = maps.plan_page(replace(layers, tables=tables), title="T", gaps=gaps, coverage=coverage)
    told = blocks(page, "page")[0]
    assert told["as_of"] == "Số liệu từ 31/12/2024 đến 01/07/2025"
    assert told["headline"].startswith("Có sóng: nơi ngoài trời có ít nhất 75 % khả năng")
    assert "4G −110 dBm" in told["headline"]
    english = maps.plan_page(layers, title="T", gaps=gaps, language="en")
    told = blocks(english, "page")[0]
    assert told["headline"].startswith("Covered: outdoors")
    assert told["as_of"] == ""
    spoken = json.dumps(told["words"], ensure_ascii=False)
    assert not re.search(r"[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", spoken)


def test_what_may_not_be_passed_on_says_so_with_and_without_scripts() -> None:
    facts = Facts(title="T", restricted="Lưu hành <nội bộ>")
    page = build_page([], facts)
    assert blocks(page, "page")[0]["restricted"] == "Lưu hành <nội bộ>"
    assert "<strong>Lưu hành &lt;nội bộ&gt;</strong>" in page.html

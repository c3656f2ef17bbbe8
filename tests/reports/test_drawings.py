"""Drawings of streets: true numbers, room for every label, nothing that runs."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infraplan.cables.profiles import long_profiles
from infraplan.reports.cross_sections import users_of
from infraplan.reports.drawings import street_drawings
from infraplan.reports.svg import Canvas
from infraplan.reports.svg import spread
from infraplan.reports.svg import text_width
from infraplan.reports.svg import wrapped
from infraplan.text import words
from tests.reports.undergrounding import HOSTILE
from tests.reports.undergrounding import marks_of
from tests.reports.undergrounding import plan
from tests.reports.undergrounding import synthetic

VI = words("vi")


@pytest.fixture(scope="module")
def drawings():
    return street_drawings(plan(), VI)


def told(drawings, street):
    return [label.text for one in drawings if one.street == street for label in one.labels]


def test_any_text_is_read_back_as_it_was_written():
    canvas = Canvas(100, 50, 'A & "B"')
    canvas.text((1, 2), "<a href='x'>&amp;\x00\n \U0001f5fc Đường", ink='"/><script>')
    canvas.text((1, 2), "")
    root = ET.fromstring(canvas.content())  # noqa: S314 - our own file
    assert [one.text for one in root if one.tag.endswith("title")] == ['A & "B"']
    texts = [one for one in root if one.tag.endswith("text")]
    assert [one.text for one in texts] == ["<a href='x'>&amp; \U0001f5fc Đường", None]
    assert texts[0].get("fill") == '"/><script>'


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", ["Phan Đình Phùng", HOSTILE])
def test_no_label_lies_on_another_or_outside_the_frame(language, name):
    for drawing in street_drawings(synthetic(plan(name)), words(language)):
        labels = drawing.labels
        pairs = [(a, b) for k, a in enumerate(labels) for b in labels[k + 1 :] if a.overlaps(b)]
        assert [(a.text, b.text) for a, b in pairs] == []
        assert all(label.left_mm >= 20 and label.right_mm <= 415 for label in labels)
        assert all(label.top_mm >= 5 and label.bottom_mm <= 292 for label in labels)


def test_numbers_drawn_are_those_of_the_table(drawings):
    rows = long_profiles(plan()).reset_index()
    for street, own in rows.groupby("street", sort=False):
        texts = told(drawings, street)
        for _, row in own[own["mark"].notna()].iterrows():
            assert VI.number(row["at_m"], 1) in texts
            assert VI.number(row["ground_m"] + 1e-9, 2) in texts
            if np.isfinite(row["depth_m"]):
                assert VI.number(row["depth_m"] + 1e-9, 2) in texts
                assert VI.number(row["bottom_m"] + 1e-9, 2) in texts


def test_every_chamber_is_named_and_the_distance_to_the_next_written(drawings):
    rows = long_profiles(plan()).reset_index()
    texts = [text for one in drawings for text in (label.text for label in one.labels)]
    for chamber_id in plan().chambers.index:
        assert any(text.split()[0] == chamber_id for text in texts if text)
    own = rows[(rows["street"] == "Trần Phú") & rows["mark"].fillna("").str.contains("chamber")]
    for _, side in own.groupby("side", sort=False):
        at_m = side["at_m"].tolist()
        apart = VI.number(at_m[1] - at_m[0], 1) if len(at_m) > 1 else ""
        ended = "end" in str(side["mark"].iloc[0])
        assert not apart or ended or apart in told(drawings, "Trần Phú")


def test_drawings_are_xml_without_scripts_and_the_same_again(drawings):
    again = street_drawings(plan(), VI)
    assert [one.svg for one in again] == [one.svg for one in drawings]
    for drawing in street_drawings(plan(HOSTILE), VI):
        root = ET.fromstring(drawing.svg)  # noqa: S314 - our own file
        kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert kinds <= {"svg", "title", "rect", "polyline", "polygon", "circle", "text"}
        assert all("href" not in name for element in root.iter() for name in element.attrib)


def test_paper_is_a3_in_true_millimetres_with_stated_scales(drawings):
    root = ET.fromstring(drawings[0].svg)  # noqa: S314 - our own file
    assert (root.get("width"), root.get("height")) == ("420mm", "297mm")
    assert root.get("viewBox") == "0 0 420 297"
    heads = [text for text in told(drawings, drawings[0].street) if text.startswith("Trắc dọc bên")]
    assert heads
    assert all("tỷ lệ ngang 1:" in head and "phóng đại đứng" in head for head in heads)


def test_depth_is_drawn_to_the_scale_that_is_told(drawings):
    root = ET.fromstring(drawings[0].svg)  # noqa: S314 - our own file
    head = next(t for t in told(drawings, drawings[0].street) if t.startswith("Trắc dọc bên"))
    upright = int(head.split("đứng 1:")[1].split(" ")[0].replace(".", ""))
    banks = [
        e for e in root.iter("{http://www.w3.org/2000/svg}polygon") if e.get("fill") == "#f6c98a"
    ]
    points = [tuple(map(float, p.split(","))) for p in banks[0].get("points").split()]
    known = plan().segments.dropna(subset="depth_m").iloc[0]
    thick_mm = (known["depth_m"] - known["cover_m"]) * 1000 / upright
    assert points[-1][1] - points[0][1] == pytest.approx(thick_mm, abs=0.02)


def test_a_stretch_between_two_columns_of_numbers_is_drawn_without_words():
    table = long_profiles(plan())
    at_m, side = (table.index.get_level_values(name) for name in ("at_m", "side"))
    short = (side == "left") & np.isin(at_m, [105.0, 110.0])
    assert short.sum() == 4
    assert table.loc[short, "mark"].isna().all()
    profiles = table.assign(feature_id=table["feature_id"].mask(short, "G9999"))
    assert street_drawings(replace(plan(), profiles=profiles), VI)


def test_both_sides_of_a_sheet_have_the_same_scales(drawings):
    for drawing in drawings:
        heads = [one.text for one in drawing.labels if one.text.startswith("Trắc dọc bên")]
        assert len({head.split(" – ")[1] for head in heads}) <= 1


def test_ground_is_drawn_only_where_stations_tell_it(drawings):
    rows = long_profiles(plan()).reset_index()
    ground = [
        element
        for drawing in drawings
        for element in ET.fromstring(drawing.svg).iter()  # noqa: S314 - our own file
        if element.get("stroke") == "#5b3a12" and element.get("fill") == "none"
    ]
    begun = len(marks_of(rows, "begin"))
    legends = len([one for one in drawings if any(x.text == "Chú giải" for x in one.labels)])
    assert len(ground) == begun + legends


def test_synthetic_plan_says_so_on_every_sheet_and_a_real_one_nowhere(drawings):
    banner = VI("reports.synthetic")
    made_up = street_drawings(synthetic(plan()), VI)
    assert all(banner in [label.text for label in one.labels] for one in made_up)
    assert not any(banner in [label.text for label in one.labels] for one in drawings)


def test_unknown_ground_gives_depths_below_the_ground():
    texts = told(street_drawings(plan(with_ground=False), VI), "Trần Phú")
    assert "(*)" in texts
    assert any(text.startswith("Độ sâu so với") for text in texts)


def test_unknown_width_reads_so():
    texts = told(street_drawings(plan(width_m=float("nan")), VI), "Phan Đình Phùng")
    assert VI("papers.width_unknown") in texts


def test_ducts_of_a_trench_name_their_users_and_the_spare_ones(drawings):
    made = plan()
    trench = made.segments[made.segments["kind"] == "trench"]
    users = users_of(made, str(trench.index[0]))
    bores = int(trench["bores"].iloc[0])
    assert users == ("MobiFone", "VNPT", *[""] * (bores - 2))
    texts = told(drawings, str(trench["street"].iloc[0]))
    assert "1: MobiFone" in texts
    assert any(text.endswith("dự phòng") for text in texts)


def test_more_users_than_ducts_are_told():
    made = plan()
    uses = made.uses.assign(bores=9)
    texts = told(street_drawings(replace(made, uses=uses), VI), "Trần Phú")
    assert any(text.startswith("thiếu ") for text in texts)


def test_file_names_are_safe_and_differ():
    stems = [one.stem for one in street_drawings(plan(HOSTILE), VI)]
    assert len(set(stems)) == len(stems)
    assert all(stem.isascii() and "/" not in stem for stem in stems)


@given(st.lists(st.floats(0, 100), max_size=30), st.floats(0.1, 3))
def test_places_that_are_spread_keep_order_distance_and_bounds(wanted, apart):
    places = spread(sorted(wanted), apart, 0.0, 100.0)
    assert len(places) == len(wanted)
    assert (np.diff(places) >= apart - 1e-9).all()
    assert not len(places) or (places.min() >= -1e-9 and places.max() <= 100 + 1e-9)


def test_places_that_are_apart_stay_where_they_are():
    assert spread([1.0, 5.0, 9.0], 2.0, 0.0, 10.0).tolist() == [1.0, 5.0, 9.0]


@given(st.text(max_size=80))
def test_wrapped_lines_fit(text):
    assert all(text_width(line, 2.0) <= 30.0 or len(line) == 1 for line in wrapped(text, 30.0, 2.0))

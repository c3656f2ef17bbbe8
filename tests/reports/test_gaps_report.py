"""The Word report says what the gaps say, and nothing in it runs."""

import io
import zipfile
from dataclasses import replace

import docx
import pytest
from PIL import Image

from infraplan import maps
from infraplan.coverage.fixes import ActionPrices
from infraplan.coverage.fixes import FixMeans
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import derive_cells
from infraplan.reports import Office
from infraplan.reports import write_gaps_report
from infraplan.text import words
from tests.coverage.world import GEOBOX
from tests.coverage.world import coverage_of
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import inside
from tests.coverage.world import stations
from tests.coverage.world import world

VI = words("vi")
HOSTILE = "=HYPERLINK(1) {{7*7}} <b>$x^2$</b> \x07"
PICTURES = {
    "gaps": maps.gaps_picture,
    "readings": maps.readings_picture,
    "shares": maps.shares_picture,
    "fixes": maps.fixes_picture,
}


@pytest.fixture(scope="module")
def gaps():
    """One of two hamlets has no signal, 300 of 1,500 people; its name is hostile."""
    from infraplan.coverage import find_gaps
    from infraplan.coverage import people_grid

    shapes = hamlets(
        H1=("1", ground(600, 600, 1_230, 1_170), 700.0),
        H2=("1", ground(2_400, 3_000, 2_910, 3_570), 300.0),
        H3=("2", ground(5_000, 2_000, 5_600, 2_600), 500.0),
    )
    shapes.loc["H2", "name"] = HOSTILE
    layers = world(hamlets=shapes, sites=stations(A=(100.0, 100.0, "A", "4G")))
    lacking = inside(2_300, 2_900, 3_000, 3_700)
    coverage = coverage_of({("4G", "A"): ~lacking}, assumed=("A",))
    defaults = CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))
    means = FixMeans(
        defaults=defaults,
        prices=ActionPrices.from_dict(read_toml(data_path("prices/actions-assumed.toml"))),
        cells=derive_cells(layers.table("sites"), layers.table("cells"), defaults),
    )
    people = people_grid(layers, GEOBOX).people
    return find_gaps(layers, people, coverage, means=means)


def text_of(path):
    """Return all text of a Word file, that of tables and page heads too."""
    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    heads = [
        p.text for s in document.sections for p in (*s.header.paragraphs, *s.footer.paragraphs)
    ]
    return "\n".join([*(p.text for p in document.paragraphs), *cells, *heads])


def written(tmp_path, gaps, name="r.docx", **options):
    return write_gaps_report(tmp_path / name, gaps, pictures={}, words=VI, **options)


def test_the_report_tells_the_worst_gap_with_people_cause_fix_and_cost(tmp_path, gaps):
    text = text_of(written(tmp_path, gaps))
    row = gaps.hamlets.loc["H2"]
    assert VI("gaps_report.head_worst") in text
    people = (float(row[f"people_uncovered{end}"]) for end in ("", "_low", "_high"))
    assert VI.people_range(*people) in text
    assert VI.number(row["fix_cost_vnd"] / 1e6) in text
    assert str(row["cause_site"]) in text


def test_the_share_of_the_report_is_that_of_the_table(tmp_path, gaps):
    shares = gaps.shares.set_index(["area_level", "operator", "denominator"])["share"]
    share = shares.loc["province", "any", "people"]
    assert share == pytest.approx(0.8, abs=0.05)  # some people live outside the hamlets
    text = text_of(written(tmp_path, gaps))
    assert f"Sóng 4G của {VI('reports.operator_any')}: {VI.number(100 * share, 1)} %" in text


def test_hostile_text_is_shown_as_it_is_without_signs_that_xml_bars(tmp_path, gaps):
    assert "=HYPERLINK(1) {{7*7}} <b>$x^2$</b> " in text_of(written(tmp_path, gaps))


def test_synthetic_data_are_said_to_be_on_every_page(tmp_path, gaps):
    made_up = replace(gaps, provenance=replace(gaps.provenance, synthetic=("sites",)))
    document = docx.Document(str(written(tmp_path, made_up)))
    assert document.sections[0].header.paragraphs[0].text == VI("reports.synthetic")
    document = docx.Document(str(written(tmp_path, gaps, "real.docx")))
    assert not document.sections[0].header.paragraphs[0].text


def test_the_office_heads_the_paper_and_dots_stand_where_it_is_not_known(tmp_path, gaps):
    office = Office("Sở Khoa học và Công nghệ", "UBND tỉnh Hà Tĩnh", "Hà Tĩnh")
    assert "SỞ KHOA HỌC VÀ CÔNG NGHỆ" in text_of(written(tmp_path, gaps, office=office))
    assert "......" in text_of(written(tmp_path, gaps, "open.docx"))


def test_equal_content_gives_equal_bytes(tmp_path, gaps):
    one, two = (written(tmp_path, gaps, name).read_bytes() for name in ("a.docx", "b.docx"))
    assert one == two
    assert zipfile.ZipFile(io.BytesIO(one)).testzip() is None


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_picture_is_as_wide_as_the_page_and_the_same_each_time(gaps, name):
    one, two = (PICTURES[name](gaps) for _ in range(2))
    assert one == two
    picture = Image.open(io.BytesIO(one))
    assert picture.width == pytest.approx(16.5 / 2.54 * 200, abs=2)
    assert len(picture.convert("RGB").resize((80, 80)).getcolors(6_400)) > 20


def test_pictures_stand_in_the_report_with_captions_for_those_who_do_not_see_them(tmp_path, gaps):
    pictures = {name: draw(gaps) for name, draw in PICTURES.items()}
    path = write_gaps_report(tmp_path / "r.docx", gaps, pictures=pictures, words=VI)
    assert len(docx.Document(str(path)).inline_shapes) == len(PICTURES)
    xml = zipfile.ZipFile(path).read("word/document.xml").decode()
    assert VI("gaps_report.caption_map") in xml.partition("descr=")[2]


def test_an_area_without_gaps_says_so(tmp_path):
    from infraplan.coverage import find_gaps
    from infraplan.coverage import people_grid
    from tests.coverage.world import EVERYWHERE

    layers = world(sites=stations(A=(100.0, 100.0, "A", "4G")))
    found = find_gaps(
        layers, people_grid(layers, GEOBOX).people, coverage_of({("4G", "A"): EVERYWHERE})
    )
    text = text_of(written(tmp_path, found))
    assert VI("gaps_report.no_gaps") in text
    assert maps.gaps_picture(found) and maps.shares_picture(found)  # noqa: PT018 - both are drawn

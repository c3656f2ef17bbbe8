"""Workbooks that are bombs, traps, or no workbooks."""

import struct
import time
import zipfile
from pathlib import Path

import pytest

from infraplan.errors import SourceFileError
from infraplan.io.guards import check_archive
from infraplan.io.guards import read_member
from tests.hostile.conftest import Refusal
from tests.hostile.corpus import HEADINGS
from tests.hostile.corpus import ROW
from tests.hostile.corpus import archive_of
from tests.hostile.corpus import part_of
from tests.hostile.corpus import sheet_xml
from tests.hostile.corpus import workbook
from tests.hostile.corpus import workbook_with
from tests.hostile.corpus import xml_row

SHEET = "xl/worksheets/sheet1.xml"
LIST = xml_row(1, HEADINGS) + xml_row(2, ROW)
LAUGHS = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
PADDING = f"<!--{'x' * 70_000}-->"
LINK = 0o120777 << 16


def overlapping(path: Path) -> Path:
    """Return an archive whose directory names the same bytes many times, under other names."""
    content = bytearray(archive_of({"a.xml": b"x" * 1000}))
    start = content.rfind(b"PK\x01\x02")
    end = content.rfind(b"PK\x05\x06")
    entries = [bytes(content[start:end]).replace(b"a.xml", b"%c.xml" % n) for n in b"abcdefgh"]
    tail = bytearray(content[end:])
    directory = b"".join(entries)
    struct.pack_into("<HHI", tail, 8, len(entries), len(entries), len(directory))
    path.write_bytes(bytes(content[:start]) + directory + bytes(tail))
    return path


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"xl/media/x.bin": b"\0" * 30_000_000}, r"would unpack to 30 MB .* split the list"),
        ({f"e{n}": b"" for n in range(1001)}, r"1010 parts"),
        ({"../../evil.xml": b"x"}, r"holds '\.\./\.\./evil\.xml'.* leads out of the archive"),
        ({"..\\..\\evil.xml": b"x"}, r"leads out of the archive"),
        ({"/etc/evil.xml": b"x"}, r"holds '/etc/evil\.xml'"),
        ({"C:\\evil.xml": b"x"}, r"holds 'C:\\evil\.xml'"),
        ({SHEET: None}, r"no sheet has headings"),
        ({SHEET: b"\xff\xfe not xml"}, r"cannot be read as a workbook.*send it again"),
        ({"xl/workbook.xml": b"<a/>"}, r"cannot be read as a workbook|no sheet has headings"),
        ({"[Content_Types].xml": None}, r"cannot be read as a workbook"),
        ({SHEET: sheet_xml(LIST, head=LAUGHS)}, r"declares DOCTYPE in its XML"),
        ({SHEET: sheet_xml(LIST, head=OUTSIDE)}, r"declares DOCTYPE in its XML"),
        ({"xl/sharedStrings.xml": f"{LAUGHS}<sst/>".encode()}, r"declares DOCTYPE"),
        ({"xl/sharedStrings.xml": f"{LAUGHS}<sst/>".encode("utf-16")}, r"declares DOCTYPE"),
    ],
)
def test_a_hostile_part_of_a_workbook_is_refused(
    tmp_path: Path, refusal: Refusal, changes: dict[str, bytes | None], match: str
) -> None:
    refusal(workbook_with(tmp_path / "danh sách.xlsx", changes), match=match)


@pytest.mark.parametrize("entity", [LAUGHS, OUTSIDE])
def test_entities_behind_a_long_comment_are_refused_by_the_parser(
    tmp_path: Path, refusal: Refusal, entity: str
) -> None:
    rows = xml_row(1, HEADINGS) + xml_row(2, ["&b;", *ROW[1:]])
    path = workbook_with(tmp_path / "a.xlsx", {SHEET: sheet_xml(rows, head=PADDING + entity)})
    refusal(path, match="cannot be read as a workbook")


def test_the_parser_of_workbooks_is_the_one_that_refuses_entities() -> None:
    import openpyxl
    from openpyxl.worksheet import _reader

    assert openpyxl.DEFUSEDXML
    assert _reader.iterparse.__module__.startswith("defusedxml")


def test_a_sheet_that_claims_billions_of_cells_is_read_for_those_it_has(
    tmp_path: Path, refusal: Refusal
) -> None:
    started = time.monotonic()
    claims = sheet_xml(LIST, "A1:XFD1048576")
    bad = sheet_xml(LIST.replace("18.36", "Vĩ"), "A1:XFD1048576")
    text = refusal(workbook_with(tmp_path / "a.xlsx", {SHEET: bad}), match="Vĩ")
    assert "rows 2" in text
    assert len(claims) < 2000
    assert time.monotonic() - started < 5.0


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="999999999"><c t="inlineStr"><is><t>x</t></is></c></row>',
        "".join(
            f'<row r="{n}"><c r="XFD{n}" t="inlineStr"><is><t>x</t></is></c></row>'
            for n in range(3, 1700)
        ),
    ],
    ids=["rows", "columns"],
)
def test_a_sheet_whose_gaps_would_fill_the_memory_is_refused(
    tmp_path: Path, refusal: Refusal, rows: str
) -> None:
    path = workbook_with(tmp_path / "a.xlsx", {SHEET: sheet_xml(LIST + rows)})
    refusal(path, match=r"more rows, columns or cells than a list holds|has 16384 cells for")


def test_parts_that_overlap_are_refused(tmp_path: Path, refusal: Refusal) -> None:
    refusal(overlapping(tmp_path / "a.xlsx"), match="parts that overlap")


def test_a_link_in_an_archive_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADINGS, ROW)
    link = zipfile.ZipInfo("xl/link")
    link.create_system, link.external_attr = 3, LINK
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    refusal(path, match="holds 'xl/link', a link")


def test_a_name_with_a_nul_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    path = workbook_with(tmp_path / "a.xlsx", {"evilXx.xml": b"x"})
    path.write_bytes(path.read_bytes().replace(b"evilXx", b"evil\0x"))
    refusal(path, match=r"evil\\0x")


def test_an_archive_in_an_archive_is_not_opened(tmp_path: Path) -> None:
    inner = archive_of({"zeros": b"\0" * 9_000_000})
    check_archive(workbook_with(tmp_path / "a.xlsx", {"xl/inner.zip": inner}))
    assert len(part_of(tmp_path / "a.xlsx", "xl/inner.zip")) < 20_000


@pytest.mark.parametrize("claimed", [10, 3_000_000])
def test_a_directory_that_lies_about_sizes_is_found_while_reading(
    tmp_path: Path, refusal: Refusal, claimed: int
) -> None:
    path = workbook_with(tmp_path / "a.xlsx", {SHEET: sheet_xml(LIST + xml_row(3, ["x" * 90_000]))})
    content = bytearray(path.read_bytes())
    central = content.rfind(b"PK\x01\x02", 0, content.rfind(SHEET.encode()))
    struct.pack_into("<I", content, central + 24, claimed)
    path.write_bytes(bytes(content))
    refusal(path, match=r"damaged|cannot be read as a workbook|unpacks to")


def test_bytes_of_a_part_are_counted_while_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archive_of({"a": b"x" * 3_000_000}))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        entry = archive.getinfo("a")
        assert len(read_member(archive, entry, limit=3_000_000)) == 3_000_000
        with pytest.raises(SourceFileError, match="unpacks to more than 2 MB"):
            read_member(archive, entry, limit=2_000_000)


@pytest.mark.parametrize(
    ("inside", "match"),
    [
        ("EncryptedPackage", r"protected by a password; open it in Excel"),
        ("Workbook", r"one of Excel 97-2003; open it in Excel and save it as \.xlsx"),
    ],
)
def test_an_old_or_encrypted_workbook_is_told_as_what_it_is(
    tmp_path: Path, refusal: Refusal, inside: str, match: str
) -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000) + inside.encode("utf-16-le")
    (tmp_path / "a.xlsx").write_bytes(content)
    refusal(tmp_path / "a.xlsx", match=match)


def test_an_archive_with_a_password_is_told(tmp_path: Path, refusal: Refusal) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADINGS, ROW)
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(bytes(content))
    refusal(path, match="protected by a password")

"""Files that mean harm, or come broken, made in code: nothing of them lies in the repository."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import openpyxl

HEADINGS = ["Mã trạm", "Tên trạm", "Doanh nghiệp", "Vĩ độ", "Kinh độ", "Công nghệ"]
ROW = ["HT001", "Thạch Hà", "Viettel", 18.36, 105.90, "4G"]
SITES_CSV = "site_id,name,operator,latitude,longitude,technologies\n"
SITE_CSV = "HT001,Thạch Hà,Viettel,18.36,105.90,4G\n"


def hashes(folder: Path) -> dict[str, str]:
    """Return the hash of every file of a folder, and its empty folders."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(folder.rglob("*"))
    }


def workbook(path: Path, *rows: list[object]) -> Path:
    """Return a workbook with a sheet of rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def workbook_with(path: Path, changes: dict[str, bytes | None]) -> Path:
    """Return a good workbook some parts of whose archive are replaced, added, or left out."""
    workbook(path, HEADINGS, ROW)
    with zipfile.ZipFile(path) as archive:
        parts: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **changes}.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def part_of(path: Path, name: str) -> bytes:
    """Return a part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def sheet_xml(data: str, dimension: str = "A1:F2", head: str = "") -> bytes:
    """Return the XML of a sheet with given rows."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<worksheet xmlns="{space}">'
        f'<dimension ref="{dimension}"/><sheetData>{data}</sheetData></worksheet>'
    )
    return text.encode()


def xml_row(number: int, cells: list[object]) -> str:
    """Return the XML of a row of texts."""
    inner = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f'<row r="{number}">{inner}</row>'


def geojson(path: Path, features: list[object], **members: object) -> Path:
    """Return a GeoJSON file."""
    content = {"type": "FeatureCollection", **members, "features": features}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def feature(kind: str, coordinates: object, **properties: object) -> dict[str, object]:
    """Return a feature."""
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def site(site_id: str, coordinates: object) -> dict[str, object]:
    """Return the feature of a station."""
    return feature("Point", coordinates, site_id=site_id, operator="Viettel", technologies="4G")


def commune(code: str, ring: object, *holes: object) -> dict[str, object]:
    """Return the feature of a commune."""
    return feature(
        "Polygon", [ring, *holes], code=code, name=f"Xã {code}", type="xã", vintage="2025-07"
    )


def archive_of(parts: dict[str, bytes]) -> bytes:
    """Return the bytes of a ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()

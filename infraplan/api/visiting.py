"""What a person takes to the requested sites: a sheet for each, and all of them for the phone."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.atomic import file_stem
from infraplan.atomic import write_bytes
from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.text import words as catalogue

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.layers.bundle import Layers
    from infraplan.plan import Plan
    from infraplan.reports import Office
    from infraplan.sites import Appraisal
    from infraplan.text import Words

__all__ = ["sheets_left_out", "site_files", "visit_files", "write_sheet"]

NEAR_M = 3_000.0  # stations within it of a request go onto the phone
WGS84 = "EPSG:4326"
# opacity, blue, green, red, as KML writes them; hues of maps.palette
COLOURS = {
    "approve": "ffb27200",
    "approve_with_conditions": "ffe9b456",
    "reject": "ff005ed5",
    "needs_information": "ff009fe6",
}
SHIFT_COLOUR, STATION_COLOUR = "ffb27200", "ff222222"


def site_files(
    plan: "Plan",
    appraisal: "Appraisal",
    *,
    as_of: date | None = None,
    request: str | None = None,
) -> dict[str, bytes]:
    """
    Return the files for the field visit of a batch.

    Parameters
    ----------
    plan
        The plan, whose language and office the files speak with.
    appraisal
        Batch.
    as_of
        Day that the files state.
    request
        Only this request's sheet; None for all sheets and the KMZ of the batch.

    Returns
    -------
    files
        Content by file name: `phieu-<code>.pdf` for each request with a position, and
        `vi-tri-<batch>.kmz` where any has one. Equal inputs give equal bytes.

    Raises
    ------
    SettingsError
        If there is no such request, or it has no position; the message says which.
    """
    from infraplan.reports import Office

    told = plan.settings
    office = Office(told.office, told.office_parent, told.office_place)
    words = catalogue(told.language)
    return visit_files(appraisal, words, as_of=as_of, office=office, request=request)


def visit_files(
    appraisal: "Appraisal",
    words: "Words",
    *,
    as_of: date | None = None,
    office: "Office | None" = None,
    request: str | None = None,
) -> dict[str, bytes]:
    """
    Return the files of `site_files` in given words, for an office.

    Parameters
    ----------
    appraisal
        Batch.
    words
        Catalogue.
    as_of
        Day that the files state.
    office
        Whose they are.
    request
        Only this request's sheet; None for all sheets and the KMZ of the batch.

    Returns
    -------
    files
        Content by file name.

    Raises
    ------
    SettingsError
        If there is no such request, or it has no position.
    """
    from infraplan.maps import surroundings_picture
    from infraplan.reports import field_sheets
    from infraplan.reports import has_position

    layers = appraisal.layers
    chosen = _only(appraisal, request, words)
    placed = chosen.requests.index[has_position(chosen).to_numpy()]
    pictures = {
        str(name): surroundings_picture(appraisal, layers, str(name), language=words.language)
        for name in placed
    }
    sheets = field_sheets(
        chosen, layers, pictures=pictures, words=words, as_of=as_of, office=office
    )
    names = _names(tuple(sheets), "phieu")
    files = {names[code]: content for code, content in sheets.items()}
    if request is None and len(placed):
        files[f"vi-tri-{file_stem(appraisal.batch)}.kmz"] = _kmz(appraisal, words, as_of)
    return files


def write_sheet(
    plan: "Plan", appraisal: "Appraisal", request: str, *, as_of: date | None = None
) -> Path:
    """
    Write the field sheet of one request into `PLAN/reports`.

    Parameters
    ----------
    plan
        The plan.
    appraisal
        Batch with the request.
    request
        Its code, or the operator's own code of the site.
    as_of
        Day that the sheet states.

    Returns
    -------
    path
        The PDF; `name (2).pdf` where the old one is open.

    Raises
    ------
    SettingsError
        If there is no such request, or it has no position; the message says which.
    PlanError
        If the file cannot be written.
    """
    made = site_files(plan, appraisal, as_of=as_of, request=request)
    name, content = next(iter(made.items()))
    folder = plan.folder / "reports" / file_stem(appraisal.batch)
    return write_bytes(folder / name, content, if_held="rename")


def sheets_left_out(appraisal: "Appraisal", words: "Words") -> tuple[str, ...]:
    """
    Return which requests have no field sheet, and why.

    Parameters
    ----------
    appraisal
        Batch.
    words
        Catalogue.

    Returns
    -------
    lines
        One for each request without a position, sorted.
    """
    from infraplan.reports import has_position

    lacking = appraisal.requests.index[~has_position(appraisal).to_numpy()]
    return tuple(words("sheets.left_out", request=name) for name in sorted(map(str, lacking)))


def _only(appraisal: "Appraisal", request: str | None, words: "Words") -> "Appraisal":
    """Return the batch, or only the one request that is asked for."""
    from dataclasses import replace

    from infraplan.reports import has_position

    if request is None:
        return appraisal
    table = appraisal.requests
    keys = [str(key) for key in table.index]
    codes = table["site_code"].astype("object") if "site_code" in table else pd.Series(index=keys)
    found = [key == request for key in keys]
    if not any(found):
        found = [code == request for code in codes]
    if not any(found):
        raise SettingsError(
            Note("refusals.no_request", name=request, names=", ".join(sorted(keys)))
        )
    kept = replace(appraisal, requests=table[found])
    if not has_position(kept).any():
        raise SettingsError(words("sheets.left_out", request=request))
    return kept


def _names(codes: Sequence[str], kind: str) -> dict[str, str]:
    """Return a file name for each code, no two of them the same."""
    taken: set[str] = set()
    names = {}
    for code in sorted(codes):
        stem, number = file_stem(code), 2
        while stem.lower() in taken:
            stem, number = f"{file_stem(code)}-{number}", number + 1
        taken.add(stem.lower())
        names[code] = f"{kind}-{stem}.pdf"
    return names


def _kmz(appraisal: "Appraisal", words: "Words", as_of: date | None) -> bytes:
    """Return requests, allowed shifts and the stations around them for Google Earth."""
    from infraplan.io.kml import Folder
    from infraplan.io.kml import kml_folders
    from infraplan.io.kml import kmz_bytes
    from infraplan.reports import has_position

    placed = appraisal.requests[has_position(appraisal).to_numpy()].sort_index()
    is_synthetic = bool(appraisal.layers.synthetic() or appraisal.provenance.synthetic)
    warned = [words("reports.synthetic")] if is_synthetic else []
    about = [*warned, words("sheets.kmz_about")]
    if as_of is not None:
        about.append(words("sheets.kmz_day", day=f"{as_of:%d/%m/%Y}"))
    lacking = sorted(set(map(str, appraisal.requests.index)) - set(map(str, placed.index)))
    if lacking:
        about.append(words("sheets.kmz_left_out", requests=", ".join(lacking)))
    folders = []
    for proposal, colour in COLOURS.items():
        rows = placed[placed["proposal"] == proposal]
        title = words(f"sites.{proposal}") + f" ({words.number(len(rows))})"
        labels = [_label(name, row) for name, row in rows.iterrows()]
        folders.append(Folder(title, _told(rows, words), labels, colour))
    circles = _circles(placed, words)
    shifts = words("sheets.kmz_shifts", count=words.number(len(circles)))
    folders.append(Folder(shifts, circles, [str(name) for name in circles.index], SHIFT_COLOUR))
    stations = _stations(appraisal.layers, placed)
    near = words("sheets.kmz_stations", distance=words.number(NEAR_M / 1e3),
                 count=words.number(len(stations)))  # fmt: skip
    folders.append(
        Folder(
            near, _stations_told(stations, words), list(map(str, stations.index)), STATION_COLOUR,
            is_open=False,
        )
    )  # fmt: skip
    title = " ".join([*warned, words("sheets.kmz_title", batch=appraisal.batch)])
    return kmz_bytes(kml_folders(folders, title=title, about=about))


def _label(name: object, row: "pd.Series[Any]") -> str:
    """Return code and name of a request."""
    given = row.get("name")
    return f"{name} · {given}" if isinstance(given, str) and given else str(name)


def _told(rows: "gpd.GeoDataFrame", words: "Words") -> "gpd.GeoDataFrame":
    """Return what the balloon of a request tells, in words."""
    import geopandas as gpd

    from infraplan.maps.reasons import reasons_text

    def text(column: str) -> list[str]:
        """Return a column as text, empty where it is missing."""
        if column not in rows:
            return [""] * len(rows)
        return ["" if pd.isna(value) else str(value) for value in rows[column]]

    def number(column: str, decimals: int = 0) -> list[str]:
        """Return a column of numbers in the language, empty where it is missing."""
        values = pd.to_numeric(rows[column], errors="coerce") if column in rows else []
        return ["" if pd.isna(value) else words.number(value, decimals) for value in values]

    gained = ("people_gained", "people_gained_low", "people_gained_high")
    told = {
        "kmz_proposal": [words(f"sites.{name}") for name in rows["proposal"]],
        "kmz_decision": [words(f"sites.{name}") if name else "" for name in text("decision")],
        "kmz_reasons": [reasons_text(value, words) or "" for value in text("reasons")],
        "operator": text("operator"),
        "letter": text("letter"),
        "kmz_people": [
            words.people_range(*(float(row[name]) for name in gained)) for _, row in rows.iterrows()
        ],
        "kmz_mast": text("mast_class"),
        "kmz_height": number("height_m", 1),
        "technologies": [value.replace(";", ", ") for value in text("technologies")],
        "commune_said": text("commune"),
        "address": text("address"),
    }
    named = {words(f"sheets.{key}"): values for key, values in told.items()}
    table = pd.DataFrame(named, index=rows.index, dtype="object")
    return gpd.GeoDataFrame(table, geometry=rows.geometry, crs=rows.crs).to_crs(WGS84)


def _circles(rows: "gpd.GeoDataFrame", words: "Words") -> "gpd.GeoDataFrame":
    """Return the circles within which requests may move."""
    import geopandas as gpd

    radius_m = pd.to_numeric(
        rows.reindex(columns=["shift_allowed_m"])["shift_allowed_m"], errors="coerce"
    )
    kept = rows[(radius_m > 0).to_numpy()]
    radius_m = radius_m[kept.index].astype("float64")
    table = pd.DataFrame(
        {words("sheets.kmz_radius"): [words.number(value) for value in radius_m]},
        index=kept.index,
        dtype="object",
    )
    return gpd.GeoDataFrame(
        table, geometry=kept.geometry.buffer(radius_m, 12), crs=rows.crs
    ).to_crs(WGS84)


def _stations(layers: "Layers", placed: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return the stations on air within reach of any request."""
    from infraplan.layers.stations import on_air

    table = on_air(layers.table("sites"))
    table = table[~(table.geometry.isna() | table.geometry.is_empty)].sort_index()
    if not len(table) or not len(placed):
        return table.iloc[:0]
    _, found = table.sindex.query(placed.geometry.to_numpy(), predicate="dwithin", distance=NEAR_M)
    return table.iloc[np.unique(found)]


def _stations_told(rows: "gpd.GeoDataFrame", words: "Words") -> "gpd.GeoDataFrame":
    """Return what the balloon of a station tells, in words."""
    import geopandas as gpd

    columns = {
        "operator": "operator",
        "kmz_mast_id": "mast_id",
        "kmz_mast": "mast_class",
        "kmz_height": "height_m",
        "technologies": "technologies",
    }
    told = {
        words(f"sheets.{key}"): [
            "" if pd.isna(value) else words.number(value, 1) if column == "height_m" else str(value)
            for value in rows[column]
        ]
        for key, column in columns.items()
        if column in rows
    }
    table = pd.DataFrame(told, index=rows.index, dtype="object")
    return gpd.GeoDataFrame(table, geometry=rows.geometry, crs=rows.crs).to_crs(WGS84)

"""Administrative areas: the units of Vietnam since July 2025, and districts of geoBoundaries."""

import json
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from infraplan.errors import SourceFileError
from infraplan.io.open_data.declarations import OpenSource
from infraplan.io.open_data.pieces import Area
from infraplan.io.open_data.pieces import Brought
from infraplan.io.open_data.pieces import NothingThereError
from infraplan.io.open_data.pieces import Piece
from infraplan.io.open_data.pieces import filled

__all__ = ["check_json", "named_by_api", "named_by_units", "read_districts", "read_units"]

GetIndex = Callable[[str, str], Path]
SLIVER = 0.02  # share of a district that only borders on the area


def check_json(path: Path) -> None:
    """
    Refuse a file that is not whole JSON.

    Parameters
    ----------
    path
        File.

    Raises
    ------
    SourceFileError
        If it is not.
    """
    _content(path)


def named_by_units(source: OpenSource, values: Mapping[str, str], get: GetIndex) -> Iterator[Piece]:
    """
    Yield the file of each commune of a province, as the list of all units names them.

    Parameters
    ----------
    source
        Declaration; its index is that list.
    values
        Placeholders; `province` is the official code of the province.
    get
        Fetches the list: called with the address and how it is shown.

    Yields
    ------
    piece
        File of a commune; what the list says of it is in `about`.

    Raises
    ------
    SourceFileError
        If the list is not of this form, or has no such province.
    """
    provinces = _content(get(*filled(source, source.index, values)))
    try:
        units = {str(item["code"]): item for item in provinces}
        wanted = units.get(values["province"])
        if wanted is None:
            known = ", ".join(f"{code} {item['name']}" for code, item in sorted(units.items()))
            msg = f"there is no province {values['province']}; there are {known}"
            raise SourceFileError(msg)
        for ward in wanted["wards"]:
            names = {
                "code": str(ward["code"]),
                "code_name": str(ward["codeName"]),
                "province_name": str(wanted["codeName"]),
            }
            address, shown = filled(source, source.address, {**values, **names})
            about = {
                "code": names["code"],
                "name": str(ward["name"]),
                "full_name": str(ward["fullName"]),
            }
            yield Piece(address, shown, f"{names['code']}.geojson", about=about)
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"the list of units of source '{source.id}' has another form: {error!r}"
        raise SourceFileError(msg) from error


def named_by_api(source: OpenSource, values: Mapping[str, str], get: GetIndex) -> Iterator[Piece]:
    """
    Yield the file that the answer of geoBoundaries names.

    Parameters
    ----------
    source
        Declaration; its index is the address to ask.
    values
        Placeholders.
    get
        Fetches the answer: called with the address and how it is shown.

    Yields
    ------
    piece
        The file; licence and source of the country are in `about`.

    Raises
    ------
    SourceFileError
        If the answer is not of this form.
    """
    answer = _content(get(*filled(source, source.index, values)))
    try:
        address = str(answer["gjDownloadURL"])
        about = {
            "licence": str(answer.get("boundaryLicense") or ""),
            "year": str(answer.get("boundaryYearRepresented") or "")[:4],
            "from": str(answer.get("boundarySource") or ""),
        }
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"the answer to source '{source.id}' has another form: {error!r}"
        raise SourceFileError(msg) from error
    yield Piece(address, address, f"{source.id}.geojson", about=about)


def read_units(
    source: OpenSource, files: Sequence[tuple[Piece, Path | None]], area: Area | None, target: Path
) -> Brought:
    """
    Write communes as a GeoPackage of their schema.

    Parameters
    ----------
    source
        Declaration.
    files
        One file a commune.
    area
        Not asked: a province is wanted whole.
    target
        GeoPackage to write.

    Returns
    -------
    brought
        The file.

    Raises
    ------
    SourceFileError
        If a file has no polygon, or is of another commune.
    """
    del area
    import geopandas as gpd
    import pyogrio
    import shapely

    rows = []
    for piece, path in files:
        if path is None:
            continue
        features = _features(path)
        named = str(features[0]["properties"].get("unit_code", piece.about["code"]))
        if named != piece.about["code"]:
            msg = f"{piece.name} is of unit {named}, not {piece.about['code']}"
            raise SourceFileError(msg)
        kind = piece.about["full_name"].removesuffix(piece.about["name"]).strip().lower()
        rows.append(
            {
                **piece.about,
                "type": kind or None,
                "area_km2": features[0]["properties"].get("area_km2"),
                "vintage": source.vintage,
                "geometry": shapely.union_all([feature["geometry"] for feature in features]),
            }
        )
    made = gpd.GeoDataFrame(rows, geometry="geometry", crs=source.crs)
    pyogrio.write_dataframe(made, target, layer=source.layer, driver="GPKG")
    return Brought(target)


def read_districts(
    source: OpenSource, files: Sequence[tuple[Piece, Path | None]], area: Area | None, target: Path
) -> Brought:
    """
    Write the districts that lie in the area as a GeoPackage of their schema.

    Parameters
    ----------
    source
        Declaration.
    files
        The file of the country.
    area
        Area; districts that only border on it are left out.
    target
        GeoPackage to write.

    Returns
    -------
    brought
        The file, with the licence that geoBoundaries names for the country.

    Raises
    ------
    NothingThereError
        If there is no district in the area.
    SourceFileError
        If the file has another form.
    """
    import geopandas as gpd
    import pyogrio
    import shapely

    piece, path = files[0]
    if path is None or area is None:
        msg = f"source '{source.id}' brought nothing"
        raise SourceFileError(msg)
    features = _features(path)
    try:
        rows = [
            {
                "code": str(feature["properties"]["shapeID"]),
                "name": str(feature["properties"]["shapeName"]),
                "vintage": source.vintage,
                "geometry": feature["geometry"],
            }
            for feature in features
        ]
    except KeyError as error:
        msg = f"{path.name} lacks {error} in its properties"
        raise SourceFileError(msg) from error
    whole = gpd.GeoDataFrame(rows, geometry="geometry", crs=source.crs)
    near = whole[whole.intersects(area.core)]
    shapes = near.geometry.to_numpy()
    share = shapely.area(shapely.intersection(shapes, area.core)) / shapely.area(shapes)
    made = near[share > SLIVER].sort_values("code")
    if not len(made):
        msg = f"{path.name} has no district in the area"
        raise NothingThereError(msg)
    pyogrio.write_dataframe(made, target, layer=source.layer, driver="GPKG")
    licence = piece.about.get("licence", "")
    origin = piece.about.get("from", "")
    declared: dict[str, Any] = {"licence": licence} if licence else {}
    if origin:
        declared["attribution"] = f"{source.attribution}; {origin}"
    if piece.about.get("year", "").isdigit():
        declared["as_of"] = f"{piece.about['year']}-01-01"
    return Brought(target, declared=declared)


def _content(path: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what a JSON file holds."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        msg = f"{path} is not whole JSON: {error}"
        raise SourceFileError(msg) from error


def _refuse(constant: str) -> None:
    """Refuse what Python would take for a number, but JSON does not."""
    msg = f"{constant} is no number of JSON"
    raise ValueError(msg)


def _features(path: Path) -> list[dict[str, Any]]:
    """Return the polygons of a GeoJSON file with their properties; geometry as shapely has it."""
    import shapely
    from shapely.geometry import shape

    content = _content(path)
    try:
        found = [
            {
                "properties": dict(feature.get("properties") or {}),
                "geometry": shapely.make_valid(shape(feature["geometry"]), method="structure"),
            }
            for feature in content["features"]
            if feature.get("geometry")
        ]
    except (KeyError, TypeError, AttributeError, ValueError, shapely.errors.ShapelyError) as error:
        msg = f"{path.name} is not GeoJSON with features: {error!r}"
        raise SourceFileError(msg) from error
    kept = [item for item in found if item["geometry"].geom_type in ("Polygon", "MultiPolygon")]
    if not kept or not all(np.isfinite(item["geometry"].bounds).all() for item in kept):
        msg = f"{path.name} has no polygon"
        raise SourceFileError(msg)
    return kept

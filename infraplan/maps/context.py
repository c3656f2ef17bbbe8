"""What every map shows beneath its results: ground, boundaries, ways, and what stands today."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import wrap
from infraplan.layers.terrain import SEA as SEA_ZONE
from infraplan.maps.layers import Category
from infraplan.maps.layers import Field
from infraplan.maps.layers import Filter
from infraplan.maps.layers import LineLayer
from infraplan.maps.layers import PointLayer
from infraplan.maps.layers import PolygonLayer
from infraplan.maps.layers import Style
from infraplan.maps.layers import VectorLayer
from infraplan.maps.palette import CATEGORIES
from infraplan.maps.palette import FIBRE
from infraplan.maps.palette import MARKS
from infraplan.maps.palette import RAIL
from infraplan.maps.palette import RIVER
from infraplan.maps.palette import ROADS
from infraplan.maps.palette import SEA
from infraplan.maps.rasters import PictureLayer
from infraplan.maps.rasters import relief
from infraplan.maps.summary import SITE_NUMBERS
from infraplan.maps.summary import cable_numbers
from infraplan.maps.summary import cables_measured
from infraplan.maps.summary import people_numbers
from infraplan.maps.summary import sites_counted
from infraplan.text import Words

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

__all__ = [
    "area_mask",
    "base_layers",
    "commune_outlines",
    "fields_of",
    "filters_of",
    "named_with_commune",
    "operators_of",
    "present_layers",
    "sources_of",
]

OUTLINE_STEP_M = 12.0  # by how much the outline of a commune is simplified, edges staying shared
POINT_RADIUS_M = 60.0
CLUSTERED_FROM, CLUSTER_ZOOM = 600, 11.0  # stations from which far views show them in groups
ROAD_WIDTHS = {  # width in px, and the zoom from which it is drawn
    "national": (2.4, 0.0),
    "provincial": (1.8, 0.0),
    "district": (1.3, 10.5),
    "commune": (1.0, 12.0),
    "track": (0.8, 13.5),
}
CASED = ("national", "provincial")
# How the columns that popups show are written: decimals and unit (a key of the words, or a sign).
FORMATS: Mapping[str, tuple[int, str, float]] = {
    "height_m": (0, "m", 1),
    "power_backup_h": (0, "h", 1),
    "people": (0, "", 1),
    "households": (0, "", 1),
    "area_km2": (1, "km²", 1),
    "length_m": (0, "m", 1),
    "width_m": (1, "m", 1),
    "cores": (0, "", 1),
    "bores": (0, "", 1),
    "free_bores": (0, "", 1),
    "covered_share": (0, "%", 100),
    "overlap_share": (0, "%", 100),
    "median_signal_dbm": (0, "dBm", 1),
    "nearest_site_m": (0, "m", 1),
    "nearest_fibre_m": (0, "m", 1),
    "fibre_m": (0, "m", 1),
    "rank": (0, "", 1),
    "cost_vnd": (1, "million", 1e-6),
}
# Which columns hold codes that the catalogue translates, and under which prefix.
CODES: Mapping[str, str] = {
    "status": "status",
    "installation": "installation",
    "level": "level",
    "cause": "cause",
    "side": "side",
    "surface": "surface",
    "method": "method",
    "class": "class_road",
    "purpose": "purpose",
    "structure": "structure",
}


def fields_of(
    words: Words,
    columns: Iterable[str],
    *,
    missing: str = "",
    labels: Mapping[str, str] | None = None,
    codes: Mapping[str, str] | None = None,
) -> tuple[Field, ...]:
    """
    Return the lines of a popup.

    Parameters
    ----------
    words
        Catalogue.
    columns
        Columns to show, in order; those that a table lacks are left out when it is packed.
    missing
        What stands where there is no value; empty leaves the line out.
    labels
        Key of the label where it is not that of the column.
    codes
        Prefix of the words for columns of codes, where it is not the usual one.

    Returns
    -------
    fields
        Lines.
    """
    made = []
    flags = {"True": words("maps.yes"), "False": words("maps.no")}
    for column in columns:
        decimals, unit, scale = FORMATS.get(column, (None, "", 1.0))
        unit = {"million": words("maps.million_vnd"), "h": words("maps.hours")}.get(unit, unit)
        prefix = (codes or {}).get(column, CODES.get(column, ""))
        made.append(
            Field(
                column,
                words(f"maps.field_{(labels or {}).get(column, column)}"),
                decimals=decimals,
                unit=unit,
                scale=scale,
                missing=missing,
                words=coded(words, prefix) if prefix else flags,
            )
        )
    return tuple(made)


def filters_of(words: Words, columns: Iterable[str]) -> tuple[Filter, ...]:
    """
    Return what the page filters by; columns that a table lacks are left out when it is packed.

    Parameters
    ----------
    words
        Catalogue.
    columns
        Columns, in order; a cell of `technologies` holds several values.

    Returns
    -------
    filters
        One a column, under its usual label.
    """
    return tuple(
        Filter(
            column,
            column,
            words(f"maps.field_{column}"),
            separator=";" if column == "technologies" else "",
            words=coded(words, CODES[column]) if column in CODES else {},
        )
        for column in columns
    )


def coded(words: Words, prefix: str) -> dict[str, str]:
    """
    Return the words for the codes of one kind.

    Parameters
    ----------
    words
        Catalogue.
    prefix
        Such as `"level"` for the entries `maps.level_*`.

    Returns
    -------
    texts
        Words by code.
    """
    start = f"maps.{prefix}_"
    return {k.removeprefix(start): v for k, v in words.entries.items() if k.startswith(start)}


def area_mask(layers: Layers, raster: "xr.DataArray") -> "xr.DataArray | None":
    """
    Return where a raster lies inside the communes.

    Parameters
    ----------
    layers
        Layers of the plan.
    raster
        Any raster.

    Returns
    -------
    inside
        True inside, on the raster's grid; None where the plan has no communes.
    """
    from rasterio.features import geometry_mask

    communes = layers.table("communes")
    if not len(communes):
        return None
    box = geobox_of(raster)
    shapes = communes.geometry.to_crs(str(box.crs))
    mask = geometry_mask(shapes, out_shape=box.shape, transform=box.affine, invert=True)
    return wrap(mask, box, name="inside")


def base_layers(layers: Layers, words: Words) -> list[VectorLayer | PictureLayer]:
    """
    Return the ground and the boundaries, lowest first.

    Parameters
    ----------
    layers
        Layers of the plan.
    words
        Catalogue.

    Returns
    -------
    drawn
        Relief, sea, water, roads, streets, communes; those that the plan has.
    """
    group = words("maps.group_base")
    made: list[VectorLayer | PictureLayer] = []
    made.append(_areas(layers, "sea", words, Style(color=SEA, fill=SEA, width=0.0), under=True))
    if layers.terrain is not None:
        zone = layers.terrain.zone
        sea = wrap(zone.to_numpy() == SEA_ZONE, geobox_of(zone), name="sea")
        ground = layers.terrain.ground_m
        inside = area_mask(layers, ground)
        title = words("maps.layer_relief")
        made.append(relief(ground, name="relief", title=title, group=group, sea=sea, within=inside))
    water = layers.table("waterways")
    areas = water.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    blue = Style(color="#8fb8d2", fill="#bcd8e8", width=0.6)
    made.append(
        _layer(PolygonLayer, "lakes", water[areas], words, group, style=blue, heading="name")
    )
    river = Style(color=RIVER, width=1.6)
    made.append(
        _layer(LineLayer, "waterways", water[~areas], words, group, style=river, heading="name")
    )
    grey = Style(color="#b9b2a6", fill="#d9d3c8", width=0.5)
    made.append(
        _layer(
            PolygonLayer,
            "buildings",
            layers.table("buildings"),
            words,
            group,
            style=grey,
            min_zoom=14.5,
            precision_m=0.5,
        )
    )
    roads = [
        Category(
            name,
            words(f"maps.class_road_{name}"),
            Style(
                color=ROADS[name],
                width=width,
                min_zoom=zoom,
                casing="#ffffff" if name in CASED else "",
            ),
        )
        for name, (width, zoom) in ROAD_WIDTHS.items()
    ]
    made.append(
        _layer(
            LineLayer, "roads", layers.table("roads"), words, group, by="class",
            categories=roads, heading="name", fields=fields_of(words, ["class"]),
        )
    )  # fmt: skip
    rail = Style(color=RAIL, width=1.6, dash=(7, 4))
    made.append(
        _layer(LineLayer, "rail", layers.table("rail"), words, group, style=rail, heading="name")
    )
    street = Style(color="#ffffff", width=3.0, casing="#b8b2a8")
    made.append(
        _layer(
            LineLayer, "streets", layers.table("streets"), words, group, style=street,
            min_zoom=11.5,
            heading="name", label="name", label_zoom=15.5, search=("name",), precision_m=0.5,
            fields=fields_of(words, ["width_m", "surface"]),
        )
    )  # fmt: skip
    made.append(_communes(layers, words))
    return made


def present_layers(layers: Layers, words: Words, *, shown: bool = True) -> list[VectorLayer]:
    """
    Return what stands today, lowest first.

    Parameters
    ----------
    layers
        Layers of the plan.
    words
        Catalogue.
    shown
        Whether stations are on when the page opens.

    Returns
    -------
    drawn
        Protected areas, fibre, ducts, chambers, stations; those that the plan has.
    """
    group = words("maps.group_present")
    purple = Style(color="#7a5195", fill="#7a5195", fill_opacity=0.12, width=1.0, hatch=True)
    made: list[VectorLayer] = [
        _layer(
            PolygonLayer, "protected", layers.table("protected"), words, group, style=purple,
            heading="name", fields=fields_of(words, ["kind"]), shown=False,
        )
    ]  # fmt: skip
    made += _fibre(layers, words, group)
    made.append(
        _layer(
            LineLayer, "ducts", layers.table("ducts"), words, group,
            style=Style(color="#00695c", width=3.0, dash=(2, 3)), min_zoom=11, shown=False,
            heading="duct_id", precision_m=0.5,
            fields=fields_of(words, ["owner", "bores", "free_bores"]),
        )
    )  # fmt: skip
    made.append(
        _layer(
            PointLayer, "old_chambers", layers.table("chambers"), words, group,
            style=Style(color="#00695c", fill="#ffffff", radius=3.2, shape="square", width=1.2),
            min_zoom=14, shown=False, heading="chamber_id", precision_m=0.5,
            fields=fields_of(words, ["owner"]),
        )
    )  # fmt: skip
    sites = sites_counted(layers.table("sites"))
    marks = [
        Category(name, name, Style(color=color, radius=5.0, shape=MARKS[n % len(MARKS)]))
        for n, (name, color) in enumerate(operators_of(sites).items())
    ]
    made.append(
        _layer(
            PointLayer, "sites", _with_azimuths(sites, layers.table("cells")), words, group,
            by="operator", categories=marks, shown=shown, azimuths="azimuths",
            cluster_zoom=CLUSTER_ZOOM if len(sites) >= CLUSTERED_FROM else 0.0,
            heading="site_id", label="site_id", label_zoom=14.5, search=("site_id", "name"),
            fields=fields_of(
                words,
                ["name", "operator", "technologies", "status", "height_m", "mast_class",
                 "structure",
                 "mast_id", "owner", "power_backup_h", "address"],
            ),
            numbers=SITE_NUMBERS, filters=filters_of(words, ["operator", "technologies", "status"]),
        )
    )  # fmt: skip
    return made


def hamlets_plain(layers: Layers, words: Words) -> VectorLayer:
    """
    Return the hamlets without any finding.

    Parameters
    ----------
    layers
        Layers of the plan.
    words
        Catalogue.

    Returns
    -------
    layer
        Hamlets, points of them as small discs.
    """
    brown = Style(color="#8a6d3b", fill="#d8c39a", fill_opacity=0.55, width=0.8)
    return _layer(
        PolygonLayer, "hamlets_plain", with_areas(named_with_commune(layers.table("hamlets"))),
        words, words("maps.group_hamlets"), style=brown, heading="name", label="name",
        label_zoom=13.5, search=("place_name",), shown=False,
        fields=fields_of(words, ["commune", "people", "households"]),
        numbers=people_numbers(words)[:1],
    )  # fmt: skip


def named_with_commune(hamlets: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """
    Return hamlets with the name that the search finds them by.

    Parameters
    ----------
    hamlets
        Table with `name` and, where known, `commune`.

    Returns
    -------
    hamlets
        The same with `place_name`, such as `Thôn 1, Thạch Hà`: most names occur many times.
    """
    if "commune" not in hamlets or "name" not in hamlets:
        return hamlets.assign(place_name=hamlets["name"]) if "name" in hamlets else hamlets
    both = hamlets["name"].astype("object") + ", " + hamlets["commune"].astype("object")
    return hamlets.assign(place_name=both.where(both.notna(), hamlets["name"]))


def with_areas(table: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """
    Return a table whose points are small discs.

    Parameters
    ----------
    table
        Table in a projected CRS.

    Returns
    -------
    table
        The same, points given an area.
    """
    shape = table.geometry
    disc = shape.buffer(POINT_RADIUS_M, quad_segs=4)
    return table.set_geometry(shape.where(~shape.geom_type.isin(["Point", "MultiPoint"]), disc))


def operators_of(table: pd.DataFrame) -> dict[str, str]:
    """
    Return the colour of each operator of a table.

    Parameters
    ----------
    table
        Table with a column `operator`.

    Returns
    -------
    colors
        Colours by operator, the one with most rows first; equal for equal tables.
    """
    if "operator" not in table:
        return {}
    counts = table["operator"].dropna().astype(str).value_counts()
    names = sorted(counts.index, key=lambda name: (-int(counts[name]), name))
    return {name: CATEGORIES[n % len(CATEGORIES)] for n, name in enumerate(names)}


def sources_of(layers: Layers, words: Words) -> tuple[str, ...]:
    """
    Return where the data come from, as their licences ask to be told.

    Parameters
    ----------
    layers
        Layers of the plan.
    words
        Catalogue.

    Returns
    -------
    lines
        One line a source, with all layers that come from it; those that were made up are left out.
    """
    table = layers.table("sources").reset_index()
    lines: dict[str, list[str]] = {}
    for row in table.to_dict("records"):
        if bool(row.get("synthetic")):
            continue
        name = layer_name(str(row.get("layer", "")), words)
        names = lines.setdefault(_source_told(row, words), [])
        if name not in names:
            names.append(name)
    return tuple(
        words("maps.source_line", layer=", ".join(names), attribution=told)
        for told, names in lines.items()
    )


def _source_told(row: Mapping[str, Any], words: Words) -> str:
    """Return whose a layer is, under which licence, of which day; both are told when missing."""
    owner, licence, as_of = (
        str(row[key]).strip() if isinstance(row.get(key), str) else ""
        for key in ("attribution", "licence", "as_of")
    )
    text = f"{owner or words('maps.source_unnamed')}, {licence or words('maps.licence_unnamed')}"
    if as_of:
        text = words("maps.source_as_of", text=text, as_of=words.day(as_of))
    if row.get("non_commercial") is True or row.get("non_commercial") == 1:
        text = words("maps.source_non_commercial", text=text)
    return text


def layer_name(layer: str, words: Words) -> str:
    """
    Return the words for a layer.

    Parameters
    ----------
    layer
        Name of a layer of the plan.
    words
        Catalogue.

    Returns
    -------
    name
        Its words; its own name where it has none.
    """
    key = f"maps.name_{layer}"
    return words(key) if key in words.entries else layer


def _fibre(layers: Layers, words: Words, group: str) -> list[VectorLayer]:
    """Return the fibre in two colourings, carried once: by how it is laid, and by whose it is."""
    fibre = cables_measured(layers.table("fibre"))
    known = {
        "aerial": Style(color=FIBRE["aerial"], width=1.5),
        "buried": Style(color=FIBRE["buried"], width=1.9, dash=(8, 3)),
        "duct": Style(color=FIBRE["duct"], width=2.1, dash=(2, 3)),
    }
    laid = [Category(k, words(f"maps.installation_{k}"), style) for k, style in known.items()]
    owned = [
        Category(name, name, Style(color=color, width=1.5))
        for name, color in operators_of(fibre).items()
    ]
    told = fields_of(
        words,
        ["operator", "name", "installation", "cores", "level"],
        labels={"level": "level_fibre"},
        codes={"level": "fibre_level"},
    )
    return [
        _layer(
            LineLayer, name, fibre, words, group, by=by, categories=categories, heading="cable_id",
            fields=told, shown=False, precision_m=2.0, alike=alike, numbers=cable_numbers(words),
            filters=filters_of(words, ["operator", "installation"]),
        )
        for name, by, categories, alike in (
            ("fibre_operator", "operator", owned, "fibre"), ("fibre", "installation", laid, ""),
        )
    ]  # fmt: skip


def _with_azimuths(sites: "gpd.GeoDataFrame", cells: pd.DataFrame) -> "gpd.GeoDataFrame":
    """Return stations with the directions of their sectors, those that are known."""
    if not len(cells) or not {"site_id", "azimuth_deg"} <= set(cells.columns):
        return sites
    known = cells.dropna(subset=["azimuth_deg"])
    turned = known.groupby(known["site_id"].astype(str))["azimuth_deg"]
    found = turned.apply(lambda angles: tuple(sorted({round(float(a)) % 360 for a in angles})))
    own = sites.index.to_series().astype(str).map(found)
    return sites.assign(azimuths=[() if isinstance(c, float) else c for c in own])


def commune_outlines(layers: Layers) -> "gpd.GeoDataFrame":
    """
    Return the communes with simpler outlines, their shared edges kept shared.

    Parameters
    ----------
    layers
        Layers of the plan.

    Returns
    -------
    outlines
        The communes; every one has a `full_name` where the column is there.
    """
    import shapely

    communes = layers.table("communes")
    shapes = communes.geometry.to_numpy()
    if len(shapes):
        simple = shapely.coverage_simplify(shapes, OUTLINE_STEP_M)
        shapes = np.where(shapely.is_empty(simple), shapes, simple)
    outlines = communes.set_geometry(
        type(communes.geometry)(shapes, index=communes.index, crs=communes.crs)
    )
    if "full_name" in outlines:
        outlines = outlines.assign(full_name=outlines["full_name"].fillna(outlines["name"]))
    return outlines


def _communes(layers: Layers, words: Words) -> VectorLayer:
    """Return the communes as outlines."""
    outlines = commune_outlines(layers)
    return _layer(
        PolygonLayer, "communes", outlines, words, words("maps.group_base"),
        style=Style(color="#6f7b88", width=1.1, dash=(6, 3, 1.5, 3)), precision_m=4.0,
        heading="full_name" if "full_name" in outlines else "name", label="name", label_zoom=9.25,
        search=("name", "merged_from"),
        fields=fields_of(words, ["people", "households", "area_km2", "merged_from"]),
    )  # fmt: skip


def _areas(layers: Layers, name: str, words: Words, style: Style, *, under: bool) -> VectorLayer:
    """Return a layer of plain areas."""
    table = layers.table(name)
    simple = table.set_geometry(table.geometry.simplify(OUTLINE_STEP_M)) if len(table) else table
    return _layer(
        PolygonLayer, name, simple, words, words("maps.group_base"), style=style, under=under,
        precision_m=4.0,
    )  # fmt: skip


def _layer(
    kind: type[VectorLayer],
    name: str,
    data: "gpd.GeoDataFrame",
    words: Words,
    group: str,
    **options: Any,  # noqa: ANN401 - the other fields of a layer
) -> VectorLayer:
    """Return a layer under its usual title."""
    return kind(name=name, title=words(f"maps.layer_{name}"), data=data, group=group, **options)

"""The area that is wanted, the files that cover it, and what reading them brought."""

import math
import re
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from urllib.parse import quote

from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.io.open_data.declarations import OpenSource

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "Area",
    "Box",
    "Brought",
    "NothingThereError",
    "Piece",
    "area_of",
    "filled",
    "tile_values",
    "tiles_over",
]

Box = tuple[float, float, float, float]
TILE_LIMIT = 2000  # more is not the area of an office
SECRET = "TOKEN"  # noqa: S105 - what stands for it in addresses that are shown


class NothingThereError(SourceFileError):
    """A source was read and has nothing in the area."""


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """
    The area that is wanted, in degrees (EPSG:4326).

    `shape` has the halo, `core` is what the plan itself covers; `crs` and `bounds` (west, south,
    east, north) are those of the plan, `bounds` with the halo.
    """

    shape: Any
    core: Any
    crs: str
    bounds: Box


@dataclass(frozen=True, slots=True)
class Piece:
    """A file that covers a part of the area; `box` is that part (degrees), None: not known."""

    address: str
    shown: str
    name: str
    box: Box | None = None
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Brought:
    """
    What reading brought: a file to import, and what must be told.

    `notes` are keys of the catalogue, table `fetch`, with their values; `declared` replaces fields
    of the row of `sources`, such as the licence that a list names for one country.
    """

    path: Path
    notes: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    declared: Mapping[str, Any] = field(default_factory=dict)


def area_of(
    communes: "gpd.GeoDataFrame", bounds: tuple[float, ...], *, crs: str, halo_m: float
) -> Area | None:
    """
    Return the area of a plan.

    Parameters
    ----------
    communes
        Communes of the plan in its CRS; may be empty.
    bounds
        West, south, east, north of the plan in its CRS, for where there are no communes.
    crs
        Planning CRS.
    halo_m
        How far around the area data are wanted, >= 0 [m].

    Returns
    -------
    area
        None where the plan has neither communes nor bounds.
    """
    import geopandas as gpd
    import shapely

    if len(communes):
        core = communes.geometry.union_all()
    elif bounds:
        core = shapely.box(*bounds)
    else:
        return None
    wide = core.buffer(halo_m) if halo_m else core
    moved = gpd.GeoSeries([wide.segmentize(1000.0), core.segmentize(1000.0)], crs=crs)
    degrees = moved.to_crs("EPSG:4326").to_list()
    west, south, east, north = map(float, wide.bounds)
    return Area(degrees[0], degrees[1], crs, (west, south, east, north))


def tiles_over(shape: Any, tile_deg: float) -> Iterator[Box]:  # noqa: ANN401 - a shapely geometry
    """
    Yield the tiles that touch a shape, on a lattice through latitude and longitude 0.

    Parameters
    ----------
    shape
        Geometry in degrees.
    tile_deg
        Side of a tile, > 0 [deg].

    Yields
    ------
    box
        West, south, east, north of a tile in degrees, from south-west to north-east.
    """
    import shapely

    west, south, east, north = shape.bounds
    columns = range(math.floor(west / tile_deg), math.ceil(east / tile_deg))
    rows = range(math.floor(south / tile_deg), math.ceil(north / tile_deg))
    if len(columns) * len(rows) > TILE_LIMIT:
        msg = f"the area would need {len(columns) * len(rows)} tiles; cut it into smaller plans"
        raise SettingsError(msg)
    shapely.prepare(shape)
    for row in rows:
        for column in columns:
            edges = (column, row, column + 1, row + 1)
            box = tuple(round(edge * tile_deg, 6) for edge in edges)
            if shapely.intersects(shape, shapely.box(*box)):
                yield (box[0], box[1], box[2], box[3])


def filled(source: OpenSource, template: str, values: Mapping[str, str]) -> tuple[str, str]:
    """
    Return an address with its placeholders filled, and how it is shown.

    Parameters
    ----------
    source
        Source that the template belongs to.
    template
        Address with placeholders such as `{lat02}`; nothing but names may stand in braces.
    values
        Values by name, as they are; put into the address as an address needs it.

    Returns
    -------
    address
        With everything filled in.
    shown
        The same, a token replaced.

    Raises
    ------
    SettingsError
        If a placeholder is unknown.
    """
    shown = {name: SECRET if name == "token" else value for name, value in values.items()}
    return _put(source, template, values), _put(source, template, shown)


def tile_values(box: Box | None) -> dict[str, str]:
    """
    Return the placeholders of a tile.

    Parameters
    ----------
    box
        West, south, east, north of the tile in degrees, or None.

    Returns
    -------
    values
        `west south east north`, and for names by the south-west corner `ns lat02 ew lon03`.
    """
    if box is None:
        return {}
    west, south, east, north = box
    return {
        "west": f"{west:g}",
        "south": f"{south:g}",
        "east": f"{east:g}",
        "north": f"{north:g}",
        "ns": "S" if south < 0 else "N",
        "lat02": f"{abs(math.floor(south)):02d}",
        "ew": "W" if west < 0 else "E",
        "lon03": f"{abs(math.floor(west)):03d}",
    }


def _put(source: OpenSource, template: str, values: Mapping[str, str]) -> str:
    """Return a template with its placeholders filled."""

    def value_of(found: re.Match[str]) -> str:
        """Return the value of a placeholder, as an address needs it."""
        if found[1] not in values:
            known = ", ".join(sorted(values))
            msg = f"source '{source.id}': unknown placeholder {{{found[1]}}}; there are {known}"
            raise SettingsError(msg)
        return quote(values[found[1]], safe="")

    return re.sub(r"\{([a-z0-9_]*)\}", value_of, template)

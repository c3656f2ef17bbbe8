"""What stands and lies around a requested site: stations, communes, layers, the batch itself."""

import math
import unicodedata
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import index_of
from infraplan.layers.stations import on_air

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from shapely.geometry import Point

    from infraplan.layers.bundle import Layers
    from infraplan.sites.gain import Gain
    from infraplan.sites.interference import Overshoot
    from infraplan.sites.links import Link
    from infraplan.sites.reasons import Reason

__all__ = [
    "URBAN",
    "Alternative",
    "Request",
    "Surroundings",
    "Unfit",
    "bare_name",
    "is_date",
    "names_of",
    "number_of",
    "technologies_of",
]

URBAN = ("phường", "thị trấn")
PREFIXES = ("xã ", "phường ", "thị trấn ", "thành phố ", "x. ", "p. ", "tt. ", "x.", "p.", "tt.")
SAME_PLACE_M = 30.0  # stations nearer than this are taken to share a structure (DESIGN, section 4)


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """
    An existing mast that could carry the requested equipment, and what it would give there.

    `gain` is that of the operator's own network, `headline_gain` that of the headline's operator.
    `kind` is `share`, `upgrade` on the operator's own mast, or `named` by the request itself.
    """

    mast_id: str
    operators: tuple[str, ...]
    distance_m: float
    height_m: float
    gain: "Gain"
    headline_gain: "Gain | None" = None
    kind: str = "share"
    point: "Point | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Unfit:
    """An existing mast in reach that was not computed; `why` is no_room, height_unknown, has_it."""

    mast_id: str
    operators: tuple[str, ...]
    distance_m: float
    kind: str
    why: str
    point: "Point"


@dataclass(slots=True, eq=False)
class Request:
    """
    One requested site with what the checks need of it; gains are filled in by the radio part.

    `gain` is the headline's, `own_gain` that of the operator's own network, `gain_5g` what it gives
    in 5G to the headline's operator. `unfit` are masts in reach that could not be computed.
    `fibre_road_m` is the way to the nearest cable along roads (NaN: none, or not known),
    `fibre_cost_vnd` what the cable costs, `fibre_limit_m` from where on fibre counts as far.
    """

    request_id: str
    row: "pd.Series[Any]"
    point: "Point | None"
    operator: str | None
    technologies: tuple[str, ...]
    height_m: float
    accuracy_m: float
    fibre_m: float
    gain: "Gain | None" = None
    own_gain: "Gain | None" = None
    technology: str = ""
    cells: pd.DataFrame = field(default_factory=pd.DataFrame)
    alternatives: list[Alternative] = field(default_factory=list)
    gain_5g: "Gain | None" = None
    overshoot: "Overshoot | None" = None
    unfit: "list[Unfit]" = field(default_factory=list)
    registered: "tuple[Reason, ...]" = ()
    links: "list[Link]" = field(default_factory=list)
    fibre_road_m: float = math.nan
    fibre_cost_vnd: float = math.nan
    fibre_limit_m: float = math.nan

    @property
    def text(self) -> Mapping[str, str]:
        """Return the text fields that are filled."""
        named = ("mast_class", "commune", "purpose")
        return {name: str(self.row[name]) for name in named if pd.notna(self.row.get(name))}

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the fields without which a request cannot be judged."""
        absent = {
            "operator": self.operator is None,
            "position": self.point is None,
            "height_m": not np.isfinite(self.height_m),
            "technologies": not self.technologies,
        }
        return tuple(name for name, lacks in absent.items() if lacks)


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Layers around the requests, prepared once a batch."""

    layers: "Layers"
    stations: "gpd.GeoDataFrame"
    x_m: npt.NDArray[np.float64]
    y_m: npt.NDArray[np.float64]
    as_of: date | None
    cells: pd.DataFrame = field(default_factory=pd.DataFrame)
    _communes: dict[tuple[float, float], "pd.Series[Any] | None"] = field(
        default_factory=dict, repr=False
    )
    _doubtful: dict[float, Mapping[str, str]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, layers: "Layers", as_of: date | None, cells: pd.DataFrame | None = None
    ) -> "Surroundings":
        """
        Return what lies around, only stations that stand counted as such.

        Parameters
        ----------
        layers
            Layers of the plan.
        as_of
            Day for which the sources must be up to date; None: not looked at.
        cells
            Cells of the stations; None: those of the layers.

        Returns
        -------
        surroundings
            Prepared layers.
        """
        sites = on_air(layers.table("sites"))
        sites = sites[~(sites.geometry.isna() | sites.geometry.is_empty)].sort_index()
        return cls(
            layers=layers,
            stations=sites,
            x_m=sites.geometry.x.to_numpy(),
            y_m=sites.geometry.y.to_numpy(),
            as_of=as_of,
            cells=layers.table("cells") if cells is None else cells,
        )

    def is_known(self, layer: str) -> bool:
        """
        Return whether the plan knows a layer, be it that there is nothing of the kind.

        Parameters
        ----------
        layer
            Name of the layer.

        Returns
        -------
        known
            True where it has rows, or is there without rows and named in `sources`.
        """
        if self.layers.has(layer):
            return True
        sources = self.layers.table("sources")
        return layer in self.layers.tables and bool((sources["layer"] == layer).any())

    def station_distances_m(self, point: "Point") -> npt.NDArray[np.float64]:
        """
        Return the distances from a point to every station that stands.

        Parameters
        ----------
        point
            Position in the planning CRS.

        Returns
        -------
        distance_m
            In the order of `stations` [m].
        """
        return np.asarray(np.hypot(self.x_m - point.x, self.y_m - point.y), dtype=np.float64)

    def distance_m(self, point: "Point", *layers: str) -> float:
        """
        Return the distance to the nearest feature of some layers.

        Parameters
        ----------
        point
            Position in the planning CRS.
        *layers
            Names of the layers.

        Returns
        -------
        distance_m
            Distance, infinite where there is none [m].
        """
        tables = [self.layers.table(layer) for layer in layers]
        return min((_nearest_m(table, point) for table in tables if len(table)), default=np.inf)

    def within(self, point: "Point", layer: str, distance_m: float) -> "gpd.GeoDataFrame":
        """
        Return the features of a layer within a distance.

        Parameters
        ----------
        point
            Position in the planning CRS.
        layer
            Name of the layer.
        distance_m
            Distance, >= 0 [m].

        Returns
        -------
        features
            Rows of the layer, sorted by id.
        """
        table = self.layers.table(layer)
        if not len(table):
            return table
        found = table.sindex.query(point, predicate="dwithin", distance=distance_m)
        return table.iloc[found].sort_index()

    def commune(self, point: "Point") -> "pd.Series[Any] | None":
        """
        Return the commune in which a point lies.

        Parameters
        ----------
        point
            Position in the planning CRS.

        Returns
        -------
        commune
            Row of the layer, or None.
        """
        key = (point.x, point.y)
        if key not in self._communes:
            found = self.within(point, "communes", 0.0)
            self._communes[key] = found.iloc[0] if len(found) else None
        return self._communes[key]

    def is_urban(self, point: "Point") -> bool:
        """
        Return whether a point lies in a town: a commune-level unit of the kind phường or thị trấn.

        Parameters
        ----------
        point
            Position in the planning CRS.

        Returns
        -------
        urban
            False also where the kind is not known.
        """
        commune = self.commune(point)
        return commune is not None and commune.get("type") in URBAN

    def values_near(
        self, raster: "xr.DataArray", point: "Point", distance_m: float
    ) -> npt.NDArray[np.float64]:
        """
        Return the values of a raster in the square of cells around a point.

        Parameters
        ----------
        raster
            Raster of the plan, with or without bands.
        point
            Position in the planning CRS.
        distance_m
            How far the square reaches at least [m].

        Returns
        -------
        values
            Array (bands, rows, columns); without rows where the point lies outside.
        """
        geobox = geobox_of(raster)
        row, column = (int(index) for index in index_of(geobox, point.x, point.y))
        reach = max(int(np.ceil(distance_m / abs(geobox.resolution.x) - 0.5)), 0)
        if not (0 <= row < geobox.shape[0] and 0 <= column < geobox.shape[1]):
            return np.zeros((0, 0, 0))
        rows = slice(max(row - reach, 0), row + reach + 1)
        columns = slice(max(column - reach, 0), column + reach + 1)
        values = raster[..., rows, columns].to_numpy().astype(np.float64)
        return values[None] if values.ndim == 2 else values

    def ground_m(self, point: "Point") -> float:
        """
        Return the height of the ground above sea level.

        Parameters
        ----------
        point
            Position in the planning CRS.

        Returns
        -------
        ground_m
            Height of the grid cell, NaN where it is not known [m].
        """
        if self.layers.terrain is None:
            return float("nan")
        values = self.values_near(self.layers.terrain.ground_m, point, 0.0)
        return float(values[0, 0, 0]) if values.size else float("nan")

    def doubtful_operators(self, age_days: float) -> tuple[str, ...]:
        """
        Return the operators whose list of stations is not known to be complete and up to date.

        Parameters
        ----------
        age_days
            Age that a source may have on the day of the appraisal [days].

        Returns
        -------
        operators
            Names, sorted; `"?"` where no operator is known at all.
        """
        return tuple(self.doubtful_lists(age_days))

    def doubtful_lists(self, age_days: float) -> Mapping[str, str]:
        """
        Return what is the matter with the lists of stations, operator by operator.

        Parameters
        ----------
        age_days
            Age that a source may have on the day of the appraisal [days].

        Returns
        -------
        lists
            By operator, sorted: `"missing"`, `"incomplete"`, `"undated"` or the date of a list that
            is too old. Operators are those of layer `sites` and those that a source of stations or
            cells names; one whose list is complete and young enough is left out.
        """
        if age_days in self._doubtful:
            return self._doubtful[age_days]
        sources = self.layers.table("sources")
        named = sources[sources["layer"].isin(["sites", "cells"])]["operator"].dropna()
        known = set(self.layers.table("sites")["operator"].dropna()) | set(named)
        lists = sources[sources["layer"] == "sites"]
        found = {str(n): self._doubt(lists, n, age_days) for n in sorted(known or {"?"})}
        self._doubtful[age_days] = {name: doubt for name, doubt in found.items() if doubt}
        return self._doubtful[age_days]

    def _doubt(self, lists: pd.DataFrame, operator: str, age_days: float) -> str:
        """Return what is the matter with an operator's stations, empty where one list will do."""
        own = lists[lists["operator"].isna() | (lists["operator"] == operator)]
        doubts = [self._doubt_of(source, age_days) for _, source in own.iterrows()]
        dates = [doubt for doubt in doubts if is_date(doubt)]
        if "" in doubts or dates:
            return "" if "" in doubts else max(dates)
        return next((doubt for doubt in ("undated", "incomplete") if doubt in doubts), "missing")

    def _doubt_of(self, source: "pd.Series[Any]", age_days: float) -> str:
        """Return what is the matter with one list of stations."""
        if pd.isna(source["complete"]) or not bool(source["complete"]):
            return "missing" if source.get("rows") == 0 else "incomplete"
        dated = source.get("as_of")
        if self.as_of is None:
            return ""
        if pd.isna(dated) or not str(dated):
            return "undated"
        age = (self.as_of - date.fromisoformat(str(dated)[:10])).days
        return "" if age <= age_days else str(dated)[:10]


def number_of(value: object) -> float | None:
    """
    Return the number that a field holds.

    Parameters
    ----------
    value
        Field of a table.

    Returns
    -------
    number
        None where it holds no finite number.

    Examples
    --------
    >>> number_of("12.5"), number_of(None)
    (12.5, None)
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def is_date(doubt: str) -> bool:
    """
    Return whether what is the matter with a list is its age.

    Parameters
    ----------
    doubt
        As of `Surroundings.doubtful_lists`.

    Returns
    -------
    is_date
        True where it is a date.

    Examples
    --------
    >>> is_date("2022-06-01"), is_date("missing")
    (True, False)
    """
    return doubt[:1].isdigit()


def _nearest_m(table: "gpd.GeoDataFrame", point: "Point") -> float:
    """Return the distance from a point to the nearest feature, infinite where all are empty."""
    _, away_m = table.sindex.nearest(point, return_all=False, return_distance=True)
    return float(away_m.min(initial=np.inf))


def technologies_of(value: object) -> tuple[str, ...]:
    """
    Return the technologies that a list names.

    Parameters
    ----------
    value
        Text joined by `;`, or a missing value.

    Returns
    -------
    technologies
        Names, sorted, without repetition.

    Examples
    --------
    >>> technologies_of("4G;2G")
    ('2G', '4G')
    """
    if not isinstance(value, str):
        return ()
    return tuple(sorted({part.strip() for part in value.split(";") if part.strip()}))


def bare_name(name: object) -> str:
    """
    Return a commune's name as it is compared: no prefix, no accents, small letters.

    Parameters
    ----------
    name
        Name as written, or a missing value.

    Returns
    -------
    key
        Plain key, empty for a missing value.

    Examples
    --------
    >>> bare_name("Xã Hoà Hải") == bare_name("Hòa Hải")
    True
    """
    if not isinstance(name, str):
        return ""
    text = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    text = next((text[len(p) :] for p in PREFIXES if text.startswith(p)), text)
    plain = unicodedata.normalize("NFD", text.replace("đ", "d"))
    return "".join(c for c in plain if not unicodedata.combining(c)).strip()


def names_of(commune: "pd.Series[Any]") -> Iterable[str]:
    """
    Return the keys of a commune's name and of those merged into it.

    Parameters
    ----------
    commune
        Row of layer `communes`.

    Returns
    -------
    keys
        As of `bare_name`.
    """
    merged = commune.get("merged_from")
    parts = merged.replace(";", ",").split(",") if isinstance(merged, str) else []
    return [bare_name(name) for name in (commune["name"], *parts)]

"""The cells on air as the kernels take them: by mast, position and height, in the order of ids."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import SettingsError
from infraplan.layers.grid import index_of
from infraplan.radio.antennas import is_omni
from infraplan.radio.antennas import patterns_of
from infraplan.radio.link import reference_eirp_dbm
from infraplan.radio.results import ANY
from infraplan.radio.settings import ThresholdProfile

if TYPE_CHECKING:
    import geopandas as gpd
    from odc.geo.geobox import GeoBox

__all__ = ["FREQ_RANGE_MHZ", "Network", "network_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
FREQ_RANGE_MHZ = (30.0, 6000.0)  # ITU-R P.1812-7, section 1


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """
    Cells on air, and the positions and heights they stand at.

    `cells` is sorted by mast, then by position and height, then by group; position p has the cells
    `cell_start[p]:cell_start[p + 1]`, mast u the positions `unit_start[u]:unit_start[u + 1]`.
    `freq_mhz` are the carriers for which losses are needed, `cell_band` that of each cell.
    `out_of_range` counts cells that stand off the grid or outside the models' frequencies.
    """

    cells: pd.DataFrame
    row: Ints
    column: Ints
    height_m: Floats
    cell_start: Ints
    unit_start: Ints
    mast: npt.NDArray[np.int32]
    freq_mhz: Floats
    cell_band: Ints
    out_of_range: int


def cells_on_air(
    sites: "gpd.GeoDataFrame", cells: pd.DataFrame, technologies: Iterable[str] | None
) -> pd.DataFrame:
    """Return the cells of the wanted technologies whose station is there, with their operator."""
    found = cells[cells["site_id"].isin(sites.index)]
    if technologies is not None:
        names = set(technologies)
        if missing := sorted(names - set(found["technology"])):
            msg = f"no cell on air has the technology {', '.join(missing)}"
            raise SettingsError(msg)
        found = found[found["technology"].isin(names)]
    return found.assign(operator=found["site_id"].map(sites["operator"]))


def check_profile(profile: ThresholdProfile, technologies: Iterable[str]) -> None:
    """Refuse technologies without a threshold."""
    if missing := [name for name in technologies if name not in profile.technologies]:
        msg = f"the thresholds profile '{profile.name}' lacks {', '.join(missing)}"
        raise SettingsError(msg)


def wanted_operators(cells: pd.DataFrame, operators: Iterable[str] | None) -> list[str]:
    """Return the operators to predict; `any` needs all of them underneath."""
    known = sorted(set(cells["operator"]))
    if operators is None:
        return [*known, ANY]
    wanted = list(dict.fromkeys(operators))
    if unknown := [name for name in wanted if name not in (*known, ANY)]:
        msg = f"operator {', '.join(unknown)} has no cell on air; there is {', '.join(known)}"
        raise SettingsError(msg)
    return wanted


def network_of(
    cells: pd.DataFrame,
    sites: "gpd.GeoDataFrame",
    geobox: "GeoBox",
    ground_m: npt.NDArray[Any],
    *,
    by_site: bool = False,
    region: npt.NDArray[np.bool_] | None = None,
    radius_m: float = 0.0,
) -> Network:
    """
    Return the cells in the order of the kernels.

    Parameters
    ----------
    cells
        Cells on air with their operator (`cells_on_air`).
    sites
        Layer `sites`, on the CRS of the grid.
    geobox
        The grid.
    ground_m
        Ground heights on the grid, NaN where unknown [m].
    by_site
        Whether each station counts for itself; those on unknown ground are then left out. Else a
        mast that stations share counts once, and one on unknown ground stays: what it could reach
        is unknown.
    region
        Grid cells to be reached, all where None; masts that reach none of them are left out.
    radius_m
        How far masts are followed, >= 0; needed with a region [m].

    Returns
    -------
    network
        Cells, positions and masts, in the order of their ids.
    """
    place = sites.geometry.loc[cells["site_id"]]
    row, column = index_of(geobox, place.x.to_numpy(), place.y.to_numpy())
    inside = (row >= 0) & (row < ground_m.shape[0]) & (column >= 0) & (column < ground_m.shape[1])
    known = inside.copy()
    if by_site:
        known[inside] = np.isfinite(ground_m[row[inside], column[inside]])
    useful = np.ones(row.size, dtype=bool)
    if region is not None:
        useful[inside] = _reaches(region, row[inside], column[inside], radius_m, geobox)
    in_range = cells["freq_mhz"].between(*FREQ_RANGE_MHZ).to_numpy()
    structure = sites["mast_id"].where(sites["mast_id"].notna(), sites.index.to_series())
    table = cells.assign(
        row=row,
        column=column,
        mast_id=cells["site_id"].map(structure),
        azimuth_grid_deg=grid_azimuth(cells, place, sites.crs),
        eirp_dbm=reference_eirp_dbm(cells),
    )[known & in_range & useful]
    order = ["mast_id", "site_id"] if by_site else ["mast_id"]
    table = table.rename_axis("cell_id").reset_index()
    keys = [*order, "row", "column", "height_m", "technology", "operator", "carrier", "cell_id"]
    table = table.sort_values(keys, kind="stable").reset_index(drop=True)
    mast_keys = [*order, "row", "column", "height_m"]
    changes = table[mast_keys].ne(table[mast_keys].shift()).any(axis=1).to_numpy()
    start = np.flatnonzero(changes)
    codes = pd.factorize(table["mast_id"], sort=True)[0].astype(np.int32)
    unit = ["mast_id", "site_id"] if by_site else ["mast_id"]
    begins = table[unit].ne(table[unit].shift()).any(axis=1).to_numpy()[start]
    bands = np.unique(table["freq_mhz"].to_numpy(dtype=np.float64))
    return Network(
        cells=table,
        row=table["row"].to_numpy(dtype=np.int64)[start],
        column=table["column"].to_numpy(dtype=np.int64)[start],
        height_m=table["height_m"].to_numpy(dtype=np.float64)[start],
        cell_start=np.append(start, len(table)).astype(np.int64),
        unit_start=np.append(np.flatnonzero(begins), start.size).astype(np.int64),
        mast=codes,
        freq_mhz=bands,
        cell_band=np.searchsorted(bands, table["freq_mhz"].to_numpy(dtype=np.float64)),
        out_of_range=int((~(known & in_range)).sum()),
    )


def _reaches(
    region: npt.NDArray[np.bool_], row: Ints, column: Ints, radius_m: float, geobox: "GeoBox"
) -> npt.NDArray[np.bool_]:
    """Return which grid cells lie within a radius of a region."""
    from scipy.ndimage import distance_transform_edt

    if not region.any():
        return np.zeros(row.size, dtype=bool)
    away = distance_transform_edt(~region)[row, column] * float(geobox.resolution.x)
    return np.asarray(away <= radius_m)


def grid_azimuth(cells: pd.DataFrame, place: "gpd.GeoSeries", crs: Any) -> Floats:  # noqa: ANN401
    """Return azimuths from the grid's north: true ones less the meridian convergence."""
    azimuth = cells["azimuth_deg"].to_numpy(dtype=np.float64, na_value=np.nan).copy()
    antennas = zip(cells["antenna"], patterns_of(cells), strict=True)
    azimuth[[is_omni(name, pattern) for name, pattern in antennas]] = np.nan
    given = np.isfinite(azimuth)
    if given.any():
        from pyproj import Proj
        from pyproj import Transformer

        to_degrees = Transformer.from_crs(
            crs, crs.geodetic_crs, always_xy=True, allow_ballpark=False
        )
        lon, lat = to_degrees.transform(place.x.to_numpy()[given], place.y.to_numpy()[given])
        convergence = Proj(crs).get_factors(lon, lat).meridian_convergence
        azimuth[given] = (azimuth[given] - np.asarray(convergence)) % 360.0
    return azimuth


def groups_of(cells: pd.DataFrame, wanted: list[str]) -> list[tuple[str, str]]:
    """Return the pairs of technology and operator whose servers are kept."""
    pairs = sorted(set(zip(cells["technology"], cells["operator"], strict=True)))
    return pairs if ANY in wanted else [pair for pair in pairs if pair[1] in wanted]

"""The figures by which a sample is judged: counts, lengths and shares, measured on its tables."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from infraplan.sites.register import is_open

__all__ = ["figures_of", "route_km"]

SAMPLE_M = 20.0  # spacing of the points by which parallel cables are found
SAME_ROUTE_M = 12.0  # a point of an earlier cable this near, and going the same way: the same route
PARALLEL = 0.9  # cosine of the angle between the two, so that a crossing is none


def figures_of(tables: Mapping[str, gpd.GeoDataFrame]) -> dict[str, float]:
    """
    Return the figures of a set of layers; those whose layer is absent are left out.

    Parameters
    ----------
    tables
        Layers by name.

    Returns
    -------
    figures
        stations, masts, shared_mast_share, cable_km, route_km (parallel cables within some 10 m
        count once), aerial_share (of cable length), hamlets, hamlet_people, communes,
        street_sections, buildings, requests (those that wait for an answer). Lengths are those of
        the planning CRS, which differ from geodesic ones by less than 0.01 %.
    """
    figures: dict[str, float] = {}
    if "sites" in tables:
        operators = tables["sites"].groupby("mast_id")["operator"].nunique()
        figures["stations"] = len(tables["sites"])
        figures["masts"] = len(operators)
        figures["shared_mast_share"] = float((operators > 1).mean())
    if "fibre" in tables:
        fibre = tables["fibre"]
        length = fibre.length
        figures["cable_km"] = float(length.sum()) / 1000
        figures["route_km"] = route_km(fibre)
        aerial = length[fibre["installation"] == "aerial"].sum()
        figures["aerial_share"] = float(aerial / max(length.sum(), 1e-9))
    if "hamlets" in tables:
        figures["hamlets"] = len(tables["hamlets"])
        figures["hamlet_people"] = float(tables["hamlets"]["people"].sum())
    for layer, name in (
        ("communes", "communes"), ("streets", "street_sections"), ("buildings", "buildings"),
    ):  # fmt: skip
        if layer in tables:
            figures[name] = len(tables[layer])
    if "requests" in tables:
        figures["requests"] = int(is_open(tables["requests"]).sum())
    return figures


def route_km(fibre: gpd.GeoDataFrame) -> float:
    """
    Return the length of the ways that cables take, parallel cables counted once.

    Parameters
    ----------
    fibre
        Layer `fibre`.

    Returns
    -------
    length_km
        Length by points every 20 m, left out where an earlier cable runs beside it [km].
    """
    lines, owner = shapely.get_parts(fibre.geometry.to_numpy(), return_index=True)
    dense = shapely.segmentize(lines, SAMPLE_M)
    xy, line = shapely.get_coordinates(dense, return_index=True)
    within = line[1:] == line[:-1]
    run = (xy[1:] - xy[:-1])[within]
    step = np.hypot(*run.T)
    ahead = run / np.maximum(step, 1e-9)[:, None]
    middle = ((xy[1:] + xy[:-1]) / 2)[within]
    cable = owner[line[1:][within]]
    _, near = cKDTree(middle).query(middle, k=12, distance_upper_bound=SAME_ROUTE_M)
    other = np.append(cable, np.iinfo(np.int64).max)[near]
    cosine = np.abs(np.einsum("nk,njk->nj", ahead, np.vstack([ahead, np.zeros(2)])[near]))
    repeated = ((other < cable[:, None]) & (cosine > PARALLEL)).any(axis=1)
    return float(step[~repeated].sum()) / 1000

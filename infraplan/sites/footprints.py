"""
Where stations that do not stand yet would give service, kept from one run to the next.

A footprint depends on the ground, the equipment and the level needed; not on people, on present
coverage or on how many are chosen. So a second choice with other numbers finds them all computed.
"""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import index_of
from infraplan.progress import Progress
from infraplan.sites.gain import station_signals

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.layers.terrain import Terrain
    from infraplan.radio.losses import LossStore
    from infraplan.radio.settings import RadioSettings

__all__ = ["Footprint", "footprints"]

VERSION = 1  # of what is kept: a new number leaves all earlier ones behind
AT_ONCE = 64  # stations predicted between two looks at the store
EQUIPMENT = (
    "freq_mhz",
    "bandwidth_mhz",
    "tx_power_dbm",
    "feeder_loss_db",
    "antenna",
    "azimuth_deg",
    "mechanical_downtilt_deg",
    "electrical_downtilt_deg",
    "height_m",
)

Flags = npt.NDArray[np.bool_]
Stored = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Footprint:
    """Where a station gives service: `served` on a window of rows and columns of the grid."""

    rows: slice
    columns: slice
    served: Flags


def footprints(  # noqa: PLR0913 - what a prediction needs, and where it is kept
    terrain: "Terrain",
    stations: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    *,
    settings: "RadioSettings",
    technology: str,
    needed_dbm: float,
    store: "LossStore | None" = None,
    progress: Progress | None = None,
) -> Iterator[tuple[str, Footprint]]:
    """
    Yield where each station gives service, from the store where it has it.

    Parameters
    ----------
    terrain
        Ground.
    stations
        Stations as of layer `sites`.
    cells
        Their cells of the technology, every field filled.
    settings
        Settings of the area engine.
    technology
        Technology wanted.
    needed_dbm
        Mean level from which there is service [dBm].
    store
        Keeps footprints from one run to the next; nothing is kept where None.
    progress
        Called with the share done.

    Yields
    ------
    site_id
        Station.
    footprint
        Where it gives service; stations on unknown ground or off the grid have none.
    """
    keys = _keys(terrain, stations, cells, settings, needed_dbm) if store is not None else {}
    missing: list[str] = []
    for done, site_id in enumerate(stations.index.astype(str)):
        kept = store.load(keys[site_id]) if store is not None and site_id in keys else None
        found = None if kept is None else _unpacked(kept)
        if found is None:
            missing.append(site_id)
            continue
        yield site_id, found
        if progress is not None:
            progress((done + 1 - len(missing)) / len(stations))
    before = len(stations) - len(missing)
    for begin in range(0, len(missing), AT_ONCE):
        some = stations.loc[missing[begin : begin + AT_ONCE]]
        own = cells[cells["site_id"].isin(some.index)]
        if not len(own):
            continue
        for signal in station_signals(
            terrain, some, own, settings=settings, technologies=[technology]
        ):
            served = np.asarray(signal.signal_dbm >= needed_dbm)
            made = _trimmed(Footprint(signal.rows, signal.columns, served))
            if store is not None and signal.site_id in keys:
                store.save(keys[signal.site_id], _packed(made))
            yield signal.site_id, made
        if progress is not None:
            progress((before + begin + len(some)) / len(stations))


def _trimmed(whole: Footprint) -> Footprint:
    """Return a footprint on the smallest window that holds all of it."""
    row, column = (np.flatnonzero(whole.served.any(axis=axis)) for axis in (1, 0))
    if not row.size:
        empty = slice(whole.rows.start, whole.rows.start)
        return Footprint(
            empty, slice(whole.columns.start, whole.columns.start), np.zeros((0, 0), bool)
        )
    top, bottom, left, right = row[0], row[-1] + 1, column[0], column[-1] + 1
    return Footprint(
        slice(whole.rows.start + int(top), whole.rows.start + int(bottom)),
        slice(whole.columns.start + int(left), whole.columns.start + int(right)),
        whole.served[top:bottom, left:right],
    )


def _packed(footprint: Footprint) -> Stored:
    """Return a footprint as the store takes it: window, then compressed bits."""
    bits = zlib.compress(np.packbits(footprint.served).tobytes(), 6)
    numbers = [footprint.rows.start, footprint.rows.stop, footprint.columns.start,
               footprint.columns.stop, len(bits)]  # fmt: skip
    head = np.asarray(numbers, dtype="<u4").tobytes()
    return np.frombuffer(head + bits + b"\0" * (len(bits) % 2), dtype="<u2")


def _unpacked(stored: Stored) -> Footprint | None:
    """Return a footprint that was kept, None where it is not one."""
    content = np.ascontiguousarray(stored, dtype="<u2").tobytes()
    if len(content) < 20:
        return None
    top, bottom, left, right, size = (int(n) for n in np.frombuffer(content[:20], dtype="<u4"))
    shape = bottom - top, right - left
    if min(shape) < 0 or len(content) < 20 + size:
        return None
    try:
        bits = np.frombuffer(zlib.decompress(content[20 : 20 + size]), dtype=np.uint8)
    except zlib.error:
        return None
    count = shape[0] * shape[1]
    if bits.size != (count + 7) // 8:
        return None
    served = np.unpackbits(bits, count=count).astype(np.bool_).reshape(shape)
    return Footprint(slice(top, bottom), slice(left, right), served)


def _keys(
    terrain: "Terrain",
    stations: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    settings: "RadioSettings",
    needed_dbm: float,
) -> dict[str, str]:
    """Return a name for the footprint of each station: what it depends on."""
    from infraplan.radio.area import surroundings_db

    geobox = geobox_of(terrain.ground_m)
    ground = hashlib.blake2b(terrain.ground_m.to_numpy().tobytes(), digest_size=16)
    ground.update(surroundings_db(terrain, settings).tobytes())
    grid = [*geobox.shape, *map(float, tuple(geobox.affine)[:6]), str(geobox.crs)]
    ground.update(repr((VERSION, grid, asdict(settings), round(needed_dbm, 6))).encode())
    row, column = index_of(geobox, stations.geometry.x.to_numpy(), stations.geometry.y.to_numpy())
    place = dict(zip(stations.index.astype(str), zip(row, column, strict=True), strict=True))
    columns = [name for name in EQUIPMENT if name in cells]
    parts: dict[str, list[str]] = {}
    table = cells.sort_index()
    for site_id, *values in zip(
        table["site_id"].astype(str), *(table[name] for name in columns), strict=True
    ):
        parts.setdefault(site_id, []).append(repr([str(value) for value in values]))
    keys = {}
    for site_id, told in parts.items():
        digest = ground.copy()
        digest.update(repr((int(place[site_id][0]), int(place[site_id][1]), told)).encode())
        keys[site_id] = digest.hexdigest()
    return keys

"""Classes of signal around a requested station, before and after, small enough for a page."""

import base64
import zlib
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from infraplan.radio.results import SiteSignal
    from infraplan.sites.gain import Ground

__all__ = ["footprint_of", "unpacked_classes"]

UNKNOWN = 255
MOST_CELLS = 400  # of a side; a larger window is thinned out

Bytes = npt.NDArray[np.uint8]


def footprint_of(signal: "SiteSignal", ground: "Ground", operator: str) -> dict[str, Any] | None:
    """
    Return the classes of signal before and after a station, where it serves or changes anything.

    Parameters
    ----------
    signal
        Signal of the station, one technology.
    ground
        Present coverage.
    operator
        Operator whose coverage it adds to, or `"any"`.

    Returns
    -------
    row
        Columns of table `footprints` of the study; None where the present coverage was not
        predicted or the station serves nowhere.
    """
    present = ground.present(signal.technology, operator, signal.rows, signal.columns)
    if present is None:
        return None
    alone = ground.classes(signal.technology, signal.signal_dbm).astype(np.uint8)
    before = ground.classes(signal.technology, present.signal_dbm).astype(np.uint8)
    before[present.unknown] = UNKNOWN
    after = np.where(present.unknown & (alone == 0), UNKNOWN, np.maximum(before, alone))
    after = np.where(present.unknown & (alone > 0), alone, after).astype(np.uint8)
    shown = (alone > 0) | (before != after)
    if not shown.any():
        return None
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    up, left = int(rows[0]), int(columns[0])
    size = int(rows[-1]) + 1 - up, int(columns[-1]) + 1 - left
    step = -(-max(size) // MOST_CELLS)
    # of each square of cells the middle one, the last one at the edges
    at = [np.minimum(np.arange(0, n, step) + step // 2, n - 1) for n in size]
    picked = np.ix_(up + at[0], left + at[1])
    affine = ground.geobox.affine
    return {
        "technology": signal.technology,
        "operator": operator,
        "west_m": float(affine.c + affine.a * (signal.columns.start + left)),
        "north_m": float(affine.f + affine.e * (signal.rows.start + up)),
        "cell_m": float(affine.a) * step,
        "rows": at[0].size,
        "columns": at[1].size,
        "before": _packed(before[picked]),
        "after": _packed(after[picked]),
    }


def _packed(classes: Bytes) -> str:
    """Return classes as text."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(classes).tobytes(), 9)).decode()


def unpacked_classes(text: str, rows: int, columns: int) -> Bytes:
    """
    Return the classes that a footprint holds.

    Parameters
    ----------
    text
        Column `before` or `after`.
    rows
        Rows of the window.
    columns
        Columns of the window.

    Returns
    -------
    classes
        0 none, 1 weak, 2 acceptable, 3 good, 255 unknown; rows from the north.

    Examples
    --------
    >>> unpacked_classes(_packed(np.array([[0, 3]], dtype=np.uint8)), 1, 2).tolist()
    [[0, 3]]
    """
    found = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    return found.reshape(int(rows), int(columns))

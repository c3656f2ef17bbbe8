"""Which nodes of a graph hang together."""

import numpy as np
import numpy.typing as npt

__all__ = ["joined_parts"]

Ints = npt.NDArray[np.int64]


def joined_parts(ends: Ints, count: int) -> Ints:
    """
    Return the part of a graph that each node lies in.

    Parameters
    ----------
    ends
        Pairs of nodes 0, 1, ..., `count` - 1 that an edge joins, shape (m, 2).
    count
        Number of nodes.

    Returns
    -------
    part
        Number of each node's part, shape (count,); parts are numbered by their first nodes. A node
        without an edge is a part of its own.

    Examples
    --------
    >>> joined_parts(np.asarray([[3, 0], [1, 4]]), 5).tolist()
    [0, 1, 2, 0, 1]
    """
    first = np.arange(count)  # a node of the same part, none after it
    one, other = ends[:, 0], ends[:, 1]
    while True:
        a, b = first[one], first[other]
        apart = a != b
        if not apart.any():
            break
        one, other, a, b = one[apart], other[apart], a[apart], b[apart]
        np.minimum.at(first, np.maximum(a, b), np.minimum(a, b))
        while (nearer := first[first]).tobytes() != first.tobytes():
            first = nearer
    return np.asarray(np.unique(first, return_inverse=True)[1], dtype=np.int64)

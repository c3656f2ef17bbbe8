"""Parts of a graph: against SciPy on graphs of chance."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from infraplan.cables.joined import joined_parts


@pytest.mark.parametrize(("count", "edges"), [(1, 0), (5, 0), (40, 25), (200, 190), (300, 900)])
def test_parts_are_those_of_scipy(count: int, edges: int) -> None:
    """Numbers too: a part is numbered by its first node."""
    rng = np.random.default_rng(count)
    ends = rng.integers(0, count, (edges, 2))
    links = coo_array((np.ones(edges), (ends[:, 0], ends[:, 1])), shape=(count, count))
    expected = connected_components(links, directed=False)[1]
    assert joined_parts(ends, count).tolist() == expected.tolist()


def test_a_long_chain_in_any_order_is_one_part() -> None:
    """As streets are, cut into many pieces."""
    nodes = np.random.default_rng(1).permutation(5000)
    ends = np.column_stack([nodes[:-1], nodes[1:]])
    assert not joined_parts(ends, 5000).any()

"""
Trenches that several owners share: a tree whose edges cost by the bores of those who pass.

The tree is searched by slope scaling: each edge is given the price that it would have with the
bores it carried last, the cheapest tree for these prices is sought, and its true cost is counted.
The bound rests on a line below the cost of each edge, alpha + beta x bores: every plan joins all
stops over edges that cost at least alpha, and every owner's own stops over edges in which the
owner's bore costs at least beta.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infraplan.cables.bores import supporting_lines
from infraplan.errors import SettingsError

__all__ = ["Flows", "SharedTree", "shared_tree"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Rows = tuple[Ints, Ints, Ints, Ints]

ROUNDS = 4  # of slope scaling; prices rarely change after three
PASSES = 2
WORK = 40_000_000  # arcs that one quick dual ascent may look at
QUICK_ROOTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """
    Whose stops must be joined, and the cables that run between them.

    `stop_node` and `stop_owner` have a row a stop of an owner; `run_ends` (pairs of nodes),
    `run_owner` and `run_mm2` a row a run of cables; `bore_mm2` is the section that a bore takes.
    """

    stop_node: Ints
    stop_owner: Ints
    owners: int
    run_ends: Ints
    run_owner: Ints
    run_mm2: Floats
    bore_mm2: float


@dataclass(frozen=True, slots=True, eq=False)
class SharedTree:
    """
    A tree of shared trenches.

    `edges` are sorted places among the edges given; `bores` what each owner uses in each of them,
    shape (edges, owners), 0 where the owner does not pass; `section_mm2` the cables of the runs;
    `cost` counts the edges by their bores; nothing that joins the same stops costs less than
    `bound`.
    """

    edges: Ints
    bores: Ints
    section_mm2: Floats
    cost: float
    bound: float
    stopped_by_time: bool


def shared_tree(
    ends: Ints,
    cost: Floats,
    terminals: Ints,
    flows: Flows,
    *,
    thorough: bool = True,
    time_limit_s: float = 30.0,
    seed: int = 0,
) -> SharedTree:
    """
    Return a cheap tree of trenches that joins all terminals, and what no plan can undercut.

    Parameters
    ----------
    ends
        Pairs of nodes 0, 1, ..., shape (m, 2); they join the terminals.
    cost
        Cost of each edge by the bores of owners in it: column k for k bores, shape (m, k).
    terminals
        Nodes to be joined, at least two.
    flows
        Whose stops they are.
    thorough
        Whether to search trees with `steiner_tree`, else in milliseconds.
    time_limit_s
        Time of one search [s].
    seed
        Seed of the searches.

    Returns
    -------
    tree
        Edges, bores, cost and bound.

    Raises
    ------
    SettingsError
        If owners need more bores than the costs tell.
    """
    search = _Search(ends, cost, np.unique(terminals), flows, thorough, time_limit_s, seed)
    tree = search.best_tree()
    bound = min(search.bound(), search.cost_of(tree)[0])
    total, bores, section = search.cost_of(tree)
    if not np.isfinite(total):
        msg = "price book: rules.layouts knows no trench for so many ducts"
        raise SettingsError(msg)
    return SharedTree(tree, bores, section, total, max(bound, 0.0), search.stopped)


@dataclass(slots=True, eq=False)
class _Search:
    """The search for one tree."""

    ends: Ints
    cost: Floats
    terminals: Ints
    flows: Flows
    thorough: bool
    time_limit_s: float
    seed: int
    stopped: bool = False

    def cost_of(self, tree: Ints) -> tuple[float, Ints, Floats]:
        """Return the true cost of a tree, and the bores and sections of owners on its edges."""
        from infraplan.cables._kernels_works import forest_loads

        flows = self.flows
        passes, section, _ = forest_loads(
            self.ends[tree], int(self.ends.max()) + 1, flows.stop_node, flows.stop_owner,
            flows.owners, flows.run_ends, flows.run_owner, flows.run_mm2,
        )  # fmt: skip
        by_section = np.ceil(section / flows.bore_mm2 - 1e-9).astype(np.int64)
        bores = np.where(passes, np.maximum(by_section, 1), 0)
        column = bores.sum(axis=1)
        if column.max(initial=0) >= self.cost.shape[1]:
            return np.inf, bores, section
        return float(self.cost[tree, column].sum()), bores, section

    def best_tree(self) -> Ints:
        """Return the best tree of a few rounds of slope scaling."""
        typical = min(self.flows.owners, self.cost.shape[1] - 1)
        price = self.cost[:, typical].copy()
        best, least, seen = np.zeros(0, dtype=np.int64), np.inf, set()
        for _ in range(ROUNDS if self.thorough else 2):
            tree = self._tree(price)
            total, bores, _ = self.cost_of(tree)
            if total < least or not len(best):
                best, least = tree, total
            if tree.tobytes() in seen:
                break
            seen.add(tree.tobytes())
            column = np.minimum(bores.sum(axis=1), self.cost.shape[1] - 1)
            price = self.cost[:, int(np.median(column))].copy()
            price[tree] = self.cost[tree, column]
        return self._improved(best, least) if self.thorough else best

    def _tree(self, price: Floats) -> Ints:
        """Return the cheapest tree found for prices of edges."""
        from infraplan.cables.steiner import steiner_tree

        quick = self._quick_tree(price)
        if not self.thorough:
            return quick
        found = steiner_tree(
            self.ends, np.maximum(np.round(price), 1.0), self.terminals,
            time_limit_s=self.time_limit_s, seed=self.seed,
        )  # fmt: skip
        self.stopped = self.stopped or found.stopped_by_time
        return found.edges if price[found.edges].sum() < price[quick].sum() else quick

    def _quick_tree(self, price: Floats) -> Ints:
        """Return a tree grown from a few roots and improved by exchange of key paths."""
        from infraplan.cables._kernels import exchange_paths
        from infraplan.cables._kernels import grow_tree
        from infraplan.cables._kernels import spanning_tree

        starts, heads, links, is_terminal = self._rows()
        usable = np.ones(len(price), dtype=np.bool_)
        best, least = np.zeros(0, dtype=np.int64), np.inf
        middle = len(self.terminals) // 2
        for root in dict.fromkeys(self.terminals[[0, middle, -1]].tolist()):
            inside = grow_tree(starts, heads, links, price, is_terminal, root, usable)
            tree = spanning_tree(starts, heads, links, price, is_terminal, inside)
            for _ in range(PASSES):
                order = np.flatnonzero(tree)
                if (
                    exchange_paths(starts, heads, links, price, self.ends, is_terminal, tree, order)
                    <= 0
                ):
                    break
                inside = np.zeros(len(is_terminal), dtype=np.bool_)
                inside[self.ends[tree].ravel()] = True
                tree = spanning_tree(starts, heads, links, price, is_terminal, inside)
            total = float(price[tree].sum())
            if total < least:
                best, least = np.flatnonzero(tree).astype(np.int64), total
        return best

    def _rows(self) -> Rows:
        """Return the graph by rows, and which nodes are terminals."""
        from infraplan.cables._kernels import neighbours

        count = int(self.ends.max()) + 1
        starts, heads, links, _ = neighbours(self.ends, count)
        is_terminal = np.zeros(count, dtype=np.bool_)
        is_terminal[self.terminals] = True
        return starts, heads, links, is_terminal

    def _improved(self, best: Ints, least: float) -> Ints:
        """Return the tree after trying, path by path, a dearer price on what it uses."""
        rng = np.random.default_rng(self.seed)
        for _ in range(IMPROVEMENTS):
            _, bores, _ = self.cost_of(best)
            column = np.minimum(bores.sum(axis=1), self.cost.shape[1] - 1)
            price = self.cost[:, int(np.median(column))].copy()
            price[best] = self.cost[best, column]
            shaken = price * (1.0 + SHAKE * rng.random(len(price)))
            tree = self._quick_tree(shaken)
            total = self.cost_of(tree)[0]
            if total < least:
                best, least = tree, total
        return best

    def bound(self) -> float:
        """Return the best bound over several ways to divide costs between trench and owners."""
        columns = self.cost.shape[1]
        typical = min(self.flows.owners, columns - 1)
        best, split = 0.0, (self.cost[:, 0], np.zeros(len(self.cost)))
        for at in sorted({typical} if not self.thorough else {0, typical, *range(1, typical)}):
            alpha, beta = supporting_lines(self.cost, at)
            found = self._quick_bound(alpha, beta)
            if found > best or at == typical:
                best, split = max(found, best), (alpha, beta)
        if self.thorough:
            best = max(best, self._slow_bound(*split))
        return best

    def _owners(self) -> list[Ints]:
        """Return the stops of each owner who has two at least."""
        flows = self.flows
        stops = [np.unique(flows.stop_node[flows.stop_owner == k]) for k in range(flows.owners)]
        return [mine for mine in stops if len(mine) > 1]

    def _quick_bound(self, alpha: Floats, beta: Floats) -> float:
        """Return the bound of a split by dual ascent in whole dong."""
        total = self._ascent(alpha, self.terminals)
        if beta.any():
            total += sum(self._ascent(beta, stops) for stops in self._owners())
        return total

    def _ascent(self, price: Floats, terminals: Ints) -> float:
        """Return the best bound of a dual ascent from a few roots."""
        from infraplan.cables._kernels import dual_ascent

        starts, heads, links, is_terminal = self._rows()
        is_terminal = np.zeros_like(is_terminal)
        is_terminal[terminals] = True
        whole = np.floor(price).astype(np.int64)
        roots = terminals[np.linspace(0, len(terminals) - 1, QUICK_ROOTS if self.thorough else 1).astype(int)]
        return float(max(
            dual_ascent(starts, heads, links, whole, is_terminal, int(root), WORK)[0]
            for root in np.unique(roots)
        ))  # fmt: skip

    def _slow_bound(self, alpha: Floats, beta: Floats) -> float:
        """Return the bound of a split by `steiner_tree`."""
        from infraplan.cables.steiner import steiner_tree

        total = 0.0
        for price, stops in ((alpha, self.terminals), *((beta, mine) for mine in self._owners())):
            if not price.any():
                continue
            found = steiner_tree(
                self.ends, np.floor(price), stops, time_limit_s=self.time_limit_s, seed=self.seed
            )
            total += max(found.bound, self._ascent(price, stops))
        return total


IMPROVEMENTS = 20
SHAKE = 0.15

"""
Trenches that several owners share: a tree whose edges cost by the bores of those who pass.

The tree is searched by slope scaling: each edge is given the price that it would have with the
bores it carried last, the cheapest tree for these prices is sought, and its true cost is counted.
The bound divides the cost of each edge: every plan joins all stops over edges that cost at least
the common part, and every owner's own stops over edges in which the owner's bore costs at least the
owner's part. A thorough search has the best division of all, and trees along the edges it uses.
"""

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infraplan.cables.bores import supporting_lines
from infraplan.cables.chamber_costs import Extra
from infraplan.cables.chamber_costs import extras_cost
from infraplan.errors import SettingsError

__all__ = ["Flows", "SharedTree", "load_search", "shared_tree"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Rows = tuple[Ints, Ints, Ints, Flags]

QUICK_ROUNDS = 2
ROUNDS = 4  # of slope scaling; prices rarely change after three
PASSES = 2  # of exchanges at fixed prices
SWEEPS = 5  # of exchanges by true cost
TURNS = 4  # in which common trench and owners take what the others left
TRUST = (0.7, 0.9, 0.5)  # in a relaxation: by how much the edges that it uses get cheaper
GUIDED = 12  # trees along a relaxation
SHAKEN = 4  # trees near the best one
SHAKE = 0.25  # share by which chance changes prices
KEPT = (0.2, 1.0)  # by how much the edges of the best tree get cheaper
ROOTS = 3  # of a dual ascent
WORK = 400_000_000  # arcs that one dual ascent may look at


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
    `cost` counts the edges by their bores, and the extras; nothing that joins the same stops costs
    less than `bound`.
    """

    edges: Ints
    bores: Ints
    section_mm2: Floats
    cost: float
    bound: float
    stopped_by_time: bool


def shared_tree(  # noqa: PLR0913 - a graph, who is joined, and how hard to search
    ends: Ints,
    cost: Floats,
    terminals: Ints,
    flows: Flows,
    *,
    thorough: bool = True,
    is_proven: bool = True,
    extras: tuple[Extra, ...] = (),
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
    is_proven
        Whether to prove a bound, else it is 0; a thorough search needs one.
    extras
        What depends on several edges.
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
    search = _Search(ends, cost, np.unique(terminals), flows, thorough, extras, time_limit_s, seed)
    tree = search.best_tree()
    if not np.isfinite(search.cost_of(tree)[0]):
        msg = "price book: rules.layouts knows no trench for so many ducts"
        raise SettingsError(msg)
    proven, share = search.bound() if thorough or is_proven else (0.0, None)
    tree = search.guided(tree, share)
    total, bores, section = search.cost_of(tree)
    bound = min(max(proven, 0.0), total)
    return SharedTree(tree, bores, section, total, bound, search.stopped)


def load_search() -> None:
    """Load what a thorough search needs, which takes longer than the smallest search itself."""
    square = np.asarray([[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]], dtype=np.int64)
    both = np.asarray([0, 1], dtype=np.int64)
    flows = Flows(
        stop_node=np.asarray([0, 2, 1, 3], dtype=np.int64),
        stop_owner=np.repeat(both, 2),
        owners=2,
        run_ends=np.asarray([[0, 2], [1, 3]], dtype=np.int64),
        run_owner=both,
        run_mm2=np.ones(2),
        bore_mm2=1.0,
    )
    cost = np.outer(np.asarray([9.0, 8.0, 7.0, 6.0, 5.0]), np.asarray([1.0, 2.0, 3.0]))
    shared_tree(square, cost, np.arange(4), flows)


@dataclass(slots=True, eq=False)
class _Search:
    """The search for one tree."""

    ends: Ints
    cost: Floats
    terminals: Ints
    flows: Flows
    thorough: bool
    extras: tuple[Extra, ...]
    time_limit_s: float
    seed: int
    stopped: bool = False
    rows: Rows | None = None

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
        dug = np.zeros(len(self.ends), dtype=np.bool_)
        dug[tree] = True
        total = float(self.cost[tree, column].sum()) + extras_cost(self.extras, dug)
        return total, bores, section

    def best_tree(self) -> Ints:
        """Return the best tree of a few rounds of slope scaling and exchanges by true cost."""
        typical = min(self.flows.owners, self.cost.shape[1] - 1)
        starting = dict.fromkeys([typical, typical // 2] if self.thorough else [typical])
        best, least = np.zeros(0, dtype=np.int64), np.inf
        for column in starting:
            price = self.cost[:, column].copy()
            for _ in range(ROUNDS if self.thorough else QUICK_ROUNDS):
                tree = self._exchanged(self._tree(price))
                total, bores, _ = self.cost_of(tree)
                if total >= least and len(best):
                    break
                best, least = tree, total
                carried = np.minimum(bores.sum(axis=1), self.cost.shape[1] - 1)
                price = self.cost[:, int(np.median(carried))].copy()
                price[tree] = self.cost[tree, carried]
        return best

    def _exchanged(self, tree: Ints) -> Ints:
        """Return a tree after exchanging key paths for others by their true cost."""
        from infraplan.cables._kernels_works import exchange_shared

        starts, heads, links, is_terminal = self._rows()
        flows = self.flows
        stops = (flows.stop_node, flows.stop_owner, flows.owners, flows.run_ends, flows.run_owner,
                 flows.run_mm2, flows.bore_mm2)  # fmt: skip
        inside = np.zeros(len(self.ends), dtype=np.bool_)
        inside[tree] = True
        least = np.inf
        for _ in range(SWEEPS if self.thorough else 1):
            total = exchange_shared(
                (starts, heads, links), self.ends, self.cost, is_terminal, inside,
                np.flatnonzero(inside), stops,
            )  # fmt: skip
            if not total < least:
                break
            least = total
        return np.flatnonzero(inside).astype(np.int64)

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
        roots = (
            self.terminals[[0, len(self.terminals) // 2, -1]]
            if self.thorough
            else self.terminals[:1]
        )
        for root in np.unique(roots).tolist():
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
        if self.rows is None:
            self.rows = self._made_rows()
        return self.rows

    def _made_rows(self) -> Rows:
        """Work out the graph by rows, and which nodes are terminals."""
        from infraplan.cables._kernels import neighbours

        count = int(self.ends.max()) + 1
        starts, heads, links, _ = neighbours(self.ends, count)
        is_terminal = np.zeros(count, dtype=np.bool_)
        is_terminal[self.terminals] = True
        return starts, heads, links, is_terminal

    def bound(self) -> tuple[float, Floats | None]:
        """
        Return what no plan can undercut, and the share of each edge in a relaxation that says so.

        The cost of k bores in an edge is divided into a part of the common trench and a part of
        each owner, such that any k owners' parts and the common one never exceed it. Quickly, each
        part joins its own stops and what a dual ascent leaves of it goes to the others, in turns.
        """
        from infraplan.cables.division import divided_bound

        least = np.minimum.accumulate(self.cost[:, ::-1], axis=1)[:, ::-1]
        owners = self._owners()
        typical = min(self.flows.owners, self.cost.shape[1] - 1)
        quick = self._in_turns(least, supporting_lines(self.cost, typical), owners)
        if not self.thorough:
            return quick, None
        found = divided_bound(
            self.ends,
            least,
            self.terminals,
            owners,
            extras=self.extras,
            time_limit_s=self.time_limit_s,
        )
        self.stopped = self.stopped or found.stopped_by_time
        return max(quick, found.bound), found.share

    def guided(self, tree: Ints, share: Floats | None) -> Ints:
        """Return a tree, or a cheaper one along the edges that a relaxation uses."""
        if share is None:
            return tree
        rng = np.random.default_rng(self.seed)
        best, least = tree, self.cost_of(tree)[0]
        typical = min(self.flows.owners, self.cost.shape[1] - 1)
        late = time.monotonic() + self.time_limit_s
        for number in range(GUIDED + SHAKEN):
            if time.monotonic() > late:
                self.stopped = True
                break
            column = 1 + number % max(typical, 1) if typical else 0
            trust = TRUST[number % len(TRUST)]
            price = self.cost[:, column] * np.maximum(1.0 - trust * share, 0.0)
            if number >= len(TRUST) * max(typical, 1):
                price *= rng.uniform(1.0 - SHAKE, 1.0 + SHAKE, len(price))
            if number >= GUIDED:
                price[best] *= rng.uniform(*KEPT)
            other = self._exchanged(self._quick_tree(price))
            total = self.cost_of(other)[0]
            if total < least:
                best, least = other, total
        return best

    def _in_turns(self, least: Floats, lines: tuple[Floats, Floats], owners: list[Ints]) -> float:
        """Return the bound of a division in which each part takes what the others leave."""
        common, limit = lines
        used = np.zeros((len(owners), len(least)))
        values = np.zeros(len(owners) + 1)
        for turn in range(TURNS if self.thorough else 1):
            for k, stops in enumerate(owners):
                room = _room(least[:, 1:], common, np.delete(used, k, axis=0))
                value, taken = self._ascent(np.minimum(room, limit) if turn == 0 else room, stops)
                if value > values[k] or turn == 0:
                    values[k], used[k] = value, taken
            value, taken = self._ascent(_room(least, np.zeros(len(least)), used), self.terminals)
            if value > values[-1] or turn == 0:
                values[-1], common = value, taken
        return float(values.sum())

    def _owners(self) -> list[Ints]:
        """Return the stops of each owner who has two at least."""
        flows = self.flows
        stops = [np.unique(flows.stop_node[flows.stop_owner == k]) for k in range(flows.owners)]
        return [mine for mine in stops if len(mine) > 1][: self.cost.shape[1] - 1]

    def _ascent(self, price: Floats, terminals: Ints) -> tuple[float, Floats]:
        """Return the best bound of dual ascents from a few roots, and what it took of each edge."""
        from infraplan.cables._kernels_cuts import ascend

        starts, heads, links, is_terminal = self._rows()
        is_terminal = np.zeros_like(is_terminal)
        is_terminal[terminals] = True
        whole = np.floor(price).astype(np.int64)
        count = ROOTS if self.thorough else 1
        roots = np.unique(terminals[np.linspace(0, len(terminals) - 1, count).astype(np.int64)])
        best, taken = -1.0, np.zeros(len(price))
        for root in roots.tolist():
            left = whole[links]
            value, _, _, _ = ascend(starts, heads, left, is_terminal, root, WORK, 0)
            if value > best:
                best, taken = float(value), np.zeros(len(price))
                np.maximum.at(taken, links, (whole[links] - left).astype(np.float64))
        return best, taken


def _room(least: Floats, common: Floats, others: Floats) -> Floats:
    """Return how much of each edge's cost is left beside the common part and the owners' parts."""
    steep = -np.sort(-others, axis=0)
    taken = np.zeros(len(least))
    room = least[:, 0] - common
    for k in range(1, least.shape[1]):
        if k <= len(steep):
            taken += steep[k - 1]
        room = np.minimum(room, least[:, k] - common - taken)
    return np.maximum(room, 0.0)

"""
The directed cut program of a Steiner tree, solved by HiGHS, with a bound in whole numbers.

Arcs leave a root; into each set of nodes with a terminal and without the root runs at least one,
and no node that is no terminal has more coming in than going out (T. Koch, A. Martin, Networks 32,
1998). Rows begin with the cuts of dual ascent; more are found by dual ascent over what the program
leaves of the arcs, then by flows. The duals are rounded to whole numbers, arcs that lack something
are paid for, and dual ascent goes on from there: what HiGHS rounds cannot lift the bound.
"""

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.cables.steiner_bounds import Needed
from infraplan.cables.steiner_bounds import ascended
from infraplan.cables.steiner_bounds import needed
from infraplan.cables.steiner_bounds import settled
from infraplan.cables.steiner_bounds import without
from infraplan.cables.steiner_graph import Graph
from infraplan.cables.steiner_graph import Rows
from infraplan.cables.steiner_graph import shrunk
from infraplan.cables.steiner_graph import spread
from infraplan.cables.steiner_trees import Search
from infraplan.cables.steiner_trees import edges_of
from infraplan.cables.steiner_trees import grown
from infraplan.cables.steiner_trees import joined
from infraplan.cables.steiner_trees import shaken

if TYPE_CHECKING:
    from highspy._core import _Highs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Sets = tuple[Ints, Ints]

DUAL_SUM = 2.0**50  # duals are scaled so that their sum stays exact in a float
ASCENT_WORK = 1_000_000_000  # arcs that one dual ascent may look at
FIRST_NODES = 16_000_000  # of the sets of the first dual ascent
MORE_NODES = 2_000_000  # of the sets of each later one
FLOW_NODES = 3_000_000  # of the sets that flows find
NESTED = 4, 40  # sets that flows find for one terminal, fewest and most
NESTED_IN_ALL = 800
ROUNDS = 400  # of solving and cutting
SWEEP = 4  # rounds after which slack rows go
REBUILD = 0.85  # share of edges below which the program begins anew
VIOLATED = 0.98  # greatest flow over a cut that is told
TINY = 1e-6  # share of the mean cost of an edge that counts as nothing left
LITTLE = 1e-9  # share by which a round must raise the worth of the program
INNER_TREES = 8  # trees whose mean is the first inner point, at most
FEWEST_TREES = 3  # the same at least
UNBALANCED = 1e-3  # flow that may vanish in a node without a row being added
SHARES = 0.15, 0.5  # of the solution in points between it and the inner one, where cuts are sought
TRIES = 4
PATIENCE = 12  # rounds that may raise it by less
GUIDED_EDGES = 2_000  # up to which trees are grown after every solution
CONVERGED = 0.005  # share between the program and its inner point at which it is solved
SHAKES = 6  # trees that are shaken between two solutions
ROOT_PATIENCE = 60  # the same before anything is branched: plateaus are long where costs are equal


@dataclass(slots=True, eq=False)
class _Program:
    """
    The program of one graph and root: a row for each of `sets`, columns for some of the arcs.

    A row is a cut, or the flow through the one node of its set. `inner` is a point that no cut
    parts from the trees.
    """

    graph: Graph
    rows: Rows
    root: int
    barred: Flags
    highs: "_Highs"
    unit: float
    begins: Ints
    arcs: Ints
    signs: Ints
    is_cut: Flags
    sets: Sets
    value: Floats
    dual: Floats
    inner: Floats

    def add(self, sets: Sets) -> int:
        """Add a row for each set that is violated; return how many."""
        from infraplan.cables._kernels_cuts import arcs_into

        starts, heads, _, _ = self.rows
        begins, arcs, number = arcs_into(starts, heads, *sets, self.value, VIOLATED)
        if len(number):
            places, new = spread(sets[0], number)
            self._append(begins, arcs, np.ones_like(arcs), (new, sets[1][places]), is_cut=True)
        return len(number)

    def add_flows(self) -> int:
        """Add a row for each node that more runs into than out of; return how many."""
        starts, heads, _, twin = self.rows
        count = len(starts) - 1
        into = np.repeat(np.arange(count), np.diff(starts))
        balance = np.bincount(into, self.value, count) - np.bincount(heads, self.value, count)
        nodes = np.flatnonzero((balance > UNBALANCED) & ~self.graph.is_terminal)
        if len(nodes):
            places, begins = spread(starts, nodes)
            arcs = np.concatenate([places, twin[places]])
            owner = np.repeat(np.arange(len(nodes)), np.diff(begins))
            order = np.argsort(np.concatenate([owner, owner]), kind="stable")
            signs = np.repeat(np.asarray([-1, 1]), len(places))
            one_each = np.arange(len(nodes) + 1)
            self._append(
                2 * begins, arcs[order], signs[order], (one_each, nodes), is_cut=False
            )  # fmt: skip
        return len(nodes)

    def _append(self, begins: Ints, arcs: Ints, signs: Ints, sets: Sets, *, is_cut: bool) -> None:
        """Append rows to the program."""
        count = len(begins) - 1
        self.highs.addRows(
            count,
            np.full(count, 1.0 if is_cut else 0.0),
            np.full(count, np.inf),
            len(arcs),
            begins[:-1].astype(np.int32),
            arcs.astype(np.int32),
            signs.astype(np.float64),
        )
        self.begins = np.concatenate([self.begins, begins[1:] + self.begins[-1]])
        self.arcs = np.concatenate([self.arcs, arcs])
        self.signs = np.concatenate([self.signs, signs])
        self.is_cut = np.concatenate([self.is_cut, np.full(count, is_cut)])
        self.sets = (
            np.concatenate([self.sets[0], sets[0][1:] + self.sets[0][-1]]),
            np.concatenate([self.sets[1], sets[1]]),
        )

    def solve(self, deadline: float) -> bool:
        """Solve the program; return whether HiGHS came to its end."""
        import highspy

        def ask(_kind: object, _text: str, _told: object, answer: object, _data: object) -> None:
            """Stop HiGHS by the clock of the search, which is not always the one of HiGHS."""
            answer.user_interrupt = time.monotonic() > deadline  # type: ignore[attr-defined]

        self.highs.setCallback(ask, None)
        self.highs.startCallback(highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        solution = self.highs.getSolution()
        self.value = np.asarray(solution.col_value)
        self.dual = np.asarray(solution.row_dual)
        return True

    def drop(self) -> None:
        """Take out the rows that do not bind."""
        import highspy

        basis = self.highs.getBasis()
        basic = highspy.HighsBasisStatus.kBasic
        statuses = list(basis.row_status)
        slack = np.asarray([status == basic for status in statuses]) & (self.dual <= 0)
        gone = np.flatnonzero(slack)
        if len(gone) < 0.2 * len(slack):
            return
        kept = np.flatnonzero(~slack)
        basis.row_status = [statuses[k] for k in kept.tolist()]
        self.highs.deleteRows(len(gone), gone.astype(np.int32))
        self.highs.setBasis(basis)
        self.dual, self.is_cut = self.dual[kept], self.is_cut[kept]
        places, begins = spread(self.begins, kept)
        self.begins, self.arcs, self.signs = begins, self.arcs[places], self.signs[places]
        places, begins = spread(self.sets[0], kept)
        self.sets = begins, self.sets[1][places]


def closed_by_cuts(search: Search, graph: Graph) -> tuple[Graph, Floats]:
    """
    Raise the bound by the cut program until nothing is violated.

    Returned are what is left of the graph, and what flows into each of its nodes where known.
    """
    named: Sets = (np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))
    root_name = -1
    while True:
        program = _begun(search, graph, named, root_name)
        if program is None:
            return graph, np.zeros(0)
        graph = _cut(search, program)
        if graph is program.graph:
            into = np.repeat(np.arange(len(graph.is_terminal)), np.diff(program.rows[0]))
            flow = np.bincount(into, program.value, len(graph.is_terminal))
            return graph, flow.astype(np.float64)
        if settled(search, graph) or not search.open:
            return graph, np.zeros(0)
        graph = shrunk(graph, search.late)
        if settled(search, graph):
            return graph, np.zeros(0)
        binding = np.flatnonzero(program.is_cut & (program.dual > 0))
        places, begins = spread(program.sets[0], binding)
        named = begins, program.graph.names[program.sets[1][places]]
        root_name = int(program.graph.names[program.root])


def _begun(search: Search, graph: Graph, named: Sets, root_name: int) -> _Program | None:
    """Return the program: rows of flow, of named sets, of dual ascent; none if time is up."""
    from infraplan.cables._kernels_cuts import kept_sets

    rows = graph.rows()
    _, _, links, _ = rows
    known = np.flatnonzero((graph.names == root_name) & graph.is_terminal)
    root = int(known[0]) if len(known) else int(search.rng.choice(graph.terminals))
    left = graph.cost[links].copy()
    found, complete, *sets = ascended(
        search, rows, left, graph.is_terminal, root, ASCENT_WORK, FIRST_NODES
    )
    search.prove(found + graph.fixed_cost)
    if not complete or not search.open:
        return None
    program = _empty_program(graph, rows, root)
    program.inner = _inner(search, program)
    number = np.full(len(search.cost) * 2 + 2, -1, dtype=np.int64)
    number[graph.names] = np.arange(len(graph.names))
    if len(named[0]) > 1:
        program.add(kept_sets(*named, number, graph.is_terminal, root))
    program.add((sets[0], sets[1]))
    return program


def _inner(search: Search, program: _Program) -> Floats:
    """Return the mean of some trees, as a point that no cut parts from the trees."""
    from infraplan.cables._kernels_trees import _hang

    graph = program.graph
    starts, heads, links, twin = program.rows
    plain = graph.cost.astype(np.float64)
    everything = np.ones(len(graph.cost), dtype=np.bool_)
    point = np.zeros(len(heads))
    trees = [edges_of(graph, tree) for _, tree in search.pool[:INNER_TREES]]
    trees = [tree for tree in trees if joined(graph, tree)]
    while len(trees) < FEWEST_TREES:
        root = int(search.rng.choice(graph.terminals))
        shaken = plain * (1.0 + 0.25 * search.rng.random(len(plain)))
        trees.append(grown(search, graph, program.rows, root, everything, shaken))
    for tree in trees:
        up = _hang(starts, heads, links, twin, tree, program.root)
        point[up[up >= 0]] += 1.0 / len(trees)
    return point


def _empty_program(graph: Graph, rows: Rows, root: int) -> _Program:
    """Return the program without any row."""
    import highspy
    from highspy._core import _Highs  # the class above it greets on standard output

    starts, heads, links, _ = rows
    into = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    unit = float(graph.cost.mean())
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(heads), 0
    lp.col_cost_ = graph.cost[links] / unit
    lp.col_lower_ = np.zeros(len(heads))
    lp.col_upper_ = (into != root).astype(np.float64)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    highs = _Highs()
    highs.setOptionValue("output_flag", False)  # noqa: FBT003 - HiGHS asks so
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("presolve", "off")
    highs.setOptionValue("dual_simplex_cost_perturbation_multiplier", 0.0)
    highs.passModel(lp)
    none = np.zeros(0, dtype=np.int64)
    one = np.zeros(1, dtype=np.int64)
    zero = np.zeros(len(heads))
    return _Program(
        graph=graph, rows=rows, root=root, barred=into == root, highs=highs, unit=unit, begins=one,
        arcs=none, signs=none, is_cut=none.astype(np.bool_), sets=(one, none), value=zero,
        dual=zero[:0], inner=zero,
    )  # fmt: skip


def _cut(search: Search, program: _Program) -> Graph:
    """Solve and cut; return the graph that is left, the same if nothing more is violated."""
    graph = program.graph
    weak, before = 0, 0.0
    for number in range(ROUNDS):
        if not program.solve(search.deadline):
            search.late()
            return graph
        worth = float(program.highs.getInfo().objective_function_value)
        weak = weak + 1 if worth - before < LITTLE * worth else 0
        before = max(worth, before)
        kept, sets = _proved(search, program)
        if not search.open:
            return graph
        if number % 3 == 0 or len(graph.cost) <= GUIDED_EDGES:
            _guided(search, program, program.inner if number % 3 == 1 else program.value)
        if number % 3 == 0:
            shaken(search, graph, program.rows, SHAKES)
        if kept.edges.sum() <= REBUILD * len(graph.cost):
            return without(search, graph, kept)
        if weak >= PATIENCE and not _hopeful(search, program, worth, weak):
            return graph
        _barred(program, kept.edges)
        if number % 3 == 0:
            program.drop()
        if program.add(sets) + program.add_flows() + _cut_between(search, program) == 0:
            kept, _ = _proved(search, program)
            return graph if kept.edges.all() else without(search, graph, kept)
    return graph


def _hopeful(search: Search, program: _Program, worth: float, weak: int) -> bool:
    """Return whether cuts may still raise much what the program is worth, on a long plateau."""
    cost = program.graph.cost[program.rows[2]] / program.unit
    above = float(program.inner @ cost)  # no less than the program with all cuts
    return len(search.nodes) == 1 and weak < ROOT_PATIENCE and above > (1 + CONVERGED) * worth


def _proved(search: Search, program: _Program) -> tuple[Needed, Sets]:
    """Raise the bound by duals in whole numbers and dual ascent; return what is still needed."""
    from infraplan.cables._kernels_cuts import take_duals

    graph = program.graph
    _, _, links, _ = program.rows
    scale = 1 << max(0, math.floor(math.log2(DUAL_SUM / (float(graph.cost.sum()) + 1.0))))
    duals = np.floor(np.maximum(program.dual, 0.0) * (program.unit * scale)).astype(np.int64)
    left = graph.cost[links] * scale
    # no better tree uses barred arcs: they are taken to cost more than everything
    left[program.barred] = 1 << 51
    lack = take_duals(program.begins, program.arcs, program.signs, duals, left)
    bound = int(duals[program.is_cut].sum()) - int(lack)
    left[left < program.unit * scale * TINY] = 0  # what rounding leaves is no cut
    more, complete, *sets = ascended(
        search, program.rows, left, graph.is_terminal, program.root, ASCENT_WORK, MORE_NODES
    )
    bound += more
    search.prove(-(-bound // scale) + graph.fixed_cost)
    everything = np.ones(len(graph.cost), dtype=np.bool_)
    kept = Needed(everything, np.zeros(len(graph.is_terminal), dtype=np.bool_))
    if complete and search.open:
        kept = needed(search, graph, program.rows, left, bound, scale, program.root)
    return kept, (sets[0], sets[1])


def _guided(search: Search, program: _Program, value: Floats) -> None:
    """Grow a tree along the arcs that a point of the program likes."""
    graph = program.graph
    liked = np.zeros(len(graph.cost))
    np.maximum.at(liked, program.rows[2], value)
    everything = np.ones(len(graph.cost), dtype=np.bool_)
    root = int(search.rng.choice(graph.terminals))
    guide = graph.cost * (1.0 - 0.999 * np.clip(liked, 0.0, 1.0))
    grown(search, graph, program.rows, root, everything, guide)


def _barred(program: _Program, edges: Flags) -> None:
    """Forbid the arcs of edges that no better tree uses."""
    gone = np.flatnonzero(~edges[program.rows[2]] & ~program.barred)
    program.barred[gone] = True
    program.highs.changeColsBounds(
        len(gone), gone.astype(np.int32), np.zeros(len(gone)), np.zeros(len(gone))
    )


def _cut_between(search: Search, program: _Program) -> int:
    """Add cuts that part the program's solution from an inner point; return how many."""
    for _ in range(TRIES):
        count = 0
        for share in SHARES:
            point = share * program.value + (1.0 - share) * program.inner
            begins, sets = _flow_cuts(search, program, point)
            count += program.add((begins, sets))
            if len(begins) == 1:
                program.inner = point
        if count:
            return count
    return program.add(_flow_cuts(search, program, program.value))


def _flow_cuts(search: Search, program: _Program, value: Floats) -> Sets:
    """Return sets that the flow to some terminal shows to be violated."""
    from infraplan.cables._kernels_cuts import violated_cuts

    starts, heads, _, twin = program.rows
    order = search.rng.permutation(program.graph.terminals)
    nested = int(np.clip(NESTED_IN_ALL // len(order), *NESTED))
    begins, sets = violated_cuts(
        starts, heads, twin, value, program.root, order, nested, FLOW_NODES
    )
    return begins, sets

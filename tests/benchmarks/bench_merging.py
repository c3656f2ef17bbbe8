"""
Cables of several owners, drawn with errors of their own, merged into trenches: against the truth.

Run: pytest tests/benchmarks/bench_merging.py -o python_files='bench_*.py' -s
With INFRAPLAN_BENCH=province 21,000 km in 5,224 lines, else a fortieth of it. The truth is a net of
curved roads, some with a trench on either side (12 to 16 m apart); a line follows roads, keeps to
its owner's side, begins and ends anywhere, and is drawn with a smooth error of 0.5 to 3 m and
vertices of its own, about 43 m apart. Pairs are compared every 20 m along every line.
"""

import os
import time

import numpy as np
import pandas as pd
import pytest

from infraplan.cables import merge_lines

WHOLE = os.environ.get("INFRAPLAN_BENCH") == "province"
SIDE = 84 if WHOLE else 13  # junctions along a side of the net
LINES = 5224 if WHOLE else 130
OWNERS = ("Viettel", "VNPT", "MobiFone", "FPT", "CMC", "SCTV", "police")
ROAD_M = 1000.0
TAPER_M = 12.0  # in which the trenches of both sides leave the junction
APART_M = (25.0, 65.0)
EVERY_M = 20.0


def net(rng):
    """Return junctions and roads: a shaken grid with gaps, and diagonals that cross others."""
    grid = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"), -1).reshape(-1, 2)
    nodes = ROAD_M * (grid + rng.uniform(-0.3, 0.3, grid.shape))
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    straight = [(number[:-1], number[1:]), (number[:, :-1], number[:, 1:])]
    across = [(number[:-1, :-1], number[1:, 1:]), (number[:-1, 1:], number[1:, :-1])]
    pairs = [(np.stack([a.ravel(), b.ravel()], 1), 0.92) for a, b in straight]
    pairs += [(np.stack([a.ravel(), b.ravel()], 1), 0.06) for a, b in across]
    return nodes, np.vstack([p[rng.random(len(p)) < share] for p, share in pairs])


def trench(nodes, road, offset_m: float, bow: float):
    """Return the true vertices of a trench along a bowed road, 20 m apart, beside its middle."""
    a, b = nodes[road]
    length = np.hypot(*(b - a))
    count = max(int(length / 20), 4)
    u = np.linspace(0, 1, count + 1)
    along = (b - a) / length
    left = np.array([-along[1], along[0]])
    shift = bow * np.sin(np.pi * u) + 0.3 * bow * np.sin(3 * np.pi * u)
    middle = a + u[:, None] * (b - a) + shift[:, None] * left
    run = np.gradient(middle, axis=0)
    normal = np.column_stack([-run[:, 1], run[:, 0]]) / np.hypot(*run.T)[:, None]
    near = np.minimum(u, 1 - u) * length
    return middle + (offset_m * np.clip(near / TAPER_M, 0, 1))[:, None] * normal


def walks(rng, nodes, roads):
    """Return for each line the roads that it follows, (road, forward) each, busy places first."""
    around: dict[int, list[tuple[int, int]]] = {}
    for k, (a, b) in enumerate(roads.tolist()):
        around.setdefault(a, []).append((k, b))
        around.setdefault(b, []).append((k, a))
    centres = nodes[rng.integers(len(nodes), size=max(SIDE // 4, 2))]
    busy = sum(np.exp(-(((nodes - c) ** 2).sum(axis=1)) / (2 * 2500.0**2)) for c in centres) + 0.25
    found = []
    for _ in range(LINES):
        at = int(rng.choice(len(nodes), p=busy / busy.sum()))
        heading, seen, walk = rng.normal(size=2), set(), []
        for _ in range(1 + int(rng.gamma(2.0, 2.0))):
            ways = [(k, b) for k, b in around.get(at, []) if k not in seen]
            if not ways:
                break
            score = [float((nodes[b] - nodes[at]) @ heading) + rng.normal(0, 300) for _, b in ways]
            road, following = ways[int(np.argmax(score))]
            walk.append((road, bool(roads[road, 0] == at)))
            seen.add(road)
            heading = (nodes[following] - nodes[at]) / ROAD_M
            at = following
        if walk:
            found.append(walk)
    return found


def along(xy):
    """Return the distance of each vertex along a line."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])


def drawn(rng, xy, corners, kind: str):
    """Return a line as somebody draws it: vertices of its own, corners kept, an error."""
    run = along(xy)
    own = np.cumsum(rng.uniform(*APART_M, int(run[-1] / APART_M[0]) + 1))
    at = np.concatenate([[0.0, run[-1]], corners, own[own < run[-1]]])
    at = np.unique(np.round(at, 2))
    at = at[np.concatenate([[True], np.diff(at) > 1.0])]
    amplitude = rng.uniform(0.5, 3.0)
    error = np.zeros((len(at), 2))
    for share in (0.6, 0.3, 0.1):
        wave, phase = rng.uniform(150, 1500, 2), rng.uniform(0, 2 * np.pi, 2)
        error += share * np.sin(2 * np.pi * at[:, None] / wave + phase) / np.sqrt(2)
    if kind == "shift":
        angle = rng.uniform(0, 2 * np.pi)
        error = np.tile([np.cos(angle), np.sin(angle)], (len(at), 1))
    elif kind == "jitter":
        error = rng.normal(size=(len(at), 2))
    error *= amplitude
    return np.column_stack([np.interp(at, run, xy[:, k]) for k in range(2)]) + error, at


def instance(seed: int = 0, kind: str = "smooth"):
    """Return drawn lines, owners and the truth: who is where along which trench."""
    rng = np.random.default_rng(seed)
    nodes, roads = net(rng)
    bow = rng.uniform(-80, 80, len(roads))
    both = rng.random(len(roads)) < 0.3
    half = rng.uniform(6, 8, len(roads))
    sides = rng.choice([-1, 1], (len(OWNERS), len(roads)))
    known: dict[tuple[int, int], np.ndarray] = {}
    lines, owner, truth = [], [], []
    for number, walk in enumerate(walks(rng, nodes, roads)):
        who = int(rng.integers(len(OWNERS)))
        pieces, spans = [], []
        for k, (road, forward) in enumerate(walk):
            side = int(sides[who, road]) if both[road] else 0
            if (road, side) not in known:
                known[road, side] = trench(nodes, roads[road], side * half[road], bow[road])
            xy = known[road, side]
            run = along(xy)
            low, high = 0.0, run[-1]
            if k == 0:
                cut = rng.uniform(0, 0.7) * high
                low, high = (cut, high) if forward else (low, high - cut)
            if k == len(walk) - 1:
                cut = rng.uniform(0, 0.7) * (high - low)
                low, high = (low, high - cut) if forward else (low + cut, high)
            inner = (run > low + 1e-6) & (run < high - 1e-6)
            at = np.concatenate([[low], run[inner], [high]])
            piece = np.column_stack([np.interp(at, run, xy[:, c]) for c in range(2)])
            pieces.append(piece if forward else piece[::-1])
            spans.append((road, side, low, high, forward))
        whole = np.vstack([pieces[0], *(p[1:] for p in pieces[1:])])
        corners = np.cumsum([high - low for _, _, low, high, _ in spans])[:-1]
        line, at = drawn(rng, whole, corners, kind)
        begin, whole_m = 0.0, at[-1]
        turned = bool(rng.random() < 0.5)
        for road, side, low, high, forward in spans:
            from_m = whole_m - begin - (high - low) if turned else begin
            truth.append((number, 3 * road + side + 1, low, high, forward != turned, from_m))
            begin += high - low
        lines.append((line[::-1], whole_m - at[::-1]) if turned else (line, at))
        owner.append(OWNERS[who])
    columns = ["line", "trench", "low", "high", "forward", "begin"]
    return lines, owner, pd.DataFrame(truth, columns=columns)


def true_length_m(truth) -> float:
    """Return the length of all trenches in which a line runs."""
    total = 0.0
    for _, rows in truth.sort_values("low").groupby("trench"):
        reach = -np.inf
        for low, high in zip(rows["low"], rows["high"], strict=True):
            total += max(high - max(low, reach), 0.0)
            reach = max(reach, high)
    return total


def pairs(samples, spans, by: str):
    """Return (sample, other line) for lines that cover the same place of the same `by`."""
    both = samples.merge(spans, on=by, suffixes=("", "_other"))
    both = both[(both["low"] <= both["place"]) & (both["place"] <= both["high"])]
    both = both[both["line"] != both["line_other"]]
    return set((both["sample"] * 100_000 + both["line_other"]).tolist())


def scores(lines, truth, merged) -> tuple[float, float]:
    """Return by length the shares of wrong pairs among those merged, of missed among the true."""
    found, true = [], []
    count = 0
    runs = dict(iter(merged.runs.groupby("line")))
    spans = dict(iter(truth.groupby("line")))
    for number, (xy, at) in enumerate(lines):
        mine = along(xy)
        own = np.arange(EVERY_M / 2, mine[-1], EVERY_M)
        exact = np.interp(own, mine, at)
        for low, high, edge in runs[number][["from_m", "to_m", "edge"]].to_numpy().tolist():
            inside = np.flatnonzero((own >= low) & (own < high))
            found += [(count + k, number, int(edge), 0.0) for k in inside.tolist()]
        for row in spans[number].itertuples():
            inside = np.flatnonzero((exact >= row.begin) & (exact < row.begin + row.high - row.low))
            place = exact[inside] - row.begin
            place = row.low + place if row.forward else row.high - place
            true += [(count + k, number, row.trench, float(u))
                     for k, u in zip(inside.tolist(), place.tolist(), strict=True)]  # fmt: skip
        count += len(own)
    columns = ["sample", "line", "edge", "place"]
    flat = merged.runs[["edge", "line"]].assign(low=-1.0, high=1.0)
    got = pairs(pd.DataFrame(found, columns=columns), flat, "edge")
    frame = pd.DataFrame(true, columns=columns).rename(columns={"edge": "trench"})
    want = pairs(frame, truth[["trench", "line", "low", "high"]], "trench")
    return len(got - want) / len(got), len(want - got) / len(want)


@pytest.mark.parametrize("kind", ["smooth", "shift", "jitter"])
def test_merged_trenches_against_the_truth(kind) -> None:
    lines, owner, truth = instance(kind=kind)
    drawn_lines = [xy for xy, _ in lines]
    merge_lines(drawn_lines[:3], owner[:3])  # compiles
    began = time.process_time()
    merged = merge_lines(drawn_lines, owner)
    taken_s = time.process_time() - began
    exact_m = true_length_m(truth)
    error = merged.trench_m / exact_m - 1
    wrong, missed = scores(lines, truth, merged)
    print(
        f"\n{kind}: {merged.cable_m / 1000:,.0f} km in {len(lines):,} lines, "
        f"{sum(map(len, drawn_lines)):,} vertices: {taken_s:.1f} s cpu; trenches "
        f"{merged.trench_m / 1000:,.1f} km, true {exact_m / 1000:,.1f} km ({100 * error:+.2f} %); "
        f"wrong {100 * wrong:.2f} %, missed {100 * missed:.2f} % of pairs by length; "
        f"{len(merged.edges):,} edges, at most {merged.table['lines'].max()} lines in one"
    )
    assert abs(error) <= 0.01
    assert wrong <= 0.005
    assert missed <= 0.02

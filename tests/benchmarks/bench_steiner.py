"""
Quality of Steiner trees on published instances: gap to the optimum, own gap, seconds of CPU.

Run: pytest tests/benchmarks/bench_steiner.py -o python_files='bench_*.py' -s, with
INFRAPLAN_BENCH=province before it for all 57 instances; without, four small ones. With
INFRAPLAN_RECORD=1 as well, what was found is written to steiner_record.csv, one line an instance,
in place of its former one; INFRAPLAN_LIMIT_SHARE=0.5 halves the limits of time, and the record
tells the limit used. Limits are seconds of CPU, for cores may be shared: the clock that the search
asks is that of the process. INFRAPLAN_ONLY=I001,G101 takes some instances alone, so that two
processes may share them.
"""

import csv
import os
import time
from pathlib import Path

import numpy as np
import pytest

from infraplan.cables import SteinerTree
from infraplan.cables import steiner_tree
from tests.cables.instances import INSTANCES
from tests.cables.instances import known_instance
from tests.cables.instances import read_instance

RECORD = Path(__file__).with_name("steiner_record.csv")
COLUMNS = (
    "instance", "nodes", "edges", "terminals", "optimum", "cost", "bound", "gap_to_optimum_percent",
    "own_gap_percent", "cpu_s", "limit_s", "proven",
)  # fmt: skip
SMALL = ("I052", "I056", "dmxa1721", "wrp4-16")
ONLY = os.environ.get("INFRAPLAN_ONLY", ",".join(INSTANCES)).split(",")
FULL = ONLY if os.environ.get("INFRAPLAN_BENCH") == "province" else ()
# Built to be hard for this very method (two are unsolved), or very large: told, not asserted.
HARD = ("bip52u", "cc5-3n", "hc9p", "fnl4461fst", "i640-141")


def limit_s(name: str, edges: int, terminals: int) -> float:
    """Return the CPU time for an instance: less for small ones, more for raw streets [s]."""
    share = float(os.environ.get("INFRAPLAN_LIMIT_SHARE", "1"))
    if edges <= 6_500 and terminals <= 130:
        return share * 20.0
    return share * (60.0 if name.startswith("G") else 30.0)


def solved(name: str, seconds: float) -> tuple[SteinerTree, dict[str, object]]:
    """Solve an instance, check the tree and its bound, and return it with a line of the record."""
    row = known_instance(name)
    edges, cost, terminals = read_instance(name)
    start = time.process_time()
    found = steiner_tree(edges, cost, terminals, time_limit_s=seconds)
    cpu_s = time.process_time() - start
    optimum = float(row["best_upper"])
    assert found.bound <= optimum + 1e-6
    assert found.cost >= float(row["best_lower"])
    assert found.cost == cost[found.edges].sum()
    used = np.unique(edges[found.edges])
    assert len(used) == len(found.edges) + 1
    assert np.isin(terminals, used).all()
    gap = 100 * (found.cost - optimum) / optimum
    line = dict(zip(COLUMNS, (
        name, row["nodes"], row["edges"], row["terminals"], f"{optimum:.0f}", f"{found.cost:.0f}",
        f"{found.bound:.0f}", f"{gap:.4f}", f"{100 * found.gap:.4f}", f"{cpu_s:.1f}",
        f"{seconds:.0f}", str(found.optimal).lower(),
    ), strict=True))  # fmt: skip
    print("\n" + ", ".join(f"{key} {value}" for key, value in line.items()))
    return found, line


def recorded(line: dict[str, object]) -> None:
    """Write a line into the record, in place of the instance's former one."""
    lines = {}
    if RECORD.exists():
        with RECORD.open(encoding="utf-8") as old:
            lines = {row["instance"]: row for row in csv.DictReader(old)}
    lines[str(line["instance"])] = line
    with RECORD.open("w", encoding="utf-8", newline="") as new:
        writer = csv.DictWriter(new, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines[name] for name in INSTANCES if name in lines)


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Compile the kernels before anything is timed."""
    edges, cost, terminals = read_instance("I053")
    steiner_tree(edges, cost, terminals, time_limit_s=600)


@pytest.fixture(autouse=True)
def clock_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search count seconds of CPU."""
    monkeypatch.setattr(time, "monotonic", time.process_time)


@pytest.mark.parametrize("name", SMALL)
def test_small_instances_are_proven(name: str) -> None:
    found, _ = solved(name, 60)
    assert found.optimal
    assert found.cost == float(known_instance(name)["best_upper"])


@pytest.mark.parametrize("name", FULL)
def test_every_published_instance(name: str) -> None:
    row = known_instance(name)
    found, line = solved(name, limit_s(name, int(row["edges"]), int(row["terminals"])))
    if os.environ.get("INFRAPLAN_RECORD") == "1":
        recorded(line)
    if name.startswith("I"):
        assert found.cost <= 1.0006 * float(row["best_upper"])
    elif name.startswith("G"):
        assert found.cost <= 1.003 * float(row["best_upper"])
    elif name not in HARD:
        assert found.cost <= 1.01 * float(row["best_upper"])

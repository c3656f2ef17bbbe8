"""
The main job step by step: time, peak memory and the quality of the answer.

The pilot by default; the province on the real layers of Hà Tĩnh with
`INFRAPLAN_BENCH=province` (about ten minutes). Each figure stands beside a reference of the same
run (`log10` of ten million numbers), so that machines can be compared.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import infraplan as ip
from infraplan.api.publish import _sheets
from infraplan.cables import fibre_lengths
from infraplan.coverage import inventory
from infraplan.reports import plan_workbook
from infraplan.text import words
from tests.shared_data import shared_folder


def reference_s() -> float:
    numbers = np.linspace(1.0, 2.0, 10_000_000)
    start_s = time.perf_counter()
    np.log10(numbers)
    return time.perf_counter() - start_s


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def alone(command: str, folder: Path) -> tuple[float, float]:
    """Return time and peak memory of a command in a process of its own, on a plan with coverage."""
    script = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from infraplan.cli import main\n"
        "try:\n    main()\n"
        "finally:\n"
        "    status = Path('/proc/self/status').read_text()\n"  # its own peak, not its parent's
        "    print(re.search(r'VmHWM:\\s+(\\d+)', status).group(1), file=sys.stderr)\n"
    )
    start_s = time.perf_counter()
    arguments = [sys.executable, "-c", script, command, str(folder)]
    found = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return time.perf_counter() - start_s, int(found.stderr.split()[-1]) / 1e6


def quality(step: str, result) -> str:
    if step == "coverage":
        known = result.bands("4G", "any")["signal_dbm"].notnull().mean()
        return f"{len(result.maps)} maps, {float(known):.0%} of the grid known"
    if step == "gaps":
        hamlets = result.hamlets[~result.hamlets["is_rest"].astype(bool)]
        short = hamlets[hamlets["level"].isin(["none", "weak"])]
        behind = int((short["cause"] == "terrain").sum())
        of_any = result.shares.query("area_level == 'province' and denominator == 'people'")
        share = of_any.query("technology == '4G' and operator == 'any'")["share"].iloc[0]
        return (
            f"4G any {share:.2%} of people; {len(short)} hamlets none or weak, {behind} by terrain"
        )
    if step == "appraise":
        return ", ".join(f"{k} {n}" for k, n in result.requests["proposal"].value_counts().items())
    if step == "propose":
        return f"{result.people_gained.sum():.0f} people, gap {result.gap:.3%}"
    if step == "underground":
        return f"{result.cost_vnd / 1e9:.2f} billion VND, gap {result.gap:.1%}"
    if step in ("map", "report"):
        files = result if step == "map" else [result]
        return ", ".join(f"{path.suffix} {path.stat().st_size / 1e6:.2f} MB" for path in files)
    return ""


def gaps_and_tables_s(plan, folder: Path) -> tuple[float, float]:
    """Return how long all shares and gaps take once there is coverage, and then all tables."""
    coverage = ip.predict(plan)
    (plan.results / "gaps.json").unlink()
    start_s = time.perf_counter()
    gaps = ip.gaps(plan, coverage)
    found_s = time.perf_counter()
    say = words("vi")
    tables = _sheets(gaps.layers, {"gaps": gaps}, say)
    plan_workbook(folder / "x.xlsx", tables, words=say, is_synthetic=True)
    return found_s - start_s, time.perf_counter() - found_s


def test_main_job_step_by_step(tmp_path: Path, capsys) -> None:
    unit_s = reference_s()
    is_province = os.environ.get("INFRAPLAN_BENCH") == "province"
    start_s = time.perf_counter()
    options = {"size": "province", "base": shared_folder("data/hatinh")} if is_province else {}
    plan = ip.sample_plan(tmp_path / "plan", **options)
    rows = [("sample", time.perf_counter() - start_s, peak_gb(), "")]
    for done in ip.run_plan(plan):
        if done.step != "check":
            answer = quality(done.step, done.result)
            rows += [(done.step, done.seconds, peak_gb(), answer)]
    start_s = time.perf_counter()
    states = [done.state for done in ip.run_plan(plan)]
    rows.append(("second run", time.perf_counter() - start_s, peak_gb(), "computes nothing"))
    layers = plan.layers(["communes", "hamlets", "sites", "fibre"], rasters=())
    counted = inventory(layers).totals
    lengths = fibre_lengths(layers).loc["total"]
    with capsys.disabled():
        print(f"\n{'step':<12}{'s':>8}{'x log10':>9}{'peak GB':>9}  answer")
        for step, seconds, memory, answer in rows:
            print(f"{step:<12}{seconds:8.1f}{seconds / unit_s:9.0f}{memory:9.2f}  {answer}")
        print(
            f"{len(layers.table('communes'))} communes, {len(layers.table('hamlets'))} hamlets, "
            f"{counted['stations']:.0f} stations on {counted['positions']:.0f} masts, "
            f"{counted['technologies']:.0f} station technologies, "
            f"{counted['shared_mast_share']:.1%} of masts shared; "
            f"{lengths['cable_km']:.0f} cable-km, {lengths['route_km']:.0f} route-km"
        )
        for command in ("gaps", "report", "map"):
            (plan.results / f"{command}.json").unlink()
            seconds, gigabytes = alone(command, plan.folder)
            print(f"{command} alone: {seconds:.1f} s, {gigabytes:.2f} GB at its peak")
        gaps_s, tables_s = gaps_and_tables_s(plan, tmp_path)
        print(f"after coverage: shares and gaps {gaps_s:.1f} s, all tables {tables_s:.1f} s")
    assert "done" not in states[1:]

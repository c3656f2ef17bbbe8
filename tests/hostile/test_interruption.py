"""An import that is killed, or finds no room, leaves a plan of the old or the new state."""

import os
import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infraplan.api import import_layer
from infraplan.api import open_plan
from infraplan.plan import Plan
from infraplan.plan import open_folder
from tests.hostile.corpus import SITES_CSV
from tests.hostile.corpus import hashes

IMPORT = """
import sys
from infraplan.api import import_layer
from infraplan.errors import InfraplanError
from infraplan.plan import open_folder
plan = open_folder(sys.argv[1])
plan.tables()
print("ready", flush=True)
sys.stdin.readline()
try:
    import_layer(plan, "sites", sys.argv[2])
except InfraplanError as error:
    print(error, flush=True)
    sys.exit(2)
"""
ROUNDS = int(os.environ.get("INFRAPLAN_KILLS", "3"))
WRITING_S = 0.25  # about as long as the import takes
ROWS = 300


def sites_file(path: Path, rows: int = ROWS) -> Path:
    """Return a list of new stations."""
    lines = [f"N{n},Trạm {n},Viettel,18.36,105.90,4G\n" for n in range(rows)]
    path.write_text(SITES_CSV + "".join(lines), encoding="utf-8")
    return path


def started(folder: Path, file: Path, **options: object) -> subprocess.Popen[str]:
    """Return a process that is ready to import."""
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(folder), str(file)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def state_of(folder: Path) -> set[str]:
    """Return the ids of the stations of a plan, all of which hold to the schema."""
    return set(open_plan(folder).table("sites").index)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_killed_import_leaves_the_old_or_the_new_state(
    plan: Plan, tmp_path: Path, round_: int
) -> None:
    process = started(plan.folder, sites_file(tmp_path / "n.csv"))
    process.stdin.write("\n")
    process.stdin.flush()
    time.sleep(random.Random(round_).uniform(0, WRITING_S))  # noqa: S311 - no secret
    process.kill()
    process.communicate()
    assert state_of(plan.folder) in ({"OLD"}, {f"N{n}" for n in range(ROWS)})
    import_layer(open_folder(plan.folder), "sites", sites_file(tmp_path / "m.csv", 5))
    assert state_of(plan.folder) == {f"N{n}" for n in range(5)}
    assert not [path for path in plan.folder.rglob("*") if "~infraplan" in path.name]


@pytest.mark.parametrize("limit_bytes", [0, 110_000])
def test_a_full_disk_leaves_the_plan_byte_for_byte(
    plan: Plan, tmp_path: Path, limit_bytes: int
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    before = hashes(plan.folder)
    process = started(plan.folder, sites_file(tmp_path / "n.csv"), preexec_fn=limit)
    said, _ = process.communicate("\n")
    assert process.returncode == 2
    assert "the disk is full. What was there before is unchanged" in said
    assert hashes(plan.folder) == before


def test_a_folder_that_may_not_be_written_is_told(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infraplan.errors import PlanError

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    before = hashes(plan.folder)
    path = sites_file(tmp_path / "n.csv")
    monkeypatch.setattr("infraplan.atomic.os.open", refuse)  # root may write everywhere
    with pytest.raises(PlanError, match="may not be written to; choose another one"):
        import_layer(plan, "sites", path)
    assert hashes(plan.folder) == before


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_leaves_the_plan_byte_for_byte(plan: Plan, tmp_path: Path) -> None:
    from infraplan.errors import PlanError

    path = sites_file(tmp_path / "n.csv")
    before = hashes(plan.folder)
    plan.folder.chmod(0o500)
    try:
        with pytest.raises(PlanError, match="may not be written to"):
            import_layer(plan, "sites", path)
    finally:
        plan.folder.chmod(0o700)
    assert hashes(plan.folder) == before


def test_what_an_import_of_another_folder_left_is_no_hindrance(plan: Plan, tmp_path: Path) -> None:
    shutil.copy(plan.layers_file, plan.folder / ".~infraplan-0123456789ab.gpkg")
    import_layer(plan, "sites", sites_file(tmp_path / "n.csv", 3))
    assert not list(plan.folder.glob(".~infraplan*"))

"""The README is true: its commands exist, its Python runs, its dictionary is the schemas'."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from infraplan.layers.schemas import LAYERS
from infraplan.layers.schemas import RASTERS
from tests.shared_data import shared_folder

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def data_dictionary() -> str:
    """Return the README's data dictionary as the schemas have it."""
    lines = []
    for layer in LAYERS.values():
        geometry = ", ".join(layer.geometry) or "table"
        names = [f"**{c.name}**" if c.required else c.name for c in layer.columns]
        lines.append(f"| `{layer.name}` | {geometry} | {layer.meaning} | {', '.join(names)} |")
    lines += [f"| `{name}` | raster | {meaning} | |" for name, meaning in RASTERS.items()]
    return "\n".join(["| layer | geometry | what it is | columns |", "|---|---|---|---|", *lines])


def command_names() -> list[str]:
    from infraplan.cli import app

    return [str(command.name) for command in app.registered_commands]


def test_the_data_dictionary_in_the_readme_is_that_of_the_schemas(request) -> None:
    start, end = "<!-- dictionary -->\n", "\n<!-- /dictionary -->"
    if request.config.getoption("--regen"):
        before, after = README.split(start)[0], README.split(end)[1]
        text = before + start + data_dictionary() + end + after
        (ROOT / "README.md").write_text(text, encoding="utf-8")
        return
    assert README.split(start)[1].split(end)[0] == data_dictionary()


@pytest.mark.parametrize("command", command_names())
def test_every_command_is_in_the_readme_and_has_help(command: str) -> None:
    assert f"infraplan {command}" in README
    environment = {**os.environ, "PYTHONIOENCODING": "cp1258"}
    done = subprocess.run(
        [sys.executable, "-m", "infraplan", command, "--help"],
        capture_output=True,
        env=environment,
        check=True,
    )
    assert len(done.stdout) > 100


@pytest.mark.slow
def test_the_python_of_the_readme_runs(demo_plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) >= 3
    monkeypatch.chdir(demo_plan.parent)
    names: dict[str, object] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"README block {number}", "exec"), names)  # noqa: S102 - our own text


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_runs(path: Path, demo_plan: Path) -> None:
    folder = demo_plan.parent / "notebooks"
    folder.mkdir(exist_ok=True)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    assert len(notebook.cells) <= 25


def test_the_notebook_on_accuracy_runs_on_real_links(demo_plan: Path, monkeypatch) -> None:
    monkeypatch.setenv("INFRAPLAN_MEASURED", str(shared_folder("data/measured")))
    folder = demo_plan.parent / "notebooks"
    folder.mkdir(exist_ok=True)
    notebook = nbformat.read(ROOT / "notebooks" / "4_accuracy.ipynb", as_version=4)
    done = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
    done.execute()
    told = "".join(
        str(output.get("text", "")) for cell in notebook.cells for output in cell.get("outputs", ())
    )
    assert "measured links" in told
    assert "tuned less free space: -" in told


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_is_kept_without_output(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)

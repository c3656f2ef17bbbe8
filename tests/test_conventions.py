"""Habits that a machine can hold us to."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infraplan.text import words

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "infraplan").rglob("*.py"))
CORE = ("layers", "radio", "coverage", "cables", "sites", "sample")
UNITS = {
    "_m": "[m]", "_mhz": "[MHz]", "_dbm": "[dBm]", "_db": "[dB]", "_deg": "[deg]",
    "_vnd": "[VND]", "_km": "[km]", "_ghz": "[GHz]",
}  # fmt: skip


def module_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def documented_arguments() -> list[tuple[str, str, str]]:
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                text = ast.get_docstring(node) or ""
                arguments = [*node.args.args, *node.args.kwonlyargs]
                found += [(module_id(path), f"{node.name}({a.arg})", text) for a in arguments]
    return found


def test_every_argument_with_a_unit_in_its_name_states_the_unit() -> None:
    silent = []
    for module, name, text in documented_arguments():
        argument = name[name.index("(") + 1 : -1]
        unit = next((u for s, u in UNITS.items() if argument.endswith(s)), None)
        entry = re.search(rf"^{argument}\n((?:    .*\n?)+)", text, flags=re.MULTILINE)
        if unit and entry and unit not in entry.group(1):
            silent.append(f"{module} {name} lacks {unit}")
    assert not silent


def public_functions() -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for path in MODULES:
        if "_kernels" in path.as_posix() or "cli" in path.parts:
            continue  # compiled code has no signature to check; commands are documented by --help
        if path.parent.name == "checks":
            continue  # one signature for all, which `Check` tells
        tree = ast.parse(path.read_text(encoding="utf-8"))
        whole = ast.unparse(tree) + "__all__ = []"
        listed = re.findall(r"'(\w+)'", re.search(r"__all__ = \[(.*?)\]", whole, re.DOTALL)[1])
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        found += [(module_id(path), node) for node in functions if node.name in listed]
    return found


def test_every_public_function_documents_its_arguments_and_what_it_returns() -> None:
    silent = []
    for module, node in public_functions():
        text = ast.get_docstring(node) or ""
        arguments = [*node.args.args, *node.args.kwonlyargs]
        silent += [
            f"{module} {node.name}: {argument.arg}"
            for argument in arguments
            if not re.search(rf"^\*?\*?{argument.arg}$", text, flags=re.MULTILINE)
        ]
        returns = node.returns is not None and ast.unparse(node.returns) != "None"
        returns &= not any("contextmanager" in ast.unparse(d) for d in node.decorator_list)
        if returns and not re.search(r"^(Returns|Yields)\n-", text, flags=re.MULTILINE):
            silent.append(f"{module} {node.name}: what it returns")
    assert len(public_functions()) > 100
    assert not silent


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_no_module_is_a_drawer_for_odds_and_ends(path: Path) -> None:
    assert path.stem not in ("utils", "helpers", "misc", "common")


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if p.relative_to(ROOT / "infraplan").parts[0] in CORE],
    ids=module_id,
)
def test_the_core_opens_no_file(path: Path) -> None:
    calls = [
        node.func
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    names = {f.id for f in calls if isinstance(f, ast.Name)}
    methods = {f.attr for f in calls if isinstance(f, ast.Attribute)}
    assert not names & {"open", "print"}
    assert not methods & {"read_text", "read_bytes", "write_text", "write_bytes", "getLogger"}


def test_both_catalogues_have_the_same_keys() -> None:
    assert set(words("vi").entries) == set(words("en").entries)


def test_both_catalogues_have_the_same_placeholders() -> None:
    vi, en = words("vi").entries, words("en").entries
    found = {key: set(re.findall(r"{(\w+)", text)) for key, text in vi.items()}
    assert found == {key: set(re.findall(r"{(\w+)", text)) for key, text in en.items()}


def test_the_commands_start_without_the_heavy_libraries() -> None:
    heavy = ("pandas", "numba", "numpy", "geopandas", "folium")
    code = f"import sys, infraplan.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_number_of_our_data_names_its_source() -> None:
    silent = [
        path.name
        for path in (ROOT / "data").rglob("*.toml")
        if path.parent.name in ("rules", "prices", "antennas", "thresholds", "cells")
        and "source" not in path.read_text(encoding="utf-8")
    ]
    assert not silent


def test_no_file_of_ours_names_a_machine_path_or_a_registry() -> None:
    done = subprocess.run(
        ["git", "grep", "-nIE", r"/(work|root|home)/|pypi\.(org|python)|registry\.npmjs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if "test_conventions.py" not in line]
    assert not found

"""What the code must never do with a file of a user."""

import ast
from pathlib import Path

MODULES = sorted((Path(__file__).resolve().parents[2] / "infraplan").rglob("*.py"))
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}
OWN_PIPE = ("beside.py", "pickle")  # reads what a copy of this very process writes, no file
UNSAFE_CALLS = {"read_pickle", "to_pickle", "extractall", "eval", "exec"}


def imported(tree: ast.AST) -> set[str]:
    """Return the modules that code imports."""
    names = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def called(tree: ast.AST) -> set[str]:
    """Return the names of functions that code calls, with the object before the last dot."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {ast.unparse(call) for call in calls}


def test_nothing_that_runs_code_from_a_file_is_used() -> None:
    unsafe = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = called(tree)
        found = imported(tree) & UNSAFE_MODULES
        found |= {call.rpartition(".")[2] for call in calls} & UNSAFE_CALLS
        found |= calls & {"np.load", "numpy.load"}
        unsafe += [(path.name, name) for name in sorted(found)]
    assert len(MODULES) > 100
    assert unsafe == [OWN_PIPE]


def test_what_a_copy_of_the_process_sends_comes_by_no_file() -> None:
    (path,) = (path for path in MODULES if path.name == OWN_PIPE[0])
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not imported(tree) & {"pathlib", "io", "tempfile", "socket", "multiprocessing"}
    assert "open" not in {call.rpartition(".")[2] for call in called(tree)}

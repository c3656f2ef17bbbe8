"""The names of the jobs are functions, whichever way and however often they are asked for."""

import subprocess
import sys

import pytest

import infraplan.api


@pytest.mark.parametrize("name", infraplan.api.__all__)
def test_a_job_is_a_function_whatever_was_imported_before(name: str) -> None:
    for _ in range(2):
        assert callable(getattr(infraplan.api, name))
    assert f"infraplan.api.{name}" not in sys.modules


def test_all_jobs_can_be_imported_at_once_by_a_fresh_process() -> None:
    names = ", ".join(infraplan.api.__all__)
    code = f"from infraplan.api import {names}\nprint(all(map(callable, ({names}))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"

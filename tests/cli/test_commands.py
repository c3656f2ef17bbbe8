"""Commands as a person types them: what they say, and how they fail."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infraplan", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        check=False,
    )


def test_a_plan_that_is_not_there_ends_with_2_and_the_remedy(tmp_path: Path) -> None:
    done = run("check", str(tmp_path / "không có"))
    assert done.returncode == 2
    assert "infraplan init" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_option_ends_with_2() -> None:
    assert run("check", "--colour").returncode == 2


def test_an_unknown_layer_is_told_which_there_are(tmp_path: Path) -> None:
    assert run("init", str(tmp_path / "p")).returncode == 0
    done = run("import", str(tmp_path / "p"), "towers", "x.csv")
    assert done.returncode == 2
    assert "Không có lớp dữ liệu tên 'towers'" in done.stderr
    assert "sites" in done.stderr


def test_an_empty_plan_says_what_to_import_first(tmp_path: Path) -> None:
    run("init", str(tmp_path / "p"))
    done = run("coverage", str(tmp_path / "p"))
    assert done.returncode == 2
    assert "import" in done.stderr
    assert "communes" in done.stderr


def test_vietnamese_survives_a_console_of_code_page_1258(tmp_path: Path) -> None:
    done = run("init", str(tmp_path / "Hà Tĩnh"), PYTHONIOENCODING="cp1258")
    assert done.returncode == 0
    assert "Đã lập phương án" in done.stdout


def test_the_language_of_the_output_can_be_chosen(tmp_path: Path) -> None:
    done = run("--lang", "en", "init", str(tmp_path / "p"))
    assert "Plan made in" in done.stdout


def test_the_schema_of_a_layer_is_printed() -> None:
    done = run("schema", "cells")
    assert done.returncode == 0
    assert "azimuth_deg" in done.stdout
    assert "[0, 360] deg" in done.stdout


def test_all_faults_of_a_workbook_come_at_once_and_nothing_is_kept(tmp_path: Path) -> None:
    plan = tmp_path / "p"
    run("init", str(plan))
    rows = {
        "Mã trạm": ["A1", "A1", "A3"],
        "Nhà mạng": ["Viettel", "Viettel", None],
        "Kinh độ": [105.9, 105.91, 18.3],
        "Vĩ độ": [18.3, 18.31, 105.9],
        "Chiều cao cột (m)": [40, 4000, 42],
    }
    pd.DataFrame(rows).to_excel(tmp_path / "trạm.xlsx", index=False)
    done = run("import", str(plan), "sites", str(tmp_path / "trạm.xlsx"))
    assert done.returncode == 2
    for word in ("trạm.xlsx", "Mã trạm", "Doanh nghiệp còn trống", "số từ 1 đến 300 m", "'4000'"):
        assert word in done.stderr
    assert not (plan / "layers.gpkg").exists()


def test_a_dry_run_says_what_was_understood_and_keeps_nothing(tmp_path: Path) -> None:
    plan = tmp_path / "p"
    run("init", str(plan))
    rows = {"Mã trạm": ["A1"], "Nhà mạng": ["VTT"], "Kinh độ": [105.9], "Vĩ độ": [18.3]}
    pd.DataFrame(rows).to_excel(tmp_path / "t.xlsx", index=False)
    done = run("import", str(plan), "sites", str(tmp_path / "t.xlsx"), "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "Mã trạm -> site_id" in done.stdout
    assert not (plan / "layers.gpkg").exists()


def test_lists_of_two_operators_stand_side_by_side(tmp_path: Path) -> None:
    plan = tmp_path / "p"
    run("init", str(plan))
    for operator, lon in (("Viettel", 105.9), ("VNPT", 105.91), ("Viettel", 105.92)):
        rows = {"Mã trạm": [f"{operator}1"], "Nhà mạng": [operator], "lon": [lon], "lat": [18.3]}
        pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
        assert run("import", str(plan), "sites", str(tmp_path / "t.csv")).returncode == 0
    from infraplan.plan import open_folder

    sites = open_folder(plan).table("sites")
    assert sorted(sites.index) == ["VNPT1", "Viettel1"]


@pytest.mark.slow
def test_commands_on_a_finished_plan_answer_from_what_it_keeps(demo_plan: Path) -> None:
    for command in (
        "check",
        "coverage",
        "gaps",
        "appraise",
        "propose",
        "underground",
        "map",
        "report",
    ):
        done = run("--lang", "en", command, str(demo_plan))
        assert done.returncode == 0, done.stderr
        assert str(demo_plan) in done.stdout.replace('"', "")


def test_a_form_is_asked_for_by_its_name_with_plan_and_file_in_any_order(tmp_path: Path) -> None:
    plan, file = str(tmp_path / "p"), str(tmp_path / "biểu.xlsx")
    run("init", plan)
    assert "forms" in run("template", "m1", plan).stdout
    done = run("template", "sites", file, plan)
    assert done.returncode == 0, done.stderr
    assert "infraplan import" in done.stdout
    assert "sites" in done.stdout
    assert Path(file).exists()
    assert run("template", "m1", file).returncode == 2


def test_an_unknown_form_and_evidence_without_hamlets_say_what_there_is(tmp_path: Path) -> None:
    plan = str(tmp_path / "p")
    run("init", plan)
    assert "there is no form 'towers'; there are" in run("template", "towers", plan).stderr
    done = run("template", "evidence", plan)
    assert done.returncode == 2
    assert "import PLAN hamlets FILE" in done.stderr
    assert "template evidence PLAN" in run("template", "evidence").stderr
    assert "m5" in run("template").stdout


@pytest.mark.parametrize("years", ["1900-1901", "2029-2027", "2027-2327"])
def test_years_that_nobody_builds_in_are_refused(years):
    from infraplan.cli.cable import _programme
    from infraplan.errors import SettingsError

    with pytest.raises(SettingsError, match=years):
        _programme(years, ["6e9"], [], [])

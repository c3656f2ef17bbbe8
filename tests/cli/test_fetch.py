"""`infraplan fetch` as a person types it."""

from pathlib import Path

import pytest

from infraplan import cli
from infraplan.cli.console import LANGUAGE
from infraplan.plan import Plan
from tests.api import open_files as files
from tests.web import Answer


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return files.plan_over(tmp_path / "phương án", (105.95, 17.98, 106.05, 18.02))


def typed(capsys, monkeypatch, *arguments: str) -> tuple[int, str, str]:
    """Run a command as `infraplan` does; return its exit code and what it said."""
    monkeypatch.setattr("sys.argv", ["infraplan", *arguments])
    monkeypatch.setitem(LANGUAGE, "now", "")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def osm_roads(plan: Plan, web) -> None:
    web.give("/overpass", Answer(files.town()))
    files.declare(plan, web, "osm-roads", "/overpass?data={query}", "tile_deg = 30")


def test_what_came_is_told_with_its_licence(plan, web, capsys, monkeypatch) -> None:
    osm_roads(plan, web)
    cache = str(plan.folder.parent / "cache")
    code, out, _ = typed(
        capsys, monkeypatch, "fetch", str(plan.folder), "osm-roads", "--cache", cache
    )
    assert code == 0
    assert "Giấy phép: ODbL 1.0. Ghi nguồn: © OpenStreetMap contributors" in out
    assert "infraplan check" in out


def test_one_block_names_all_that_failed_and_how_to_go_on(plan, web, capsys, monkeypatch) -> None:
    osm_roads(plan, web)
    for name in ("worldpop", "esa-worldcover"):
        files.declare(plan, web, name, "/gone.tif")
    names = ("osm-roads", "worldpop", "esa-worldcover")
    cache = str(plan.folder.parent / "cache")
    code, out, err = typed(capsys, monkeypatch, "fetch", str(plan.folder), *names, "--cache", cache)
    assert code == 2
    assert "Có 2 nguồn không tải được" in err
    assert err.count("/gone.tif (máy chủ trả lời 404") == 2
    assert "thư mục sources" in err
    assert "ODbL 1.0" in out


def test_the_list_tells_licences_and_what_the_plan_has(plan, web, capsys, monkeypatch) -> None:
    code, out, _ = typed(capsys, monkeypatch, "--lang", "en", "fetch", str(plan.folder), "--list")
    assert code == 0
    assert "communes; the plan: has a real one; licence: MIT" in out
    assert "roads; the plan: has none; licence: ODbL 1.0" in out
    assert "INFRAPLAN_TOKEN_OPENCELLID" in out


def test_offline_without_a_cache_ends_with_2(plan, web, capsys, monkeypatch) -> None:
    osm_roads(plan, web)
    arguments = ("osm-roads", "--offline", "--cache", str(plan.folder.parent / "cache"))
    code, _, err = typed(capsys, monkeypatch, "fetch", str(plan.folder), *arguments)
    assert code == 2
    assert "--offline" in err
    assert not web.asked

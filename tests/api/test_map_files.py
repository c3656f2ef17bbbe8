"""The files of a map: named, up to date, each by itself, beside one that is open elsewhere."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import infraplan as ip
from infraplan.api import map_files
from infraplan.errors import SettingsError
from infraplan.plan import Plan
from infraplan.plan import PlanSettings
from infraplan.plan import create_plan

NAMES = ("{}.html", "{}.pdf", "{}.png", "{}-1080x1350.png", "{}-A3.pdf")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A plan of one commune of a name with blanks and accents."""
    settings = PlanSettings(name="Xã Đức Thọ")
    made = create_plan(tmp_path_factory.mktemp("office") / "Xã Đức Thọ", settings)
    commune = gpd.GeoDataFrame(
        {"name": ["Đức Thọ"], "people": [9000]},
        geometry=[shapely.box(540_000, 2_026_000, 545_000, 2_030_000)],
        index=pd.Index(["C1"], name="code"), crs=made.settings.crs,
    )  # fmt: skip
    made.write_tables({"communes": commune})
    return made


def test_a_map_is_written_as_a_page_as_sheets_and_as_pictures(plan: Plan) -> None:
    told: list[str] = []
    paths = map_files(plan, progress=lambda _, what="": told.append(what))
    stem = paths[0].stem
    assert [path.name for path in paths] == [name.format(stem) for name in NAMES]
    assert stem.isascii()
    assert " " not in stem
    assert {"trang HTML", "PDF khổ A3", "ảnh cho điện thoại"} <= set(told)
    before = {path: path.stat().st_mtime_ns for path in paths}
    assert map_files(plan) == paths
    assert {path: path.stat().st_mtime_ns for path in paths} == before
    paths[3].unlink()
    assert map_files(plan) == paths
    changed = [path for path in paths if path.stat().st_mtime_ns != before[path]]
    assert changed == [paths[3]]
    assert not list(paths[0].parent.glob(".~infraplan*"))


def test_a_sheet_that_is_open_elsewhere_gets_a_sibling(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = map_files(plan)
    paths[1].unlink()
    paths[1].write_bytes(b"open in a reader")
    (plan.results / "map" / "pdf.json").unlink()
    replace = Path.replace

    def held(self: Path, target: Path) -> Path:
        if Path(target) == paths[1]:
            raise PermissionError(13, "held")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    monkeypatch.setattr("infraplan.atomic.RETRY_TOTAL_S", 0.0)
    again = map_files(plan)
    assert again[1].name == f"{paths[1].stem} (2).pdf"
    assert paths[1].read_bytes() == b"open in a reader"


def test_another_language_lies_beside_the_plans_own(plan: Plan) -> None:
    english = ip.draw_map(plan, html_only=True, language="en")
    assert english.stem.endswith("-en")
    assert '<html lang="en">' in english.read_text(encoding="utf-8")
    assert not english.with_suffix(".pdf").exists()
    with pytest.raises(SettingsError, match="language must be one of"):
        ip.draw_map(plan, language="fr")

"""A small plan that hostile files are imported into, and must leave as it was."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from infraplan.api import import_layer
from infraplan.api import init_plan
from infraplan.errors import InfraplanError
from infraplan.plan import Plan
from infraplan.plan import open_folder
from tests.hostile.corpus import SITE_CSV
from tests.hostile.corpus import SITES_CSV
from tests.hostile.corpus import commune
from tests.hostile.corpus import geojson
from tests.hostile.corpus import hashes

SQUARE = [[105.7, 18.2], [106.0, 18.2], [106.0, 18.5], [105.7, 18.5], [105.7, 18.2]]

Refusal = Callable[..., str]


def make_plan(folder: Path) -> Plan:
    """Return a plan with a commune and a station."""
    plan = init_plan(folder / "plan")
    import_layer(plan, "communes", geojson(folder / "c.geojson", [commune("18000", SQUARE)]))
    (folder / "s.csv").write_text(SITES_CSV + SITE_CSV.replace("HT001", "OLD"), encoding="utf-8")
    import_layer(plan, "sites", folder / "s.csv")
    return plan


@pytest.fixture(scope="session")
def standing_plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A plan that no test may change."""
    return make_plan(tmp_path_factory.mktemp("standing"))


@pytest.fixture
def refusal(standing_plan: Plan) -> Refusal:
    """A function that imports a file, sees it refused, the plan unchanged, and returns why."""
    before = hashes(standing_plan.folder)

    def refused(path: Path | str, layer: str = "sites", *, match: str, **options: object) -> str:
        with pytest.raises(InfraplanError) as caught:
            import_layer(standing_plan, layer, path, **options)
        text = str(caught.value)
        assert re.search(match, text), text
        assert Path(path).name.replace("\0", "\\0") in text
        assert hashes(standing_plan.folder) == before
        return text

    return refused


@pytest.fixture
def plan(tmp_path: Path, standing_plan: Plan) -> Plan:
    """A plan of a test's own, to import into."""
    shutil.copytree(standing_plan.folder, tmp_path / "plan")
    return open_folder(tmp_path / "plan")

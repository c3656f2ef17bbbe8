"""Results that a plan keeps come back as they were."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from infraplan.coverage.criteria import CriteriaSet
from infraplan.errors import PlanError
from infraplan.plan import Plan
from infraplan.plan import PlanSettings
from infraplan.plan import create_plan
from infraplan.plan.results import load_gaps
from infraplan.plan.results import store_gaps
from tests.coverage.test_criteria import difficult
from tests.coverage.test_criteria import judged
from tests.coverage.test_evidence import evidence


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return create_plan(tmp_path / "phương án", PlanSettings(name="Thử"))


@pytest.mark.parametrize("as_of", [date(2024, 6, 1), date(2026, 6, 1), None])
def test_what_programmes_say_comes_back_as_stored(plan: Plan, as_of: date | None) -> None:
    homes = difficult("H2").assign(poor_households=pd.array([3, 7, None], dtype="Int64"))
    said = evidence(("H2", "A", "good"), ("H3", "any", "none"))
    gaps = judged(homes=homes, tables={"evidence": said}, as_of=as_of)
    store_gaps(plan, gaps, key="k")
    back = load_gaps(plan, gaps.layers)
    pd.testing.assert_frame_equal(back.criteria, gaps.criteria)
    pd.testing.assert_frame_equal(back.criteria_rules, gaps.criteria_rules)
    pd.testing.assert_frame_equal(pd.DataFrame(back.hamlets), pd.DataFrame(gaps.hamlets))


def test_gaps_without_rules_come_back_too(plan: Plan) -> None:
    gaps = judged(sets=())
    store_gaps(plan, gaps, key="k")
    back = load_gaps(plan, gaps.layers)
    pd.testing.assert_frame_equal(back.criteria, gaps.criteria)
    pd.testing.assert_frame_equal(back.criteria_rules, gaps.criteria_rules)


def test_gaps_of_the_format_before_the_rules_are_refused_with_a_way_out(plan: Plan) -> None:
    gaps = judged(sets=())
    store_gaps(plan, gaps, key="k")
    path = plan.results / "gaps.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    for name in ("criteria", "criteria_rules"):
        del record["figures"]["values"][name]
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(PlanError, match="run that step again"):
        load_gaps(plan, gaps.layers)


def test_a_file_in_the_folder_of_the_plan_replaces_our_rules(plan: Plan) -> None:
    ours = CriteriaSet.from_dict(plan.configuration("new-rural"))
    assert len(ours.rules) == 10
    own = 'name = "tỉnh"\nprogramme = "new_rural"\nnote = ""\n[rules]\n'
    (plan.folder / "new-rural.toml").write_text(own, encoding="utf-8")
    assert CriteriaSet.from_dict(plan.configuration("new-rural")).name == "tỉnh"
    assert (
        CriteriaSet.from_dict(plan.configuration("universal-service")).name == "universal-service"
    )

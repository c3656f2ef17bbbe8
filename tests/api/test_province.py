"""The main job on the real ground of Hà Tĩnh: figures that a planner would believe."""

import pytest

import infraplan as ip
from infraplan.plan import Plan
from tests.shared_data import shared_folder

pytestmark = pytest.mark.slow
CELL_M = 120.0  # coarser than the 60 m of the command: the shares agree, the test is quicker


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, object]:
    base = shared_folder("data/hatinh")
    folder = tmp_path_factory.mktemp("province") / "hatinh"
    plan = ip.sample_plan(folder, size="province", base=base)
    coverage = ip.predict(plan, resolution_m=CELL_M)
    return plan, ip.gaps(plan, coverage)


def test_nearly_all_people_have_4g_of_some_operator(province) -> None:
    _, gaps = province
    of_any = gaps.shares.query(
        "area_level == 'province' and denominator == 'people' and technology == '4G'"
    ).set_index("operator")["share"]
    assert 0.97 <= of_any["any"] <= 0.995
    assert (of_any.drop(["any"]) <= of_any["any"]).all()


def test_some_hamlets_have_no_or_weak_signal_half_of_them_behind_terrain(province) -> None:
    _, gaps = province
    hamlets = gaps.hamlets[~gaps.hamlets["is_rest"].astype(bool)]
    short = hamlets[hamlets["level"].isin(["none", "weak", "2g_only"])]
    assert 30 <= len(short) <= 150
    assert 0.4 <= (short["cause"] == "terrain").mean() <= 0.9


def test_the_communes_sum_to_the_registered_people(province) -> None:
    plan, gaps = province
    assert gaps.hamlets["people"].sum() == pytest.approx(1_621_134, rel=1e-6)
    assert len(plan.table("communes")) == 69


def test_what_is_made_up_is_named_and_what_is_real_is_not(province) -> None:
    _, gaps = province
    assert "sites" in gaps.provenance.synthetic
    assert not {"communes", "terrain", "settlements", "population"} & set(gaps.provenance.synthetic)

"""Hamlets in their commune and communes beside each other; what is not, by row and remedy."""

from infraplan.layers.nesting import misplaced_hamlets
from infraplan.layers.nesting import overlapping_communes
from infraplan.layers.nesting import straddling_hamlets
from tests.coverage.world import at
from tests.coverage.world import communes
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import three_hamlets


def told(found):
    return {fault.rows: (fault.found, fault.remedy) for fault in found}


def test_hamlets_and_communes_in_their_place_are_no_fault() -> None:
    assert not misplaced_hamlets(three_hamlets(), communes())
    assert not straddling_hamlets(three_hamlets(), communes())
    assert not overlapping_communes(communes())


def test_a_hamlet_outside_its_commune_is_told_with_where_it_lies() -> None:
    wrong = hamlets(
        OUT=("1", ground(9_000, 0, 9_300, 300)),
        EAST=("1", ground(6_000, 600, 6_300, 900)),
        POINT=("2", at(500, 500)),
    )
    found = told(misplaced_hamlets(wrong, communes()))
    assert found[("OUT",)][0] == "outside all communes"
    assert found[("EAST",)][0] == "in Đông (2)"
    assert found[("EAST",)][1].startswith("set commune_code to 2")
    assert found[("POINT",)][0] == "in Tây (1)"


def test_a_point_beside_the_border_still_gets_ground_and_is_no_fault() -> None:
    assert not misplaced_hamlets(hamlets(H=("1", at(3_700, 500))), communes())


def test_a_commune_that_is_not_there_and_the_ids_of_rests_are_told() -> None:
    wrong = hamlets(H1=("9", ground(600, 600, 900, 900)))
    wrong.loc["1-rest"] = wrong.loc["H1"].where(wrong.columns != "commune_code", "1").to_numpy()
    found = told(misplaced_hamlets(wrong, communes()))
    assert found[("H1",)][0] == "'9'"
    assert ("1-rest",) in found


def test_a_hamlet_across_the_border_is_told_and_kept() -> None:
    across = hamlets(H1=("1", ground(3_330, 600, 3_930, 900)), H2=("1", ground(600, 600, 900, 900)))
    assert straddling_hamlets(across, communes()) == ("H1",)
    assert not misplaced_hamlets(across, communes())


def test_communes_that_share_ground_are_told_with_how_much() -> None:
    wrong = communes()
    wrong.loc["2", "geometry"] = ground(3_530, 30, 7_170, 4_770)
    (fault,) = overlapping_communes(wrong)
    assert fault.rows == ("1", "2")
    assert fault.found == "47.4 ha in both Tây and Đông"

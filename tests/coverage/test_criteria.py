"""Programmes' rules by date, and what they say of communes and hamlets that can be counted."""

import copy
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from infraplan.coverage import conclusions
from infraplan.coverage import find_gaps
from infraplan.coverage import people_grid
from infraplan.coverage.criteria import CriteriaSet
from infraplan.coverage.service import needed_dbm
from infraplan.errors import SettingsError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.area import predict
from infraplan.radio.cells import derive_cells
from infraplan.radio.settings import RadioSettings
from tests.coverage.test_causes import BEFORE
from tests.coverage.test_causes import BEHIND
from tests.coverage.test_causes import DEFAULTS
from tests.coverage.test_causes import RIDGE
from tests.coverage.test_evidence import evidence
from tests.coverage.world import EVERYWHERE
from tests.coverage.world import GEOBOX
from tests.coverage.world import NOWHERE
from tests.coverage.world import PROFILE
from tests.coverage.world import communes
from tests.coverage.world import coverage_of
from tests.coverage.world import fibre
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import inside
from tests.coverage.world import stations
from tests.coverage.world import three_hamlets
from tests.coverage.world import world

RURAL, SERVICE = (
    read_toml(data_path(f"rules/{name}.toml")) for name in ("new-rural", "universal-service")
)
SETS = [CriteriaSet.from_dict(table) for table in (RURAL, SERVICE)]
DAY = date(2024, 6, 1)
AROUND_H2 = inside(2_100, 2_700, 3_200, 3_900)
HOLE = {("4G", "A"): ~AROUND_H2}  # commune 1 has H1 with and H2 without, commune 2 has H3 with


def judged(covered=HOLE, *, as_of=DAY, sets=SETS, sites=None, homes=None, tables=None, **options):
    """Return the gaps of the world under rules."""
    listed = ";".join(sorted({technology for technology, _ in covered}))
    homes = three_hamlets() if homes is None else homes
    sites = stations(A=(100.0, 100.0, "A", listed)) if sites is None else sites
    layers = world(hamlets=homes, sites=sites, **(tables or {}))
    people = people_grid(layers, GEOBOX).people
    return find_gaps(layers, people, coverage_of(covered, **options), as_of=as_of, criteria=sets)


def rule(gaps, commune, measure):
    """Return the row of one commune and measure."""
    own = gaps.criteria.loc[commune]
    return own[own["measure"] == measure].iloc[0]


def why(gaps, hamlet):
    """Return the answer on universal service and what it rests on."""
    row = gaps.hamlets.loc[hamlet]
    return row["universal_service"], row["universal_service_why"]


def difficult(*ids, homes=None):
    """Return hamlets with those named on the list of extremely difficult ones."""
    homes = three_hamlets() if homes is None else homes
    return homes.assign(extremely_difficult=pd.array(homes.index.isin(ids), dtype="boolean"))


def changed(table, name, **values):
    """Return a file of rules with one of them changed."""
    made = copy.deepcopy(table)
    made["rules"][name] |= values
    return made


def test_a_hamlet_behind_a_ridge_keeps_its_commune_from_meeting_and_is_named() -> None:
    homes = hamlets(BEFORE=BEFORE, BEHIND=BEHIND, EAST=("2", ground(4_500, 2_100, 4_800, 2_400)))
    mast = {"W": (1_200.0, 2_250.0, "A", "4G"), "E": (4_500.0, 2_250.0, "A", "4G")}
    layers = world(ground_m=RIDGE, hamlets=homes, sites=stations(**mast))
    # the eastern mast serves its own hamlet only: it turns its back on the one behind the ridge
    cells = derive_cells(layers.table("sites"), layers.table("cells"), DEFAULTS)
    away = RadioSettings(radius_m=1_300.0)
    coverage = predict(
        layers.terrain, layers.table("sites"), cells, profile=PROFILE, settings=away
    )  # fmt: skip
    people = people_grid(layers, GEOBOX).people
    gaps = find_gaps(layers, people, coverage, as_of=DAY, criteria=SETS)
    west, east = rule(gaps, "1", "broadband"), rule(gaps, "2", "broadband")
    assert (west["outcome"], west["failing"], west["failing_names"]) == (
        "not_met", "BEHIND", "BEHIND",
    )  # fmt: skip
    assert (west["value"], west["limit"], west["hamlets"]) == (0.5, 1.0, 2)
    lacking = gaps.hamlets.loc["BEHIND", ["people", "broadband_share"]]
    assert west["people_failing"] == pytest.approx(lacking.iloc[0] * (1 - lacking.iloc[1]))
    assert (east["outcome"], east["failing"]) == ("met", "")
    assert conclusions(gaps.criteria)["outcome"].to_dict() == {"1": "not_met", "2": "met"}


def test_2g_is_telephone_but_no_broadband_until_it_is_switched_off() -> None:
    covered = {("2G", "A"): EVERYWHERE, ("4G", "A"): ~AROUND_H2}
    endless = {"new_rural": changed(RURAL, "telephone_2022", valid_to="")}
    sets = [CriteriaSet.from_dict(endless["new_rural"])]
    now, later = judged(covered), judged(covered, as_of=date(2027, 1, 1), sets=sets)
    assert rule(now, "1", "telephone")["outcome"] == "met"
    assert rule(now, "1", "broadband")["failing"] == "H2"
    assert rule(later, "1", "telephone")["failing"] == "H2"


def test_fibre_nearby_is_broadband_within_its_limit_only() -> None:
    near = {
        "fibre": fibre((2_400, 2_500), (2_900, 2_500))
    }  # 500 m south of H2, 785 m of its middle
    assert rule(judged(tables=near), "1", "broadband")["outcome"] == "met"
    thresholds = {"hamlet_share": 0.9, "commune_share": 1.0, "fibre_m": 400}
    strict = CriteriaSet.from_dict(changed(RURAL, "broadband_2022", thresholds=thresholds))
    assert rule(judged(tables=near, sets=[strict]), "1", "broadband")["failing"] == "H2"
    assert rule(judged(tables=near), "1", "telephone")["failing"] == "H2"
    assert rule(judged(tables=near), "1", "broadband")["by_fibre"] == "H2"


def test_fibre_near_a_guessed_position_proves_nothing() -> None:
    homes = three_hamlets()
    homes.loc["H2", "placed_by"] = "guess"
    near = {"fibre": fibre((2_400, 2_500), (2_900, 2_500))}
    found = rule(judged(homes=homes, tables=near), "1", "broadband")
    assert (found["outcome"], found["open"], found["by_fibre"]) == ("to_check", "H2", "")


def test_what_cannot_be_measured_is_listed_and_never_passed() -> None:
    gaps = judged({("4G", "A"): EVERYWHERE})
    by_hand = gaps.criteria[gaps.criteria["measure"] == "by_hand"]
    assert sorted(set(by_hand["item"])) == ["8.1", "8.3", "8.4"]
    assert len(by_hand) == 6
    assert set(by_hand["outcome"]) == {"not_assessed"}
    assert by_hand["hamlets"].isna().all()


def test_the_day_decides_which_rule_applies() -> None:
    earlier, later = judged(as_of=date(2018, 1, 1)), judged(as_of=DAY)
    assert rule(earlier, "1", "telephone").name == "telephone_2016"
    assert rule(earlier, "1", "telephone")["outcome"] == "met"  # half of the hamlets were enough
    assert rule(later, "1", "telephone").name == "telephone_2022"
    assert rule(later, "1", "telephone")["outcome"] == "not_met"
    assert "441" in earlier.criteria_rules.loc[("new_rural", "post_2016"), "legal_reference"]


@pytest.mark.parametrize("day", [date(2014, 1, 1), date(2021, 6, 1), date(2026, 1, 1)])
def test_on_a_day_outside_all_rules_nothing_is_met_and_that_is_told(day) -> None:
    gaps = judged({("4G", "A"): EVERYWHERE}, as_of=day, homes=difficult("H1"))
    assert set(gaps.criteria["outcome"]) == {"no_rule"}
    assert list(gaps.criteria.index) == [("1", ""), ("2", "")]
    assert why(gaps, "H1") == ("no_rule", "no_rule")
    assert not len(gaps.criteria_rules)
    assert set(conclusions(gaps.criteria)["outcome"]) == {"no_rule"}


def test_without_a_day_the_newest_rules_are_taken_and_carry_their_end() -> None:
    rules = judged(as_of=None).criteria_rules
    assert set(rules["valid_to"]) == {"2025-12-31"}
    assert set(rules.loc["new_rural"].index) == {n for n in RURAL["rules"] if n.endswith("_2022")}


def test_first_and_last_day_of_a_rule_belong_to_it() -> None:
    for day, count in (("2022-06-21", 0), ("2022-06-22", 5), ("2025-12-31", 5), ("2026-01-01", 0)):
        assert len(SETS[0].on(date.fromisoformat(day)).rules) == count


def test_evidence_against_the_model_is_flagged_and_leaves_the_outcome() -> None:
    said = evidence(("H2", "A", "good"), ("H3", "any", "none"))
    gaps = judged(tables={"evidence": said})
    west, east = rule(gaps, "1", "broadband"), rule(gaps, "2", "broadband")
    assert (west["outcome"], west["contradicted"], west["said_good"]) == ("not_met", "H2", 1)
    assert (east["outcome"], east["contradicted"]) == ("met", "H3")
    assert conclusions(gaps.criteria)["contradicted"].all()
    agreeing = judged(tables={"evidence": evidence(("H2", "any", "none"))})
    assert rule(agreeing, "1", "broadband")["contradicted"] == ""
    assert rule(agreeing, "1", "broadband")["said_none"] == 1


def test_a_hamlet_placed_by_guess_is_never_a_proven_failure() -> None:
    homes = three_hamlets()
    homes.loc["H2", "placed_by"] = "guess"
    found = rule(judged(homes=homes), "1", "broadband")
    assert (found["outcome"], found["open"], found["failing"]) == ("to_check", "H2", "")
    assert found["hamlets_guessed"] == 1
    homes.loc["H1", "placed_by"] = "guess"
    both = judged({("4G", "A"): NOWHERE}, homes=homes)
    assert conclusions(both.criteria)["outcome"].to_dict() == {"1": "to_check", "2": "not_met"}


def test_a_guess_does_not_save_a_commune_that_fails_without_it() -> None:
    homes = three_hamlets()
    homes.loc["H2", "placed_by"] = "guess"
    west_only = {("4G", "A"): ~inside(0, 0, 3_600, 4_800)}
    found = rule(judged(west_only, homes=homes), "1", "broadband")
    assert (found["outcome"], found["failing"], found["open"]) == ("not_met", "H1", "H2")


def test_unknown_ground_is_neither_met_nor_failed() -> None:
    found = rule(judged(unknown=AROUND_H2), "1", "broadband")
    assert (found["outcome"], found["hamlets_unknown"]) == ("to_check", 1)


def test_a_technology_on_air_that_nobody_predicted_is_no_failure() -> None:
    sites = stations(A=(100.0, 100.0, "A", "3G;4G"))
    gaps = judged(sites=sites)
    assert rule(gaps, "1", "broadband")["outcome"] == "to_check"
    assert rule(gaps, "2", "broadband")["outcome"] == "met"  # 4G alone is enough
    planned = sites.assign(status="planned")
    both = pd.concat([stations(B=(200.0, 200.0, "A", "4G")), planned])
    assert rule(judged(sites=both), "1", "broadband")["outcome"] == "not_met"


def test_what_lies_within_the_error_of_the_model_is_to_check() -> None:
    edge = float(PROFILE.technologies["4G"].service_dbm) + 5.4 + 1.0
    gaps = judged({("4G", "A"): EVERYWHERE}, signal_dbm=edge)
    assert rule(gaps, "1", "broadband")["outcome"] == "met"
    assert rule(gaps, "1", "broadband")["hamlets_close"] == 2


def test_a_failure_within_the_error_of_the_model_is_not_proven() -> None:
    strong = coverage_of({("4G", "A"): EVERYWHERE}, signal_dbm=-103.0)
    weak = {}
    for key, bands in strong.maps.items():  # 2 dB short of what is needed, everywhere
        weak[key] = bands.assign(probability=bands["probability"] * 0.5)
        weak[key]["signal_dbm"] = bands["signal_dbm"] * 0.0 + needed_dbm(strong, "4G") - 2.0
    layers = world(hamlets=difficult("H1"), sites=stations(A=(100.0, 100.0, "A", "4G")))
    people = people_grid(layers, GEOBOX).people
    gaps = find_gaps(layers, people, replace(strong, maps=weak), as_of=DAY, criteria=SETS)
    found = rule(gaps, "1", "broadband")
    assert (found["outcome"], found["hamlets_met"], found["hamlets_close"]) == ("to_check", 0, 2)
    assert why(gaps, "H1") == ("to_check", "doubt_straddles;listed")


def test_a_commune_without_hamlets_is_not_assessed() -> None:
    gaps = judged(homes=three_hamlets().drop(index="H3"))
    found = rule(gaps, "2", "broadband")
    assert (found["outcome"], found["reason"]) == ("not_assessed", "no_hamlets")
    assert conclusions(gaps.criteria)["outcome"]["2"] == "to_check"


def test_wards_are_not_asked() -> None:
    gaps = judged(tables={"communes": communes().assign(type=["phường", "xã"])})
    ward = gaps.criteria.loc["1"]
    assert set(ward["outcome"]) == {"not_assessed"}
    assert set(ward["reason"]) == {"urban"}
    assert conclusions(gaps.criteria)["outcome"].to_dict() == {"1": "not_assessed", "2": "met"}
    assert not conclusions(gaps.criteria)["contradicted"].any()


def test_hamlets_that_only_assumed_cells_serve_are_counted() -> None:
    covered = {("4G", "A"): EVERYWHERE, ("4G", "B"): AROUND_H2}
    found = rule(judged(covered, assumed=("A",)), "1", "broadband")
    assert found["hamlets_assumed"] == 2  # the best server of both is A
    both = {("4G", "A"): EVERYWHERE, ("3G", "B"): EVERYWHERE}  # 3G would do where 4G did not come
    sure = rule(judged(both, assumed=("A",)), "1", "broadband")
    assert (sure["hamlets_assumed"], sure["people_assumed"]) == (0, 0.0)


def test_a_listed_hamlet_without_broadband_is_eligible_and_one_with_it_is_not() -> None:
    gaps = judged(homes=difficult("H1", "H2"))
    assert why(gaps, "H2") == ("yes", "uncovered;listed")
    assert why(gaps, "H1") == ("no", "served")
    assert why(gaps, "H3") == ("no", "served;not_listed")
    assert why(gaps, "1-rest") == ("not_assessed", "rest")


def test_a_hamlet_off_the_list_is_not_eligible_for_lack_of_signal_alone() -> None:
    assert why(judged(homes=difficult("H1")), "H2") == ("no", "not_listed")


def test_without_the_list_a_hamlet_without_broadband_is_to_check() -> None:
    assert why(judged(), "H2") == ("to_check", "uncovered;no_list")
    assert why(judged(), "H1") == ("no", "served")
    blank = difficult("H1")
    blank.loc["H2", "extremely_difficult"] = pd.NA
    assert why(judged(homes=blank), "H2") == ("to_check", "uncovered;list_blank")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (("H2", "any", "none"), ("yes", "uncovered_confirmed;listed")),
        (("H2", "A", "good"), ("to_check", "doubt_contradicted;listed")),
        (("H1", "any", "none"), ("to_check", "doubt_contradicted;listed")),
    ],
)
def test_statements_confirm_or_call_for_a_check(said, answer) -> None:
    gaps = judged(homes=difficult("H1", "H2"), tables={"evidence": evidence(said)})
    assert why(gaps, said[0]) == answer


def test_guessed_positions_and_unknown_ground_are_to_check() -> None:
    homes = difficult("H2")
    assert why(judged(homes=homes, unknown=AROUND_H2), "H2")[1] == "doubt_unknown;listed"
    homes.loc["H2", "placed_by"] = "guess"
    assert why(judged(homes=homes), "H2") == ("to_check", "doubt_guess;listed")


def test_a_station_to_come_nearby_is_to_check_and_named() -> None:
    coming = stations(
        A=(100.0, 100.0, "A", "4G"),
        P=(2_600.0, 4_570.0, "B", "4G"),
        Q=(2_600.0, 3_600.0, "B", "2G"),
    )
    coming["status"] = ["operating", "approved", "planned"]
    gaps = judged(homes=difficult("H2"), sites=coming)
    assert why(gaps, "H2") == ("to_check", "uncovered;listed;station_coming")
    row = gaps.hamlets.loc["H2"]
    assert (row["coming_site"], row["coming_site_m"]) == ("P", pytest.approx(1_000.0))
    refused = judged(homes=difficult("H2"), sites=coming.assign(status="requested"))
    assert why(refused, "H2")[0] == "yes"


def test_the_list_travels_into_the_gaps_with_the_poor_households() -> None:
    homes = difficult("H2").assign(poor_households=pd.array([3, 7, None], dtype="Int64"))
    found = judged(homes=homes).hamlets
    assert found.loc["H2", "poor_households"] == 7
    assert pd.isna(found.loc["1-rest", "poor_households"])
    assert judged().hamlets["poor_households"].isna().all()


def test_our_own_rules_are_sound_and_nobody_has_confirmed_them() -> None:
    for rules in SETS:
        assert all(not of.verified for of in rules.rules.values())
        assert all(of.source for of in rules.rules.values())
        measured = [of for of in rules.rules.values() if of.thresholds]
        assert all(of.assumed and "assumed" in of.source for of in measured)
        assert len({of.valid_from for of in rules.rules.values()}) == 2


def test_all_faults_of_a_file_are_told_at_once() -> None:
    table = changed(RURAL, "telephone_2022", thresholds={"hamlet_share": 90}, valid_to="31/12/2025")
    table["rules"]["post_2022"] |= {"measure": "looks", "weight": 3}
    table["rules"]["broadband_2022"] |= {"verified": True, "valid_from": "2018-01-01"}
    table["author"] = "x"
    del table["rules"]["loudspeakers_2022"]["source"]
    with pytest.raises(SettingsError) as caught:
        CriteriaSet.from_dict(table)
    for told in (
        "unknown key 'author'",
        "post_2022: unknown key 'weight'",
        "measure must be one of telephone, broadband, by_hand; found 'looks'",
        "telephone_2022: missing threshold 'commune_share'",
        "hamlet_share must be in (0, 1]; found 90",
        "valid_to must be a date such as 2025-07-01 or empty; found '31/12/2025'",
        "broadband_2022: a threshold is either assumed or verified, not both",
        "loudspeakers_2022: missing key 'source'",
    ):
        assert told in str(caught.value)


def test_two_rules_of_one_item_on_one_day_are_refused() -> None:
    with pytest.raises(SettingsError, match="telephone_2016 and telephone_2022 are both in force"):
        CriteriaSet.from_dict(changed(RURAL, "telephone_2022", valid_from="2020-12-31"))


def test_gaps_without_rules_say_nothing_of_programmes() -> None:
    gaps = judged(sets=())
    assert not len(gaps.criteria)
    assert "universal_service" not in gaps.hamlets
    assert np.isfinite(gaps.hamlets.loc["H1", "broadband_share"])

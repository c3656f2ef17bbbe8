"""In how many draws a proposal comes out, where the answer is known."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.radio.settings import RadioSettings
from infraplan.radio.tuning import TunedModel
from infraplan.sites.checks import check_batch
from infraplan.sites.checks import check_request
from infraplan.sites.gain import Gain
from infraplan.sites.reasons import proposal_of
from infraplan.sites.stability import Errors
from infraplan.sites.stability import stability_of
from infraplan.sites.surroundings import Alternative
from tests.sites.test_checks import confirmed
from tests.sites.world import RULES
from tests.sites.world import SETTINGS
from tests.sites.world import a_request
from tests.sites.world import areas
from tests.sites.world import around
from tests.sites.world import sources
from tests.sites.world import stations

NONE = Errors(signal_db=0.0, people_share=0.0, station_m=0.0, positions=0.0)
NO_CELLS = np.zeros(0, dtype=np.int64)


def drawn(requests, place, *names, rules=RULES, errors=None, draws=200):
    """Return the stability of requests under some rules."""
    asked = {name: rules.rules[name] for name in names or rules.rules}
    found = {
        r.request_id: check_request(r, place, asked) + check_batch(r, requests, asked)
        for r in requests
    }
    return stability_of(requests, found, place, asked, errors=errors, draws=draws), found


def one(request, place, *names, **options):
    """Return the row of one request."""
    return drawn([request], place, *names, **options)[0].iloc[0]


def spread(low, people, high):
    """Return a gain of people whom nobody else reaches."""
    return Gain(NO_CELLS, np.zeros(0), people, low, high, 0.0, people, 0.0, 0.0, 0.0)


def beside(share, **fields):
    """Return a request and a mast that gives a share of its gain, by the same signal."""
    mast = Alternative("M1", ("B",), 400.0, 40.0, spread(share * 700, share * 1000, share * 1300))
    return a_request(own_gain=spread(900, 1000, 1100), alternatives=[mast], **fields)


def crowded(**fields):
    """Return surroundings in which every rule of a distance has something to measure."""
    return around(
        roads=areas("road_id", R1=(0, 5_150, 9_000, 5_155)),
        buildings=areas("building_id", B1=(2_030, 5_000, 2_040, 5_010, {"height_m": 30.0})),
        protected=areas("protected_id", P1=(2_090, 4_000, 3_000, 6_000, {"kind": "forest"})),
        sites=stations(S1=(2_290, 5_000, "B", 42, "2G"), S2=(2_055, 5_000, "A", 42, "4G")),
        **fields,
    )


@given(
    x_m=st.floats(1_000, 8_400), y_m=st.floats(1_000, 8_000), accuracy_m=st.floats(0, 400),
    share=st.floats(0, 1.2), complete=st.booleans(),
)  # fmt: skip
@settings(max_examples=15, deadline=None)
def test_without_errors_every_proposal_comes_out_always(x_m, y_m, accuracy_m, share, complete):
    place = crowded(sources=sources(complete=complete, extra=["aerodromes"]))
    request = beside(share, x_m=x_m, y_m=y_m, accuracy_m=accuracy_m)
    table, found = drawn([request, a_request(request_id="R2")], place, errors=NONE, draws=20)
    assert (table["same"] == 20).all()
    assert table.loc["R1", proposal_of(found["R1"])] == 20


def test_rules_that_no_error_moves_stay_as_they_are():
    row = one(a_request(height_m=45.0), around(), "aviation", "slope", "completeness")
    assert (row["same"], row["approve_with_conditions"]) == (200, 200)


@pytest.mark.parametrize("fibre_m", [3_000.0, 3_000.0001])
def test_at_the_limit_half_of_the_draws_keep_it(fibre_m):
    row = one(a_request(fibre_m=fibre_m), around(), "fibre")
    assert (row["approve"], row["approve_with_conditions"]) == (100, 100)


def test_one_deviation_from_the_limit_16_of_100_draws_break_it():
    row = one(a_request(fibre_m=2_990.0, accuracy_m=10.0), around(), "fibre")
    assert row["approve_with_conditions"] == pytest.approx(200 * 0.1587, abs=1)


def test_a_distance_nearer_than_its_accuracy_is_measured_in_two_draws_of_three():
    own = stations(S1=(2_050, 5_000, "A", 42, "4G")).assign(accuracy_m=0.0)
    row = one(a_request(accuracy_m=10.0), around(sites=own), "same_station")
    within = 200 * 0.6827
    assert row["approve_with_conditions"] == pytest.approx(within, abs=1)
    assert (row["reject"], row["approve"]) == (row["approve"], pytest.approx(31.7, abs=1))


@pytest.mark.parametrize("name", ["fibre", "road", "aerodrome", "fall", "spacing"])
def test_the_larger_the_error_the_fewer_draws_stay(name):
    field = gpd.GeoDataFrame(areas("aerodrome_id", A1=(12_050, 4_000, 12_100, 6_000)))
    place = around(
        aerodromes=field,
        roads=areas("road_id", R1=(2_150, 0, 2_155, 9_000)),
        buildings=areas("building_id", B1=(2_060, 4_990, 2_070, 5_010)),
        sites=stations(S1=(2_340, 5_000, "B", 42, "2G")),
    )
    request = a_request(accuracy_m=10.0, fibre_m=2_950.0)
    scales = [0.0, 1.0, 2.0, 4.0, 8.0]
    same = [one(request, place, name, errors=Errors(positions=s))["same"] for s in scales]
    assert same == sorted(same, reverse=True)
    assert same[0] == 200 > same[-1]


def test_the_accuracy_of_the_station_counts_too():
    near = [stations(S1=(2_340, 5_000, "B", 42, "2G")).assign(accuracy_m=a) for a in (0.0, 60.0)]
    request = a_request(accuracy_m=0.0)
    sure, doubtful = (one(request, around(sites=sites), "spacing")["same"] for sites in near)
    assert sure == 200 > doubtful


def test_sharing_at_its_limit_is_told_in_half_of_the_draws():
    place = around(sites=stations(S1=(2_400, 5_000, "B", 46, "2G")))
    by_signal = one(beside(0.9), place, "sharing", errors=Errors(people_share=0.0))
    assert by_signal["approve_with_conditions"] == 100
    row = one(beside(0.9), place, "sharing")
    assert row["approve_with_conditions"] == pytest.approx(100, abs=20)


@pytest.mark.parametrize("kind", ["signal_db", "people_share"])
def test_sharing_is_the_less_firm_the_larger_the_error(kind):
    place = around(sites=stations(S1=(2_400, 5_000, "B", 46, "2G")))
    rows = [
        one(beside(0.8), place, "sharing", errors=Errors(**{**zero(), kind: s}))["same"]
        for s in (0.0, 0.05, 3.0)
    ]
    assert rows[0] == 200 > rows[2]
    assert rows[1] >= rows[2]


def zero():
    """Return no errors by name."""
    return {"signal_db": 0.0, "people_share": 0.0, "station_m": 0.0, "positions": 0.0}


def test_people_whom_both_masts_reach_are_miscounted_for_both_alike():
    cells, people = np.arange(5), np.full(5, 100.0)
    gain = Gain(cells, people, 500.0, 500.0, 500.0, 0.0, 500.0, 0.0, 0.0, 0.0)
    mast = Alternative("M1", ("B",), 400.0, 40.0, gain)
    request = a_request(own_gain=gain, alternatives=[mast])
    place = around(sites=stations(S1=(2_400, 5_000, "B", 46, "2G")))
    assert one(request, place, "sharing", errors=Errors(people_share=2.0))["same"] == 200


def test_a_protected_area_rejects_inside_asks_in_its_buffer_and_passes_beyond():
    place = around(protected=areas("protected_id", P1=(2_050, 4_000, 3_000, 6_000)))
    row = one(a_request(accuracy_m=50.0), place, "protected", rules=confirmed("protected"))
    two_deviations = 200 * 0.0228  # inside, or beyond the buffer, by more than the accuracy
    assert row["reject"] == pytest.approx(two_deviations, abs=1)
    assert row["approve"] == pytest.approx(two_deviations, abs=1)


@pytest.mark.parametrize(("x_m", "rejected"), [(2_000.0, 200), (1_150.0, 200 * 0.6915)])
def test_inside_a_protected_area_its_depth_decides(x_m, rejected):
    place = around(protected=areas("protected_id", P1=(1_000, 4_000, 3_000, 6_000)))
    request = a_request(x_m=x_m, accuracy_m=100.0)
    row = one(request, place, "protected", rules=confirmed("protected"))
    assert row["reject"] == pytest.approx(rejected, abs=1)


def test_doubtful_lists_leave_the_good_side_to_be_checked_by_hand():
    place = around(
        sites=stations(S1=(2_290, 5_000, "B", 42, "2G")), sources=sources(complete=False)
    )
    row = one(a_request(), place, "spacing")
    assert row["approve_with_conditions"] == 200


def test_the_draws_of_a_request_do_not_depend_on_its_batch():
    place = crowded()
    pair = [a_request(accuracy_m=40.0), a_request(3_000.0, request_id="R2", accuracy_m=40.0)]
    names = ("road", "spacing", "fall")
    alone = one(pair[0], place, *names)
    for batch in (pair, pair[::-1]):
        assert drawn(batch, place, *names)[0].loc["R1"].equals(alone)


def test_a_tuned_model_tells_its_error_by_the_offsets_of_its_stations():
    offsets = (("S1", -2.0), ("S2", 0.0), ("S3", 2.0))
    tuned = RadioSettings(model="tuned", tuning=TunedModel(site_offset_db=offsets))
    assert Errors.of(tuned, RULES.rules).signal_db == 2.0
    assert Errors.of(SETTINGS, RULES.rules) == Errors(signal_db=3.0, station_m=15.0)


def test_every_draw_has_one_proposal():
    table, _ = drawn([beside(0.85, accuracy_m=50.0)], crowded())
    assert table.iloc[0, 2:].sum() == table["draws"].iloc[0] == 200

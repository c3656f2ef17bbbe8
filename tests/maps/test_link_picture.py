"""The profile of a microwave link as a picture."""

import numpy as np
import pandas as pd
import pytest

from infraplan.maps.link_picture import link_figure
from infraplan.maps.link_picture import link_picture
from infraplan.sites.links import find_links
from infraplan.sites.links import links_table
from infraplan.text import words
from tests.sites.world import GEOBOX
from tests.sites.world import RULES
from tests.sites.world import a_request
from tests.sites.world import around
from tests.sites.world import stations


def row(ridge_m=0.0, operator="Viettel", height_m=42.0):
    """Return a link over 6 km with a ridge in its middle."""
    heights = np.full(GEOBOX.shape, 10.0)
    heights[:, 53:58] += ridge_m  # the ray is 42 m high there
    sites = stations(S1=(8_000, 5_000, operator, 45, "4G"))
    request = a_request(height_m=height_m)
    find_links([request], around(ground_m=heights, sites=sites), RULES.rules)
    return links_table([request]).iloc[0]


def texts(figure):
    """Return every text of a figure."""
    return [artist.get_text() for artist in figure.findobj(lambda a: hasattr(a, "get_text"))]


@pytest.mark.parametrize(
    ("ridge_m", "outcome"),
    [(0.0, "clear"), (40.0, "marginal"), (90.0, "blocked"), (np.nan, "unknown")],
)
def test_the_picture_tells_the_verdict(ridge_m, outcome):
    link = row(ridge_m)
    say = words("vi")
    assert link["outcome"] == outcome
    told = texts(link_figure(link, say, synthetic=False))
    assert [text for text in told if text.startswith(say(f"links.{outcome}"))] != []


def test_a_hidden_link_says_by_how_much():
    told = texts(link_figure(row(90.0), words("vi"), synthetic=False))
    assert [text for text in told if "cao hơn tia sóng 48,5 m" in text] != []  # 0.5 m of bulge


def test_equal_rows_give_equal_bytes_and_names_are_no_formulas():
    link = row(operator="$x^2$ <b>")
    assert link_picture(link, language="en") == link_picture(link.copy(), language="en")
    told = texts(link_figure(link, words("en"), synthetic=False))
    assert any("$x^2$ <b>" in text for text in told)


def test_made_up_data_are_named_and_a_stored_row_is_drawn_alike():
    link = row()
    say = words("vi")
    assert say("maps.profile_synthetic") in texts(link_figure(link, say, synthetic=True))
    stored = pd.DataFrame([link]).reset_index(drop=True).iloc[0]
    assert link_picture(stored, language="vi").startswith(b"\x89PNG")

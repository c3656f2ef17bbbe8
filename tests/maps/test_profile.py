"""Pictures of terrain profiles: what they say, and that no data can break them."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from infraplan.coverage.point import LinkProfile
from infraplan.maps.figures import drawable
from infraplan.maps.profile import profile_figure
from infraplan.maps.profile import profile_picture
from infraplan.text import words

AT_M = np.linspace(0.0, 3_000.0, 101)
LINE = LinkProfile(
    technology="4G", operator="Viettel", site_id="HTI0123", cell_id="HTI0123/4G", freq_mhz=1842.5,
    antenna_m=40.0, receiver_m=1.5, distance_m=3_002.0, azimuth_deg=87.0, earth_radius_km=8931.0,
    at_m=AT_M, ground_m=10.0 + 300.0 * np.exp(-(((AT_M - 2_400.0) / 200.0) ** 2)),
    level_dbm=-121.0, obstruction_db=55.0, threshold_dbm=-110.0, probability=0.085, edge_m=2_400.0,
    edge_to_place_m=600.0, edge_height_m=310.0, has_service=False, assumed=True,
)  # fmt: skip


def texts(figure: Figure) -> str:
    """Return all that is written in a figure."""
    return " | ".join(text.get_text() for text in figure.findobj(Text))  # type: ignore[attr-defined]


def test_the_picture_names_the_obstruction_and_that_data_are_made_up():
    told = texts(profile_figure([LINE], words("vi"), place="Bản Khe Xai", synthetic=True))
    for part in ("Bản Khe Xai", "đỉnh 310 m", "0,60 km", "55 dB", "−121 dBm", "SỐ LIỆU GIẢ LẬP",
                 "Độ cao (m)", "Khoảng cách từ trạm (km)", "k = 1,40"):  # fmt: skip
        assert part in told
    assert "GIẢ LẬP" not in texts(profile_figure([LINE], words("vi"), place="x", synthetic=False))


@pytest.mark.parametrize(
    "line",
    [
        replace(LINE, ground_m=np.where(AT_M > 2_000.0, np.nan, 5.0), level_dbm=np.nan),
        replace(LINE, ground_m=np.full(AT_M.size, np.nan), edge_m=np.nan, edge_height_m=np.nan),
        replace(LINE, at_m=np.array([0.0, 15.0]), ground_m=np.array([3.0, 3.0]), edge_m=0.0),
        replace(LINE, operator="$\\frac{x}$\n漢 {0}", site_id="%s" * 40, cell_id="</text>" * 30),
    ],
    ids=["partly unknown", "all unknown", "same place", "hostile names"],
)
def test_any_profile_can_be_drawn_and_gives_the_same_bytes_twice(line):
    drawn = [
        profile_picture([line, LINE, LINE], words("en"), place="$x$", synthetic=True)
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith(b"\x89PNG")


def test_text_that_the_font_lacks_becomes_question_marks():
    assert drawable("Trạm ở Kỳ Anh, đường Nguyễn Huệ") == "Trạm ở Kỳ Anh, đường Nguyễn Huệ"
    assert drawable("漢\u0000a\nb") == "??a b"

"""Maps: single HTML pages that open by double-click, without internet, safe with any text."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.maps.anything import explore as explore
    from infraplan.maps.anything import swipe as swipe
    from infraplan.maps.compose import appraisal as appraisal
    from infraplan.maps.compose import coarse as coarse
    from infraplan.maps.compose import comparison as comparison
    from infraplan.maps.compose import coverage as coverage
    from infraplan.maps.compose import gaps as gaps
    from infraplan.maps.compose import plan_page as plan_page
    from infraplan.maps.compose import proposal as proposal
    from infraplan.maps.compose import route as route
    from infraplan.maps.compose import underground as underground
    from infraplan.maps.layers import Category as Category
    from infraplan.maps.layers import Field as Field
    from infraplan.maps.layers import Filter as Filter
    from infraplan.maps.layers import LineLayer as LineLayer
    from infraplan.maps.layers import Number as Number
    from infraplan.maps.layers import PointLayer as PointLayer
    from infraplan.maps.layers import PolygonLayer as PolygonLayer
    from infraplan.maps.layers import Style as Style
    from infraplan.maps.page import Facts as Facts
    from infraplan.maps.page import MapPage as MapPage
    from infraplan.maps.page import Table as Table
    from infraplan.maps.page import build_page as build_page
    from infraplan.maps.pictures import fixes_picture as fixes_picture
    from infraplan.maps.pictures import gaps_picture as gaps_picture
    from infraplan.maps.pictures import readings_picture as readings_picture
    from infraplan.maps.pictures import shares_picture as shares_picture
    from infraplan.maps.rasters import PictureLayer as PictureLayer
    from infraplan.maps.rasters import RasterClass as RasterClass
    from infraplan.maps.rasters import RasterLayer as RasterLayer
    from infraplan.maps.site_picture import overview_picture as overview_picture
    from infraplan.maps.site_picture import surroundings_picture as surroundings_picture

_HOMES = {
    "appraisal": "compose",
    "coarse": "compose",
    "comparison": "compose",
    "coverage": "compose",
    "gaps": "compose",
    "plan_page": "compose",
    "proposal": "compose",
    "route": "compose",
    "underground": "compose",
    "explore": "anything",
    "swipe": "anything",
    "Category": "layers",
    "Field": "layers",
    "Filter": "layers",
    "LineLayer": "layers",
    "Number": "layers",
    "PointLayer": "layers",
    "PolygonLayer": "layers",
    "Style": "layers",
    "Facts": "page",
    "MapPage": "page",
    "Table": "page",
    "build_page": "page",
    "fixes_picture": "pictures",
    "gaps_picture": "pictures",
    "readings_picture": "pictures",
    "shares_picture": "pictures",
    "PictureLayer": "rasters",
    "RasterClass": "rasters",
    "RasterLayer": "rasters",
    "overview_picture": "site_picture",
    "surroundings_picture": "site_picture",
}

__all__ = [  # noqa: PLE0604 - named once, above
    *_HOMES,
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes and functions alike
    """Import a part of the room at its first use."""
    if name in _HOMES:
        return getattr(import_module(f"infraplan.maps.{_HOMES[name]}"), name)
    msg = f"module 'infraplan.maps' has no attribute '{name}'"
    raise AttributeError(msg)

"""Open data: what is offered where, how its files are named, and how each format is read."""

from infraplan.io.open_data.bring import bring
from infraplan.io.open_data.bring import pieces_of
from infraplan.io.open_data.declarations import OpenSource
from infraplan.io.open_data.declarations import read_sources
from infraplan.io.open_data.pieces import Area
from infraplan.io.open_data.pieces import Brought
from infraplan.io.open_data.pieces import NothingThereError
from infraplan.io.open_data.pieces import Piece
from infraplan.io.open_data.pieces import area_of

__all__ = [
    "Area",
    "Brought",
    "NothingThereError",
    "OpenSource",
    "Piece",
    "area_of",
    "bring",
    "pieces_of",
    "read_sources",
]

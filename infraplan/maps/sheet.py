"""
The map as sheets: PDF to print and pictures to send, for where no browser runs its page.

A sheet is the picture of `still` in a neat line, with what a reader of paper needs beside it:
title, legend with counts, figures, definition, coordinates, sources. It is set by typst.
"""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.maps.layers import VectorLayer
from infraplan.maps.still import View
from infraplan.maps.still import keys_of
from infraplan.maps.still import png_of
from infraplan.maps.still import still
from infraplan.maps.still import view_of
from infraplan.maps.still import webp_of
from infraplan.text import Words
from infraplan.typeset import measured
from infraplan.typeset import set_pages
from infraplan.typeset import shortened

if TYPE_CHECKING:
    from infraplan.maps.page import Facts
    from infraplan.maps.page import Table
    from infraplan.maps.still import Bytes

__all__ = ["PAPERS", "PHONE", "Drawings", "Paper"]

TEMPLATES = Path(__file__).parent / "typst"
PHONE = "1080x1350"
MOST_LATER = 2  # pages of tables
MOST_ROWS = 160  # of a table on paper
FEWER_ROWS = 0.7  # of them, each time that the pages are too many
WIDEST_TABLE = 10  # columns of a table across the paper
TWO_COLUMNS_LETTERS = 19  # of the words of a legend that stands in two columns
NARROW_TABLE = 5  # columns of a table beside others
MOST_LETTERS = {"title": 110, "line": 220, "cell": 60, "text": 900}
PREVIEW_PIXELS, PREVIEW_BYTES = 1_400, 190_000  # of the picture inside the page: 250 kB as text
PNG_DOTS = 200.0
FIGURE = re.compile(r"[-−+]?[\d.,]+(\s?%)?(\s?–\s?[\d.,]+(\s?%)?)?")


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet: its size, margin, map [mm], its letters [points], and a pixel of the page on it."""

    name: str
    width_mm: float
    height_mm: float
    margin_mm: float
    map_mm: tuple[float, float]
    letters: float
    pixel_mm: float


PAPERS: Mapping[str, Paper] = {
    "A4": Paper("A4", 297.0, 210.0, 8.0, (193.0, 161.0), 7.0, 0.19),
    "A3": Paper("A3", 420.0, 297.0, 10.0, (284.0, 236.0), 9.4, 0.235),
}
PHONE_DOTS = 300.0
PHONE_WIDE = 1080
PHONE_PIXEL = 2.0  # dots for a pixel of the page
PHONE_LEAST = 470  # height of the map


@dataclass(frozen=True, eq=False)
class Drawings:
    """
    What a map looks like without a browser; each picture is drawn at its first use.

    `layers`, `facts` and `crs` are those of the page.
    """

    layers: Sequence[Any]
    facts: "Facts"
    crs: str
    words: Words

    def pdf(self, paper: str = "A4") -> bytes:
        """
        Return the map as pages to print.

        Parameters
        ----------
        paper
            `"A4"` or `"A3"`, both landscape.

        Returns
        -------
        pdf
            The map, and at most two pages of tables; equal maps give equal bytes.
        """
        sheet = PAPERS[paper]
        content, pictures = self._content(sheet)
        source = TEMPLATES / "map.typ"
        pdf = b""
        for most in _budgets():
            content["wide"] = [_cut(table, most, self.words) for table in self._wide()]
            pdf = set_pages(source, content, pictures=pictures)
            if _pages(pdf) <= 1 + MOST_LATER:
                break
        return pdf

    def png(self, paper: str = "A4") -> bytes:
        """
        Return the first page of the map as a picture.

        Parameters
        ----------
        paper
            `"A4"`, `"A3"`, or `"1080x1350"` for a phone.

        Returns
        -------
        png
            Equal maps give equal bytes.
        """
        if paper == PHONE:
            return self._phone()
        content, pictures = self._content(PAPERS[paper])
        content["later"] = []
        return set_pages(TEMPLATES / "map.typ", content, pictures=pictures, dots_per_inch=PNG_DOTS)

    def preview(self) -> bytes:
        """
        Return the small picture that the page shows where scripts do not run.

        Returns
        -------
        webp
            Picture without frame; empty where there is nothing to draw.
        """
        if self._large is None:
            return b""
        return webp_of(self._large[1], longest=PREVIEW_PIXELS, most_bytes=PREVIEW_BYTES)

    def told(self) -> str:
        """
        Return in words what the picture shows, for those who do not see it.

        Returns
        -------
        text
            Title, subtitle and the layers that are drawn.
        """
        drawn = [
            layer.title
            for layer in reversed(self.layers)
            if layer.shown and not (isinstance(layer, VectorLayer) and not len(layer.data))
        ]
        return self.words(
            "sheet.picture_alt", title=self.facts.title, subtitle=self.facts.subtitle,
            layers=", ".join(drawn),
        )  # fmt: skip

    @cached_property
    def _large(self) -> "tuple[View, Bytes] | None":
        """Return the map of the A4 sheet, which the small picture is made of."""
        return self._drawn(PAPERS["A4"])

    @property
    def _restricted(self) -> str:
        """Return who may see the map; empty where anyone may."""
        return str(getattr(self.facts, "restricted", ""))

    def _drawn(self, paper: Paper) -> "tuple[View, Bytes] | None":
        """Return the map of a sheet; None where nothing lies anywhere."""
        wide, high = paper.map_mm
        view = view_of(
            self.layers, crs=self.crs, frame=self.facts.frame, width_mm=wide, height_mm=high,
            pixel_mm=paper.pixel_mm,
        )  # fmt: skip
        return None if view is None else (view, self._still(view))

    def _still(self, view: View) -> "Bytes":
        """Return the picture of a view."""
        return still(
            self.layers, view, self.words, warning=self.facts.warning, restricted=self._restricted
        )

    def _content(self, paper: Paper) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return what a sheet says, and its pictures."""
        facts, words = self.facts, self.words
        found = self._large if paper.name == "A4" else self._drawn(paper)
        content = self._words() | {
            "paper": paper.name.lower(),
            "margin": paper.margin_mm,
            "map_size": list(paper.map_mm),
            "letters": paper.letters,
            "map": "" if found is None else "map.png",
            "keys": [],
            "corners": [],
            "scale": "",
            "tables": [_told(t, words) for t in facts.tables if t.open and not _is_wide(t)],
            "later": _columns([_told(t, words) for t in facts.tables
                               if not t.open and _is_narrow(t)]),
            "wide": [],
        }  # fmt: skip
        pictures: dict[str, bytes] = {}
        if found is not None:
            view, pixels = found
            pictures["map.png"] = png_of(pixels, level=1)
            content["keys"] = self._keys(view, pictures)
            content["corners"] = _corners(view, words)
            ratio = words("sheet.scale", scale=f"1:{words.number(_round_scale(view.scale))}",
                          paper=paper.name)  # fmt: skip
            content["scale"] = ratio
            content["crs_name"] = _crs_name(view.crs)
        return content, pictures

    def _words(self) -> dict[str, Any]:
        """Return the texts that every sheet has."""
        facts, words = self.facts, self.words
        return {
            "language": words.language,
            "title": shortened(facts.title, MOST_LETTERS["title"]),
            "subtitle": shortened(facts.subtitle, MOST_LETTERS["line"]),
            "as_of": shortened(facts.as_of, MOST_LETTERS["line"]),
            "headline": shortened(facts.headline, MOST_LETTERS["line"]),
            "warning": shortened(facts.warning, MOST_LETTERS["line"]),
            "restricted": shortened(self._restricted, MOST_LETTERS["line"]),
            "definition": [shortened(text, MOST_LETTERS["text"]) for text in facts.definition],
            "sources": [shortened(text, MOST_LETTERS["text"]) for text in facts.sources],
            "heads": {
                name: words(f"sheet.{name}")
                for name in ("legend", "definition", "sources", "sources_later",
                             "definition_later", "tables", "nothing")
            },
            "page_words": words("sheet.page"),
            "crs_name": "",
        }  # fmt: skip

    def _keys(self, view: View, pictures: dict[str, bytes]) -> list[dict[str, Any]]:
        """Return the legend for a template, its signs added to the pictures."""
        told: list[dict[str, Any]] = []
        for key in keys_of(self.layers, view, self.words):
            signs = []
            for pixels, label, count in key.signs:
                name = f"sign{len(pictures)}.png"
                pictures[name] = png_of(pixels)
                number = "" if count is None else self.words.number(count)
                signs.append([name, shortened(label, MOST_LETTERS["cell"]), number])
            title = shortened(key.title, MOST_LETTERS["line"])
            group = shortened(key.group, MOST_LETTERS["cell"])
            if len(signs) == 1 and not signs[0][1]:  # a layer of one sign needs no line of its own
                signs[0][1], title = title, ""
            if told and not title and not told[-1]["title"] and told[-1]["group"] == group:
                told[-1]["signs"] += signs
            else:
                told.append({"title": title, "group": group, "signs": signs})
        for key_told in told:
            longest = max(len(label) for _, label, _ in key_told["signs"])
            many = len(key_told["signs"]) > 1
            key_told["columns"] = 2 if many and longest <= TWO_COLUMNS_LETTERS else 1
        return told

    def _wide(self) -> "list[Table]":
        """Return the office's own table of communes, without numbers and codes of rows."""
        head = self.words("reports.head_commune")
        for table in self.facts.published:
            if head in table.heads and table.rows:
                first = table.heads.index(head)
                kept = slice(first, first + WIDEST_TABLE)
                rows = tuple(row[kept] for row in table.rows)
                return [replace(table, heads=table.heads[kept], rows=rows)]
        return [table for table in self.facts.tables if table.open and _is_wide(table)]

    def _phone(self) -> bytes:
        """Return a picture that is read on a phone."""
        content = self._words() | {"map": "", "keys": [], "figures": self._figures()}
        content["caption"] = ""
        if content["figures"] and self.facts.tables:
            content["caption"] = shortened(self.facts.tables[0].title, MOST_LETTERS["title"])
        pictures: dict[str, bytes] = {}
        source = TEMPLATES / "map_phone.typ"
        view = self._phone_view(PHONE_LEAST)
        if view is not None:
            base = self.words("maps.group_base")
            keys = self._keys(view, pictures)
            content["keys"] = [key for key in keys if key["group"] != base]
            view = self._phone_view(round(measured(source, content, "room", pictures=pictures)))
        if view is not None:
            content["map"] = "map.png"
            pictures["map.png"] = png_of(still(self.layers, view, self.words), level=1)
        return set_pages(source, content, pictures=pictures, dots_per_inch=72.0)

    def _phone_view(self, high: int) -> View | None:
        """Return the view of a phone's picture; None where nothing lies anywhere."""
        per_mm = PHONE_DOTS / 25.4
        return view_of(
            self.layers, crs=self.crs, frame=self.facts.frame, width_mm=PHONE_WIDE / per_mm,
            height_mm=high / per_mm, dots_per_inch=PHONE_DOTS, pixel_mm=PHONE_PIXEL / per_mm,
        )  # fmt: skip

    def _figures(self) -> list[list[str]]:
        """Return the three figures of the map: a number with its words."""
        for table in self.facts.tables:
            if table.open and not table.by_area and len(table.heads) > 1:
                percent = " %" if table.heads[1].lstrip().startswith("%") else ""
                return [
                    [shortened(row[1] + percent, 22), shortened(row[0], 44)]
                    for row in table.rows[:3]
                ]
        words = self.words
        counted = {layer.name: len(layer.data) for layer in self.layers
                   if isinstance(layer, VectorLayer)}  # fmt: skip
        return [
            [words.number(counted[name]), words(f"sheet.count_{name}")]
            for name in ("communes", "sites")
            if counted.get(name)
        ]


def _columns(tables: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return tables in three columns of about equal height."""
    columns: list[list[dict[str, Any]]] = [[], [], []]
    high = [0, 0, 0]
    for table in tables:
        least = high.index(min(high))
        columns[least].append(table)
        high[least] += len(table["rows"]) + 3
    return columns if tables else []


def _budgets() -> list[int]:
    """Return how many rows a table may have, fewer each time that the pages were too many."""
    made, most = [], MOST_ROWS
    while most >= 8:
        made.append(most)
        most = int(most * FEWER_ROWS)
    return [*made, 0]


def _pages(pdf: bytes) -> int:
    """Return the number of pages."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def _is_wide(table: "Table") -> bool:
    """Return whether a table stands on a page of its own, for its width or its many areas."""
    return table.by_area or not _is_narrow(table)


def _is_narrow(table: "Table") -> bool:
    """Return whether a table stands beside the map."""
    return len(table.heads) <= NARROW_TABLE


def _told(table: "Table", words: Words) -> dict[str, Any]:
    """Return a small table as the template reads it."""
    return _cut(table, 24, words)


def _cut(table: "Table", most: int, words: Words) -> dict[str, Any]:
    """Return a table of at most so many rows, saying how many are left out."""
    cells = [[shortened(cell, MOST_LETTERS["cell"]) for cell in row] for row in table.rows[:most]]
    left = len(table.rows) - len(cells)
    return {
        "title": shortened(table.title, MOST_LETTERS["title"]),
        "heads": [shortened(head, MOST_LETTERS["cell"]) for head in table.heads],
        "rows": cells,
        "right": [_is_number(column) for column in zip(*cells, strict=True)],
        "note": shortened(table.note, MOST_LETTERS["text"]),
        "left": words("sheet.rows_left", rows=words.number(left)) if left else "",
    }


def _is_number(cells: Sequence[str]) -> bool:
    """Return whether a column of cells in words is one of figures."""
    told = [cell for cell in cells if cell]
    return 2 * sum(FIGURE.fullmatch(cell) is not None for cell in told) > len(told)


def _round_scale(scale: float) -> float:
    """Return a scale to three figures."""
    return float(f"{scale:.3g}")


def _corners(view: View, words: Words) -> list[list[str]]:
    """Return the coordinates of the corners: upper left, upper right, lower left, lower right."""
    told = []
    for share in ((0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0)):
        longitude, latitude = view.degrees(share)
        east, north = view.place(share)
        degrees = (
            f"{words.number(latitude, 5)}° {words('maps.ui_north')}, "
            f"{words.number(longitude, 5)}° {words('maps.ui_east')}"
        )
        told.append([degrees, f"E {words.number(east)}  N {words.number(north)}"])
    return told


def _crs_name(crs: str) -> str:
    """Return the name of a reference system."""
    from pyproj import CRS

    return str(CRS.from_user_input(crs).name)

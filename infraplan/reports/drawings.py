"""
Drawings of streets for approval: long profiles and cross-sections on A3, one set a street, as SVG.

Lengths on paper are true millimetres. Every number is one of the plan's tables; what is not known
reads so. Names stand above the ground and numbers below it in columns that are moved apart as far
as letters need, each joined to its place by a fine line.
"""

from dataclasses import dataclass
from dataclasses import field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from infraplan.atomic import file_stem
from infraplan.cables.plan_told import street_told
from infraplan.cables.profiles import long_profiles
from infraplan.reports.appraised import day_told
from infraplan.reports.appraised import tidy
from infraplan.reports.cross_sections import HALF
from infraplan.reports.cross_sections import Block
from infraplan.reports.cross_sections import SegmentFacts
from infraplan.reports.cross_sections import section_blocks
from infraplan.reports.svg import Canvas
from infraplan.reports.svg import Label
from infraplan.reports.svg import fitted
from infraplan.reports.svg import spread
from infraplan.reports.svg import text_width
from infraplan.reports.svg import wrapped
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.cables import CablePlan

__all__ = ["Drawing", "street_drawings"]

PAPER_MM = (420.0, 297.0)
FRAME_MM = (20.0, 5.0, 415.0, 292.0)  # left, top, right, bottom; wider where it is bound
PLOT_MM = (62.0, 411.0)
PANEL_MM = 115.0
SIZE = 2.3  # of letters at the profile [mm]
APART_MM = 2.75
HEAD_MM = 5.5
NAMES_MM = 30.0
FAN_MM = 3.5
GROUND_MM = 25.0
BAND = (("at", 9.5), ("ground", 8.0), ("bottom", 8.0), ("depth", 6.5), ("distance", 6.5),
        ("bores", 8.5))  # fmt: skip
PLAIN_EVERY_M = 25.0
STATION_M = 5.0  # profiles have a station at every multiple
ACROSS = (500, 1000, 2000)  # scales along the street
UPRIGHT = (20, 50, 100, 200, 500, 1000, 2000, 5000)
TICKS_M = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
BOTTOM_MM = 237.0  # below two profiles
TITLE_MM = (285.0, 238.0)  # upper left corner of the title block
LEGEND_MM = (62.0, 50.0)


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """
    A sheet of A3.

    `stem` is a name for its file, `title` what it shows; `labels` are all texts on it with the room
    that they take.
    """

    stem: str
    street: str
    title: str
    svg: bytes
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """A side of a street from one distance to another, and the scale it is drawn in."""

    side: str
    rows: pd.DataFrame
    low_m: float
    across: int

    def x(self, at_m: float) -> float:
        """Return where on paper a distance lies [mm]."""
        return PLOT_MM[0] + (at_m - self.low_m) * 1000.0 / self.across


@dataclass(slots=True, eq=False)
class _Page:
    """A sheet that is being planned: its profiles, and blocks at their places."""

    panels: list[_Panel] = field(default_factory=list)
    blocks: list[tuple[float, float, Block]] = field(default_factory=list)


def street_drawings(
    plan: "CablePlan", words: Words, *, made_on: date | None = None
) -> tuple[Drawing, ...]:
    """
    Return the drawings of all streets of a plan.

    Parameters
    ----------
    plan
        The plan; its table `profiles` where it is filled, else profiles made here.
    words
        Catalogue of the office's language.
    made_on
        Day in the title block; dots where None.

    Returns
    -------
    drawings
        Sheets in the order of the streets: long profiles of both sides with the cross-sections of
        the street, then trenches in detail. A long street has several sheets.
    """
    table = plan.profiles if len(plan.profiles) else long_profiles(plan)
    profiles = table.reset_index()
    crossings, facts = _crossings_told(plan, words), SegmentFacts.of(plan)
    made: list[Drawing] = []
    for number, street in enumerate(dict.fromkeys(profiles["street"].tolist()), start=1):
        own = profiles[profiles["street"] == street]
        pages = _pages(own, section_blocks(facts, own, words))
        for sheet, page in enumerate(pages, start=1):
            canvas = Canvas(*PAPER_MM, f"{tidy(street)}: {words('papers.drawing')}")
            _draw_frame(canvas)
            for place, panel in enumerate(page.panels):
                top = FRAME_MM[1] + 1.0 + place * PANEL_MM
                scale = max(_upright(one, 0.0).scale for one in page.panels)
                _draw_panel(canvas, panel, (top, scale), (words, crossings))
            for x, y, block in page.blocks:
                block.draw(canvas, x, y)
            title = _title(canvas, plan, (str(street), page, sheet, len(pages)), words, made_on)
            made.append(
                Drawing(
                    stem=f"{number:02d}-{file_stem(str(street))}-{sheet}",
                    street=str(street),
                    title=title,
                    svg=canvas.content(),
                    labels=tuple(canvas.labels),
                )
            )
    return tuple(made)


def _draw_frame(canvas: Canvas) -> None:
    """Draw the frame of a sheet."""
    left, top, right, bottom = FRAME_MM
    canvas.rect(left, top, right - left, bottom - top, style="frame")


def _crossings_told(plan: "CablePlan", words: Words) -> dict[str, str]:
    """Return how each crossing is built and how deep it lies, where that is known."""
    told = {}
    for crossing_id, row in plan.crossings.iterrows():
        key = f"papers.method_{row['method']}"
        method = words(key) if key in words.entries else words("papers.method_cross")
        depth = row.get("depth_m")
        if depth is not None and pd.notna(depth):
            method = words(
                "papers.method_depth", method=method, depth=words.number(depth + HALF, 2)
            )
        told[str(crossing_id)] = method
    return told


def _pages(own: pd.DataFrame, blocks: list[Block]) -> list[_Page]:
    """Return the sheets of a street: two profiles on each, blocks where there is room."""
    sides = {str(side): rows for side, rows in own.groupby("side", sort=False)}
    panels = _panels(sides)
    pages = [_Page(panels[k : k + 2]) for k in range(0, len(panels), 2)]
    waiting = list(blocks)
    for page in pages:
        top = FRAME_MM[1] + 2.0 + PANEL_MM * len(page.panels)
        x = FRAME_MM[0] + 2.0 + LEGEND_MM[0]
        waiting = _packed(page, waiting, (x, top, TITLE_MM[0] - 2.0))
    while waiting:
        page = _Page()
        before = len(waiting)
        waiting = _packed(page, waiting, (FRAME_MM[0] + 3.0, FRAME_MM[1] + 3.0, 0.0))
        if len(waiting) == before:  # a block larger than a sheet, drawn at its corner
            page.blocks.append((FRAME_MM[0] + 3.0, FRAME_MM[1] + 3.0, waiting.pop(0)))
        pages.append(page)
    return pages


def _packed(page: _Page, waiting: list[Block], room: tuple[float, float, float]) -> list[Block]:
    """Place blocks in rows; return those that find no room."""
    left, top, right = room
    x, y, row_mm = left, top, 0.0
    rest: list[Block] = []
    for block in waiting:
        for _ in range(2):
            bottom = y + block.height_mm
            end = right or (TITLE_MM[0] - 2.0 if bottom > TITLE_MM[1] else FRAME_MM[2] - 2.0)
            if x + block.width_mm <= end and bottom <= FRAME_MM[3] - 1.0:
                page.blocks.append((x, y, block))
                x, row_mm = x + block.width_mm, max(row_mm, block.height_mm)
                break
            if x == left:
                rest.append(block)
                break
            x, y, row_mm = left, y + row_mm, 0.0
        else:
            rest.append(block)
    return rest


def _panels(sides: dict[str, pd.DataFrame]) -> list[_Panel]:
    """Return the profiles in the order of their sheets, at the smallest scale that is legible."""
    low = min(float(rows["at_m"].min()) for rows in sides.values())
    high = max(float(rows["at_m"].max()) for rows in sides.values())
    low, high = PLAIN_EVERY_M * np.floor(low / PLAIN_EVERY_M), max(high, low + 1.0)
    room_mm = PLOT_MM[1] - PLOT_MM[0]
    whole = [one for one in ACROSS if (high - low) * 1000.0 / one <= room_mm]
    panels: list[_Panel] = []
    for across in [whole[0]] if whole else sorted(ACROSS, reverse=True):
        count = int(np.ceil((high - low) * 1000.0 / across / (room_mm - 10.0)))
        # stretches of equal length, which end where there is a station
        reach_m = STATION_M * np.ceil((high - low) / max(count, 1) / STATION_M)
        panels = []
        for k in range(max(count, 1)):
            start = low + k * reach_m
            end = high if k == count - 1 else start + reach_m
            for side, rows in sides.items():
                inside = rows[(rows["at_m"] >= start) & (rows["at_m"] <= end)]
                if len(inside):
                    panels.append(_Panel(side, inside.reset_index(drop=True), start, across))
        if all(_fits(panel) for panel in panels):
            break
    return panels


def _fits(panel: _Panel) -> bool:
    """Return whether all names and numbers of a profile have room."""
    most = (PLOT_MM[1] - PLOT_MM[0]) / APART_MM
    count = sum(str(mark).count(";") + 1 for mark in panel.rows["mark"].dropna().tolist())
    return count <= most and len(_columns(panel)) <= most


def _columns(panel: _Panel) -> list[int]:
    """Return the rows of a profile that have a column of numbers."""
    rows = panel.rows
    marked = rows["mark"].fillna("").ne("").to_numpy()
    chosen = {*np.flatnonzero(marked).tolist(), 0, len(rows) - 1}
    most = int((PLOT_MM[1] - PLOT_MM[0]) / APART_MM)
    at_m = rows["at_m"].to_numpy()
    x = [panel.x(one) for one in at_m.tolist()]
    for k in np.flatnonzero(at_m % PLAIN_EVERY_M == 0).tolist():
        near = min(abs(x[k] - x[c]) for c in chosen)
        if near >= 2 * APART_MM and len(chosen) < most:
            chosen.add(k)
    return sorted(chosen)


@dataclass(frozen=True, slots=True, eq=False)
class _Upright:
    """Heights of a profile on paper: what is 0, the scale, and whether heights are relative."""

    base_m: float
    base_y: float
    scale: int
    is_relative: bool
    surface_m: "np.ndarray[tuple[int], np.dtype[np.float64]]"

    def y(self, height_m: float) -> float:
        """Return where on paper a height lies [mm]."""
        return self.base_y - (height_m - self.base_m) * 1000.0 / self.scale


def _upright(panel: _Panel, base_y: float, least: int = UPRIGHT[0]) -> _Upright:
    """Return how heights are drawn: above sea level where all are known, else below the ground."""
    ground = panel.rows["ground_m"].to_numpy(dtype=np.float64)
    depth = np.nan_to_num(panel.rows["depth_m"].to_numpy(dtype=np.float64), nan=1.0)
    is_relative = not bool(np.isfinite(ground).all())
    surface = np.zeros(len(ground)) if is_relative else ground
    low, high = float((surface - depth).min()), float(surface.max())
    scale = UPRIGHT[-1]
    base = 0.0
    for scale in (one for one in UPRIGHT if one >= least):
        tick = _tick(scale)
        base = float(np.floor((low - 0.05) / tick) * tick)
        if (high - base) * 1000.0 / scale <= GROUND_MM - 1.0:
            break
    return _Upright(base, base_y, scale, is_relative, surface)


def _tick(scale: int) -> float:
    """Return the step of the heights written beside a profile [m]."""
    return next((step for step in TICKS_M if step * 1000.0 / scale >= 4.0), TICKS_M[-1])


def _draw_panel(
    canvas: Canvas,
    panel: _Panel,
    place: tuple[float, int],
    told_by: tuple[Words, dict[str, str]],
) -> None:
    """Draw the long profile of a side at a height of the sheet, in no larger scale of heights."""
    top, scale = place
    words, crossings = told_by
    base_y = top + HEAD_MM + NAMES_MM + FAN_MM + GROUND_MM
    upright = _upright(panel, base_y, scale)
    told = words(
        "papers.profile_head",
        side=_side(panel.side, words),
        start=words.number(float(panel.rows["at_m"].iloc[0]), 1),
        end=words.number(float(panel.rows["at_m"].iloc[-1]), 1),
        across=words.number(panel.across),
        upright=words.number(upright.scale),
        times=words.number(panel.across / upright.scale, 1 if panel.across % upright.scale else 0),
    )
    canvas.text((FRAME_MM[0] + 2.0, top + 4.2), told, size=3.0, is_bold=True)
    if panel.rows[["ground_m", "bottom_m", "depth_m", "bores"]].isna().to_numpy().any():
        canvas.text((PLOT_MM[1], top + 4.2), words("papers.unknown_note"), size=SIZE, anchor="end")
    _draw_heights(canvas, upright, words)
    _draw_works(canvas, panel, upright)
    names = _names(panel.rows, crossings, words)
    _draw_names(canvas, panel, upright, (top + HEAD_MM + NAMES_MM, names))
    _draw_band(canvas, panel, base_y, words)


def _side(side: str, words: Words) -> str:
    """Return the name of a side."""
    base, _, more = side.partition(" ")
    name = words(f"papers.side_{base}") if base in ("left", "right") else tidy(side)
    return f"{name} ({more})" if more else name


def _draw_heights(canvas: Canvas, upright: _Upright, words: Words) -> None:
    """Draw the scale of heights at the left of a profile."""
    left = PLOT_MM[0] - 1.5
    step = _tick(upright.scale)
    count = int((GROUND_MM - 1.0) * upright.scale / 1000.0 / step + 1e-9)
    canvas.line([(left, upright.base_y), (left, upright.base_y - GROUND_MM)])
    decimals = 1 if step < 1 else 0
    for k in range(count + 1):
        height_m = upright.base_m + k * step
        y = upright.y(height_m)
        canvas.line([(left - 1.2, y), (left, y)])
        canvas.text(
            (left - 1.8, y + 0.8), words.number(height_m, decimals), anchor="end", size=SIZE
        )
    kind = "relative" if upright.is_relative else "level"
    for k, line in enumerate(wrapped(words(f"papers.height_{kind}"), 25.0, SIZE)):
        canvas.text((FRAME_MM[0] + 2.0, upright.base_y - 17.0 + 3.1 * k), line, size=SIZE)


def _runs(rows: pd.DataFrame) -> list[tuple[int, int]]:
    """Return the first and last row of each stretch of works without a break."""
    marks = [set(str(mark or "").split(";")) for mark in rows["mark"].fillna("")]
    runs, start = [], 0
    for k in range(1, len(rows)):
        if "begin" in marks[k] and "end" in marks[k - 1]:
            runs.append((start, k - 1))
            start = k
    return [*runs, (start, len(rows) - 1)]


def _stretches(rows: pd.DataFrame) -> list[tuple[int, int]]:
    """Return the first and last row of each segment or crossing, ends shared with the next."""
    features = rows["feature_id"].astype(str).tolist()
    found = []
    for first, last in _runs(rows):
        start = first
        for k in range(first + 1, last + 1):
            if features[k] != features[start] or k == last:
                found.append((start, k))
                start = k
    return found


def _draw_works(canvas: Canvas, panel: _Panel, upright: _Upright) -> None:
    """Draw the ground, the ducts in it, and where they cross."""
    rows = panel.rows
    x = [panel.x(at_m) for at_m in rows["at_m"].tolist()]
    surface = upright.surface_m
    cover = rows["cover_m"].to_numpy(dtype=np.float64)
    depth = rows["depth_m"].to_numpy(dtype=np.float64)
    placements, methods = rows["placement"].tolist(), rows["method"].tolist()
    for first, last in _stretches(rows):
        on = range(first, last + 1)
        style = _style(str(placements[first]), str(methods[first]))
        known = np.isfinite([cover[first], depth[first]]).all()
        # of a stretch whose depth is not known only the course is drawn
        high, low = (cover[first], depth[first]) if known else (0.35, 0.65)
        upper = [(x[k], upright.y(surface[k] - high)) for k in on]
        lower = [(x[k], upright.y(surface[k] - low)) for k in on]
        if known:
            canvas.shape([*upper, *lower[::-1]], style)
            canvas.line(upper, "cover")
        else:
            middle = [(px, (py + qy) / 2) for (px, py), (_, qy) in zip(upper, lower, strict=True)]
            canvas.line(middle, style)
    runs = _runs(rows)
    for first, last in runs:
        on = range(first, last + 1)
        canvas.line([(x[k], upright.y(surface[k])) for k in on], "ground")
    for (_, last), (first, _) in pairwise(runs):
        # between works no station tells the ground
        canvas.line([(x[k], upright.y(surface[k])) for k in (last, first)], "leader")
    canvas.line([(PLOT_MM[0], upright.base_y), (PLOT_MM[1], upright.base_y)], "faint")
    for k, mark in enumerate(rows["mark"].fillna("")):
        deep = depth[k] if np.isfinite(depth[k]) else 1.0
        _draw_marks(canvas, set(mark.split(";")), (x[k], upright.y(surface[k])),
                    upright.y(surface[k] - deep))  # fmt: skip


def _style(placement: str, method: str) -> str:
    """Return how a stretch is drawn."""
    if placement == "crossing":
        return "bored"
    return "existing" if method == "existing_duct" else "bank"


def _draw_marks(canvas: Canvas, marks: set[str], at: tuple[float, float], bottom_y: float) -> None:
    """Draw what stands at a station."""
    x, y = at
    if "chamber" in marks:
        canvas.rect(x - 0.6, y, 1.2, max(bottom_y - y + 0.6, 1.5), style="box")
    if "crossing" in marks:
        canvas.circle(x, bottom_y + 1.0, 0.7, "filled")
    if "riser" in marks:
        canvas.line([(x, y), (x, y - 3.0), (x - 0.7, y - 2.0)])
        canvas.line([(x, y - 3.0), (x + 0.7, y - 2.0)])
    if "street" in marks:
        canvas.line([(x - 1.5, y - 0.5), (x + 1.5, y - 0.5)], "frame")
    if "water" in marks:
        canvas.line([(x - 1.5, y - 1.6), (x, y), (x + 1.5, y - 1.6), (x - 1.5, y - 1.6)], "water")
    if "rail" in marks:
        canvas.line([(x - 1.5, y - 0.8), (x + 1.5, y - 0.8)])
        canvas.line([(x - 0.8, y - 1.5), (x - 0.8, y)])
        canvas.line([(x + 0.8, y - 1.5), (x + 0.8, y)])


def _names(rows: pd.DataFrame, crossings: dict[str, str], words: Words) -> list[tuple[int, str]]:
    """Return what is written above a profile: the row and the text."""
    told: list[tuple[int, str]] = []
    for k, (mark_text, id_text) in enumerate(
        zip(rows["mark"].fillna(""), rows["mark_id"].fillna(""), strict=True)
    ):
        marks = str(mark_text).split(";")
        pairs = list(zip(marks, str(id_text).split(";"), strict=False))
        risers = {name for mark, name in pairs if mark == "riser"}
        for mark, name in pairs:
            if mark == "chamber":
                more = f" {words('papers.mark_riser')}" if name in risers else ""
                told.append((k, f"{tidy(name)}{more}"))
            elif mark == "crossing":
                told.append((k, f"{tidy(name)} {crossings.get(name, '')}".strip()))
            elif mark in ("street", "water", "rail", "duct"):
                told.append((k, words(f"papers.mark_{mark}", name=tidy(name))))
    return told


def _draw_names(
    canvas: Canvas,
    panel: _Panel,
    upright: _Upright,
    told: tuple[float, list[tuple[int, str]]],
) -> None:
    """Write names of chambers, crossings and streets above the profile, each over its place."""
    foot_y, names = told
    at_m = panel.rows["at_m"].tolist()
    x = [panel.x(float(at_m[k])) for k, _ in names]
    for place, (k, text), true_x in zip(
        spread(x, APART_MM, *PLOT_MM).tolist(), names, x, strict=True
    ):
        shown = fitted(text, NAMES_MM - 1.0, SIZE)
        canvas.text((place + 0.8, foot_y), shown, size=SIZE, is_turned=True)
        surface = upright.y(float(upright.surface_m[k]))
        canvas.line([(place, foot_y + 0.4), (true_x, foot_y + FAN_MM), (true_x, surface)], "leader")


def _draw_band(canvas: Canvas, panel: _Panel, base_y: float, words: Words) -> None:
    """Write the numbers below a profile."""
    rows = panel.rows
    chosen = _columns(panel)
    at_m = rows["at_m"].tolist()
    true_x = [panel.x(float(at_m[k])) for k in chosen]
    column = dict(zip(chosen, spread(true_x, APART_MM, PLOT_MM[0] + 1.5, PLOT_MM[1] - 1.5).tolist(),
                      strict=True))  # fmt: skip
    top = base_y + FAN_MM
    for k, x in zip(chosen, true_x, strict=True):
        canvas.line([(x, base_y), (column[k], top)], "leader")
    y = top
    for name, height in BAND:
        canvas.rect(
            FRAME_MM[0] + 2.0, y, PLOT_MM[1] + 2.0 - FRAME_MM[0] - 2.0, height, style="thin"
        )
        canvas.rect(FRAME_MM[0] + 2.0, y, PLOT_MM[0] - FRAME_MM[0] - 2.0, height, style="head")
        heading = words(f"papers.band_{name}")
        for j, line in enumerate(wrapped(heading, PLOT_MM[0] - FRAME_MM[0] - 4.0, SIZE)[:3]):
            canvas.text((FRAME_MM[0] + 3.0, y + 2.9 + 2.9 * j), line, size=SIZE)
        if name == "distance":
            _write_distances(canvas, rows, column, (y, height), words)
        elif name == "bores":
            _write_bores(canvas, rows, column, (y, height), words)
        else:
            _write_numbers(canvas, rows, column, (name, y, height), words)
        y += height


def _write_numbers(
    canvas: Canvas,
    rows: pd.DataFrame,
    column: dict[int, float],
    row: tuple[str, float, float],
    words: Words,
) -> None:
    """Write one number a column, upright."""
    name, y, height = row
    values = rows[f"{name}_m"].tolist()
    for k, x in column.items():
        value = float(values[k])
        told = words.number(value + HALF, 1 if name == "at" else 2)
        told = told if np.isfinite(value) else "(*)"
        canvas.text((x + 0.8, y + height / 2), told, size=SIZE, anchor="middle", is_turned=True)


def _write_distances(
    canvas: Canvas,
    rows: pd.DataFrame,
    column: dict[int, float],
    row: tuple[float, float],
    words: Words,
) -> None:
    """Write how far each chamber is from the one before on the same stretch of works."""
    marks = [set(str(mark or "").split(";")) for mark in rows["mark"].fillna("")]
    at_m = rows["at_m"].tolist()
    for first, last in _runs(rows):
        stands = [k for k in range(first, last + 1) if "chamber" in marks[k]]
        for a, b in pairwise(stands):
            apart_m = float(at_m[b]) - float(at_m[a])
            _between(canvas, words.number(apart_m, 1), (column[a], column[b]), row)


def _write_bores(
    canvas: Canvas,
    rows: pd.DataFrame,
    column: dict[int, float],
    row: tuple[float, float],
    words: Words,
) -> None:
    """Write how many ducts lie in each stretch, and where in the street."""
    counts = rows["bores"].tolist()
    placements, methods = rows["placement"].tolist(), rows["method"].tolist()
    for first, last in _stretches(rows):
        bores = float(counts[first])
        short = words.number(bores) if np.isfinite(bores) else "(*)"
        key = f"papers.short_{placements[first]}"
        told = f"{short} {words(key)}" if key in words.entries else short
        if str(methods[first]) == "existing_duct":
            told, short = words("papers.short_existing"), words("papers.shorter_existing")
        inside = [k for k in column if first <= k <= last]
        if not inside:  # too short for a column of its own
            continue
        ends = (column[inside[0]], column[inside[-1]])
        room = max(ends[1] - ends[0] - 0.6, row[1] - 0.4)
        _between(canvas, told if text_width(told, SIZE) <= room else short, ends, row)


def _between(
    canvas: Canvas, text: str, ends: tuple[float, float], row: tuple[float, float]
) -> None:
    """Write a text between two columns: along the band where it fits, else upright."""
    (low, high), (y, height) = ends, row
    for x in ends:
        canvas.line([(x, y), (x, y + height)], "faint")
    middle = (low + high) / 2
    if text_width(text, SIZE) <= high - low - 0.6:
        canvas.text((middle, y + height / 2 + 0.8), text, size=SIZE, anchor="middle")
    else:
        shown = fitted(text, height - 0.4, SIZE)
        canvas.text((middle + 0.8, y + height / 2), shown, size=SIZE, anchor="middle",
                    is_turned=True)  # fmt: skip


def _title(
    canvas: Canvas,
    plan: "CablePlan",
    shown: tuple[str, _Page, int, int],
    words: Words,
    made_on: date | None,
) -> str:
    """Draw the title block and the legend; return the title of the sheet."""
    street, page, sheet, count = shown
    x, y = TITLE_MM
    right, bottom = FRAME_MM[2], FRAME_MM[3]
    inner = right - x - 4.0
    canvas.rect(x, y, right - x, bottom - y, style="box")
    is_synthetic = bool(plan.provenance.synthetic or plan.layers.synthetic())
    if is_synthetic:
        canvas.text(((x + right) / 2, y + 4.2), words("reports.synthetic"), size=3.2,
                    anchor="middle", is_bold=True, ink="#9c0006")  # fmt: skip
    kind = words("papers.sheet_profile" if page.panels else "papers.sheet_sections")
    canvas.text((x + 2.0, y + 9.0), words("papers.title"), size=2.7, is_bold=True)
    told = tidy(street_told(plan, street, words))
    more = [told] if street in plan.stretches else []
    name = fitted(words("papers.street", street=tidy(street)), inner, 3.6, is_bold=True)
    canvas.text((x + 2.0, y + 14.0), name, size=3.6, is_bold=True)
    day = day_told(made_on) if made_on else words("paper.day_open")
    lines = [
        *more,
        words("papers.sheet", kind=kind, number=sheet, count=count),
        words("papers.of_plan", plan=tidy(plan.layers.name), day=day),
        *wrapped(_rules_told(plan, words), inner, 2.2)[:3],
        *wrapped(_sources_told(plan, words), inner, 2.2)[: 3 if more else 4],
    ]
    canvas.lines((x + 2.0, y + 18.2), [fitted(line, inner, 2.2) for line in lines], size=2.2)
    third = (right - x) / 3
    for k, who in enumerate(("drawn", "checked", "approved")):
        canvas.rect(x + k * third, bottom - 11.0, third, 11.0, style="thin")
        canvas.text((x + (k + 0.5) * third, bottom - 8.0), words(f"papers.by_{who}"), size=2.3,
                    anchor="middle")  # fmt: skip
    if page.panels:
        _draw_legend(canvas, (FRAME_MM[0] + 3.0, BOTTOM_MM + 3.0), words)
        _draw_bar(canvas, page.panels[0].across, words)
    return f"{told}: {kind} {sheet}/{count}"


def _rules_told(plan: "CablePlan", words: Words) -> str:
    """Return how many of the rules and prices that count are not confirmed."""
    table = plan.assumptions.reset_index()
    rules = table[table["kind"].astype(str) != "price"]
    if not len(rules):
        return words("papers.rules_unknown")
    open_count = int((~rules["verified"].fillna(value=False).astype(bool)).sum())
    key = "papers.rules_open" if open_count else "papers.rules_confirmed"
    return words(key, open=words.number(open_count), count=words.number(len(rules)))


def _sources_told(plan: "CablePlan", words: Words) -> str:
    """Return where the ground is from and what a profile cannot tell."""
    known = plan.layers.terrain is not None or "terrain" in plan.layers.rasters
    return words("papers.source_terrain" if known else "papers.source_none")


def _draw_legend(canvas: Canvas, at: tuple[float, float], words: Words) -> None:
    """Draw what the signs mean."""
    x, y = at
    canvas.text((x, y + 2.5), words("papers.legend"), size=2.6, is_bold=True)
    for k, name in enumerate(
        ("ground", "cover", "bank", "existing", "bored", "chamber", "crossing", "riser", "street",
         "water", "rail")
    ):  # fmt: skip
        row_y = y + 6.5 + 3.75 * k
        if name in ("ground", "cover"):
            canvas.line([(x, row_y - 0.7), (x + 8.0, row_y - 0.7)], name)
        elif name in ("bank", "existing", "bored"):
            canvas.rect(x, row_y - 1.7, 8.0, 2.0, style=name)
        else:
            base = row_y + 0.3 if name in ("riser", "water", "rail") else row_y - 1.4
            _draw_marks(
                canvas, {name}, (x + 4.0, base), row_y - 1.8 if name == "crossing" else base
            )
        canvas.text((x + 10.0, row_y), words(f"papers.legend_{name}"), size=2.3)


def _draw_bar(canvas: Canvas, across: int, words: Words) -> None:
    """Draw a bar of a known length at the scale of the profiles."""
    length_m = next(m for m in (10, 20, 50, 100, 200) if m * 1000 / across >= 20)
    x, y = FRAME_MM[0] + 3.0, FRAME_MM[3] - 3.0
    width = length_m * 1000.0 / across
    canvas.rect(x, y - 1.2, width / 2, 1.2, style="filled")
    canvas.rect(x + width / 2, y - 1.2, width / 2, 1.2, style="box")
    canvas.text((x + width + 1.5, y), f"{words.number(length_m)} m (1:{words.number(across)})",
                size=2.3)  # fmt: skip

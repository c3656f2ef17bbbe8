"""
Antenna patterns of makers and planning tools: text files of MSI Planet.

The format has no standard, only a habit: headings of one word, then `HORIZONTAL 360` and
`VERTICAL 360`, each followed by as many lines of angle and attenuation. Described at
radiomobile.pe1mew.nl ("Definitions: MSI"), where the gain is in dBd unless dBi is written.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from infraplan.errors import ROWS_SHOWN
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import SourceFileError
from infraplan.radio.patterns import ATTENUATION_LIMIT_DB
from infraplan.radio.patterns import FREQ_RANGE_MHZ
from infraplan.radio.patterns import GAIN_RANGE_DBI
from infraplan.radio.patterns import LAYER
from infraplan.radio.patterns import TILT_RANGE_DEG
from infraplan.radio.patterns import AntennaPattern
from infraplan.radio.patterns import main_lobe_deg

__all__ = ["format_antenna", "read_antenna"]

FORMATS = (".msi", ".pln", ".txt", ".ant")
SIZE_LIMIT = 2_000_000  # bytes; a pattern in steps of 0.1 degrees has 100 thousand
DIPOLE_DBI = 2.15  # gain of a half-wave dipole, as makers count it
FINEST_DEG = 0.1
COARSEST_DEG = 30.0  # a cut in wider steps has no shape left
LOBE_DEG = 45.0  # antennas of masts point at the horizon, or near it
LOBE_DB = 3.0
ROUND_DBI = 4.0  # with more gain an antenna cannot be as good to all sides...
ROUND_DB = 1.0  # ...as this
TILT_DEG = 5.0  # by more a main lobe does not differ from the tilt of its heading
MHZ = {"ghz": 1000.0, "mhz": 1.0, "khz": 1e-3, "hz": 1e-6}
CUTS = ("HORIZONTAL", "VERTICAL")
ONCE = ("NAME", "FREQUENCY", "GAIN")
WORDS = ("NAME", "MAKE", "COMMENT", "COMMENTS")  # their values may begin with any sign
HEADINGS = frozenset(
    [
        *CUTS, *ONCE, *WORDS, "H_WIDTH", "V_WIDTH", "FRONT_TO_BACK", "TILT", "ELECTRICAL_TILT",
        "POLARIZATION",
    ]
)  # fmt: skip
NUMBER = r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?"


@dataclass(slots=True)
class _Cut:
    """Lines of one cut: `row` is that of its heading, `rows` those of its angles."""

    name: str
    row: str
    count: str
    rows: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """A file on its way from lines to a pattern; headings with the line they stand in."""

    path: Path
    headings: dict[str, tuple[str, str]] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    cuts: dict[str, _Cut] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_antenna(path: Path | str) -> AntennaPattern:
    """
    Read the pattern of an antenna from a text file of MSI Planet.

    Parameters
    ----------
    path
        `.msi`, `.pln`, `.txt` or `.ant`, in UTF-8, UTF-16 or Latin-1. Angles in steps that divide
        360, from 0.1 to 30 degrees; a last line may repeat the first. Decimal commas, tabs and
        headings in small letters are understood.

    Returns
    -------
    pattern
        Both cuts at whole degrees, between the angles of the file linear in dB. The vertical cut
        is of angles below the horizon. `notes` tell what was assumed: the unit of a bare gain
        (dBd), the middle of a range of frequencies, the tilt where only the word ELECTRICAL stands
        (then the main lobe of the cut), losses that were written as negative gains, a cut whose
        least attenuation is not 0.

    Raises
    ------
    LayerError
        If headings or lines are at fault, or a vertical cut cannot be meant as it stands: one
        counted from the zenith or upwards, or of fields instead of decibels. All faults at once,
        with file, line and remedy.
    SourceFileError
        If the file is missing or not a text of this kind at all.
    """
    draft = _draft(Path(path))
    gain_dbi = _gain_dbi(draft)
    freq_mhz = _freq_mhz(draft)
    cuts = [_cut_db(draft, name) for name in CUTS]
    tilt_deg = _tilt_deg(draft, cuts[1])
    horizontal, vertical = cuts
    if horizontal is not None and vertical is not None:
        _check_lobes(draft, horizontal, vertical, tilt_deg)
        _check_shape(draft, vertical, gain_dbi)
    if draft.faults or horizontal is None or vertical is None:
        faults = [replace(fault, file=draft.path.name) for fault in draft.faults]
        raise LayerError(LAYER, faults)
    return AntennaPattern.from_cuts(
        _name(draft),
        horizontal,
        vertical,
        gain_dbi=gain_dbi,
        freq_mhz=freq_mhz,
        electrical_downtilt_deg=tilt_deg,
        source=_source(draft),
        notes=draft.notes,
    )


def format_antenna(pattern: AntennaPattern) -> str:
    """
    Return the text of an MSI file that holds a pattern.

    Parameters
    ----------
    pattern
        Pattern to write.

    Returns
    -------
    text
        Lines ended by a line feed; the numbers are exact, the gain is in dBi, and name and source
        are on one line each. `notes` are not kept: they are about another file.
    """
    lines = [
        f"NAME {' '.join(pattern.name.split())}",
        f"FREQUENCY {pattern.freq_mhz!r} MHz",
        f"GAIN {pattern.gain_dbi!r} dBi",
        "TILT ELECTRICAL",
        f"ELECTRICAL_TILT {pattern.electrical_downtilt_deg!r}",
        f"COMMENT {' '.join(pattern.source.split())}",
    ]
    for name, cut in zip(CUTS, (pattern.horizontal_db, pattern.vertical_db), strict=True):
        lines.append(f"{name} {cut.size}")
        lines += [f"{angle} {value!r}" for angle, value in enumerate(cut.tolist())]
    return "\n".join(lines) + "\n"


def _draft(path: Path) -> _Draft:
    """Return the lines of a file, sorted into headings and cuts."""
    draft = _Draft(path)
    cut: _Cut | None = None
    for row, line in _lines(path):
        match = re.match(r"([A-Za-z_]+)[:=]?\s*(.*)", line)
        word = match[1].upper() if match else ""
        if match and word in CUTS:
            cut = _new_cut(draft, word, row, match[2].lstrip(":= "))
        elif match and word in HEADINGS:
            cut = None
            _add_heading(draft, word, row, match[2])
        elif cut is not None and not (word and _is_full(cut)):
            cut.rows.append(row)
            cut.lines.append(line)
        elif not draft.headings and not draft.cuts:
            draft.headings["TITLE"] = (row, line)  # some makers leave the word NAME out
    return draft


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines of a text file that hold something, with their numbers from 1."""
    if not path.is_file():
        msg = f"{path} does not exist, or is not a file on this machine"
        raise SourceFileError(msg)
    if path.suffix.lower() not in FORMATS:
        msg = (
            f"{path}: files of the type '{path.suffix or 'none'}' are not read as an antenna; "
            "give the MSI Planet file of its maker (.msi, .pln, .txt or .ant)"
        )
        raise SourceFileError(msg)
    if path.stat().st_size > SIZE_LIMIT:
        msg = f"{path} is larger than any antenna pattern; give the file of one antenna"
        raise SourceFileError(msg)
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", _text(path))]
    filled = [line for line in lines if line]
    if filled and all(re.fullmatch(NUMBER, line) for line in filled):
        msg = (
            f"{path} is a list of {len(filled)} bare numbers, as Radio Mobile keeps them, without "
            "gain, frequency and angles; give the MSI Planet file of the same antenna"
        )
        raise SourceFileError(msg)
    return ((str(n), line) for n, line in enumerate(lines, start=1) if line)


def _text(path: Path) -> str:
    """Return the text of a file; unlike ours, those of makers may be in Latin-1."""
    content = path.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\0" in content[:2]:
        encodings = ["utf-16-be" if content[:1] == b"\0" else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "latin-1"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    msg = f"{path} is not a text file, whatever its name says"
    raise SourceFileError(msg)


def _new_cut(draft: _Draft, name: str, row: str, count: str) -> _Cut:
    """Return a new cut of a draft."""
    cut = _Cut(name, row, count)
    if name in draft.cuts:
        draft.faults.append(
            Fault(
                what=f"the cut {name} comes twice",
                rows=(draft.cuts[name].row, row),
                expected="one antenna, at one frequency and tilt, in a file",
                remedy="split the file",
                code="antenna_cut_twice",
                details=(("cut", name),),
            )
        )
    draft.cuts.setdefault(name, cut)
    return cut


def _add_heading(draft: _Draft, word: str, row: str, value: str) -> None:
    """Keep a heading; the first of two."""
    value = " ".join(value.split())
    if word not in WORDS:
        value = value.lstrip(":= ")
    if word.startswith("COMMENT"):
        draft.comments += [value] if value else []
        return
    before = draft.headings.setdefault(word, (row, value))
    if word in ONCE and before[1] != value:
        draft.faults.append(
            Fault(
                what=f"{word} comes twice, and differs",
                rows=(before[0], row),
                found=f"'{before[1]}' and '{value}'",
                expected="one antenna, at one frequency and tilt, in a file",
                remedy="split the file, or delete the wrong line",
                code="antenna_heading_twice",
                details=(("word", word), ("first", before[1]), ("second", value)),
            )
        )


def _is_full(cut: _Cut) -> bool:
    """Return whether a cut has as many lines as its heading says, so that words may follow."""
    match = re.match(r"\d+", cut.count)
    return match is not None and len(cut.rows) >= int(match[0])


def _name(draft: _Draft) -> str:
    """Return the name of the antenna."""
    titles = (draft.headings.get(word, ("", ""))[1] for word in ("NAME", "TITLE"))
    name = next(filter(None, titles), "")
    if not name:
        draft.notes.append("the file does not name the antenna; the name of the file was taken")
    return name or draft.path.stem


def _source(draft: _Draft) -> str:
    """Return where the pattern comes from."""
    make = draft.headings.get("MAKE", ("", ""))[1]
    return ": ".join(filter(None, [draft.path.name, make, "; ".join(draft.comments)]))


def _number(text: str) -> float:
    """Return a number with a point or a decimal comma, NaN where it is none."""
    text = text.strip().rstrip(",")
    number = float(text.replace(",", ".")) if re.fullmatch(NUMBER, text) else math.nan
    return number if math.isfinite(number) else math.nan


def _gain_dbi(draft: _Draft) -> float:
    """Return the peak gain, from dBd where the file says so or nothing."""
    row, value = draft.headings.get("GAIN", ("", ""))
    low, high = GAIN_RANGE_DBI
    fault = Fault(
        what="GAIN is missing",
        rows=(row,) if row else (),
        expected=f"a gain from {low:g} to {high:g} dBi",
        remedy="write the gain of the data sheet with its unit, such as: GAIN 17.5 dBi",
        code="antenna_gain",
        details=(("low", f"{low:g}"), ("high", f"{high:g}")),
    )
    if not value:
        draft.faults.append(fault)
        return math.nan
    fault = replace(fault, found=f"'{value}'")
    match = re.fullmatch(rf"({NUMBER})\s*\(?([A-Za-z]*)\)?", value)
    unit = match[2].lower() if match else ""
    if match is None or unit not in ("", "dbi", "dbd"):
        what = (
            "GAIN is not a number" if match is None else "the unit of GAIN is neither dBi nor dBd"
        )
        draft.faults.append(replace(fault, what=what))
        return math.nan
    gain_dbi = _number(match[1])
    if unit != "dbi":
        gain_dbi = round(gain_dbi + DIPOLE_DBI, 6)  # 12.95, not 12.950000000000001
    if not low <= gain_dbi <= high:
        draft.faults.append(replace(fault, what="GAIN is out of range"))
    if not unit:
        draft.notes.append(
            f"GAIN {value} has no unit; dBd was taken, as Planet does ({gain_dbi:g} dBi)"
        )
    return gain_dbi


def _freq_mhz(draft: _Draft) -> float:
    """Return the frequency, the middle of a range."""
    row, value = draft.headings.get("FREQUENCY", ("", ""))
    low, high = FREQ_RANGE_MHZ
    fault = Fault(
        what="FREQUENCY is missing",
        rows=(row,) if row else (),
        expected=f"a frequency from {low:g} to {high:g} MHz",
        remedy="write the frequency in MHz, such as: FREQUENCY 900",
        code="antenna_frequency",
        details=(("low", f"{low:g}"), ("high", f"{high:g}")),
    )
    if not value:
        draft.faults.append(fault)
        return math.nan
    fault = replace(fault, found=f"'{value}'")
    pattern = rf"({NUMBER})\s*(?:[a-z]*\s*(?:-|\u2013|to|\.\.)\s*({NUMBER}))?\s*([a-z]*)"
    match = re.fullmatch(pattern, value.lower())
    if match is None or (match[3] or "mhz") not in MHZ:
        draft.faults.append(replace(fault, what="FREQUENCY is not understood"))
        return math.nan
    ends = [_number(end) * MHZ[match[3] or "mhz"] for end in match.groups()[:2] if end]
    freq_mhz = sum(ends) / len(ends)
    if not low <= freq_mhz <= high or min(ends) <= 0:
        remedy = _unit_meant(freq_mhz) or fault.remedy
        draft.faults.append(replace(fault, what="FREQUENCY is out of range", remedy=remedy))
    elif len(ends) == 2:
        draft.notes.append(
            f"FREQUENCY is a range, {value}; its middle was taken ({freq_mhz:g} MHz)"
        )
    return freq_mhz


def _unit_meant(freq_mhz: float) -> str:
    """Return how to mend a frequency in another unit than MHz."""
    for unit, factor in (("GHz", 1e3), ("kHz", 1e-3), ("Hz", 1e-6)):
        meant = freq_mhz * factor
        if FREQ_RANGE_MHZ[0] <= meant <= FREQ_RANGE_MHZ[1]:
            return f"this looks like {unit}; write it in MHz: FREQUENCY {meant:g}"
    return ""


def _tilt_deg(draft: _Draft, vertical: npt.NDArray[np.float64] | None) -> float:
    """Return the electrical tilt that the vertical cut contains."""
    told = [draft.headings.get(word, ("", "")) for word in ("ELECTRICAL_TILT", "TILT")]
    row, value = next((pair for pair in told if re.search(r"\d", pair[1])), told[1])
    said = value.lower()
    if said in ("", "none", "no") or ("mech" in said and "elec" not in said):
        return 0.0
    match = re.search(rf"elec.*?({NUMBER})", said) or re.search(rf"({NUMBER})", said)
    if match is None or re.search(r"\d\s*(?:-|\u2013|to|\.\.)\s*\d", said):
        return _lobe_as_tilt_deg(draft, value, vertical)
    tilt_deg = _number(match[1])
    if not TILT_RANGE_DEG[0] <= tilt_deg <= TILT_RANGE_DEG[1]:
        draft.faults.append(
            Fault(
                what="the electrical tilt is out of range",
                rows=(row,),
                found=f"'{value}'",
                expected=f"{TILT_RANGE_DEG[0]:g} to {TILT_RANGE_DEG[1]:g} degrees, positive down",
                remedy="write the tilt of the data sheet, such as: ELECTRICAL_TILT 6",
                code="antenna_tilt",
                details=(("low", f"{TILT_RANGE_DEG[0]:g}"), ("high", f"{TILT_RANGE_DEG[1]:g}")),
            )
        )
    return tilt_deg


def _lobe_as_tilt_deg(draft: _Draft, value: str, vertical: npt.NDArray[np.float64] | None) -> float:
    """Return the angle of the main lobe, for a tilt of which no single angle is said."""
    if vertical is None:
        return 0.0
    lobe_deg = main_lobe_deg(vertical)
    draft.notes.append(
        f"TILT {value} says no one angle; that of the main lobe was taken ({lobe_deg:g} degrees)"
    )
    return min(max(lobe_deg, TILT_RANGE_DEG[0]), TILT_RANGE_DEG[1])


def _cut_db(draft: _Draft, name: str) -> npt.NDArray[np.float64] | None:
    """Return a cut at whole degrees; None, with faults added, where its lines are at fault."""
    cut = draft.cuts.get(name)
    if cut is None:
        draft.faults.append(
            Fault(
                what=f"the cut {name} is missing",
                expected=f"the line '{name} 360', and a line of angle and attenuation per degree",
                remedy="ask the maker for the whole file; a pattern needs both cuts",
                code="antenna_cut_missing",
                details=(("cut", name),),
            )
        )
        return None
    pairs = [re.split(r"[\s;]+", line) for line in cut.lines]
    angles = np.array([_number(pair[0]) for pair in pairs])
    values = np.array([_number(pair[1]) if len(pair) == 2 else np.nan for pair in pairs])
    faults = _number_faults(cut, angles, values)
    is_readable = not faults
    rows = cut.rows
    if is_readable and _is_closed(angles, values):
        angles, values, rows = angles[:-1], values[:-1], rows[:-1]
    faults += _count_faults(cut, len(rows))
    if is_readable and rows:
        faults += _angle_faults(rows, angles)
        faults += _value_faults(rows, values)
    if faults:
        draft.faults += [replace(fault, column=name) for fault in faults]
        return None
    return _whole_degrees(draft, name, angles, values)


def _number_faults(
    cut: _Cut, angles: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
) -> list[Fault]:
    """Return what is wrong with lines that are not two numbers."""
    wrong = np.flatnonzero(np.isnan(angles) | np.isnan(values))
    if not wrong.size:
        return []
    return [
        Fault(
            what="lines are not an angle and an attenuation",
            rows=tuple(cut.rows[n] for n in wrong),
            found=f"'{cut.lines[wrong[0]][:40]}'",
            expected="two numbers, such as: 45 3.20",
            remedy="correct these lines from the data sheet, or ask the maker for the file",
            code="antenna_line_not_numbers",
        )
    ]


def _is_closed(angles: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> bool:
    """Return whether the last line repeats the first, at 360 degrees or again at 0."""
    if angles.size < 2 or values[0] != values[-1]:
        return False
    return bool(angles[0] == 0.0 and angles[-1] in (0.0, 360.0))


def _count_faults(cut: _Cut, count: int) -> list[Fault]:
    """Return what is wrong with the number in the heading of a cut."""
    match = re.match(r"\d+", cut.count)
    if match and 0 < int(match[0]) in (count, len(cut.rows)):
        return []
    return [
        Fault(
            what=f"{cut.name} does not have as many lines as its heading says",
            rows=(cut.row,),
            found=f"'{f'{cut.name} {cut.count}'.strip()}' and {len(cut.rows)} lines",
            expected="the number of lines that follow, 360 for steps of one degree",
            remedy="the file was cut off or edited; ask the maker for the whole file",
            code="antenna_line_count",
            details=(("cut", cut.name), ("count", str(len(cut.rows)))),
        )
    ]


def _angle_faults(rows: list[str], angles: npt.NDArray[np.float64]) -> list[Fault]:
    """Return what is wrong with the angles of a cut."""
    steps = np.diff(angles)
    again = np.ones(angles.size, dtype=bool)
    again[np.unique(angles, return_index=True)[1]] = False
    checks = {
        "angles are outside 0 to 359 degrees": (angles < 0.0) | (angles >= 360.0),
        "angles come twice": again,
        "angles do not rise": np.concatenate([[False], steps < 0.0]),
    }
    faults = [
        Fault(
            what=what,
            rows=tuple(rows[n] for n in np.flatnonzero(wrong)),
            found=f"{angles[wrong][0]:g}",
            expected="angles that rise from 0 to less than 360, each once",
            remedy="sort the lines by angle from 0, write -10 as 350, and delete repeated lines",
            code="antenna_angles",
        )
        for what, wrong in checks.items()
        if wrong.any()
    ]
    return faults or _step_faults(rows, angles)


def _step_faults(rows: list[str], angles: npt.NDArray[np.float64]) -> list[Fault]:
    """Return what is wrong with rising angles whose steps are not even or do not divide 360."""
    steps = np.diff(angles, append=360.0)
    found, times = np.unique(np.round(steps, 3), return_counts=True)
    step = float(found[np.argmax(times)])
    count = round(360.0 / max(step, FINEST_DEG))
    near = 0.01 * step
    if step > COARSEST_DEG or abs(count * step - 360.0) > near:
        what, wrong = "the step between angles does not fit", np.arange(angles.size) == 0
        shown = f"{step:g} degrees"
    else:
        expected = np.arange(count) * step
        missing = [f"{e:g}" for e in expected if not np.any(np.abs(angles - e) <= near)]
        odd = np.array([not np.any(np.abs(expected - a) <= near) for a in angles])
        if not missing and not odd.any():
            return []
        what = "angles are missing, or their steps are not even"
        wrong = odd | (steps > 1.5 * step)
        more = f" and {len(missing) - ROWS_SHOWN} more" if len(missing) > ROWS_SHOWN else ""
        shown = f"no line for {', '.join(missing[:ROWS_SHOWN])}{more}"
        shown = shown if missing else f"{angles[odd][0]:g} between whole steps"
    return [
        Fault(
            what=what,
            rows=tuple(rows[n] for n in np.flatnonzero(wrong)),
            found=shown,
            expected=f"even steps from 0 that divide 360, of {FINEST_DEG:g} to {COARSEST_DEG:g}",
            remedy="add the missing lines from the data sheet, or ask the maker for the whole file",
            code="antenna_steps",
            details=(("low", f"{FINEST_DEG:g}"), ("high", f"{COARSEST_DEG:g}")),
        )
    ]


def _value_faults(rows: list[str], values: npt.NDArray[np.float64]) -> list[Fault]:
    """Return what is wrong with the attenuations of a cut."""
    few = min((values < 0.0, values > 0.0), key=np.count_nonzero)
    checks = (
        ("attenuations are too large", np.abs(values) > ATTENUATION_LIMIT_DB),
        ("attenuations have both signs", few),
    )
    return [
        Fault(
            what=what,
            rows=tuple(rows[n] for n in np.flatnonzero(wrong)),
            found=f"{values[wrong][0]:g} dB",
            expected=f"losses against the peak, from 0 to {ATTENUATION_LIMIT_DB:g} dB",
            remedy="write losses against the peak gain, not gains in dBi; correct slips by hand",
            code="antenna_values",
            details=(("high", f"{ATTENUATION_LIMIT_DB:g}"),),
        )
        for what, wrong in checks
        if wrong.any()
    ]


def _whole_degrees(
    draft: _Draft, name: str, angles: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return a faultless cut at whole degrees, and note what was done to it."""
    if np.any(values < 0.0):
        draft.notes.append(f"{name} has negative numbers throughout; they were taken as gains")
        values = -values
    if values.min() > 0.0:
        draft.notes.append(f"{name} is {values.min():g} dB or more below the peak; it was kept so")
    if angles.size != 360:
        step = 360.0 / angles.size
        draft.notes.append(f"{name} is in steps of {step:g} degrees; whole degrees were taken")
    closed = (np.append(angles, 360.0), np.append(values, values[0]))
    return np.asarray(np.interp(np.arange(360.0), *closed), dtype=np.float64)


def _check_lobes(
    draft: _Draft,
    horizontal: npt.NDArray[np.float64],
    vertical: npt.NDArray[np.float64],
    tilt_deg: float,
) -> None:
    """
    Look whether the cuts point where the format says that they do.

    Some programs write the vertical cut from the zenith, so that 90 is the horizon, and some write
    angles above the horizon; read as they stand, either would turn the beam away from all users.
    """
    lobe_deg = main_lobe_deg(vertical)
    signed = (np.arange(360) + 180) % 360 - 180
    near_db = vertical[np.abs(signed) <= LOBE_DEG].min()
    fault = Fault(
        what="the vertical cut points away from the horizon ahead",
        rows=(draft.cuts["VERTICAL"].row,),
        column="VERTICAL",
        found=f"the main lobe at {lobe_deg:g} degrees",
        expected="0 for the horizon ahead, 90 for straight down, 270 for straight up",
        remedy="write the angles anew; cuts counted from the zenith are to be turned by 90 degrees",
        code="antenna_lobe",
        details=(("lobe", f"{lobe_deg:g}"), ("tilt", f"{tilt_deg:g}")),
    )
    if near_db > vertical.min() + LOBE_DB:
        draft.faults.append(fault)
    elif tilt_deg >= 2.0 and abs(lobe_deg + tilt_deg) <= 1.0:
        draft.faults.append(
            replace(
                fault,
                what="the vertical cut is tilted up, the heading says down",
                found=f"{fault.found}, and an electrical downtilt of {tilt_deg:g} degrees",
                remedy="write each angle a as 360 - a, or an upward tilt with a minus",
                code="antenna_lobe_up",
            )
        )
    elif abs(lobe_deg - tilt_deg) > TILT_DEG:
        draft.notes.append(
            f"the main lobe of VERTICAL is at {lobe_deg:g} degrees, the heading says a tilt of "
            f"{tilt_deg:g}; the cut was taken as it is"
        )
    if horizontal[0] > horizontal.min() + LOBE_DB:
        draft.notes.append(
            f"the main lobe of HORIZONTAL is at {main_lobe_deg(horizontal):g} degrees; azimuths of "
            "cells are of its 0, not of the lobe"
        )


def _check_shape(draft: _Draft, vertical: npt.NDArray[np.float64], gain_dbi: float) -> None:
    """
    Look whether a cut is of decibels: some programs write the field, from 0 to 1, under this name.

    Read as decibels it would be a pattern with its full gain all round, which no antenna has.
    """
    if gain_dbi > ROUND_DBI and vertical.max() <= ROUND_DB:
        draft.faults.append(
            Fault(
                what="the vertical cut is the same all round, which its gain rules out",
                rows=(draft.cuts["VERTICAL"].row,),
                column="VERTICAL",
                found=f"at most {vertical.max():g} dB below a peak of {gain_dbi:g} dBi",
                expected="losses in dB against the peak, more than 10 dB in some directions",
                remedy="of fields from 0 to 1 write -20 log10 of each; else ask the maker",
                code="antenna_round",
                details=(("most", f"{vertical.max():g}"), ("gain", f"{gain_dbi:g}")),
            )
        )

"""Files of antenna makers become patterns, or one message that names everything to mend."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from infraplan import io
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import SourceFileError
from infraplan.packaged import data_path
from infraplan.radio.antennas import antenna
from infraplan.radio.antennas import relative_gain_db
from infraplan.radio.patterns import AntennaPattern

DEGREES = np.arange(360)
SIGNED = (DEGREES + 180.0) % 360.0 - 180.0
HORIZONTAL = np.round(np.minimum(12.0 * (SIGNED / 65.0) ** 2, 25.0), 2)
VERTICAL = np.round(np.minimum(12.0 * ((SIGNED - 6.0) / 7.0) ** 2, 20.0), 2)
HEADINGS = {
    "NAME": "Panel 65",
    "MAKE": "Hãng A",
    "FREQUENCY": "1800",
    "H_WIDTH": "65",
    "GAIN": "17.5 dBi",
    "TILT": "ELECTRICAL",
    "ELECTRICAL_TILT": "6",
    "COMMENT": "port +45",
}
ROW_H, ROW_V = len(HEADINGS) + 1, len(HEADINGS) + 362  # lines of the words HORIZONTAL and VERTICAL


def cut_text(name: str, values: np.ndarray, angles: np.ndarray | None = None) -> list[str]:
    angles = np.arange(values.size) if angles is None else angles
    return [f"{name} {values.size}", *(f"{a:g} {v:.2f}" for a, v in zip(angles, values))]  # noqa: B905


def lines_of(**changed: str | None) -> list[str]:
    headings = {key: value for key, value in {**HEADINGS, **changed}.items() if value is not None}
    lines = [f"{key} {value}" for key, value in headings.items()]
    return [*lines, *cut_text("HORIZONTAL", HORIZONTAL), *cut_text("VERTICAL", VERTICAL)]


def written(folder: Path, lines: list[str], *, name: str = "a.msi", ends: str = "\n") -> Path:
    path = folder / name
    path.write_bytes(ends.join([*lines, ""]).encode())
    return path


def read(folder: Path, lines: list[str]) -> AntennaPattern:
    return io.read_antenna(written(folder, lines))


def faults_of(folder: Path, lines: list[str]) -> list[Fault]:
    with pytest.raises(LayerError) as caught:
        read(folder, lines)
    faults = list(caught.value.faults)
    assert {fault.file for fault in faults} == {"a.msi"}
    assert all(fault.expected and fault.remedy for fault in faults)
    return faults


def the_fault(folder: Path, lines: list[str]) -> Fault:
    (fault,) = faults_of(folder, lines)
    return fault


def test_a_file_becomes_a_pattern(tmp_path: Path) -> None:
    found = read(tmp_path, lines_of())
    assert (found.name, found.gain_dbi, found.freq_mhz) == ("Panel 65", 17.5, 1800.0)
    assert found.electrical_downtilt_deg == 6.0
    assert found.source == "a.msi: Hãng A: port +45"
    assert np.array_equal(found.horizontal_db, HORIZONTAL)
    assert np.array_equal(found.vertical_db, VERTICAL)
    assert found.notes == ()


TEXTS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)
CUTS = arrays(np.float64, 24, elements=st.floats(0.0, 100.0)).map(lambda cut: np.repeat(cut, 15))
CUT = np.full(360, 20.0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@example(": =", CUT, CUT, 1e-5, 900.0, -0.0)
@given(
    TEXTS, CUTS, CUTS, st.floats(-10.0, 40.0), st.floats(30.0, 6000.0), st.floats(-45.0, 45.0)
)  # fmt: skip
def test_what_is_written_is_read_again(
    tmp_path: Path, name: str, horizontal: np.ndarray, vertical: np.ndarray, gain: float,
    freq: float, tilt: float,
) -> None:  # fmt: skip
    vertical = np.maximum(vertical, 1.1)
    vertical[round(tilt) % 360] = 0.0  # else the reader may refuse where the beam points
    options = {"gain_dbi": gain, "freq_mhz": freq, "electrical_downtilt_deg": tilt}
    made = AntennaPattern.from_cuts(name, horizontal, vertical, source="a test", **options)
    found = read(tmp_path, io.format_antenna(made).splitlines())
    assert {key: getattr(found, key) for key in options} == options
    assert (found.name, found.source) == (name, "a.msi: a test")
    assert np.array_equal(found.horizontal_db, horizontal)
    assert np.array_equal(found.vertical_db, vertical)


def test_a_name_of_several_lines_adds_no_heading(tmp_path: Path) -> None:
    made = read(tmp_path, lines_of())
    options = {"gain_dbi": 10.0, "freq_mhz": 900.0, "source": "x\nGAIN 3 dBi"}
    two = AntennaPattern.from_cuts("a\nGAIN 1 dBi", made.horizontal_db, made.vertical_db, **options)
    found = read(tmp_path, io.format_antenna(two).splitlines())
    assert (found.gain_dbi, found.name) == (10.0, "a GAIN 1 dBi")


@pytest.mark.parametrize("name", ["3gpp_900", "3gpp_1800", "3gpp_2100"])
def test_the_packaged_patterns_are_the_formula_in_both_planes(name: str) -> None:
    found = io.read_antenna(data_path(f"antennas/{name}.msi"))
    down = np.arange(-89.0, 90.0)
    assert (found.gain_dbi, found.notes) == (antenna(name).gain_dbi, ())
    assert found.freq_mhz == float(name.removeprefix("3gpp_"))
    assert "not a measured product" in found.source
    for side, below in ((SIGNED, 0.0), (0.0, down), (180.0, down)):
        formula = relative_gain_db(name, side, below)
        assert np.allclose(found.relative_gain_db(side, below), formula, atol=0.0051)


@pytest.mark.parametrize(
    ("gain", "gain_dbi"),
    [
        ("15.35 dBd", 17.5),
        ("17.5 dBi", 17.5),
        ("17,5DBI", 17.5),
        ("17.5 (dBi)", 17.5),
        ("-2 dBd", 0.15),
    ],
)
def test_both_units_of_gain_are_read(tmp_path: Path, gain: str, gain_dbi: float) -> None:
    found = read(tmp_path, lines_of(GAIN=gain))
    assert (found.gain_dbi, found.notes) == (gain_dbi, ())


def test_a_gain_without_a_unit_is_dbd_and_noted(tmp_path: Path) -> None:
    found = read(tmp_path, lines_of(GAIN="15"))
    assert found.gain_dbi == pytest.approx(17.15)
    assert any("dBd was taken" in note for note in found.notes)


@pytest.mark.parametrize(
    ("freq", "freq_mhz"),
    [
        ("1800 MHz", 1800.0),
        ("2.437 GHz", 2437.0),
        ("870-960", 915.0),
        ("870 MHz - 960 MHz", 915.0),
        ("1710 to 2170MHz", 1940.0),
        ("900000 kHz", 900.0),
    ],
)
def test_frequencies_with_units_and_ranges_are_read(
    tmp_path: Path, freq: str, freq_mhz: float
) -> None:
    found = read(tmp_path, lines_of(FREQUENCY=freq))
    assert found.freq_mhz == pytest.approx(freq_mhz)
    assert any("middle" in note for note in found.notes) == ("-" in freq or "to" in freq)


@pytest.mark.parametrize(
    ("tilt", "electrical", "expected"),
    [
        ("4", None, 4.0),
        ("8-Deg Electrical", None, 8.0),
        ("T5", None, 5.0),
        ("MECHANICAL 0, ELECTRICAL 6", None, 6.0),
        ("ELECTRICAL", "5,5 degrees", 5.5),
        ("MECHANICAL", "3", 3.0),
    ],
)
def test_the_tilt_is_read_however_it_is_said(
    tmp_path: Path, tilt: str, electrical: str | None, expected: float
) -> None:
    found = read(tmp_path, lines_of(TILT=tilt, ELECTRICAL_TILT=electrical))
    assert (found.electrical_downtilt_deg, found.notes) == (expected, ())


@pytest.mark.parametrize("tilt", ["ELECTRICAL", "ELECTRICAL 2-10", "RET"])
def test_a_tilt_without_an_angle_is_that_of_the_main_lobe(tmp_path: Path, tilt: str) -> None:
    found = read(tmp_path, lines_of(TILT=tilt, ELECTRICAL_TILT=None))
    assert found.electrical_downtilt_deg == 6.0
    assert found.notes[0].startswith(f"TILT {tilt} says no one angle")


@pytest.mark.parametrize("tilt", ["MECHANICAL", "MECHANICAL 3", "none", "", None])
def test_no_electrical_tilt_is_none_but_a_tilted_lobe_is_noted(
    tmp_path: Path, tilt: str | None
) -> None:
    found = read(tmp_path, lines_of(TILT=tilt, ELECTRICAL_TILT=None))
    assert found.electrical_downtilt_deg == 0.0
    assert found.notes[0].startswith("the main lobe of VERTICAL is at 6 degrees")


@pytest.mark.parametrize(
    ("encoding", "ends"),
    [
        ("utf-8-sig", "\n"),
        ("utf-16", "\n"),
        ("utf-16-le", "\n"),
        ("utf-16-be", "\n"),
        ("latin-1", "\n"),
        ("utf-8", "\r\n"),
        ("utf-8", "\r"),
        ("utf-8", "\n\n"),
    ],
)
def test_any_editor_may_have_saved_it(tmp_path: Path, encoding: str, ends: str) -> None:
    path = tmp_path / "a.TXT"
    path.write_bytes(ends.join(lines_of(MAKE="Société")).encode(encoding))
    found = io.read_antenna(path)
    assert found.source == "a.TXT: Société: port +45"
    assert np.array_equal(found.vertical_db, VERTICAL)


def decimal_commas(line: str) -> str:
    return line.replace(".", ",")


def tabs(line: str) -> str:
    return line.replace(" ", " \t ")


def decimals_of_angles(line: str) -> str:
    return line.replace(" ", ".0 ", 1) if line[0].isdigit() else line


def colons(line: str) -> str:
    return line if line[0].isdigit() else line.replace(" ", ": ", 1)


def apart_colons(line: str) -> str:
    return line if line[0].isdigit() or line[0] in "NMC" else line.replace(" ", " = ", 1)


def semicolons(line: str) -> str:
    return line.replace(" ", "; ") if line[0].isdigit() else line


@pytest.mark.parametrize(
    "change",
    [decimal_commas, tabs, decimals_of_angles, colons, apart_colons, semicolons, str.lower],
)
def test_other_ways_to_write_it_are_understood(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    found = read(tmp_path, [change(line) for line in lines_of()])
    assert (found.gain_dbi, found.freq_mhz, found.notes) == (17.5, 1800.0, ())
    assert np.array_equal(found.horizontal_db, HORIZONTAL)
    assert np.array_equal(found.vertical_db, VERTICAL)


def test_only_gain_frequency_and_cuts_are_needed(tmp_path: Path) -> None:
    lines = [line for line in lines_of() if line.split()[0] in ("GAIN", "FREQUENCY")]
    found = read(tmp_path, [*lines, *lines_of()[ROW_H - 1 :]])
    assert (found.name, found.source) == ("a", "a.msi")
    assert any("does not name" in note for note in found.notes)


@pytest.mark.parametrize("title", ["742 215", "Kathrein 742215"])
def test_a_first_line_without_a_word_is_the_name(tmp_path: Path, title: str) -> None:
    assert read(tmp_path, [title, *lines_of(NAME=None)]).name == title
    assert read(tmp_path, [title, *lines_of()]).name == HEADINGS["NAME"]


def test_words_of_a_maker_are_passed_over(tmp_path: Path) -> None:
    lines = lines_of()
    lines[ROW_V - 1 : ROW_V - 1] = ["X_POL_RATIO 12.0"]
    found = read(tmp_path, ["SERIAL 17", *lines, "END OF DATA"])
    assert np.array_equal(found.horizontal_db, HORIZONTAL)
    assert np.array_equal(found.vertical_db, VERTICAL)


@pytest.mark.parametrize("last", [0, 360])
@pytest.mark.parametrize("count", [360, 361])
def test_a_last_line_may_repeat_the_first(tmp_path: Path, last: int, count: int) -> None:
    lines = [line.replace("VERTICAL 360", f"VERTICAL {count}") for line in lines_of()]
    found = read(tmp_path, [*lines, f"{last} {VERTICAL[0]:.2f}"])
    assert np.array_equal(found.vertical_db, VERTICAL)


@pytest.mark.parametrize("step", [0.1, 0.5, 2.5, 5.0, 30.0])
def test_other_steps_are_brought_to_whole_degrees(tmp_path: Path, step: float) -> None:
    angles = np.round(np.arange(0.0, 360.0, step), 1)
    values = np.abs((angles + 180.0) % 360.0 - 180.0) / 10.0
    lines = [*lines_of()[: ROW_H - 1], *cut_text("HORIZONTAL", values, angles)]
    found = read(tmp_path, [*lines, *cut_text("VERTICAL", VERTICAL)])
    assert np.allclose(found.horizontal_db, np.abs(SIGNED) / 10.0, atol=0.0051)
    assert any(f"steps of {step:g} degrees" in note for note in found.notes)


def test_gains_below_the_peak_are_losses(tmp_path: Path) -> None:
    lines = lines_of()[: ROW_H - 1]
    cuts = [*cut_text("HORIZONTAL", -HORIZONTAL), *cut_text("VERTICAL", VERTICAL)]
    found = read(tmp_path, [*lines, *cuts])
    assert np.array_equal(found.horizontal_db, HORIZONTAL)
    assert np.array_equal(found.vertical_db, VERTICAL)
    assert found.notes == ("HORIZONTAL has negative numbers throughout; they were taken as gains",)


def test_a_cut_below_the_peak_is_kept_and_noted(tmp_path: Path) -> None:
    cuts = [*cut_text("HORIZONTAL", HORIZONTAL + 0.5), *cut_text("VERTICAL", VERTICAL)]
    found = read(tmp_path, [*lines_of()[: ROW_H - 1], *cuts])
    assert np.allclose(found.horizontal_db, HORIZONTAL + 0.5)
    assert found.notes == ("HORIZONTAL is 0.5 dB or more below the peak; it was kept so",)


def test_a_beam_to_the_side_is_noted(tmp_path: Path) -> None:
    cuts = [*cut_text("HORIZONTAL", np.roll(HORIZONTAL, 60)), *cut_text("VERTICAL", VERTICAL)]
    found = read(tmp_path, [*lines_of()[: ROW_H - 1], *cuts])
    assert any("HORIZONTAL is at 60 degrees" in note for note in found.notes)


@pytest.mark.parametrize(
    ("gain", "what", "rows"),
    [
        (None, "GAIN is missing", ()),
        ("", "GAIN is missing", ("5",)),
        ("xx.xx dBi", "GAIN is not a number", ("5",)),
        ("17.5 dB", "the unit of GAIN is neither dBi nor dBd", ("5",)),
        ("40.1 dBi", "GAIN is out of range", ("5",)),
        ("37.9 dBd", "GAIN is out of range", ("5",)),
        ("-10.1 dBi", "GAIN is out of range", ("5",)),
    ],
)
def test_a_gain_at_fault_is_refused(
    tmp_path: Path, gain: str | None, what: str, rows: tuple[str, ...]
) -> None:
    fault = the_fault(tmp_path, lines_of(GAIN=gain))
    assert (fault.what, fault.rows) == (what, rows)
    assert (gain or "") in fault.found


@pytest.mark.parametrize(
    ("freq", "what", "remedy"),
    [
        (None, "FREQUENCY is missing", "FREQUENCY 900"),
        ("0.9", "FREQUENCY is out of range", "looks like GHz; write it in MHz: FREQUENCY 900"),
        ("900000", "FREQUENCY is out of range", "looks like kHz; write it in MHz: FREQUENCY 900"),
        ("9e8", "FREQUENCY is out of range", "looks like Hz; write it in MHz: FREQUENCY 900"),
        ("900000000", "FREQUENCY is out of range", "looks like Hz; write it in MHz: FREQUENCY 900"),
        ("-900", "FREQUENCY is out of range", "FREQUENCY 900"),
        ("band 8", "FREQUENCY is not understood", "FREQUENCY 900"),
        ("900 m", "FREQUENCY is not understood", "FREQUENCY 900"),
    ],
)
def test_a_frequency_at_fault_is_refused(
    tmp_path: Path, freq: str | None, what: str, remedy: str
) -> None:
    fault = the_fault(tmp_path, lines_of(FREQUENCY=freq))
    assert fault.what == what
    assert remedy in fault.remedy
    assert fault.rows == (() if freq is None else ("3",))


def test_a_tilt_out_of_range_is_refused(tmp_path: Path) -> None:
    fault = the_fault(tmp_path, lines_of(ELECTRICAL_TILT="60"))
    assert (fault.rows, fault.found) == (("7",), "'60'")


@pytest.mark.parametrize("name", ["HORIZONTAL", "VERTICAL"])
def test_a_missing_cut_is_refused(tmp_path: Path, name: str) -> None:
    lines, start = lines_of(), ROW_H - 1 if name == "HORIZONTAL" else ROW_V - 1
    fault = the_fault(tmp_path, lines[:start] + lines[start + 361 :])
    assert fault.what == f"the cut {name} is missing"


@pytest.mark.parametrize(
    ("first", "rows"),
    [("NAME Panel 90", ("1", "2")), ("GAIN 3 dBi", ("1", "6")), ("FREQUENCY 900", ("1", "4"))],
)
def test_two_antennas_in_a_file_are_refused(
    tmp_path: Path, first: str, rows: tuple[str, ...]
) -> None:
    fault = the_fault(tmp_path, [first, *lines_of()])
    assert fault.what == f"{first.split(maxsplit=1)[0]} comes twice, and differs"
    assert fault.rows == rows


def test_a_cut_that_comes_twice_is_refused(tmp_path: Path) -> None:
    fault = the_fault(tmp_path, [*lines_of(), *cut_text("VERTICAL", VERTICAL)])
    assert fault.what == "the cut VERTICAL comes twice"
    assert fault.rows == (str(ROW_V), str(ROW_V + 361))


@pytest.mark.parametrize("count", ["359", "361", "0", "", "all"])
def test_a_count_that_differs_from_the_lines_is_refused(tmp_path: Path, count: str) -> None:
    lines = lines_of()
    lines[ROW_H - 1] = f"HORIZONTAL {count}"
    fault = the_fault(tmp_path, lines)
    assert "as many lines" in fault.what
    assert (fault.column, fault.rows) == ("HORIZONTAL", (str(ROW_H),))
    assert fault.found == f"'{f'HORIZONTAL {count}'.strip()}' and 360 lines"


@pytest.mark.parametrize("count", ["360", "0"])
def test_a_cut_without_lines_is_one_fault(tmp_path: Path, count: str) -> None:
    fault = the_fault(tmp_path, [*lines_of()[: ROW_V - 1], f"VERTICAL {count}"])
    assert fault.found == f"'VERTICAL {count}' and 0 lines"


def with_line(angle: int, text: str) -> list[str]:
    """Return a file of which the line of one angle of the horizontal cut is another."""
    lines = lines_of()
    lines[ROW_H + angle] = text
    return lines


@pytest.mark.parametrize(
    "text", ["45", "45 abc", "x 3.0", "45 3.0 7", "45 nan", "45 1e999", "45,3.0", "45 3.0.1"]
)
def test_a_line_that_is_not_two_numbers_is_refused(tmp_path: Path, text: str) -> None:
    fault = the_fault(tmp_path, with_line(45, text))
    assert fault.what == "lines are not an angle and an attenuation"
    assert (fault.rows, fault.found) == ((str(ROW_H + 46),), f"'{text}'")


@pytest.mark.parametrize(
    ("text", "what", "found"),
    [
        ("45 100.5", "attenuations are too large", "100.5 dB"),
        ("45 -3", "attenuations have both signs", "-3 dB"),
        ("44 3.0", "angles come twice", "44"),
        ("30.5 3.0", "angles do not rise", "30.5"),
        ("360 3.0", "angles are outside 0 to 359 degrees", "360"),
        ("-10 3.0", "angles are outside 0 to 359 degrees", "-10"),
        ("45.5 3.0", "angles are missing, or their steps are not even", "no line for 45"),
    ],
)
def test_a_line_at_fault_is_named(tmp_path: Path, text: str, what: str, found: str) -> None:
    faults = faults_of(tmp_path, with_line(45, text))
    fault = next(fault for fault in faults if fault.what == what)
    assert (fault.rows[0], fault.found, fault.column) == (str(ROW_H + 46), found, "HORIZONTAL")


def test_missing_angles_are_listed_after_the_line_before_them(tmp_path: Path) -> None:
    lines = lines_of()
    del lines[ROW_H + 100 : ROW_H + 120]
    count, missing = faults_of(tmp_path, lines)
    assert count.found == "'HORIZONTAL 360' and 340 lines"
    assert missing.found == "no line for 100, 101, 102, 103, 104, 105, 106, 107 and 12 more"
    assert missing.rows == (str(ROW_H + 100),)


def test_an_angle_between_the_others_is_refused(tmp_path: Path) -> None:
    lines = [line.replace("VERTICAL 360", "VERTICAL 361") for line in lines_of()]
    lines[ROW_V + 20 : ROW_V + 20] = ["19.5 1.0"]
    fault = the_fault(tmp_path, lines)
    assert (fault.rows, fault.found) == ((str(ROW_V + 21),), "19.5 between whole steps")


@pytest.mark.parametrize("step", [0.05, 0.7, 7.0, 40.0, 360.0])
def test_steps_that_do_not_fit_are_refused(tmp_path: Path, step: float) -> None:
    angles = np.round(np.arange(0.0, 360.0, step), 2)
    cuts = [*cut_text("HORIZONTAL", HORIZONTAL), *cut_text("VERTICAL", 0.0 * angles, angles)]
    fault = the_fault(tmp_path, [*lines_of()[: ROW_H - 1], *cuts])
    assert fault.what == "the step between angles does not fit"
    assert (fault.rows, fault.found) == ((str(ROW_V + 1),), f"{step:g} degrees")


def test_a_closing_line_that_differs_is_refused(tmp_path: Path) -> None:
    lines = [line.replace("VERTICAL 360", "VERTICAL 361") for line in lines_of()]
    fault = the_fault(tmp_path, [*lines, f"360 {VERTICAL[0] + 1.0:.2f}"])
    assert fault.what == "angles are outside 0 to 359 degrees"


def test_a_cut_counted_from_the_zenith_is_refused(tmp_path: Path) -> None:
    from_zenith = 12.0 * np.sin(np.radians(DEGREES - 90.0)) ** 2
    cuts = [*cut_text("HORIZONTAL", HORIZONTAL), *cut_text("VERTICAL", from_zenith)]
    fault = the_fault(tmp_path, [*lines_of()[: ROW_H - 1], *cuts])
    assert fault.what == "the vertical cut points away from the horizon ahead"
    assert fault.found == "the main lobe at 90 degrees"


def test_a_cut_counted_upwards_is_refused(tmp_path: Path) -> None:
    cuts = [*cut_text("HORIZONTAL", HORIZONTAL), *cut_text("VERTICAL", VERTICAL[-DEGREES])]
    fault = the_fault(tmp_path, [*lines_of()[: ROW_H - 1], *cuts])
    assert fault.what == "the vertical cut is tilted up, the heading says down"
    assert fault.found == "the main lobe at -6 degrees, and an electrical downtilt of 6 degrees"


@pytest.mark.parametrize(("gain", "is_refused"), [("4.1 dBi", True), ("3.9 dBi", False)])
def test_fields_from_0_to_1_are_no_losses(tmp_path: Path, gain: str, *, is_refused: bool) -> None:
    field = np.abs(np.sin(np.radians(DEGREES)))
    cuts = [*cut_text("HORIZONTAL", 1.0 - HORIZONTAL / 25.0), *cut_text("VERTICAL", field)]
    lines = [*lines_of(GAIN=gain, ELECTRICAL_TILT="0")[: ROW_H - 1], *cuts]
    if is_refused:
        assert the_fault(tmp_path, lines).found == "at most 1 dB below a peak of 4.1 dBi"
    else:
        assert read(tmp_path, lines).gain_dbi == 3.9


def test_all_faults_come_at_once_with_file_and_line(tmp_path: Path) -> None:
    lines = lines_of(GAIN="17 dB", FREQUENCY=None)
    lines[ROW_H + 3], lines[ROW_V + 200] = "4 x", "201 120"
    faults = faults_of(tmp_path, lines)
    found = [(fault.column, fault.rows) for fault in faults]
    rows = [("4",), (), (str(ROW_H + 4),), (str(ROW_V + 201),)]
    assert found == list(zip(["", "", "HORIZONTAL", "VERTICAL"], rows, strict=True))
    told = str(LayerError("antenna", faults))
    assert f"(a.msi, column 'VERTICAL', rows {ROW_V + 201}); found 120 dB; expected" in told


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.xlsx", b"GAIN 3", "not read as an antenna"),
        ("a.msi", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a text file"),
        ("a.msi", b"\xff\xfeG\0A", "not a text file"),
        ("a.ant", b"0,0\n-0,1\n.5\n", "list of 3 bare numbers"),
        ("a.txt", b" " * 2_000_001, "larger than any antenna"),
    ],
)
def test_what_is_no_such_file_is_refused(
    tmp_path: Path, name: str, content: bytes, match: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceFileError, match=match):
        io.read_antenna(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceFileError, match="does not exist"):
        io.read_antenna(tmp_path / "a.msi")


def test_an_empty_file_names_all_that_it_lacks(tmp_path: Path) -> None:
    found = [fault.what for fault in faults_of(tmp_path, [])]
    missing = ["GAIN", "FREQUENCY", "the cut HORIZONTAL", "the cut VERTICAL"]
    assert found == [f"{what} is missing" for what in missing]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 729), st.text(max_size=12)), max_size=4))
def test_a_damaged_file_is_read_or_refused_but_never_breaks(
    tmp_path: Path, damages: list[tuple[int, str]]
) -> None:
    lines = lines_of()
    for at, text in damages:
        lines[at % len(lines)] = text
    path = written(tmp_path, lines)
    try:
        found = io.read_antenna(path)
    except (LayerError, SourceFileError):
        return
    assert found.horizontal_db.shape == found.vertical_db.shape == (360,)
    assert np.all((found.vertical_db >= 0.0) & (found.vertical_db <= 100.0))

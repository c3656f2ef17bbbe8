"""What an import understood, kept, mended and set aside, told to the person who asked for it."""

import math
import sys
from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.cli.console import fail
from infraplan.cli.console import heading
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.errors import Fault
from infraplan.errors import InfraplanError
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.api.bring import Import
    from infraplan.io import Understood
    from infraplan.layers.repairs import Repair
    from infraplan.plan import Plan

__all__ = ["import_each", "import_one", "tell_faults", "tell_import", "tell_refused"]

SHOWN = 8  # headings, rows and kinds of repairs in one line or block
ALIKE = ("operator_spelling", "technology_spelling")  # repairs that come in few different pairs


def import_one(plan: "Plan", layer: str, file: Path, words: Words, said: Mapping[str, Any]) -> None:
    """
    Import a file and print what came of it.

    Parameters
    ----------
    plan
        The plan.
    layer
        Name of the layer.
    file
        File to read.
    words
        Catalogue.
    said
        Options of `api.import_layer`.

    Raises
    ------
    InfraplanError
        If the file is refused.
    """
    from infraplan.api import import_layer

    try:
        done = import_layer(plan, layer, file, **said)
    except LayerError as error:
        tell_refused(error, said["report"], words)
        raise
    tell_import(done, file, words, dry_run=said["dry_run"])


def import_each(
    plan: "Plan", layer: str, folder: Path, words: Words, said: Mapping[str, Any]
) -> int:
    """
    Import each list of a folder in turn, whatever came of the others, and print an account.

    Parameters
    ----------
    plan
        The plan.
    layer
        Name of the layer.
    folder
        Folder with lists; what is no list, and what Excel holds open (`~$`), is left out.
    words
        Catalogue.
    said
        Options of `api.import_layer`.

    Returns
    -------
    failed
        How many lists were refused.

    Raises
    ------
    SettingsError
        If a report is wanted in one file.
    """
    if said["report"] is not None and not said["report"].is_dir():
        msg = Note("files.report_of_folder", path=str(said["report"]))
        raise SettingsError(msg)
    files = sorted(file for file in folder.iterdir() if file.is_file())
    lists = [file for file in files if _is_list(file)]
    failed = []
    for number, file in enumerate(lists, start=1):
        heading(words("files.one_of", number=number, count=len(lists), name=file.name))
        try:
            import_one(plan, layer, file, words, said)
        except InfraplanError as error:
            fail(error)
            failed.append(file.name)
    heading(words("files.account", count=len(lists), taken=len(lists) - len(failed)))
    if failed:
        say(words("files.refused", names=", ".join(failed)))
    if left := [file.name for file in files if file not in lists]:
        say(words("files.skipped", names=_listed(left, words)))
    return len(failed)


def _is_list(file: Path) -> bool:
    """Return whether a file of a folder is a list by its name."""
    return file.suffix.lower() in (".xlsx", ".csv") and not file.name.startswith(("~$", "."))


def tell_import(done: "Import", file: Path, words: Words, *, dry_run: bool) -> None:
    """
    Print what an import understood and did.

    Parameters
    ----------
    done
        The import.
    file
        File that was read.
    words
        Catalogue.
    dry_run
        True where nothing was kept.
    """
    from infraplan.layers.notes import note_told
    from infraplan.layers.told import layer_told

    if done.understood is not None:
        _tell_understood(done.understood, words)
    key = "cli.import_dry" if dry_run else "cli.imported"
    layer = layer_told(done.layer, words)
    say(words(key, rows=words.number(done.rows_kept), layer=layer, file=shown_path(file)))
    if done.understood is None and done.crs:
        say(words("cli.import_crs", crs=done.crs))
    _tell_repairs(done.repairs, words)
    told = done.understood.told if done.understood is not None else ()
    for note in done.notes:
        if note not in told:
            say(f"  ! {note_told(note, words)}")
    if done.replaced:
        say(words("cli.import_replaced", what=done.replaced))
    key = "imports.faults" if done.rows_quarantined else "imports.faults_soft"
    tell_faults(done.faults, words, key, count=done.rows_quarantined)
    if done.personal is not None:
        say(words("imports.personal_kept", path=shown_path(done.personal)))
    if done.report is not None:
        say(words("imports.report", path=shown_path(done.report)))
    if done.rows_quarantined:
        say(words("imports.next_owner"))
    if dry_run:
        say(words("imports.next_real"))


def tell_refused(error: LayerError, report: Path | None, words: Words) -> None:
    """
    Print how a file that is refused was understood, and where its report lies.

    Parameters
    ----------
    error
        Why it is refused; its faults are printed by the caller.
    report
        Report that was asked for, or None.
    words
        Catalogue.
    """
    reading = getattr(error, "reading", None)
    if reading is None:
        return
    _tell_understood(reading.understood, words)
    say(words("imports.refused"))
    if report is not None and report.exists():
        say(words("imports.report", path=shown_path(report)))
    elif reading.understood.rows_read:
        say(words("imports.ask_report"))


def tell_faults(faults: Sequence[Fault], words: Words, key: str, *, count: int = 0) -> None:
    """
    Print what is wrong with rows of a list, on standard error.

    Parameters
    ----------
    faults
        Faults of rows; nothing is printed where there are none.
    words
        Catalogue.
    key
        What is said above them.
    count
        Rows that were set aside, >= 0.
    """
    if not faults:
        return
    from infraplan.layers.told import fault_told

    lines = [words(key, count=words.number(count))]
    lines += [f"  - {fault_told(fault, words)}" for fault in faults]
    sys.stdout.flush()
    print("\n".join(lines), file=sys.stderr, flush=True)


def _tell_understood(found: "Understood", words: Words) -> None:
    """Print how a file was understood."""
    from infraplan.layers.notes import note_told
    from infraplan.layers.told import vintage_told

    say(words("imports.title"))
    lines = {
        "file": found.file,
        "sheets": ", ".join(found.sheets),
        "header_rows": ", ".join(found.header_rows),
        "encoding": found.encoding,
        "separator": words.entries.get(_separator(found.separator), found.separator),
    }
    for key, value in lines.items():
        if value:
            _line(words, key, value)
    _tell_columns(found, words)
    for name, sign in found.decimals.items():
        _line(words, "decimal", name, words("imports.comma" if sign == "," else "imports.point"))
    if found.crs:
        _line(words, "crs", _crs_told(found, words))
        if found.crs_certainty == "assumed":
            for reading in found.crs_readings:
                say(f"    {note_told(reading, words)}")
    if found.vintage:
        _line(words, "vintage", vintage_told(found.vintage, found.vintage_basis, words))
    say(_rows_told(found, words))
    lists = ("hidden_rows", "hidden_columns", "between")
    for key, names in ((key, getattr(found, key)) for key in lists):
        if names:
            _line(words, key, _listed(names, words))


def _line(words: Words, key: str, value: str, second: str = "") -> None:
    """Print one line of what was understood."""
    say("  " + words(f"imports.{key}", value=value, second=second))


def _separator(separator: str) -> str:
    """Return the key of the name of a separator."""
    names = {";": "semicolon", ",": "comma_sign", "\t": "tab", "|": "bar"}
    return f"imports.{names.get(separator, separator)}"


def _tell_columns(found: "Understood", words: Words) -> None:
    """Print what each heading means, and which columns are left out."""
    from infraplan.layers.told import column_told

    say("  " + words("imports.columns"))
    for name, column in found.columns.items():
        told = column_told(column, words)
        if f"terms.column_{column}" not in words.entries:  # part of a position
            say(f"    {name} -> {told}")
            continue
        say(f"    {name} -> {column}" + (f" ({told})" if told != column else ""))
    if found.persons:
        _line(words, "persons", _listed(found.persons, words))
    plain = [name for name, meant in found.unknown if not meant]
    for name, meant in found.unknown:
        if meant:
            _line(words, "did_you_mean", name, meant)
    if plain:
        _line(words, "unknown", _listed(plain, words))


def _crs_told(found: "Understood", words: Words) -> str:
    """Return the reference system in words, with its margin where it was voted."""
    from infraplan.layers.told import system_told

    if found.crs_certainty == "ask":
        return words("imports.crs_ask")
    text = system_told(found.crs)
    key = f"imports.crs_{found.crs_certainty}"
    if found.crs_certainty == "recognised" and math.isfinite(found.crs_margin):
        margin = words.number(100.0 * found.crs_margin)
        return f"{text}, {words('imports.crs_margin', share=margin)}"
    return f"{text}, {words(key)}" if key in words.entries else text


def _rows_told(found: "Understood", words: Words) -> str:
    """Return how many rows were read, kept, mended and set aside."""
    line = "  " + words(
        "imports.rows",
        read=words.number(found.rows_read),
        kept=words.number(found.rows_kept),
        mended=words.number(found.rows_mended),
        quarantined=words.number(found.rows_quarantined),
    )
    if found.rows_repeated:
        line += words("imports.rows_repeated", count=words.number(found.rows_repeated))
    return line


def _listed(names: Sequence[str], words: Words) -> str:
    """Return the first of many names, and how many more there are."""
    text = ", ".join(names[:SHOWN])
    if len(names) > SHOWN:
        text += words("imports.more", count=words.number(len(names) - SHOWN))
    return text


def _tell_repairs(repairs: "Sequence[Repair]", words: Words) -> None:
    """Print which cells were understood otherwise than they stand, alike ones together."""
    if not repairs:
        return
    say("  " + words("imports.mended"))
    pairs = Counter((r.column, r.found, r.taken) for r in repairs if r.code in ALIKE)
    for (column, found, taken), count in pairs.most_common(SHOWN):
        told = words("imports.repair_pair", column=column, found=found, taken=taken, count=count)
        say(f"    {told}")
    kinds: dict[tuple[str, str], list[Repair]] = {}
    for repair in repairs:
        if repair.code not in ALIKE or (
            len(pairs) > SHOWN
            and (repair.column, repair.found, repair.taken) not in dict(pairs.most_common(SHOWN))
        ):
            kinds.setdefault((repair.code, repair.column), []).append(repair)
    for (code, column), found_ones in kinds.items():
        first = found_ones[0]
        how = words(f"repairs.{code}", found=first.found, taken=first.taken)
        cells = words.number(len(found_ones))
        say("    " + words("imports.repair_kind", column=column, how=how, count=cells))

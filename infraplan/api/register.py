"""Letters with requests: read into the plan's register, and what the register answers."""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.api.bring import known_places
from infraplan.api.import_report import write_import_report
from infraplan.api.places import locate
from infraplan.atomic import file_stem
from infraplan.errors import Fault
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Provenance
from infraplan.layers.notes import Note
from infraplan.layers.notes import listed
from infraplan.plan import Plan
from infraplan.plan.results import appraisal_step
from infraplan.text import words

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

    from infraplan.io import Reading
    from infraplan.io import Understood
    from infraplan.sites.register import Entered

__all__ = [
    "Account",
    "Received",
    "Register",
    "account_of",
    "annexes",
    "batches",
    "letter_folder",
    "near_m",
    "read_register",
    "receive",
    "requested_near",
    "returned_path",
]

LISTS = (".xlsx", ".csv")
LETTER = ("letter", "letter_date", "received", "due")
SAME_SHARE = 0.5  # of the codes, from which a file with a known letter is that letter again
NAMES_SHOWN = 8
PROPOSALS = ("approve", "approve_with_conditions", "reject", "needs_information")


@dataclass(frozen=True, slots=True)
class Account:
    """
    What became of the rows of a letter.

    `received_rows` is how many the operator's list has, `set_aside` what he calls those that could
    not be taken; what is left over repeated another row in every cell. `faults` are those of all.
    """

    received_rows: int = 0
    set_aside: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """
    A letter that was read into the register.

    `rows` are the requests of the batch as the register has them now, `notes` what the reader of
    the letter must know, `understood` how the file was read. `report` is the copy of the operator's
    workbook in which what is wrong is red; None where nothing is. `changed` tells what the operator
    changed in requests that the office had its say on, as table `changes` of an appraisal.
    """

    batch: str
    rows: "gpd.GeoDataFrame"
    account: Account
    notes: tuple[str, ...] = ()
    understood: "Understood | None" = None
    report: Path | None = None
    changed: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """
    The register of requests on a day.

    `batches` has a line a batch, what is overdue first (`infraplan.sites.register.batch_table`),
    with the counts of proposals where the batch was appraised; `unbuilt` are the requests that were
    approved and do not stand yet.
    """

    as_of: date
    batches: pd.DataFrame
    unbuilt: "gpd.GeoDataFrame"


def receive(  # noqa: PLR0913 - what a person says of a letter
    plan: Plan,
    path: Path | str,
    *,
    batch: str | None = None,
    crs: str | None = None,
    letter: str | None = None,
    letter_date: date | None = None,
    received: date | None = None,
    due: date | None = None,
) -> Received:
    """
    Read the list of a letter into the register.

    Parameters
    ----------
    plan
        The plan.
    path
        The operator's workbook.
    batch
        Name of the batch. By default that of a batch of the same letter, else the file's stem, with
        the letter behind it where another letter has that name.
    crs
        Reference system of its coordinates where it does not say, as an EPSG code.
    letter
        Number of the letter; wins over what the file says.
    letter_date
        Date of the letter, likewise.
    received
        Day it was received, likewise.
    due
        Day by which an answer is due, likewise; nothing is assumed where nobody says it.

    Returns
    -------
    received
        Rows of the batch, with what became of the list's rows. The register is written, and the
        copy for the operator where cells are at fault.

    Raises
    ------
    LayerError
        If the list as a whole is at fault, or more than half of its rows; its copy is written.
    SourceFileError
        If the file cannot be read for what it claims to be.
    SettingsError
        If the batch is another operator's, or an answer is due before the letter came.
    """
    from infraplan.io import RefusedError
    from infraplan.io import not_of_plan
    from infraplan.io import read_layer
    from infraplan.sites.register import enter

    path = not_of_plan(Path(path), plan.folder)
    said = {"letter": letter, "letter_date": letter_date, "received": received, "due": due}
    try:
        reading = read_layer(
            path, "requests", plan_crs=plan.settings.crs, crs=crs, places=known_places(plan)
        )
    except RefusedError as error:
        if error.reading is not None and error.reading.rows_read:
            _returned(plan, error.reading, path, batch or path.stem)
        raise
    rows = _with_letter(reading.table, said)
    own = plan.table("requests")
    name = _batch_name(own, rows, batch, path.stem)
    unnamed = [key for key, row in reading.row_of.items() if key == f"requests-{row:0>5}"]
    entered = enter(own, rows, batch=name, unnamed=unnamed)
    account = Account(reading.rows_read, reading.quarantined, reading.faults)
    plan.write_tables({"requests": entered.register})
    _keep_account(plan, name, account, path)
    report, notes = _report(plan, reading, path, name)
    of_batch = entered.register[entered.register["batch"] == name]
    return Received(
        batch=name,
        rows=of_batch,
        account=account,
        notes=(*_reading_notes(reading), *_entry_notes(entered, of_batch), *notes),
        understood=reading.understood,
        report=report,
        changed=entered.changed,
    )


def account_of(plan: Plan, batch: str) -> Account:
    """
    Return what became of the rows of a letter when it was last read.

    Parameters
    ----------
    plan
        The plan.
    batch
        Name of the batch.

    Returns
    -------
    account
        Empty where no list was read for it.
    """
    record = plan.record(_letter_step(batch))
    if record is None:
        return Account()
    stored = record.figures
    return Account(
        received_rows=int(stored["received_rows"]),
        set_aside=tuple(stored["set_aside"]),
        faults=tuple(_fault(entry) for entry in stored["faults"]),
    )


def batches(plan: Plan, *, only_open: bool = False) -> tuple[str, ...]:
    """
    Return the batches of requests that the plan has.

    Parameters
    ----------
    plan
        The plan.
    only_open
        True for those in which a request waits for the office's decision.

    Returns
    -------
    batches
        Names, sorted.
    """
    from infraplan.sites.register import is_open

    requests = plan.table("requests")
    if not len(requests):
        return ()
    kept = requests[is_open(requests)] if only_open else requests
    return tuple(sorted(set(kept["batch"].dropna().astype(str))))


def read_register(plan: Plan, *, as_of: date) -> Register:
    """
    Return the register of requests: letters, days left, proposals and decisions by batch.

    Parameters
    ----------
    plan
        The plan.
    as_of
        Day from which the days left are counted.

    Returns
    -------
    register
        What is overdue first, and what was approved and does not stand yet.
    """
    from infraplan.sites.register import batch_table
    from infraplan.sites.register import unbuilt

    requests, sites = plan.table("requests"), plan.table("sites")
    table = batch_table(requests, sites, as_of=as_of)
    proposed = {str(name): _proposed(plan, str(name)) for name in table.index}
    for kind in PROPOSALS:
        table[f"proposed_{kind}"] = [proposed[str(name)].get(kind, 0) for name in table.index]
    table["set_aside"] = [len(account_of(plan, str(name)).set_aside) for name in table.index]
    return Register(as_of=as_of, batches=table, unbuilt=unbuilt(requests, sites))


def requested_near(
    plan: Plan, place: "str | shapely.Point", *, distance_m: float | None = None
) -> pd.DataFrame:
    """
    Return what was ever asked for around a place, and what is approved there and not built.

    Parameters
    ----------
    plan
        The plan.
    place
        `lon,lat`, `E,N` of the plan, the id of something that has a place, or a point.
    distance_m
        How far around, > 0; that of rule `pending_other` where None [m].

    Returns
    -------
    found
        By id, the nearest first: kind, distance, operator, batch, letter, received, state,
        decision.

    Raises
    ------
    SettingsError
        If the place is none.
    """
    from infraplan.sites.register import requests_near

    point = locate(plan, place)
    requests, sites = plan.table("requests"), plan.table("sites")
    return requests_near(point, requests, sites, distance_m=distance_m or near_m(plan))


def near_m(plan: Plan) -> float:
    """
    Return how far around a place requests are looked for.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    distance_m
        Distance of rule `pending_other`, 300 m where the plan's rules lack it [m].
    """
    from infraplan.sites import SiteRules
    from infraplan.sites.register import REACH_M

    pending = SiteRules.from_dict(plan.configuration("rules")).rules.get("pending_other")
    return pending.thresholds["distance_m"] if pending else REACH_M


@contextmanager
def annexes(path: Path) -> Iterator[tuple[tuple[Path, ...], tuple[str, ...]]]:
    """
    Yield the lists that a path means: a file, or those of a folder or of an archive.

    Parameters
    ----------
    path
        Workbook, folder, or `.zip` in which the letter's files came.

    Yields
    ------
    lists
        Files, each a batch of its own.
    left
        Names of what else lies there, such as the letter itself and what Excel holds open.

    Raises
    ------
    SettingsError
        If a folder has no list, or an archive two of the same name.
    """
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.is_file())
        lists = tuple(file for file in found if _is_list(file.name))
        if not lists:
            raise SettingsError(Note("register.no_lists", path=path.name))
        yield lists, tuple(file.name for file in found if file not in lists)
        return
    if path.suffix.lower() != ".zip" or not path.is_file():
        yield (path,), ()
        return
    from infraplan.io.archives import members
    from infraplan.io.archives import unpacked

    names = members(path)
    wanted = {name: Path(name).name for name in names if _is_list(Path(name).name)}
    if not wanted:  # an archive of a map file, which the reader knows
        yield (path,), ()
        return
    if len(set(wanted.values())) < len(wanted):
        raise SettingsError(Note("register.same_names", path=path.name))
    with unpacked(path, wanted) as folder:
        left = tuple(sorted(Path(name).name for name in names if name not in wanted))
        yield tuple(sorted(folder / name for name in wanted.values())), left


def letter_folder(plan: Plan, batch: str, letters: Collection[str] | None = None) -> Path:
    """
    Return the folder of the files that the office sends for a letter.

    Parameters
    ----------
    plan
        The plan.
    batch
        Name of the batch.
    letters
        Numbers of its letters; those of the register where None.

    Returns
    -------
    folder
        Below `reports`, it may not be there yet. Named by the letter; by the batch where it has
        none or several, by both where another batch came with a letter of the same number.
    """
    register = plan.table("requests").reindex(columns=["batch", "letter"])
    own = register["batch"] == batch
    if letters is None:
        letters = set(register.loc[own, "letter"].dropna().astype(str))
    if len(letters) != 1:
        return plan.folder / "reports" / file_stem(batch)
    name = file_stem(next(iter(letters)))
    others = register[~own]
    columns = [others[column].dropna() for column in ("letter", "batch")]
    taken = {file_stem(str(other)).lower() for column in columns for other in column}
    if name.lower() in taken:
        name = file_stem(f"{name[:28]}_{file_stem(batch)}")
    return plan.folder / "reports" / name


def returned_path(plan: Plan, batch: str, path: Path) -> Path:
    """
    Return where the copy of an operator's list lies in which what is wrong is red.

    Parameters
    ----------
    plan
        The plan.
    batch
        Name of the batch.
    path
        The list.

    Returns
    -------
    report
        Workbook, which may not be there.
    """
    return letter_folder(plan, batch) / f"{file_stem(f'{path.stem}_requests')}.xlsx"


def _is_list(name: str) -> bool:
    """Return whether a file is a list by its name."""
    return Path(name).suffix.lower() in LISTS and not name.startswith(("~$", "."))


def _with_letter(table: "gpd.GeoDataFrame", said: Mapping[str, object]) -> "gpd.GeoDataFrame":
    """Return rows with what the office says of their letter, which wins over the file."""
    given = {name: str(value).strip() for name, value in said.items() if value}
    told = table.assign(
        **{name: pd.Series(value, table.index, "str") for name, value in given.items()}
    )
    late = told["due"].notna() & told["received"].notna() & (told["due"] < told["received"])
    if late.any():
        row = told[late].iloc[0]
        raise SettingsError(
            Note("register.due_before", due=_day(row["due"]), received=_day(row["received"]))
        )
    return told


def _batch_name(
    own: "gpd.GeoDataFrame", rows: "gpd.GeoDataFrame", said: str | None, stem: str
) -> str:
    """Return the name of the batch that rows belong to: of their letter, or of their file."""
    known = {file_stem(name): name for name in _names(own)}
    name = known.get(file_stem(said or stem), said or stem)
    if said is not None:
        operators = _operators(own[own["batch"] == name]) if len(own) else set()
        if operators and _operators(rows) and not operators & _operators(rows):
            raise SettingsError(
                Note("register.other_operator", batch=name, operator=", ".join(sorted(operators)))
            )
        return name
    same = [other for other in known.values() if _is_same_letter(own[own["batch"] == other], rows)]
    if len(same) == 1:
        return same[0]
    if name not in known.values() or not _is_other_letter(own[own["batch"] == name], rows):
        return name
    letters = sorted(_letters(rows)) or sorted(_operators(rows))
    longer = f"{name} ({', '.join(letters)})"
    return known.get(file_stem(longer), longer)


def _names(own: "gpd.GeoDataFrame") -> list[str]:
    """Return the batches of a register."""
    return sorted(set(own["batch"].dropna().astype(str))) if len(own) else []


def _letters(rows: pd.DataFrame) -> set[str]:
    """Return the letters of some requests."""
    return set(rows["letter"].dropna().astype(str))


def _operators(rows: pd.DataFrame) -> set[str]:
    """Return the operators of some requests."""
    return set(rows["operator"].dropna().astype(str))


def _is_same_letter(batch: pd.DataFrame, rows: pd.DataFrame) -> bool:
    """Return whether rows are a batch again: its letter and operator, and half of its codes."""
    codes = batch["site_code"].astype("object").fillna(batch.index.to_series())
    shared = len(set(codes) & set(map(str, rows.index)))
    return (
        bool(_letters(batch) & _letters(rows))
        and bool(_operators(batch) & _operators(rows))
        and shared >= SAME_SHARE * min(len(batch), len(rows))
    )


def _is_other_letter(batch: pd.DataFrame, rows: pd.DataFrame) -> bool:
    """Return whether rows are of another letter or operator than a batch of the same name."""
    return any(
        bool(one) and bool(two) and not one & two
        for one, two in (
            (_letters(batch), _letters(rows)),
            (_operators(batch), _operators(rows)),
        )
    )


def _letter_step(batch: str) -> str:
    """Return the name under which the account of a letter is kept."""
    return f"letters/{file_stem(batch)}"


def _keep_account(plan: Plan, batch: str, account: Account, path: Path) -> None:
    """Keep what became of the rows of a letter."""
    from infraplan import __version__

    plan.write_record(
        _letter_step(batch),
        key="",
        files=[],
        figures={
            "batch": batch,
            "file": path.name,
            "received_rows": account.received_rows,
            "set_aside": list(account.set_aside),
            "faults": [asdict(fault) for fault in account.faults],
        },
        provenance=Provenance(step="letter", version=__version__),
    )


def _fault(entry: Mapping[str, Any]) -> Fault:
    """Return a fault that was kept."""
    details = tuple((str(key), str(value)) for key, value in entry["details"])
    return Fault(**{**entry, "rows": tuple(entry["rows"]), "details": details})


def _report(
    plan: Plan, reading: "Reading", path: Path, batch: str
) -> tuple[Path | None, tuple[str, ...]]:
    """Return the copy for the operator where cells are at fault, or why there is none."""
    if not reading.faults or path.suffix.lower() not in LISTS:
        return None, ()
    try:
        return _returned(plan, reading, path, batch), ()
    except PlanError as error:
        return None, (Note("notes.no_report", why=str(error)),)


def _returned(plan: Plan, reading: "Reading", path: Path, batch: str) -> Path:
    """Write the copy of an operator's list in which what is wrong is red."""
    report = returned_path(plan, batch, path)
    report.parent.mkdir(parents=True, exist_ok=True)
    language = words(plan.settings.language)
    return write_import_report(report, source=path, reading=reading, words=language)


def _reading_notes(reading: "Reading") -> tuple[str, ...]:
    """Return what of a reading its user must know before he answers a letter."""
    return tuple(note for note in reading.notes if getattr(note, "code", "") != "notes.persons")


def _entry_notes(entered: "Entered", rows: "gpd.GeoDataFrame") -> tuple[str, ...]:
    """Return notes on what the register had before, and on what the letter does not say."""
    notes: list[str] = [
        Note("register.resubmitted", request=new, earlier=old) for new, old in entered.superseded
    ]
    notes += [
        Note("register.perhaps", request=new, earlier=old, distance_m=f"{away_m:.0f}")
        for new, old, away_m in entered.perhaps
    ]
    for key, ids in (("dropped", entered.dropped), ("kept", entered.kept)):
        if ids:
            notes.append(Note(f"register.{key}", names=listed(ids, NAMES_SHOWN)))
    for column in LETTER:
        if rows[column].isna().all() and column != "letter_date":
            notes.append(Note(f"register.no_{column}"))
    return tuple(notes)


def _day(text: str) -> str:
    """Return an ISO date as it is written in letters."""
    return "/".join(reversed(str(text)[:10].split("-")))


def _proposed(plan: Plan, batch: str) -> dict[str, int]:
    """Return how often each proposal stands in the kept appraisal of a batch."""
    from infraplan.io import read_frames

    step = appraisal_step(batch)
    record = plan.record(step)
    if record is None:
        return {}
    about: Mapping[str, Any] = {"requests": record.figures["tables"]["requests"]}
    table = read_frames(plan.results / f"{step}.gpkg", about)["requests"]
    counts = table["proposal"].value_counts()
    return {str(kind): int(count) for kind, count in counts.items()}

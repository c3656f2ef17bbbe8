"""What the office does with an appraisal: it decides, and what it signed is frozen."""

import hashlib
import json
import shutil
import stat
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan import atomic
from infraplan.api.answers import cell_fault
from infraplan.api.answers import says_something
from infraplan.api.answers import texts
from infraplan.api.register import batches
from infraplan.api.site import APPRAISED_FROM
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.layers.convert import tidy
from infraplan.layers.notes import Note
from infraplan.layers.notes import listed
from infraplan.plan import Plan
from infraplan.plan.results import appraisal_step
from infraplan.plan.results import load_appraisal
from infraplan.sites.register import OFFICE

if TYPE_CHECKING:
    from infraplan.io import Mended
    from infraplan.sites import Appraisal

__all__ = ["Change", "Decisions", "Issued", "changed_since", "issue", "take_decisions"]

LAYERS_TOLD = 6
RECORD = "issued.json"
SNAPSHOT = ("proposal", "decision", "decided_by", "decided_on", "people_gained")
COMPARED = ("proposal", "decision", "people_gained")
NOTICED = 0.02  # share by which people gained must move to be told as a change
STATE_AFTER = {"needs_information": "supplement_asked"}


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """
    What a returned table T8 decided.

    `rows` are the requests of the batch with the office's columns, `taken` the ids of those decided
    by this file, `faults` those of rows that were not taken.
    """

    batch: str
    rows: pd.DataFrame
    taken: tuple[str, ...]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Issued:
    """What was frozen: its folder, the day, and the names of its files."""

    folder: Path
    on: str
    batch: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs from what was issued: what, of which request, rule or layer."""

    what: str
    where: str
    before: str
    after: str


def take_decisions(plan: Plan, path: Path | str, *, batch: str | None = None) -> Decisions:
    """
    Read the office's decisions from a filled table T8 and keep them in the register.

    Parameters
    ----------
    plan
        The plan.
    path
        The workbook.
    batch
        Batch that it decides on; found from the codes of its rows where None.

    Returns
    -------
    decisions
        What was taken; rows at fault are left out and told, the others count.

    Raises
    ------
    LayerError
        If the workbook as a whole was not understood, or decides nothing.
    PlanError
        If the plan has no requests.
    """
    from infraplan.io import read_layer

    if not batches(plan):
        raise PlanError(Note("refusals.no_requests"))
    register = plan.table("requests")
    frozen = _frozen_decisions(plan)
    reading = read_layer(
        path,
        "requests",
        plan_crs=plan.settings.crs,
        without_position=True,
        mend=lambda frame, rows: _decided(frame, rows, register, batch, frozen),
    )
    at_fault = {row for fault in reading.faults for row in fault.rows}
    is_sound = [reading.row_of.get(str(name)) not in at_fault for name in reading.table.index]
    found = reading.table[is_sound]  # half a decision is none
    if not len(found):
        raise LayerError(layer="requests", faults=reading.faults)
    changed = register.copy()
    for column in OFFICE:
        changed[column] = changed[column].astype("object")
        changed.loc[found.index, column] = found[column].astype("object")
    plan.write_tables({"requests": changed})
    name = str(register.loc[found.index[0], "batch"])
    rows = pd.DataFrame(changed[changed["batch"] == name]).drop(columns="geometry")
    return Decisions(name, rows, tuple(map(str, found.index)), reading.faults)


def issue(
    plan: Plan,
    batch: str | None = None,
    *,
    as_of: date | None = None,
    signed: Sequence[Path | str] = (),
) -> Issued:
    """
    Freeze what the office signed: papers, figures, rules and decisions of a batch.

    Parameters
    ----------
    plan
        The plan.
    batch
        Batch; the plan's only one where None.
    as_of
        Day of issue; the last day of the decisions where None.
    signed
        Files to be kept with it, such as the scan of the signed letter.

    Returns
    -------
    issued
        A new folder `issued/<day>_<letter>` of files that are only to be read.

    Raises
    ------
    PlanError
        If an input is synthetic, a request has no decision, the batch was not appraised, or the
        folder is there already: what was issued is never overwritten.
    """
    appraisal = stored_appraisal(plan, batch)
    if made_up := appraisal.layers.synthetic():
        layers = listed([Note(f"terms.layer_{name}") for name in made_up], LAYERS_TOLD)
        raise PlanError(Note("refusals.issue_synthetic", layers=layers))
    requests = appraisal.requests
    if len(open_ones := requests.index[requests["decision"].isna()]):
        names = ", ".join(map(str, open_ones))
        raise PlanError(Note("refusals.undecided", names=names, plan=str(plan.folder)))
    on = as_of.isoformat() if as_of else str(requests["decided_on"].dropna().max())
    letters = requests["letter"].dropna() if "letter" in requests else pd.Series(dtype="str")
    letter = str(letters.iloc[0]) if len(letters) else appraisal.batch
    folder = plan.folder / "issued" / f"{on}_{atomic.file_stem(letter)}"
    if folder.exists():
        raise PlanError(Note("refusals.issued_already", folder=str(folder)))
    from infraplan.api.dossier import write_dossier

    papers = write_dossier(plan, appraisal.batch, as_of=date.fromisoformat(on))
    # what people have edited by hand lies there too, and is what they signed
    files = {path.name: path for path in sorted(papers.folder.iterdir()) if path.is_file()}
    step = plan.results / appraisal_step(appraisal.batch)
    files |= {path.name: path for path in (step.with_suffix(".gpkg"), step.with_suffix(".json"))}
    files |= {f"signed_{atomic.file_stem(p.stem)}{p.suffix}": p for p in map(Path, signed)}
    if lost := [str(path) for path in files.values() if not path.is_file()]:
        raise PlanError(Note("refusals.lost", names=", ".join(lost)))
    contents = {name: path.read_bytes() for name, path in sorted(files.items())}
    record = _record(plan, appraisal, on, contents)
    contents[RECORD] = json.dumps(record, ensure_ascii=False, indent=1).encode()
    _freeze(folder, contents)
    _answered(plan, appraisal)
    return Issued(folder, on, appraisal.batch, tuple(contents))


def changed_since(plan: Plan, appraisal: "Appraisal") -> tuple[Issued, tuple[Change, ...]] | None:
    """
    Return what differs from what was last issued of a batch.

    Parameters
    ----------
    plan
        The plan.
    appraisal
        The batch as it stands now.

    Returns
    -------
    issued, changes
        The last issue and the differences, requests first; None where it was never issued.
    """
    past = [record for record in _records(plan) if record[1]["batch"] == appraisal.batch]
    if not past:
        return None
    folder, record = max(past, key=lambda entry: str(entry[1]["on"]))
    issued = Issued(folder, str(record["on"]), appraisal.batch, tuple(record["files"]))
    now = _snapshot(plan, appraisal)
    changes = [*_file_changes(folder, record), *_request_changes(record, now)]
    for what, key in (("rules", "rules"), ("layer", "layers")):
        before, after = record[key], now[key]
        for name in sorted(set(before) | set(after)):
            if before.get(name) != after.get(name):
                there = ["" if name in side else "nothing" for side in (before, after)]
                told = [one or f"{'other_content' if n else ''}" for n, one in enumerate(there)]
                changes.append(Change(what, name, *told))
    if record["version"] != now["version"]:
        changes.append(Change("version", "", record["version"], now["version"]))
    return issued, tuple(changes)


def stored_appraisal(plan: Plan, batch: str | None = None) -> "Appraisal":
    """
    Return the appraisal that a plan keeps of a batch.

    Parameters
    ----------
    plan
        The plan.
    batch
        Batch, or its file name; the plan's only one where None.

    Returns
    -------
    appraisal
        As stored, with the office's decisions of the register.

    Raises
    ------
    PlanError
        If there is none, or several and none is named.
    """
    from infraplan.sites import SiteRules

    known = [name for name in batches(plan) if plan.record(appraisal_step(name)) is not None]
    meant = [name for name in known if batch is None or batch in (name, atomic.file_stem(name))]
    if len(meant) != 1:
        code = "which_batch" if known else "not_appraised"
        raise PlanError(Note(f"refusals.{code}", names=", ".join(known)))
    rules = SiteRules.from_dict(plan.configuration("rules"))
    return load_appraisal(plan, meant[0], plan.layers(), rules)


def _decided(
    frame: pd.DataFrame,
    rows: tuple[str, ...],
    register: pd.DataFrame,
    batch: str | None,
    frozen: Mapping[str, tuple[str, str]],
) -> "Mended":
    """Keep the office's columns of rows that say something, and tell what is wrong with them."""
    from infraplan.io import Mended

    names = ("request_id", *OFFICE)
    said = says_something(frame, OFFICE)
    if not said.any():
        raise LayerError(layer="requests", faults=(cell_fault("confirm_nothing", "", ""),))
    columns = {name: texts(frame, name) for name in (*names, "batch")}
    known = register if batch is None else register[register["batch"] == batch]
    faults: list[Fault] = []
    for place in np.flatnonzero(said):
        cells = {name: str(column.iloc[place]) for name, column in columns.items()}
        faults += _row_faults(cells, rows[place], known, frozen)
    kept = tuple(row for row, is_said in zip(rows, said, strict=True) if is_said)
    own = frame[said].reindex(columns=[name for name in names if name in frame])
    return Mended(own, tuple(faults), rows=kept)


def _row_faults(
    cells: Mapping[str, str],
    row: str,
    known: pd.DataFrame,
    frozen: Mapping[str, tuple[str, str]],
) -> Iterator[Fault]:
    """Yield what is wrong with one decided row."""
    name = cells["request_id"]
    # codes recur from letter to letter: table T8 names the batch that it was written for
    if name not in known.index or cells["batch"] not in ("", known.loc[name, "batch"]):
        yield cell_fault("decision_unknown_request", row, "request_id", name, found=name)
        return
    if not cells["decision"]:
        return
    for column in ("decided_by", "decided_on"):
        if not cells[column]:
            yield cell_fault("decision_lacks", row, column, column=column)
    received = known.loc[name].get("received")
    day = cells["decided_on"][:10]
    if pd.notna(received) and _is_day(day) and day < str(received):
        yield cell_fault("decision_early", row, "decided_on", day, day=day, received=str(received))
    if name in frozen and tidy(cells["decision"]).casefold() not in frozen[name][0]:
        yield cell_fault("decision_issued", row, "decision", cells["decision"], on=frozen[name][1])


def _is_day(text: str) -> bool:
    """Return whether a text is a date as the program writes it."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _records(plan: Plan) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every issue that the plan keeps."""
    for path in sorted((plan.folder / "issued").glob(f"*/{RECORD}")):
        try:
            yield path.parent, json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            msg = f"{path} cannot be read; it was changed after the issue: {error}"
            raise PlanError(msg) from error


def _frozen_decisions(plan: Plan) -> dict[str, tuple[str, str]]:
    """Return the words that mean the decision issued of each request, and the day."""
    from infraplan.text import words

    found = {}
    for _, record in _records(plan):
        for name, row in record["requests"].items():
            kind = row["decision"]
            spoken = [words(language)(f"terms.value_{kind}") for language in ("vi", "en")]
            found[name] = ("|".join([kind, *spoken]).casefold(), str(record["on"]))
    return found


def _record(
    plan: Plan, appraisal: "Appraisal", on: str, contents: Mapping[str, bytes]
) -> dict[str, Any]:
    """Return what tells an issue: figures, decisions, rules, hashes of inputs and of files."""
    letter = appraisal.requests.get("letter", pd.Series(dtype="str")).dropna()
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    head = {
        "batch": appraisal.batch,
        "on": on,
        "letter": str(letter.iloc[0]) if len(letter) else "",
    }
    return {**head, **_snapshot(plan, appraisal), "files": sums}


def _snapshot(plan: Plan, appraisal: "Appraisal") -> dict[str, Any]:
    """Return figures, decisions, rules and hashes of inputs as they stand."""
    requests = appraisal.requests.reindex(columns=[*SNAPSHOT, "reasons"])
    rows = {
        str(name): {column: _plain(row[column]) for column in SNAPSHOT}
        | {"findings": {r["rule"]: r["outcome"] for r in json.loads(row["reasons"] or "[]")}}
        for name, row in requests.iterrows()
    }
    return {
        "version": appraisal.provenance.version,
        "requests": rows,
        "rules": plan.configuration("rules")["rules"],
        "layers": dict(plan.hashes(APPRAISED_FROM)),
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    """Return a cell as JSON holds it."""
    if value is None or pd.isna(value):
        return None
    return round(float(value), 1) if isinstance(value, float) else str(value)


def _freeze(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write a folder of files that are only to be read, all of it or nothing."""
    made = folder.with_name(f".{folder.name}")
    shutil.rmtree(made, ignore_errors=True)  # of a run that was killed
    for name, content in contents.items():
        path = atomic.write_bytes(made / name, content)
        path.chmod(stat.S_IREAD | stat.S_IRGRP | stat.S_IROTH)
    made.rename(folder)


def _answered(plan: Plan, appraisal: "Appraisal") -> None:
    """Note in the register that the requests are answered."""
    register = plan.table("requests").copy()
    state = register["state"].astype("object")
    for name, kind in appraisal.requests["decision"].items():
        if name in state.index:
            state[name] = STATE_AFTER.get(str(kind), "decided")
    plan.write_tables({"requests": register.assign(state=state)})


def _file_changes(folder: Path, record: Mapping[str, Any]) -> Iterator[Change]:
    """Yield issued files that are gone or no longer what they were."""
    for name, expected in record["files"].items():
        path = folder / Path(name).name
        if not path.is_file():
            yield Change("file", name, "", "nothing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            yield Change("file", name, "", "other_content")


def _request_changes(record: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[Change]:
    """Yield what differs of each request."""
    before, after = record["requests"], now["requests"]
    for name in sorted(set(before) | set(after)):
        if name not in before or name not in after:
            there = ["" if name in side else "nothing" for side in (before, after)]
            yield Change("request", name, *there)
            continue
        for column in COMPARED:
            one, two = before[name][column], after[name][column]
            if column == "people_gained" and one is not None and two is not None:
                if abs(two - one) > max(NOTICED * abs(one), 1.0):
                    yield Change(column, name, f"{one:.0f}", f"{two:.0f}")
            elif one != two:
                yield Change(column, name, one or "nothing", two or "nothing")
        for rule in sorted({*before[name]["findings"], *after[name]["findings"]}):
            one, two = (side[name]["findings"].get(rule, "nothing") for side in (before, after))
            if one != two:
                yield Change("finding", f"{name}, {rule}", one, two)

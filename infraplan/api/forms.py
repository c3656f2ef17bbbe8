"""Forms that go out to communes, and what completes them when they come back."""

import contextlib
import difflib
import re
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from infraplan.api.answers import says_something
from infraplan.api.answers import texts
from infraplan.errors import Fault
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.convert import plain
from infraplan.layers.convert import tidy
from infraplan.layers.names import Match
from infraplan.layers.names import match_names
from infraplan.layers.names import name_key
from infraplan.layers.notes import Note
from infraplan.layers.notes import listed
from infraplan.layers.sorting import sort_key
from infraplan.plan import Plan
from infraplan.plan.results import load_gaps
from infraplan.radio.results import ANY
from infraplan.text import Words
from infraplan.text import words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from infraplan.io import Mended
    from infraplan.reports.form import Field

__all__ = ["completed_evidence", "evidence_form"]

SAID = ("operator", "finding")  # a row with neither says nothing
NAMES_SHOWN = 3
ALIKE = 0.6  # of the letters, from which another name is worth proposing
Names = Mapping[str, Collection[str]]
Mend = Callable[[pd.DataFrame, tuple[str, ...]], "Mended"]


def evidence_form(plan: Plan, path: Path | str | None = None) -> Path:
    """
    Write a workbook in which communes say what signal their hamlets have.

    Parameters
    ----------
    plan
        The plan; with gaps, their hamlets come first.
    path
        Workbook to write, `.xlsx`; `forms/evidence.xlsx` in the plan where None.

    Returns
    -------
    path
        The workbook, a row for each hamlet, which `import_layer` reads when it is filled in.

    Raises
    ------
    PlanError
        If the plan has no hamlets, or the workbook is there already: it may hold answers.
    SettingsError
        If the path does not end in `.xlsx`.
    """
    from infraplan.reports.form import Form
    from infraplan.reports.form import write_form

    path = plan.folder / "forms" / "evidence.xlsx" if path is None else Path(path)
    if path.suffix.lower() != ".xlsx":
        msg = f"a form is an Excel workbook: give a name that ends in .xlsx; found {path.name}"
        raise SettingsError(msg)
    if path.exists():
        msg = f"{path} is there already and may hold answers; give another name, or move it away"
        raise PlanError(msg)
    tables = plan.tables(["hamlets", "communes", "sites", "sources"])
    if "hamlets" not in tables:
        msg = "the plan has no hamlets to ask about: infraplan import PLAN hamlets FILE"
        raise PlanError(msg)
    say = words(plan.settings.language)
    technology, gaps = _gaps_of(plan)
    operators = sorted(set(tables["sites"]["operator"])) if "sites" in tables else []
    sources = tables.get("sources", plan.table("sources"))
    made_up = sources.loc[sources["layer"] == "hamlets", "synthetic"].astype("boolean")
    choice = {
        "operator": say("reports.form_evidence_any"),
        **{name: say(f"reports.form_evidence_{name}") for name in ("good", "unsteady", "none")},
    }
    form = Form(
        titles=(
            say("reports.form_evidence_sheet"),
            say("reports.form_guide_sheet"),
            say("reports.form_lists_sheet"),
        ),
        lines=(
            say("reports.form_evidence_title", technology=technology),
            say("reports.form_evidence_line"),
        ),
        guide=tuple(
            say(f"reports.form_evidence_guide_{number}", technology=technology, **choice)
            for number in range(1, 10)
        ),
        fields=_fields(say, operators, technology),
        table=_asked(tables["hamlets"], tables.get("communes"), gaps),
        warning=say("reports.synthetic") if made_up.fillna(value=False).any() else "",
        wrong=say("reports.form_wrong"),
    )
    return write_form(path, form)


def completed_evidence(hamlets: pd.DataFrame, communes: Names, operators: Collection[str]) -> Mend:
    """
    Return what completes a filled-in form: rows without an answer go, names become ids.

    Parameters
    ----------
    hamlets
        Layer `hamlets` of the plan, by id.
    communes
        Names of the communes of the plan, by code.
    operators
        Operators that have stations in the plan.

    Returns
    -------
    mend
        For `read_layer`. A row with neither operator nor finding says nothing and is left out. An
        id that the plan lacks, names that mean no hamlet or several, and names of another hamlet
        than the id beside them are faults. Ids of statements are made of hamlet, operator and
        number.
    """

    def mend(frame: pd.DataFrame, rows: tuple[str, ...]) -> "Mended":
        """Fill `hamlet_id` and `evidence_id`."""
        from infraplan.io import Mended

        said = says_something(frame, SAID)
        kept = frame[said]
        own_rows = tuple(row for row, is_said in zip(rows, said, strict=True) if is_said)
        notes: list[str] = []
        if empty := len(frame) - len(kept):
            notes.append(Note("notes.says_nothing", count=str(empty)))
        ids, faults = _hamlets_of(kept, own_rows, hamlets, communes)
        named = texts(kept, "operator")
        notes += _unknown_operators(named, own_rows, {ANY, *operators}) if operators else []
        number = named.groupby([ids, named]).cumcount() + 1
        made = ids + "/" + named + "/" + number.astype(str)
        given = texts(kept, "evidence_id")
        completed = kept.assign(hamlet_id=ids, evidence_id=given.where(given != "", made))
        return Mended(completed, tuple(faults), tuple(notes), own_rows)

    return mend


def _gaps_of(plan: Plan) -> tuple[str, "npt.NDArray[np.str_]"]:
    """Return the technology of the plan's headline and the hamlets that lack it, if known."""
    import numpy as np

    from infraplan.coverage.shares import SERVED

    if plan.record("gaps") is not None:
        with contextlib.suppress(PlanError):  # of an older version: all are asked alike
            gaps = load_gaps(plan, plan.layers(["communes"], rasters=()))
            lacking = gaps.hamlets["covered_share"] < SERVED
            return gaps.definition.technology, gaps.hamlets.index[lacking].to_numpy(dtype=str)
    return plan.settings.technology, np.array([], dtype=str)


def _asked(
    hamlets: pd.DataFrame, communes: pd.DataFrame | None, gaps: "npt.NDArray[np.str_]"
) -> pd.DataFrame:
    """Return the rows of the form: hamlets in gaps first, each part by commune and name."""
    own = hamlets.get("commune", pd.Series(pd.NA, index=hamlets.index))
    known = {} if communes is None else communes["name"].to_dict()
    table = pd.DataFrame(
        {
            "commune": hamlets["commune_code"].map(known).fillna(own).fillna(""),
            "name": hamlets["name"],
            "priority": ["x" if is_gap else None for is_gap in hamlets.index.isin(gaps)],
            "people": [None if pd.isna(value) else int(value) for value in hamlets["people"]],
            "hamlet_id": hamlets.index,
        },
        dtype=object,
    )
    order = sorted(
        table.itertuples(),
        key=lambda row: (
            row.priority is None, _in_order(row.commune), _in_order(row.name), row.Index,
        ),
    )  # fmt: skip
    return table.loc[[row.Index for row in order]]


def _in_order(name: object) -> tuple[object, ...]:
    """Return what sorts names as Vietnamese does, Thôn 2 before Thôn 10."""
    return sort_key(tidy(name), numeric=True)


def _fields(say: Words, operators: list[str], technology: str) -> tuple["Field", ...]:
    """Return the columns of the form."""
    from infraplan.reports.form import Field

    def head(name: str) -> str:
        """Return the heading of a column."""
        return say(f"reports.form_evidence_head_{name}", technology=technology)

    def hint(name: str) -> str:
        """Return what stands beside an open cell."""
        return say(f"reports.form_evidence_hint_{name}")

    choices = (*operators, say("reports.form_evidence_any")) if operators else ()
    findings = tuple(say(f"reports.form_evidence_{name}") for name in ("good", "unsteady", "none"))
    return (
        Field("commune", head("commune")),
        Field("name", head("name")),
        Field("priority", head("priority")),
        Field("people", head("people"), "whole"),
        Field("operator", head("operator"), is_open=True, choices=choices, hint=hint("operator")),
        Field("finding", head("finding"), is_open=True, choices=findings, hint=hint("finding")),
        Field("found_on", head("found_on"), "date", is_open=True, hint=hint("found_on")),
        Field("source", head("source"), is_open=True, hint=hint("source")),
        Field("hamlet_id", head("hamlet_id"), is_hidden=True),
    )


def _hamlets_of(
    frame: pd.DataFrame, rows: tuple[str, ...], hamlets: pd.DataFrame, communes: Names
) -> tuple[pd.Series, list[Fault]]:
    """Return the hamlet of each row, from its id or its names, and what is wrong with them."""
    ids, names, homes = (texts(frame, name) for name in ("hamlet_id", "name", "commune"))
    of_home = match_names([home for home in homes if home], communes)
    faults: dict[tuple[str, str], list[str]] = {}
    for place, row in zip(frame.index, rows, strict=True):
        hamlet, name, home = ids[place], names[place], homes[place]
        match = of_home.get(home)
        if hamlet and hamlet not in hamlets.index:
            faults.setdefault(("hamlet_id", hamlet), []).append(row)
        elif hamlet and not _is_meant(hamlet, name, match, hamlets):
            faults.setdefault((f"not {hamlet}", ", ".join(filter(None, (name, home)))), []).append(
                row
            )
        elif not hamlet and name:
            found = _found(name, match, hamlets)
            if found.code is None:
                faults.setdefault(("name", ", ".join(filter(None, (name, home)))), []).append(row)
            ids[place] = found.code or name  # not empty, so that the fault is told once
    told = [_fault(kind, text, tuple(where), hamlets) for (kind, text), where in faults.items()]
    return ids, told


def _is_meant(hamlet: str, name: str, home: Match | None, hamlets: pd.DataFrame) -> bool:
    """Return whether the names beside an id are those of its hamlet; empty ones are."""
    row = hamlets.loc[hamlet]
    if home is not None and row["commune_code"] not in (home.code, *home.candidates):
        return False
    if not name or name_key(name) == name_key(row["name"]):
        return True
    found = match_names([name], {hamlet: (str(row["name"]),)})[name]
    return found.code == hamlet


def _found(name: str, home: Match | None, hamlets: pd.DataFrame) -> Match:
    """Return the hamlet that a name means, in its commune where that is said."""
    if home is not None:
        hamlets = hamlets[hamlets["commune_code"].isin((home.code, *home.candidates))]
    return match_names([name], {str(key): (str(own),) for key, own in hamlets["name"].items()})[
        name
    ]


def _fault(kind: str, text: str, rows: tuple[str, ...], hamlets: pd.DataFrame) -> Fault:
    """Return the fault of rows whose hamlet is not known, or not clear."""
    if not len(hamlets):
        return Fault(
            what="the plan has no hamlets that statements could be about",
            rows=rows,
            column="hamlet_id",
            found=f"'{text}'",
            remedy="import the hamlets first: infraplan import PLAN hamlets FILE",
            code="no_hamlets",
        )
    if kind == "hamlet_id":
        near = _nearest(text, map(str, hamlets.index))
        meant = f"did you mean '{near}'? Correct" if near else "correct"
        return Fault(
            what="the plan has no hamlet of this id",
            rows=rows,
            column="hamlet_id",
            found=f"'{text}'",
            expected="an id of layer 'hamlets'",
            remedy=f"{meant} the id (hidden in the form), or empty it and name commune and hamlet",
            code="hamlet_id_unknown_near" if near else "hamlet_id_unknown",
            details=(("nearest", near),),
        )
    if kind == "name":
        near = _nearest(text.partition(", ")[0], map(str, hamlets["name"]))
        meant = f"did you mean '{near}'? Correct" if near else "correct"
        return Fault(
            what="the names mean no hamlet of the plan, or several",
            rows=rows,
            column="name",
            found=f"'{text}'",
            expected="commune and name of a hamlet as the plan has them",
            remedy=f"{meant} the names, or copy the whole row of the hamlet from a new form",
            code="hamlet_name_unknown_near" if near else "hamlet_name_unknown",
            details=(("nearest", near),),
        )
    hamlet = kind.removeprefix("not ")
    row = hamlets.loc[hamlet]
    return Fault(
        what="hamlet_id and the names beside it mean two hamlets",
        rows=rows,
        column="name",
        found=f"'{text}' with id {hamlet}",
        expected=f"'{row['name']}', which has this id",
        remedy="copy whole rows with their hidden id, or empty the id of a row written over",
        code="hamlet_id_and_name_differ",
        details=(("written", text), ("id", hamlet), ("name", str(row["name"]))),
    )


def _unknown_operators(
    named: pd.Series, rows: tuple[str, ...], known: Collection[str]
) -> list[str]:
    """Return a note on operators that have no station in the plan, with rows and the nearest."""
    lost: dict[str, list[str]] = {}
    for name, row in zip(named, rows, strict=True):
        if name and name not in known:
            lost.setdefault(name, []).append(row)
    if not lost:
        return []
    there = ", ".join(sorted(set(known) - {ANY}))
    where = sorted((row for own in lost.values() for row in own), key=_in_order)
    nearest = {name: _nearest(name, set(known) - {ANY}) for name in sorted(lost)}
    note = Note(
        "notes.unknown_operators",
        names=listed(sorted(lost), NAMES_SHOWN),
        known=there,
        rows=", ".join(where[:NAMES_SHOWN]),
    )
    meant = ", ".join(f"'{name}' → '{near}'" for name, near in nearest.items() if near)
    return [Note("notes.did_you_mean", note=note, meant=meant) if meant else note]


def _nearest(text: str, known: Iterable[str]) -> str:
    """Return the one of some names that is most like a text, with its numbers; else empty."""
    digits = re.findall(r"\d+", text)
    alike = [name for name in sorted(known) if re.findall(r"\d+", name) == digits and name != text]
    names = {plain(name): name for name in alike}
    near = difflib.get_close_matches(plain(text), list(names), n=1, cutoff=ALIKE)
    return names[near[0]] if near else ""

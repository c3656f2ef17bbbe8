"""Blank forms for operators and communes: what they ask for is data, in `data/forms`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.columns import Column
from infraplan.layers.convert import plain
from infraplan.layers.schemas import schema
from infraplan.layers.told import expected_told
from infraplan.layers.told import value_told
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.text import Words
from infraplan.text import words

if TYPE_CHECKING:
    from infraplan.plan import Plan
    from infraplan.reports.form import Field

__all__ = ["BlankForm", "FormColumn", "blank_form", "blank_forms", "write_template"]

OPERATORS = ("Viettel", "VNPT", "MobiFone", "Vietnamobile")  # of the whole country
USES = ("", "count", "place", "kept")


@dataclass(frozen=True, slots=True)
class FormColumn:
    """
    One column of a form.

    Exactly one of `column` (of the layer), `position` (part of a position) and `use` (what becomes
    of it otherwise: `count`, `place` or `kept`) is said. `choices` are words, or `schema`,
    `operators` or `communes`; where it `is_free`, other words are taken too.
    """

    heading: str
    column: str = ""
    position: str = ""
    use: str = ""
    kind: str = "text"
    is_required: bool = False
    is_free: bool = False
    choices: tuple[str, ...] | str = ()
    hint: str = ""
    example: object = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class BlankForm:
    """A form as declared: which layer it brings, by which names it is asked for, its columns."""

    id: str
    layer: str
    names: tuple[str, ...]
    title: str
    sheet: str
    file: str
    notes: tuple[str, ...]
    source: str
    verified: bool
    columns: tuple[FormColumn, ...]


@cache
def blank_forms() -> Mapping[str, BlankForm]:
    """
    Return the forms that are declared.

    Returns
    -------
    forms
        By id, in the order of their files.

    Raises
    ------
    SettingsError
        If a declaration names a column that its layer lacks, or a key that is not known.
    """
    paths = sorted(data_path("forms").glob("*.toml"))
    return {path.stem: _declared(path) for path in paths}


def blank_form(name: str) -> BlankForm:
    """
    Return the form that a person means.

    Parameters
    ----------
    name
        Id, layer or another name of the form, with or without accents.

    Returns
    -------
    form
        The form.

    Raises
    ------
    SettingsError
        If there is none; the message lists those that exist.
    """
    wanted = plain(name)
    for form in blank_forms().values():
        if wanted in {plain(form.id), plain(form.layer), *(plain(other) for other in form.names)}:
            return form
    known = ", ".join(f"{form.id} ({form.layer})" for form in blank_forms().values())
    msg = f"there is no form '{name}'; there are {known}, evidence"
    raise SettingsError(msg)


def write_template(
    form: BlankForm,
    path: Path | str | None = None,
    *,
    plan: "Plan | None" = None,
    language: str = "",
) -> Path:
    """
    Write a blank form as a workbook.

    Parameters
    ----------
    form
        The form.
    path
        Workbook to write, `.xlsx`; `forms/` in the plan where None, or the form's own name here.
    plan
        The plan whose communes and operators are to choose from, or None.
    language
        Of guide and remarks; that of the plan where empty.

    Returns
    -------
    path
        The workbook.

    Raises
    ------
    PlanError
        If the workbook is there already: it may be filled in.
    SettingsError
        If the path does not end in `.xlsx`.
    """
    from infraplan.reports.form import Form
    from infraplan.reports.form import write_form

    folder = Path() if plan is None else plan.folder / "forms"
    path = folder / form.file if path is None else Path(path)
    if path.suffix.lower() != ".xlsx":
        msg = f"a form is an Excel workbook: give a name that ends in .xlsx; found {path.name}"
        raise SettingsError(msg)
    if path.exists():
        msg = f"{path} is there already and may hold answers; give another name, or move it away"
        raise PlanError(msg)
    say = words(language or ("vi" if plan is None else plan.settings.language))
    import pandas as pd

    made = Form(
        titles=(form.sheet, say("templates.guide_sheet"), say("templates.lists_sheet")),
        lines=(form.title, say("templates.line_1"), *form.notes),
        guide=_guide(form, say),
        fields=tuple(_field(column, form, say, _choices_of(plan)) for column in form.columns),
        table=pd.DataFrame(),
        wrong=say("templates.wrong"),
        example=say("templates.example"),
    )
    return write_form(path, made)


def _declared(path: Path) -> BlankForm:
    """Return the form that a file declares, after looking at its columns."""
    content = read_toml(path)
    columns = tuple(_column(entry, path) for entry in content.pop("columns"))
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in content.items()
    }
    form = BlankForm(**values, columns=columns)
    declared = schema(form.layer)
    for column in columns:
        said = [column.column, column.position, column.use]
        is_known = not column.column or declared.column(column.column) is not None
        if sum(map(bool, said)) != 1 or column.use not in USES or not is_known:
            msg = f"{path.name}: column '{column.heading}' is none of layer '{form.layer}'"
            raise SettingsError(msg)
    return form


def _column(entry: dict[str, Any], path: Path) -> FormColumn:
    """Return a column of a declaration."""
    entry = dict(entry)
    choices = entry.pop("choices", ())
    try:
        return FormColumn(
            is_required=entry.pop("required", False),
            is_free=not entry.pop("strict", True),
            choices=choices if isinstance(choices, str) else tuple(choices),
            **entry,
        )
    except TypeError as error:
        msg = f"{path.name}: {error}"
        raise SettingsError(msg) from error


def _choices_of(plan: "Plan | None") -> dict[str, tuple[str, ...]]:
    """Return what may be chosen from that is the plan's: its communes and operators."""
    if plan is None:
        return {"operators": OPERATORS}
    tables = plan.tables([name for name in ("communes", "sites") if name in plan.layer_names()])
    there = sorted(set(tables["sites"]["operator"].dropna())) if "sites" in tables else []
    others = [name for name in there if name not in OPERATORS]
    found = {"operators": (*OPERATORS, *others)}
    if "communes" in tables:
        from infraplan.api.lists import commune_names

        names = [full for _, full in commune_names(tables["communes"]).values()]
        found["communes"] = tuple(sorted(names, key=plain))
    return found


def _field(
    column: FormColumn, form: BlankForm, say: Words, offered: Mapping[str, tuple[str, ...]]
) -> "Field":
    """Return a column as the workbook wants it."""
    from infraplan.reports.form import Field

    declared = schema(form.layer).column(column.column)
    choices = column.choices
    if choices == "schema" and declared is not None:
        choices = tuple(value_told(value, words("vi")) for value in declared.values)  # noqa: PD011 - no pandas object
    elif isinstance(choices, str):
        choices = offered.get(choices, ())
    hint = _hint(column, declared, say)
    kept = say("templates.kept") if column.use == "kept" else ""
    return Field(
        column.heading,
        f"{column.heading} (*)" if column.is_required else column.heading,
        kind="integer" if column.kind == "whole" else column.kind,
        is_open=True,
        choices=choices,
        hint=hint,
        is_required=column.is_required,
        is_free=column.is_free,
        low=column.low if declared is None else declared.low,
        high=column.high if declared is None else declared.high,
        note=" ".join(filter(None, (hint, kept))),
        example=column.example,
    )


def _hint(column: FormColumn, declared: Column | None, say: Words) -> str:
    """Return what a column wants, in a sentence or two."""
    parts = [column.hint]
    if declared is not None and declared.kind in ("number", "integer"):
        parts.append(say("templates.takes", expected=expected_told(declared, say)))
    return " ".join(part for part in parts if part)


def _guide(form: BlankForm, say: Words) -> tuple[str, ...]:
    """Return how the form is filled in, a sentence or two a row."""
    lines = [say(f"templates.guide_{n}", layer=form.layer) for n in range(1, 5)]
    lines += [*form.notes, say("templates.guide_kept"), say("templates.guide_columns")]
    for column in form.columns:
        key = "templates.column_required" if column.is_required else "templates.column"
        declared = schema(form.layer).column(column.column)
        hint = _hint(column, declared, say) or say("templates.own")
        if declared is not None and declared.values and not column.hint:  # noqa: PD011
            hint = say("templates.takes", expected=expected_told(declared, say))
        kept = " " + say("templates.kept") if column.use == "kept" else ""
        lines.append(say(key, heading=column.heading, hint=hint + kept))
    if not form.verified:
        lines.append(say("templates.source", source=form.source))
    return tuple(lines)

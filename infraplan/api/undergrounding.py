"""Undergrounding: one plan with shares, years, order of works and proof, and all its papers."""

import json
import math
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import date
from functools import partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from typing import Any

from infraplan import atomic
from infraplan.api.kept_files import template_bytes
from infraplan.api.kept_files import write_kept
from infraplan.api.kept_files import zipped
from infraplan.beside import Beside
from infraplan.cables.sharing import Sharing
from infraplan.errors import InfraplanError
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.layers.notes import Note
from infraplan.layers.notes import joined
from infraplan.plan import Plan
from infraplan.plan.results import load_underground
from infraplan.plan.results import store_underground
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.text import words

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from infraplan.cables import CablePlan
    from infraplan.cables.choice_pieces import DrawnParts
    from infraplan.cables.phasing import PhasingPlan
    from infraplan.cables.subsets import StreetSubsets
    from infraplan.cables.works import Works
    from infraplan.layers.bundle import Layers

__all__ = [
    "Programme",
    "Sharing",
    "UndergroundFiles",
    "bring_papers",
    "checked_template",
    "underground",
    "underground_again",
    "write_underground",
]

READ = (
    "streets", "roads", "ducts", "fibre", "cable_survey", "waterways", "rail", "buildings", "poles",
    "chambers", "communes", "road_works", "sites", "institutions", "sources",
)  # fmt: skip
BOOKS = ("prices", "works", "investment", "funding", "phasing")
PAPERS_NEED = ("matplotlib.figure", "matplotlib.backends.backend_agg", "docxtpl", "xlsxwriter")
STEP = "underground"
PAPERS = "underground_papers"
TEMPLATE = "underground_template.docx"  # kept among the results, so that `run` fills it again
TIME_LIMIT_S = 120.0  # of a search that nobody has set another for
SUBSET_SECONDS = 120.0  # for one choice of streets, which takes milliseconds unless busy


@dataclass(frozen=True, slots=True)
class Programme:
    """
    Years in which streets are built, and the wishes of who decides.

    `budget_vnd` is what each of `years` may spend; `forced` streets must be built, those in
    `by_year` by a year, `left_out` ones not at all.
    """

    years: tuple[int, ...] = ()
    budget_vnd: tuple[int, ...] = ()
    forced: tuple[str, ...] = ()
    by_year: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse years without money, and wishes without years."""
        wrong: list[str] = []
        if list(self.years) != sorted(set(self.years)):
            wrong.append(Note("asked.years_rise", found=", ".join(map(str, self.years))))
        if len(self.years) != len(self.budget_vnd):
            counts = {"years": str(len(self.years)), "sums": str(len(self.budget_vnd))}
            wrong.append(Note("asked.money_of_years", **counts))
        if not self.years and (self.forced or self.by_year or self.left_out):
            wrong.append(Note("asked.wishes_need_years"))
        if any(money < 0 for money in self.budget_vnd):
            wrong.append(Note("asked.money_negative"))
        elif self.budget_vnd and not any(self.budget_vnd):
            wrong.append(Note("asked.no_money"))
        known = ", ".join(map(str, self.years))
        wrong += [
            Note("asked.other_year", street=street, year=str(year), years=known)
            for street, year in self.by_year.items()
            if self.years and year not in self.years
        ]
        if wrong:
            raise SettingsError(joined(wrong))


def underground(
    plan: Plan,
    *,
    streets: Sequence[str] | None = None,
    area: Path | str | None = None,
    sharing: Sharing | None = None,
    programme: Programme | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    progress: Progress | None = None,
) -> "CablePlan":
    """
    Plan how the aerial cable of some streets goes underground, who pays, and in which order.

    Parameters
    ----------
    plan
        The plan.
    streets
        Names or ids of streets, `name: from - to` for a part of one; those of the plan's settings
        where neither streets nor area is given.
    area
        File with the outline of the area instead of streets, or None.
    sharing
        Rule of sharing, public share, owners that rent; by diameter and without the public where
        None.
    programme
        Years with their money, and wishes; None: all at once.
    time_limit_s
        Time after which a search stops early, > 0 [s].
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        Segments, chambers, crossings, drops, bill and shares, with cost, bound and gap, and the
        tables of `infraplan.cables.study`.

    Raises
    ------
    SettingsError
        If no streets are chosen, a street or an owner is not known (near names are listed), or a
        price or rule is missing.
    NoRouteError
        If no trench can join the two ends of a cable.
    LayerError
        If a survey names what the plan does not know.
    """
    chosen = tuple(streets or ()) or (() if area else plan.settings.underground_streets)
    if not chosen and area is None:
        raise SettingsError(Note("asked.no_streets"))
    outline = None
    if area is not None:
        from infraplan.io import read_outline

        outline = read_outline(Path(area), crs=plan.settings.crs).geometry.union_all()
    asked = sharing or Sharing(), programme or Programme()
    return _computed(plan, chosen, outline, asked, time_limit_s, progress)


def underground_again(plan: Plan, *, progress: Progress | None = None) -> "CablePlan":
    """
    Bring the plan of undergrounding up to date as it was last asked for.

    Parameters
    ----------
    plan
        The plan.
    progress
        Called with the share done.

    Returns
    -------
    cable_plan
        Streets or area, sharing and programme of the plan that is kept. Those of the settings, and
        nothing else asked, where none is kept or the streets of the settings have changed since.

    Raises
    ------
    SettingsError
        As `underground` does.
    """
    record = plan.record(STEP)
    kept = {} if record is None else record.figures.get("asked", {})
    if kept.get("settings") != list(plan.settings.underground_streets):
        return underground(plan, progress=progress)
    import shapely

    outline = None if kept["area"] is None else shapely.from_wkt(kept["area"])
    sharing = Sharing(**{**kept["sharing"], "renting": tuple(kept["sharing"]["renting"])})
    wishes = kept["programme"]
    by_year = wishes.pop("by_year")
    programme = Programme(**{key: tuple(value) for key, value in wishes.items()}, by_year=by_year)
    return _computed(
        plan, tuple(kept["streets"]), outline, (sharing, programme), TIME_LIMIT_S, progress
    )


def _computed(
    plan: Plan,
    chosen: tuple[str, ...],
    outline: Any,  # noqa: ANN401 - a geometry
    asked: tuple[Sharing, Programme],
    time_limit_s: float,
    progress: Progress | None,
) -> "CablePlan":
    """Return the plan that is kept where nothing has changed, else a new one, which is kept."""
    layers = plan.layers(rasters=("terrain",))
    layers.need("streets", step=STEP)
    books = {kind: plan.configuration(kind) for kind in BOOKS}
    options = {
        "streets": chosen,
        "area": None if outline is None else outline.wkt,
        "books": books,
        "sharing": asdict(asked[0]),
        "programme": asdict(asked[1]),
    }
    key = plan.step_key(STEP, plan.hashes((*READ, "terrain")), options)
    record = plan.record(STEP)
    if record is not None and record.key == key:
        return load_underground(plan, layers)
    made = _made(layers, books, list(chosen) or None, outline, asked, time_limit_s, progress)
    told = {name: options[name] for name in ("streets", "area", "sharing", "programme")}
    told["settings"] = list(plan.settings.underground_streets)
    store_underground(plan, made, key=key, streets=chosen, asked=told)
    return made


@dataclass(frozen=True, slots=True)
class UndergroundFiles:
    """
    The papers of an undergrounding plan.

    `files` are those just written, the ZIP last; `edited` names what people had changed since, and
    the copy in which it is kept; `held` what was open elsewhere, and the file written instead.
    """

    folder: Path
    files: tuple[Path, ...]
    edited: tuple[tuple[str, str], ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    is_synthetic: bool = False


def checked_template(path: Path | str) -> bytes:
    """
    Return the office's own template of the memo, before anything is computed for it.

    Parameters
    ----------
    path
        Word file.

    Returns
    -------
    content
        Its bytes.

    Raises
    ------
    SourceFileError
        If it cannot be read or is no Word file.
    """
    from infraplan.reports.template import check_template

    content = template_bytes(path)
    check_template(content)
    return content


def write_underground(
    plan: Plan,
    *,
    cable_plan: "CablePlan | None" = None,
    sharing: Sharing | None = None,
    as_of: date | None = None,
    template: Path | str | None = None,
    progress: Progress | None = None,
) -> UndergroundFiles:
    """
    Write the papers of the undergrounding plan into `PLAN/reports/underground/`.

    Parameters
    ----------
    plan
        The plan.
    cable_plan
        Result; the one that the plan keeps where None.
    sharing
        Who pays, as the workbook begins; as the plan was asked for where None.
    as_of
        Day that the papers bear; none where None.
    template
        The office's own Word template of the memo, of which the plan keeps a copy for
        `bring_papers`; ours where None, and the copy is given up.
    progress
        Called with the share done.

    Returns
    -------
    files
        Memo, bill of quantities, drawings, findings for QGIS, map, and one ZIP of all. The same
        result and day give the same bytes.

    Raises
    ------
    PlanError
        If there is no plan of undergrounding, or a file cannot be written.
    SourceFileError
        If the template cannot be read, or names placeholders that are not known.
    """
    own = None if template is None else checked_template(template)
    name = None if template is None else Path(template).name
    return _written(plan, cable_plan, sharing, as_of, (own, name), progress)


def _written(
    plan: Plan,
    cable_plan: "CablePlan | None",
    sharing: Sharing | None,
    as_of: date | None,
    template: tuple[bytes | None, str | None],
    progress: Progress | None,
) -> UndergroundFiles:
    """Write the papers with a template, and keep the template."""
    own, template_name = template
    made = cable_plan or load_underground(plan, plan.layers(rasters=("terrain",)))
    say = words(plan.settings.language)
    is_synthetic = bool(made.layers.synthetic() or made.provenance.synthetic)
    mark = say("letters.file_mark") if is_synthetic else ""
    contents = {
        f"{mark}{name}": content
        for name, content in _papers(
            plan, made, sharing or made.sharing, as_of, own, progress
        ).items()
    }
    folder = plan.folder / "reports" / STEP
    archive = f"{mark}{say('undergrounding.file_zip')}.zip"
    contents[archive] = zipped(contents, as_of)
    done = write_kept(
        plan, f"papers/{STEP}", folder, contents, edited_word=say("letters.file_edited")
    )
    part(progress, 0.0, 1.0)(1.0)
    if own is None:
        with suppress(OSError):  # held by Word, say: the record tells that it is not ours any more
            (plan.results / TEMPLATE).unlink(missing_ok=True)
    else:
        atomic.write_bytes(plan.results / TEMPLATE, own)
    if (key := _papers_key(plan, own)) is not None:
        figures = {
            "is_synthetic": is_synthetic,
            "order": [path.name for path in done.paths],
            "template": template_name,
        }
        plan.write_record(
            PAPERS, key=key, files=done.paths, figures=figures, provenance=made.provenance
        )
    return UndergroundFiles(folder, done.paths, done.edited, done.held, is_synthetic)


def bring_papers(
    plan: Plan, *, as_of: date | None = None, progress: Progress | None = None
) -> UndergroundFiles:
    """
    Write the papers of the undergrounding plan where they are not those of its present result.

    Parameters
    ----------
    plan
        The plan.
    as_of
        Day that the papers bear; none where None.
    progress
        Called with the share done.

    Returns
    -------
    files
        As `write_underground` returns them, with the template that was last given; those of the
        last time where nothing has changed since.

    Raises
    ------
    PlanError
        If there is no plan of undergrounding, or a file cannot be written.
    SourceFileError
        If the template that was last given is no longer kept.
    """
    record = plan.record(PAPERS)
    kept = plan.results / TEMPLATE
    name: str | None = None if record is None else record.figures.get("template")
    if name is not None and not kept.exists():
        raise SourceFileError(Note("asked.template_gone", name=name, plan=plan.folder.name))
    is_ours = kept.exists() and (record is None or name is not None)
    own = checked_template(kept) if is_ours else None
    if record is None or record.key != _papers_key(plan, own):
        told = None if own is None else name or TEMPLATE
        return _written(plan, None, None, as_of, (own, told), progress)
    place = {name: k for k, name in enumerate(record.figures["order"])}
    paths = sorted((plan.folder / name for name in record.files), key=lambda p: place[p.name])
    folder = plan.folder / "reports" / STEP
    return UndergroundFiles(folder, tuple(paths), is_synthetic=record.figures["is_synthetic"])


def _papers_key(plan: Plan, template: bytes | None) -> str | None:
    """Return what the papers depend on, None where the plan keeps no result."""
    record, told = plan.record(STEP), plan.settings
    if record is None:
        return None
    office = [told.language, told.name, told.office, told.office_parent, told.office_place]
    options: dict[str, Any] = {"underground": record.key, "office": office}
    if template is not None:
        options["template"] = sha256(template).hexdigest()
    return plan.step_key(PAPERS, {}, options)


def _papers(
    plan: Plan,
    made: "CablePlan",
    sharing: Sharing,
    as_of: date | None,
    template: bytes | None,
    progress: Progress | None,
) -> dict[str, bytes]:
    """Return the papers by name."""
    settings, tell = plan.settings, part(progress, 0.0, 0.95)
    say = words(settings.language)

    def drawn() -> tuple[bytes, dict[str, bytes]]:
        """Return the memo, and the drawings by name."""
        from infraplan.maps.street_picture import street_picture
        from infraplan.reports import Office
        from infraplan.reports.drawings import street_drawings
        from infraplan.reports.underground_memo import approval_memo

        office = Office(settings.office, settings.office_parent, settings.office_place)
        memo = approval_memo(
            made, say, office=office, template=template, sketch=street_picture(made, say),
            made_on=as_of,
        )  # fmt: skip
        sheets = street_drawings(made, say, made_on=as_of)
        return memo, {f"{sheet.stem}.svg": sheet.svg for sheet in sheets}

    beside = Beside(drawn)
    from infraplan import maps
    from infraplan.cables.funding import FundingTerms
    from infraplan.cables.plan_told import finding_told
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.validation import finding_points
    from infraplan.reports.underground_bill import underground_bill

    tell(0.1)
    with TemporaryDirectory() as folder:
        bill = underground_bill(
            made,
            Path(folder) / "bill.xlsx",
            words=say,
            prices=PriceBook.from_dict(plan.configuration("prices")),
            terms=FundingTerms.from_dict(plan.configuration("funding")),
            rule=sharing.rule,
            public_share=sharing.public_share,
        ).read_bytes()
    tell(0.3)
    page = maps.underground(made, language=settings.language)
    tell(0.5)
    memo, drawings = beside.result()
    papers = {
        f"{say('undergrounding.file_memo')}.docx": memo,
        f"{say('undergrounding.file_bill')}.xlsx": bill,
        page.file_name(say("undergrounding.file_map")): page.html.encode("utf-8"),
    }
    folder_name = say("undergrounding.folder_drawings")
    papers |= {f"{folder_name}/{name}": svg for name, svg in drawings.items()}
    points = finding_points(made.findings, crs=made.layers.crs)
    points["told"] = [finding_told(row, say) for row in points.to_dict("records")]
    papers[f"{say('undergrounding.file_findings')}.geojson"] = _geojson(points)
    tell(1.0)
    return papers


def _geojson(points: "gpd.GeoDataFrame") -> bytes:
    """Return findings as points that QGIS opens, in degrees as the format demands."""
    table = points.reset_index().to_crs("EPSG:4326")
    content = json.loads(table.to_json(drop_id=True))
    return json.dumps(content, ensure_ascii=False).encode("utf-8")


def _made(
    layers: "Layers",
    books: Mapping[str, Mapping[str, Any]],
    streets: list[str] | None,
    outline: Any,  # noqa: ANN401 - a geometry
    asked: tuple[Sharing, Programme],
    time_limit_s: float,
    progress: Progress | None,
) -> "CablePlan":
    """Return the plan with all its tables."""
    from infraplan.cables.choice_pieces import DrawnParts
    from infraplan.cables.cutover import cutover_order
    from infraplan.cables.drums import drum_plan
    from infraplan.cables.optical import optical_budget
    from infraplan.cables.prices import PriceBook
    from infraplan.cables.profiles import long_profiles
    from infraplan.cables.technical import WorkRules
    from infraplan.cables.underground import plan_works
    from infraplan.cables.validation import validate_underground
    from infraplan.cables.works import prepare_works

    tell = part(progress, 0.0, 1.0)
    prices = PriceBook.from_dict(books["prices"])
    rules = WorkRules.from_dict(books["works"])
    works = prepare_works(layers, streets=streets, area=outline, prices=prices, rules=rules)
    sharing, programme = _known(works, *asked)
    tell(0.1)
    drawn = DrawnParts(works)
    whole = _Whole(works, time_limit_s)
    choices = _choices(works, whole, drawn)
    tell(0.5)
    whole.wait()
    made = plan_works(works, time_limit_s=time_limit_s)
    made = _with_choices(made, drawn, choices, books, sharing)
    tell(0.8)
    drums = drum_plan(made.cables, made.segments, made.chambers, rules=rules)
    made = replace(
        made,
        drums=drums,
        cables=optical_budget(made.cables, rules, pieces=drums),
        profiles=long_profiles(made),
    )
    if programme.years:
        made = _with_years(made, works, books["phasing"], programme, time_limit_s)
    made = replace(made, cutover=cutover_order(made))
    made = replace(made, findings=validate_underground(made, rules))
    tell(1.0)
    return made


class _Whole:
    """The plan of all streets with its proof, worked out beside the choices among them."""

    def __init__(self, works: "Works", time_limit_s: float) -> None:
        self.works = works
        self.is_done = False
        _plan_one(works)  # what this loads, both have
        self._beside = Beside(partial(works.parts, time_limit_s=time_limit_s), may_thread=True)

    def wait(self) -> None:
        """Wait until the works know the plan of all of them."""
        if not self.is_done:
            # whatever time is granted later, no more is spent on what was asked for here
            self.works.keep(self._beside.result(), time_limit_s=math.inf)
            self.is_done = True

    @property
    def is_ready(self) -> bool:
        """Return whether there is nothing to wait for."""
        return self.is_done or self._beside.is_ready


def _plan_one(works: "Works") -> None:
    """Plan a street, one of the choices to come, that is not by itself all there is to prove."""
    groups = works.groups()
    single = next((name for name in works.streets if {name} not in groups), None)
    if single is not None:
        with suppress(InfraplanError):  # what is wrong with the whole is told first
            works.parts(frozenset({single}), time_limit_s=SUBSET_SECONDS)


def _known(works: "Works", sharing: Sharing, programme: Programme) -> tuple[Sharing, Programme]:
    """Return what was asked with the names of the plan; refuse those that it does not have."""
    from infraplan.cables.chosen import plain_text

    wrong: list[str] = []

    def meant(name: str, names: Sequence[str], code: str) -> str:
        """Return the name that is meant; accents and case do not matter."""
        near = [known for known in names if plain_text(known) == plain_text(name)]
        if name not in names and len(near) != 1:
            wrong.append(Note(code, name=name, known=", ".join(names)))
        return name if name in names or not near else near[0]

    def street(name: str) -> str:
        """Return the street that is meant."""
        return meant(name, works.streets, "asked.not_chosen")

    renting = tuple(
        dict.fromkeys(meant(name, works.owners, "asked.no_owner") for name in sharing.renting)
    )
    forced = tuple(dict.fromkeys(street(name) for name in programme.forced))
    by_year = {street(name): year for name, year in programme.by_year.items()}
    left_out = tuple(dict.fromkeys(street(name) for name in programme.left_out))
    both = [name for name in dict.fromkeys((*forced, *by_year)) if name in left_out]
    wrong += [Note("asked.both_wishes", street=name) for name in both]
    if wrong:
        raise SettingsError(joined(list(dict.fromkeys(wrong))))
    wished = replace(programme, forced=forced, by_year=by_year, left_out=left_out)
    return replace(sharing, renting=renting), wished


def _choices(works: "Works", whole: _Whole, drawn: "DrawnParts") -> "StreetSubsets":
    """
    Return every choice of the streets, planned while the proof of all of them is worked out.

    So are the drawings of the choices, and what papers will need is loaded; streets of which the
    whole consists are taken from there. What is wrong with the whole is told first.
    """
    from infraplan.cables.subsets import street_subsets

    groups = works.groups()

    def dig(streets: frozenset[str], owners: frozenset[str] | None) -> Any:  # noqa: ANN401 - Dug
        """Return works in some streets; those of the whole are waited for."""
        if streets in groups and len(owners or works.owners) == len(works.owners):
            drawn.draw(part for part in works.planned() if works.names(part.units) not in groups)
            _load_papers(whole)
            whole.wait()
        return works.dug(streets, owners, time_limit_s=SUBSET_SECONDS)

    try:
        return street_subsets(works.streets, dig, joins=works.joins)
    except InfraplanError:
        whole.wait()
        raise


def _load_papers(whole: _Whole) -> None:
    """Load what the papers will need for as long as the whole is waited for."""
    for name in PAPERS_NEED:
        if whole.is_ready:
            return
        import_module(name)


def _with_choices(
    made: "CablePlan",
    drawn: "DrawnParts",
    choices: "StreetSubsets",
    books: Mapping[str, Mapping[str, Any]],
    sharing: Sharing,
) -> "CablePlan":
    """Return the plan with every choice of its streets, shares, funding and total investment."""
    import pandas as pd

    from infraplan.cables.choice_pieces import choice_pieces
    from infraplan.cables.funding import FundingTerms
    from infraplan.cables.funding import funding_table
    from infraplan.cables.funding import rent_table
    from infraplan.cables.investment import InvestmentRates
    from infraplan.cables.investment import investment_table
    from infraplan.cables.shares import share_rules
    from infraplan.cables.subsets import alone_costs

    works = drawn.works
    whole = works.dug()
    alone = dict.fromkeys(works.owners, 0)
    alone |= alone_costs(works.streets, works.dug, joins=works.joins)
    rates = InvestmentRates.from_dict(books["investment"])
    terms = FundingTerms.from_dict(books["funding"])
    rents = rent_table(made.cables, terms)
    is_confirmed = all(flag is True or flag == 1 for flag in made.assumptions["verified"])
    subsets = choices.subsets
    if len(subsets):
        totals = [
            _total_vnd(investment_table(cost, rates, is_confirmed=is_confirmed))
            for cost in subsets["cost_vnd"].astype("int64").tolist()
        ]
        subsets = subsets.assign(investment_vnd=totals)
    funding = funding_table(
        whole, rents, terms, rule=sharing.rule, alone_vnd=alone,
        public_share=sharing.public_share, renting=sharing.renting,
    )  # fmt: skip
    paid = funding["capital_vnd"].xs(sharing.model, level="model").astype("int64")
    paid = paid[(paid > 0) | paid.index.isin(works.owners)]
    shares = pd.DataFrame({"operator": paid.index.astype(object), "cost_vnd": paid.to_numpy()})
    shares["share"] = shares["cost_vnd"] / max(made.cost_vnd, 1)
    pieces = choice_pieces(drawn, made, subsets, terms, time_limit_s=SUBSET_SECONDS)
    return replace(
        made,
        pieces=pieces.pieces,
        subset_parts=pieces.parts,
        subset_rents=pieces.rents,
        shares=shares[["operator", "share", "cost_vnd"]].astype({"cost_vnd": "int64"}),
        share_rules=share_rules(whole, alone),
        rents=rents,
        funding=funding,
        sharing=sharing,
        investment=investment_table(made.cost_vnd, rates, is_confirmed=is_confirmed),
        subsets=subsets,
        subset_shares=choices.subset_shares,
        provenance=_noted(made, choices.notes),
    )  # fmt: skip


def _total_vnd(investment: "pd.DataFrame") -> int:
    """Return the total investment."""
    amounts = investment["amount_vnd"]
    return int(amounts[amounts.index == "total"].sum())


def _noted(made: "CablePlan", notes: Sequence[str]) -> Any:  # noqa: ANN401 - Provenance
    """Return the provenance with more notes."""
    return replace(made.provenance, notes=(*made.provenance.notes, *notes))


def _with_years(
    made: "CablePlan",
    works: "Works",
    table: Mapping[str, Any],
    programme: Programme,
    time_limit_s: float,
) -> "CablePlan":
    """Return the plan with the year of each street, and its bill by years."""
    import pandas as pd

    from infraplan.cables.phasing import PhasingProblem
    from infraplan.cables.phasing import PhasingWishes
    from infraplan.cables.phasing import phase_streets
    from infraplan.cables.worth import PhasingRules
    from infraplan.cables.worth import street_worth

    years, streets = list(programme.years), list(works.streets)
    worth = street_worth(made.layers, streets, PhasingRules.from_dict(table), years=years)
    billed = made.lines.groupby("street")["cost_vnd"].sum().to_dict()
    cost_vnd = {name: int(billed.get(name, 0)) for name in streets}
    found: PhasingPlan = phase_streets(
        PhasingProblem(
            cost_vnd=worth.costs(cost_vnd),
            worth=worth.by_year,
            budget_vnd=dict(zip(years, programme.budget_vnd, strict=True)),
            joins=works.joins,
            roots=_roots(made, works),
            reasons=worth.reasons(),
        ),
        wishes=PhasingWishes(programme.forced, programme.by_year, programme.left_out),
        time_limit_s=time_limit_s,
    )
    year_of = found.phases["year"].dropna().astype(int).to_dict()
    lines = made.lines.assign(phase=made.lines["street"].map(year_of).fillna(0).astype("int64"))
    faults = {(fault.street, fault.kind): fault for fault in found.faults}
    told = [faults.get((str(street), str(kind))) for street, kind in found.wishes.index]
    wishes = found.wishes.copy()
    for column in ("reason", "year", "short_vnd"):
        values = [None if fault is None else getattr(fault, column) for fault in told]
        wishes[column] = pd.Series(values, index=wishes.index, dtype="object")
    return replace(
        made, lines=lines, phases=found.phases, years=found.years, wishes=wishes,
        provenance=_noted(made, worth.notes),
    )  # fmt: skip


def _roots(made: "CablePlan", works: "Works") -> frozenset[str]:
    """Return the streets with ducts of today; every street where a group of streets has none."""
    has_ducts = set(made.segments.loc[made.segments["kind"] == "duct", "street"].astype(str))
    roots: set[str] = set()
    for group in works.groups():
        roots |= (group & has_ducts) or group
    return frozenset(roots)

"""What a step found, told in a few lines: figures with their definition, then where to look."""

import json
import math
import re
from collections.abc import Iterable
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from typing import Any
from typing import Protocol

from infraplan.cables.plan_told import dearer_than_alone
from infraplan.cables.plan_told import later_cost_vnd
from infraplan.cables.plan_told import left_out_told
from infraplan.cables.plan_told import shares_told
from infraplan.cables.plan_told import street_told
from infraplan.cables.shared_told import pair_proof
from infraplan.cables.shared_told import shared_part
from infraplan.cables.shared_told import sharing_told
from infraplan.cables.sharing import tenants
from infraplan.cli.console import heading
from infraplan.cli.console import progress_bar
from infraplan.cli.console import say
from infraplan.cli.console import shown_path
from infraplan.layers.notes import note_told
from infraplan.text import Words

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from infraplan.api.comparing import Compared
    from infraplan.api.measure import CalibrationDone
    from infraplan.api.point_check import PointCheck
    from infraplan.cables import CablePlan
    from infraplan.cables import Route
    from infraplan.coverage import Gaps
    from infraplan.plan import Plan
    from infraplan.radio.results import Coverage
    from infraplan.sites import Appraisal
    from infraplan.sites import Proposal

__all__ = [
    "layer_words",
    "table_lines",
    "tell_appraisal",
    "tell_calibration",
    "tell_comparison",
    "tell_coverage",
    "tell_gaps",
    "tell_notes",
    "tell_papers",
    "tell_point",
    "tell_proposal",
    "tell_route",
    "tell_run",
    "tell_sample",
    "tell_underground",
]

PROPOSALS = ("approve", "approve_with_conditions", "reject", "needs_information")


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """
    Return rows as aligned columns.

    Parameters
    ----------
    rows
        Cells of each row, at least one row; the first are the headings.

    Returns
    -------
    lines
        A line a row, and one below the headings.
    """
    widths = [max(len(str(row[n])) for row in rows) for n in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = (str(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  " + "  ".join(cells).rstrip())
        if number == 0:
            lines.append("  " + "  ".join("-" * width for width in widths))
    return lines


def tell_sample(plan: "Plan", words: Words) -> None:
    """
    Tell what a sample plan holds, and what of it is made up.

    Parameters
    ----------
    plan
        The plan.
    words
        Catalogue to speak with.
    """
    from infraplan.cables import fibre_lengths
    from infraplan.coverage import inventory
    from infraplan.sites.register import is_open

    layers = plan.layers(["communes", "hamlets", "sites", "fibre", "requests"], rasters=())
    counted = inventory(layers)
    heading(words("cli.plan_title", name=plan.settings.name))
    say(shown_path(plan.folder))
    say(words("cli.synthetic", layers=", ".join(layer_words(layers.synthetic(), words))))
    total = counted.totals
    say(
        words(
            "cli.sample_counts",
            communes=words.number(len(layers.table("communes"))),
            hamlets=words.number(len(layers.table("hamlets"))),
            stations=words.number(total["stations"]),
            masts=words.number(total["positions"]),
            shared=words.number(100 * total["shared_mast_share"], 1),
            requests=words.number(int(is_open(layers.table("requests")).sum())),
        )
    )
    if layers.has("fibre"):
        table = fibre_lengths(layers).T
        lengths = dict(zip(table.index.tolist(), table["total"].tolist(), strict=True))
        say(
            words(
                "cli.sample_fibre",
                cable_km=words.number(lengths["cable_km"]),
                route_km=words.number(lengths["route_km"]),
                aerial=words.number(100 * lengths["aerial_km"] / lengths["cable_km"]),
            )
        )


def tell_notes(notes: Iterable[tuple[str, dict[str, Any]]], words: Words) -> None:
    """
    Tell what a check found worth knowing.

    Parameters
    ----------
    notes
        Codes with their numbers, of `check_layers`.
    words
        Catalogue to speak with.
    """
    for code, values in notes:
        told = dict(values)
        if "layers" in told:
            told["layers"] = ", ".join(layer_words(told["layers"], words))
        if "share" in told:
            told["share"] = words.number(100 * told["share"], 1)
        say(f"  {words(f'cli.note_{code}', **told)}")


def layer_words(layers: Iterable[str], words: Words) -> list[str]:
    """
    Return layers by the names that people use.

    Parameters
    ----------
    layers
        Names of layers.
    words
        Catalogue to speak with.

    Returns
    -------
    names
        In the same order; the layer's own name where the catalogue has none.
    """
    return [words.entries.get(f"maps.name_{layer}", layer) for layer in layers]


def tell_coverage(plan: "Plan", coverage: "Coverage", words: Words) -> None:
    """
    Tell the share of people covered, by technology and operator, with the definition.

    Parameters
    ----------
    plan
        The plan.
    coverage
        Prediction.
    words
        Catalogue to speak with.
    """
    from infraplan.coverage import people_grid

    grid = coverage.geobox
    layers = plan.layers(resolution_m=float(grid.resolution.x))
    people = people_grid(layers, grid).people.to_numpy()
    rows = []
    for technology, operator in sorted(coverage.maps):
        covered = coverage.covered(technology, operator).to_numpy()
        unknown = people[covered != covered].sum()  # noqa: PLR0124 - NaN is unlike itself
        share = people[covered == 1].sum() / people.sum()
        name = words("cli.any_operator") if operator == "any" else operator
        percent = words.number(100 * share, 1), words.number(100 * unknown / people.sum(), 1)
        rows.append((technology, name, *percent))
    heading(words("cli.coverage_title"))
    _table([_heads(words, "technology", "operator", "people_covered", "people_unknown"), *rows])
    say(_definition(coverage, words))


def tell_calibration(done: "CalibrationDone", words: Words) -> None:
    """
    Tell how the tuned model compares on held-out links, and whether that proves anything.

    Parameters
    ----------
    done
        Calibration of a plan.
    words
        Catalogue to speak with.
    """
    made = done.calibration
    for note in (*done.notes, *(str(fault) for fault in done.left_out)):
        say(f"  ! {note_told(note, words)}")
    heading(words("cli.calibration_title", links=made.link_count, blocks=made.block_count))
    names = ("model", "constants", "bias", "rmse", "rmse_range", "rmse_new_sites")
    rows = [
        (
            words(f"radio.model_{_slug(str(name))}"),
            str(int(row["constants"])),
            words.number(row["bias_db"], 1),
            words.number(row["rmse_db"], 2),
            f"{words.number(row['rmse_low_db'], 2)}-{words.number(row['rmse_high_db'], 2)}",
            words.number(row["new_sites_rmse_db"], 2),
        )
        for name, row in made.comparison.iterrows()
    ]
    _table([_heads(words, *names), *rows])
    width_db = float(made.spread["half_width_db"]["all"])
    inside = 100.0 * float(made.spread["inside"]["all"])
    say(
        words(
            "cli.calibration_interval",
            width=words.number(width_db, 1),
            share=words.number(inside, 0),
        )
    )
    difference, low, high = (words.number(value, 2) for value in made.difference_db)
    verdict = "better" if made.model.is_better else "not_better"
    say(words(f"cli.calibration_{verdict}", difference=difference, low=low, high=high))
    if len(made.outliers):
        shown = ", ".join(map(str, made.outliers.index[:10]))
        say(words("cli.calibration_outliers", count=len(made.outliers), ids=shown))


def _slug(name: str) -> str:
    """Return the key of a model's name."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def tell_gaps(gaps: "Gaps", words: Words, *, rows: int = 5) -> None:
    """
    Tell the shares and the hamlets without service, the worst first.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue to speak with.
    rows
        How many hamlets to list.
    """
    from infraplan.reports.programmes import programmes_told
    from infraplan.reports.published import levels_ahead
    from infraplan.reports.published import levels_untold
    from infraplan.reports.published import technologies_ended

    heading(words("cli.gaps_title"))
    _tell_readings(gaps, words)
    shares = gaps.shares
    province = shares[(shares["area_level"] == "province") & (shares["denominator"] == "people")]
    lines = [_heads(words, "technology", "operator", "share", "range", "people_unknown")]
    for _, row in province.sort_values(["technology", "operator"]).iterrows():
        if row["operator"] in ("at_least_two", "all"):
            continue
        name = words("cli.any_operator") if row["operator"] == "any" else row["operator"]
        unknown = 100 * row["unknown"] / row["total"] if row["total"] else 0.0
        lines.append(
            (
                row["technology"],
                name,
                words.number(100 * row["share"], 1),
                " - ".join(words.number(100 * row[end], 1) for end in ("share_low", "share_high")),
                words.number(unknown, 1),
            )
        )
    _table(lines)
    say(_definition_of(gaps, words))
    for line in (*technologies_ended(gaps, words), *levels_ahead(gaps, words)):
        say(line)
    hamlets = gaps.hamlets[~gaps.hamlets.index.astype(str).str.endswith("-rest")]
    short = hamlets[hamlets["level"].isin(["none", "weak", "2g_only"])]
    say()
    by_terrain = int((short["cause"] == "terrain").sum())
    counted = {"count": len(short), "hamlets": len(hamlets), "terrain": by_terrain}
    told_of = {key: words.number(value) for key, value in counted.items()}
    say("\n".join(levels_untold(gaps, words)) or words("cli.gaps_count", **told_of))
    _tell_hamlets(short.sort_values("rank").head(rows), gaps, words)
    counts = hamlets["certainty"].value_counts()
    told = {"confirmed": "confirmed", "likely": "likely", "open": "to_be_measured"}
    numbers = {key: words.number(int(counts.get(name, 0))) for key, name in told.items()}
    say(words("cli.gaps_certainty", **numbers))
    for line in programmes_told(gaps, words):
        say(line)


def _tell_hamlets(worst: "pd.DataFrame", gaps: "Gaps", words: Words) -> None:
    """Tell hamlets without service, with cause and cheapest fix."""
    from infraplan.coverage.readings import cause_told
    from infraplan.coverage.readings import fix_told

    lines = [_heads(words, "hamlet", "commune", "people_uncovered", "level", "nearest")]
    for _, row in worst.iterrows():
        low, high = row["people_uncovered_low"], row["people_uncovered_high"]
        nearest = "" if row["nearest_site_m"] is None else _km(row["nearest_site_m"], words)
        lines.append(
            (
                str(row["name"]),
                str(row["commune"]),
                words.people_range(row["people_uncovered"], low, high),
                words(f"cli.level_{row['level']}"),
                nearest,
            )
        )
    _table(lines)
    for area in worst.to_dict("records"):
        known = {str(key): value for key, value in area.items()}
        why = cause_told(known, words)
        fix = fix_told(known, words, technology=gaps.definition.technology)
        say(f"  {area['name']}: " + " -> ".join(part for part in (why, fix) if part))


def _tell_readings(gaps: "Gaps", words: Words) -> None:
    """Tell the headline's share by every denominator, side by side."""
    from infraplan.coverage.readings import readings_of

    table = readings_of(gaps.shares, gaps.definition.technology)
    known = [name for name in table if not str(name).endswith(("_low", "_high"))]
    say(words("cli.readings", technology=gaps.definition.technology))
    of = [words(f"reports.denominator_{name}") for name in known]
    lines = [(words("cli.head_operator"), *of)]
    for operator, row in zip(table.index, table[known].to_numpy(), strict=True):
        told = words.entries.get(f"reports.operator_{operator}", str(operator))
        lines.append((told, *(words.number(100 * float(share), 1) for share in row)))
    _table(lines)
    say()


def tell_comparison(made: "Compared", words: Words) -> None:
    """
    Tell who gains and loses, or how far measurements agree, by the tables that the map prints.

    Parameters
    ----------
    made
        Comparison.
    words
        Catalogue to speak with.
    """
    from infraplan.coverage import MeasuredAgreement
    from infraplan.maps.comparing import comparison_definition
    from infraplan.maps.comparing import comparison_tables
    from infraplan.maps.comparing import measured_tables

    found, sides = made.found, made.sides
    names = {name: getattr(sides, name) for name in ("first", "second", "technology", "operator")}
    heading(words("cli.compared_title", **names))
    if isinstance(found, MeasuredAgreement):
        tables, verdict = measured_tables(found, made.coverage, words)
        say(verdict)
    else:
        tables = comparison_tables(found, sides, words)
    for table in tables:
        say(table.title)
        _table([table.heads, *table.rows])
        if table.note:
            say(table.note)
        say()
    for sentence in comparison_definition(found, sides, made.coverage, words):
        say(sentence)


def tell_point(made: "PointCheck", plan: "Plan", words: Words) -> None:
    """
    Tell who serves a place and how surely, why others do not, and where the files are.

    Parameters
    ----------
    made
        Check of the place.
    plan
        The plan.
    words
        Catalogue to speak with.
    """
    from infraplan.coverage import point_told as told

    finding = made.finding
    heading(words("cli.point_title", place=made.name))
    if made.synthetic:
        say(words("cli.synthetic", layers=", ".join(layer_words(made.synthetic, words))))
    for sentence in told.place_told(made.place, words):
        say(sentence)
    say()
    heads, rows = told.servers_told(finding, words)
    _table([heads, *rows])
    for sentence in told.definition_told(finding, words):
        say(sentence)
    for note in made.notes:
        say(words(f"coverage.point_note_{note}"))
    say()
    causes = told.causes_told(finding, words)
    say(words("cli.point_why" if causes else "cli.point_all_served"))
    for sentence in causes:
        say(f"  {sentence}")
    say()
    say(words("cli.point_near"))
    for sentence in (*told.evidence_told(finding, words), *told.measurements_told(finding, words)):
        say(f"  {sentence}")
    say()
    if made.picture_path is not None:
        say(words("cli.point_picture", path=shown_path(made.picture_path)))
    say(words("cli.point_tables", path=shown_path(made.path)))
    say(words("cli.next_point", folder=shown_path(plan.folder)))


def tell_appraisal(appraisal: "Appraisal", words: Words) -> None:
    """
    Tell the proposal for each request with its first reason.

    Parameters
    ----------
    appraisal
        Result.
    words
        Catalogue to speak with.
    """
    requests = appraisal.requests.sort_values("rank")
    heading(words("cli.appraisal_title", batch=appraisal.batch, count=len(requests)))
    counts = requests["proposal"].value_counts()
    told = [
        f"{words(f'sites.{kind}')}: {words.number(int(counts.get(kind, 0)))}" for kind in PROPOSALS
    ]
    say("; ".join(told))
    lines = [_heads(words, "request", "proposal", "people_gained", "people_marginal", "reason")]
    for request_id, row in requests.iterrows():
        gained = words.people_range(
            row["people_gained"], row["people_gained_low"], row["people_gained_high"]
        )
        added, kind = words.people(float(row["marginal_people"])), words(f"sites.{row['proposal']}")
        lines.append((str(request_id), kind, gained, added, _reason(row, words)))
    _table(lines)


def tell_proposal(proposal: "Proposal", words: Words) -> None:
    """
    Tell the proposed sites and how good the choice provably is.

    Parameters
    ----------
    proposal
        Result.
    words
        Catalogue to speak with.
    """
    from infraplan.sites.told import action_told
    from infraplan.sites.told import sentences_of

    gained = float(proposal.people_gained.sum())
    heading(words("cli.proposal_title", count=len(proposal.sites)))
    heads = ("site", "people_gained")
    lines = [(*_heads(words, *heads), words("actions.head_action"), words("actions.head_cost"))]
    for (site_id, people), (_, row) in zip(
        proposal.people_gained.items(), proposal.sites.iterrows(), strict=True
    ):
        cost = words.number(row["cost_vnd"] / 1e6)
        lines.append((str(site_id), words.people(float(people)), action_told(row, words), cost))
    _table(lines)
    say(
        words(
            "cli.proposal_bound",
            people=words.people(gained),
            bound=words.people(proposal.bound),
            gap=words.number(100 * proposal.gap, 1),
        )
    )
    for sentence in sentences_of(proposal, words):
        say(sentence)


class Papers(Protocol):
    """Files that were just written: letters of a batch, papers of a plan of streets."""

    @property
    def files(self) -> "tuple[Path, ...]":
        """Return the files, the archive last."""

    @property
    def edited(self) -> tuple[tuple[str, str], ...]:
        """Return what people had changed, and the copy in which it is kept."""

    @property
    def held(self) -> tuple[tuple[str, str], ...]:
        """Return what was open elsewhere, and the file written instead."""

    @property
    def is_synthetic(self) -> bool:
        """Return whether any input is made up."""


def tell_papers(papers: Papers, words: Words) -> None:
    """
    Tell which files were written, what people had edited, what was open elsewhere.

    Parameters
    ----------
    papers
        Files.
    words
        Catalogue to speak with.
    """
    for path in papers.files:
        say(f"  {shown_path(path)}")
    for name, kept in papers.edited:
        say(words("letters.files_edited", name=name, kept=kept))
    for name, written in papers.held:
        say(words("letters.files_held", name=name, written=written))
    if papers.is_synthetic:
        say(words("letters.files_synthetic", mark=words("letters.file_mark")))


def tell_underground(cable_plan: "CablePlan", words: Words) -> None:
    """
    Tell what goes underground, its cost and how far that is from the cheapest possible.

    Parameters
    ----------
    cable_plan
        Result.
    words
        Catalogue to speak with.
    """
    heading(words("cli.underground_title"))
    length_m = float(cable_plan.segments["length_m"].sum())
    say(
        words(
            "cli.underground_cost",
            length=words.number(length_m),
            chambers=words.number(len(cable_plan.chambers)),
            drops=words.number(len(cable_plan.drops)),
            cost=_billion(cable_plan.cost_vnd, words),
            gap=words.number(math.ceil(round(1000 * cable_plan.gap, 6)) / 10, 1),
        )
    )
    if cable_plan.stretches:
        parts = "; ".join(street_told(cable_plan, name, words) for name in cable_plan.stretches)
        say(words("stretch.only", streets=parts))
    told = zip(
        shares_told(cable_plan, words).values(), cable_plan.shares["cost_vnd"].tolist(), strict=True
    )
    shares = "; ".join(f"{payer} {_billion(float(cost_vnd), words)}" for payer, cost_vnd in told)
    say(words("cli.underground_shares", shares=shares))
    for sentence in left_out_told(cable_plan, words):
        say(sentence)
    for sentence in dearer_than_alone(cable_plan, words):
        say(sentence)
    if renting := tenants(cable_plan):
        owed = "; ".join(
            f"{owner} {words.number(vnd / 1e6, 1)} {words('choices.ui_million')}"
            for owner, vnd in renting.items()
        )
        say(words("tenants.rents", owners=owed))
    total = cable_plan.investment["amount_vnd"].to_dict()
    if total:
        low, high, whole = (_billion(total[key], words) for key in ("low", "high", "total"))
        say(words("cli.underground_investment", total=whole, low=low, high=high))
    _tell_years(cable_plan, words)
    if not cable_plan.bill["verified"].all():
        say(words("cli.prices_assumed"))


def _tell_years(cable_plan: "CablePlan", words: Words) -> None:
    """Tell which street is built when, and which wishes cannot be fulfilled."""
    phases = cable_plan.phases
    for year, row in cable_plan.years.iterrows():
        named = ", ".join(map(str, phases.index[phases["year"] == year])) or words("cli.no_street")
        cost = _billion(float(row["cost_vnd"]), words)
        say(words("cli.underground_year", year=str(year), streets=named, cost=cost))
    if len(cable_plan.years):
        say(words("dearer.budget"))
    later = ", ".join(map(str, phases.index[phases["year"].isna()])) if len(phases) else ""
    if later:
        cost = _billion(float(later_cost_vnd(cable_plan)), words)
        say(words("cli.underground_later", streets=later, cost=cost))
    wishes = cable_plan.wishes.reset_index()
    for wish in wishes[wishes["possible"] == False].to_dict("records"):  # noqa: E712 - an object
        lacking = float(wish["short_vnd"] or 0.0)
        key = "never_together" if wish["reason"] == "together" and not lacking else wish["reason"]
        money = words.number(lacking)
        told = {"street": str(wish["street"]), "year": f"{wish['year']:.0f}", "money": money}
        say(words(f"phasing.fault_{key}", **told))


def tell_route(route: "Route", words: Words) -> None:
    """
    Tell how long a route is and what it costs.

    Parameters
    ----------
    route
        Result.
    words
        Catalogue to speak with.
    """
    if route.diverse:
        _tell_two_routes(route, words)
        return
    say(
        words(
            "cli.route_found",
            length=words.number(route.length_m),
            cost=_billion(route.cost_vnd, words),
            segments=words.number(len(route.segments)),
        )
    )
    pixel_m = route.provenance.settings.get("pixel_m")
    if isinstance(pixel_m, int | float):
        _tell_land(route, pixel_m, words)


def _tell_land(route: "Route", pixel_m: float, words: Words) -> None:
    """Tell how much of a route over open land lies where, and how sure it is."""
    lengths = route.segments.groupby("placement", sort=False)["length_m"].sum()
    for placement, length_m in lengths.sort_values(ascending=False, kind="stable").items():
        say("  - " + words(f"over_land.on_{placement}", length=words.number(length_m)))
    factor = route.provenance.settings.get("unknown_factor")
    if "unknown" in lengths.index and isinstance(factor, float):
        say(words("over_land.unknown_cover", factor=words.number(factor, 1)))
    say(words("over_land.ground", pixel=words.number(pixel_m)))
    proof = "over_land.proven" if route.optimal else "over_land.gap"
    say(words(proof, gap=words.number(100 * route.gap, 1)))


def _tell_two_routes(route: "Route", words: Words) -> None:
    """Tell how long two routes are, what they cost, and what both use."""
    first_m, second_m = route.lengths_m
    say(
        words(
            "diverse.found",
            first=words.number(first_m),
            second=words.number(second_m),
            cost=_billion(route.cost_vnd, words),
        )
    )
    say(sharing_told(route, words))
    for row in route.common.to_dict("records"):
        say("  - " + shared_part(row, words))
    say(pair_proof(route, words))


def tell_run(plan: "Plan", words: Words, *, as_of: date | None = None) -> None:
    """
    Run every step and tell what each found.

    Parameters
    ----------
    plan
        The plan.
    words
        Catalogue to speak with.
    as_of
        Day for which rules are in force and technologies on air, or None.
    """
    from contextlib import ExitStack

    from infraplan.api import run_plan

    stack = ExitStack()

    def shown(step: str) -> Any:  # noqa: ANN401 - a Progress, entered here
        """Show the progress of a step until the next begins."""
        stack.close()
        return stack.enter_context(progress_bar(words(f"cli.step_{step}")))

    outputs = []
    for done in run_plan(plan, as_of=as_of, progress=shown):
        stack.close()
        _tell_step(done, words)
        if done.step == "map":
            outputs += done.result
        if done.step == "report":
            outputs += [
                path for path in (done.result, done.result.with_suffix(".docx")) if path.exists()
            ]
        if done.step == "underground_papers":
            outputs += [path for path in done.result.files if path.parent == done.result.folder]
    heading(words("cli.outputs"))
    for path in outputs:
        say(shown_path(path))
    say(shown_path(plan.results))
    say(words("cli.next_open"))


def _tell_step(done: Any, words: Words) -> None:  # noqa: ANN401 - a StepDone, imported late
    """Tell the result of one step of a run."""
    tellers: dict[str, Any] = {
        "gaps": tell_gaps,
        "appraise": tell_appraisal,
        "propose": tell_proposal,
        "underground": tell_underground,
    }
    tell = tellers.get(done.step)
    if tell is not None and done.result is not None:
        tell(done.result, words)
    if done.step == "check":
        tell_notes(done.result, words)
        return
    state = words(f"cli.{done.state}", seconds=words.number(done.seconds, 1))
    why = f": {words(f'cli.why_{done.why}')}" if done.why else ""
    say(f"[{words(f'cli.step_{done.step}')}] {state}{why}")


def _definition(coverage: "Coverage", words: Words) -> str:
    """Return in words what covered means in a prediction."""
    profile = coverage.profile
    of_each = {name: profile.technologies[name] for name in coverage.technologies}
    limits = ", ".join(
        f"{name} {entry.quantity} {entry.service_dbm:g} dBm" for name, entry in of_each.items()
    )

    grid = coverage.geobox
    return words(
        "cli.definition",
        p_cov=words.number(100 * profile.p_cov),
        limits=limits,
        model=words(f"common.model_{coverage.settings.model}"),
        resolution=words.number(float(grid.resolution.x)),
        sigma=words.number(profile.sigma_db),
    )


def _definition_of(gaps: "Gaps", words: Words) -> str:
    """Return in words what covered means in a table of gaps."""
    definition = gaps.definition
    limits = ", ".join(f"{name} {value:g} dBm" for name, value in definition.thresholds_dbm.items())
    return words(
        "cli.definition",
        p_cov=words.number(100 * definition.p_cov),
        limits=limits,
        model=words(f"common.model_{definition.model}"),
        resolution=words.number(definition.resolution_m),
        sigma=words.number(definition.sigma_db),
    )


def _reason(row: Any, words: Words) -> str:  # noqa: ANN401 - a row of requests
    """Return the reason that weighs most, in words."""
    reasons = json.loads(row["reasons"])
    if not reasons:
        return ""
    first = reasons[0]
    return words(f"sites.rule_{first['rule']}")


def _heads(words: Words, *keys: str) -> tuple[str, ...]:
    """Return the headings of a table."""
    return tuple(words(f"cli.head_{key}") for key in keys)


def _table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows as aligned columns, the first row being the headings."""
    for line in table_lines(rows):
        say(line)


def _km(distance_m: float, words: Words) -> str:
    """Return a distance in kilometres."""
    return f"{words.number(distance_m / 1000, 1)} km"


def _billion(cost_vnd: float, words: Words) -> str:
    """Return an amount in billions of đồng."""
    return f"{words.number(cost_vnd / 1e9, 2)} {words('cli.billion_vnd')}"

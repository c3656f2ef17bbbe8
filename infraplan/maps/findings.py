"""Results as layers, tables and sentences: what was computed, in the words of an official."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.cables.plan_told import later_cost_vnd
from infraplan.cables.plan_told import shares_told
from infraplan.cables.plan_told import street_told
from infraplan.coverage.readings import readings_of
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import wrap
from infraplan.maps.cards import request_style
from infraplan.maps.classes import coarser
from infraplan.maps.context import area_mask
from infraplan.maps.context import fields_of
from infraplan.maps.context import filters_of
from infraplan.maps.context import named_with_commune
from infraplan.maps.context import with_areas
from infraplan.maps.layers import Category
from infraplan.maps.layers import LineLayer
from infraplan.maps.layers import PointLayer
from infraplan.maps.layers import PolygonLayer
from infraplan.maps.layers import Style
from infraplan.maps.layers import VectorLayer
from infraplan.maps.page import Table
from infraplan.maps.palette import CATEGORIES
from infraplan.maps.palette import CLASSES
from infraplan.maps.palette import FAINT
from infraplan.maps.palette import LEVELS
from infraplan.maps.palette import PROPOSALS
from infraplan.maps.palette import UNKNOWN
from infraplan.maps.rasters import RasterClass
from infraplan.maps.rasters import RasterLayer
from infraplan.maps.reasons import phrase
from infraplan.maps.reasons import reasons_text
from infraplan.maps.summary import hamlets_counted
from infraplan.maps.summary import people_numbers
from infraplan.sites.told import action_told
from infraplan.sites.told import prerequisites_told
from infraplan.text import Words

if TYPE_CHECKING:
    from odc.geo.geobox import GeoBox

    from infraplan.radio.results import Coverage

__all__ = [
    "appraisal_layers",
    "appraisal_tables",
    "cable_layers",
    "cable_tables",
    "coverage_definition",
    "coverage_layers",
    "gaps_definition",
    "gaps_layers",
    "gaps_tables",
    "proposal_layers",
    "proposal_tables",
    "route_layers",
    "route_tables",
    "street_years",
]

ANY = "any"
HEADLINE = "4G"  # technology that a map opens with where nothing names another
COARSE_M = 90.0  # cells of single operators on a large grid [m]
MOST_CELLS = 2_000_000  # of a grid that single operators are shown on as they are
DECIDED = "decided_"


def coverage_layers(
    coverage: "Coverage", words: Words, *, layers: Layers | None, headline: str = HEADLINE
) -> list[RasterLayer]:
    """
    Return the signal classes of each technology and operator.

    Parameters
    ----------
    coverage
        Prediction.
    words
        Catalogue.
    layers
        Layers whose communes bound the picture; None draws all of it.
    headline
        Technology that is shown when the page opens.

    Returns
    -------
    drawn
        One layer a technology and operator, of which the page shows one at a time: any operator
        on the grid of the prediction; where that has more than `MOST_CELLS`, single operators on
        cells of `COARSE_M`, which take the class of most of their cells and of two classes alike
        the worse.
    """
    pairs = sorted(coverage.maps, key=lambda pair: (pair[1] != ANY, pair[1], pair[0]))
    first = next((pair for pair in pairs if pair[0] == headline), pairs[0] if pairs else None)
    within = None
    made: dict[tuple[str, str], RasterLayer] = {}
    for pair in sorted(pairs, key=lambda pair: pair[0] != headline):
        technology, operator = pair
        limits = coverage.profile.technologies[technology]
        signal = coverage.bands(technology, operator, ("signal_dbm",))["signal_dbm"]
        if layers is not None and (within is None or geobox_of(within) != geobox_of(signal)):
            within = area_mask(layers, signal)
        name = words("maps.any_operator") if operator == ANY else operator
        note = words("maps.coverage_note", quantity=limits.quantity)
        layer = RasterLayer(
            name=f"coverage_{technology}_{operator}",
            title=words("maps.layer_coverage", technology=technology, operator=name),
            data=signal,
            classes=_classes(limits, words),
            within=within,
            group=words("maps.group_coverage"),
            shown=pair == first,
            opacity=FAINT,
            choice="coverage",
            note=note,
            picks=(technology, name),
            reference=made.get((headline, operator)),
        )
        made[pair] = _coarse(layer, words) if operator != ANY else layer
    return [made[pair] for pair in reversed(pairs)]


def _coarse(layer: RasterLayer, words: Words) -> RasterLayer:
    """Return a layer of a large grid on cells of 90 m, told in its note; a small one as it is."""
    box = geobox_of(layer.data)
    factor = int(COARSE_M / box.resolution.x + 1e-9)
    if factor < 2 or box.shape[0] * box.shape[1] <= MOST_CELLS:
        return layer
    last = len(layer.classes) + 1
    codes = coarser(layer.codes(), factor, worst_first=(last, *range(1, last)))
    values = np.where(codes == last, np.float32(np.nan), codes.astype(np.float32))
    side = words.number(factor * float(box.resolution.x))
    return replace(
        layer,
        data=wrap(values, _zoomed(box, factor, codes.shape), name="class"),
        classes=[replace(c, lowest=n + 0.5) for n, c in enumerate(layer.classes)],
        within=None,
        note=f"{layer.note} {words('rasters.coarse', side=side)}",
    )


def _zoomed(box: "GeoBox", factor: int, shape: tuple[int, ...]) -> "GeoBox":
    """Return a grid of larger cells from the same corner."""
    from affine import Affine
    from odc.geo.geobox import GeoBox

    return GeoBox((shape[0], shape[1]), box.affine * Affine.scale(factor), box.crs)


def coverage_definition(coverage: "Coverage", words: Words) -> tuple[str, ...]:
    """
    Return what "covered" means in a prediction.

    Parameters
    ----------
    coverage
        Prediction.
    words
        Catalogue.

    Returns
    -------
    sentences
        The definition, with thresholds, model, grid and uncertainty.
    """
    profile = coverage.profile
    technologies = sorted({technology for technology, _ in coverage.maps})
    limits = {name: profile.technologies[name].service_dbm for name in technologies}
    return _definition(
        words,
        p_cov=profile.p_cov,
        limits=limits,
        model=words(f"common.model_{coverage.settings.model}"),
        resolution_m=abs(float(coverage.geobox.affine.a)),
        sigma_db=profile.sigma_db,
    )


def gaps_layers(gaps: Any, words: Words) -> list[VectorLayer]:  # noqa: ANN401 - Gaps
    """
    Return the hamlets, coloured by their level of service.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    drawn
        One layer.
    """
    hamlets = _without_rests(gaps.hamlets)
    categories = [
        Category(level, words(f"maps.level_{level}"), _area_style(level, color))
        for level, color in LEVELS.items()
    ]
    ranges = _ranges(hamlets, "people_uncovered", "uncovered_text", words)
    table = named_with_commune(hamlets_counted(hamlets.assign(**ranges)))
    if "near_border" in table:
        told = table["near_border"].fillna(value=False).astype(bool)
        table["near_border"] = told.map({True: words("maps.near_border"), False: None})
    columns = ["commune", "level", "people", "covered_share", "uncovered_text", "cause",
               "median_signal_dbm", "nearest_site", "nearest_site_m",
               "nearest_fibre_m"]  # fmt: skip
    told_fields = fields_of(
        words,
        columns,
        missing=words("common.unknown"),
        labels={"uncovered_text": "people_uncovered"},
    )
    return [
        PolygonLayer(
            name="hamlets",
            title=words("maps.layer_hamlets"),
            data=with_areas(table),
            group=words("maps.group_hamlets"),
            by="level" if "level" in table else "",
            categories=categories,
            fields=(
                *(f for f in told_fields if f.column != "cause"),
                *fields_of(words, ["cause", "near_border"]),
            ),
            heading="name",
            label="name",
            label_zoom=13.5,
            search=("place_name",),
            numbers=people_numbers(words),
        )
    ]


def gaps_tables(gaps: Any, words: Words) -> list[Table]:  # noqa: ANN401 - Gaps
    """
    Return the shares of people with service and the number of hamlets at each level.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    tables
        Shares of any operator, shares of each, levels.
    """
    shares = gaps.shares.reset_index()
    readings = _readings(gaps, words)
    if {"area_level", "denominator"} <= set(shares.columns):
        shares = shares[(shares["area_level"] == "province") & (shares["denominator"] == "people")]
    own = shares[~shares["operator"].isin(["any", "at_least_two", "all"])]
    heads = tuple(words(f"maps.head_{k}") for k in ("technology", "share", "range", "unknown"))
    made = [
        Table(
            words("maps.table_shares"),
            heads,
            tuple(
                (str(row["technology"]), *_share(row, words))
                for row in shares[shares["operator"] == "any"]
                .sort_values("technology")
                .to_dict("records")
            ),
        )
    ]
    made += readings
    if len(own):
        ordered = own.sort_values(["technology", "operator"]).to_dict("records")
        rows = tuple((f"{r['technology']} {r['operator']}", *_share(r, words)) for r in ordered)
        made.append(Table(words("maps.table_shares_operators"), heads, rows, open=False))
    hamlets = _without_rests(gaps.hamlets)
    if "level" in hamlets:
        levels = hamlets["level"].astype("object").where(hamlets["level"].notna(), "unknown")
        people = hamlets.get("people", pd.Series(0.0, index=hamlets.index)).astype("float64")
        counted = tuple(
            (
                words(f"maps.level_{level}"),
                words.number(int((levels == level).sum())),
                words.people(float(people[levels == level].sum())),
            )
            for level in LEVELS
            if (levels == level).any()
        )
        heads = tuple(words(f"maps.head_{k}") for k in ("level", "hamlets", "people"))
        made.append(Table(words("maps.table_levels"), heads, counted, open=False))
    return made


def _readings(gaps: Any, words: Words) -> list[Table]:  # noqa: ANN401 - Gaps
    """Return the headline's share by every denominator, and the shares of communes."""
    shares, told = gaps.shares, gaps.definition
    if not {"area_level", "denominator"} <= set(shares.columns) or not hasattr(told, "technology"):
        return []
    table = readings_of(shares, told.technology)
    known = [name for name in table if not str(name).endswith(("_low", "_high"))]
    heads = tuple(words(f"reports.denominator_{name}") for name in known)
    rows = tuple(
        (
            words.entries.get(f"reports.operator_{operator}", str(operator)),
            *(_percent(float(share), words) for share in row),
        )
        for operator, row in zip(table.index, table[known].to_numpy(), strict=True)
    )
    title = words("maps.table_readings", technology=told.technology)
    return [Table(title, (words("maps.head_operator"), *heads), rows, open=False)]


def _percent(share: float, words: Words) -> str:
    """Return a share in per cent."""
    return f"{words.number(100.0 * share, 1)} %" if share == share else words("common.unknown")  # noqa: PLR0124


def gaps_definition(
    gaps: Any,  # noqa: ANN401 - Gaps
    words: Words,
    *,
    of_hamlets: bool = True,
) -> tuple[str, ...]:
    """
    Return what "covered" means in a table of gaps.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.
    of_hamlets
        Whether it is told for which technology and operator the figures of hamlets are.

    Returns
    -------
    sentences
        The definition; nothing where the result has none.
    """
    told = gaps.definition
    if not hasattr(told, "thresholds_dbm"):
        return (str(told),) if told else ()
    sentences = _definition(
        words,
        p_cov=told.p_cov,
        limits=told.thresholds_dbm,
        model=words(f"common.model_{told.model}"),
        resolution_m=told.resolution_m,
        sigma_db=told.sigma_db,
    )
    range_db = getattr(told, "range_db", None)
    if range_db and of_hamlets:
        who = words("maps.any_operator") if told.operator == ANY else told.operator
        sentences += (
            words(
                "maps.definition_range",
                range=words.number(range_db),
                headline=words("maps.layer_coverage", technology=told.technology, operator=who),
            ),
        )
    if without := getattr(told, "without", ()):
        names = ", ".join(without)
        sentences += (
            words("maps.definition_without", names=names, as_of=words.day(str(told.as_of))),
        )
    return sentences


def appraisal_layers(appraisal: Any, words: Words) -> list[VectorLayer]:  # noqa: ANN401 - Appraisal
    """
    Return the requests of a batch, marked by what is proposed for them.

    Parameters
    ----------
    appraisal
        Result.
    words
        Catalogue.

    Returns
    -------
    drawn
        One layer.
    """
    requests = appraisal.requests
    table = requests.assign(**_ranges(requests, "people_gained", "gain_text", words))
    if "reasons" in table:
        table["reasons_text"] = [reasons_text(text, words) for text in table["reasons"]]
    if "proposal" in table:
        table["proposal_text"] = table["proposal"].map(_proposals(words))
        table["result"] = _results(table)
    if "decision" in table:
        told = _proposals(words)
        table["decision"] = [told.get(str(name), name) for name in table["decision"]]
    table["marginal_text"] = _people(table, "marginal_people", words)
    columns = ["proposal_text", "gain_text", "marginal_text", "rank", "overlap_share",
               "nearest_site_m", "fibre_m", "reasons_text", "operator", "name", "technologies",
               "height_m", "mast_class", "purpose", "letter", "received", "commune", "address",
               "decision", "decision_reason"]  # fmt: skip
    labels = {
        "proposal_text": "proposal",
        "gain_text": "gain",
        "marginal_text": "marginal_people",
        "reasons_text": "reasons",
    }
    return [
        PointLayer(
            name=f"requests_{appraisal.batch}",
            title=words("maps.layer_requests", batch=appraisal.batch),
            data=table,
            group=words("maps.group_requests"),
            by="result" if "proposal" in table else "",
            categories=[
                *(
                    Category(name, label, request_style(name))
                    for name, label in _proposals(words).items()
                ),
                *(
                    Category(
                        DECIDED + name,
                        words("cards.decided_as", decision=label),
                        request_style(name, is_decided=True),
                    )
                    for name, label in _proposals(words).items()
                ),
            ],
            fields=fields_of(words, columns, labels=labels),
            heading=str(requests.index.name or "index"),
            label=str(requests.index.name or "index"),
            label_zoom=9,
            search=(str(requests.index.name or "index"), "name"),
            note=words("maps.office_decides"),
            filters=filters_of(words, ["operator", "technologies"]),
        )
    ]


def appraisal_tables(appraisal: Any, words: Words) -> list[Table]:  # noqa: ANN401 - Appraisal
    """
    Return what is proposed for each request.

    Parameters
    ----------
    appraisal
        Result.
    words
        Catalogue.

    Returns
    -------
    tables
        One table.
    """
    requests = appraisal.requests
    ordered = requests.sort_values("rank") if "rank" in requests else requests
    gains = _ranges(ordered, "people_gained", "gain", words)
    told = gains.get("gain", pd.Series("", index=ordered.index))
    proposals = _proposals(words)
    rows = tuple(
        (str(key), proposals.get(str(proposal), words("common.unknown")), str(gain))
        for key, proposal, gain in zip(
            ordered.index, ordered.get("proposal", told), told, strict=True
        )
    )
    heads = tuple(words(f"maps.head_{k}") for k in ("request", "proposal", "gain"))
    title = f"{words('maps.table_requests')} ({appraisal.batch})"
    return [Table(title, heads, rows, note=words("maps.office_decides"))]


def proposal_layers(proposal: Any, words: Words) -> list[VectorLayer]:  # noqa: ANN401 - Proposal
    """
    Return the proposed sites, in order.

    Parameters
    ----------
    proposal
        Result.
    words
        Catalogue.

    Returns
    -------
    drawn
        One layer.
    """
    sites = proposal.sites
    key = str(sites.index.name or "index")
    gained = proposal.people_gained.reindex(sites.index)
    table = sites.assign(
        place=[str(n) for n in range(1, len(sites) + 1)],
        gain_text=[words.people(float(value)) for value in gained],
    )
    if "kind" in table:
        rows = [row for _, row in table.iterrows()]
        table["action_text"] = [action_told(row, words) for row in rows]
        table["needs_text"] = [prerequisites_told(row, words) for row in rows]
    labels = {"place": "rank", "gain_text": "gain"}
    columns = [
        "place",
        "gain_text",
        "action_text",
        "operator",
        "mast_id",
        "height_m",
        "commune",
        "cost_vnd",
        "needs_text",
        "fibre_m",
    ]
    return [
        PointLayer(
            name="proposal",
            title=words("maps.layer_proposal"),
            data=table,
            group=words("maps.group_proposal"),
            style=Style(color="#000000", fill="#f0e442", radius=8.0, width=1.8, shape="triangle"),
            fields=fields_of(words, columns, labels=labels),
            heading=key,
            label="place",
            label_zoom=8,
            search=(key,),
        )
    ]


def proposal_tables(proposal: Any, words: Words) -> list[Table]:  # noqa: ANN401 - Proposal
    """
    Return the proposed sites with what each adds, and how good the choice provably is.

    Parameters
    ----------
    proposal
        Result.
    words
        Catalogue.

    Returns
    -------
    tables
        One table.
    """
    note = words(
        "maps.proposal_note",
        bound=words.people(float(proposal.bound)),
        gap=words.number(100 * float(proposal.gap), 1),
    )
    rows = tuple(
        (f"{n}. {site}", words.people(float(people)))
        for n, (site, people) in enumerate(proposal.people_gained.items(), start=1)
    )
    heads = (words("maps.head_site"), words("maps.head_gain"))
    return [Table(words("maps.table_proposal"), heads, rows, note=note)]


def street_years(plan: Any, words: Words) -> dict[str, str]:  # noqa: ANN401 - CablePlan
    """
    Return when each street is built, in words.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.

    Returns
    -------
    years
        By street, in the order of the years; empty where no years were asked for.
    """
    if not len(plan.years):
        return {}
    when = plan.phases["year"].dropna().astype(int).sort_values(kind="stable")
    later = [street for street in plan.phases.index if street not in when.index]
    years = {str(street): str(year) for street, year in when.items()}
    return years | dict.fromkeys(map(str, later), words("maps.year_none"))


def cable_layers(
    plan: Any,  # noqa: ANN401 - CablePlan
    words: Words,
    *,
    years: Mapping[str, str] | None = None,
) -> list[VectorLayer]:
    """
    Return what goes underground.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.
    years
        When each street is built, by `street_years`; None where no years were asked for.

    Returns
    -------
    drawn
        A band in the colour of the year along the segments where there are years; segments, drops,
        crossings, chambers.
    """
    tables = {name: getattr(plan, name) for name in ("segments", "drops", "crossings")}
    bands: list[VectorLayer] = []
    if years:
        tables = {k: t.assign(year=t["street"].map(years)) for k, t in tables.items()}
        bands = [_year_bands(tables["segments"], words, years)]
    group = words("maps.group_underground")
    trench = Style(color="#c2185b", width=3.4, casing="#ffffff")
    duct = Style(color="#26a69a", width=3.4, casing="#ffffff", dash=(6, 3))
    big = Style(color="#4a0d2b", fill="#ffffff", radius=5.0, shape="square", width=1.6)
    small = Style(color="#4a0d2b", fill="#ffffff", radius=3.6, shape="square", width=1.2)
    return [
        *bands,
        _cable_layer(
            LineLayer, "segments", tables["segments"], words, group, by="kind",
            categories=[Category("trench", words("maps.segment_trench"), trench),
                        Category("duct", words("maps.segment_duct"), duct)],
            columns=["street", "year", "side", "length_m", "method", "surface", "bores",
                     "shared", "cost_vnd"],
        ),
        _cable_layer(
            None, "drops", tables["drops"], words, group,
            style=Style(color="#ad5c7c", width=1.1, radius=2.4), min_zoom=14.5,
            columns=["street", "year", "length_m", "cost_vnd", "assumed"],
        ),
        _cable_layer(
            LineLayer, "crossings", tables["crossings"], words, group,
            style=Style(color="#e65100", width=4.0, casing="#ffffff"),
            min_zoom=13, columns=["street", "year", "method", "length_m", "cost_vnd"],
            codes={"method": "crossing"},
        ),
        _cable_layer(
            PointLayer, "chambers", plan.chambers, words, group, by="kind", min_zoom=14,
            categories=[Category("manhole", words("maps.chamber_manhole"), big),
                        Category("handhole", words("maps.chamber_handhole"), small)],
            columns=["existing", "cost_vnd"],
        ),
    ]  # fmt: skip


def _year_bands(
    segments: Any,  # noqa: ANN401 - GeoDataFrame
    words: Words,
    years: Mapping[str, str],
) -> VectorLayer:
    """Return a broad band beneath the segments, in the colour of the year of their street."""
    told = dict.fromkeys(years.values())
    styles = [
        Category(
            year,
            words("maps.year_built", year=year) if year.isdigit() else year,
            Style(
                color=CATEGORIES[k % len(CATEGORIES)] if year.isdigit() else UNKNOWN,
                width=11.0, opacity=0.5,
            ),
        )
        for k, year in enumerate(told)
    ]  # fmt: skip
    return _cable_layer(
        LineLayer, "years", segments[segments["year"].notna()], words,
        words("maps.group_underground"), by="year", categories=styles,
        columns=["street", "year"],
    )  # fmt: skip


def cable_tables(plan: Any, words: Words) -> list[Table]:  # noqa: ANN401 - CablePlan
    """
    Return the bill of quantities and who pays what.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.

    Returns
    -------
    tables
        Bill, shares, and years where they were asked for.
    """
    bill, shares = plan.bill.reset_index(), plan.shares.reset_index()
    note = words(
        "maps.bill_total",
        cost=words.number(float(plan.cost_vnd) / 1e9, 2),
        gap=words.number(100 * float(plan.gap), 1),
    )
    if "verified" in bill and not bill["verified"].astype(bool).all():
        note = f"{note} {words('maps.bill_assumed')}"
    rows = tuple(
        (
            _item(row, words),
            words.number(float(row["quantity"]), 0),
            phrase(words, f"maps.unit_{row.get('unit')}", str(row.get("unit", ""))),
            words.number(float(row["cost_vnd"]) / 1e6, 1),
        )
        for row in bill.to_dict("records")
    )
    heads = tuple(words(f"maps.head_{k}") for k in ("item", "quantity", "unit", "million"))
    made = [Table(words("maps.table_bill"), heads, rows, note=note)]
    if len(shares) and {"operator", "cost_vnd"} <= set(shares.columns):
        total = float(shares["cost_vnd"].sum()) or 1.0
        payers = shares_told(plan, words)
        parts = tuple(
            (
                payers[str(row["operator"])],
                words.number(float(row["cost_vnd"]) / 1e6, 1),
                f"{words.number(100 * float(row['cost_vnd']) / total, 1)} %",
            )
            for row in shares.to_dict("records")
        )
        heads = tuple(words(f"maps.head_{k}") for k in ("operator", "million", "cost_share"))
        made.append(Table(words("maps.table_cost_shares"), heads, parts))
    return made + _year_table(plan, words)


def _year_table(plan: Any, words: Words) -> list[Table]:  # noqa: ANN401 - CablePlan
    """Return which streets are built in which year at what cost; nothing without years."""
    when = street_years(plan, words)
    if not when:
        return []
    cost_vnd = dict(zip(map(str, plan.phases.index), plan.phases["cost_vnd"], strict=True))
    names = dict.fromkeys([*map(str, plan.years.index), *when.values()])
    rows = []
    for year in names:
        mine = [street for street in map(str, plan.phases.index) if when[street] == year]
        total = sum(float(cost_vnd[street]) for street in mine)
        if year == words("maps.year_none"):  # whose phases have no year's cost
            total = total or float(later_cost_vnd(plan))
        told = ", ".join(street_told(plan, s, words) for s in mine) or words("cli.no_street")
        rows.append((year, told, words.number(total / 1e6, 1)))
    heads = tuple(words(f"maps.{key}") for key in ("field_year", "field_street", "head_million"))
    return [Table(words("maps.table_years"), heads, tuple(rows))]


def _item(row: Mapping[Any, Any], words: Words) -> str:
    """Return the words for a line of a bill: its description may be a key or plain text."""
    told = str(row.get("description", ""))
    return phrase(words, told, str(row.get("item", "")) if told.startswith("cables.") else told)


def route_layers(route: Any, words: Words) -> list[VectorLayer]:  # noqa: ANN401 - Route
    """
    Return a route and, where there is one, its alternative.

    Parameters
    ----------
    route
        Result.
    words
        Catalogue.

    Returns
    -------
    drawn
        Lines, the alternative beneath.
    """
    group = words("maps.group_route")
    columns = ["name", "length_m", "method", "surface", "shared", "cost_vnd"]
    others = getattr(route, "alternatives", None)
    made = []
    if others is not None and len(others):
        style = Style(color="#6b6b6b", width=3.0, casing="#ffffff", dash=(7, 4))
        columns_other = ["rank", *columns]
        made.append(
            _cable_layer(
                LineLayer, "alternative", others, words, group, style=style, columns=columns_other
            )
        )
    kinds = {
        "trench": Style(color="#c2185b", width=4.0, casing="#ffffff"),
        "duct": Style(color="#26a69a", width=4.0, casing="#ffffff", dash=(6, 3)),
        "drop": Style(color="#ad5c7c", width=2.4, casing="#ffffff"),
    }
    categories = [Category(k, words(f"maps.segment_{k}"), style) for k, style in kinds.items()]
    by = "kind" if "kind" in route.segments else ""
    made.append(
        _cable_layer(
            LineLayer, "route", route.segments, words, group, style=kinds["trench"],
            columns=columns, by=by, categories=categories,
        )
    )  # fmt: skip
    return made


def route_tables(route: Any, words: Words) -> list[Table]:  # noqa: ANN401 - Route
    """
    Return the parts of a route with their lengths and costs.

    Parameters
    ----------
    route
        Result.
    words
        Catalogue.

    Returns
    -------
    tables
        One table.
    """
    sums: dict[str, tuple[float, float]] = {}
    for row in route.segments.to_dict("records"):
        name = row.get("name")
        if not isinstance(name, str):
            name = phrase(words, f"maps.segment_{row.get('kind')}", words("maps.layer_roads"))
        length_m, cost_vnd = sums.get(name, (0.0, 0.0))
        sums[name] = (length_m + row["length_m"], cost_vnd + row["cost_vnd"])
    rows = tuple(
        (name, words.number(length_m), words.number(cost_vnd / 1e6, 1))
        for name, (length_m, cost_vnd) in sums.items()
    )
    note = words(
        "maps.route_note",
        length=words.number(float(route.length_m)),
        cost=words.number(float(route.cost_vnd) / 1e9, 2),
    )
    heads = (words("maps.field_street"), words("maps.unit_m"), words("maps.head_million"))
    return [Table(words("maps.table_route"), heads, rows, note=note)]


def _classes(limits: Any, words: Words) -> list[RasterClass]:  # noqa: ANN401 - TechnologyThresholds
    """Return the classes of signal of a technology, the lowest first."""
    lowest = (-1e9, limits.weak_dbm, limits.acceptable_dbm, limits.good_dbm)
    told = (limits.weak_dbm, limits.weak_dbm, limits.acceptable_dbm, limits.good_dbm)
    names = ("none", "weak", "acceptable", "good")
    return [
        RasterClass(low, words(f"maps.class_{name}", limit=_limit(limit)), color)
        for low, limit, name, color in zip(lowest, told, names, CLASSES, strict=True)
    ]


def _limit(value_dbm: float) -> str:
    """Return a level with a true minus sign."""
    return f"{value_dbm:g}".replace("-", "−")


def _definition(
    words: Words,
    *,
    p_cov: float,
    limits: Mapping[str, float],
    model: str,
    resolution_m: float,
    sigma_db: float,
) -> tuple[str, ...]:
    """Return what "covered" means, with all its numbers."""
    told = ", ".join(
        words("maps.limit", technology=name, value=_limit(value)) for name, value in limits.items()
    )
    first = words(
        "maps.definition",
        p_cov=words.number(100 * p_cov),
        limits=told,
        model=model,
        resolution=words.number(resolution_m),
        sigma=words.number(sigma_db, 1),
    )
    return (first, words("maps.definition_people"))


def _share(row: Mapping[Any, Any], words: Words) -> tuple[str, str, str]:
    """Return a share with its range and the part of people who are not known, in per cent."""
    low, high = (float(row.get(key, float("nan"))) for key in ("share_low", "share_high"))
    total = float(row.get("total", 0.0))
    unknown = 100 * float(row.get("unknown", 0.0)) / total if total else float("nan")
    span = (
        f"{words.number(100 * low, 1)} – {words.number(100 * high, 1)}"
        if math.isfinite(low)
        else "–"
    )
    return words.number(100 * float(row["share"]), 1), span, words.number(unknown, 1)


def _area_style(level: str, color: str) -> Style:
    """Return the style of a hamlet: those without service stand out, good ones stay quiet."""
    if level == "unknown":
        return Style(color=color, fill="#bdbdbd", fill_opacity=0.35, width=0.8, hatch=True)
    if level == "good":
        return Style(color=color, fill=color, fill_opacity=0.12, width=1.1)
    return Style(color=color, fill=color, fill_opacity=0.8, width=1.6)


def _results(table: pd.DataFrame) -> list[str]:
    """Return for each request its proposal, or the office's decision where there is one."""
    decisions = table["decision"] if "decision" in table else [None] * len(table)
    return [
        str(proposal) if pd.isna(decision) or not decision else f"{DECIDED}{decision}"
        for proposal, decision in zip(table["proposal"], decisions, strict=True)
    ]


def _proposals(words: Words) -> dict[str, str]:
    """Return the words for each proposal."""
    return {name: phrase(words, f"sites.{name}", name) for name in PROPOSALS}


def _without_rests(hamlets: Any) -> Any:  # noqa: ANN401 - GeoDataFrame
    """Return hamlets without the rows for people who live outside all of them."""
    return hamlets[~hamlets.index.astype(str).str.endswith("-rest")]


def _ranges(table: pd.DataFrame, column: str, target: str, words: Words) -> dict[str, Any]:
    """Return people with their range as text, as a column to assign."""
    if column not in table:
        return {}
    low = table.get(f"{column}_low", table[column])
    high = table.get(f"{column}_high", table[column])
    rows = zip(table[column], low, high, strict=True)
    texts = [
        words("common.unknown")
        if any(pd.isna(part) for part in row)
        else words.people_range(*(float(part) for part in row))
        for row in rows
    ]
    return {target: pd.Series(texts, index=table.index, dtype="object")}


def _people(table: pd.DataFrame, column: str, words: Words) -> Any:  # noqa: ANN401 - a column
    """Return people to two figures, None where there are none told."""
    if column not in table:
        return None
    return [None if pd.isna(value) else words.people(float(value)) for value in table[column]]


def _cable_layer(
    kind: type[VectorLayer] | None,
    name: str,
    data: Any,  # noqa: ANN401 - GeoDataFrame
    words: Words,
    group: str,
    *,
    columns: list[str],
    codes: Mapping[str, str] | None = None,
    **options: Any,  # noqa: ANN401 - the other fields of a layer
) -> VectorLayer:
    """Return a layer of a cable plan; its kind follows the geometry where none is given."""
    if kind is None:
        kind = PointLayer if (data.geometry.geom_type == "Point").all() else LineLayer
    return kind(
        name=name,
        title=words(f"maps.layer_{name}"),
        data=data,
        group=group,
        fields=fields_of(words, columns, codes=codes),
        heading=str(data.index.name or "index"),
        precision_m=0.2,
        **options,
    )

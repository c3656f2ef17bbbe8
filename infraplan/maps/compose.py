"""One function for each result, and one for all of a plan: results in, a page out."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any

from infraplan.layers.bundle import Layers
from infraplan.maps.cards import batch_cards
from infraplan.maps.choices import aerial_layers
from infraplan.maps.choices import every_choice
from infraplan.maps.choices import finding_layer
from infraplan.maps.choices import street_choices
from infraplan.maps.context import base_layers
from infraplan.maps.context import hamlets_plain
from infraplan.maps.context import layer_name
from infraplan.maps.context import present_layers
from infraplan.maps.context import sources_of
from infraplan.maps.findings import HEADLINE
from infraplan.maps.findings import appraisal_layers
from infraplan.maps.findings import appraisal_tables
from infraplan.maps.findings import cable_layers
from infraplan.maps.findings import cable_tables
from infraplan.maps.findings import coverage_definition
from infraplan.maps.findings import coverage_layers
from infraplan.maps.findings import gaps_definition
from infraplan.maps.findings import gaps_layers
from infraplan.maps.findings import gaps_tables
from infraplan.maps.findings import proposal_layers
from infraplan.maps.findings import proposal_tables
from infraplan.maps.findings import route_layers
from infraplan.maps.findings import route_tables
from infraplan.maps.findings import street_years
from infraplan.maps.headline import coverage_headline
from infraplan.maps.headline import data_days
from infraplan.maps.headline import gaps_headline
from infraplan.maps.page import Facts
from infraplan.maps.page import Layer
from infraplan.maps.page import MapPage
from infraplan.maps.page import Swipe
from infraplan.maps.page import Table
from infraplan.maps.page import build_page
from infraplan.maps.published import coarse_layers
from infraplan.maps.published import coarse_table
from infraplan.maps.published import without_places
from infraplan.maps.summary import view_summary
from infraplan.maps.two_routes import pair_layers
from infraplan.maps.two_routes import pair_tables
from infraplan.maps.two_routes import pair_title
from infraplan.text import Words
from infraplan.text import words as catalogue

if TYPE_CHECKING:
    from infraplan.cables import CablePlan
    from infraplan.cables import Route
    from infraplan.coverage import Gaps
    from infraplan.coverage.comparison import Comparison
    from infraplan.coverage.comparison import MeasuredAgreement
    from infraplan.coverage.comparison import Sides
    from infraplan.radio.results import Coverage
    from infraplan.sites import Appraisal
    from infraplan.sites import Proposal

__all__ = [
    "appraisal",
    "coarse",
    "comparison",
    "coverage",
    "gaps",
    "plan_page",
    "proposal",
    "route",
    "underground",
]


def coverage(result: "Coverage", layers: Layers | None = None, *, language: str = "vi") -> MapPage:
    """
    Draw predicted coverage: the class of the signal, for each technology and operator.

    Parameters
    ----------
    result
        Prediction.
    layers
        Layers to draw beneath it, such as `plan.layers()`; None draws the prediction alone.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        The page.
    """
    words = catalogue(language)
    crs = f"EPSG:{int(next(iter(result.maps.values()))['spatial_ref'])}"
    found = layers if layers is not None else Layers(name="", crs=crs, tables={})
    return _page(
        found,
        words,
        words("maps.title_coverage"),
        rasters=coverage_layers(result, words, layers=layers),
        definition=coverage_definition(result, words),
        headline=coverage_headline(result, words),
        synthetic=bool(result.provenance.synthetic),
    )


def gaps(result: "Gaps", *, language: str = "vi") -> MapPage:
    """
    Draw the hamlets by their level of service, with the shares and their definition.

    Parameters
    ----------
    result
        Gaps.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        The page.
    """
    words = catalogue(language)
    return _page(
        result.layers,
        words,
        words("maps.title_gaps"),
        areas=gaps_layers(result, words),
        tables=gaps_tables(result, words),
        definition=gaps_definition(result, words),
        headline=gaps_headline(result, words),
        synthetic=bool(result.provenance.synthetic),
        summary=view_summary(result, words),
    )


def appraisal(result: "Appraisal", *, language: str = "vi") -> MapPage:
    """
    Draw a batch of requests: a map, a table, and a card for each with all that was found.

    Parameters
    ----------
    result
        Appraisal.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        The page, opened at the requests. A click on a request or on its row opens its card; a part
        of a card whose table is empty is left out.
    """
    words = catalogue(language)
    return _page(
        result.layers,
        words,
        words("maps.title_appraisal", batch=result.batch),
        findings=appraisal_layers(result, words),
        tables=appraisal_tables(result, words),
        synthetic=bool(result.provenance.synthetic),
        frame=f"requests_{result.batch}",
        cards=batch_cards(result, words),
    )


def proposal(result: "Proposal", *, language: str = "vi") -> MapPage:
    """
    Draw the sites to build next, in order, with the bound on any choice.

    Parameters
    ----------
    result
        Proposal.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        The page.
    """
    words = catalogue(language)
    return _page(
        result.layers,
        words,
        words("maps.title_proposal"),
        findings=proposal_layers(result, words),
        tables=proposal_tables(result, words),
        synthetic=bool(result.provenance.synthetic),
    )


def underground(result: "CablePlan", *, language: str = "vi") -> MapPage:
    """
    Draw a plan of undergrounding with its bill and its shares.

    Parameters
    ----------
    result
        Plan of undergrounding.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        The page, opened at the streets concerned.
    """
    words = catalogue(language)
    before = [replace(layer, side="before") for layer in aerial_layers(result, words)]
    drawn = cable_layers(every_choice(result), words, years=street_years(result, words))
    after = [replace(layer, side="after") for layer in drawn]
    return _page(
        result.layers,
        words,
        words("maps.title_underground"),
        findings=[*before, *after, *finding_layer(result, words)],
        tables=cable_tables(result, words),
        synthetic=bool(result.provenance.synthetic),
        frame="segments",
        choices=street_choices(result, words, before=before),
        swipes=_swipes(before, after, words("swipe.before"), words("swipe.after")),
    )


def route(result: "Route", *, language: str = "vi") -> MapPage:
    """
    Draw a route and its alternative, or two routes and what they share.

    Parameters
    ----------
    result
        Route.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        The page, opened at the route.
    """
    words = catalogue(language)
    two = getattr(result, "diverse", False)
    return _page(
        result.layers,
        words,
        words(pair_title(result) if two else "maps.title_route"),
        findings=(pair_layers if two else route_layers)(result, words),
        tables=(pair_tables if two else route_tables)(result, words),
        synthetic=bool(result.provenance.synthetic),
        frame="route",
    )


def comparison(
    found: "Comparison | MeasuredAgreement",
    sides: "Sides",
    *,
    coverage: "Coverage",
    layers: Layers,
    language: str = "vi",
) -> MapPage:
    """
    Draw where two coverages, or a coverage and measured levels, agree and where not.

    Parameters
    ----------
    found
        Comparison.
    sides
        What is compared.
    coverage
        Prediction of the first, for the definition and to draw beneath measured places.
    layers
        Layers of the first plan.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        The page.
    """
    # other pages need nothing of these, which load half of what coverage computes with
    from infraplan.coverage.comparison import Comparison
    from infraplan.maps.comparing import comparison_definition
    from infraplan.maps.comparing import comparison_layers
    from infraplan.maps.comparing import comparison_tables
    from infraplan.maps.comparing import measured_layers
    from infraplan.maps.comparing import measured_tables

    words = catalogue(language)
    names = {"first": sides.first, "second": sides.second}
    if isinstance(found, Comparison):
        rasters, vectors = comparison_layers(found, sides, layers, words)
        tables = comparison_tables(found, sides, words)
    else:
        rasters, vectors = measured_layers(found, sides, coverage, layers, words)
        tables, _ = measured_tables(found, coverage, words)
    is_area = isinstance(found, Comparison)
    return _page(
        layers,
        words,
        words(f"maps.title_compared_{sides.kind}", **names),
        rasters=rasters,
        areas=vectors if is_area else (),
        findings=() if is_area else vectors,
        tables=tables,
        definition=comparison_definition(found, sides, coverage, words),
        synthetic=bool(coverage.provenance.synthetic),
        swipes=_swipes(rasters[:1], rasters[1:2], sides.first, sides.second) if is_area else (),
    )


def plan_page(  # noqa: PLR0913 - one argument for each result that a plan may have
    layers: Layers,
    *,
    title: str,
    coverage: "Coverage | None" = None,
    gaps: "Gaps | None" = None,
    appraisals: "Sequence[Appraisal]" = (),
    proposal: "Proposal | None" = None,
    cable_plan: "CablePlan | None" = None,
    published: Sequence[Table] = (),
    base_map: tuple[str, str] = ("", ""),
    language: str = "vi",
) -> MapPage:
    """
    Draw a plan: its layers and every result that there is.

    Parameters
    ----------
    layers
        Layers of the plan.
    title
        Title of the page.
    coverage
        Predicted coverage.
    gaps
        Gaps.
    appraisals
        Appraised batches.
    proposal
        Proposed sites.
    cable_plan
        Plan of undergrounding.
    published
        The tables that the office publishes, their cells in words.
    base_map
        Address of the tiles of a base map on the network and whose it is; none where empty.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        The page.
    """
    words = catalogue(language)
    first = getattr(getattr(gaps, "definition", None), "technology", "") or HEADLINE
    rasters: Sequence[Layer] = ()
    if coverage is not None:
        rasters = coverage_layers(coverage, words, layers=layers, headline=first)
    definition: tuple[str, ...] = ()
    headline = ""
    findings: list[Layer] = []
    tables: list[Table] = []
    areas: list[Layer] = []
    summary: dict[str, Any] = {}
    if coverage is not None:
        definition = coverage_definition(coverage, words)
        headline = coverage_headline(coverage, words)
    if gaps is not None:
        areas += gaps_layers(gaps, words)
        tables += gaps_tables(gaps, words)
        summary = view_summary(gaps, words)
        definition = gaps_definition(gaps, words) or definition
        headline = headline or gaps_headline(gaps, words)
    if cable_plan is not None:
        findings += cable_layers(cable_plan, words, years=street_years(cable_plan, words))
        tables += [_closed(table) for table in cable_tables(cable_plan, words)]
    if proposal is not None:
        findings += proposal_layers(proposal, words)
        tables += [_closed(table) for table in proposal_tables(proposal, words)]
    for batch in appraisals:
        findings += appraisal_layers(batch, words)
        tables += [_closed(table) for table in appraisal_tables(batch, words)]
    return _page(
        layers,
        words,
        title,
        rasters=rasters,
        areas=areas,
        findings=findings,
        tables=tables,
        published=published,
        definition=definition,
        summary=summary,
        headline=headline,
        base_map=base_map,
    )


def coarse(result: "Gaps", *, language: str = "vi") -> MapPage:
    """
    Draw what may be published: figures of communes and nothing that tells where anything stands.

    Parameters
    ----------
    result
        Gaps.
    language
        `"vi"` or `"en"`.

    Returns
    -------
    page
        The page. It holds no raster, hamlet, station, cable, institution or operator's name.
    """
    words = catalogue(language)
    layers = without_places(result.layers)
    return _page(
        layers,
        words,
        words("coarse.title", name=result.layers.name),
        findings=coarse_layers(result, words),
        tables=[coarse_table(result, words)],
        definition=gaps_definition(result, words, of_hamlets=False),
        headline=gaps_headline(result, words),
        synthetic=bool(result.layers.synthetic() or result.provenance.synthetic),
        public=True,
    )


def _page(  # noqa: PLR0913 - what the parts of every page are
    layers: Layers,
    words: Words,
    title: str,
    *,
    rasters: Sequence[Layer] = (),
    areas: Sequence[Layer] = (),
    findings: Sequence[Layer] = (),
    tables: Sequence[Table] = (),
    published: Sequence[Table] = (),
    definition: tuple[str, ...] = (),
    headline: str = "",
    synthetic: bool = False,
    frame: str = "communes",
    cards: Mapping[str, Any] | None = None,
    choices: Mapping[str, Any] | None = None,
    swipes: tuple[Swipe, ...] = (),
    public: bool = False,
    summary: Mapping[str, Any] | None = None,
    base_map: tuple[str, str] = ("", ""),
) -> MapPage:
    """Return a page of results on what lies beneath them."""
    from infraplan import __version__

    base = base_layers(layers, words)
    if public:  # the findings are the communes themselves
        base = [layer for layer in base if layer.name != "communes"]
    hamlets = areas or [hamlets_plain(layers, words)]
    drawn: list[Layer] = [*base, *rasters, *hamlets, *present_layers(layers, words), *findings]
    made_up = layers.synthetic()
    warning = words("maps.warning_synthetic") if made_up or synthetic else ""
    notes = [words("maps.made_with", version=__version__)]
    if made_up:
        names = ", ".join(layer_name(name, words) for name in made_up)
        notes.insert(0, words("maps.synthetic_layers", layers=names))
    told = sources_of(layers, words)
    facts = Facts(
        title=title,
        subtitle=_subtitle(layers, words, title),
        headline=headline,
        as_of=data_days(layers, words),
        warning=warning,
        restricted="" if public else words("coarse.restricted"),
        tables=tuple(tables),
        published=tuple(published),
        definition=definition,
        sources=(*told, *notes),
        credit=" · ".join(dict.fromkeys((*told, *notes))),
        frame=frame,
        cards=cards or {},
        choices=choices or {},
        swipes=swipes,
        summary=summary or {},
        base_map=base_map[0],
        base_credit=base_map[1],
    )
    return build_page(drawn, facts, crs=layers.crs, language=words.language)


def _swipes(
    left: Sequence[Any], right: Sequence[Any], left_label: str, right_label: str
) -> tuple[Swipe, ...]:
    """Return two sides of a divider over the map; none where one of them is empty."""
    if not left or not right:
        return ()
    first, second = (tuple(str(layer.name) for layer in side) for side in (left, right))
    return (Swipe(first, second, left_label, right_label),)


def _subtitle(layers: Layers, words: Words, title: str) -> str:
    """Return how much of what the plan holds, and its name where the title does not tell it."""
    parts = [layers.name] if layers.name and layers.name not in title else []
    if layers.has("communes"):
        count = words.number(len(layers.table("communes")))
        parts.append(words("maps.area_counts", communes=count))
    if layers.has("sites"):
        parts.append(words("maps.site_counts", sites=words.number(len(layers.table("sites")))))
    return " · ".join(parts)


def _closed(table: Table) -> Table:
    """Return a table that the page shows folded."""
    return Table(table.title, table.heads, table.rows, table.note, open=False)

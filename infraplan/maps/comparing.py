"""Comparisons as layers, tables and sentences."""

from typing import TYPE_CHECKING

from infraplan.coverage.comparison import OUTCOMES
from infraplan.coverage.comparison import PARTS
from infraplan.coverage.comparison import UNKNOWN
from infraplan.coverage.comparison import Comparison
from infraplan.coverage.comparison import MeasuredAgreement
from infraplan.coverage.comparison import Sides
from infraplan.layers.bundle import Layers
from infraplan.maps.context import area_mask
from infraplan.maps.context import with_areas
from infraplan.maps.findings import coverage_definition
from infraplan.maps.findings import coverage_layers
from infraplan.maps.layers import Category
from infraplan.maps.layers import Field
from infraplan.maps.layers import PointLayer
from infraplan.maps.layers import PolygonLayer
from infraplan.maps.layers import Style
from infraplan.maps.layers import VectorLayer
from infraplan.maps.page import Table
from infraplan.maps.palette import CLASSES
from infraplan.maps.rasters import RasterClass
from infraplan.maps.rasters import RasterLayer
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.radio.results import Coverage

__all__ = [
    "comparison_definition",
    "comparison_layers",
    "comparison_tables",
    "measured_layers",
    "measured_tables",
    "outcome_words",
    "part_words",
]

ROWS = 10
NEITHER_COLOR, BOTH_COLOR = "#f4efe6", "#a8b8ad"  # quiet: what both say alike
ALARM_COLOR, OTHER_COLOR = "#d55e00", "#0072b2"  # Okabe and Ito, as in `palette`
OUTCOME_COLORS = {
    "neither": "#8a7f70",
    "both": "#56b4e9",
    "only_predicted": ALARM_COLOR,
    "only_measured": "#eca500",
}


def part_words(sides: Sides, words: Words) -> dict[str, str]:
    """
    Return what the parts of a comparison mean.

    Parameters
    ----------
    sides
        What is compared.
    words
        Catalogue.

    Returns
    -------
    texts
        Words by part, `unknown` among them, in the order in which tables show them.
    """
    told = ("both", "only_first", "only_second", "neither")
    names = {"first": sides.first, "second": sides.second}
    texts = {part: words(f"coverage.compared_{sides.kind}_{part}", **names) for part in told}
    return {**texts, UNKNOWN: words("common.unknown")}


def outcome_words(words: Words) -> dict[str, str]:
    """
    Return what the outcomes of measured places mean.

    Parameters
    ----------
    words
        Catalogue.

    Returns
    -------
    texts
        Words by outcome, `unknown` among them, in the order in which tables show them.
    """
    told = ("both", "only_predicted", "only_measured", "neither")
    texts = {name: words(f"coverage.compared_measurements_{name}") for name in told}
    return {**texts, UNKNOWN: words("common.unknown")}


def comparison_layers(
    found: Comparison, sides: Sides, layers: Layers, words: Words
) -> tuple[list[RasterLayer], list[VectorLayer]]:
    """
    Return the picture of the classes, each coverage alone, and the hamlets with their people.

    Parameters
    ----------
    found
        Comparison.
    sides
        What is compared.
    layers
        Layers of the first plan, whose communes bound the picture.
    words
        Catalogue.

    Returns
    -------
    rasters
        What the first has, what the second has, and above both what they say together.
    areas
        One layer.
    """
    texts = part_words(sides, words)
    lost_first = sides.kind == "plan"  # against a claim, what is claimed alone is the alarm
    colors = {
        "neither": NEITHER_COLOR,
        "both": BOTH_COLOR,
        "only_first": ALARM_COLOR if lost_first else OTHER_COLOR,
        "only_second": OTHER_COLOR if lost_first else ALARM_COLOR,
    }
    group = words("maps.group_compared")
    within = area_mask(layers, found.classes)
    picture = RasterLayer(
        name="compared",
        title=words(
            "maps.layer_compared", technology=sides.technology, operator=_operator(sides, words)
        ),
        data=found.classes,
        classes=[
            RasterClass(number - 0.5, texts[part], colors[part])
            for number, part in enumerate(PARTS)
        ],
        within=within,
        group=group,
        opacity=0.75,
        choice="compared",
    )
    alone = [
        RasterLayer(
            name=f"compared_{side}",
            title=words("swipe.side", name=name),
            data=found.classes.isin([PARTS.index("both"), PARTS.index(part)])
            .astype("float32")
            .where(found.classes.notnull()),
            classes=[
                RasterClass(-0.5, words("swipe.not_covered"), CLASSES[0]),
                RasterClass(0.5, words("swipe.covered"), CLASSES[3]),
            ],
            within=within,
            group=group,
            shown=False,
            opacity=0.75,
            choice="compared",
        )
        for side, name, part in (
            ("first", sides.first, "only_first"),
            ("second", sides.second, "only_second"),
        )
    ]
    hamlets = found.areas[~found.areas.index.astype(str).str.endswith("-rest")]
    told = {f"{part}_text": hamlets[part].map(words.people) for part in texts}
    fields = (
        Field("commune", words("maps.field_commune")),
        Field("people", words("maps.field_people"), decimals=0),
        *(Field(f"{part}_text", text) for part, text in texts.items()),
    )
    outlines = PolygonLayer(
        name="compared_hamlets",
        title=words("maps.layer_compared_hamlets"),
        data=with_areas(hamlets.assign(**told)),
        group=group,
        style=Style(color="#333333", fill="#ffffff", fill_opacity=0.01, width=0.9),
        fields=fields,
        heading="name",
        label="name",
        label_zoom=13.5,
        search=("name",),
    )
    return [*alone, picture], [outlines]


def comparison_tables(found: Comparison, sides: Sides, words: Words) -> list[Table]:
    """
    Return people and ground of each part, and the hamlets where the two differ most.

    Parameters
    ----------
    found
        Comparison.
    sides
        What is compared.
    words
        Catalogue.

    Returns
    -------
    tables
        The totals, then up to two of hamlets.
    """
    texts = part_words(sides, words)
    people, ground = (
        {str(name): float(value) for name, value in found.totals.to_dict("index")[row].items()}
        for row in ("people", "ground_km2")
    )
    everyone = people["total"]
    rows = tuple(
        (
            text,
            words.people(people[part]),
            words.number(100 * people[part] / everyone if everyone else float("nan"), 1),
            words.number(ground[part], 1),
        )
        for part, text in texts.items()
    )
    heads = _heads(words, "compared_part", "people", "compared_share", "compared_km2")
    note = words(
        "coverage.compared_agreement",
        people=words.number(100 * people["agreement"], 1),
        ground=words.number(100 * ground["agreement"], 1),
        kappa_people=words.number(people["kappa"], 2),
        kappa_ground=words.number(ground["kappa"], 2),
    )
    title = words("maps.table_compared")
    made = [Table(title, heads, rows, note=note)]
    for part in ("only_first", "only_second"):
        hamlets = found.most(part, ROWS)
        listed = tuple(
            (str(row["name"]), str(row["commune"]), words.people(float(row[part])))
            for row in hamlets.to_dict("records")
        )
        if listed:
            title = words("maps.table_compared_first", part=texts[part])
            heads = _heads(words, "compared_hamlet", "compared_commune", "people")
            made.append(Table(title, heads, listed, open=False))
    return made


def measured_layers(
    found: MeasuredAgreement, sides: Sides, coverage: "Coverage", layers: Layers, words: Words
) -> tuple[list[RasterLayer], list[VectorLayer]]:
    """
    Return the predicted coverage and the measured places by what they say of it.

    Parameters
    ----------
    found
        Comparison with measurements.
    sides
        What is compared.
    coverage
        Prediction of the technology and operator.
    layers
        Layers of the plan.
    words
        Catalogue.

    Returns
    -------
    rasters
        One layer.
    places
        One layer.
    """
    texts = outcome_words(words)
    categories = [
        Category(name, texts[name], Style(color="#ffffff", fill=OUTCOME_COLORS[name], width=0.8))
        for name in OUTCOMES
    ]
    places = PointLayer(
        name="compared_places",
        title=words("maps.layer_compared_places"),
        data=found.places,
        group=words("maps.group_compared"),
        by="outcome",
        categories=categories,
        fields=(
            Field("outcome", words("maps.field_outcome"), words=texts),
            Field("measured_dbm", words("maps.field_measured_dbm"), decimals=1, unit="dBm"),
            Field("predicted_dbm", words("maps.field_predicted_dbm"), decimals=1, unit="dBm"),
        ),
        heading=str(found.places.index.name or "index"),
    )
    rasters = coverage_layers(coverage, words, layers=layers, headline=sides.technology)
    return rasters, [places]


def measured_tables(
    found: MeasuredAgreement, coverage: "Coverage", words: Words
) -> tuple[list[Table], str]:
    """
    Return the count of each outcome, and the error of the signal.

    Parameters
    ----------
    found
        Comparison with measurements.
    coverage
        Prediction.
    words
        Catalogue.

    Returns
    -------
    tables
        One table.
    sentence
        Agreement and error in words, as the table's note has them.
    """
    texts = outcome_words(words)
    total = len(found.places)
    rows = tuple(
        (
            text,
            words.number(found.counts[name]),
            words.number(100 * found.counts[name] / total if total else float("nan"), 1),
        )
        for name, text in texts.items()
    )
    grid = coverage.geobox
    note = words(
        "coverage.compared_measured_agreement",
        agreement=words.number(100 * found.agreement, 1),
        places=words.number(total - found.counts[UNKNOWN]),
        low=words.number(100 * found.agreement_low, 1),
        high=words.number(100 * found.agreement_high, 1),
        cells=words.number(found.cell_count),
        resolution=words.number(float(grid.resolution.x)),
        kappa=words.number(found.kappa, 2),
    )
    if found.signal_count:
        error = words(
            "coverage.compared_measured_error",
            places=words.number(found.signal_count),
            bias=words.number(found.bias_db, 1),
            rmse=words.number(found.rmse_db, 1),
        )
        note = f"{note} {error}"
    heads = _heads(words, "compared_part", "compared_places", "compared_places_share")
    return [Table(words("maps.table_compared"), heads, rows, note=note)], note


def comparison_definition(
    found: Comparison | MeasuredAgreement, sides: Sides, coverage: "Coverage", words: Words
) -> tuple[str, ...]:
    """
    Return what "covered" means in a comparison, and what a reader must know of it.

    Parameters
    ----------
    found
        Comparison.
    sides
        What is compared.
    coverage
        Prediction of the first.
    words
        Catalogue.

    Returns
    -------
    sentences
        Definition and notes.
    """
    sentences = coverage_definition(coverage, words)
    if isinstance(found, MeasuredAgreement):
        measured = words(
            "coverage.compared_measured_definition",
            threshold=f"{found.threshold_dbm:g}".replace("-", "−"),
            p_cov=words.number(100 * coverage.profile.p_cov),
        )
        sentences = (sentences[0], measured)
    return (*sentences, *(words(f"coverage.note_{code}", **told) for code, told in sides.notes))


def _operator(sides: Sides, words: Words) -> str:
    """Return the operator as people call it."""
    return words("maps.any_operator") if sides.operator == "any" else sides.operator


def _heads(words: Words, *keys: str) -> tuple[str, ...]:
    """Return the headings of a table."""
    return tuple(words(f"maps.head_{key}") for key in keys)

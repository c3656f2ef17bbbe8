"""
One layer against its schema: every fault at once, in the words of whoever owns the file.

pandera alone would not do: a wrong CRS hides every other fault, empty and infinite positions pass,
and with coercion one bad cell hides the other faults of its column. So reference system and
geometry are checked here, each column is converted here, and pandera then sees the right types.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.layers.columns import Column
from infraplan.layers.columns import LayerSchema
from infraplan.layers.convert import converted
from infraplan.layers.convert import tidy
from infraplan.layers.crs import Bounds
from infraplan.layers.crs import epsg_code
from infraplan.layers.crs import inside
from infraplan.layers.crs import reproject
from infraplan.layers.crs import systems_that_fit
from infraplan.layers.crs import transformer
from infraplan.layers.crs import working_bounds
from infraplan.layers.notes import Note
from infraplan.layers.notes import listed
from infraplan.layers.schemas import VINTAGES
from infraplan.layers.schemas import schema

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Conformed", "conform"]

Mask = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

SHOWN = 5
NAMES_SHOWN = 20
HALF_WORLD_DEG = 180.0
LONGEST_TEXT, LONGEST_KEY = 5000, 200  # letters
SINGLE = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}
OLD_TYPES = ("thị trấn",)  # abolished with the districts on 1 July 2025


@dataclass(frozen=True, slots=True, eq=False)
class Conformed:
    """A layer that holds to its schema, and what was mended on the way."""

    table: Any  # a GeoDataFrame, or a DataFrame for a layer without geometry
    notes: tuple[str, ...] = ()


class _Findings:
    """Faults and notes of one layer, with the names that its owner gives to rows."""

    def __init__(self, labels: npt.NDArray[np.object_]) -> None:
        """Begin without any."""
        self.labels = labels
        self.faults: list[Fault] = []
        self.notes: list[str] = []

    def rows(self, where: Mask) -> tuple[str, ...]:
        """Return the owner's names of some rows."""
        return tuple(str(label) for label in self.labels[where])

    def fault(self, where: Mask, what: str, **details: Any) -> None:  # noqa: ANN401 - fields of Fault
        """Note a fault of some rows, if there are any."""
        if where.any():
            self.faults.append(Fault(what=what, rows=self.rows(where), **details))

    def note(self, where: Mask, code: str, **details: str) -> None:
        """Note a mend of some rows, if there are any."""
        if where.any():
            self.notes.append(Note(code, **details, rows=listed(self.rows(where), SHOWN)))


def conform(
    frame: pd.DataFrame,
    layer: str,
    *,
    plan_crs: str,
    rows: Sequence[object] | None = None,
    area: Bounds | None = None,
    without_position: bool = False,
) -> Conformed:
    """
    Return a layer as its schema wants it, or all its faults.

    Parameters
    ----------
    frame
        Table with columns named as in the schema, its key an ordinary column; a GeoDataFrame in
        any system with an EPSG code where the layer has geometry. Unknown columns are dropped.
    layer
        Name of the layer.
    plan_crs
        Planning CRS, as an EPSG code.
    rows
        What the owner calls each row, such as the row numbers of Excel; the ids where None.
    area
        West, south, east, north of the plan's area in `plan_crs` [m]; positions more than 100 km
        outside are faults. Where None, the belt in which `plan_crs` is used.
    without_position
        True for figures about units whose ground is known from elsewhere: positions are not looked
        at, and the table has none.

    Returns
    -------
    conformed
        Table in the planning CRS, indexed by id, with every declared column; and what was mended.

    Raises
    ------
    LayerError
        If anything is at fault; all faults, each with its rows and how to mend it.
    SettingsError
        If there is no such layer.
    """
    declared = schema(layer)
    found = _Findings(_labels(frame, declared, rows))
    if not len(frame):
        remedy = "give a file with rows, or leave the layer out of the plan"
        fault = Fault(
            "the layer is empty", found="no row", expected="rows", remedy=remedy, code="layer_empty"
        )
        raise LayerError(layer=layer, faults=(fault,))
    with_shapes = declared.geometry and not without_position
    shapes = _shapes(frame, declared, plan_crs, area, found) if with_shapes else None
    values = _values(frame, declared, found)
    _check_vintage(values, declared, found)
    _check_values(values, declared, found)
    if found.faults:
        raise LayerError(layer=layer, faults=tuple(found.faults))
    table = pd.DataFrame(values).set_index(declared.key)
    if shapes is not None:
        import geopandas as gpd

        table = gpd.GeoDataFrame(table, geometry=shapes, crs=plan_crs)
    return Conformed(table, tuple(found.notes))


def _labels(
    frame: pd.DataFrame, declared: LayerSchema, rows: Sequence[object] | None
) -> npt.NDArray[np.object_]:
    """Return what the owner calls each row."""
    if rows is None:
        rows = list(frame[declared.key] if declared.key in frame else range(1, len(frame) + 1))
    labels = np.empty(len(frame), dtype=object)
    labels[:] = list(rows)
    return labels


def _values(frame: pd.DataFrame, declared: LayerSchema, found: _Findings) -> dict[str, pd.Series]:
    """Return every declared column converted, its faults noted."""
    values: dict[str, pd.Series] = {}
    empty_of: dict[str, pd.Series] = {}
    for column in declared.columns:
        given = frame.get(column.name)
        if given is None:
            if column.required and column.name != "vintage":
                found.faults.append(_no_column(frame, declared, column))
            if column.kind not in empty_of:
                none = pd.Series([None] * len(frame), dtype=object)
                empty_of[column.kind] = converted(none, column)[0]
            values[column.name] = empty_of[column.kind].copy()
            continue
        series, bad, note = converted(given.reset_index(drop=True), column)
        found.notes += [note] if note else []
        found.fault(
            bad,
            f"{column.name} must be {column.expected}",
            column=column.name,
            found=_shown(given[bad]),
            remedy=_correction(column),
            code="value_wrong_required" if column.required else "value_wrong",
            details=_of(declared, column),
        )
        _check_length(series, column, declared, found)
        empty = series.isna().to_numpy() & ~bad
        if column.required:
            found.fault(
                empty,
                f"{column.name} is empty",
                column=column.name,
                found="an empty cell",
                expected=column.expected,
                remedy=f"fill in {column.name}: {column.meaning}",
                code="cell_empty",
                details=_of(declared, column),
            )
        values[column.name] = series
    return values


def _check_length(
    series: pd.Series, column: Column, declared: LayerSchema, found: _Findings
) -> None:
    """Note texts that are longer than any name or remark: an open quotation mark, or an attack."""
    if column.kind != "text":
        return
    limit = LONGEST_KEY if column.name == declared.key else LONGEST_TEXT
    long = (series.str.len() > limit).to_numpy(dtype=bool, na_value=False)
    if long.any():
        longest = str(int(series[long].str.len().max()))
        found.fault(
            long,
            f"{column.name} is too long",
            column=column.name,
            found=f"{longest} letters, '{series[long].iloc[0][:60]}…'",
            expected=f"at most {limit} letters",
            remedy="shorten the text; in a CSV file, look for a quotation mark that is not closed",
            code="too_long",
            details=(("column", column.name), ("count", longest), ("limit", str(limit))),
        )


def _of(declared: LayerSchema, column: Column) -> tuple[tuple[str, str], ...]:
    """Return the details of a fault that is about a column."""
    return (("layer", declared.name), ("column", column.name))


def _no_column(frame: pd.DataFrame, declared: LayerSchema, column: Column) -> Fault:
    """Return the fault of a required column that is not there."""
    names = [str(name) for name in frame.columns if name != "geometry"]
    return Fault(
        what=f"there is no column {column.name} ({column.meaning})",
        column=column.name,
        found=f"columns {_first(names) or 'none'}",
        expected=column.expected,
        remedy=f"add a column headed '{column.name}', or rename the one that holds it",
        code="column_missing",
        details=(*_of(declared, column), ("columns", ", ".join(names) or "-")),
    )


def _check_values(values: dict[str, pd.Series], declared: LayerSchema, found: _Findings) -> None:
    """Note values out of range or not allowed, and repeated ids; the types are right by now."""
    if all(
        _holds(values[column.name], column, is_key=column.name == declared.key)
        for column in declared.columns
    ):
        return
    import pandera.pandas as pa

    columns = {
        column.name: pa.Column(
            nullable=True,
            checks=_checks(column),
            unique=column.name == declared.key,
            report_duplicates="all",
        )
        for column in declared.columns
    }
    frame = pd.DataFrame(values)
    try:
        pa.DataFrameSchema(columns).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
    else:
        return
    for column in declared.columns:
        own = cases[cases["column"] == column.name]
        for repeated, case in own.groupby(own["check"] == "field_uniqueness"):
            where = np.zeros(len(frame), dtype=bool)
            where[case["index"].astype(int).to_numpy()] = True
            where &= frame[column.name].notna().to_numpy()
            found.fault(
                where,
                f"{column.name} is repeated"
                if repeated
                else f"{column.name} must be {column.expected}",
                column=column.name,
                found=_shown(frame[column.name][where]),
                expected="an id of its own in every row" if repeated else "",
                remedy="remove the repeated rows, or give each its own id"
                if repeated
                else _correction(column),
                code="id_repeated"
                if repeated
                else ("value_wrong_required" if column.required else "value_wrong"),
                details=_of(declared, column),
            )


def _holds(series: pd.Series, column: Column, *, is_key: bool) -> bool:
    """Return whether a column has nothing to note; what it lacks is looked for only then."""
    given = series.dropna()
    if is_key and given.duplicated().any():
        return False
    allowed = column.values  # noqa: PD011 - no pandas object
    if allowed and column.kind == "list":
        return all(set(cell.split(";")) <= set(allowed) for cell in given.unique())
    if allowed:
        return bool(given.isin(allowed).all())
    low, high = column.low, column.high
    return bool((low is None or (given >= low).all()) and (high is None or (given <= high).all()))


def _checks(column: Column) -> list[Any]:
    """Return the pandera checks of a column."""
    import pandera.pandas as pa

    values = column.values  # noqa: PD011 - no pandas object
    if values and column.kind == "list":
        allowed = set(values)
        return [pa.Check(lambda cell: set(cell.split(";")) <= allowed, element_wise=True)]
    if values:
        return [pa.Check.isin(values)]
    checks = []
    if column.low is not None:
        checks.append(pa.Check.ge(column.low))
    if column.high is not None:
        checks.append(pa.Check.le(column.high))
    return checks


def _correction(column: Column) -> str:
    """Return how to mend a value that is wrong."""
    if column.required:
        return "correct the value"
    return "correct the value, or leave the cell empty where it is not known"


def _check_vintage(columns: dict[str, pd.Series], declared: LayerSchema, found: _Findings) -> None:
    """Note an administrative layer of unknown, mixed or impossible vintage."""
    if not declared.has_vintage:
        return
    vintage = columns["vintage"]
    known = "2024, 2025-01 or 2025-07 (units in force since 1 July 2025)"
    present = sorted(set(vintage.dropna()) & set(VINTAGES))
    if vintage.isna().all():
        found.faults.append(
            Fault(
                what="the layer does not say which administrative units it means",
                column="vintage",
                expected=known,
                remedy="add --vintage with one of them: the 2025 reform re-used the codes",
                code="vintage_unknown",
            )
        )
    elif len(present) > 1:
        found.faults.append(
            Fault(
                what="the layer mixes administrative units of different dates",
                column="vintage",
                found=", ".join(present),
                expected="one vintage",
                remedy="split the file by vintage and import one of the parts",
                code="vintage_mixed",
            )
        )
    abolished = vintage == "2025-07"
    if declared.name != "districts":
        abolished &= columns["type"].isin(OLD_TYPES)
    found.fault(
        abolished.to_numpy(dtype=bool, na_value=False),
        "these units were abolished on 1 July 2025, so their vintage cannot be 2025-07",
        column="vintage",
        found="2025-07",
        expected="2024 or 2025-01",
        remedy="import them with --vintage 2024 or --vintage 2025-01",
        code="vintage_abolished",
    )


def _shapes(
    frame: pd.DataFrame,
    declared: LayerSchema,
    plan_crs: str,
    area: Bounds | None,
    found: _Findings,
) -> Shapes | None:
    """Return geometries in the planning CRS, of an accepted type and valid; note what is not."""
    import geopandas as gpd
    import shapely

    expected = " or ".join(declared.geometry)
    shape = ("shape", ";".join(declared.geometry))
    if not isinstance(frame, gpd.GeoDataFrame) or frame._geometry_column_name not in frame:  # noqa: SLF001 - `geometry` raises
        if declared.may_lack_position:
            return np.full(len(frame), None, dtype=object)
        fault = Fault(
            what="the rows have no position",
            found=f"columns {_first(list(map(str, frame.columns)))}",
            expected=f"geometry ({expected}), or columns with longitude and latitude",
            remedy="add two columns, 'Kinh độ' and 'Vĩ độ', or 'X' and 'Y' of VN-2000",
            code="no_position_columns",
            details=(shape, ("columns", ", ".join(map(str, frame.columns)) or "-")),
        )
        found.faults.append(fault)
        return None
    shapes = frame.geometry.to_numpy().astype(object)
    shapes = np.asarray(shapely.force_2d(shapes), dtype=object)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if not declared.may_lack_position:
        found.fault(
            empty,
            "the position is missing",
            found="no geometry",
            expected=expected,
            remedy="give the position, or remove the row",
            code="position_missing",
            details=(shape,),
        )
    broken = ~empty & ~_all_finite(shapes)
    found.fault(
        broken,
        "coordinates are not numbers",
        found="NaN or infinity",
        expected="finite coordinates",
        remedy="correct the position, or remove the row",
        code="position_not_number",
    )
    usable = ~empty & ~broken
    if not usable.any() and frame.crs is None:
        return np.full(len(frame), None, dtype=object)
    shapes = _of_accepted_type(shapes, usable, declared, found)
    moved = _in_plan_crs(frame, shapes, usable, (plan_crs, area), found)
    return None if moved is None else _valid(moved, usable, found)


def _all_finite(shapes: Shapes) -> Mask:
    """Return whose coordinates are all finite."""
    import shapely

    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    wrong = np.zeros(len(shapes), dtype=bool)
    wrong[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    return ~wrong


def _of_accepted_type(
    shapes: Shapes, usable: Mask, declared: LayerSchema, found: _Findings
) -> Shapes:
    """Return geometries with single parts taken out of collections where the layer wants single."""
    import shapely

    kinds = np.array([shape.geom_type if shape is not None else "" for shape in shapes])
    parts = shapely.get_num_geometries(shapes)
    shapes = shapes.copy()
    for kind, single in SINGLE.items():
        if kind not in declared.geometry and single in declared.geometry:
            alone = (kinds == kind) & (parts == 1)
            shapes[alone] = shapely.get_geometry(shapes[alone], 0)
            kinds[alone] = single
    wrong = usable & ~np.isin(kinds, declared.geometry)
    found.fault(
        wrong,
        "the geometry is of the wrong type",
        found=", ".join(sorted(set(kinds[wrong]))),
        expected=" or ".join(declared.geometry),
        remedy="export the layer again with that type, or import it as another layer",
        code="geometry_type_wrong",
        details=(("shape", ";".join(declared.geometry)),),
    )
    return shapes


def _in_plan_crs(
    frame: "gpd.GeoDataFrame",
    shapes: Shapes,
    usable: Mask,
    plan: tuple[str, Bounds | None],
    found: _Findings,
) -> Shapes | None:
    """Return geometries in the planning CRS; note a missing or wrong one and swapped axes."""
    import shapely

    plan_crs, area = plan
    bounds = working_bounds(plan_crs, area)
    west, south, east, north = shapely.bounds(shapes[usable]).T.reshape(4, -1)
    x, y = west / 2 + east / 2, south / 2 + north / 2  # a sum could overflow
    code = "" if frame.crs is None else epsg_code(frame.crs)
    if not code:
        fitting = systems_that_fit(x, y, crs=plan_crs, bounds=bounds) if usable.any() else ()
        named = "no reference system" if frame.crs is None else f"'{frame.crs.name}'"
        found.faults.append(
            Fault(
                what="the coordinates do not say their reference system",
                found=f"{named}; {_extent(x, y)}",
                expected="a system with an EPSG code",
                remedy=_crs_remedy(fitting),
                code="crs_not_said_fits" if fitting else "crs_not_said",
                details=(*_spans(x, y), ("fitting", ", ".join(fitting[:4]))),
            )
        )
        return None
    _check_span(east - west, code, usable, found)
    moved = reproject(shapes, code, plan_crs)
    outside = np.zeros(len(shapes), dtype=bool)
    outside[usable] = ~_inside_after(x, y, (code, plan_crs, bounds))
    if outside.any():
        _explain_outside((x, y), outside, usable, (code, plan_crs, bounds), found)
        usable &= ~outside
    return moved


def _check_span(width: Floats, code: str, usable: Mask, found: _Findings) -> None:
    """Note shapes that reach around the world and take them out of those that are usable."""
    from pyproj import CRS

    around = np.zeros(len(usable), dtype=bool)
    if CRS.from_user_input(code).is_geographic:
        around[usable] = width > HALF_WORLD_DEG
    found.fault(
        around,
        "the shape reaches around the world: it crosses the 180th meridian, or has a wrong corner",
        found=f"{width.max(initial=0):.0f} degrees from west to east",
        expected=f"at most {HALF_WORLD_DEG:.0f} degrees",
        remedy="correct the corner, or cut the shape at the meridian in QGIS",
        code="around_the_world",
        details=(("width", f"{width.max(initial=0):.0f}"),),
    )
    usable &= ~around


def _inside_after(x: Floats, y: Floats, systems: tuple[str, str, Bounds]) -> Mask:
    """Return which points lie within bounds after the move from one system to the other."""
    source, target, bounds = systems
    if source == target:
        return inside(x, y, bounds)
    east, north = transformer(source, target).transform(x, y)
    return inside(np.asarray(east), np.asarray(north), bounds)


def _explain_outside(
    points: tuple[Floats, Floats],
    outside: Mask,
    usable: Mask,
    systems: tuple[str, str, Bounds],
    found: _Findings,
) -> None:
    """Note why positions lie far outside: axes swapped, the wrong system, or plainly elsewhere."""
    code, plan_crs, bounds = systems
    x, y = points[0][outside[usable]], points[1][outside[usable]]
    turned = np.zeros(len(outside), dtype=bool)
    turned[outside] = _inside_after(y, x, systems)
    found.fault(
        turned,
        "latitude and longitude (north and east) are swapped",
        found=_extent(x, y),
        expected="longitude about 102 to 110, latitude about 8 to 24; X of VN-2000 is north",
        remedy="swap the two columns, or their headings",
        code="axes_swapped",
        details=_spans(x, y),
    )
    rest = outside & ~turned
    x, y = points[0][rest[usable]], points[1][rest[usable]]
    fitting = systems_that_fit(x, y, crs=plan_crs, bounds=bounds) if rest.any() else ()
    if fitting:
        found.fault(
            rest,
            f"the coordinates are not in {code}",
            found=_extent(x, y),
            expected=f"coordinates in {code}",
            remedy=_crs_remedy(fitting),
            code="crs_wrong",
            details=(*_spans(x, y), ("crs", code), ("fitting", ", ".join(fitting[:4]))),
        )
        return
    found.fault(
        rest,
        "the position lies far outside the area",
        found=_extent(x, y),
        expected=f"a position in the area, in {code}",
        remedy="correct the coordinates, or remove the row",
        code="position_far",
        details=(*_spans(x, y), ("crs", code)),
    )


def _extent(x: Floats, y: Floats) -> str:
    """Return the range of coordinates in words."""
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        return "no finite coordinate"
    return (
        f"x from {x[finite].min():.10g} to {x[finite].max():.10g}, "
        f"y from {y[finite].min():.10g} to {y[finite].max():.10g}"
    )


def _spans(x: Floats, y: Floats) -> tuple[tuple[str, str], ...]:
    """Return the range of coordinates as details of a fault; none where no coordinate is finite."""
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        return ()
    ends = {
        "west": x[finite].min(),
        "east": x[finite].max(),
        "south": y[finite].min(),
        "north": y[finite].max(),
    }
    return tuple((name, f"{value:.10g}") for name, value in ends.items())


def _crs_remedy(fitting: Sequence[str]) -> str:
    """Return which option says the reference system."""
    if not fitting:
        return "ask the owner which system they are in, and add it as --crs EPSG:..."
    also = (
        f" (they would also fit {', '.join(fitting[1:4])}: ask if in doubt)" if fitting[1:] else ""
    )
    return f"add --crs {fitting[0]}{also}"


def _valid(shapes: Shapes, usable: Mask, found: _Findings) -> Shapes:
    """Return geometries with self-crossing polygons repaired, their area kept."""
    import shapely

    invalid = usable & ~shapely.is_valid(shapes)
    if not invalid.any():
        return shapes
    kinds = np.array([shape.geom_type if shape is not None else "" for shape in shapes])
    polygons = invalid & np.isin(kinds, ("Polygon", "MultiPolygon"))
    repaired = shapes.copy()
    repaired[polygons] = shapely.make_valid(
        shapes[polygons], method="structure", keep_collapsed=False
    )
    # what was drawn as a hole stays one, even outside its polygon
    repaired[polygons] = shapely.intersection(repaired[polygons], _filled(shapes[polygons]))
    gone = (invalid & ~polygons) | (polygons & shapely.is_empty(repaired))
    found.fault(
        gone,
        "the shape has no extent",
        found="a line or polygon whose points coincide",
        expected="a line with a length, a polygon with an area",
        remedy="draw it again, or remove the row",
        code="shape_without_extent",
    )
    before, after = shapely.area(shapes[polygons]).sum(), shapely.area(repaired[polygons]).sum()
    found.note(
        polygons & ~gone,
        "notes.repaired",
        before=f"{before:.0f}",
        after=f"{after:.0f}",
    )
    return repaired


def _filled(polygons: Shapes) -> Shapes:
    """Return polygons without their holes, valid."""
    import shapely

    parts, owner = shapely.get_parts(polygons, return_index=True)
    shells = shapely.polygons(shapely.get_exterior_ring(parts))
    valid = shapely.make_valid(shells, method="structure", keep_collapsed=False)
    return np.array(
        [shapely.union_all(valid[owner == number]) for number in range(len(polygons))], dtype=object
    )


def _first(names: Sequence[str]) -> str:
    """Return the first of many names for a message."""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(name[:60] for name in names[:NAMES_SHOWN]) + more


def _shown(values: pd.Series) -> str:
    """Return the first different values of a column for a message."""
    texts = list(dict.fromkeys(tidy(value)[:60] for value in values))
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(f"'{text}'" for text in texts[:SHOWN]) + more

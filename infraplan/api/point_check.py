"""No signal at this house: who should serve one place, whether they do, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from infraplan.api.cover import PREDICTED_FROM
from infraplan.api.cover import RadioInputs
from infraplan.api.cover import radio_inputs
from infraplan.api.cover import stored_resolution_m
from infraplan.api.cover import usual_settings
from infraplan.api.places import locate
from infraplan.atomic import file_stem
from infraplan.atomic import write_bytes
from infraplan.errors import SettingsError
from infraplan.plan import Plan
from infraplan.plan.results import coverage_step
from infraplan.progress import Progress
from infraplan.progress import part

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from infraplan.coverage.point import LinkProfile
    from infraplan.coverage.point import PlaceFacts
    from infraplan.coverage.point import PointFinding

__all__ = ["PointCheck", "point"]

READ = ("communes", "hamlets", "sites", "cells", "fibre", "evidence", "measurements")
CHECKED_FROM = (*PREDICTED_FROM, "hamlets", "evidence", "measurements")
STORED = ("signal_dbm", "probability")


@dataclass(frozen=True, slots=True, eq=False)
class PointCheck:
    """
    What is known of the service at one place, and where it is kept.

    `name` is what the user called the place, `notes` are codes of what a reader must know, `path`
    is the GeoPackage and `picture_path` the terrain profiles, None where no cell is within reach.
    `synthetic` names the layers that are made up.
    """

    name: str
    finding: "PointFinding"
    path: Path
    picture_path: Path | None
    notes: tuple[str, ...]
    synthetic: tuple[str, ...]
    language: str

    @property
    def place(self) -> "PlaceFacts":
        """Return where the place is and what is near."""
        return self.finding.place

    @property
    def servers(self) -> "pd.DataFrame":
        """Return a row for each technology and operator: the strongest cell and the verdict."""
        return self.finding.servers

    @property
    def causes(self) -> "pd.DataFrame":
        """Return a row for each technology and operator that lacks service: why."""
        return self.finding.causes

    @property
    def profiles(self) -> "tuple[LinkProfile, ...]":
        """Return the ground to the strongest servers of the headline."""
        return self.finding.profiles

    def sentences(self, language: str = "") -> list[str]:
        """
        Return all that an answer to a citizen needs, in words.

        Parameters
        ----------
        language
            `"vi"` or `"en"`; that of the plan where empty.

        Returns
        -------
        sentences
            Place, causes, evidence, measurements, definition.
        """
        from infraplan.coverage import point_told as told
        from infraplan.text import words

        speak = words(language or self.language)
        return [
            *told.place_told(self.place, speak),
            *told.causes_told(self.finding, speak),
            *told.evidence_told(self.finding, speak),
            *told.measurements_told(self.finding, speak),
            *told.definition_told(self.finding, speak),
            *(speak(f"coverage.point_note_{note}") for note in self.notes),
        ]

    def _repr_html_(self) -> str:
        """Return table and sentences for a notebook."""
        import pandas as pd

        from infraplan.coverage.point_told import servers_told
        from infraplan.text import words

        speak = words(self.language)
        heads, rows = servers_told(self.finding, speak)
        table = pd.DataFrame(rows, columns=list(heads)).to_html(escape=True, index=False)
        title = speak("cli.point_title", place=self.name)
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences())
        return f"<p>{escape(title)}</p>{table}<ul>{items}</ul>"


def point(
    plan: Plan,
    place: "str | shapely.Point",
    *,
    technology: str | None = None,
    operator: str | None = None,
    progress: Progress | None = None,
) -> PointCheck:
    """
    Tell which cells should serve a place, whether they do, and what stands in the way.

    Nothing need be predicted before: only links to this place are, along their exact paths.

    Parameters
    ----------
    plan
        The plan, with communes, stations and terrain.
    place
        `lon,lat`, `E,N` of the plan, an id of a hamlet, station, chamber, institution or request,
        or a point in the planning CRS.
    technology
        Technology to tell of; all that are on air where None.
    operator
        Operator to tell of; all where None.
    progress
        Called with the share done.

    Returns
    -------
    check
        Servers, causes and profiles, written into `results/points` and `maps/points` of the plan.

    Raises
    ------
    PlanError
        If the plan lacks communes, stations or terrain, or does not know the height of the place.
    SettingsError
        If the place is not understood or lies elsewhere, or a technology or operator is not on air.
    """
    from infraplan.coverage.point import look_at_point

    step = part(progress, 0.0, 1.0)
    settings = usual_settings(plan)
    rasters = ("terrain", "water", "landcover") if settings.tuning else ("terrain", "water")
    at = locate(plan, place, beyond_m=0.0)
    inputs = radio_inputs(
        plan,
        settings,
        resolution_m=stored_resolution_m(plan),
        rasters=rasters,
        names=READ,
        around_m=(at.x, at.y, settings.radius_m),
    )
    step(0.5)
    _refuse_unknown(inputs, technology, operator)
    headline = (technology or plan.settings.technology, operator or plan.settings.operator)
    finding = look_at_point(
        inputs.layers,
        inputs.cells,
        at,
        profile=inputs.profile,
        settings=inputs.settings,
        headline=headline,
        only=(technology, operator),
    )
    step(0.7)
    hashes = plan.hashes(CHECKED_FROM)
    finding, notes = _with_stored(plan, finding, hashes)
    name = place.strip() if isinstance(place, str) else f"{at.x:.0f},{at.y:.0f}"
    stem = "_".join(file_stem(word) for word in (name, technology, operator) if word)
    made = PointCheck(
        name=name,
        finding=finding,
        path=plan.results / "points" / f"{stem}.gpkg",
        picture_path=None,
        notes=notes,
        synthetic=inputs.layers.synthetic(),
        language=plan.settings.language,
    )
    step(0.8)
    if finding.profiles:
        made = replace(made, picture_path=_draw(plan, made, stem))
    _keep(made, inputs.layers.table("sites"))
    _record(plan, made, stem, {"technology": technology, "operator": operator}, hashes)
    step(1.0)
    return made


def _refuse_unknown(inputs: RadioInputs, technology: str | None, operator: str | None) -> None:
    """Refuse a technology or operator that no station has on air; the message lists them."""
    sites = inputs.layers.table("sites")
    on_air = {
        "technology": (technology, sorted(set(inputs.cells["technology"]))),
        "operator": (operator, sorted(set(sites["operator"].loc[inputs.cells["site_id"]]))),
    }
    wrong = [
        f"{what} '{asked}' has no station on air; there is {', '.join(known)}"
        for what, (asked, known) in on_air.items()
        if asked is not None and asked not in known
    ]
    if wrong:
        raise SettingsError("; ".join(wrong))


def _with_stored(
    plan: Plan, finding: "PointFinding", hashes: Mapping[str, str]
) -> "tuple[PointFinding, tuple[str, ...]]":
    """Return the finding with the levels of the coverage that the plan keeps, where it does."""
    import math

    from infraplan.io import read_bands_at

    servers = finding.servers
    values: dict[str, list[float]] = {name: [] for name in STORED}
    now = {name: text for name, text in hashes.items() if name in PREDICTED_FROM}
    is_stored = is_stale = False
    for pair in zip(servers["technology"], servers["operator"], strict=True):
        step = coverage_step(*pair)
        record = plan.record(step)
        found: dict[str, float] = {}
        if record is not None:
            path = plan.results / f"{step}.tif"
            found = read_bands_at(path, finding.place.x_m, finding.place.y_m, STORED)
            is_stored = True
            is_stale |= dict(record.provenance.get("inputs", now)) != now
        for name, column in values.items():
            column.append(found.get(name, math.nan))
    columns = {"stored_dbm": values["signal_dbm"], "stored_probability": values["probability"]}
    notes = [("stored", is_stored), ("stale", is_stale)]
    shown = servers.assign(**columns)
    return replace(finding, servers=shown), tuple(name for name, holds in notes if holds)


def _draw(plan: Plan, made: PointCheck, stem: str) -> Path:
    """Write the picture of the terrain profiles."""
    from infraplan.maps.profile import profile_picture
    from infraplan.text import words

    place = made.place
    title = made.name
    if place.hamlet is not None and place.hamlet_m == 0.0:
        title = f"{place.hamlet} ({made.name})"
    picture = profile_picture(
        made.profiles, words(made.language), place=title, synthetic=bool(made.synthetic)
    )
    return write_bytes(plan.folder / "maps" / "points" / f"{stem}.png", picture)


def _keep(made: PointCheck, sites: "gpd.GeoDataFrame") -> None:
    """Write the tables; those that would be empty are left out."""
    import pandas as pd

    from infraplan.io import write_frames

    finding = made.finding
    told = made.sentences()
    tables: dict[str, Any] = {
        "points": _shapes(made, sites),
        "servers": finding.servers.set_index(["technology", "operator"]),
        "causes": finding.causes.set_index(["technology", "operator"]),
        "cells": finding.cells,
        "evidence": finding.evidence,
        "measurements": finding.measurements,
        "profiles": _samples(made),
        "sentences": pd.DataFrame({"text": told}, index=pd.RangeIndex(len(told), name="number")),
    }
    path = made.path
    write_frames(path, {name: table for name, table in tables.items() if len(table)})


def _shapes(made: PointCheck, sites: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return the place, the stations that serve or should serve it, and the obstructions."""
    import geopandas as gpd
    import shapely

    place = made.place
    rows: list[dict[str, Any]] = [
        {"kind": "place", "name": made.name, "geometry": shapely.Point(place.x_m, place.y_m)}
    ]
    named = {*made.servers["site_id"].dropna(), *made.causes["cause_site"].dropna()}
    rows += [
        {"kind": "station", "name": site, "geometry": sites.geometry.loc[site]}
        for site in sorted(named)
    ]
    hidden = made.causes[made.causes["ridge_x_m"].notna()]
    rows += [
        {
            "kind": "obstruction",
            "name": f"{row['technology']} {row['operator']}",
            "height_m": float(row["ridge_height_m"]),
            "obstruction_db": float(row["obstruction_db"]),
            "geometry": shapely.Point(row["ridge_x_m"], row["ridge_y_m"]),
        }
        for row in hidden.to_dict("records")
    ]
    columns = ["kind", "name", "height_m", "obstruction_db", "geometry"]
    table = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=sites.crs)
    return table.astype({"height_m": "float64", "obstruction_db": "float64"}).rename_axis("number")


def _samples(made: PointCheck) -> "pd.DataFrame":
    """Return the heights along the profiles, a row a sample."""
    import pandas as pd

    parts = [
        pd.DataFrame({"cell_id": line.cell_id, "at_m": line.at_m, "ground_m": line.ground_m})
        for line in made.profiles
    ]
    if not parts:
        return pd.DataFrame()
    return pd.concat(parts, ignore_index=True).rename_axis("number")


def _record(
    plan: Plan,
    made: PointCheck,
    stem: str,
    asked: Mapping[str, str | None],
    inputs: Mapping[str, str],
) -> None:
    """Note the written files and the verdicts in the plan."""
    import infraplan
    from infraplan.layers.bundle import Provenance

    servers = made.servers
    counts = servers["verdict"].value_counts().to_dict()
    options = {"place": made.name, **asked}
    plan.write_record(
        f"points/{stem}",
        key=plan.step_key("point", inputs, options),
        files=[path for path in (made.path, made.picture_path) if path is not None],
        figures={str(verdict): int(count) for verdict, count in counts.items()},
        provenance=Provenance(
            step="point",
            version=infraplan.__version__,
            inputs=inputs,
            settings=options,
            synthetic=made.synthetic,
            notes=made.notes,
        ),
    )

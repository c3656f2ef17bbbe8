"""Measurements in, a tuned path loss out, with the proof that it is better, or that it is not."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infraplan import atomic
from infraplan.api.cover import radio_inputs
from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.plan import Plan
from infraplan.plan.folder import TUNED_FILE
from infraplan.progress import Progress
from infraplan.progress import part
from infraplan.radio.settings import RadioSettings

if TYPE_CHECKING:
    from infraplan.radio.calibration import Calibration

__all__ = ["CalibrationDone", "calibrate"]


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationDone:
    """A calibration, the file it is kept in, what was mended on reading and what was left out."""

    calibration: "Calibration"
    path: Path
    notes: tuple[str, ...]
    left_out: tuple[Fault, ...]


def calibrate(
    plan: Plan,
    measurements: Path | str,
    *,
    crs: str | None = None,
    radius_m: float = 10_000.0,
    progress: Progress | None = None,
) -> CalibrationDone:
    """
    Fit the path loss to measured levels and keep it in the plan.

    Parameters
    ----------
    plan
        The plan.
    measurements
        Drive test or device levels, CSV or Excel: position, level, station or cell.
    crs
        Reference system of the positions where the file does not say it, as an EPSG code.
    radius_m
        How far a station is followed, > 0 [m].
    progress
        Called with the share done.

    Returns
    -------
    done
        The model with its comparison on held-out links. `predict` uses it from then on if the
        comparison shows it to be better than free space; else only when asked for.

    Raises
    ------
    LayerError
        If rows of the file are at fault; all at once.
    PlanError
        If no measurement can be used.
    SettingsError
        If there are too few to prove anything.
    """
    from infraplan.io import content_hash
    from infraplan.io import read_layer
    from infraplan.radio.calibration import calibrate as calibrate_links
    from infraplan.radio.measurements import measured_links

    inputs = radio_inputs(plan, RadioSettings())
    reading = read_layer(Path(measurements), "measurements", plan_crs=plan.settings.crs, crs=crs)
    if reading.faults:  # a proof on the rows that happen to be readable would be none
        raise LayerError(layer="measurements", faults=reading.faults)
    terrain = inputs.layers.terrain
    assert terrain is not None  # noqa: S101 - radio_inputs needs it
    found = measured_links(
        terrain,
        inputs.layers.table("sites"),
        inputs.cells,
        reading.table,
        settings=RadioSettings(radius_m=radius_m),
        progress=part(progress, 0.0, 0.3),
    )
    if not len(found.links):
        why = "; ".join(str(fault) for fault in found.left_out)
        msg = f"{Path(measurements).name}: no measurement can be used: {why}"
        raise PlanError(msg)
    made = calibrate_links(
        found.links, data_hash=content_hash(reading.table), progress=part(progress, 0.3, 0.95)
    )
    part(progress, 0.95, 1.0)(1.0)
    path = plan.folder / TUNED_FILE
    proof = {
        "comparison": json.loads(made.comparison.to_json(orient="index")),
        "spread": json.loads(made.spread.to_json(orient="index")),
        "difference_db": list(made.difference_db),
        "links": made.link_count,
        "blocks": made.block_count,
        "outliers": list(map(str, made.outliers.index)),
    }
    text = json.dumps({"model": made.model.to_dict(), "proof": proof}, indent=1)
    atomic.write_text(path, text + "\n")
    return CalibrationDone(
        calibration=made, path=path, notes=tuple(reading.notes), left_out=found.left_out
    )

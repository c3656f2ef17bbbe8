"""The ranges for which a model was published."""

import numpy as np
import numpy.typing as npt

from infraplan.errors import ModelRangeError

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def between(name: str, values: Floats, low: float, high: float) -> tuple[str, Bools]:
    """Return what to tell of a closed range, and where the values keep to it (NaN never does)."""
    return f"{name} must be in [{low:g}, {high:g}]", (values >= low) & (values <= high)


def refuse_outside(*ranges: tuple[str, Bools]) -> None:
    """Raise one error that names every range that some value leaves."""
    if wrong := [told for told, kept in ranges if not np.all(kept)]:
        raise ModelRangeError("; ".join(wrong))

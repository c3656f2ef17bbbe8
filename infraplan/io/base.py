"""A folder of real layers, as open data comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infraplan.errors import LayerError
from infraplan.errors import SourceFileError
from infraplan.io.tables import Reading
from infraplan.io.tables import read_layer

__all__ = ["Base", "read_base"]

VINTAGE_OF = {
    "communes.gpkg": ("communes", {"vintage": "2025-07"}),
    "districts_2024.gpkg": ("districts", {"vintage": "2024"}),
    "settlements.gpkg": ("settlements", {}),
    # the official table converts the units of January 2025, not those of 2024
    "communes_2024_to_2025.csv": (
        "crosswalk",
        {"from_vintage": "2025-01", "to_vintage": "2025-07"},
    ),
}
RASTERS = ("terrain", "landcover", "water", "population", "floods")


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """What a folder of real layers holds: readings and paths of rasters, each by layer."""

    readings: Mapping[str, Reading]
    rasters: Mapping[str, Path]


def read_base(folder: Path | str, *, plan_crs: str) -> Base:
    """
    Read whatever real layers a folder has.

    Parameters
    ----------
    folder
        Folder with any of `communes.gpkg`, `districts_2024.gpkg`, `settlements.gpkg`,
        `communes_2024_to_2025.csv` and the GeoTIFFs `terrain`, `landcover`, `water`, `population`,
        `floods`.
    plan_crs
        Planning CRS, as an EPSG code.

    Returns
    -------
    base
        Layers that were found and hold to their schemas, and rasters that are GeoTIFFs.

    Raises
    ------
    LayerError
        If a layer is at fault.
    SourceFileError
        If the folder is missing, or a file is not what its name says.
    """
    from infraplan.io.rasters import raster_crs

    folder = Path(folder)
    if not folder.is_dir():
        msg = f"{folder} is not a folder"
        raise SourceFileError(msg)
    readings = {
        layer: read_layer(folder / name, layer, plan_crs=plan_crs, fill=fill)
        for name, (layer, fill) in VINTAGE_OF.items()
        if (folder / name).exists()
    }
    for layer, reading in readings.items():
        if reading.faults:  # nobody would see that a base lost rows
            raise LayerError(layer=layer, faults=reading.faults)
    rasters = {name: folder / f"{name}.tif" for name in RASTERS}
    found = {name: path for name, path in rasters.items() if path.exists()}
    for path in found.values():
        raster_crs(path)
    return Base(readings, found)

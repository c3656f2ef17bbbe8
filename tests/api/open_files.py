"""Small files in the true formats of open data, and declarations that lead to a local server."""

import gzip
import io
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import box
from shapely.geometry import mapping

import infraplan as ip
from infraplan.plan import Plan
from tests.web import Answer
from tests.web import Web

CRS = "EPSG:9209"
PIXELS = 240  # of a tile of a degree; the real one has 3600


def plan_over(
    folder: Path, *boxes: tuple[float, float, float, float], kind: str = "phường"
) -> Plan:
    """Return a plan whose communes are these boxes in degrees."""
    plan = ip.init_plan(folder, crs=CRS)
    shapes = gpd.GeoSeries([box(*edges) for edges in boxes], crs="EPSG:4326").to_crs(CRS)
    codes = [f"1807{n}" for n in range(len(boxes))]
    names = [f"Xã {n}" for n in range(len(boxes))]
    table = gpd.GeoDataFrame(
        {"code": codes, "name": names, "vintage": "2025-07", "type": kind}, geometry=shapes, crs=CRS
    )
    plan.write_tables({"communes": table.set_index("code")})
    return plan


def declare(plan: Plan, web: Web, name: str, path: str, *lines: str) -> None:
    """Let a source of ours lead to the local server."""
    folder = plan.folder / "sources"
    folder.mkdir(exist_ok=True)
    text = "\n".join([f'address = "{web.root}{path}"', *lines])
    (folder / f"{name}.toml").write_text(text + "\n", encoding="utf-8")


def geotiff(
    values: np.ndarray, west: float, north: float, pixel: float, **options: object
) -> bytes:
    """Return a tiled, compressed GeoTIFF in degrees."""
    profile = {
        "driver": "GTiff", "dtype": values.dtype, "count": 1, "crs": "EPSG:4326",
        "width": values.shape[1], "height": values.shape[0], "tiled": True, "blockxsize": 64,
        "blockysize": 64, "compress": "deflate",
        "transform": from_origin(west, north, pixel, pixel),
    }  # fmt: skip
    with rasterio.MemoryFile() as memory:
        with memory.open(**{**profile, **options}) as made:
            made.write(values, 1)
        return memory.read()


def height_at(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return a height by which a pixel of any tile is known again."""
    return ((lon - 105) * 100 + (lat - 17) * 10).astype(np.float32)


def glo30_tile(south: int, west: int) -> bytes:
    """Return a tile as GLO-30 has them: edges half a pixel outside the degree, no nodata."""
    pixel = 1 / PIXELS
    lon = west + pixel * np.arange(PIXELS)
    lat = south + 1 - pixel * np.arange(PIXELS)
    return geotiff(height_at(lon, lat[:, None]), west - pixel / 2, south + 1 + pixel / 2, pixel)


def worldcover_tile(south: int, west: int, cover: int) -> bytes:
    """Return a tile of three degrees of one class, with a stripe of no data and one of nonsense."""
    values = np.full((720, 720), cover, dtype=np.uint8)
    values[:, 255] = 0
    values[:, 256] = 77
    return geotiff(values, west, south + 3, 1 / 240, nodata=0)


def worldpop_country() -> bytes:
    """Return persons per pixel with the nodata of WorldPop."""
    values = np.full((480, 480), 2.5, dtype=np.float32)
    values[::2] = -99999
    return geotiff(values, 105.0, 19.0, 1 / 240, nodata=-99999)


def overpass(body: str, *, remark: str = "") -> bytes:
    """Return an answer of Overpass."""
    told = f"<remark>{remark}</remark>\n" if remark else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="Overpass API">\n'
        "<note>The data included in this document is from www.openstreetmap.org.</note>\n"
        f'<meta osm_base="2025-11-01T02:03:04Z"/>\n{body}\n{told}</osm>\n'
    ).encode()


def node(number: int, lon: float, lat: float, **tags: str) -> str:
    return f'<node id="{number}" lat="{lat}" lon="{lon}">{_tags(tags)}</node>'


def way(number: int, nodes: list[int], **tags: str) -> str:
    refs = "".join(f'<nd ref="{ref}"/>' for ref in nodes)
    return f'<way id="{number}">{refs}{_tags(tags)}</way>'


def _tags(tags: dict[str, str]) -> str:
    return "".join(
        f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in tags.items()
    )


def town() -> bytes:
    """Return a small town around 106.0 E, 18.0 N as OpenStreetMap has it."""
    corners = [(105.99, 17.99), (105.99, 18.01), (106.01, 18.01), (106.01, 17.99), (106.0, 18.005)]
    lone = node(90, 105.97, 18.0, place="hamlet", name="Thôn Đông", population="1200 người")
    body = [
        *(node(n, lon, lat) for n, (lon, lat) in enumerate(corners, start=1)),
        node(50, 106.02, 18.0, place="town", name="Thị trấn A", population="12000"),
        lone,
        node(91, 105.98, 18.0, place="hamlet"),
        node(92, 108.0, 18.0, place="hamlet", name="Ở xa"),
        way(10, [1, 2, 3], highway="trunk", ref="QL.1", surface="asphalt"),
        way(11, [3, 4], highway="residential", name="Phan Đình Phùng", width="7.5 m"),
        way(12, [1, 3], highway="footway", name="Đường mòn"),
        way(13, [1, 2, 3, 4, 1], building="school", building__levels="2", height="7"),
        way(14, [1, 3, 2, 4, 1], building="yes"),
        way(15, [2, 4], waterway="river", name="Sông Cày", width="30"),
        way(16, [1, 2, 5, 1], natural="water", water="lake", name="Hồ"),
        way(17, [1, 5], waterway="weir"),
    ]
    return overpass("\n".join(body))


def units(web: Web) -> None:
    """Put the list of units and the file of each commune on the server."""
    wards = [
        {
            "code": "18073",
            "name": "Thành Sen",
            "fullName": "Phường Thành Sen",
            "codeName": "thanh_sen",
        },
        {"code": "18100", "name": "Thạch Hà", "fullName": "Xã Thạch Hà", "codeName": "thach_ha"},
    ]
    province = {"code": "42", "name": "Hà Tĩnh", "codeName": "ha_tinh", "wards": wards}
    web.give("/units.json", Answer(json.dumps([province]).encode()))
    for number, ward in enumerate(wards):
        shape = box(105.9 + number / 20, 18.0, 105.95 + number / 20, 18.05)
        about = {"unit_name": ward["name"], "unit_code": ward["code"], "area_km2": 28.2}
        feature = {"type": "Feature", "properties": about, "geometry": mapping(shape)}
        content = {"type": "FeatureCollection", "features": [feature]}
        path = f"/42_ha_tinh/wards/{ward['code']}_{ward['codeName']}.geojson"
        web.give(path, Answer(json.dumps(content).encode()))


def districts(web: Web) -> None:
    """Put the answer of geoBoundaries and its file on the server."""
    answer = {
        "boundaryISO": "VNM", "boundaryType": "ADM2", "boundaryYearRepresented": "2020.0",
        "boundaryLicense": "Open Data Commons Open Database License 1.0",
        "boundarySource": "OpenStreetMap, Wambacher", "gjDownloadURL": f"{web.root}/adm2.geojson",
    }  # fmt: skip
    shapes = {"Thạch Hà": box(105.9, 17.9, 106.2, 18.2), "Kỳ Anh": box(106.3, 17.9, 106.6, 18.2)}
    features = [
        {
            "type": "Feature",
            "properties": {"shapeName": name, "shapeID": f"93168{n}", "shapeGroup": "VNM"},
            "geometry": mapping(shape),
        }
        for n, (name, shape) in enumerate(shapes.items())
    ]
    web.give("/api/VNM/ADM2/", Answer(json.dumps(answer).encode()))
    content = {"type": "FeatureCollection", "features": features}
    web.give("/adm2.geojson", Answer(json.dumps(content).encode()))


def opencellid(*rows: str) -> bytes:
    """Return a list of OpenCelliD, which has no headings."""
    return gzip.compress(io.StringIO("\n".join(rows) + "\n").getvalue().encode(), mtime=0)


CELLS = (
    "LTE,452,4,21203,5432321,0,106.001,18.001,1200,42,1,1460000000,1740000000,0",
    "UMTS,452,2,301,99,,105.999,18.0,800,3,1,1460000000,1730000000,0",
    "GSM,452,7,301,7,,105.998,18.0,0,1,1,1460000000,1700000000,0",
    "LTE,452,4,1,2,0,108.9,15.1,1200,42,1,1460000000,1740000000,0",
    "LTE,452,x,1,2,0,106.0,18.0,1200,42,1,1460000000,1740000000,0",
)

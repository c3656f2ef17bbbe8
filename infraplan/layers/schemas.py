"""
What every layer must look like.

One declaration a layer; validation, the templates, the data dictionary of the README and
`infraplan schema` all read it. Meanings follow DESIGN, section 4: a *station* is one operator's
equipment at one position, a *mast* the structure that stations share, a *cell* the thing with an EIRP.
"""

from collections.abc import Mapping
from types import MappingProxyType

from infraplan.errors import SettingsError
from infraplan.layers.columns import Column
from infraplan.layers.columns import LayerSchema
from infraplan.layers.notes import Note

__all__ = [
    "ANSWERS",
    "DECISIONS",
    "INSTALLATIONS",
    "LAYERS",
    "MAST_CLASSES",
    "RASTERS",
    "TECHNOLOGIES",
    "VINTAGES",
    "schema",
]

TECHNOLOGIES = ("2G", "3G", "4G", "5G")
MAST_CLASSES = ("A1a", "A1b", "A2a", "A2b", "A2c")
INSTALLATIONS = ("aerial", "buried", "duct")
VINTAGES = ("2024", "2025-01", "2025-07")
STATUSES = ("operating", "requested", "approved", "building", "planned")
CERTAINTIES = ("said", "recognised", "assumed")  # of the reference system of a position
REQUEST_STATES = ("received", "supplement_asked", "decided", "built", "withdrawn", "superseded")
DECISIONS = ("approve", "approve_with_conditions", "reject", "needs_information")
ANSWERS = ("right", "changed", "not_applied")  # of the office, on a rule or a price
SURFACES = ("asphalt", "concrete", "paving", "soil")
SIDES = ("left", "right", "both", "even", "odd")

POINT = ("Point",)
LINE = ("LineString", "MultiLineString")
AREA = ("Polygon", "MultiPolygon")
TABLE: tuple[str, ...] = ()

_VINTAGE = Column(
    "vintage", "text", "administrative vintage of the row", required=True, values=VINTAGES
)


def _key(name: str, meaning: str) -> Column:
    """Return the declaration of an identity column."""
    return Column(name, "text", f"{meaning}; unique", required=True)


def _text(name: str, meaning: str, *values: str) -> Column:
    """Return an optional text column."""
    return Column(name, "text", meaning, values=values)


def _needed(name: str, meaning: str, *values: str) -> Column:
    """Return a required text column."""
    return Column(name, "text", meaning, required=True, values=values)


def _number(name: str, meaning: str, low: float | None = None, high: float | None = None) -> Column:
    """Return an optional number column."""
    return Column(name, "number", meaning, low=low, high=high)


def _count(name: str, meaning: str, low: float = 0, high: float | None = None) -> Column:
    """Return an optional column of whole numbers."""
    return Column(name, "integer", meaning, low=low, high=high)


_ALL = (
    LayerSchema(
        "communes", "commune-level units (xã, phường), the areas that figures are given for", "code", AREA,
        (
            _key("code", "official code; re-used by the 2025 reform, so it only means something with the vintage"),
            _needed("name", "bare name, without xã or phường"),
            _VINTAGE,
            _text("full_name", "name with its prefix"),
            _text("type", "kind of unit", "xã", "phường", "thị trấn", "đặc khu"),
            _count("people", "registered population"),
            _count("households", "households"),
            _number("area_km2", "official area", 0),
            _text("seat", "where its committee sits"),
            _text("district_code", "district of a vintage that has districts"),
            _text("merged_from", "names of the units it was made of"),
        ),
        has_vintage=True,
    ),
    LayerSchema(
        "districts", "districts, abolished on 1 July 2025", "code", AREA,
        (_key("code", "official code"), _needed("name", "name"), _VINTAGE),
        has_vintage=True,
    ),
    LayerSchema(
        "settlements", "built-up patches seen from above", "settlement_id", AREA,
        (
            _key("settlement_id", "id of the patch"),
            _text("commune_code", "code of the commune it lies in"),
            _number("people", "estimated people", 0),
            _number("area_ha", "area as given by the source", 0),
        ),
    ),
    LayerSchema(
        "hamlets", "inhabited ground of one thôn or tổ dân phố, not its territory", "hamlet_id", (*AREA, "Point"),
        (
            _key("hamlet_id", "id of the hamlet"),
            _needed("name", "name of the hamlet"),
            _needed("commune_code", "code of its commune"),
            _text("commune", "name of its commune"),
            _count("people", "people of the office's list"),
            _count("households", "households of the office's list"),
            _text("placed_by", "how the position came about", "survey", "given_point", "settlement", "guess"),
            _count("poor_households", "poor households of the office's list, as a number; never names"),
            Column("extremely_difficult", "flag", "on the list of extremely difficult hamlets (thôn đặc biệt khó khăn); empty: not known"),
        ),
        may_lack_position=True,
    ),
    LayerSchema(
        "sites", "BTS stations: one row is one operator's equipment at one position", "site_id", POINT,
        (
            _key("site_id", "station code"),
            _needed("operator", "operator of the equipment"),
            _text("mast_id", "structure; equal for stations that share it, the station's own id by default"),
            _text("name", "name of the station"),
            _text("owner", "owner of the structure"),
            _text("mast_class", "class of the structure, TT 14/2013/TT-BTTTT", *MAST_CLASSES),
            _text("structure", "guyed, self-supporting, monopole, rooftop"),
            _number("height_m", "antenna height above ground", 1, 300),
            Column("technologies", "list", "technologies on air", values=TECHNOLOGIES),
            _text("status", "state of the station", *STATUSES),
            _number("power_backup_h", "hours on battery and generator", 0, 1000),
            _text("commune_code", "code of the commune named by the source"),
            _text("address", "address as given"),
            _number("accuracy_m", "accuracy of the position", 0, 10000),
            _text("position_certainty", "how sure the reference system is", *CERTAINTIES),
        ),
    ),
    LayerSchema(
        "cells", "cells: sector x carrier x technology; the thing with an EIRP", "cell_id", TABLE,
        (
            _key("cell_id", "id of the cell"),
            _needed("site_id", "its station"),
            _needed("technology", "technology", *TECHNOLOGIES),
            _text("carrier", "name of the carrier, such as L1800"),
            _count("sector", "sector, clockwise from north", 1, 12),
            _number("freq_mhz", "downlink centre frequency", 30, 6000),
            _number("bandwidth_mhz", "channel bandwidth", 0.1, 400),
            _number("tx_power_dbm", "power of the whole cell at the antenna connector; at the transmitter where feeder_loss_db is given", 0, 60),
            _number("feeder_loss_db", "loss of feeder, jumpers and combiner from transmitter to antenna; none where empty", 0, 30),
            _text("antenna", "antenna pattern, by its name in data/antennas"),
            _number("azimuth_deg", "main direction, clockwise from true north; empty for an omni antenna", 0, 360),
            _number("mechanical_downtilt_deg", "mechanical tilt, positive below the horizon", -20, 30),
            _number("electrical_downtilt_deg", "electrical tilt, positive below the horizon", -20, 30),
            _number("height_m", "antenna height above ground", 1, 300),
            _number("load", "share of power in use by traffic", 0, 1),
            Column("assumed", "flag", "true where any field comes from the defaults"),
        ),
    ),
    LayerSchema(
        "fibre", "optical cables as drawn by their owner", "cable_id", LINE,
        (
            _key("cable_id", "id of the cable"),
            _needed("operator", "owner of the cable"),
            _text("name", "name of the route"),
            _text("installation", "how it is laid", *INSTALLATIONS),
            _count("cores", "fibres", 1, 1000),
            _number("diameter_mm", "outer diameter", 1, 100),
            _text("level", "part of the network", "backbone", "distribution", "access"),
            _text("from_id", "station or chamber at its start"),
            _text("to_id", "station or chamber at its end"),
            _count("year", "year laid", 1980, 2100),
        ),
    ),
    LayerSchema(
        "ducts", "existing ducts under streets", "duct_id", LINE,
        (
            _key("duct_id", "id of the duct section"),
            _needed("owner", "owner"),
            _count("bores", "number of tubes", 1, 60),
            _count("free_bores", "tubes that may still be used", 0, 60),
            _number("diameter_mm", "inner diameter of a tube", 10, 500),
            _text("street_id", "street it lies in"),
            _text("side", "side of the street seen along its drawing", "left", "right"),
        ),
    ),
    LayerSchema(
        "chambers", "manholes and handholes", "chamber_id", POINT,
        (_key("chamber_id", "id"), _text("owner", "owner"), _text("kind", "kind", "manhole", "handhole")),
    ),
    LayerSchema(
        "poles", "poles that carry aerial cable", "pole_id", POINT,
        (_key("pole_id", "id"), _text("owner", "owner"), _number("height_m", "height above ground", 1, 60)),
    ),
    LayerSchema(
        "streets", "streets of towns, with what a trench must know", "street_id", LINE,
        (
            _key("street_id", "id of the street section"),
            _needed("name", "name of the street"),
            _text("class", "class of the street", "main", "secondary", "local", "alley"),
            _number("width_m", "width between the buildings", 1, 150),
            _number("footway_left_m", "width of the left footway, seen along its drawing; 0 for none", 0, 50),
            _number("footway_right_m", "width of the right footway; 0 for none", 0, 50),
            _text("surface", "surface of the carriageway", *SURFACES),
            _text("footway_surface", "surface of the footways", *SURFACES),
            _text("bridge", "name of the bridge that carries the section; empty: none is known"),
            _count("vehicles_per_day", "vehicles a day, both directions"),
        ),
    ),
    LayerSchema(
        "roads", "roads outside the street layer", "road_id", LINE,
        (
            _key("road_id", "id of the road section"),
            _text("name", "name or number"),
            _text("class", "class", "national", "provincial", "district", "commune", "track"),
            _text("surface", "surface", *SURFACES),
        ),
    ),
    LayerSchema("rail", "railway lines", "rail_id", LINE, (_key("rail_id", "id"), _text("name", "name"))),
    LayerSchema(
        "waterways", "rivers and canals", "waterway_id", (*LINE, *AREA),
        (
            _key("waterway_id", "id"), _text("name", "name"),
            _text("kind", "kind", "river", "stream", "canal"), _number("width_m", "width", 0, 5000),
        ),
    ),
    LayerSchema(
        "buildings", "building footprints", "building_id", AREA,
        (
            _key("building_id", "id"),
            _text("use", "use", "dwelling", "school", "clinic", "office", "other"),
            _count("floors", "floors", 1, 100),
            _number("height_m", "height above ground", 1, 400),
            _number("people", "people living there", 0),
            Column("aerial_service", "flag", "true where an aerial drop serves it"),
        ),
    ),
    LayerSchema(
        "power", "power lines", "line_id", LINE,
        (_key("line_id", "id"), _number("voltage_kv", "voltage", 0.1, 800)),
    ),
    LayerSchema(
        "protected", "areas where building is barred or conditional", "area_id", AREA,
        (_key("area_id", "id"), _text("name", "name"), _text("kind", "forest, heritage, military, dyke, reservoir")),
    ),
    LayerSchema(
        "aerodromes", "aerodromes", "aerodrome_id", (*POINT, *AREA),
        (_key("aerodrome_id", "id"), _text("name", "name"), _number("elevation_m", "height above sea level", -50, 5000)),
    ),
    LayerSchema(
        "institutions", "schools, clinics, offices", "institution_id", POINT,
        (_key("institution_id", "id"), _text("name", "name"), _text("kind", "school, clinic, office")),
    ),
    LayerSchema(
        "candidates", "positions that `propose` may choose from", "candidate_id", POINT,
        (
            _key("candidate_id", "id"), _text("kind", "kind", "new", "existing_mast"),
            _text("mast_id", "mast of an existing one"), _number("height_m", "antenna height above ground", 1, 300),
        ),
    ),
    LayerSchema(
        "requests", "register of requested sites", "request_id", POINT,
        (
            _key("request_id", "code of the requested site"),
            _text("operator", "who asks"),
            _text("batch", "batch, by its letter or file"),
            _text("name", "name of the site"),
            _text("site_code", "the operator's own code of the site, which a resubmission repeats"),
            _text("letter", "number of the letter"),
            Column("letter_date", "date", "date of the letter"),
            Column("received", "date", "date of receipt"),
            Column("due", "date", "day by which an answer is due"),
            _text("state", "where it stands", *REQUEST_STATES),
            _text("supersedes", "earlier request that this one replaces"),
            _text("commune", "commune named in the request"),
            _text("address", "address as given"),
            _text("mast_class", "class of the structure", *MAST_CLASSES),
            _number("height_m", "antenna height above ground", 1, 300),
            Column("technologies", "list", "technologies to be put on air", values=TECHNOLOGIES),
            _text("purpose", "why", "coverage", "capacity"),
            _text("azimuths", "main directions of the sectors, degrees from north, such as 0/120/240"),
            _text("mast_id", "mast that it is to stand on, where it is to share one"),
            _number("building_height_m", "height of the building that it is to stand on", 0, 400),
            _number("shift_allowed_m", "how far the position may move", 0, 2000),
            _number("accuracy_m", "accuracy of the position", 0, 10000),
            _text("position_certainty", "how sure the reference system is", *CERTAINTIES),
            _text("decision", "what the office decided", *DECISIONS),
            _text("decided_by", "who decided"),
            Column("decided_on", "date", "day of the decision"),
            _text("decision_reason", "why, in the office's words"),
            _text("field_check", "what was found on the site"),
        ),
        may_lack_position=True,
    ),
    LayerSchema(
        "cable_survey", "aerial cable by street as counted on the spot and signed, instead of lines", "survey_id", TABLE,
        (
            _key("survey_id", "id of the row; numbered where the list has none"),
            _needed("street", "name or id of the street"),
            _text("from_place", "where the row begins: a crossing street, or metres from the beginning of the street; empty: its beginning"),
            _text("to_place", "where the row ends, likewise; empty: the end of the street"),
            _text("side", "side of the street seen along its drawing, or of its house numbers; both: the cables are halved, the odd one left", *SIDES),
            _needed("owner", "owner of the cables"),
            Column("cables", "integer", "cables of that owner and diameter", required=True, low=1, high=500),
            _number("diameter_mm", "outer diameter of a cable", 1, 100),
            _count("cores", "fibres of a cable", 1, 1000),
            Column("surveyed_on", "date", "day of the survey"),
            _text("signed_by", "who signed for the owner"),
            _text("note", "what the list adds"),
        ),
    ),
    LayerSchema(
        "road_works", "planned works on streets", "work_id", LINE,
        (_key("work_id", "id"), _text("name", "name"), Column("starts", "date", "first day"), Column("ends", "date", "last day")),
    ),
    LayerSchema(
        "evidence", "what people and measurements say of the signal in a hamlet", "evidence_id", TABLE,
        (
            _key("evidence_id", "id"), _needed("hamlet_id", "hamlet"), _needed("operator", "operator"),
            _needed("finding", "finding", "good", "unsteady", "none"), Column("found_on", "date", "date"), _text("source", "who says so"),
        ),
    ),
    LayerSchema(
        "measurements", "levels measured at known places, of a drive test or of devices", "measurement_id", POINT,
        (
            _key("measurement_id", "id; numbered where the list has none"),
            Column("level_dbm", "number", "level as measured; the receiver's floor where nothing was received", required=True, low=-170, high=30),
            _text("quantity", "what was measured", "RSRP", "RSCP", "RxLev", "RSSI"),
            _number("snr_db", "ratio of signal to noise, with which RSSI becomes the signal alone", -40, 60),
            _text("site_id", "station that was received"), _text("cell_id", "cell that was received, where it is known"),
            _text("technology", "technology", *TECHNOLOGIES),
            Column("below_floor", "flag", "true where nothing was received and level_dbm is the floor"),
            _text("measured_on", "when"),
        ),
    ),
    LayerSchema(
        "places", "names of places on open maps; they suggest names and never replace the office's hamlets", "place_id", POINT,
        (
            _key("place_id", "id"), _needed("name", "name"),
            _text("kind", "kind", "city", "town", "village", "hamlet", "quarter", "locality"), _count("people", "people as the map says"),
        ),
    ),
    LayerSchema(
        "observed_cells", "cells as phones saw them; positions are centres of measurements, never those of masts", "observed_id", POINT,
        (
            _key("observed_id", "radio, network, area and number of the cell"),
            _text("operator", "operator, by the code of its network"),
            _text("technology", "technology", *TECHNOLOGIES),
            _text("network", "country and network code, such as 452-04"),
            _count("location_area", "location or tracking area"),
            _count("cell_number", "number of the cell in its network"),
            _number("range_m", "how far around the centre it was seen, as the source estimates", 0),
            _count("samples", "measurements"),
            Column("updated", "date", "day it was last seen"),
        ),
    ),
    LayerSchema(
        "confirmations", "what the office confirmed of the rules and prices, by whom and when", "confirmation_id", TABLE,
        (
            _key("confirmation_id", "rules, prices or actions, the item and the threshold, such as rules/aviation/height_m"),
            _text("answer", "what the office says of the line", *ANSWERS),
            _number("value", "threshold or price in force; the one shown where empty"),
            _text("legal_reference", "text in force that it rests on; the one shown where empty"),
            _text("confirmed_by", "who confirms"),
            Column("confirmed_on", "date", "day of the confirmation"),
            _text("note", "what the office adds"),
        ),
    ),
    LayerSchema(
        "sea", "the sea; cells in it without elevation are water at 0 m", "sea_id", AREA,
        (_key("sea_id", "id"), _text("source", "where its outline comes from")),
    ),
    LayerSchema(
        "crosswalk", "which old commune became which new one, with what share", "crosswalk_id", TABLE,
        (
            _key("crosswalk_id", "id of the row"),
            _needed("from_code", "old code"), _needed("from_vintage", "old vintage", *VINTAGES),
            _needed("to_code", "new code"), _needed("to_vintage", "new vintage", *VINTAGES),
            _text("from_name", "old name"), _text("to_name", "new name"),
            _text("from_district", "district of the old unit"), _text("to_district", "district of the new unit, where there are districts"),
            Column("divided", "flag", "true where the old unit went to several new ones"),
            _number("people_share", "share of the old unit's people that went to the new one, where known", 0, 1),
            _number("area_share", "share of the old unit's ground that went to the new one, where known", 0, 1),
        ),
    ),
    LayerSchema(
        "sources", "where each layer comes from", "source_id", TABLE,
        (
            _key("source_id", "layer, with the operator where a layer has several sources"),
            _needed("layer", "layer"),
            _text("operator", "operator, where the source covers only one"),
            Column("as_of", "date", "date that the data describe"),
            _count("rows", "rows kept"),
            _count("expected_rows", "rows there should be"),
            Column("complete", "flag", "true where the source is said to be complete"),
            Column("synthetic", "flag", "true where the program made it up", required=True),
            _text("licence", "licence"),
            _text("attribution", "words that the licence demands on every map"),
            Column("non_commercial", "flag", "true where the licence bars commercial use"),
            Column("no_redistribution", "flag", "true where the licence bars passing the data on"),
            _text("address", "address it was fetched from"),
            Column("fetched_on", "date", "day it was fetched"),
            _text("file", "file it was read from"),
            _text("crs", "reference system of that file"),
            _text("vintage", "administrative vintage"),
            _text("note", "what a reader must know"),
        ),
    ),
)  # fmt: skip

LAYERS: Mapping[str, LayerSchema] = MappingProxyType({layer.name: layer for layer in _ALL})

RASTERS: Mapping[str, str] = MappingProxyType(
    {
        "terrain": "ground height above sea level [m]; bilinear on warping",
        "landcover": "ESA WorldCover class; by mode on warping",
        "water": "1 water, 0 land; by mode on warping",
        "population": "persons per pixel; never interpolated, spread by area",
        "floods": "one 0/1 band for each event; by mode on warping",
    }
)


def schema(layer: str) -> LayerSchema:
    """
    Return the declaration of a layer.

    Parameters
    ----------
    layer
        Name of a vector layer or table.

    Returns
    -------
    schema
        Its declaration.

    Raises
    ------
    SettingsError
        If there is no such layer; the message lists those that exist.
    """
    if layer not in LAYERS:
        msg = Note("files.no_layer", layer=layer, known=", ".join([*LAYERS, *RASTERS]))
        raise SettingsError(msg)
    return LAYERS[layer]

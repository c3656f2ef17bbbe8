"""
Colours that people with any colour vision tell apart.

Those told apart within one legend differ by 20 or more (CIE76) for full colour vision and under
simulated deuteranopia and protanopia (Machado, Oliveira and Fernandes 2009, severity 1). Sources:
Okabe and Ito (2008), Color Universal Design, for categories and proposals; RdYlBu of ColorBrewer 2
for scales from bad to good; some moved by a few steps until they reach that difference. Lines of
cables differ as much from the roads, rivers and railways that they follow, and the sea from good
coverage as it is seen, faint over the ground. Stations of operators differ by their marks too.
"""

__all__ = [
    "BACKDROP",
    "CATEGORIES",
    "CLASSES",
    "FAINT",
    "FIBRE",
    "LEVELS",
    "MARKS",
    "PROPOSALS",
    "RAIL",
    "RIVER",
    "ROADS",
    "SEA",
    "SHARES",
    "UNKNOWN",
]

UNKNOWN = "#8c8c8c"
BACKDROP = "#e9e8e4"
SEA = "#c8dbef"
CATEGORIES = ("#ce5900", "#0072b2", "#ca74a5", "#00a16f", "#e69f00", "#56b4e9", "#000000")
MARKS = ("circle", "square", "triangle", "diamond", "cross")
ROADS = {
    "national": "#e6b566",
    "provincial": "#f0d49c",
    "district": "#c6c1b8",
    "commune": "#c6c1b8",
    "track": "#cdc8bf",
}
RAIL, RIVER = "#525252", "#aed0e3"
FIBRE = {"aerial": "#7b3294", "buried": "#05401a", "duct": "#1565ff"}
CLASSES = ("#b2182b", "#f7a55b", "#e4eef4", "#2c7bb6")  # no signal, weak, acceptable, good
FAINT = 0.6  # opacity of coverage over the ground
LEVELS = {
    "none": "#a50026",
    "2g_only": "#f46d43",
    "weak": "#ffc251",
    "single_operator": "#fee090",
    "good": "#4575b4",
    "unknown": UNKNOWN,
}
SHARES = ("#a50026", "#f46d43", "#fee090", "#74add1")  # of people, from low to high
PROPOSALS = {
    "approve": "#0072b2",
    "approve_with_conditions": "#56b4e9",
    "reject": "#d55e00",
    "needs_information": "#eca500",
}

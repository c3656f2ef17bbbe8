"""
Colours that people with any colour vision tell apart.

Sources: Okabe and Ito (2008), Color Universal Design, for categories; RdYlBu of ColorBrewer 2 for
scales from bad to good. Smallest difference under simulated deuteranopia: 28 for RdYlBu, 18 for the
four operators (CIE76), against 5 for red-green.
"""

__all__ = ["BACKDROP", "CATEGORIES", "CLASSES", "LEVELS", "PROPOSALS", "SEA", "SHARES", "UNKNOWN"]

UNKNOWN = "#8c8c8c"
BACKDROP = "#e9e8e4"
SEA = "#cfe1ec"
CATEGORIES = ("#d55e00", "#0072b2", "#cc79a7", "#009e73", "#e69f00", "#56b4e9", "#000000")
CLASSES = ("#b2182b", "#f7a55b", "#dbeaf3", "#9cc6e0")  # no signal, weak, acceptable, good
LEVELS = {
    "none": "#a50026",
    "2g_only": "#f46d43",
    "weak": "#fdae61",
    "single_operator": "#fee090",
    "good": "#4575b4",
    "unknown": UNKNOWN,
}
SHARES = ("#a50026", "#f46d43", "#fee090", "#74add1")  # of people, from low to high
PROPOSALS = {
    "approve": "#0072b2",
    "approve_with_conditions": "#56b4e9",
    "reject": "#d55e00",
    "needs_information": "#e69f00",
}

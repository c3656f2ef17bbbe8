"""
Colours that people with any colour vision tell apart.

Those told apart within one legend differ by 20 or more (CIE76) for full colour vision and under
simulated deuteranopia and protanopia (Machado, Oliveira and Fernandes 2009, severity 1). Sources:
Okabe and Ito (2008), Color Universal Design, for categories and proposals; RdYlBu of ColorBrewer 2
for scales from bad to good; some moved by a few steps until they reach that difference.
"""

__all__ = ["BACKDROP", "CATEGORIES", "CLASSES", "LEVELS", "PROPOSALS", "SEA", "SHARES", "UNKNOWN"]

UNKNOWN = "#8c8c8c"
BACKDROP = "#e9e8e4"
SEA = "#cfe1ec"
CATEGORIES = ("#ce5900", "#0072b2", "#ca74a5", "#00a16f", "#e69f00", "#56b4e9", "#000000")
CLASSES = ("#b2182b", "#f7a55b", "#e4eef4", "#8fbfe0")  # no signal, weak, acceptable, good
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

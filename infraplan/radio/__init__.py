"""Path loss models, diffraction, antennas, link budgets and the area engine."""

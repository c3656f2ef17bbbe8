"""Path loss models, diffraction, antennas, link budgets and the area engine."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.radio.antennas import relative_gain_db as relative_gain_db
    from infraplan.radio.area import predict as predict
    from infraplan.radio.area import service_probability as service_probability
    from infraplan.radio.area import site_loss_db as site_loss_db
    from infraplan.radio.area import site_signals as site_signals
    from infraplan.radio.calibration import Calibration as Calibration
    from infraplan.radio.calibration import calibrate as calibrate
    from infraplan.radio.cells import CellDefaults as CellDefaults
    from infraplan.radio.cells import CellFindings as CellFindings
    from infraplan.radio.cells import check_cells as check_cells
    from infraplan.radio.cells import derive_cells as derive_cells
    from infraplan.radio.cellular import tr38901_rma_los_probability as tr38901_rma_los_probability
    from infraplan.radio.cellular import tr38901_rma_loss_db as tr38901_rma_loss_db
    from infraplan.radio.cellular import tr38901_uma_los_probability as tr38901_uma_los_probability
    from infraplan.radio.cellular import tr38901_uma_loss_db as tr38901_uma_loss_db
    from infraplan.radio.clutter import p2108_statistical_loss_db as p2108_statistical_loss_db
    from infraplan.radio.clutter import p2108_terminal_loss_db as p2108_terminal_loss_db
    from infraplan.radio.clutter import p2109_entry_loss_db as p2109_entry_loss_db
    from infraplan.radio.diffraction import delta_bullington as delta_bullington
    from infraplan.radio.link import LinkBudget as LinkBudget
    from infraplan.radio.link import ec_no_db as ec_no_db
    from infraplan.radio.link import link_budget as link_budget
    from infraplan.radio.link import receiver_noise_dbm as receiver_noise_dbm
    from infraplan.radio.link import rsrq_db as rsrq_db
    from infraplan.radio.link import sinr_db as sinr_db
    from infraplan.radio.link import subcarrier_spacing_khz as subcarrier_spacing_khz
    from infraplan.radio.link import throughput_class as throughput_class
    from infraplan.radio.link import throughput_mbps as throughput_mbps
    from infraplan.radio.measurements import measured_links as measured_links
    from infraplan.radio.models import cost231_loss_db as cost231_loss_db
    from infraplan.radio.models import free_space_loss_db as free_space_loss_db
    from infraplan.radio.models import hata_loss_db as hata_loss_db
    from infraplan.radio.paths import P1812 as P1812
    from infraplan.radio.paths import p1812 as p1812
    from infraplan.radio.paths import p1812_location_sigma_db as p1812_location_sigma_db
    from infraplan.radio.paths import p1812_loss_db as p1812_loss_db
    from infraplan.radio.paths import p1812_losses_db as p1812_losses_db
    from infraplan.radio.patterns import AntennaPattern as AntennaPattern
    from infraplan.radio.results import Coverage as Coverage
    from infraplan.radio.results import SiteSignal as SiteSignal
    from infraplan.radio.settings import RadioSettings as RadioSettings
    from infraplan.radio.settings import ThresholdProfile as ThresholdProfile
    from infraplan.radio.settings import ThroughputClasses as ThroughputClasses
    from infraplan.radio.tuning import TunedModel as TunedModel

_HOMES = {
    "ANTENNAS": "antennas",
    "Antenna": "antennas",
    "antenna": "antennas",
    "relative_gain_db": "antennas",
    "predict": "area",
    "service_probability": "area",
    "site_loss_db": "area",
    "site_signals": "area",
    "tr38901_rma_los_probability": "cellular",
    "tr38901_rma_loss_db": "cellular",
    "tr38901_uma_los_probability": "cellular",
    "tr38901_uma_loss_db": "cellular",
    "CellDefaults": "cells",
    "CellFindings": "cells",
    "check_cells": "cells",
    "derive_cells": "cells",
    "p2108_statistical_loss_db": "clutter",
    "p2108_terminal_loss_db": "clutter",
    "p2109_entry_loss_db": "clutter",
    "Diffraction": "diffraction",
    "delta_bullington": "diffraction",
    "LinkBudget": "link",
    "ec_no_db": "link",
    "link_budget": "link",
    "receiver_noise_dbm": "link",
    "reference_eirp_dbm": "link",
    "rsrq_db": "link",
    "service_margin_db": "link",
    "sinr_db": "link",
    "subcarrier_spacing_khz": "link",
    "throughput_class": "link",
    "throughput_mbps": "link",
    "Calibration": "calibration",
    "calibrate": "calibration",
    "measured_links": "measurements",
    "TunedModel": "tuning",
    "cost231_loss_db": "models",
    "free_space_loss_db": "models",
    "hata_loss_db": "models",
    "AntennaPattern": "patterns",
    "Coverage": "results",
    "SiteSignal": "results",
    "P1812": "paths",
    "p1812": "paths",
    "p1812_location_sigma_db": "paths",
    "p1812_loss_db": "paths",
    "p1812_losses_db": "paths",
    "RadioSettings": "settings",
    "ThresholdProfile": "settings",
    "ThroughputClasses": "settings",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - named once, above


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a name at its first use, for numba and xarray are slow to import."""
    if name in _HOMES:
        return getattr(import_module(f"infraplan.radio.{_HOMES[name]}"), name)
    msg = f"module 'infraplan.radio' has no attribute '{name}'"
    raise AttributeError(msg)

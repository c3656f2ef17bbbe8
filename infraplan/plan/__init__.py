"""A plan on disk: its folder, settings, layers, and the results stored in it."""

from infraplan.plan.folder import Plan
from infraplan.plan.folder import Record
from infraplan.plan.folder import create_plan
from infraplan.plan.folder import open_folder
from infraplan.plan.settings import PlanSettings

__all__ = ["Plan", "PlanSettings", "Record", "create_plan", "open_folder"]

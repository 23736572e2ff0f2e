"""A clinic to play with, for the demo and for tests: invented people, a year of history, planted truths."""

from crm_core.sample_clinic.clinic import plan
from crm_core.sample_clinic.rows import ClinicPlan

sample_clinic = plan

__all__ = ["ClinicPlan", "plan", "sample_clinic"]

"""A clinic to play with, for the demo and for tests: invented people, a year of history, planted truths.

`plan` makes it, `populate` writes it into a database, `facts` says what was planted, `write_csv` gives
the same clinic as import files.
"""

from crm_core.sample_clinic.clinic import plan
from crm_core.sample_clinic.facts import PlantedFact, facts, facts_of
from crm_core.sample_clinic.files import write_csv
from crm_core.sample_clinic.populate import populate
from crm_core.sample_clinic.rows import ClinicPlan

sample_clinic = plan

__all__ = [
    "ClinicPlan",
    "PlantedFact",
    "facts",
    "facts_of",
    "plan",
    "populate",
    "sample_clinic",
    "write_csv",
]

"""Which of the persons that a FHIR file names the clinic knows."""

from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.sql import chunks
from crm_core.tables.imports import FhirPerson
from crm_core.tables.people import Patient


def known_persons(db: Session, book: str, wanted: Collection[str]) -> dict[str, str]:
    """The chart numbers of those of the wanted ids (or chart numbers) that the clinic knows."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(wanted)):
        charts = select(col(Patient.chart_no)).where(
            col(Patient.book) == book, col(Patient.chart_no).in_(chunk)
        )
        found.update((chart, chart) for chart in db.scalars(charts))
        others = select(col(FhirPerson.resource_id), col(FhirPerson.chart_no)).where(
            col(FhirPerson.book) == book, col(FhirPerson.resource_id).in_(chunk)
        )
        found.update((row[0], row[1]) for row in db.execute(others))
    return found

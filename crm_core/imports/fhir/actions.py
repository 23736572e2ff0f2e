"""Whom a FHIR server means by an id: kept where the chart number is another one."""

from collections.abc import Mapping

from sqlmodel import Session

from crm_core.sql import upsert
from crm_core.tables.imports import FhirPerson


def remember_ids(db: Session, book: str, ids: Mapping[str, str]) -> None:
    """Keeps resource id → chart number for the files that come later."""
    rows = [{"book": book, "resource_id": one, "chart_no": chart} for one, chart in ids.items()]
    upsert(db, FhirPerson, rows, key=("book", "resource_id"), returning=("resource_id",), defaults={})

"""Who is who: patients by book and chart number, or by phone and name together."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.sql import among
from crm_core.tables.people import ContactLink, Patient

Chart = tuple[str, str]
"""A chart-number book and a number in it."""


def ids_of(db: Session, charts: Iterable[Chart], *, own: bool = False) -> dict[Chart, int]:
    """Ids of the patients known by these charts; of a merged one the patient that was kept, or with `own`
    the merged row itself."""
    by_book: dict[str, list[str]] = defaultdict(list)
    for book, chart_no in charts:
        by_book[book].append(chart_no)
    found: dict[Chart, int] = {}
    who: Any = col(Patient.id) if own else func.coalesce(col(Patient.merged_into_id), col(Patient.id))
    for book, numbers in by_book.items():
        rows = select(col(Patient.chart_no), who).where(
            col(Patient.book) == book, among(db, col(Patient.chart_no), numbers)
        )
        found.update(((book, row[0]), row[1]) for row in db.execute(rows))
    return found


Card = tuple[str, int, bytes]
"""A book, a contact and the blind index of a name."""


def ids_by_contact_and_name(db: Session, cards: Iterable[Card]) -> dict[Card, int]:
    """Patients of a book whom a contact serves and who bear the name: both agree (product.md §1)."""
    wanted = set(cards)
    found: dict[Card, int] = {}
    contacts = {contact for _, contact, _ in wanted}
    rows = (
        select(
            col(Patient.book),
            col(ContactLink.contact_id),
            col(Patient.name_blind),
            func.min(func.coalesce(col(Patient.merged_into_id), col(Patient.id))),
        )
        .join(ContactLink, col(ContactLink.patient_id) == col(Patient.id))
        .where(among(db, col(ContactLink.contact_id), contacts), col(Patient.name_blind).is_not(None))
        .group_by(col(Patient.book), col(ContactLink.contact_id), col(Patient.name_blind))
    )
    for book, contact, name, patient in db.execute(rows):
        card = (book, contact, bytes(name))
        if card in wanted:
            found[card] = patient
    return found


def derived_number(person: str, moment: datetime, what: str) -> str:
    """The stable number of a fact that its file gives none: person, moment and treatment."""
    said = f"{person}\0{int(moment.timestamp())}\0{what}"
    return "~" + blake2b(said.encode(), digest_size=12).hexdigest()

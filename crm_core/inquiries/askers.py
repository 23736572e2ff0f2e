"""Who asked: name and phone of patients and prospects, and whom a prospect may be.

Nothing here writes the audit row of a look: whoever shows a name writes it in the same step.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.contacts.queries import phones_of
from crm_core.patients.queries import FoundPatient, found, names_of, seen_branches
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.facts import Inquiry
from crm_core.tables.people import Contact, ContactLink, Patient, Prospect

MOST = 3


@dataclass(frozen=True)
class SeenAsker:
    """`name` and `phone` (E.164) in full; `patient` is None for a prospect."""

    name: str | None
    phone: str | None
    patient: FoundPatient | None


def inquiry_seen(db: Session, inquiry_id: int) -> Inquiry | None:
    """The inquiry as it is now."""
    return db.get(Inquiry, inquiry_id, populate_existing=True)


def asker_of(db: Session, inquiry: Inquiry) -> SeenAsker:
    """Who asked, with the phone to answer on."""
    if inquiry.patient_id is not None:
        patient = names_of(db, [inquiry.patient_id]).get(inquiry.patient_id)
        phones = [one.phone for one in phones_of(db, inquiry.patient_id) if not one.wrong]
        return SeenAsker(patient.name if patient else None, phones[0] if phones else None, patient)
    prospect = db.get(Prospect, inquiry.prospect_id) if inquiry.prospect_id else None
    contact = db.get(Contact, prospect.contact_id) if prospect and prospect.contact_id else None
    return SeenAsker(prospect.name if prospect else None, contact.address if contact else None, None)


def prospect_names(db: Session, ids: Collection[int]) -> dict[int, str | None]:
    """The names of prospects, in full; None where only a phone is known."""
    rows = db.execute(select(col(Prospect.id), col(Prospect.name)).where(col(Prospect.id).in_(set(ids))))
    return {row[0]: row[1] for row in rows}


def may_be(db: Session, policy: Policy, person: Person, inquiry: Inquiry) -> list[FoundPatient]:
    """Patients of the asker's branches with the prospect's phone, else with the name where no phone is
    known: only one of the two agrees, so the desk decides (product.md §1). At most three."""
    prospect = db.get(Prospect, inquiry.prospect_id) if inquiry.prospect_id else None
    if prospect is None or inquiry.patient_id is not None:
        return []
    here = select(col(Patient.id)).where(
        col(Patient.book) == policy.branch(inquiry.branch).book,
        col(Patient.branch).in_(seen_branches(person, policy)),
        col(Patient.merged_into_id).is_(None),
    )
    if prospect.contact_id is not None:
        served = select(col(ContactLink.patient_id)).where(
            col(ContactLink.contact_id) == prospect.contact_id, col(ContactLink.wrong_at).is_(None)
        )
        statement = here.where(col(Patient.id).in_(served))
    elif prospect.name_blind is not None:
        statement = here.where(col(Patient.name_blind) == prospect.name_blind)
    else:
        return []
    return found(db, list(db.scalars(statement.order_by(col(Patient.id)).limit(MOST))))

"""Through which phones a patient is reached, whom else they serve, and who found one to be wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.phone import last_four
from crm_core.tables.calls import Call, Outcome
from crm_core.tables.people import Consent, Contact, ContactKind, ContactLink, Patient, Relation, Staff


@dataclass(frozen=True)
class PhoneSeen:
    """A phone that serves the patient, in full. `also`: whom else it serves (patient and relation)
    of the asker's branches, and `elsewhere` how many in others. `wrong_at`, `wrong_by`: the
    call that said so."""

    contact_id: int
    phone: str
    relation: Relation
    wrong: bool
    ads_consent: bool | None  # None where nothing is recorded
    preferred: bool = True
    wrong_at: datetime | None = None
    wrong_by: str | None = None
    also: tuple[tuple[int, Relation], ...] = ()
    elsewhere: int = 0

    @property
    def last_four(self) -> str:
        return last_four(self.phone)


def phones_of(db: Session, patient_id: int) -> tuple[PhoneSeen, ...]:
    """The phones that serve a patient, in full, the patient's own first."""
    statement = (
        select(Contact, ContactLink)
        .join(ContactLink, col(ContactLink.contact_id) == col(Contact.id))
        .where(col(ContactLink.patient_id) == patient_id, col(Contact.kind) == ContactKind.PHONE)
        .order_by(col(ContactLink.preferred).desc(), col(Contact.id))
    )
    rows = list(db.execute(statement))
    newest: dict[int, bool] = {}
    consents = (
        select(col(Consent.contact_id), col(Consent.given))
        .where(
            col(Consent.contact_id).in_([contact.id for contact, _ in rows]),
            col(Consent.kind) == "ads",
        )
        .order_by(col(Consent.at), col(Consent.id))
    )
    newest.update((row[0], row[1]) for row in db.execute(consents))
    seen = [
        PhoneSeen(
            contact_id=contact.id,
            phone=contact.address,
            relation=link.relation,
            wrong=contact.wrong_number_at is not None or link.wrong_at is not None,
            ads_consent=newest.get(contact.id),
            preferred=link.preferred,
            wrong_at=link.wrong_at or contact.wrong_number_at,
            wrong_by=_who_said_wrong(db, contact.id),
        )
        for contact, link in rows
    ]
    return tuple(sorted(seen, key=lambda phone: phone.relation is not Relation.SELF))


def _who_said_wrong(db: Session, contact_id: int) -> str | None:
    """The member of staff whose call found the number to be somebody else's, the first that stands."""
    statement = (
        select(col(Staff.name))
        .join(Call, col(Call.staff_id) == col(Staff.id))
        .where(
            col(Call.contact_id) == contact_id,
            col(Call.outcome) == Outcome.WRONG_NUMBER,
            col(Call.taken_back_at).is_(None),
        )
        .order_by(col(Call.called_at))
        .limit(1)
    )
    return db.execute(statement).scalar_one_or_none()


def phones_with_others(db: Session, patient_id: int, branches: Sequence[str]) -> tuple[PhoneSeen, ...]:
    """The phones with whom else each serves: one by one only those of the given branches."""
    phones = phones_of(db, patient_id)
    links = db.execute(
        select(
            col(ContactLink.contact_id),
            col(ContactLink.patient_id),
            col(ContactLink.relation),
            col(Patient.branch),
        )
        .join(Patient, col(Patient.id) == col(ContactLink.patient_id))
        .where(
            col(ContactLink.contact_id).in_([phone.contact_id for phone in phones]),
            col(ContactLink.patient_id) != patient_id,
            col(Patient.merged_into_id).is_(None),
        )
        .order_by(col(ContactLink.patient_id))
    ).all()
    shown = []
    for phone in phones:
        served = [row for row in links if row[0] == phone.contact_id]
        also = tuple((row[1], row[2]) for row in served if row[3] in branches)
        shown.append(replace(phone, also=also, elsewhere=len(served) - len(also)))
    return tuple(shown)

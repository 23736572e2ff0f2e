"""Contacts: phones, the patients they serve, and consents to advertising."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from crm_core.churn.eligibility import is_minor
from crm_core.phone import last_four
from crm_core.privacy import vault_of
from crm_core.sql import chunks, upsert
from crm_core.tables.people import Consent, Contact, ContactKind, ContactLink, Patient, Relation

ADS = "ads"
IMPORT = "import"


def ensure_phones(db: Session, phones: Iterable[str], now: datetime) -> dict[str, int]:
    """The contact of each phone (E.164), made where there is none."""
    vault = vault_of(db)
    blind = {phone: vault.blind("phone", phone) for phone in dict.fromkeys(phones)}
    known = _contacts_by_blind(db, blind.values())
    new = [
        {
            "kind": ContactKind.PHONE,
            "address": phone,
            "address_blind": hashed,
            "last_four_blind": vault.blind("four", last_four(phone)),
            "created_at": now,
        }
        for phone, hashed in blind.items()
        if hashed not in known
    ]
    if new:
        key = ("kind", "address_blind")
        columns = ("address", "last_four_blind", "created_at")
        made = upsert(
            db, Contact, new, key=key, returning=("address_blind", "id"), defaults={}, first_only=columns
        )
        known.update((bytes(blind_index), contact) for blind_index, contact in made)
    return {phone: known[hashed] for phone, hashed in blind.items()}


def _contacts_by_blind(db: Session, hashes: Iterable[bytes]) -> dict[bytes, int]:
    known: dict[bytes, int] = {}
    for chunk in chunks(hashes):
        found = select(col(Contact.address_blind), col(Contact.id)).where(
            col(Contact.kind) == ContactKind.PHONE, col(Contact.address_blind).in_(chunk)
        )
        known.update((bytes(row[0]), row[1]) for row in db.execute(found))
    return known


def serve(
    db: Session,
    served: Iterable[tuple[int, int, Relation]],
    current: Mapping[int, int],
    today: date,
    also: Collection[int] = (),
) -> set[int]:
    """Links contacts to patients as (patient, contact, relation); the patients whose links changed.

    `current` is the phone the chart has now, by patient: an older one stays linked and is no longer
    preferred. Under 14 a phone in the chart is the guardian's, and only guardians are preferred; the
    links of `also` (patients whose birth date may be new) are settled too.
    """
    by_patient: dict[int, dict[int, Relation]] = defaultdict(dict)
    for patient, contact, relation in served:
        if by_patient[patient].get(contact) is not Relation.GUARDIAN:
            by_patient[patient][contact] = relation
    patients = sorted(set(by_patient) | set(current) | set(also))
    births = _births(db, patients)
    links: dict[int, dict[int, tuple[Relation, bool]]] = defaultdict(dict)
    for row in _links(db, patients):
        links[row.patient_id][row.contact_id] = (row.relation, row.preferred)
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for patient in patients:
        minor = is_minor(births.get(patient), today)
        before = links[patient]
        after = {contact: relation for contact, (relation, _) in before.items()}
        for contact, relation in by_patient.get(patient, {}).items():
            if after.get(contact) in (None, Relation.SELF):
                after[contact] = relation
        kept = {contact: preferred for contact, (_, preferred) in before.items()}
        for contact, settled in _settled(after, kept, current.get(patient), minor=minor).items():
            link: dict[str, Any] = {"contact_id": contact, "patient_id": patient}
            link |= {"relation": settled[0], "preferred": settled[1]}
            if contact not in before:
                new.append(link)
            elif before[contact] != settled:
                changed.append(link)
    if new:
        db.execute(insert(ContactLink), new)
    if changed:
        db.execute(update(ContactLink), changed)
    return {link["patient_id"] for link in (*new, *changed)}


def _settled(
    relations: Mapping[int, Relation],
    kept: Mapping[int, bool],
    current: int | None,
    *,
    minor: bool,
) -> dict[int, tuple[Relation, bool]]:
    """Relation and whether preferred of each contact of one patient; `kept` is what was preferred."""
    if minor:
        return {
            contact: (Relation.GUARDIAN, True)
            if relation in (Relation.SELF, Relation.GUARDIAN)
            else (relation, False)
            for contact, relation in relations.items()
        }
    own = {contact for contact, relation in relations.items() if relation is Relation.SELF}
    settled: dict[int, tuple[Relation, bool]] = {}
    for contact, relation in relations.items():
        if contact not in own:
            preferred = not own
        elif current in own:
            preferred = contact == current
        else:
            preferred = kept.get(contact, True)
        settled[contact] = (relation, preferred)
    return settled


def _births(db: Session, patients: Collection[int]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for chunk in chunks(patients):
        rows = select(col(Patient.id), col(Patient.birth_date)).where(
            col(Patient.id).in_(chunk), col(Patient.birth_date).is_not(None)
        )
        found.update((row[0], row[1]) for row in db.execute(rows))
    return found


def _links(db: Session, patients: Collection[int]) -> Iterable[Any]:
    for chunk in chunks(patients):
        yield from db.execute(
            select(
                col(ContactLink.patient_id),
                col(ContactLink.contact_id),
                col(ContactLink.relation),
                col(ContactLink.preferred),
            ).where(col(ContactLink.patient_id).in_(chunk))
        )


def consent_to_ads(db: Session, given: Mapping[int, datetime]) -> set[int]:
    """Notes consents to advertising by contact; those that were not known yet."""
    known: set[tuple[int, datetime]] = set()
    for chunk in chunks(given):
        rows = select(col(Consent.contact_id), col(Consent.at)).where(
            col(Consent.contact_id).in_(chunk), col(Consent.kind) == ADS, col(Consent.given).is_(True)
        )
        known.update((row[0], row[1]) for row in db.execute(rows))
    new = [
        {"contact_id": contact, "kind": ADS, "given": True, "at": at, "source": IMPORT}
        for contact, at in given.items()
        if (contact, at) not in known
    ]
    if new:
        db.execute(insert(Consent), new)
    return {int(row["contact_id"]) for row in new}  # type: ignore[call-overload]


def preferred_contacts(db: Session, patients: Collection[int]) -> dict[int, int]:
    """The contact through which each patient is called; patients without one are left out."""
    order = (Relation.SELF, Relation.GUARDIAN, Relation.FAMILY, Relation.AGENCY)
    best: dict[int, tuple[bool, int, int]] = {}
    for row in _links(db, patients):
        rank = (not row.preferred, order.index(row.relation), row.contact_id)
        best[row.patient_id] = min(rank, best.get(row.patient_id, rank))
    return {patient: rank[2] for patient, rank in best.items()}

"""Contacts: phones, the patients they serve, and consents to advertising."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from crm_core.calls.standing.actions import WRONG_NUMBER, keep_standing
from crm_core.churn.eligibility import is_minor
from crm_core.errors import NoSuchPatient, NotAllowed, NotUnderstood, OtherBranch
from crm_core.outbox import actions as outbox
from crm_core.phone import last_four, read_phone
from crm_core.policy.policy import Policy
from crm_core.privacy import vault_of
from crm_core.sql import chunks, upsert
from crm_core.staff import audit
from crm_core.staff.access import Person
from crm_core.tables.calls import Call, CallCard, Outcome, Refusal
from crm_core.tables.people import Consent, Contact, ContactKind, ContactLink, Patient, Relation, Role

ADS = "ads"
IMPORT = "import"
KEEPERS = frozenset({Role.DESK, Role.LEAD, Role.DIRECTOR})
"""Who keeps charts and contacts in order."""


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


def new_number(
    db: Session, policy: Policy, person: Person, patient_id: int, text: str, relation: Relation, now: datetime
) -> int:
    """The number at which a patient is reached from now on; its contact.

    Under 14 it is the guardian's, whatever was said. A number that was called wrong is right for this
    patient again; it stays wrong for those about whom the wrong call was made. By the desk, a lead or a
    director. NotUnderstood("phone"), NoSuchPatient, NotAllowed, OtherBranch.
    """
    patient = _kept_by(db, policy, person, patient_id)
    phone = read_phone(text, policy.country)
    if phone is None:
        raise NotUnderstood("phone", text)
    today = policy.branch(patient.branch).today(now)
    if is_minor(patient.birth_date, today) and relation is Relation.SELF:
        relation = Relation.GUARDIAN
    contact_id = ensure_phones(db, [phone], now)[phone]
    current = {patient_id: contact_id} if relation is Relation.SELF else {}
    serve(db, [(patient_id, contact_id, relation)], current, today)
    db.expire_all()
    contact = db.get_one(Contact, contact_id)
    touched = {patient_id}
    if contact.wrong_number_at is not None or _wrong_by_hash(db, contact):
        touched |= _put_right(db, person, contact, patient_id, now)
    _leave_wrong_numbers(db, patient_id, contact_id)
    keep_standing(db, touched)
    _open_again(db, policy, patient, now)
    audit.record(db, person, "phone", now, patient_id=patient_id, branch=patient.branch, what=relation.value)
    for one in sorted(touched):
        outbox.changed(db, f"patient:{one}", now)
    outbox.changed(db, f"day:{patient.branch}:{today}", now)
    return contact_id


def also_reach(db: Session, patient_id: int, contact_id: int) -> None:
    """A phone the patient has asked from serves them too; the number they are called at stays."""
    links = list(_links(db, [patient_id]))
    if any(row.contact_id == contact_id for row in links):
        return
    has_own = any(row.relation is Relation.SELF for row in links)
    db.add(ContactLink(contact_id=contact_id, patient_id=patient_id, preferred=not has_own))
    db.flush()


def _kept_by(db: Session, policy: Policy, person: Person, patient_id: int) -> Patient:
    held = person.branches(KEEPERS, policy)
    if not held:
        raise NotAllowed(tuple(sorted(role.value for role in KEEPERS)))
    patient = db.get(Patient, patient_id)
    if patient is None:
        raise NoSuchPatient
    if patient.branch not in held:
        raise OtherBranch
    return patient


def _wrong_by_hash(db: Session, contact: Contact) -> list[Refusal]:
    """What holds the phone as a wrong number, in whichever branch it was said."""
    return list(
        db.scalars(
            select(Refusal).where(
                col(Refusal.address_blind) == contact.address_blind,
                col(Refusal.kind) == WRONG_NUMBER,
                col(Refusal.lifted_at).is_(None),
            )
        )
    )


def _put_right(db: Session, person: Person, contact: Contact, patient_id: int, now: datetime) -> set[int]:
    """Frees the phone for this patient; whom else it serves, and for whom it stays wrong by their link."""
    said = db.execute(
        select(col(Call.patient_id), col(Call.called_at)).where(
            col(Call.contact_id) == contact.id,
            col(Call.outcome) == Outcome.WRONG_NUMBER,
            col(Call.taken_back_at).is_(None),
        )
    )
    wrong_for = {row[0]: row[1] for row in said}
    for refusal in _wrong_by_hash(db, contact):
        refusal.lifted_at, refusal.lifted_by_id, refusal.lift_reason = now, person.staff_id, "new_number"
    contact.wrong_number_at = None
    links = list(db.scalars(select(ContactLink).where(col(ContactLink.contact_id) == contact.id)))
    for link in links:
        if link.patient_id == patient_id:
            link.wrong_at = None
        elif link.patient_id in wrong_for:
            link.wrong_at = link.wrong_at or wrong_for[link.patient_id]
    db.flush()
    return {link.patient_id for link in links}


def _leave_wrong_numbers(db: Session, patient_id: int, but: int) -> None:
    """The numbers that turned out wrong stay so for this patient, also when their owner becomes known."""
    rows = db.execute(
        select(ContactLink, col(Contact.wrong_number_at))
        .join(Contact, col(Contact.id) == col(ContactLink.contact_id))
        .where(
            col(ContactLink.patient_id) == patient_id,
            col(ContactLink.contact_id) != but,
            col(Contact.wrong_number_at).is_not(None),
        )
    )
    for link, at in rows.all():
        link.wrong_at = link.wrong_at or at
    db.flush()


def _open_again(db: Session, policy: Policy, patient: Patient, now: datetime) -> None:
    """Today's card that a wrong number had closed can be worked again."""
    cards = db.scalars(
        select(CallCard)
        .join(Call, col(Call.id) == col(CallCard.call_id))
        .where(
            col(CallCard.patient_id) == patient.id,
            col(CallCard.day) == policy.branch(patient.branch).today(now),
            col(CallCard.done_at).is_not(None),
            col(Call.outcome) == Outcome.WRONG_NUMBER,
        )
    )
    for card in cards:
        card.done_at = card.claimed_by_id = card.claimed_at = card.claimed_until = None
    db.flush()

"""Prospects: people without a chart number, and how they become patients."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from crm_core.contacts.actions import ensure_phones
from crm_core.patients.identity import ids_by_contact_and_name
from crm_core.policy.policy import Policy
from crm_core.privacy import folded_name, vault_of
from crm_core.sql import chunks
from crm_core.tables.facts import Inquiry
from crm_core.tables.people import Prospect


@dataclass(frozen=True)
class Asker:
    """Somebody who asked without a chart number."""

    branch: str
    name: str
    phone: str


def who_asked(
    db: Session, policy: Policy, askers: Iterable[Asker], now: datetime
) -> tuple[dict[Asker, int], dict[Asker, int]]:
    """Patients of the askers whose phone and name agree with one, and prospects of all others."""
    wanted = list(dict.fromkeys(askers))
    contacts = ensure_phones(db, (asker.phone for asker in wanted), now)
    vault = vault_of(db)
    cards = {
        asker: (
            policy.branch(asker.branch).book,
            contacts[asker.phone],
            vault.blind("name", folded_name(asker.name)),
        )
        for asker in wanted
    }
    known = ids_by_contact_and_name(db, cards.values())
    patients = {asker: known[card] for asker, card in cards.items() if card in known}
    lacking = {asker: card[1:] for asker, card in cards.items() if asker not in patients}
    return patients, _prospects(db, policy, lacking, now)


def _prospects(
    db: Session, policy: Policy, lacking: Mapping[Asker, tuple[int, bytes]], now: datetime
) -> dict[Asker, int]:
    known: dict[tuple[str, int, bytes], int] = {}
    for chunk in chunks(sorted({contact for contact, _ in lacking.values()})):
        rows = db.execute(
            select(col(Prospect.branch), col(Prospect.contact_id), col(Prospect.name_blind), col(Prospect.id))
            .where(col(Prospect.contact_id).in_(chunk), col(Prospect.patient_id).is_(None))
            .order_by(col(Prospect.id).desc())
        )
        for branch, contact, name, prospect in rows:
            known[policy.branch(branch).book, contact, bytes(name or b"")] = prospect
    found: dict[Asker, int] = {}
    for asker, (contact, name) in lacking.items():
        card = (policy.branch(asker.branch).book, contact, name)
        if card not in known:
            made = Prospect(
                branch=asker.branch, name=asker.name, name_blind=name, contact_id=contact, created_at=now
            )
            db.add(made)
            db.flush()
            assert made.id is not None
            known[card] = made.id
        found[asker] = known[card]
    return found


def join_prospects(db: Session, policy: Policy, contacts: Collection[int]) -> tuple[set[int], set[int]]:
    """Prospects on these contacts whose name is now that of a patient become the patient.

    Returns the patients who got inquiries and the prospects who lost them.
    """
    waiting: dict[int, tuple[str, int, bytes]] = {}
    for chunk in chunks(sorted(contacts)):
        rows = db.execute(
            select(
                col(Prospect.id), col(Prospect.branch), col(Prospect.contact_id), col(Prospect.name_blind)
            ).where(col(Prospect.contact_id).in_(chunk), col(Prospect.patient_id).is_(None))
        )
        for prospect, branch, contact, name in rows:
            if name is not None and branch in policy.branches:
                waiting[prospect] = (policy.branch(branch).book, contact, bytes(name))
    patients = ids_by_contact_and_name(db, waiting.values())
    joined = {prospect: patients[card] for prospect, card in waiting.items() if card in patients}
    become(db, joined)
    return set(joined.values()), set(joined)


def become(db: Session, joined: Mapping[int, int]) -> None:
    """Prospects (→ patient) become patients, with all that they asked."""
    for prospect, patient in joined.items():
        db.execute(update(Prospect).where(col(Prospect.id) == prospect).values(patient_id=patient))
        db.execute(
            update(Inquiry)
            .where(col(Inquiry.prospect_id) == prospect)
            .values(patient_id=patient, prospect_id=None)
        )

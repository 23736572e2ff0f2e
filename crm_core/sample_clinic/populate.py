"""Writes the planned clinic into an empty, migrated database."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, SQLModel, col

from crm_core.phone import last_four
from crm_core.policy.headers import HEADERS
from crm_core.policy.policy import Policy
from crm_core.privacy import Vault, folded_name, vault_of
from crm_core.sample_clinic import fact_rows
from crm_core.sample_clinic.fact_rows import SOURCE, Ids, Row
from crm_core.sample_clinic.rows import ClinicPlan, PatientRow
from crm_core.tables.calls import Call, Episode
from crm_core.tables.chat import Account, ChannelBinding
from crm_core.tables.facts import (
    Consult,
    Course,
    Inquiry,
    Payment,
    Reservation,
    TreatmentDone,
    Visit,
)
from crm_core.tables.imports import FactsUntil
from crm_core.tables.people import (
    Book,
    Consent,
    Contact,
    ContactKind,
    ContactLink,
    Patient,
    Prospect,
    Staff,
    StaffRole,
)
from crm_core.tables.records import Sample
from crm_core.upkeep import keep_up

PLATFORM = "local"
# The closing card stands where the reservations are talked about.
CHANNELS = (
    ("digest", "digest"),
    ("calls", "calls"),
    ("reservations", "reservations"),
    ("closing", "reservations"),
)


def populate(db: Session, policy: Policy, plan: ClinicPlan, now: datetime, key: str) -> None:
    """Writes the plan, folds the journeys and keeps the ledger; the caller commits.

    `key` is the sample's own data key, which the `Sample` row keeps. The branches have started calling,
    and their facts are known until the full hour before `now`.
    """
    staff = _staff(db, plan, now)
    _books(db, policy, plan)
    contacts = _contacts(db, policy, plan)
    patients = _patients(db, policy, plan, staff)
    prospects = _prospects(db, plan, contacts)
    ids = Ids(staff, patients, contacts, prospects)
    _links(db, plan, ids)
    _write(db, Inquiry, fact_rows.inquiries(policy, plan, ids, now))
    _write(db, Reservation, fact_rows.reservations(policy, plan, ids))
    _write(db, Visit, fact_rows.visits(policy, plan, ids))
    _write(db, Consult, fact_rows.consults(policy, plan, ids))
    _write(db, Course, fact_rows.courses(policy, plan, ids))
    _write(db, TreatmentDone, fact_rows.treatments(policy, plan, ids))
    _write(db, Payment, fact_rows.payments(policy, plan, ids))
    _write(db, Call, fact_rows.calls(policy, plan, ids))
    _switches(db, policy, plan, now, key)
    keep_up(db, policy, patients=sorted(patients.values()), prospects=sorted(prospects.values()))


def _write(db: Session, table: type[SQLModel], rows: Iterable[Row]) -> None:
    ready = list(rows)
    if ready:
        db.execute(insert(table.__table__), ready)  # type: ignore[attr-defined]


def _ids(db: Session, key: Any, row_id: Any) -> dict[Any, int]:
    """The ids that the database gave the rows, by what we know them by."""
    return {row[0]: row[1] for row in db.execute(select(key, row_id))}


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def _staff(db: Session, plan: ClinicPlan, now: datetime) -> dict[str, int]:
    """Staff with their roles, each with an account on the local page; who has left has none."""
    _write(
        db,
        Staff,
        [
            {
                "number": row.number,
                "name": row.name,
                "language": "ko",
                "active": row.left_on is None,
                "left_on": row.left_on,
            }
            for row in plan.staff
        ],
    )
    ids = _ids(db, col(Staff.number), col(Staff.id))
    _write(
        db,
        StaffRole,
        [
            {"staff_id": ids[row.number], "role": role, "branch": branch}
            for row in plan.staff
            for role, branch in row.roles
        ],
    )
    vault = vault_of(db)
    _write(
        db,
        Account,
        [
            {
                "platform": PLATFORM,
                "address": f"@{ids[row.number]}",
                "address_blind": vault.blind("account", f"@{ids[row.number]}"),
                "staff_id": ids[row.number],
                "linked_at": now,
            }
            for row in plan.staff
            if row.left_on is None
        ],
    )
    return ids


def _books(db: Session, policy: Policy, plan: ClinicPlan) -> None:
    books = sorted({policy.branch(row.branch).book for row in plan.patients})
    _write(db, Book, [{"slug": slug} for slug in books])


def _contacts(db: Session, policy: Policy, plan: ClinicPlan) -> dict[str, int]:
    vault = vault_of(db)
    first: dict[str, datetime] = {}
    language: dict[str, str] = {}
    for patient in plan.patients:
        if patient.phone:
            first.setdefault(patient.phone, _registered(policy, plan, patient))
            language.setdefault(patient.phone, patient.language)
    for prospect in plan.prospects:
        first.setdefault(prospect.phone, prospect.at)
    _write(
        db,
        Contact,
        [
            {
                "kind": ContactKind.PHONE,
                "address": phone,
                "address_blind": vault.blind("phone", phone),
                "last_four_blind": vault.blind("four", last_four(phone)),
                "language": language.get(phone),
                "created_at": at,
            }
            for phone, at in first.items()
        ],
    )
    by_blind = {
        bytes(blind): contact_id
        for blind, contact_id in db.execute(select(col(Contact.address_blind), col(Contact.id)))
    }
    return {phone: by_blind[vault.blind("phone", phone)] for phone in first}


def _registered(policy: Policy, plan: ClinicPlan, patient: PatientRow) -> datetime:
    return policy.branch(patient.branch).at(patient.first_visit_on or plan.start, time(10))


def _patients(db: Session, policy: Policy, plan: ClinicPlan, staff: Mapping[str, int]) -> dict[str, int]:
    vault = vault_of(db)
    _write(
        db,
        Patient,
        [_patient(policy, plan, row, staff, vault) for row in plan.patients],
    )
    ids = _ids(db, col(Patient.chart_no), col(Patient.id))
    referred = [
        {"id": ids[row.chart_no], "referred_by_id": ids[row.referred_by]}
        for row in plan.patients
        if row.referred_by
    ]
    if referred:
        db.execute(update(Patient), referred)
    return ids


def _patient(
    policy: Policy,
    plan: ClinicPlan,
    row: PatientRow,
    staff: Mapping[str, int],
    vault: Vault,
) -> Row:
    return {
        "book": policy.branch(row.branch).book,
        "chart_no": row.chart_no,
        "branch": row.branch,
        "name": row.name,
        "name_blind": vault.blind("name", folded_name(row.name)),
        "birth_date": row.birth_date.isoformat(),
        "sex": row.sex,
        "language": row.language,
        "residence": row.residence,
        "source": row.source,
        "status": row.status,
        "paused_until": row.paused_until,
        "first_visit_on": row.first_visit_on,
        "owner_id": staff[row.owner] if row.owner else None,
        "vip": row.vip,
        "created_at": _registered(policy, plan, row),
    }


def _prospects(db: Session, plan: ClinicPlan, contacts: Mapping[str, int]) -> dict[str, int]:
    vault = vault_of(db)
    _write(
        db,
        Prospect,
        [
            {
                "branch": row.branch,
                "name": row.name,
                "name_blind": vault.blind("name", folded_name(row.name)),
                "contact_id": contacts[row.phone],
                "created_at": row.at,
            }
            for row in plan.prospects
        ],
    )
    by_contact = _ids(db, col(Prospect.contact_id), col(Prospect.id))
    return {row.phone: by_contact[contacts[row.phone]] for row in plan.prospects}


def _links(db: Session, plan: ClinicPlan, ids: Ids) -> None:
    """Whom each phone serves; a child is served by the phone of the guardian. And what was consented to."""
    links: list[Row] = []
    consents: list[Row] = []
    for row in plan.patients:
        served = [(row.chart_no, row.relation)] if row.phone else []
        if row.guardian_of:
            served.append((row.guardian_of, "guardian"))
        links.extend(
            {
                "contact_id": ids.contacts[row.phone or ""],
                "patient_id": ids.patients[chart],
                "relation": relation,
                "preferred": True,
                "confirmed_at": None,
                "wrong_at": None,
            }
            for chart, relation in served
        )
        if row.phone and row.ad_consent_at:
            consents.append(
                {
                    "contact_id": ids.contacts[row.phone],
                    "kind": "ads",
                    "given": True,
                    "at": row.ad_consent_at,
                    "source": "import",
                }
            )
    _write(db, ContactLink, links)
    _write(db, Consent, consents)


# ── switches ─────────────────────────────────────────────────────────────────────────────────────


def _switches(db: Session, policy: Policy, plan: ClinicPlan, now: datetime, key: str) -> None:
    """Calling has started, facts are of this morning, and the channels of the local page are bound."""
    slugs = sorted({row.branch for row in plan.patients})
    until = now.replace(minute=0, second=0, microsecond=0)
    started = {slug: _start_of(policy, slug, plan.start) for slug in slugs}
    _write(db, Episode, [{"branch": slug, "started_at": started[slug]} for slug in slugs])
    _write(
        db,
        FactsUntil,
        [
            {"branch": slug, "kind": kind, "until": until, "source": SOURCE}
            for slug in slugs
            for kind in HEADERS
            if kind != "staff"
        ],
    )
    _write(
        db,
        ChannelBinding,
        [
            {
                "branch": slug,
                "purpose": purpose,
                "platform": PLATFORM,
                "address": f"#{channel}-{slug}",
                "language": "ko",
            }
            for slug in slugs
            for purpose, channel in CHANNELS
        ],
    )
    _write(
        db,
        Sample,
        [{"seed": plan.seed, "today": plan.today, "made_at": now, "clock_at": now, "key": key}],
    )


def _start_of(policy: Policy, slug: str, day: date) -> datetime:
    branch = policy.branch(slug)
    first = day if branch.is_open(day) else branch.next_open_day(day)
    opening = branch.opening(first)
    assert opening is not None
    return opening

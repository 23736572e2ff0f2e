"""Writes the planned clinic into an empty, migrated database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, SQLModel, col

from crm_core.phone import last_four
from crm_core.policy.headers import HEADERS
from crm_core.policy.policy import Policy
from crm_core.privacy import Vault, folded_name, vault_of
from crm_core.sample_clinic.rows import CallRow, ClinicPlan, PatientRow
from crm_core.tables.calls import Call, Episode, LegalClass, Refusal
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

SOURCE = "sample"
PLATFORM = "local"
# The closing card stands where the reservations are talked about.
CHANNELS = (("digest", "digest"), ("calls", "calls"), ("reservations", "reservations"), ("closing", "reservations"))
_DENIALS = ("negative_denial", "positive_denial")

Row = dict[str, Any]


@dataclass(frozen=True)
class Ids:
    """Ids by staff number, chart number, phone (E.164), and of the prospect with a phone."""

    staff: Mapping[str, int]
    patients: Mapping[str, int]
    contacts: Mapping[str, int]
    prospects: Mapping[str, int]


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
    _links(db, policy, plan, ids)
    _write(db, Inquiry, _inquiries(policy, plan, ids))
    _write(db, Reservation, _reservations(policy, plan, ids))
    _write(db, Visit, _visits(policy, plan, ids))
    _write(db, Consult, _consults(policy, plan, ids))
    _write(db, Course, _courses(policy, plan, ids))
    _write(db, TreatmentDone, _treatments(policy, plan, ids))
    _write(db, Payment, _payments(policy, plan, ids))
    _write(db, Call, _calls(policy, plan, ids))
    _refusals(db, plan, ids)
    _switches(db, policy, plan, now, key)
    keep_up(db, policy, patients=sorted(patients.values()), prospects=sorted(prospects.values()), now=now)


def _write(db: Session, table: type[SQLModel], rows: Iterable[Row]) -> None:
    ready = list(rows)
    if ready:
        db.execute(insert(table.__table__), ready)  # type: ignore[attr-defined]


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
    ids = {number: staff_id for number, staff_id in db.execute(select(col(Staff.number), col(Staff.id)))}
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
    wrong = _wrong_numbers(plan)
    _write(
        db,
        Contact,
        [
            {
                "kind": ContactKind.PHONE,
                "address": phone,
                "address_blind": vault.blind("phone", phone),
                "last_four_blind": vault.blind("four", last_four(phone)),
                "wrong_number_at": wrong[phone].at if phone in wrong else None,
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


def _patients(
    db: Session, policy: Policy, plan: ClinicPlan, staff: Mapping[str, int]
) -> dict[str, int]:
    vault = vault_of(db)
    paid = _paid(plan)
    _write(
        db,
        Patient,
        [_patient(policy, plan, row, staff, vault, paid.get(row.chart_no, 0)) for row in plan.patients],
    )
    ids = {chart: patient_id for chart, patient_id in db.execute(select(col(Patient.chart_no), col(Patient.id)))}
    referred = [
        {"id": ids[row.chart_no], "referred_by_id": ids[row.referred_by]}
        for row in plan.patients
        if row.referred_by
    ]
    if referred:
        db.execute(update(Patient), referred)
    return ids


def _paid(plan: ClinicPlan) -> dict[str, int]:
    paid: dict[str, int] = {}
    for row in plan.payments:
        paid[row.chart_no] = paid.get(row.chart_no, 0) + row.amount - row.refund
    return paid


def _patient(
    policy: Policy,
    plan: ClinicPlan,
    row: PatientRow,
    staff: Mapping[str, int],
    vault: Vault,
    paid: int,
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
        "paid_24m": paid,
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
    by_contact = {
        contact_id: prospect_id
        for contact_id, prospect_id in db.execute(select(col(Prospect.contact_id), col(Prospect.id)))
    }
    return {row.phone: by_contact[contacts[row.phone]] for row in plan.prospects}


def _links(db: Session, policy: Policy, plan: ClinicPlan, ids: Ids) -> None:
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


# ── facts ────────────────────────────────────────────────────────────────────────────────────────


def _key(policy: Policy, number: str, branch: str) -> Row:
    return {
        "book": policy.branch(branch).book,
        "number": number,
        "branch": branch,
        "source": SOURCE,
    }


def _inquiries(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.inquiries:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no] if row.chart_no else None,
            "prospect_id": ids.prospects[row.phone] if row.phone else None,
            "received_at": row.at,
            "received_on": row.at.date(),
            "timed": True,
            "channel": row.channel,
            "kind": row.kind,
            "treatment": row.treatment,
            "staff_id": ids.staff[row.staff],
            "answered_at": row.answered_at,
        }


def _reservations(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.reservations:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "starts_at": row.starts_at,
            "starts_on": row.starts_at.date(),
            "timed": True,
            "made_at": row.made_at,
            "treatment": row.treatment,
            "doctor": row.doctor,
            "staff_id": ids.staff[row.staff],
            "state": row.state,
            "state_at": row.state_at,
            "answer": row.answer,
            "answer_at": row.answer_at,
            "moved_to": row.moved_to,
            "deposit": row.deposit,
        }


def _visits(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.visits:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "arrived_at": row.at,
            "arrived_on": row.at.date(),
            "timed": True,
            "doctor": row.doctor,
        }


def _consults(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.consults:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "held_at": row.at,
            "held_on": row.at.date(),
            "timed": True,
            "treatment": row.treatment,
            "staff_id": ids.staff[row.staff],
            "decision": row.decision,
            "decided_at": row.decided_at,
            "proposed_amount": row.proposed,
            "agreed_amount": row.agreed,
        }


def _courses(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.courses:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "treatment": row.treatment,
            "bought_at": row.bought_at,
            "bought_on": row.bought_at.date(),
            "sessions": row.sessions,
            "used": row.used,
            "valid_until": row.valid_until,
            "paid": row.paid,
        }


def _treatments(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.treatments:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "done_at": row.at,
            "done_on": row.at.date(),
            "timed": True,
            "treatment": row.treatment,
            "doctor": row.doctor,
            "staff_id": ids.staff[row.staff],
            "course_no": row.course_no,
            "session_no": row.session_no,
            "amount": row.amount,
            "covered": row.covered,
            "recommended_on": row.recommended_on,
        }


def _payments(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.payments:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "paid_at": row.at,
            "paid_on": row.at.date(),
            "timed": True,
            "amount": row.amount,
            "refund": row.refund,
            "covered": row.covered,
            "course_no": row.course_no,
            "treatment_no": row.treatment_no,
        }


def _calls(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    phones = _phones(plan)
    for row in plan.calls:
        legal = LegalClass.OUTREACH if row.kind == "recall" else LegalClass.OWN
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "contact_id": ids.contacts.get(phones.get(row.chart_no, "")),
            "called_at": row.at,
            "called_on": row.at.date(),
            "staff_id": ids.staff[row.staff],
            "kind": row.kind,
            "legal_class": legal,
            "outcome": row.outcome,
            "response_group": row.group,
            "cause": row.cause,
            "family": row.family,
            "band": row.band,
            "promised_on": row.promised_on,
            "promise_kept": row.kept,
            "next_step": row.next_step,
            "note": row.note,
        }


def _phones(plan: ClinicPlan) -> dict[str, str]:
    """The phone on which each patient is called."""
    phones = {row.chart_no: row.phone for row in plan.patients if row.phone}
    phones.update(
        {row.guardian_of: row.phone for row in plan.patients if row.guardian_of and row.phone}
    )
    return phones


def _wrong_numbers(plan: ClinicPlan) -> dict[str, CallRow]:
    phones = _phones(plan)
    return {phones[row.chart_no]: row for row in plan.calls if row.outcome == "wrong_number"}


def _refusals(db: Session, plan: ClinicPlan, ids: Ids) -> None:
    """What the whole group remembers of a phone: denials, wrong numbers, the phones of the dead."""
    vault, phones = vault_of(db), _phones(plan)
    calls = {number: call_id for number, call_id in db.execute(select(col(Call.number), col(Call.id)))}
    rows: list[Row] = []
    for call in plan.calls:
        wrong = call.outcome == "wrong_number"
        if wrong or call.group in _DENIALS:
            rows.append(
                {
                    "address_blind": vault.blind("phone", phones[call.chart_no]),
                    "kind": "wrong_number" if wrong else "denial",
                    "response_group": call.group,
                    "call_id": calls[call.number],
                    "at": call.at,
                }
            )
    died = [row.phone for row in plan.patients if row.status == "deceased" and row.phone]
    last = max(row.at for row in plan.visits)
    rows += [
        {
            "address_blind": vault.blind("phone", phone),
            "kind": "deceased",
            "response_group": None,
            "call_id": None,
            "at": last,
        }
        for phone in died
    ]
    _write(db, Refusal, rows)


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

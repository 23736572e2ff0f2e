"""Everything the decision needs to know about some patients, read set by set through indexes.

The one reader behind `/why` and every list: the rules themselves are in `eligibility.py`. As-of
holds for every fact (`now`, `day`): a question about a past moment sees what was known then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from typing import cast as as_type

from sqlalchemy import Select, func, or_, select
from sqlmodel import Session, col

from crm_core.churn.conditions import (
    REACHED,
    RECALL_KINDS,
    is_past,
    latest_visit,
    live_reservation,
    standing_call,
    value_of,
)
from crm_core.churn.gaps import CourseGap, course_gaps
from crm_core.churn.ledger import LedgerLine
from crm_core.churn.undecided import PendingConsult, pending_consults
from crm_core.churn.unknown import add_unknown_visits
from crm_core.inquiries.queries import patients_waiting
from crm_core.policy.policy import Policy
from crm_core.sql import among, chunks
from crm_core.tables.calls import (
    DENIALS,
    Call,
    LegalClass,
    Outcome,
    Refusal,
    ResponseGroup,
)
from crm_core.tables.facts import (
    Payment,
    Reservation,
    TreatmentDone,
)
from crm_core.tables.journey import RecallDue
from crm_core.tables.people import (
    Consent,
    Contact,
    ContactKind,
    ContactLink,
    Patient,
    PatientStatus,
    Relation,
)

_CHUNK = 1000


@dataclass(slots=True)
class Phone:
    """A telephone that serves a patient, and what stands against it."""

    contact_id: int
    relation: Relation
    preferred: bool
    wrong_on: datetime | None
    stopped_at: datetime | None
    refusals: list[tuple[str, datetime, ResponseGroup | None]] = field(default_factory=list)


@dataclass(slots=True)
class PastCall:
    """A standing recall-like call."""

    call_id: int
    at: datetime
    on: date
    outcome: Outcome
    group: ResponseGroup | None
    cause: str | None
    family: str | None
    promised_on: date | None
    staff_id: int | None


@dataclass(slots=True)
class PatientFacts:
    """One patient as known at a moment. `lines` are ledger rows, `calls` in their order."""

    patient_id: int
    branch: str
    status: PatientStatus
    paused_until: date | None
    merged: bool
    birth_date: str | None
    vip: bool
    owner_id: int | None
    last_visit_on: date | None
    booked_on: date | None
    treated_on: date | None
    value: int
    value_is_visits: bool
    lines: list[LedgerLine] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)
    calls: list[PastCall] = field(default_factory=list)
    reached: dict[int, int] = field(default_factory=dict)  # contact → outreach that reached it
    consents: dict[int, bool] = field(default_factory=dict)  # contact → newest word on advertising
    booked_since: datetime | None = None  # when the newest reservation was made
    denials: list[tuple[date, ResponseGroup]] = field(default_factory=list)  # standing, own
    asks: bool = False  # an inquiry of theirs waits for an answer
    pending: PendingConsult | None = None
    gap: CourseGap | None = None
    may_have_come_on: date | None = None  # since when, where the file that would say so is missing


def gather(
    db: Session,
    policy: Policy,
    patients: Iterable[int],
    day: date,
    now: datetime,
    *,
    lines: dict[int, list[LedgerLine]] | None = None,
) -> list[PatientFacts]:
    """Facts of the patients, in the order of their ids. `lines` replaces the stored ledger."""
    found: list[PatientFacts] = []
    by_visits = not _has_payments(db)
    past = is_past(db, policy.branches, day, now)
    asking = patients_waiting(db, policy, tuple(policy.branches), now)
    for ids in chunks(sorted(set(patients)), _CHUNK):
        rows = _patients(db, policy, ids, day, now, by_visits, past)
        known = {row.patient_id: row for row in rows}
        if lines is None:
            _add_lines(db, known, ids)
        else:
            for patient_id, row in known.items():
                row.lines = lines.get(patient_id, [])
        _add_phones(db, known, ids, now)
        _add_calls(db, known, ids, now)
        _add_reached(db, policy, rows, day, now)
        _add_consents(db, policy, rows, day, now)
        pending = pending_consults(db, policy, ids, day, now)
        gaps = course_gaps(db, policy, day, now, ids)
        for row in rows:
            row.asks = row.patient_id in asking
            row.pending, row.gap = pending.get(row.patient_id), gaps.get(row.patient_id)
        found.extend(rows)
    add_unknown_visits(db, policy, found, now)
    return found


def _has_payments(db: Session) -> bool:
    return db.execute(select(col(Payment.id)).limit(1)).first() is not None


def _patients(
    db: Session,
    policy: Policy,
    ids: Sequence[int],
    day: date,
    now: datetime,
    by_visits: bool,
    past: bool,
) -> list[PatientFacts]:
    statement = _of_patients(policy, day, now, by_visits, past)
    statement = statement.where(among(db, col(Patient.id), ids)).order_by(col(Patient.id))
    rows = [
        PatientFacts(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4] is not None,
            row[5],
            row[6],
            row[7],
            row[8],
            row[9],
            row[10],
            int(row[11]),
            by_visits,
        )
        for row in db.execute(statement)
    ]
    _look_back(db, rows, day, now)
    return rows


def _of_patients(
    policy: Policy, day: date, now: datetime, by_visits: bool, past: bool
) -> Select[*tuple[Any, ...]]:
    """The columns of a `PatientFacts` in their order, for every patient."""
    mine = col(Patient.id)
    booked = (
        select(func.min(col(Reservation.starts_on)))
        .where(
            col(Reservation.patient_id) == mine,
            col(Reservation.starts_on) >= day,
            *live_reservation(now, past=past),
        )
        .scalar_subquery()
    )
    treated = (
        select(func.max(col(TreatmentDone.done_on)))
        .where(
            col(TreatmentDone.patient_id) == mine,
            col(TreatmentDone.done_on) <= day,
        )
        .scalar_subquery()
    )
    return select(
        mine,
        col(Patient.branch),
        col(Patient.status),
        col(Patient.paused_until),
        col(Patient.merged_into_id),
        col(Patient.birth_date),
        col(Patient.vip),
        col(Patient.owner_id),
        col(Patient.last_visit_on),
        booked,
        treated,
        value_of(policy, day, now, by_visits),
    )


def _look_back(db: Session, rows: Sequence[PatientFacts], day: date, now: datetime) -> None:
    """Where the stored last visit lies after the moment asked about, the earlier one is looked up."""
    late = [row for row in rows if row.last_visit_on is not None and row.last_visit_on >= day]
    if not late:
        return
    statement = select(col(Patient.id), *latest_visit(day, now)).where(
        among(db, col(Patient.id), [row.patient_id for row in late])
    )
    days = {row[0]: [seen for seen in row[1:] if seen is not None] for row in db.execute(statement)}
    for row in late:
        row.last_visit_on = max(days[row.patient_id], default=None)


def _add_lines(db: Session, known: dict[int, PatientFacts], ids: Sequence[int]) -> None:
    columns = RecallDue.__table__.c  # type: ignore[attr-defined]
    for row in db.execute(select(columns).where(among(db, col(RecallDue.patient_id), ids))):
        # A row of the ledger has the fields of a line; making half a million of them again is dear.
        known[row.patient_id].lines.append(as_type("LedgerLine", row))


def _add_phones(db: Session, known: dict[int, PatientFacts], ids: Sequence[int], now: datetime) -> None:
    statement = (
        select(
            col(ContactLink.patient_id),
            col(Contact.id),
            col(ContactLink.relation),
            col(ContactLink.preferred),
            col(Contact.wrong_number_at),
            col(ContactLink.wrong_at),
            col(Contact.stopped_at),
            col(Refusal.kind),
            col(Refusal.at),
            col(Refusal.response_group),
            col(Contact.kind),
        )
        .join(Contact, col(Contact.id) == col(ContactLink.contact_id))
        .outerjoin(
            Refusal,
            (col(Refusal.address_blind) == col(Contact.address_blind))
            # A file gives a death no day: like the patient's state it holds at every moment asked about.
            & or_(col(Refusal.at) <= now, col(Refusal.kind) == "deceased")
            & or_(col(Refusal.lifted_at).is_(None), col(Refusal.lifted_at) > now),
        )
        .where(among(db, col(ContactLink.patient_id), ids))
        .order_by(col(ContactLink.patient_id), col(Contact.id), col(Refusal.at))
    )
    for row in db.execute(statement):
        # Asked for in SQL, SQLite would begin with every phone of the clinic: an index has the kind.
        if row[10] is not ContactKind.PHONE:
            continue
        phones = known[row[0]].phones
        if not phones or phones[-1].contact_id != row[1]:
            wrong = _known(row[5], now) or _known(row[4], now)
            phones.append(Phone(row[1], row[2], row[3], wrong, _known(row[6], now)))
        if row[7] is not None:
            phones[-1].refusals.append((row[7], row[8], row[9]))


def _known(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is not None and at <= now else None


def _add_calls(db: Session, known: dict[int, PatientFacts], ids: Sequence[int], now: datetime) -> None:
    statement = (
        select(
            col(Call.patient_id),
            col(Call.id),
            col(Call.called_at),
            col(Call.called_on),
            col(Call.outcome),
            col(Call.response_group),
            col(Call.cause),
            col(Call.family),
            col(Call.promised_on),
            col(Call.staff_id),
        )
        .where(
            among(db, col(Call.patient_id), ids),
            col(Call.kind).in_(RECALL_KINDS),
            *standing_call(now),
        )
        .order_by(col(Call.patient_id), col(Call.called_at), col(Call.id))
    )
    promised: list[PatientFacts] = []
    for row in db.execute(statement):
        facts = known[row[0]]
        facts.calls.append(PastCall(*row[1:]))
        if row[8] is not None and (not promised or promised[-1] is not facts):
            promised.append(facts)
    if promised:
        _add_booked_since(db, promised, now)
    denied = [row for row in known.values() if any(c.group in DENIALS for c in row.calls)]
    if denied:
        _add_denials(db, denied, now)


def _add_denials(db: Session, rows: Sequence[PatientFacts], now: datetime) -> None:
    """Denials that stand: those whose refusal nobody has lifted (reading 13)."""
    calls = [c.call_id for row in rows for c in row.calls if c.group in DENIALS]
    lifted = set(
        db.scalars(
            select(col(Refusal.call_id)).where(col(Refusal.call_id).in_(calls), col(Refusal.lifted_at) <= now)
        )
    )
    for row in rows:
        row.denials = [
            (call.on, call.group)
            for call in row.calls
            if call.group in DENIALS and call.call_id not in lifted
        ]


def _add_booked_since(db: Session, rows: Sequence[PatientFacts], now: datetime) -> None:
    """When the newest reservation was made, whatever came of it: it settles an earlier promise."""
    statement: Select[*tuple[Any, ...]] = (
        select(col(Reservation.patient_id), func.max(col(Reservation.made_at)))
        .where(
            among(db, col(Reservation.patient_id), [row.patient_id for row in rows]),
            col(Reservation.made_at) <= now,
        )
        .group_by(col(Reservation.patient_id))
    )
    made = {row[0]: row[1] for row in db.execute(statement)}
    for row in rows:
        row.booked_since = made.get(row.patient_id)


def _add_reached(db: Session, policy: Policy, rows: Sequence[PatientFacts], day: date, now: datetime) -> None:
    """Outreach that reached a phone in the budget's days, whichever patient it was about."""
    contacts = {phone.contact_id for row in rows for phone in row.phones}
    since = day - timedelta(policy.calls.budget_days)
    counted: dict[int, int] = {}
    for ids in chunks(sorted(contacts), _CHUNK):
        statement: Select[*tuple[Any, ...]] = (
            select(col(Call.contact_id), func.count())
            .where(
                among(db, col(Call.contact_id), ids),
                col(Call.legal_class) == LegalClass.OUTREACH,
                col(Call.outcome).in_(REACHED),
                col(Call.called_on) > since,
                *standing_call(now),
            )
            .group_by(col(Call.contact_id))
        )
        counted.update((row[0], row[1]) for row in db.execute(statement))
    if counted:
        for row in rows:
            row.reached = {
                phone.contact_id: counted[phone.contact_id]
                for phone in row.phones
                if phone.contact_id in counted
            }


def _add_consents(
    db: Session, policy: Policy, rows: Sequence[PatientFacts], day: date, now: datetime
) -> None:
    """The newest word on advertising, for those whom no recent treatment makes callable."""
    limit = day - timedelta(policy.calls.consent_days)
    asked = [row for row in rows if row.treated_on is None or row.treated_on < limit]
    contacts = {phone.contact_id for row in asked for phone in row.phones}
    given: dict[int, bool] = {}
    for ids in chunks(sorted(contacts), _CHUNK):
        statement = (
            select(col(Consent.contact_id), col(Consent.given))
            .where(
                among(db, col(Consent.contact_id), ids),
                col(Consent.kind) == "ads",
                col(Consent.at) <= now,
            )
            .order_by(col(Consent.at), col(Consent.id))
        )
        given.update((row[0], row[1]) for row in db.execute(statement))
    for row in asked:
        row.consents = {
            phone.contact_id: given[phone.contact_id] for phone in row.phones if phone.contact_id in given
        }

"""Lists and counts of who should be back. Candidates come from the ledger's index, never from patients."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlmodel import Session, col

from crm_core.churn.conditions import RECALL_KINDS, is_past, live_reservation, standing_call
from crm_core.churn.eligibility import band_of, judge
from crm_core.churn.reasons import Band, Eligibility, Why
from crm_core.churn.treatments import past_lines
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.calls import Call, Section
from crm_core.tables.facts import Reservation
from crm_core.tables.journey import RecallDue
from crm_core.tables.people import Patient

DueRow = Eligibility
_WITHOUT_PHONE = (Why.NO_PHONE, Why.NO_GUARDIAN)


@dataclass(frozen=True)
class BandCounts:
    """Patients by band and family of their card: eligible ones, and all who are in the band."""

    eligible: int
    by_band: Mapping[Band, int]
    by_family: Mapping[tuple[str, Band], int]
    long_gone: int
    without_phone: int = 0
    promised: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


def due_list(db: Session, scope: Scope, policy: Policy, day: date, now: datetime) -> list[DueRow]:
    """Everybody who may be called from ⑦ on the day, in the order of the list, not cut.

    Also before start (reading 16). The branch of the card's first family owns it.
    """
    return [one for one in standings(db, scope, policy, day, now) if one.eligible]


def churners(
    db: Session,
    scope: Scope,
    policy: Policy,
    day: date,
    now: datetime,
    family: str | None = None,
) -> list[DueRow]:
    """`/churners`: the same people, or those with one family on the card (reading 16)."""
    rows = due_list(db, scope, policy, day, now)
    if family is None:
        return rows
    return [one for one in rows if any(due.family == family for due in one.families)]


def promised_list(db: Session, scope: Scope, policy: Policy, day: date, now: datetime) -> list[DueRow]:
    """Everybody in section ① of the day: a call back was promised for it or before it, oldest first."""
    patients = _with_promise(db, scope, day, now, kept_too=is_past(db, scope.branches, day, now))
    past = past_lines(db, policy, scope.branches, day, now, patients)
    rows = judge(db, policy, patients, day, now, lines=past)
    found = [one for one in rows.values() if one.section is Section.PROMISED]
    return sorted(found, key=lambda one: (one.promise.on if one.promise else day, one.patient_id))


def standings(db: Session, scope: Scope, policy: Policy, day: date, now: datetime) -> list[DueRow]:
    """Everybody with a family due or lapsed on the day, eligible or not, in the order of ⑦."""
    past = past_lines(db, policy, scope.branches, day, now, None)
    if past is None:
        patients = _candidates(db, scope, policy, day)
    else:
        patients = [
            patient
            for patient, lines in past.items()
            if any(
                line.branch in scope.branches and band_of(line, day) in (Band.DUE, Band.LAPSED)
                for line in lines
            )
        ]
    rows = judge(db, policy, patients, day, now, lines=past)
    mine = [one for one in rows.values() if one.branch in scope.branches]
    return sorted(mine, key=order)


def order(one: Eligibility) -> tuple[float, int, int]:
    """The order inside ⑦: value times chance, then least overdue first."""
    over = one.families[0].days_over if one.families else 0
    return -one.worth, over, one.patient_id


def count_bands(db: Session, scope: Scope, policy: Policy, day: date, now: datetime) -> BandCounts:
    """What the list would hold, by band and family; before start this is what is shown."""
    by_band: dict[Band, int] = {}
    by_family: dict[tuple[str, Band], int] = {}
    reasons: dict[str, int] = {}
    eligible = without_phone = 0
    for one in standings(db, scope, policy, day, now):
        if one.families:
            first = one.families[0]
            if one.eligible:
                eligible += 1
                by_band[first.band] = by_band.get(first.band, 0) + 1
                key = first.family, first.band
                by_family[key] = by_family.get(key, 0) + 1
        for reason in {reason.why for reason in one.reasons}:
            reasons[reason.value] = reasons.get(reason.value, 0) + 1
        without_phone += any(reason.why in _WITHOUT_PHONE for reason in one.reasons)
    promised = len(promised_list(db, scope, policy, day, now))
    return BandCounts(
        eligible=eligible,
        by_band=by_band,
        by_family=by_family,
        long_gone=long_gone(db, scope, day),
        without_phone=without_phone,
        promised=promised,
        reasons=reasons,
    )


def long_gone(db: Session, scope: Scope, day: date) -> int:
    """Patients all of whose families at the scope's branches are long gone: one walk over an index."""
    each = (
        select(col(RecallDue.patient_id))
        .where(col(RecallDue.branch).in_(scope.branches))
        .group_by(col(RecallDue.patient_id))
        .having(func.max(col(RecallDue.lapsed_until)) < day)
        .subquery()
    )
    found: int = db.execute(select(func.count()).select_from(each)).scalar_one()
    return found


def churned_patients(db: Session, scope: Scope, policy: Policy, day: date, now: datetime) -> list[int]:
    """Churned patients (reading 14) with a family at the scope's branches: every family with a rule lapsed
    or long gone, no live reservation anywhere, no visit after the latest churn date.

    Excluded ones count: refusing is not staying. The whole ledger is read once, in the order of patients.
    """
    churned_on = func.max(col(RecallDue.churned_on))
    course_until = func.max(col(RecallDue.course_until))
    here = func.max(case((col(RecallDue.branch).in_(scope.branches), 1), else_=0))
    gone = (
        select(col(RecallDue.patient_id).label("patient_id"), churned_on.label("on"))
        .group_by(col(RecallDue.patient_id))
        .having(churned_on < day, or_(course_until.is_(None), course_until < day), here == 1)
        .subquery()
    )
    last = col(Patient.last_visit_on)
    statement: Select[*tuple[Any, ...]] = (
        select(gone.c.patient_id)
        .join(Patient, col(Patient.id) == gone.c.patient_id)
        .where(or_(last.is_(None), last <= gone.c.on))
    )
    booked = select(col(Reservation.patient_id)).where(
        col(Reservation.branch).in_(policy.branches),
        col(Reservation.starts_on) >= day,
        *live_reservation(now, past=is_past(db, scope.branches, day, now)),
    )
    coming = set(db.scalars(booked))
    return sorted(patient for patient in db.scalars(statement) if patient not in coming)


def _candidates(db: Session, scope: Scope, policy: Policy, day: date) -> list[int]:
    """Patients with a family due or lapsed and no sessions left in it, through the ledger's index.

    Both ends of the range are bound: no rule keeps a family due and lapsed for longer than `widest`.
    """
    statement = select(col(RecallDue.patient_id)).where(
        col(RecallDue.branch).in_(scope.branches),
        col(RecallDue.due_on) <= day,
        col(RecallDue.due_on) >= day - timedelta(_widest(policy)),
        col(RecallDue.lapsed_until) >= day,
        or_(col(RecallDue.course_until).is_(None), col(RecallDue.course_until) < day),
    )
    return sorted(set(db.scalars(statement)))


def _widest(policy: Policy) -> int:
    """The longest that any rule keeps a family due or lapsed, in days."""
    rules = policy.calls
    spans = [rules.recommended_before + rules.recommended_after]
    for treatment in policy.treatments:
        days = policy.days_of(treatment)
        if days is not None:
            spans.append(days[1] - days[0])
    return max(spans) + rules.lapsed_days


def _with_promise(db: Session, scope: Scope, day: date, now: datetime, *, kept_too: bool) -> list[int]:
    """Patients to whom some standing call promised the day or an earlier one.

    `promise_kept` only spares the settled ones; whether a promise stands is decided from the facts.
    """
    statement = select(col(Call.patient_id)).where(
        col(Call.branch).in_(scope.branches),
        col(Call.promised_on) <= day,
        col(Call.kind).in_(RECALL_KINDS),
        *standing_call(now),
    )
    if not kept_too:
        statement = statement.where(col(Call.promise_kept).is_(False))
    return sorted(set(db.scalars(statement)))

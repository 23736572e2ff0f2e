"""코스 완료율: of the courses that should have ended in a period, those whose sessions were all used.

A course ends on its last valid day; one without such a day when its last session would be done, each at
the longest interval of its treatment, the first on the day it was bought (definitions.md §1.1).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, false, func, literal, null, or_, select
from sqlmodel import Session, col

from crm_core.kpi.agreement import OPEN, Counted
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import Value
from crm_core.kpi.kpi import Share
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.facts import Course, Payment, TreatmentDone, Visit
from crm_core.tables.people import Patient

RIPE_DAYS = 30  # after its end
REFUNDED, NO_END = "refunded", "no_end"
_BASE = "base"


def course_completion(
    db: Session, scope: Scope, policy: Policy, now: datetime, by: JourneyCut | None = None
) -> dict[Value, Counted]:
    """Finished ÷ ended in the scope's period, at least 30 days ago, per value of a cut (None without one).

    Out: `refunded`, `open` (ended, but not 30 days ago), `no_end` (bought in the period, and nobody can
    say when it ends). By coordinator is by the patient's owner.
    """
    ends = _Ends.of(db, scope, policy, now)
    found: defaultdict[Value, dict[str, tuple[int, int]]] = defaultdict(dict)
    for value, kind, number, finished in db.execute(_statement(ends, scope, now, by)):
        one = policy.family_of(value) if by is JourneyCut.TREATMENT else value
        before = found[one].get(kind, (0, 0))
        found[one][kind] = before[0] + number, before[1] + int(finished or 0)
    if by is None:
        found.setdefault(None, {})
    if by is JourneyCut.COORDINATOR and not scope.sees_persons:
        own = scope.staff_id
        found = defaultdict(dict, {v: k for v, k in found.items() if v is not None and v == own})
    return {value: _counted(kinds) for value, kinds in found.items()}


def _counted(kinds: Mapping[str, tuple[int, int]]) -> Counted:
    base, finished = kinds.get(_BASE, (0, 0))
    out = {reason: kinds[reason][0] for reason in (REFUNDED, OPEN, NO_END) if reason in kinds}
    return Counted(Share(finished, base), out, base)


@dataclass(frozen=True)
class _Ends:
    """Which courses end when: those without a last day by their treatment and number of sessions."""

    first: date
    last: date
    ripe: date  # the last day whose courses are ripe
    shifts: Mapping[tuple[str, int], int]  # days from the purchase to the last session

    @classmethod
    def of(cls, db: Session, scope: Scope, policy: Policy, now: datetime) -> "_Ends":
        sold = (
            select(col(Course.treatment), col(Course.sessions))
            .where(col(Course.branch).in_(scope.branches), col(Course.valid_until).is_(None))
            .distinct()
        )
        shifts = {}
        for treatment, sessions in db.execute(sold):
            known = policy.treatments.get(treatment)
            if known is not None and known.course is not None:
                shifts[treatment, sessions] = max(0, sessions - 1) * known.course.interval_to
        today = policy.branch(scope.branches[0]).today(now)
        period = scope.period
        return cls(period.first, period.last, today - timedelta(RIPE_DAYS), shifts)

    def between(self, first: date, last: date) -> Any:
        """Ends on one of these days."""
        if last < first:
            return false()
        by_rule = [
            and_(
                col(Course.treatment) == treatment,
                col(Course.sessions) == sessions,
                col(Course.bought_on).between(first - timedelta(days), last - timedelta(days)),
            )
            for (treatment, sessions), days in self.shifts.items()
        ]
        unlimited = col(Course.valid_until).is_(None)
        ends: Any = or_(col(Course.valid_until).between(first, last), and_(unlimited, or_(false(), *by_rule)))
        return ends

    @property
    def unknown(self) -> Any:
        """Bought in the period, and nothing says when it ends."""
        known = [
            and_(col(Course.treatment) == treatment, col(Course.sessions) == sessions)
            for treatment, sessions in self.shifts
        ]
        bought = col(Course.bought_on).between(self.first, self.last)
        return and_(col(Course.valid_until).is_(None), bought, *(~one for one in known))


def _statement(ends: _Ends, scope: Scope, now: datetime, by: JourneyCut | None) -> Any:
    kind = case(
        (_refunded(now), REFUNDED),
        (ends.unknown, NO_END),
        (ends.between(ends.first, min(ends.last, ends.ripe)), _BASE),
        else_=OPEN,
    )
    inner = (
        select(
            _value(by, now).label("value"),
            kind.label("kind"),
            case((_used(now) >= col(Course.sessions), 1), else_=0).label("finished"),
        )
        .join(Patient, col(Patient.id) == col(Course.patient_id))
        .where(
            col(Course.branch).in_(scope.branches),
            col(Course.bought_at) <= now,
            or_(ends.between(ends.first, ends.last), ends.unknown),
        )
        .subquery()
    )
    row = inner.c
    return select(row.value, row.kind, func.count(), func.sum(row.finished)).group_by(row.value, row.kind)


def _used(now: datetime) -> Any:
    """The larger of what the chart says and the sessions known (reading 7)."""
    done = (
        select(func.count())
        .select_from(TreatmentDone)
        .where(
            col(TreatmentDone.patient_id) == col(Course.patient_id),
            col(TreatmentDone.course_no) == col(Course.number),
            col(TreatmentDone.done_at) <= now,
        )
        .scalar_subquery()
    )
    return case((col(Course.used) > done, col(Course.used)), else_=done)


def _refunded(now: datetime) -> Any:
    return _paid(now, col(Payment.refund) > 0)


def _paid(now: datetime, what: Any) -> Any:
    """Whether a payment for the course is so."""
    return exists().where(
        col(Payment.patient_id) == col(Course.patient_id),
        col(Payment.course_no) == col(Course.number),
        col(Payment.paid_at) <= now,
        what,
    )


def _value(by: JourneyCut | None, now: datetime) -> Any:
    match by:
        case None:
            return literal(None)
        case JourneyCut.BRANCH:
            return col(Course.branch)
        case JourneyCut.SOURCE:
            return col(Patient.source)
        case JourneyCut.TREATMENT:
            return col(Course.treatment)
        case JourneyCut.COORDINATOR:
            return col(Patient.owner_id)
        case JourneyCut.NEW:
            return case((_was_here_before(), literal("returning")), else_=literal("new"))
        case JourneyCut.INSURED:
            covered, not_covered = _insured(now, True), _insured(now, False)
            return case(
                (and_(covered, not_covered), literal("both")),
                (covered, literal("covered")),
                (not_covered, literal("non_covered")),
                else_=null(),
            )


def _was_here_before() -> Any:
    """Before the day the course was bought (reading 2)."""
    bought = col(Course.bought_on)
    return or_(
        func.coalesce(col(Patient.first_visit_on) < bought, false()),
        exists().where(col(Visit.patient_id) == col(Course.patient_id), col(Visit.arrived_on) < bought),
        exists().where(
            col(TreatmentDone.patient_id) == col(Course.patient_id), col(TreatmentDone.done_on) < bought
        ),
    )


def _insured(now: datetime, covered: bool) -> Any:
    """Whether a session or a payment of the course says so."""
    session = exists().where(
        col(TreatmentDone.patient_id) == col(Course.patient_id),
        col(TreatmentDone.course_no) == col(Course.number),
        col(TreatmentDone.done_at) <= now,
        col(TreatmentDone.covered).is_(covered),
    )
    return or_(session, _paid(now, col(Payment.covered).is_(covered)))

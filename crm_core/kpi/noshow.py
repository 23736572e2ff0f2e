"""No-shows and cancellations: rates over the reservations whose day is over (definitions.md §1.0)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.kpi import catalogue, counts
from crm_core.kpi.counts import ReservationCut, ReservationRow
from crm_core.kpi.kpi import Kpi, Share
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.facts import CAME, LIVE, Reservation, ReservationState
from crm_core.tables.people import Staff

UNMARKED = "unmarked"
ARRIVED = "arrived"
GROUPS = (
    ARRIVED,
    ReservationState.NO_SHOW.value,
    ReservationState.CANCELLED_LATE.value,
    ReservationState.CANCELLED_EARLY.value,
    ReservationState.CANCELLED_BY_CLINIC.value,
    UNMARKED,
)
_GROUP_OF: dict[ReservationState, str] = {
    **dict.fromkeys(CAME, ARRIVED),
    **dict.fromkeys(LIVE, UNMARKED),
    ReservationState.NO_SHOW: ReservationState.NO_SHOW.value,
    ReservationState.CANCELLED_LATE: ReservationState.CANCELLED_LATE.value,
    ReservationState.CANCELLED_EARLY: ReservationState.CANCELLED_EARLY.value,
    ReservationState.CANCELLED_BY_CLINIC: ReservationState.CANCELLED_BY_CLINIC.value,
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Tally:
    """Reservations by what became of them; a moved one is counted at its last date only."""

    arrived: int = 0
    no_show: int = 0
    cancelled_late: int = 0
    cancelled_early: int = 0
    cancelled_by_clinic: int = 0
    unmarked: int = 0

    @property
    def base(self) -> int:
        return self.arrived + self.no_show + self.cancelled_late

    def share(self, kpi: Kpi) -> Share:
        """One of the four rates."""
        parts = {
            catalogue.NO_SHOW: Share(self.no_show, self.base),
            catalogue.LATE_CANCEL: Share(self.cancelled_late, self.base),
            catalogue.SHOW_RATE: Share(self.arrived, self.base),
            catalogue.EARLY_CANCEL: Share(self.cancelled_early, self.base + self.cancelled_early),
        }
        return parts[kpi]

    def out(self, kpi: Kpi) -> dict[str, int]:
        """How many are in no part of a rate, by reason."""
        reasons = {
            ReservationState.CANCELLED_EARLY.value: self.cancelled_early,
            ReservationState.CANCELLED_BY_CLINIC.value: self.cancelled_by_clinic,
            UNMARKED: self.unmarked,
        }
        if kpi is catalogue.EARLY_CANCEL:
            del reasons[ReservationState.CANCELLED_EARLY.value]
        return reasons


RATES = (catalogue.NO_SHOW, catalogue.LATE_CANCEL, catalogue.SHOW_RATE, catalogue.EARLY_CANCEL)


@dataclass(frozen=True)
class NoShowReport:
    """`value` of a cut is None where nothing is recorded."""

    whole: Tally
    previous: Tally
    by: ReservationCut | None
    cuts: tuple[tuple[str | None, Tally], ...]


def no_show(
    db: Session, scope: Scope, policy: Policy, now: datetime, by: ReservationCut | None = None
) -> NoShowReport:
    """Rates of the scope's period, whole and cut. Doctors are cut for who sees persons, else only
    one's own; the part of the period that is not over counts nowhere."""
    rows = _rows(db, scope.branches, scope.period, policy, now, by)
    before = _rows(db, scope.branches, _same_part(scope.period, policy, scope, now), policy, now)
    tallies: dict[str | None, Counter[str]] = {}
    for row in rows:
        value = value_of(row, by, policy)
        tallies.setdefault(value, Counter())[_GROUP_OF[row.state]] += row.number
    whole: Counter[str] = sum(tallies.values(), Counter())
    if by is ReservationCut.DOCTOR and not scope.sees_persons:
        own = own_name(db, scope)
        tallies = {value: tally for value, tally in tallies.items() if own and value == own}
    cuts = sorted(tallies.items(), key=lambda item: _order(item[0], by, policy))
    return NoShowReport(
        whole=_tally(whole),
        previous=_tally(sum((_counted(row) for row in before), Counter())),
        by=by,
        cuts=tuple((value, _tally(tally)) for value, tally in cuts) if by else (),
    )


def _counted(row: ReservationRow) -> Counter[str]:
    return Counter({_GROUP_OF[row.state]: row.number})


def _tally(counted: Counter[str]) -> Tally:
    return Tally(**{name: counted[name] for name in GROUPS})


def _same_part(period: Period, policy: Policy, scope: Scope, now: datetime) -> Period:
    """The earlier period, as far as this one has come."""
    earlier = period.previous()
    days = (period.clipped(policy.branch(scope.branches[0]).today(now)).last - period.first).days
    return Period(earlier.first, min(earlier.last, earlier.first + timedelta(days)))


def _rows(
    db: Session,
    branches: Sequence[str],
    period: Period,
    policy: Policy,
    now: datetime,
    by: ReservationCut | None = None,
) -> list[ReservationRow]:
    """Counts of the days that are over at each branch; a moved reservation is none."""
    over = {branch: policy.branch(branch).today(now) for branch in branches}
    return [
        row
        for row in counts.reservations(db, branches, period, now, cut=by)
        if row.on < over[row.branch] and row.state is not ReservationState.MOVED
    ]


def value_of(row: ReservationRow, by: ReservationCut | None, policy: Policy) -> str | None:
    """The cut value of a row: weekday in English, branch slug, family slug, or the doctor's name."""
    match by:
        case ReservationCut.WEEKDAY:
            return WEEKDAYS[row.on.weekday()]
        case ReservationCut.BRANCH:
            return row.branch
        case ReservationCut.TREATMENT:
            return policy.family_of(row.value)
        case ReservationCut.DOCTOR:
            return row.value
        case None:
            return None


def _order(value: str | None, by: ReservationCut | None, policy: Policy) -> tuple[bool, int, str]:
    ranked: Sequence[str] = ()
    if by is ReservationCut.WEEKDAY:
        ranked = WEEKDAYS
    elif by is ReservationCut.BRANCH:
        ranked = tuple(policy.branches)
    elif by is ReservationCut.TREATMENT:
        ranked = tuple(policy.families)
    place = ranked.index(value) if value in ranked else len(ranked)
    return value is None, place, value or ""


def own_name(db: Session, scope: Scope) -> str | None:
    """What the chart calls the person who asks."""
    staff = db.get(Staff, scope.staff_id) if scope.staff_id is not None else None
    return staff.name if staff else None


@dataclass(frozen=True)
class ReservationBehind:
    """A reservation that a number counts."""

    reservation_id: int
    patient_id: int
    branch: str
    starts_at: datetime
    starts_on: date
    timed: bool
    group: str


def no_show_patients(
    db: Session,
    scope: Scope,
    policy: Policy,
    now: datetime,
    group: str,
    *,
    by: ReservationCut | None = None,
    value: str | None = None,
) -> list[ReservationBehind]:
    """The reservations of one group (`GROUPS`), newest day first; of one cut value where `by` is given."""
    if by is ReservationCut.DOCTOR and not scope.sees_persons and value != own_name(db, scope):
        return []
    over = {branch: policy.branch(branch).today(now) for branch in scope.branches}
    state = counts.state_at(now)
    statement = (
        select(
            col(Reservation.id),
            col(Reservation.patient_id),
            col(Reservation.branch),
            col(Reservation.starts_at),
            col(Reservation.starts_on),
            col(Reservation.timed),
            state,
            counts.cut_of_reservation(by),
        )
        .where(
            col(Reservation.branch).in_(scope.branches),
            col(Reservation.starts_on).between(scope.period.first, scope.period.last),
            counts.made_by(now),
            state.in_([state.value for state, name in _GROUP_OF.items() if name == group]),
        )
        .order_by(col(Reservation.starts_at).desc(), col(Reservation.id))
    )
    found: list[ReservationBehind] = []
    for key, patient_id, branch, starts_at, on, timed, text, cut in db.execute(statement):
        row = ReservationRow(cut, branch, on, ReservationState(text), 1)
        if on < over[branch] and (by is None or value_of(row, by, policy) == value):
            found.append(ReservationBehind(key, patient_id, branch, starts_at, on, timed, group))
    return found

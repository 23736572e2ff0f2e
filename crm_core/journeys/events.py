"""One person's facts as events, each with its own moment (definitions.md §3, readings 1, 4, 11)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crm_core.policy.policy import Policy
from crm_core.tables.facts import CAME, LIVE, Decision, InquiryKind, ReservationState

CONTACT_KINDS = (InquiryKind.TREATMENT, InquiryKind.PRICE)


class Inquired(NamedTuple):
    key: str
    at: datetime
    on: date
    timed: bool
    branch: str
    kind: InquiryKind = InquiryKind.TREATMENT
    channel: str | None = None
    treatment: str | None = None
    staff_id: int | None = None


class Reserved(NamedTuple):
    """A reservation with the state it is in; `moment` says when each part of it became known."""

    key: str
    starts_at: datetime
    starts_on: date
    branch: str
    timed: bool = True
    made_at: datetime | None = None
    state: ReservationState = ReservationState.BOOKED
    state_at: datetime | None = None
    moved_to: str | None = None
    treatment: str | None = None
    staff_id: int | None = None

    @property
    def own_at(self) -> datetime:
        """When it was made: `made_at`, else its start, never later than its start (reading 4)."""
        return min(self.made_at or self.starts_at, self.starts_at)

    @property
    def changed_at(self) -> datetime:
        """When it came into its state; before, it is booked (reading 11)."""
        if self.state_at is not None:
            return max(self.state_at, self.own_at)
        came_or_missed = self.state in (*CAME, ReservationState.NO_SHOW)
        return self.starts_at if came_or_missed else self.own_at


class Visited(NamedTuple):
    key: str
    at: datetime
    on: date
    timed: bool
    branch: str


class Consulted(NamedTuple):
    key: str
    at: datetime
    on: date
    timed: bool
    branch: str
    treatment: str | None = None
    staff_id: int | None = None
    decision: Decision = Decision.PENDING
    decided_at: datetime | None = None
    proposed_amount: int | None = None
    agreed_amount: int | None = None

    @property
    def answered_at(self) -> datetime:
        """When it was decided; before, it is pending (reading 11)."""
        return max(self.decided_at or self.at, self.at)


class Treated(NamedTuple):
    key: str
    at: datetime
    on: date
    timed: bool
    branch: str
    treatment: str
    staff_id: int | None = None
    course_no: str | None = None
    recommended_on: date | None = None


class CourseBought(NamedTuple):
    """`unrecorded` sessions were used before the first session we have a row for."""

    key: str
    at: datetime
    on: date
    timed: bool
    branch: str
    treatment: str
    sessions: int
    unrecorded: int = 0
    valid_until: date | None = None


class Paid(NamedTuple):
    key: str
    at: datetime
    on: date
    timed: bool
    branch: str
    amount: int = 0
    treatment_no: str | None = None
    course_no: str | None = None


class ClosedByHand(NamedTuple):
    key: str
    at: datetime
    why: str


Event = Inquired | Reserved | Visited | Consulted | Treated | CourseBought | Paid | ClosedByHand
Dated = Inquired | Visited | Consulted | Treated | CourseBought | Paid


def zone_of(policy: Policy, branch: str) -> ZoneInfo:
    """The zone of a branch; that of the first one where the branch is no longer in the policy."""
    known = policy.branches.get(branch)
    return (known or next(iter(policy.branches.values()))).tz


def with_moments(events: Iterable[Event], policy: Policy) -> list[Event]:
    """The events with a date alone set to the day's first timed row of a visit, else to 00:00 (reading 4).

    A reservation of which only the start is known was made by the time its visit began.
    """
    known = list(events)
    if all(_has_moment(event) for event in known):
        return known
    first: dict[date, datetime] = {}
    for event in known:
        if isinstance(event, Visited | Consulted | Treated) and event.timed:
            first[event.on] = min(first.get(event.on, event.at), event.at)
    return [event if _has_moment(event) else _with_moment(event, first, policy) for event in known]


def _has_moment(event: Event) -> bool:
    if isinstance(event, Reserved):
        return event.timed and event.made_at is not None
    return isinstance(event, ClosedByHand) or event.timed


def _with_moment(event: Event, first: dict[date, datetime], policy: Policy) -> Event:
    if isinstance(event, ClosedByHand):
        return event
    if not isinstance(event, Reserved):
        return event._replace(at=first.get(event.on) or _midnight(event.on, event.branch, policy))
    begun = first.get(event.starts_on)
    if not event.timed:
        midnight = _midnight(event.starts_on, event.branch, policy)
        event = event._replace(starts_at=begun or midnight)
    if event.made_at is None and begun is not None and begun < event.starts_at:
        event = event._replace(made_at=begun)
    return event


def _midnight(day: date, branch: str, policy: Policy) -> datetime:
    return datetime.combine(day, time(), zone_of(policy, branch)).astimezone(UTC)


def known_at(events: Iterable[Event], policy: Policy, at: datetime) -> list[Event]:
    """What was known at a moment: later facts are hidden, later states and decisions taken back."""
    known: list[Event] = []
    for event in with_moments(events, policy):
        if isinstance(event, Reserved):
            if event.own_at > at:
                continue
            if event.changed_at > at and event.state not in LIVE:
                event = event._replace(state=ReservationState.BOOKED, state_at=None, moved_to=None)
        elif event.at > at:
            continue
        elif isinstance(event, Consulted) and event.answered_at > at:
            event = event._replace(decision=Decision.PENDING, decided_at=None, agreed_amount=None)
        known.append(event)
    return known


class Rules:
    """What the policy says of treatments, looked up once each."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._checks: dict[str | None, bool] = {}
        self._families: dict[str | None, frozenset[str]] = {}
        self._days: dict[str, int | None] = {}
        self._zones: dict[str, ZoneInfo] = {}

    def is_check(self, treatment: str | None) -> bool:
        """Whether a treatment is a follow-up check or a retouch: no contact of a journey."""
        found = self._checks.get(treatment)
        if found is None:
            known = self.policy.treatments.get(treatment) if treatment else None
            found = self._checks[treatment] = known.check if known else False
        return found

    def families(self, treatment: str | None) -> frozenset[str]:
        """The family of a treatment that is known and no check."""
        found = self._families.get(treatment)
        if found is None:
            family = None if self.is_check(treatment) else self.policy.family_of(treatment)
            found = self._families[treatment] = frozenset((family,)) if family else frozenset()
        return found

    def churn_date(self, treated: Treated) -> date | None:
        """The last day on which coming back is no lapse; None where nobody is expected back."""
        if treated.recommended_on is not None:
            return treated.recommended_on + timedelta(self.policy.calls.recommended_after)
        if treated.treatment not in self._days:
            days = self.policy.days_of(treated.treatment)
            self._days[treated.treatment] = days[1] if days else None
        after = self._days[treated.treatment]
        return treated.on + timedelta(after) if after is not None else None

    def local_day(self, branch: str, moment: datetime) -> date:
        """The date on a branch's clock."""
        zone = self._zones.get(branch)
        if zone is None:
            zone = self._zones[branch] = zone_of(self.policy, branch)
        return moment.astimezone(zone).date()

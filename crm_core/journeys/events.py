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
    covered: bool | None = None


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
    covered: bool | None = None


class ClosedByHand(NamedTuple):
    key: str
    at: datetime
    why: str


Event = Inquired | Reserved | Visited | Consulted | Treated | CourseBought | Paid | ClosedByHand


def zone_of(policy: Policy, branch: str) -> ZoneInfo:
    """The zone of a branch; that of the first one where the branch is no longer in the policy."""
    known = policy.branches.get(branch)
    return (known or next(iter(policy.branches.values()))).tz


Interval = tuple[datetime, datetime]


def with_moments(events: Iterable[Event], policy: Policy) -> tuple[list[Event], list[Interval]]:
    """The events with each date alone set to the day's first timed row of a visit, else to 00:00
    (reading 4), and from when to when that was not known yet.

    A reservation of which only the start is known was made by the time its visit began; so was one made
    on the day of a visit of which no time is known.
    """
    known = list(events)
    if all(_is_exact(event, policy) for event in known):
        return known, []
    first: dict[date, datetime] = {}
    untimed: dict[date, datetime] = {}
    for event in known:
        if not isinstance(event, Visited | Consulted | Treated):
            continue
        if event.timed:
            first[event.on] = min(first.get(event.on, event.at), event.at)
        else:
            untimed[event.on] = _midnight(event.on, event.branch, policy)
    untimed = {on: at for on, at in untimed.items() if on not in first}
    found: list[Event] = []
    doubts: list[Interval] = []
    for event in known:
        raw = _at_midnight(event, policy)
        moved = _at_first_row(raw, first, untimed, policy)
        found.append(moved)
        for one, other in zip(_moments_of(raw), _moments_of(moved), strict=True):
            if one != other:
                doubts.append((min(one, other), max(one, other)))
    return found, doubts


def _moments_of(event: Event) -> tuple[datetime, ...]:
    if isinstance(event, Reserved):
        return event.own_at, event.changed_at
    if isinstance(event, Consulted):
        return event.at, event.answered_at
    return (event.at,)


def _is_exact(event: Event, policy: Policy) -> bool:
    """Whether every moment of the event is a moment, not a date alone."""
    match event:
        case Reserved():
            if not event.timed or event.made_at is None:
                return False
            moments = (event.made_at, event.state_at)
            return not any(_is_date(moment, event.branch, policy) for moment in moments)
        case Consulted():
            return event.timed and not _is_date(event.decided_at, event.branch, policy)
        case CourseBought():
            return not _is_date(event.at, event.branch, policy)
        case ClosedByHand():
            return True
        case _:
            return event.timed


def _is_date(moment: datetime | None, branch: str, policy: Policy) -> bool:
    """Whether a moment is 00:00 on the branch's clock: what the chart gave was a date alone."""
    if moment is None or moment.minute or moment.second or moment.microsecond:
        return False
    return moment.astimezone(zone_of(policy, branch)).hour == 0


def _at_midnight(event: Event, policy: Policy) -> Event:
    if isinstance(event, ClosedByHand | CourseBought) or event.timed:
        return event
    if isinstance(event, Reserved):
        return event._replace(starts_at=_midnight(event.starts_on, event.branch, policy))
    return event._replace(at=_midnight(event.on, event.branch, policy))


def _at_first_row(
    event: Event, first: dict[date, datetime], untimed: dict[date, datetime], policy: Policy
) -> Event:
    if isinstance(event, ClosedByHand):
        return event

    def settled(moment: datetime | None) -> datetime | None:
        if moment is None or not _is_date(moment, event.branch, policy):
            return moment
        return first.get(moment.astimezone(zone_of(policy, event.branch)).date(), moment)

    match event:
        case Reserved():
            begun = first.get(event.starts_on)
            starts_at = (begun or event.starts_at) if not event.timed else event.starts_at
            made_at = settled(event.made_at)
            begun = begun or untimed.get(event.starts_on)
            if begun is not None and _made_by_the_visit(event, begun, timed=event.starts_on in first):
                made_at = begun
            state_at = settled(event.state_at)
            return event._replace(starts_at=starts_at, made_at=made_at, state_at=state_at)
        case Consulted():
            at = event.at if event.timed else first.get(event.on, event.at)
            return event._replace(at=at, decided_at=settled(event.decided_at))
        case CourseBought():
            return event._replace(at=settled(event.at) or event.at)
        case _:
            return event if event.timed else event._replace(at=first.get(event.on, event.at))


def _midnight(day: date, branch: str, policy: Policy) -> datetime:
    return datetime.combine(day, time(), zone_of(policy, branch)).astimezone(UTC)


def _made_by_the_visit(event: Reserved, begun: datetime, *, timed: bool) -> bool:
    """Whether a reservation of a visit's day, made at no known time before it, is older than the visit:
    when it was made is not known, or the visit's own time is not."""
    if event.own_at <= begun:
        return False
    return event.made_at is None or (not timed and event.own_at < begun + timedelta(1))


def known_at(events: Iterable[Event], policy: Policy, at: datetime) -> list[Event]:
    """What was known at a moment: later facts are hidden, later states and decisions taken back."""
    known: list[Event] = []
    for event in events:
        event = _at_midnight(event, policy)
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

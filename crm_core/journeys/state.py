"""Where a fold stands: the journeys so far and what of the person they hold on to."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from crm_core.journeys.draft import Draft
from crm_core.journeys.events import Paid, Rules
from crm_core.tables.facts import ReservationState

CANCELLED = (
    ReservationState.CANCELLED_EARLY,
    ReservationState.CANCELLED_LATE,
    ReservationState.CANCELLED_BY_CLINIC,
)
NOT_KEPT = (*CANCELLED, ReservationState.MOVED, ReservationState.NO_SHOW)


class Booking(NamedTuple):
    """A reservation as known so far; `journey` is None where it is no contact."""

    key: str
    journey: int | None
    own_at: datetime
    starts_at: datetime
    starts_on: date
    state: ReservationState
    changed_at: datetime | None = None


class CourseState(NamedTuple):
    family: str | None
    sessions: int
    valid_until: date | None
    done: int = 0
    journey: int | None = None
    bought_on: date | None = None

    def is_live(self, on: date) -> bool:
        """Whether sessions are left and valid on a local day (reading 7)."""
        return self.done < self.sessions and (self.valid_until is None or on <= self.valid_until)


class Day(NamedTuple):
    """The last visit day: its first moment, its journey, and whether it ended treated."""

    on: date
    first_at: datetime
    journey: int
    treated: bool


class State:
    """Journeys are referred to by their place; one is copied before the first change of a moment."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.journeys: list[Draft] = []
        self.bookings: dict[str, Booking] = {}
        self.courses: dict[str, CourseState] = {}
        self.consults: dict[str, int] = {}
        self.treatments: dict[str, int] = {}
        self.waiting: tuple[Paid, ...] = ()  # payments of something not seen yet
        self.day: Day | None = None
        self.first_visit_on: date | None = None
        self._own: set[int] = set()

    def next_moment(self) -> None:
        """From here on a changed journey is a new object, so that before and after can be compared."""
        self._own.clear()

    def change(self, place: int) -> Draft:
        """The journey at a place, to be changed."""
        if place not in self._own:
            self.journeys[place] = self.journeys[place].copy()
            self._own.add(place)
        return self.journeys[place]

    def open_new(self, draft: Draft) -> int:
        self.journeys.append(draft)
        self._own.add(len(self.journeys) - 1)
        return len(self.journeys) - 1

    def is_new_on(self, day: date) -> bool:
        """No visit lies before this day (reading 2)."""
        return self.first_visit_on is None or day <= self.first_visit_on

    def note_visit(self, day: date) -> None:
        if self.first_visit_on is None or day < self.first_visit_on:
            self.first_visit_on = day

    def live_course(self, draft: Draft, on: date, families: Collection[str] | None = None) -> bool:
        """Whether a course of the journey has sessions left; of one of the families, if given."""
        return any(
            course.is_live(on) and (families is None or course.family in families)
            for course in (self.courses[key] for key in draft.courses)
        )

    def last_moment(self, draft: Draft) -> datetime:
        """The journey's last moment: of an event, a reserved start or a cancellation (reading 4)."""
        last = draft.last_at
        for key in draft.bookings:
            until = self._reserved_until(self.bookings[key])
            if until is not None and until > last:
                last = until
        return last

    def _reserved_until(self, booking: Booking) -> datetime | None:
        if booking.state in CANCELLED:
            return booking.changed_at or booking.own_at
        if booking.state is ReservationState.MOVED:
            return booking.changed_at
        return booking.starts_at

    def reserved_until(self, draft: Draft) -> datetime | None:
        """The last day reserved, or the cancellation; a moved reservation only has its next date."""
        known = [self.bookings[key] for key in draft.bookings]
        standing = [b for b in known if b.state is not ReservationState.MOVED] or known
        moments = [moment for b in standing if (moment := self._reserved_until(b)) is not None]
        return max(moments, default=None)

    def patience(self, draft: Draft) -> timedelta:
        """How long the journey may be silent at the stage where it stands."""
        days = self.rules.policy.patience
        if draft.agreement_at is not None:
            return timedelta(days.agreement)
        if draft.consult_at is not None:
            return timedelta(days.consult)
        if draft.visit_passed_at is not None:
            return timedelta(days.visit)
        if draft.reservation_at is not None:
            return timedelta(days.reservation)
        return timedelta(days.inquiry)

    def is_open(self, draft: Draft, at: datetime, on: date) -> bool:
        """Whether the journey is open for a contact at a moment (reading 3)."""
        if draft.closed_at is not None or draft.is_declined:
            return False
        if self.live_course(draft, on):
            return True
        if draft.treatment_at is not None:
            return False
        return self.last_moment(draft) + self.patience(draft) >= at

    def youngest_first(self) -> Iterator[tuple[int, Draft]]:
        for place in range(len(self.journeys) - 1, -1, -1):
            yield place, self.journeys[place]

    def course_journey(self, on: date, families: Collection[str]) -> int | None:
        """The journey whose course of these families has sessions left (reading 7)."""
        for place, draft in self.youngest_first():
            if draft.closed_at is None and self.live_course(draft, on, families):
                return place
        return None

    def find(self, at: datetime, on: date, families: Collection[str]) -> int | None:
        """The journey a contact joins, None where it opens one (product.md §5)."""
        if not families:
            return next((p for p, d in self.youngest_first() if self.is_open(d, at, on)), None)
        place = self.course_journey(on, families)
        if place is not None:
            return place
        unknown: int | None = None
        for place, draft in self.youngest_first():
            if not self.is_open(draft, at, on):
                continue
            if not draft.families.isdisjoint(families):
                return place
            if not draft.families and unknown is None:
                unknown = place
        return unknown

    def settle_bookings(self, place: int) -> None:
        """What the reservations of a journey say of its second stage, until its first visit."""
        draft = self.change(place)
        if draft.visit_passed_at is not None:
            draft.by_clinic_at = None
            return
        draft.reserved_until = self.reserved_until(draft)
        known = [self.bookings[key] for key in draft.bookings]
        known = [booking for booking in known if booking.state is not ReservationState.MOVED]
        last = max(known, key=lambda b: (b.own_at, b.starts_at, b.key), default=None)
        by_clinic = last is not None and last.state is ReservationState.CANCELLED_BY_CLINIC
        draft.by_clinic_at = last.changed_at if by_clinic and last is not None else None

    def set_booking(self, key: str, state: ReservationState, at: datetime) -> Booking:
        booking = self.bookings[key]._replace(state=state, changed_at=at)
        self.bookings[key] = booking
        return booking

"""What the simulation knows while it runs: people, their reservations, and what is still to happen."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count
from random import Random

from crm_core.policy.policy import Policy
from crm_core.sample_clinic.diary import Diary
from crm_core.sample_clinic.offers import Offer, Shelf
from crm_core.sample_clinic.quota import Missed, Quotas
from crm_core.sample_clinic.rows import (
    CallRow,
    ConsultRow,
    InquiryRow,
    PaymentRow,
    TreatmentRow,
    VisitRow,
)
from crm_core.sample_clinic.staff import BRANCHES, Team

NO_SHOW, MONDAY_NO_SHOW, LATE_CANCEL = 120, 180, 40
MOST = {"gangnam": 38, "haeundae": 34}


class Purpose(StrEnum):
    CONSULT = "consult"
    TREAT = "treat"
    SESSION = "session"
    CHECK = "check"


@dataclass(slots=True, eq=False)
class Course:
    """`stops_after`: the session after which the patient does not come any more, 0 for never."""

    number: str
    offer: Offer
    bought_at: datetime
    valid_until: date
    stops_after: int
    done: int = 0


@dataclass(slots=True, eq=False)
class Booking:
    """A reservation; one that is `sure` is neither moved nor missed."""

    number: str
    life: "Life"
    offer: Offer
    purpose: Purpose
    starts_at: datetime
    made_at: datetime
    staff: str
    doctor: str
    sure: bool = False
    state: str = "booked"
    state_at: datetime | None = None
    moved_to: str | None = None

    @property
    def treatment(self) -> str:
        return "follow_up_check" if self.purpose is Purpose.CHECK else self.offer.treatment


@dataclass(slots=True, eq=False)
class Life:
    """A patient. `episode` numbers what they are doing: plans of an earlier one are void.

    `is_quiet`: nobody calls them (they share a phone or are children); `is_settled`: they said that
    they want no more calls; `is_regular`: they mostly have something else done soon.
    """

    branch: str
    name: str
    sex: str
    born: date
    phone: str | None
    residence: str
    begins_on: date
    first_visit_on: date | None = None
    language: str = "ko"
    relation: str = "self"
    source: str | None = None
    guardian_of: "Life | None" = None
    referred_by: "Life | None" = None
    is_quiet: bool = False
    is_regular: bool = False
    is_settled: bool = False
    wants: str | None = None
    chart_no: str = ""
    owner: str | None = None
    episode: int = 0
    first_contact_on: date | None = None
    is_new: bool = True
    with_consult: bool = True
    bookings: list[Booking] = field(default_factory=list)
    visits: list[date] = field(default_factory=list)
    treated_on: date | None = None
    treated_with: str = ""
    course: Course | None = None
    missed: int = 0
    called_on: date | None = None
    status: str = "active"
    paused_until: date | None = None

    def age(self, day: date) -> int:
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))

    def is_booked(self, day: date) -> bool:
        """Whether a live reservation of that day or later stands."""
        return any(b.state == "booked" and b.starts_at.date() >= day for b in self.bookings)

    @property
    def last_visit_on(self) -> date | None:
        return self.visits[-1] if self.visits else None


@dataclass
class Written:
    """Rows that are final the moment they happen."""

    inquiries: list[InquiryRow] = field(default_factory=list)
    visits: list[VisitRow] = field(default_factory=list)
    treatments: list[TreatmentRow] = field(default_factory=list)
    payments: list[PaymentRow] = field(default_factory=list)
    consults: list[ConsultRow] = field(default_factory=list)
    calls: list[CallRow] = field(default_factory=list)


Step = Callable[["World", Life, date], None]


class World:
    """The clinic while it is made: the agenda of each day, the diaries, the quotas, the rows."""

    def __init__(
        self,
        seed: int,
        days: tuple[date, date],
        loses_since: date,
        policy: Policy,
        on_treated: "Step",
        on_given_up: "Step",
    ) -> None:
        """From the first day to today; `on_treated` and `on_given_up` say what follows an episode."""
        self.rng = Random(f"dasi {seed}")  # noqa: S311 - invents people, guards nothing
        self.start, self.today = days
        self.policy, self.loses_since = policy, loses_since
        self.diaries = {slug: Diary(policy.branch(slug), MOST[slug], self.rng) for slug in BRANCHES}
        self.team = Team(self.today, self.rng)
        self.shelf = Shelf(policy, self.rng)
        self.quotas = Quotas()
        self.missed = {slug: Missed(NO_SHOW, MONDAY_NO_SHOW) for slug in BRANCHES}
        self.rows = Written()
        self.courses: list[Course] = []
        self.course_of: dict[str, Life] = {}
        self.bookings: list[Booking] = []
        self.by_day: dict[tuple[str, date], list[Booking]] = defaultdict(list)
        self._agenda: dict[date, list[tuple[Life, int | None, Step]]] = defaultdict(list)
        self._first: dict[date, list[tuple[Life, Step]]] = defaultdict(list)
        self._numbers: dict[str, count[int]] = defaultdict(lambda: count(1))
        self.on_treated, self.on_given_up = on_treated, on_given_up

    def number(self, letter: str) -> str:
        return f"{letter}{next(self._numbers[letter]):06}"

    def diary(self, life: Life) -> Diary:
        return self.diaries[life.branch]

    def later(self, day: date, life: Life, step: Step, *, whatever: bool = False) -> None:
        """On the day (the next open one) unless the person has begun something else by then."""
        day = self.diary(life).open_day(day)
        if self.start <= day < self.today:
            self._agenda[day].append((life, None if whatever else life.episode, step))

    def first_thing(self, day: date, life: Life, step: Step) -> None:
        """On the very day, open or closed, before anything else happens on it."""
        if day < self.today:
            self._first[day].append((life, step))

    def run(self, close: Callable[["World", str, date], None]) -> None:
        """Lives every day from the start to yesterday."""
        day = self.start
        while day < self.today:
            for life, step in self._first.pop(day, []):
                step(self, life, day)
            for life, episode, step in self._agenda[day]:
                if episode is None or episode == life.episode:
                    step(self, life, day)
            for slug in BRANCHES:
                if self.policy.branch(slug).is_open(day):
                    close(self, slug, day)
            if day.weekday() == 6:
                for missed in self.missed.values():
                    missed.end_of_week()
            day += timedelta(1)

"""The journeys of a person, folded one event at a time (product.md §5, definitions.md §3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.reference.clinic import Consult, Course, Inquiry, Payment, Reservation, Treatment, Visit
from tests.reference.facts import CAME, CANCELLED, CONTACT_KINDS, Person, day_of, midnight

STAGES = ("inquiry", "reservation", "visit", "consult", "agreement", "treatment")
SAME_INQUIRY = timedelta(days=7)
REFUSED = ("no", "not_suitable")
AGREED = ("yes", "part")


@dataclass(eq=False)
class Day:
    """Everything that happened to one patient on one local day: one visit, one step of the fold."""

    on: date
    at: datetime  # the step of the fold: the first moment of the day, a check's too
    came_at: datetime  # of what counts
    visits: list[Visit]
    consults: list[Consult]
    treatments: list[Treatment]
    kept: list[Reservation]

    @property
    def entry(self) -> str:
        if self.visits or self.kept:
            return "visit"
        return "consult" if self.consults else "treatment"

    @property
    def branch(self) -> str:
        rows: Sequence[Visit | Consult | Treatment | Reservation]
        rows = [*self.visits, *self.consults, *self.treatments, *self.kept]
        return rows[0].branch


@dataclass(eq=False)
class Journey:
    person: Person
    first_at: datetime
    entry: str
    branch: str
    inquiries: list[Inquiry] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)

    @property
    def consults(self) -> list[Consult]:
        rows = [consult for day in self.days for consult in day.consults]
        return sorted(rows, key=lambda row: (self.person.moment(row.held_at), row.consult_no or ""))

    @property
    def treatments(self) -> list[Treatment]:
        rows = [treatment for day in self.days for treatment in day.treatments]
        return sorted(rows, key=lambda row: (self.person.moment(row.done_at), row.treatment_no or ""))

    def families(self) -> set[str]:
        rows: Sequence[Inquiry | Reservation | Consult | Treatment | Course]
        rows = [
            *self.inquiries,
            *self.reservations,
            *self.consults,
            *self.treatments,
            *self.courses,
        ]
        found = {self.person.family(row.treatment) for row in rows}
        return {family for family in found if family is not None}

    # ── the moments of the stages ────────────────────────────────────────────────────────────────

    def visit_at(self) -> datetime | None:
        return min((day.came_at for day in self.days), default=None)

    def agreement_at(self, at: datetime) -> datetime | None:
        """The first yes, part or payment that means agreement, as known at a moment."""
        return min(self.agreements(at), default=None)

    def agreements(self, at: datetime) -> list[datetime]:
        """Every yes, part and payment that means agreement; none comes before the first consult."""
        person = self.person
        moments = [
            person.decided(consult) for consult in self.consults if person.decision(consult, at) in AGREED
        ]
        paid = [
            person.moment(payment.paid_at)
            for payment in person.payments
            if person.moment(payment.paid_at) <= at and self.means_agreement(payment, at)
        ]
        if paid:
            first = min(person.moment(consult.held_at) for consult in self.consults)
            moments += [max(first, moment) for moment in paid]
        return moments

    def means_agreement(self, payment: Payment, at: datetime) -> bool:
        """Reading 5; a payment before the day of the first consult cannot be its answer."""
        consulted = [day_of(consult.held_at) for consult in self.consults]
        paid_on = day_of(payment.paid_at)
        if payment.amount <= 0 or not consulted or paid_on < min(consulted):
            return False
        if payment.treatment_no is not None:
            return payment.treatment_no in {row.treatment_no for row in self.treatments}
        if payment.course_no is not None:
            return payment.course_no in {course.course_no for course in self.courses}
        return paid_on in {day.on for day in self.days} and not any(
            self.person.decision(consult, at) in REFUSED for consult in self.consults
        )

    def stage(self, at: datetime) -> str:
        """The furthest stage passed."""
        if self.treatments:
            return "treatment"
        if self.agreement_at(at) is not None:
            return "agreement"
        if self.consults:
            return "consult"
        if self.days:
            return "visit"
        return "reservation" if self.reservations else "inquiry"

    def reserved_until(self, reservations: list[Reservation], at: datetime) -> datetime | None:
        """The last day reserved; of one that was called off, when that happened.

        One that was moved counts by what it was moved to.
        """
        person = self.person
        numbers = {row.reservation_no for row in reservations}
        moments = []
        for row in reservations:
            state = person.state(row, at)
            if state == "moved" and row.moved_to in numbers:
                continue
            moment = person.moment(row.starts_at)
            if state in (*CANCELLED, "moved"):
                moment = max(person.own_moment(row), person.state_moment(row))
            moments.append(moment)
        return max(moments, default=None)

    def last_at(self, at: datetime) -> datetime:
        person = self.person
        moments = [person.moment(inquiry.received_at) for inquiry in self.inquiries]
        moments += [day.came_at for day in self.days]
        moments += [person.moment(consult.held_at) for consult in self.consults]
        moments += [
            person.decided(consult) for consult in self.consults if person.decision(consult, at) != "pending"
        ]
        moments += [person.moment(treatment.done_at) for treatment in self.treatments]
        moments += self.agreements(at)
        reserved = self.reserved_until(self.reservations, at)
        return max([*moments, reserved] if reserved else moments)

    # ── open or not ──────────────────────────────────────────────────────────────────────────────

    def is_declined(self, at: datetime) -> bool:
        answers = [self.person.decision(consult, at) for consult in self.consults]
        return bool(answers) and all(answer in REFUSED for answer in answers)

    def unfinished_courses(self, at: datetime) -> list[Course]:
        return [course for course in self.courses if self.sessions_left(course, at)]

    def sessions_left(self, course: Course, at: datetime) -> int:
        """What is left after the visits so far; sessions without a row were used before them.

        `used` is the figure of the file's day, so the rows it covers are counted to the end.
        """
        if course.valid_until is not None and course.valid_until < at.date():
            return 0
        number = course.course_no
        rows = self.person.sessions[number]
        so_far = sum(row.course_no == number for row in self.treatments)
        unrecorded = max(0, (course.used or 0) - rows)
        return max(0, course.sessions - so_far - unrecorded)

    def is_open(self, at: datetime, family: str | None = None) -> bool:
        """Whether a contact of a family (None: unknown) at a moment belongs here (readings 3, 7)."""
        unfinished = self.unfinished_courses(at)
        if family and family in {self.person.family(course.treatment) for course in unfinished}:
            return True
        if self.consults and all(self.person.decision(consult, at) in REFUSED for consult in self.consults):
            return False
        if unfinished:
            return True
        if self.treatments:
            return False
        return self.last_at(at) + patience(self.person, self.stage(at)) >= at


def patience(person: Person, stage: str) -> timedelta:
    rules = person.policy.patience
    days = {
        "inquiry": rules.inquiry,
        "reservation": rules.reservation,
        "visit": rules.visit,
        "consult": rules.consult,
        "agreement": rules.agreement,
    }
    return timedelta(days=days[stage])


# ── the events ───────────────────────────────────────────────────────────────────────────────────

Event = Inquiry | Reservation | Day | Course


def days_of(person: Person, now: datetime) -> list[Day]:
    """The visits of a person, one a local day; checks and retouches are no contact."""
    found = []
    for on in sorted(person.visit_days(now)):
        kept = [
            row
            for row in person.reservations
            if day_of(row.starts_at) == on and person.state(row, now) in CAME
        ]
        consults = [row for row in person.consults if day_of(row.held_at) == on]
        treatments = [row for row in person.treatments if day_of(row.done_at) == on]
        real = [row for row in treatments if not person.is_check(row.treatment)]
        wanted = [row for row in kept if not person.is_check(row.treatment)]
        if not (consults or real or wanted) and (treatments or kept):
            continue
        visits = [row for row in person.visits if day_of(row.arrived_at) == on]
        moments = [person.moment(row.arrived_at) for row in visits]
        moments += [person.moment(row.held_at) for row in consults]
        moments += [person.moment(row.done_at) for row in real]
        checks = [person.moment(row.done_at) for row in treatments if row not in real]
        arrived = [person.state_moment(row) for row in wanted if row.status in CAME]
        came_at = min(moments or arrived or checks, default=midnight(on))
        at = min([came_at, *checks])
        found.append(Day(on, at, came_at, visits, consults, real, wanted))
    return found


def events_of(person: Person, now: datetime) -> list[Event]:
    """Everything that happened to a person in the order of the fold."""
    days = days_of(person, now)
    kept_at = {row.reservation_no: day.at for day in days for row in day.kept}
    found: list[tuple[datetime, int, str, Event]] = []
    for inquiry in person.inquiries:
        if (inquiry.kind or "treatment") in CONTACT_KINDS:
            at = person.moment(inquiry.received_at)
            found.append((at, 0, inquiry.inquiry_no or "", inquiry))
    for reservation in person.reservations:
        if not person.is_check(reservation.treatment):
            at = person.own_moment(reservation)
            at = min(at, kept_at.get(reservation.reservation_no, at))
            found.append((at, 1, reservation.reservation_no, reservation))
    found += [(day.at, 2, "", day) for day in days]
    for course in person.courses:
        found.append((person.moment(course.bought_on), 4, course.course_no, course))
    found.sort(key=lambda event: event[:3])
    return [event for *_, event in found]


def event_moment(person: Person, event: Event, days: Sequence[Day]) -> datetime:
    match event:
        case Inquiry():
            return person.moment(event.received_at)
        case Reservation():
            at = person.own_moment(event)
            return min([at, *(day.at for day in days if event in day.kept)])
        case Course():
            return person.moment(event.bought_on)
        case Day():
            return event.at


def fold(person: Person, now: datetime) -> list[Journey]:
    """The journeys of a person as known at `now`, in the order of their first contact."""
    journeys: list[Journey] = []
    days = days_of(person, now)
    for event in events_of(person, now):
        at = event_moment(person, event, days)
        match event:
            case Inquiry():
                join_inquiry(person, journeys, event, at)
            case Reservation():
                join_reservation(person, journeys, event, at)
            case Course():
                if event.bought_on not in {day.on for day in days}:
                    join_course(person, journeys, event, at)
            case Day():
                join_day(person, journeys, event)
    return journeys


def youngest(journeys: list[Journey]) -> Journey | None:
    return journeys[-1] if journeys else None


def open_journey(person: Person, journeys: list[Journey], families: set[str], at: datetime) -> Journey | None:
    """The open journey that a contact of these families belongs to; none: it opens one."""
    if not families:
        return youngest([journey for journey in journeys if journey.is_open(at)])
    same = [
        journey
        for journey in journeys
        if any(family in journey.families() and journey.is_open(at, family) for family in families)
    ]
    unknown = [journey for journey in journeys if not journey.families() and journey.is_open(at)]
    return youngest(same) or youngest(unknown)


def family_set(person: Person, treatment: str | None) -> set[str]:
    family = person.family(treatment)
    return {family} if family else set()


def join_inquiry(person: Person, journeys: list[Journey], inquiry: Inquiry, at: datetime) -> None:
    families = family_set(person, inquiry.treatment)
    found = asked_lately(person, journeys, families, at)
    if found is None:
        found = open_journey(person, journeys, families, at)
    if found is None:
        found = Journey(person, at, "inquiry", inquiry.branch)
        journeys.append(found)
    found.inquiries.append(inquiry)


def asked_lately(person: Person, journeys: list[Journey], families: set[str], at: datetime) -> Journey | None:
    """Where the last inquiry went, if it is at most seven days ago: asking again is the same one.

    What was treated or declined since is not asked for again by asking for another family.
    """
    asked = [(person.moment(row.received_at), journey) for journey in journeys for row in journey.inquiries]
    last, journey = max(asked, key=lambda pair: pair[0], default=(at, None))
    if journey is None or at - last > SAME_INQUIRY:
        return None
    same = not families or families <= journey.families()
    return journey if same or not (journey.treatments or journey.is_declined(at)) else None


def chain_of(person: Person, reservation: Reservation) -> set[str]:
    """The numbers of the chain of moves that a reservation belongs to."""
    numbers = {reservation.reservation_no}
    while True:
        grown = set(numbers)
        for row in person.reservations:
            link = {row.reservation_no, row.moved_to} if row.status == "moved" else set()
            if link & grown:
                grown |= {number for number in link if number}
        if grown == numbers:
            return numbers
        numbers = grown


def join_reservation(person: Person, journeys: list[Journey], reservation: Reservation, at: datetime) -> None:
    chain = chain_of(person, reservation)
    for journey in journeys:
        if any(row.reservation_no in chain for row in journey.reservations):
            journey.reservations.append(reservation)
            return
    found = untreated_visit_before(journeys, at)
    if found is None:
        families = family_set(person, reservation.treatment)
        found = open_journey(person, journeys, families, at)
    if found is None:
        found = Journey(person, at, "reservation", reservation.branch)
        journeys.append(found)
    found.reservations.append(reservation)


def untreated_visit_before(journeys: list[Journey], at: datetime) -> Journey | None:
    """The journey of this day's visit, if the moment is after its first and it was not treated."""
    for journey in journeys:
        for day in journey.days:
            if day.on == at.date() and day.at < at and not day.treatments:
                return journey
    return None


def join_course(person: Person, journeys: list[Journey], course: Course, at: datetime) -> None:
    """A course bought apart from a visit: of the open journey of its family, else of none yet."""
    if any(course in journey.courses for journey in journeys):
        return
    found = open_journey(person, journeys, family_set(person, course.treatment), at)
    if found is not None:
        found.courses.append(course)


def join_day(person: Person, journeys: list[Journey], day: Day) -> None:
    numbers = [row.course_no for row in day.treatments if row.course_no]
    courses = [row for row in person.courses if row.course_no in numbers]
    found = journey_of_courses(journeys, numbers) or journey_of_kept(journeys, day)
    if found is None:
        rows: list[Consult | Treatment] = [*day.consults, *day.treatments]
        families = {family for row in rows for family in family_set(person, row.treatment)}
        found = open_journey(person, journeys, families, day.at)
    if found is None:
        found = Journey(person, day.at, day.entry, day.branch)
        journeys.append(found)
    found.days.append(day)
    courses += [row for row in person.courses if row.bought_on == day.on]
    for course in courses:
        if not any(course in journey.courses for journey in journeys):
            found.courses.append(course)


def journey_of_courses(journeys: list[Journey], numbers: list[str]) -> Journey | None:
    for number in numbers:
        for journey in journeys:
            if any(course.course_no == number for course in journey.courses):
                return journey
            if any(treatment.course_no == number for treatment in journey.treatments):
                return journey
    return None


def journey_of_kept(journeys: list[Journey], day: Day) -> Journey | None:
    kept = sorted(day.kept, key=lambda row: (str(row.starts_at), row.reservation_no))
    for reservation in kept:
        for journey in journeys:
            if reservation in journey.reservations:
                return journey
    return None

"""Journeys of one person: a fold over inquiries, reservations and days of visit (product.md §5)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.reference.clinic import Consult, Course, Inquiry, Payment, Treatment
from tests.reference.oracle.people import CAME, CONTACTS, DECLINED, YES, Booking, Person, at, day
from tests.reference.oracle.rules import STAGES, family, is_check, patience
from tests.reference.oracle.steps import Step, visit_steps

NEVER = datetime.fromisoformat("9999-01-01")
ONE_INQUIRY = timedelta(days=7)  # one person asking on several channels within it asked once


Event = Inquiry | Booking | Step


@dataclass
class Journey:
    """What one person came for once, from the first contact on."""

    person: Person
    events: list[tuple[datetime, str, Event]] = field(default_factory=list)
    inquiries: list[Inquiry] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    _passed: tuple[tuple[int, int], dict[str, datetime]] | None = None

    @property
    def began(self) -> datetime:
        return min(moment for moment, _, _ in self.events)

    @property
    def entry(self) -> str:
        return self.events[0][1]

    @property
    def new(self) -> bool:
        first = self.person.first_visit()
        return first is None or first >= self.began.date()

    @property
    def branch(self) -> str:
        return self.person.branch

    def add(self, moment: datetime, stage: str, event: Event) -> None:
        self.events.append((moment, stage, event))
        match event:
            case Inquiry():
                self.inquiries.append(event)
            case Booking():
                self.bookings.append(event)
            case Step():
                self.steps.append(event)

    def consults(self) -> list[Consult]:
        rows = [row for step in self.steps for row in step.consults]
        return sorted(rows, key=lambda row: self.person.sorted_at(row.held_at))

    def treatments(self) -> list[Treatment]:
        rows = [row for step in self.steps for row in step.treatments]
        return sorted(rows, key=lambda row: self.person.sorted_at(row.done_at))

    def families(self) -> set[str]:
        """What the journey is known to be about: its contacts and what was done."""
        words = [row.treatment for row in self.inquiries]
        words += [booking.row.treatment for booking in self.bookings]
        names = {found for word in words if (found := family(word))}
        names |= {found for course in self.courses if (found := family(course.treatment))}
        return names.union(*(step.families() for step in self.steps))

    # What happened when

    def decided(self, row: Consult) -> datetime:
        return self.person.sorted_at(row.decided_at or row.held_at)

    def agreements(self) -> list[tuple[datetime, Consult | Payment]]:
        """Every yes, part and payment that means one, with its moment; the first is the agreement."""
        consults = self.consults()
        if not consults:
            return []
        found: list[tuple[datetime, Consult | Payment]] = [
            (self.decided(row), row) for row in consults if row.decision in YES
        ]
        first = self.person.sorted_at(consults[0].held_at)
        for payment in self.person.payments:
            moment = self.person.sorted_at(payment.paid_at)
            if payment.amount > 0 and moment.date() >= first.date() and self._of_this(payment):
                found.append((max(moment, first), payment))
        return sorted(found, key=lambda pair: pair[0])

    def _of_this(self, payment: Payment) -> bool:
        numbers = {row.treatment_no for row in self.treatments() if row.treatment_no}
        if payment.treatment_no or payment.course_no:
            courses = {row.course_no for row in self.courses}
            return payment.treatment_no in numbers or payment.course_no in courses
        refused = any(row.decision in DECLINED for row in self.consults())
        return not refused and any(step.on == day(payment.paid_at) for step in self.steps)

    def own(self) -> dict[str, datetime]:
        """The moment of each stage's own first event."""
        moments: dict[str, datetime] = {}
        for moment, stage, _ in self.events:
            if stage in ("inquiry", "reservation"):
                moments[stage] = min(moment, moments.get(stage, moment))
        if self.steps:
            moments["visit"] = self.steps[0].moment
        if consults := self.consults():
            moments["consult"] = self.person.sorted_at(consults[0].held_at)
        if agreements := self.agreements():
            moments["agreement"] = agreements[0][0]
        if treatments := self.treatments():
            moments["treatment"] = self.person.sorted_at(treatments[0].done_at)
        return moments

    def passed(self) -> dict[str, datetime]:
        """The moment at which each stage was passed; reservation also by a visit without one."""
        key = (len(self.events), len(self.courses))
        if self._passed is None or self._passed[0] != key:
            self._passed = (key, self._passed_now())
        return self._passed[1]

    def _passed_now(self) -> dict[str, datetime]:
        moments = self.own()
        if "visit" in moments:
            moments["reservation"] = min(moments["visit"], moments.get("reservation", moments["visit"]))
        return moments

    # Whether it is still going on

    def reserved_until(self) -> datetime:
        """The last day reserved before the first visit, as it stood then, or the cancellation."""
        first = self.steps[0].moment if self.steps else NEVER
        ends = [self.reserved_to(booking, first) for booking in self.bookings]
        return max((end for end in ends if end), default=first)

    def reserved_to(self, booking: Booking, moment: datetime) -> datetime | None:
        """Until when a reservation made by this moment holds: its start, or where it was called off."""
        made = self.moment_of(booking)
        if made > moment:
            return None
        starts = self.person.sorted_at(booking.row.starts_at)
        if booking.state not in CANCELLED or booking.ended is None or booking.ended > moment:
            return starts
        new = [row for row in self.bookings if row.row.reservation_no == booking.row.moved_to]
        if booking.state == "moved" and any(self.moment_of(row) <= moment for row in new):
            return None  # its new day stands for it
        return max(booking.ended, made)

    def moment_of(self, booking: Booking) -> datetime:
        return next(moment for moment, _, event in self.events if event is booking)

    def silent_after(self, moment: datetime) -> datetime:
        """The moment after which the journey counts as lost by silence, as known at a moment."""
        passed = {stage: when for stage, when in self.passed().items() if when <= moment}
        if "agreement" in passed or "treatment" in passed:
            stage = "agreement"
        elif "visit" in passed:
            stage = "consult" if "consult" in passed else "visit"
        elif "reservation" in passed:
            return max(self.reserved_until(), self.events[-1][0]) + patience("reservation")
        else:
            stage = "inquiry"
        moments = [when for when, _, _ in self.events] + list(passed.values())
        moments += [when for row in self.consults() if (when := self.decided(row)) <= moment]
        moments += [when for when, _ in self.agreements() if when <= moment]
        moments += [until for booking in self.bookings if (until := self.reserved_to(booking, moment))]
        return max(moments) + patience(stage)

    def courses_left(self, moment: datetime) -> list[Course]:
        return [course for course in self.courses if course_left(self.person, course, moment)]

    def course_left(self, moment: datetime) -> bool:
        return bool(self.courses_left(moment))

    def open_at(self, moment: datetime) -> bool:
        """Whether a contact at this moment belongs to it: not treated, not declined, not silent too long."""
        consults = self.consults()
        if consults and all(self.declined_by(row, moment) for row in consults):
            return False
        if self.course_left(moment):
            return True
        return not self.treatments() and self.silent_after(moment) >= moment

    def declined_by(self, row: Consult, moment: datetime) -> bool:
        return row.decision in DECLINED and self.decided(row) <= moment


CANCELLED = ("moved", "cancelled_early", "cancelled_late", "cancelled_by_clinic")


def course_left(person: Person, course: Course, moment: datetime) -> bool:
    """Sessions are left and valid: sessions − the larger of `used` and the rows with that number.

    `used` has no day: it includes the rows that came after the moment.
    """
    rows = [person.sorted_at(row.done_at) for row in person.treatments if row.course_no == course.course_no]
    later = sum(done > moment for done in rows)
    used = max((course.used or 0) - later, len(rows) - later)
    valid = course.valid_until is None or moment.date() <= course.valid_until
    return used < course.sessions and valid


def journeys(person: Person) -> list[Journey]:
    """All journeys of a person, in the order in which they began."""
    found: list[Journey] = []
    of_booking: dict[str, Journey] = {}
    of_course: dict[str, Journey] = {}
    asked: list[tuple[datetime, Journey]] = []
    for moment, stage, event in events(person):
        bind_bought(person, found, of_course, moment)
        journey: Journey | None
        match event:
            case Inquiry():
                journey = again(asked, moment) or chosen(found, moment, families_of(event.treatment))
            case Booking():
                journey = of_booking.get(event.row.reservation_no)  # a change is no contact
                journey = journey or booked_there(found, moment, event)
                journey = journey or chosen(found, moment, families_of(event.row.treatment))
            case _:
                journey = of_step(found, moment, event, of_booking, of_course)
        if journey is None:
            journey = Journey(person)
            found.append(journey)
        journey.add(moment, stage, event)
        if isinstance(event, Inquiry):
            asked.append((moment, journey))
        elif isinstance(event, Booking):
            of_booking[event.row.reservation_no] = journey
            if event.row.moved_to and event.state == "moved":
                of_booking[event.row.moved_to] = journey
        else:
            bind(person, event, journey, of_course)
    return found


def again(asked: list[tuple[datetime, Journey]], moment: datetime) -> Journey | None:
    """The journey of the inquiry that this one repeats: the same person within seven days."""
    return next((journey for before, journey in reversed(asked) if moment - before <= ONE_INQUIRY), None)


def booked_there(found: list[Journey], moment: datetime, booking: Booking) -> Journey | None:
    """The journey of the visit during which a reservation was made, unless that visit ended treated."""
    for journey in found:
        for step in journey.steps:
            if step.on == moment.date() and moment > step.moment and not step.treatments:
                return journey
    return None


def families_of(treatment: str | None) -> set[str]:
    found = family(treatment)
    return {found} if found else set()


def chosen(found: list[Journey], moment: datetime, families: set[str]) -> Journey | None:
    """The open journey that a contact joins; None opens another."""
    still_open = [journey for journey in reversed(found) if journey.open_at(moment)]
    if not families:
        return still_open[0] if still_open else None
    for journey in reversed(found):
        if families & {family(row.treatment) for row in journey.courses_left(moment)}:
            return journey
    for journey in still_open:
        if journey.families() & families:
            return journey
    for journey in still_open:
        if not journey.families():
            return journey
    return None


def of_step(
    found: list[Journey],
    moment: datetime,
    step: Step,
    of_booking: dict[str, Journey],
    of_course: dict[str, Journey],
) -> Journey | None:
    """A visit joins the journey of its course, else of the reservation kept, else by its families."""
    for row in step.treatments:
        if row.course_no and row.course_no in of_course:
            return of_course[row.course_no]
    for booking in step.kept:
        if booking.row.reservation_no in of_booking:
            return of_booking[booking.row.reservation_no]
    return chosen(found, moment, step.families())


def bind(person: Person, step: Step, journey: Journey, of_course: dict[str, Journey]) -> None:
    """A course belongs to the journey of the day it was bought, or of its first session."""
    numbers = {row.course_no for row in step.treatments}
    for course in person.courses:
        if course.course_no not in of_course and (
            course.course_no in numbers or day(course.bought_on) == step.on
        ):
            of_course[course.course_no] = journey
            journey.courses.append(course)


def bind_bought(
    person: Person, found: list[Journey], of_course: dict[str, Journey], moment: datetime
) -> None:
    """A course bought without being here belongs to the journey open then for its family."""
    for course in person.courses:
        bought = at(course.bought_on)
        if course.course_no in of_course or bought >= moment or course.bought_on in person.days_here():
            continue
        known = [journey for journey in found if journey.began <= bought]
        if journey := chosen(known, bought, families_of(course.treatment)):
            of_course[course.course_no] = journey
            journey.courses.append(course)


def events(person: Person) -> list[tuple[datetime, str, Event]]:
    """What happened to a person, by moment; ties by stage, then by number."""
    steps = visit_steps(person)
    first = {step.on: step.moment for step in steps}
    found: list[tuple[datetime, str, str, Event]] = []
    for inquiry in person.inquiries:
        if inquiry.kind in CONTACTS:
            moment = person.sorted_at(inquiry.received_at)
            found.append((moment, "inquiry", inquiry.inquiry_no or "", inquiry))
    for booking in person.reservations:
        if is_check(booking.row.treatment):
            continue
        moment = moment_of(person, booking)
        if booking.state in CAME:  # what was kept was made before the visit
            moment = min(moment, first.get(booking.starts.date(), moment))
        found.append((moment, "reservation", booking.row.reservation_no, booking))
    found += [(step.moment, step.entry, "", step) for step in steps]
    ready = after_what_they_replace(found)
    ready.sort(key=lambda event: (event[0], STAGES.index(event[1][1]), event[1][2]))
    return [(moment, stage, event) for _, (moment, stage, _, event) in ready]


Found = tuple[datetime, str, str, Event]


def after_what_they_replace(found: list[Found]) -> list[tuple[datetime, Found]]:
    """Where each sorts: a reservation that another was moved to never before that one."""
    moments = {number: moment for moment, stage, number, _ in found if stage == "reservation"}
    old = {
        event.row.moved_to: number
        for _, _, number, event in found
        if isinstance(event, Booking) and event.row.moved_to and event.state == "moved"
    }

    def sorts_at(number: str, moment: datetime, seen: frozenset[str]) -> datetime:
        before = old.get(number)
        if before is None or before in seen:
            return moment
        return max(moment, sorts_at(before, moments[before], seen | {before}))

    return [
        (sorts_at(row[2], row[0], frozenset((row[2],))) if row[1] == "reservation" else row[0], row)
        for row in found
    ]


def moment_of(person: Person, booking: Booking) -> datetime:
    row = booking.row
    starts = person.sorted_at(row.starts_at)
    return min(person.sorted_at(row.made_at), starts) if row.made_at else starts

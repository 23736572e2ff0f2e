"""What is known of each person at a moment: rows dated later do not exist yet.

The wall clock of the branches is used throughout: both branches of the sample policy keep Seoul's
time, which has no summer time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from crm_core.phone import read_phone
from crm_core.policy.policy import Policy
from tests.reference.clinic import (
    Call,
    Clinic,
    Consult,
    Course,
    Inquiry,
    Moment,
    Patient,
    Payment,
    Reservation,
    Treatment,
    Visit,
)

CAME = ("arrived", "completed", "left")
CONTACT_KINDS = ("treatment", "price")
CANCELLED = ("cancelled_early", "cancelled_late", "cancelled_by_clinic")
Key = tuple[str, ...]


def day_of(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def plain(moment: Moment) -> datetime:
    """A date alone is 00:00."""
    return moment if isinstance(moment, datetime) else midnight(moment)


@dataclass(eq=False)
class Person:
    """One patient or prospect, and the rows that are visible."""

    key: Key
    branch: str
    policy: Policy
    row: Patient | None = None
    inquiries: list[Inquiry] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)
    ahead: list[Reservation] = field(default_factory=list)  # not made at a known moment, still to come
    visits: list[Visit] = field(default_factory=list)
    consults: list[Consult] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    sessions: Counter[str] = field(default_factory=Counter)  # rows of each course, later ones too

    def moment(self, at: Moment) -> datetime:
        """A date alone sorts at 00:00, on a visit day at the day's first timed row (reading 4)."""
        if isinstance(at, datetime):
            return at
        timed = self.timed_rows(at)
        return min(timed, default=midnight(at))

    def timed_rows(self, day: date) -> list[datetime]:
        """The timed rows of a visit on that day; empty where the day has none."""
        moments: list[Moment] = [visit.arrived_at for visit in self.visits]
        moments += [consult.held_at for consult in self.consults]
        moments += [treatment.done_at for treatment in self.treatments]
        return [at for at in moments if isinstance(at, datetime) and at.date() == day]

    def row_days(self) -> set[date]:
        """Days with a visit, consult or treatment row."""
        days = {day_of(visit.arrived_at) for visit in self.visits}
        days |= {day_of(consult.held_at) for consult in self.consults}
        return days | {day_of(treatment.done_at) for treatment in self.treatments}

    def visit_days(self, at: datetime) -> set[date]:
        """The local days on which this person was here, as known at a moment."""
        kept = {
            day_of(reservation.starts_at)
            for reservation in self.reservations
            if self.state(reservation, at) in CAME
        }
        return self.row_days() | kept

    def state(self, reservation: Reservation, at: datetime) -> str:
        """One of the ten states at a moment (readings 11 and 12)."""
        state = self.recorded_state(reservation, at)
        if state in ("booked", "requested") and day_of(reservation.starts_at) in self.row_days():
            return "arrived"
        return state

    def recorded_state(self, reservation: Reservation, at: datetime) -> str:
        status = reservation.status or "booked"
        if status in ("booked", "requested"):
            return status
        if self.state_moment(reservation) > at:
            return "booked"
        if status == "cancelled":
            return self.split_cancellation(reservation)
        return status

    def split_cancellation(self, reservation: Reservation) -> str:
        if reservation.status_at is None:
            return "cancelled_early"
        notice = plain(reservation.starts_at) - self.moment(reservation.status_at)
        hours = timedelta(hours=self.policy.late_cancel_hours)
        return "cancelled_late" if notice < hours else "cancelled_early"

    def state_moment(self, reservation: Reservation) -> datetime:
        """When the state of a reservation that is not live came about."""
        if reservation.status_at is not None:
            return self.moment(reservation.status_at)
        if reservation.status in (*CAME, "no_show") or reservation.made_at is None:
            return plain(reservation.starts_at)
        return self.own_moment(reservation)

    def own_moment(self, reservation: Reservation) -> datetime:
        """`made_at`, else `starts_at`, never later than `starts_at` (reading 4)."""
        start = self.moment(reservation.starts_at)
        if reservation.made_at is None:
            return start
        return min(self.moment(reservation.made_at), start)

    def decision(self, consult: Consult, at: datetime) -> str:
        """The decision as known at a moment: pending before `decided_at` (reading 11)."""
        decision = consult.decision or "pending"
        if decision != "pending" and self.decided(consult) > at:
            return "pending"
        return decision

    def decided(self, consult: Consult) -> datetime:
        held = self.moment(consult.held_at)
        if consult.decided_at is None:
            return held
        return max(held, self.moment(consult.decided_at))

    def family(self, treatment: str | None) -> str | None:
        """The family slug of a treatment as the files write it."""
        if not treatment:
            return None
        return self.policy.family_of(self.policy.treatment_slug(treatment))

    def is_check(self, treatment: str | None) -> bool:
        """A follow-up check or retouch: no contact of a journey and no return."""
        if not treatment:
            return False
        known = self.policy.treatments.get(self.policy.treatment_slug(treatment))
        return known is not None and known.check

    def sessions_left(self, course: Course, at: datetime) -> int:
        """Sessions − the larger of `used` and the rows with that number; 0 once invalid."""
        if course.bought_on > at.date():
            return 0
        if course.valid_until is not None and course.valid_until < at.date():
            return 0
        rows = sum(
            treatment.course_no == course.course_no and self.moment(treatment.done_at) <= at
            for treatment in self.treatments
        )
        return max(0, course.sessions - max(course.used or 0, rows))


def book_of(branch: str, policy: Policy) -> str:
    return policy.branches[branch].book


def people_at(clinic: Clinic, now: datetime, policy: Policy) -> list[Person]:
    """Every patient and prospect with the rows dated up to `now`."""
    people: dict[Key, Person] = {}

    def person(branch: str, chart_no: str) -> Person:
        key = (book_of(branch, policy), chart_no)
        return people.setdefault(key, Person(key, branch, policy))

    for patient in clinic.patients:
        person(patient.branch, patient.chart_no).row = patient
    for inquiry in clinic.inquiries:
        if inquiry.chart_no and plain(inquiry.received_at) <= now:
            person(inquiry.branch, inquiry.chart_no).inquiries.append(inquiry)
    for reservation in clinic.reservations:
        owner = person(reservation.branch, reservation.chart_no)
        made = plain(reservation.made_at or reservation.starts_at)
        if min(made, plain(reservation.starts_at)) <= now:
            owner.reservations.append(reservation)
        elif reservation.made_at is None:
            owner.ahead.append(reservation)
    for visit in clinic.visits:
        if plain(visit.arrived_at) <= now:
            person(visit.branch, visit.chart_no).visits.append(visit)
    for consult in clinic.consults:
        if plain(consult.held_at) <= now:
            person(consult.branch, consult.chart_no).consults.append(consult)
    for course in clinic.courses:
        if midnight(course.bought_on) <= now:
            person(course.branch, course.chart_no).courses.append(course)
    for treatment in clinic.treatments:
        if treatment.course_no:
            person(treatment.branch, treatment.chart_no).sessions[treatment.course_no] += 1
        if plain(treatment.done_at) <= now:
            person(treatment.branch, treatment.chart_no).treatments.append(treatment)
    for payment in clinic.payments:
        if plain(payment.paid_at) <= now:
            person(payment.branch, payment.chart_no).payments.append(payment)
    for call in clinic.calls:
        if plain(call.called_at) <= now:
            person(call.branch, call.chart_no).calls.append(call)
    add_strangers(clinic.inquiries, now, policy, people)
    return list(people.values())


def add_strangers(
    inquiries: Iterable[Inquiry], now: datetime, policy: Policy, people: dict[Key, Person]
) -> None:
    """Inquiries without a chart number: the patient of that phone *and* name, else a prospect."""
    by_name_and_phone: dict[Key, list[Person]] = defaultdict(list)
    for known in people.values():
        if known.row and known.row.name and known.row.phone:
            phone = read_phone(known.row.phone) or known.row.phone
            by_name_and_phone[known.key[0], known.row.name, phone].append(known)
    for inquiry in inquiries:
        if inquiry.chart_no or plain(inquiry.received_at) > now:
            continue
        phone = read_phone(inquiry.phone or "") or inquiry.phone or ""
        key = (book_of(inquiry.branch, policy), inquiry.name or "", phone)
        found = by_name_and_phone[key]
        if found:
            found[0].inquiries.append(inquiry)
            continue
        stranger = people.setdefault(("prospect", *key), Person(("prospect", *key), inquiry.branch, policy))
        stranger.inquiries.append(inquiry)

"""The rows as somebody at a moment knows them: one person each, later facts hidden."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

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
from tests.reference.oracle.rules import days_of

CAME = ("arrived", "completed", "left")
ENDED = ("moved", "cancelled_early", "cancelled_late", "cancelled_by_clinic", "no_show")
CONTACTS = (None, "treatment", "price")
YES = ("yes", "part")
DECLINED = ("no", "not_suitable")


def at(moment: Moment) -> datetime:
    """A moment; a date alone is 00:00 of its day."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


@dataclass
class Booking:
    """A reservation as it stands at a moment: its state, and the moment it ended where it did."""

    row: Reservation
    state: str
    made: datetime
    starts: datetime
    ended: datetime | None


@dataclass
class Person:
    """A patient, or somebody who asked without a chart (`patient` is None)."""

    branch: str
    chart_no: str | None
    patient: Patient | None = None
    inquiries: list[Inquiry] = field(default_factory=list)
    reservations: list[Booking] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    consults: list[Consult] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def days_here(self) -> list[date]:
        """The local days on which the person was here."""
        days = {day(row.arrived_at) for row in self.visits}
        days |= {day(row.held_at) for row in self.consults} | {day(row.done_at) for row in self.treatments}
        days |= {booking.starts.date() for booking in self.reservations if booking.state in CAME}
        return sorted(days)

    def first_visit(self) -> date | None:
        """The first visit ever, by the chart's word or the facts, the earlier."""
        days = self.days_here()[:1]
        if self.patient and self.patient.first_visit_on:
            days.append(self.patient.first_visit_on)
        return min(days, default=None)

    def sorted_at(self, moment: Moment) -> datetime:
        """Where a moment sorts: a date alone at the day's first timed row of a visit, else at 00:00."""
        if isinstance(moment, datetime):
            return moment
        timed = [
            *(row.arrived_at for row in self.visits),
            *(row.held_at for row in self.consults),
            *(row.done_at for row in self.treatments),
        ]
        those = [row for row in timed if isinstance(row, datetime) and row.date() == moment]
        return min(those, default=at(moment))


def phone(text: str | None) -> str:
    digits = "".join(letter for letter in text or "" if letter.isdigit())
    digits = digits.removeprefix("82") if digits.startswith("82") else digits
    return digits if digits.startswith("0") or not digits else "0" + digits


def people(clinic: Clinic, now: datetime, branches: frozenset[str] = frozenset()) -> list[Person]:
    """Everybody of these branches (none named: all) as known at `now`."""
    found: dict[tuple[str, str, str], Person] = {}
    for patient in clinic.patients:
        person = Person(patient.branch, patient.chart_no, _known(patient, now))
        found[patient.branch, patient.chart_no, ""] = person
    names = {
        (row.branch, row.name or "", phone(row.phone)): row.chart_no for row in clinic.patients if row.name
    }

    def of(branch: str, chart_no: str) -> Person:
        return found.setdefault((branch, chart_no, ""), Person(branch, chart_no, Patient(chart_no, branch)))

    for inquiry in clinic.inquiries:
        chart = inquiry.chart_no
        if not chart and inquiry.phone:
            chart = names.get((inquiry.branch, inquiry.name or "", phone(inquiry.phone)))
        if chart:
            person = of(inquiry.branch, chart)
        else:
            key = (inquiry.branch, inquiry.name or "", phone(inquiry.phone))
            person = found.setdefault(key, Person(inquiry.branch, None))
        if at(inquiry.received_at) <= now:
            person.inquiries.append(_answered_by(inquiry, now))
    for reservation in clinic.reservations:
        booking = _booking(reservation, now)
        if booking.made <= now:
            of(reservation.branch, reservation.chart_no).reservations.append(booking)
    for visit in clinic.visits:
        if at(visit.arrived_at) <= now:
            of(visit.branch, visit.chart_no).visits.append(visit)
    for consult in clinic.consults:
        if at(consult.held_at) <= now:
            of(consult.branch, consult.chart_no).consults.append(_decided_by(consult, now))
    for treatment in clinic.treatments:
        if at(treatment.done_at) <= now:
            of(treatment.branch, treatment.chart_no).treatments.append(treatment)
    for course in clinic.courses:
        if at(course.bought_on) <= now:
            of(course.branch, course.chart_no).courses.append(_used_by(course, clinic, now))
    for payment in clinic.payments:
        if at(payment.paid_at) <= now:
            of(payment.branch, payment.chart_no).payments.append(payment)
    for call in clinic.calls:
        if at(call.called_at) <= now:
            of(call.branch, call.chart_no).calls.append(call)
    here = [person for person in found.values() if not branches or person.branch in branches]
    for person in here:
        _kept_by_visit(person)
    return here


def _known(patient: Patient, now: datetime) -> Patient:
    first = patient.first_visit_on
    return replace(patient, first_visit_on=None) if first and first > now.date() else patient


def _answered_by(inquiry: Inquiry, now: datetime) -> Inquiry:
    late = inquiry.answered_at is not None and at(inquiry.answered_at) > now
    return replace(inquiry, answered_at=None) if late else inquiry


def _decided_by(consult: Consult, now: datetime) -> Consult:
    """Before `decided_at` a consult is pending."""
    if consult.decision is None:
        return replace(consult, decision="pending")
    if consult.decided_at and at(consult.decided_at) > now:
        return replace(consult, decision="pending", decided_at=None, agreed_amount=None)
    return consult


def _used_by(course: Course, clinic: Clinic, now: datetime) -> Course:
    """`used` has no day of its own: it includes the sessions that came later."""
    later = [
        row
        for row in clinic.treatments
        if (row.branch, row.course_no) == (course.branch, course.course_no) and at(row.done_at) > now
    ]
    return replace(course, used=max(0, course.used - len(later)) if course.used else course.used)


def _booking(row: Reservation, now: datetime) -> Booking:
    starts = at(row.starts_at)
    made = min(at(row.made_at), starts) if row.made_at else starts
    state = row.status or "booked"
    if state not in (*CAME, *ENDED, "cancelled", "requested"):
        state = "booked"  # a word of the patient's answer
    ended = at(row.status_at) if row.status_at else (starts if state in (*CAME, "no_show") else made)
    if state == "cancelled":
        hours = timedelta(hours=days_of("reservations", "late_cancel_hours"))
        late = row.status_at is not None and starts - ended < hours
        state = "cancelled_late" if late else "cancelled_early"
    if state in ("booked", "requested"):
        return Booking(row, state, made, starts, None)
    if now < ended:
        return Booking(row, "booked", made, starts, None)
    return Booking(row, state, made, starts, ended)


def _kept_by_visit(person: Person) -> None:
    """A booked reservation whose day has a visit of the patient is arrived."""
    days = person.days_here()
    for booking in person.reservations:
        if booking.state in ("booked", "requested") and booking.starts.date() in days:
            booking.state, booking.ended = "arrived", booking.starts

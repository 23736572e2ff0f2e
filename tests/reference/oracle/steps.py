"""The days of a person at the clinic: what each of them was, at its first moment."""

from dataclasses import dataclass
from datetime import date, datetime

from tests.reference.clinic import Consult, Treatment
from tests.reference.oracle.people import CAME, Booking, Person, day
from tests.reference.oracle.rules import family, is_check


@dataclass
class Step:
    """One local day of a person at the clinic: everything on it belongs to one journey."""

    on: date
    moment: datetime
    arrived: bool
    consults: list[Consult]
    treatments: list[Treatment]
    kept: list[Booking]

    @property
    def entry(self) -> str:
        """The earliest stage that has a row."""
        if self.arrived or not (self.consults or self.treatments):
            return "visit"
        return "consult" if self.consults else "treatment"

    def families(self) -> set[str]:
        words = [row.treatment for row in self.consults] + [row.treatment for row in self.treatments]
        return {found for word in words if (found := family(word))}


def visit_steps(person: Person) -> list[Step]:
    """The days of a person here; a day of nothing but a check or retouch is none."""
    steps = []
    for on in person.days_here():
        arrivals = [row for row in person.visits if day(row.arrived_at) == on]
        consults = [row for row in person.consults if day(row.held_at) == on]
        treatments = [row for row in person.treatments if day(row.done_at) == on]
        kept = [row for row in person.reservations if row.state in CAME and row.starts.date() == on]
        checks = [row for row in consults if is_check(row.treatment)]
        done = [row for row in treatments if is_check(row.treatment)]
        consults = [row for row in consults if not is_check(row.treatment)]
        treatments = [row for row in treatments if not is_check(row.treatment)]
        contact = [booking for booking in kept if not is_check(booking.row.treatment)]
        if (checks or done or kept) and not consults and not treatments and not contact:
            continue
        moments = [person.sorted_at(row.arrived_at) for row in arrivals]
        moments += [person.sorted_at(row.held_at) for row in consults]
        moments += [person.sorted_at(row.done_at) for row in treatments]
        moments = moments or [min(booking.ended or booking.starts for booking in kept)]
        steps.append(Step(on, min(moments), bool(arrivals), consults, treatments, contact))
    return steps

"""The reference itself, on the examples that definitions.md counts by hand."""

from datetime import date, datetime, timedelta

from crm_core.period import Period
from tests.clinic import policy
from tests.reference.clinic import (
    Clinic,
    Consult,
    Inquiry,
    Patient,
    Reservation,
    Treatment,
    Visit,
)
from tests.reference.funnel import funnel
from tests.reference.seen import Json

DAY = datetime.fromisoformat("2026-03-02 10:00")
MARCH = Period.month(2026, 3)
LATE = datetime.fromisoformat("2026-11-23 20:00")


class Writer:
    """Writes the rows of one patient of the example, an hour apart."""

    def __init__(self, clinic: Clinic, number: int, new: bool) -> None:
        self.clinic, self.number, self.at = clinic, f"{number:03d}", DAY
        first = None if new else date(2025, 1, 7)
        clinic.patients.append(Patient(self.number, "gangnam", first_visit_on=first))

    def key(self) -> tuple[str, str, str]:
        self.at += timedelta(hours=1)
        return f"{self.number}-{self.at:%H}", self.number, "gangnam"

    def inquiry(self) -> None:
        number, chart_no, branch = self.key()
        self.clinic.inquiries.append(Inquiry(number, self.at, branch, chart_no))

    def reservation(self, status: str, treatment: str | None = None) -> None:
        made = self.at
        key = self.key()
        self.clinic.reservations.append(Reservation(*key, self.at, made, treatment, status=status))

    def visit(self) -> None:
        self.clinic.visits.append(Visit(*self.key(), self.at))

    def consult(self, decision: str) -> None:
        self.clinic.consults.append(Consult(*self.key(), self.at, decision=decision))

    def treatment(self) -> None:
        self.clinic.treatments.append(Treatment(*self.key(), self.at, "botox"))


def worked_example() -> Clinic:
    """The ten journeys of definitions.md §1.2."""
    clinic = Clinic()
    one, two, three, four, five, six, seven = (Writer(clinic, n, new=True) for n in range(1, 8))
    eight, nine, ten = (Writer(clinic, n, new=False) for n in range(8, 11))
    for who in (one, two, three, four, five):
        who.inquiry()
    one.reservation("arrived")
    two.reservation("arrived")
    three.reservation("no_show")
    eight.reservation("arrived", "botox")
    nine.reservation("arrived", "botox")
    ten.reservation("cancelled_early")
    for who in (one, two, five, six, seven, eight, nine):
        who.visit()
    for who in (one, five, six):
        who.consult("yes")
    two.consult("no")
    seven.consult("pending")
    for who in (one, five, six, eight, nine):
        who.treatment()
    return clinic


def pairs(stages: list[Json]) -> list[tuple[int, int]]:
    return [(row["converted"], row["base"]) for row in stages[1:]]


def test_the_worked_example_is_counted_as_by_hand() -> None:
    answer = funnel(worked_example(), MARCH, LATE, policy())
    assert [row["count"] for row in answer["stages"]] == [5, 7, 7, 5, 3, 5]
    assert [row["entered"] for row in answer["stages"]] == [5, 3, 2, 0, 0, 0]
    assert pairs(answer["stages"]) == [(4, 5), (5, 7), (5, 5), (3, 5), (3, 3)]
    assert pairs(answer["new"]["stages"]) == [(4, 5), (3, 4), (5, 5), (3, 5), (3, 3)]
    assert answer["without_consult"] == 2


def ten_inquiries_a_day(days: int) -> Clinic:
    """definitions.md §1.3: six of each ten book, each on the tenth day after."""
    clinic = Clinic()
    for day in range(days):
        for number in range(10):
            chart_no = f"{day:03d}{number}"
            asked = datetime.fromisoformat("2026-03-01 10:00") + timedelta(days=day)
            clinic.patients.append(Patient(chart_no, "gangnam"))
            clinic.inquiries.append(Inquiry(f"I{chart_no}", asked, "gangnam", chart_no))
            if number < 6:
                made = asked + timedelta(days=10)
                clinic.reservations.append(
                    Reservation(f"R{chart_no}", chart_no, "gangnam", made + timedelta(2), made)
                )
    return clinic


def test_a_month_is_compared_at_the_same_age() -> None:
    clinic = ten_inquiries_a_day(61)
    april = funnel(clinic, Period.month(2026, 4), datetime.fromisoformat("2026-04-22 20:00"), policy())
    booked = april["stages"][1]
    assert (booked["converted"], booked["base"]) == (48, 80)
    assert (booked["so_far"]["converted"], booked["so_far"]["base"]) == (72, 220)
    assert (booked["previous"]["converted"], booked["previous"]["base"]) == (72, 220)
    whole = funnel(clinic, MARCH, datetime.fromisoformat("2026-06-30 20:00"), policy())
    assert (whole["stages"][1]["converted"], whole["stages"][1]["base"]) == (186, 310)

"""`/funnel` as the definitions count it: cohort view, activity view, cuts, outcomes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from math import sqrt
from typing import Any

from tests.reference.clinic import Clinic, Consult
from tests.reference.oracle.churn import churn_date
from tests.reference.oracle.journeys import Journey, journeys
from tests.reference.oracle.people import YES, Person, day, people
from tests.reference.oracle.rules import STAGES, family, patience, source

Json = dict[str, Any]
PAIR = ("base", "converted", "conversion", "low", "high", "lost", "open", "so_far", "previous", "last_year")
Z = 1.959963984540054


@dataclass(frozen=True)
class Days:
    """A period, both days included."""

    first: date
    last: date

    def __contains__(self, on: object) -> bool:
        return isinstance(on, date) and self.first <= on <= self.last

    def is_month(self) -> bool:
        after = self.last + timedelta(days=1)
        return self.first.day == 1 and after == (self.first + timedelta(days=32)).replace(day=1)

    def before(self) -> "Days":
        """The whole period before: the month before a month, else as many days."""
        end = self.first - timedelta(days=1)
        if self.is_month():
            return Days(end.replace(day=1), end)
        return Days(end - (self.last - self.first), end)

    def year_before(self) -> "Days":
        return Days(_year_before(self.first), _year_before(self.last))

    def same_age(self, now: datetime, earlier: "Days") -> datetime:
        """The moment at which the earlier period was as old as this one is now."""
        return datetime.combine(earlier.first, time()) + (now - datetime.combine(self.first, time()))


def _year_before(on: date) -> date:
    try:
        return on.replace(year=on.year - 1)
    except ValueError:
        return on.replace(year=on.year - 1, day=28)


def wilson(reached: int, base: int) -> tuple[float | None, float | None]:
    if not base:
        return None, None
    share, square = reached / base, Z * Z
    middle = (share + square / (2 * base)) / (1 + square / base)
    half = Z / (1 + square / base) * sqrt(share * (1 - share) / base + square / (4 * base * base))
    return max(0.0, middle - half), min(1.0, middle + half)


class Seen:
    """All people and journeys of the scope as known at a moment."""

    def __init__(self, clinic: Clinic, now: datetime, branches: frozenset[str] = frozenset()) -> None:
        self.clinic, self.now, self.branches = clinic, now, branches

    @cached_property
    def people(self) -> list[Person]:
        return people(self.clinic, self.now, self.branches)

    @cached_property
    def of_person(self) -> list[list[Journey]]:
        return [journeys(person) for person in self.people]

    @cached_property
    def journeys(self) -> list[Journey]:
        return [journey for found in self.of_person for journey in found]

    def later(self, now: datetime) -> "Seen":
        return Seen(self.clinic, now, self.branches)

    def cohort(self, days: Days) -> list[Journey]:
        return [journey for journey in self.journeys if journey.began.date() in days]


# One journey


def before_or_at(journey: Journey, stage: str) -> bool:
    return STAGES.index(journey.entry) <= STAGES.index(stage)


def without_consult(journey: Journey) -> bool:
    return bool(journey.treatments()) and not journey.consults()


def not_suitable(journey: Journey) -> bool:
    """None agreed and the last consult is not suitable."""
    consults = journey.consults()
    return bool(consults) and not journey.agreements() and consults[-1].decision == "not_suitable"


def cancelled_by_clinic(journey: Journey) -> bool:
    """Not visited, and the reservation made last was called off by the clinic."""
    last = [booking for booking in journey.bookings if booking.state != "moved"][-1:]
    return not journey.steps and bool(last) and last[0].state == "cancelled_by_clinic"


def in_pair(journey: Journey, stage: str) -> bool:
    """Whether a journey is in the base of this stage → the next, ripe or not."""
    if stage not in journey.passed() or not before_or_at(journey, stage):
        return False
    if STAGES.index(stage) >= STAGES.index("visit") and without_consult(journey):
        return False
    if stage == "reservation" and cancelled_by_clinic(journey):
        return False
    return not (stage == "consult" and not_suitable(journey))


def ripe_from(journey: Journey, stage: str) -> datetime:
    if stage == "reservation":
        return journey.reserved_until() + patience(stage)
    return journey.passed()[stage] + patience(stage)


def staff_of(journey: Journey, stage: str) -> str | None:
    """Who a stage's first event belongs to."""
    match stage:
        case "inquiry":
            return journey.inquiries[0].staff if journey.inquiries else None
        case "reservation":
            return journey.bookings[0].row.staff if journey.bookings else None
        case "consult":
            return journey.consults()[0].staff if journey.consults() else None
        case "agreement":
            agreements = journey.agreements()
            row = agreements[0][1] if agreements else None
            return row.staff if isinstance(row, Consult) else None
        case "treatment":
            return journey.treatments()[0].staff if journey.treatments() else None
        case _:
            return None


def source_of(journey: Journey) -> str | None:
    asked = journey.inquiries[0].source if journey.inquiries else None
    patient = journey.person.patient
    if asked:
        return source(asked)
    return source(patient.source) if patient and journey.new else None


def families_of(journey: Journey) -> set[str | None]:
    """Decided for, else came for."""
    decided = [row.treatment for row in journey.consults() if row.decision in YES]
    decided += [row.treatment for row in journey.treatments()]
    names = {found for word in decided if (found := family(word))}
    return set(names or journey.families()) or {None}


def insured_of(journey: Journey) -> str | None:
    marks = {row.covered for row in journey.treatments()}
    for payment in journey.person.payments:
        numbered = payment.treatment_no or payment.course_no
        same_day = any(step.on == day(payment.paid_at) for step in journey.steps)
        if payment.amount <= 0:
            continue
        if journey._of_this(payment) or (not numbered and same_day):
            marks.add(payment.covered)
    marks.discard(None)
    if len(marks) == 2:
        return "both"
    return None if not marks else "covered" if marks == {True} else "non_covered"


Values = Callable[[Journey, str], Iterable[str | None]]
CUTS: dict[str, Values] = {
    "branch": lambda journey, stage: [journey.branch],
    "source": lambda journey, stage: [source_of(journey)],
    "treatment": lambda journey, stage: families_of(journey),
    "coordinator": lambda journey, stage: [staff_of(journey, stage)],
    "new": lambda journey, stage: ["new" if journey.new else "returning"],
    "insured": lambda journey, stage: [insured_of(journey)],
}
Where = Callable[[Journey, str], bool]


def everybody(journey: Journey, stage: str) -> bool:
    return True


def where_value(by: str, value: str | None) -> Where:
    return lambda journey, stage: value in set(CUTS[by](journey, stage))


# The cohort view


def so_far(found: list[Journey], earlier: str, stage: str, where: Where) -> Json:
    base = [row for row in found if in_pair(row, earlier) and where(row, earlier)]
    return share(base, [row for row in base if stage in row.passed()])


def share(base: list[Journey], converted: list[Journey]) -> Json:
    of = len(base)
    return {"base": of, "converted": len(converted), "conversion": len(converted) / of if of else None}


def pair(found: list[Journey], earlier: str, stage: str, now: datetime, where: Where) -> Json:
    here = [row for row in found if in_pair(row, earlier) and where(row, earlier)]
    base = [row for row in here if ripe_from(row, earlier) <= now]
    numbers = share(base, [row for row in base if stage in row.passed()])
    low, high = wilson(numbers["converted"], numbers["base"])
    return numbers | {
        "low": low,
        "high": high,
        "lost": numbers["base"] - numbers["converted"],
        "open": len(here) - len(base),
        "so_far": so_far(found, earlier, stage, where),
    }


def stages(seen: Seen, days: Days, where: Where = everybody) -> list[Json]:
    """The six stages, each with its pair and the same of the earlier periods at the same age."""
    found, rows = seen.cohort(days), []
    earlier = {"previous": days.before(), "last_year": days.year_before()}
    then = {key: seen_then(seen, days, other).cohort(other) for key, other in earlier.items()}
    for place, stage in enumerate(STAGES):
        row: Json = {
            "stage": stage,
            "count": sum(
                stage in each.passed() and before_or_at(each, stage) and where(each, stage) for each in found
            ),
            "entered": sum(each.entry == stage and where(each, stage) for each in found),
        }
        row |= dict.fromkeys(PAIR)
        if place:
            before = STAGES[place - 1]
            row |= pair(found, before, stage, seen.now, where)
            row |= {key: so_far(journeys, before, stage, where) for key, journeys in then.items()}
        rows.append(row)
    return rows


_CACHE: dict[tuple[int, datetime, frozenset[str]], Seen] = {}


def seen_then(seen: Seen, days: Days, earlier: Days) -> Seen:
    """The same clinic when the earlier period was as old as this one is now."""
    now = days.same_age(seen.now, earlier)
    key = (id(seen.clinic), now, seen.branches)
    return _CACHE.setdefault(key, seen.later(now))


def activity(seen: Seen, days: Days, where: Where = everybody) -> list[Json]:
    """What happened in the period, whenever it had begun."""
    rows = []
    for stage in STAGES:
        row: Json = {"stage": stage}
        row["count"], row["entered"] = happened(seen, days, stage, where)
        for key, earlier in (("previous", days.before()), ("last_year", days.year_before())):
            row[key] = happened(seen_then(seen, days, earlier), earlier, stage, where)[0]
        rows.append(row)
    return rows


def happened(seen: Seen, days: Days, stage: str, where: Where) -> tuple[int, int]:
    here = [
        row
        for row in seen.journeys
        if stage in row.passed()
        and before_or_at(row, stage)
        and row.passed()[stage].date() in days
        and where(row, stage)
    ]
    return len(here), sum(row.entry == stage for row in here)


# Beside the stages


def agreed_same_day(journey: Journey) -> bool:
    """Agreed on the day of the first consult."""
    passed = journey.passed()
    return "agreement" in passed and passed["agreement"].date() == passed["consult"].date()


def same_day(seen: Seen, days: Days) -> Json:
    def numbers(found: list[Journey]) -> Json:
        base = [row for row in found if in_pair(row, "consult")]
        return share(base, [row for row in base if agreed_same_day(row)])

    here = numbers(seen.cohort(days))
    low, high = wilson(here["converted"], here["base"])
    then = {
        key: numbers(seen_then(seen, days, other).cohort(other))
        for key, other in (("previous", days.before()), ("last_year", days.year_before()))
    }
    lost = here["base"] - here["converted"]
    return here | {"low": low, "high": high, "lost": lost, "open": 0, "so_far": here} | then


def outcomes(seen: Seen, days: Days, where: Where = everybody) -> list[Json]:
    """Return and referral, of the treated journeys that became ripe in the period."""
    rows = []
    for outcome, judged in (("return", returned), ("referral", referred)):
        verdicts = [
            verdict
            for found in seen.of_person
            for journey in found
            if journey.treatments() and where(journey, "treatment")
            for verdict in [judged(seen, found, journey, days)]
            if verdict is not None
        ]
        low, high = wilson(sum(verdicts), len(verdicts))
        rate = sum(verdicts) / len(verdicts) if verdicts else None
        rows.append(
            {
                "outcome": outcome,
                "ripe": len(verdicts),
                "reached": sum(verdicts),
                "rate": rate,
                "low": low,
                "high": high,
            }
        )
    return rows


def returned(seen: Seen, found: list[Journey], journey: Journey, days: Days) -> bool | None:
    """Whether the next journey had a consult or treatment by the churn date; None when not ripe."""
    last = max(day(row.done_at) for row in journey.treatments())
    dates = [
        churned
        for row in journey.treatments()
        if day(row.done_at) == last and (churned := churn_date(row)) is not None
    ]
    churned = max(dates, default=None)
    if churned is None or churned not in days or churned > seen.now.date():
        return None
    following = found[found.index(journey) + 1 :][:1]
    came = [day(row.held_at) for each in following for row in each.consults()]
    came += [day(row.done_at) for each in following for row in each.treatments()]
    return any(on <= churned for on in came)


def referred(seen: Seen, found: list[Journey], journey: Journey, days: Days) -> bool | None:
    """Whether somebody who names this patient first came within the days after the first treatment."""
    first = journey.passed()["treatment"]
    ripe = first + patience("referral")
    if ripe.date() not in days or ripe > seen.now:
        return None
    return any(first <= contact <= ripe for contact in first_contacts(seen, journey.person))


def first_contacts(seen: Seen, person: Person) -> list[datetime]:
    """The first contact of everybody who names this patient."""
    return [
        found[0].began
        for found in seen.of_person
        if found
        and (patient := found[0].person.patient) is not None
        and patient.referred_by == person.chart_no
        and patient.branch == person.branch
    ]


def funnel(
    clinic: Clinic, days: Days, now: datetime, by: str | None = None, branches: frozenset[str] = frozenset()
) -> Json:
    """The answer to `/funnel` as far as the definitions say it; cuts by value."""
    seen = Seen(clinic, now, branches)
    answer: Json = {"stages": stages(seen, days), "outcomes": outcomes(seen, days)}
    for key in ("new", "returning"):
        where = where_value("new", key)
        answer[key] = {"stages": stages(seen, days, where), "outcomes": outcomes(seen, days, where)}
    answer["same_day_agreement"] = same_day(seen, days)
    answer["without_consult"] = sum(without_consult(row) for row in seen.cohort(days))
    answer["late_entries"] = sum(row.entry != "inquiry" for row in seen.cohort(days))
    if by:
        answer["cuts"] = cuts(seen, days, by)
    return answer


def cuts(seen: Seen, days: Days, by: str) -> dict[str | None, Json]:
    values = {value for row in seen.journeys for stage in STAGES for value in CUTS[by](row, stage)}
    found: dict[str | None, Json] = {}
    for value in values:
        where = where_value(by, value)
        found[value] = {"stages": stages(seen, days, where), "outcomes": outcomes(seen, days, where)}
    return found

"""The funnel counted from the rows of the files alone, by a short way that holds for these rows only.

Nothing here knows the product. Whoever falls silent for more than a hundred days and comes back has begun
anew, and so has whoever comes back after a treatment that is done with: that is all there is to fold.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.story_data.names import BRANCHES, CHECK, CONTACTS, FAMILIES, NOW, SOURCES
from tests.story_data.shapes import Row

STAGES = ("inquiry", "reservation", "visit", "consult", "agreement", "treatment")
PATIENCE = {"inquiry": 14, "reservation": 14, "visit": 1, "consult": 30, "agreement": 60}
CUTS = ("branch", "source", "treatment", "coordinator", "new", "insured")
SILENT = timedelta(days=100)
CAME = ("다녀감", "수납까지")
STANDS = ("예약됨", None)
REFUSED = ("미동의", "부적합")
AGREED = ("동의", "일부동의")
NOT_CAME = ("취소함", "원내사정취소", "옮김")

Cells = dict[str, Any]


@dataclass
class Journey:
    """The rows of one way from a first contact to its end."""

    first_at: datetime
    entry: str
    branch: str
    is_new: bool
    person_source: str | None
    last_at: datetime
    inquiries: list[Cells] = field(default_factory=list)
    reservations: list[Cells] = field(default_factory=list)
    days: dict[date, datetime] = field(default_factory=dict)
    consults: list[Cells] = field(default_factory=list)
    treatments: list[Cells] = field(default_factory=list)
    courses: list[Cells] = field(default_factory=list)
    payments: list[Cells] = field(default_factory=list)

    def ended(self, on: date) -> bool:
        """Treated, and no sessions are left."""
        if not self.treatments:
            return False
        used = Counter(row["course_no"] for row in self.treatments)
        return not any(
            row["sessions"] > used[row["course_no"]] and row["valid_until"] >= on for row in self.courses
        )

    # ── the moments of the stages ────────────────────────────────────────────────────────────────

    @property
    def visit_at(self) -> datetime | None:
        return min(self.days.values(), default=None)

    @property
    def reservation_at(self) -> datetime | None:
        made = [row["made_at"] for row in self.reservations]
        return min((at for at in (*made, self.visit_at) if at is not None), default=None)

    @property
    def consult_at(self) -> datetime | None:
        return min((row["held_at"] for row in self.consults), default=None)

    @property
    def treatment_at(self) -> datetime | None:
        return min((row["done_at"] for row in self.treatments), default=None)

    def agreement(self) -> tuple[datetime, str | None] | None:
        """When it was agreed to, and to whom it was said; money says it to nobody."""
        consulted = self.consult_at
        if consulted is None:
            return None
        said = [
            (row["decided_at"] or row["held_at"], 0, row["staff"])
            for row in self.consults
            if row["decision"] in AGREED
        ]
        refused = any(row["decision"] in REFUSED for row in self.consults)
        for row in self.payments:
            numbered = row["treatment_no"] or row["course_no"]
            if row["paid_at"].date() >= consulted.date() and (numbered or not refused):
                said.append((max(row["paid_at"], consulted), 1, None))
        if not said:
            return None
        at, _, staff = min(said, key=lambda one: one[:2])
        return at, staff

    def passed(self, stage: str) -> bool:
        return self.at(stage) is not None

    def at(self, stage: str) -> datetime | None:
        match stage:
            case "inquiry":
                return self.first_at
            case "reservation":
                return self.reservation_at
            case "visit":
                return self.visit_at
            case "consult":
                return self.consult_at
            case "treatment":
                return self.treatment_at
            case _:
                agreed = self.agreement()
                return agreed[0] if agreed else None

    def in_pair(self, stage: str) -> bool:
        """Whether it passed the stage and stays in the base of what follows."""
        if not self.passed(stage):
            return False
        match stage:
            case "reservation":
                return bool(self.days) or not self.called_off_by_clinic()
            case "visit":
                return bool(self.consults) or not self.treatments
            case "consult":
                last = max(self.consults, key=lambda row: row["held_at"])
                return last["decision"] != "부적합" or self.agreement() is not None
            case _:
                return True

    def called_off_by_clinic(self) -> bool:
        standing = [row for row in self.reservations if row["status"] != "옮김"]
        last = max(standing, key=lambda row: row["made_at"], default=None)
        return last is not None and last["status"] == "원내사정취소"

    def ripens(self, stage: str) -> datetime:
        """The moment from which the patience of a stage is counted."""
        if stage != "reservation":
            at = self.at(stage)
            assert at is not None
            return at
        came = self.visit_at
        known = [row for row in self.reservations if came is None or row["made_at"] < came]
        standing = [row for row in known if row["status"] != "옮김"]
        ends = [row["status_at"] if row["status"] in NOT_CAME else row["starts_at"] for row in standing]
        last = max(ends, default=came)
        assert last is not None
        return last

    def is_ripe(self, stage: str) -> bool:
        return self.in_pair(stage) and self.ripens(stage) + timedelta(PATIENCE[stage]) <= NOW

    # ── what it is cut by ────────────────────────────────────────────────────────────────────────

    def values(self, by: str, stage: str) -> tuple[Any, ...]:
        """The values of a cut under which it counts; those of coordinators differ by stage."""
        match by:
            case "branch":
                return (self.branch,)
            case "source":
                asked = min(self.inquiries, key=lambda row: row["received_at"], default=None)
                word = (asked["source"] if asked else None) or (self.person_source if self.is_new else None)
                return (SOURCES[word] if word else None,)
            case "treatment":
                return tuple(sorted(self.families())) or (None,)
            case "new":
                return ("new" if self.is_new else "returning",)
            case "insured":
                payers = {row["covered"] for row in (*self.treatments, *self.payments) if row["covered"]}
                named = {"급여": "covered", "비급여": "non_covered"}
                return ("both",) if len(payers) > 1 else tuple(named[one] for one in payers) or (None,)
            case _:
                return (self.staff(stage),)

    def families(self) -> set[str]:
        decided = [row["treatment"] for row in (*self.treatments, *self.courses)]
        decided += [row["treatment"] for row in self.consults if row["decision"] in AGREED]
        came = [row["treatment"] for row in (*self.inquiries, *self.reservations, *self.consults)]
        return {FAMILIES[word] for word in decided} or {FAMILIES[word] for word in came if word}

    def staff(self, stage: str) -> Any:
        rows, moment = {
            "inquiry": (self.inquiries, "received_at"),
            "reservation": (self.reservations, "made_at"),
            "consult": (self.consults, "held_at"),
            "treatment": (self.treatments, "done_at"),
        }.get(stage, ([], ""))
        if stage == "agreement":
            agreed = self.agreement()
            return agreed[1] if agreed else None
        return min(rows, key=lambda row: row[moment])["staff"] if rows else None


Numbers = dict[str, Any]


def count(journeys: Iterable[Journey], by: str | None = None) -> dict[Any, Numbers]:
    """By value of a cut (None: one cell under ""): the numbers of each stage, and those without a consult."""
    cells: defaultdict[Any, Numbers] = defaultdict(_empty)
    for journey in journeys:

        def add(stage: str, name: str, journey: Journey = journey) -> None:
            for value in journey.values(by, stage) if by else ("",):
                cells[value][stage][name] += 1

        for place, stage in enumerate(STAGES):
            entered = STAGES.index(journey.entry)
            if entered == place:
                add(stage, "entered")
            if entered > place:
                continue
            if stage == "inquiry" or journey.passed(stage):
                add(stage, "count")
            if place + 1 < len(STAGES) and journey.in_pair(stage):
                went_on = journey.passed(STAGES[place + 1])
                ripe = journey.is_ripe(stage)
                add(stage, "base" if ripe else "open")
                add(stage, "so_base")
                if went_on:
                    add(stage, "so_converted")
                    if ripe:
                        add(stage, "converted")
    return dict(cells)


NAMES = ("count", "entered", "base", "converted", "open", "so_base", "so_converted")


def _empty() -> Numbers:
    return {stage: dict.fromkeys(NAMES, 0) for stage in STAGES}


# ── from rows to journeys ────────────────────────────────────────────────────────────────────────


@dataclass
class _Person:
    source: str | None = None
    first_visit_on: date | None = None
    inquiries: list[Cells] = field(default_factory=list)
    reservations: list[Cells] = field(default_factory=list)
    visits: list[Cells] = field(default_factory=list)
    consults: list[Cells] = field(default_factory=list)
    treatments: list[Cells] = field(default_factory=list)
    courses: list[Cells] = field(default_factory=list)
    payments: list[Cells] = field(default_factory=list)


def journeys(rows: dict[str, list[Row]]) -> list[Journey]:
    """Every journey that the rows tell of."""
    people: defaultdict[tuple[Any, ...], _Person] = defaultdict(_Person)
    by_name = {}
    for row in rows["patients"]:
        cells = row.cells
        key = (cells["branch"], cells["chart_no"])
        by_name[cells["name"], cells["phone"]] = key
        person = people[key]
        person.source, person.first_visit_on = cells["source"], cells["first_visit_on"]  # type: ignore[assignment]
    for kind in ("inquiries", "reservations", "visits", "consults", "treatments", "courses", "payments"):
        for row in rows[kind]:
            cells = row.cells
            named = (cells.get("name"), cells.get("phone"))
            known = (cells["branch"], cells["chart_no"])
            key = known if cells["chart_no"] else by_name.get(named, named)
            getattr(people[key], kind).append(cells)
    return [journey for person in people.values() for journey in _of_person(person)]


def _of_person(person: _Person) -> Iterator[Journey]:
    found: list[Journey] = []
    days = _days(person)
    seen = min([*days, *([person.first_visit_on] if person.first_visit_on else [])], default=None)
    for at, entry, take in sorted(_contacts(person, days), key=lambda one: one[0]):
        journey = found[-1] if found else None
        if journey is None or journey.ended(at.date()) or at - journey.last_at > SILENT:
            is_new = seen is None or seen >= at.date()
            journey = Journey(at, entry, "", is_new, person.source, last_at=at)
            found.append(journey)
        take(journey)
    for row in person.payments:
        _pay(found, row)
    yield from found


def _days(person: _Person) -> set[date]:
    """Every local day on which the person was here, for a check too."""
    moments = [row["arrived_at"] for row in person.visits]
    moments += [row["held_at"] for row in person.consults]
    moments += [row["done_at"] for row in person.treatments]
    moments += [row["starts_at"] for row in person.reservations if row["status"] in CAME]
    return {at.date() for at in moments}


def _contacts(
    person: _Person, days: Iterable[date]
) -> Iterator[tuple[datetime, str, Callable[[Journey], None]]]:
    """What may begin or go on with a journey: inquiries, reservations made, days at the clinic."""
    for row in person.inquiries:
        if row["kind"] in CONTACTS:
            yield row["received_at"], "inquiry", lambda to, row=row: _inquire(to, row)  # type: ignore[misc]
    for row in person.reservations:
        yield row["made_at"], "reservation", lambda to, row=row: _reserve(to, row)  # type: ignore[misc]
    for on in days:
        visits = [row for row in person.visits if row["arrived_at"].date() == on]
        consults = [row for row in person.consults if row["held_at"].date() == on]
        done = [row for row in person.treatments if row["done_at"].date() == on]
        real = [row for row in done if row["treatment"] != CHECK]
        if done and not real and not consults:
            continue
        courses = [row for row in person.courses if row["bought_on"] == on]
        moments = [row["arrived_at"] for row in visits] + [row["held_at"] for row in consults]
        moments += [row["done_at"] for row in real]
        kept = [row for row in person.reservations if row["starts_at"].date() == on]
        at = min(moments or [row["status_at"] or row["starts_at"] for row in kept if row["status"] in CAME])
        rows = (visits or kept, consults, real, courses)
        yield at, "visit", lambda to, at=at, rows=rows: _come(to, at, *rows)  # type: ignore[misc]


def _inquire(journey: Journey, row: Cells) -> None:
    journey.inquiries.append(row)
    _go_on(journey, row, row["received_at"])


def _reserve(journey: Journey, row: Cells) -> None:
    journey.reservations.append(row)
    called_off = row["status"] in NOT_CAME
    _go_on(journey, row, row["made_at"], row["status_at"] if called_off else row["starts_at"])


def _come(
    journey: Journey,
    at: datetime,
    arrived: list[Cells],
    consults: list[Cells],
    treatments: list[Cells],
    courses: list[Cells],
) -> None:
    journey.days[at.date()] = at
    journey.consults += consults
    journey.treatments += treatments
    journey.courses += courses
    later = [row["decided_at"] for row in consults if row["decided_at"]]
    _go_on(journey, (*arrived, *consults, *treatments)[0], at, *later)


def _go_on(journey: Journey, row: Cells, *moments: datetime) -> None:
    if not journey.branch:
        journey.branch = next(slug for slug, name in BRANCHES.items() if name == row["branch"])
    journey.last_at = max(journey.last_at, *moments)


def _pay(found: list[Journey], row: Cells) -> None:
    """A payment is of the treatment or course it names, else of the visit of its day."""
    if row["amount"] <= 0:
        return
    for journey in found:
        if row["treatment_no"] or row["course_no"]:
            treated = {one["treatment_no"] for one in journey.treatments}
            bought = {one["course_no"] for one in journey.courses}
            if row["treatment_no"] in treated or (row["course_no"] and row["course_no"] in bought):
                journey.payments.append(row)
                return
        elif row["paid_at"].date() in journey.days:
            journey.payments.append(row)
            return

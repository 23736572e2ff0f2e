"""A journey as it stands at a moment: what it passed, when, of whom."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import sqrt
from typing import Any

from crm_core.policy.policy import Policy
from tests.reference.clinic import Clinic, Reservation
from tests.reference.facts import Person, people_at
from tests.reference.fold import AGREED, STAGES, Journey, fold, patience

Z = 1.959963984540054
Json = dict[str, Any]


def wilson(hits: int, of: int) -> tuple[float | None, float | None]:
    """The 95 % interval after Wilson; nobody can say of nothing."""
    if of == 0:
        return None, None
    share = hits / of
    middle = share + Z * Z / (2 * of)
    spread = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    below = 1 + Z * Z / of
    return max(0.0, (middle - spread) / below), min(1.0, (middle + spread) / below)


def share(hits: int, of: int) -> float | None:
    return hits / of if of else None


@dataclass(frozen=True, eq=False)
class Seen:
    """A journey as it stands at `now`, each stage looked at once."""

    journey: Journey
    number: int  # its place among the journeys of its person
    now: datetime

    @property
    def person(self) -> Person:
        return self.journey.person

    @cached_property
    def agreed_at(self) -> datetime | None:
        return self.journey.agreement_at(self.now)

    @cached_property
    def is_new(self) -> bool:
        """No visit lies before the first contact; the same day is not before (reading 2)."""
        visits = list(self.person.visit_days(self.now))
        if self.person.row and self.person.row.first_visit_on:
            visits.append(self.person.row.first_visit_on)
        return not any(day < self.journey.first_at.date() for day in visits)

    @cached_property
    def source(self) -> str | None:
        """That of its first inquiry, else (new only) the patient's (reading 9)."""
        policy = self.person.policy
        inquiries = sorted(
            self.journey.inquiries,
            key=lambda row: (self.person.moment(row.received_at), row.inquiry_no or ""),
        )
        if inquiries and inquiries[0].source:
            return policy.source_slug(inquiries[0].source)
        if self.is_new and self.person.row and self.person.row.source:
            return policy.source_slug(self.person.row.source)
        return None

    @cached_property
    def families(self) -> set[str]:
        """*Decided for*, else *came for* (reading 9)."""
        person, journey = self.person, self.journey
        decided = [person.family(row.treatment) for row in journey.treatments]
        decided += [person.family(row.treatment) for row in journey.courses]
        decided += [
            person.family(row.treatment)
            for row in journey.consults
            if person.decision(row, self.now) in AGREED
        ]
        known = {family for family in decided if family}
        return known or journey.families()

    @cached_property
    def first_treated(self) -> datetime | None:
        moments = [self.person.moment(row.done_at) for row in self.journey.treatments]
        return min(moments, default=None)

    # ── stages ───────────────────────────────────────────────────────────────────────────────────

    def passed(self, stage: str) -> bool:
        """Reservation and visit are implied by what came later; consult and agreement never are."""
        journey = self.journey
        match stage:
            case "inquiry":
                return bool(journey.inquiries)
            case "reservation":
                return bool(journey.reservations or journey.days)
            case "visit":
                return bool(journey.days)
            case "consult":
                return bool(journey.consults)
            case "agreement":
                return self.agreed_at is not None
            case _:
                return bool(journey.treatments)

    def entered_by(self, stage: str) -> bool:
        return STAGES.index(self.journey.entry) <= STAGES.index(stage)

    @cached_property
    def without_consult(self) -> bool:
        return self.passed("treatment") and not self.passed("consult")

    def in_pair(self, earlier: str, later: str) -> bool:
        """Whether it belongs to a pair of neighbours, ripe or not."""
        if not (self.entered_by(earlier) and self.passed(earlier)):
            return False
        if earlier in ("visit", "consult", "agreement") and self.without_consult:
            return False
        if earlier == "reservation" and not self.passed(later):
            return not self.cancelled_by_clinic()
        if earlier == "consult" and not self.passed(later):
            last = self.journey.consults[-1]
            return self.person.decision(last, self.now) != "not_suitable"
        return True

    def cancelled_by_clinic(self) -> bool:
        numbers = {row.reservation_no for row in self.journey.reservations}
        standing = [
            row
            for row in self.journey.reservations
            if self.person.state(row, self.now) != "moved" or row.moved_to not in numbers
        ]
        if not standing:
            return False
        last = max(standing, key=lambda row: (self.person.own_moment(row), row.reservation_no))
        return self.person.state(last, self.now) == "cancelled_by_clinic"

    def reached_at(self, stage: str) -> datetime:
        """The moment from which the patience of a passed stage counts (reading 4)."""
        journey, person = self.journey, self.person
        visited = journey.visit_at()
        match stage:
            case "inquiry":
                return min(person.moment(row.received_at) for row in journey.inquiries)
            case "reservation":
                rows = [
                    row
                    for row in journey.reservations
                    if visited is None or person.own_moment(row) <= visited or self.kept(row)
                ]
                before = self.now if visited is None else min(self.now, visited)
                reserved = journey.reserved_until(rows, before)
                moment = visited if reserved is None else reserved
                assert moment is not None
                return moment
            case "visit":
                assert visited is not None
                return visited
            case "consult":
                return min(person.moment(row.held_at) for row in journey.consults)
            case _:
                assert self.agreed_at is not None
                return self.agreed_at

    def placed(self, reservation: Reservation) -> datetime:
        """Its own moment, never later than the visit that kept it."""
        kept = [day.at for day in self.journey.days if reservation in day.kept]
        return min([self.person.own_moment(reservation), *kept])

    def kept(self, reservation: Reservation) -> bool:
        visited = self.journey.visit_at()
        day = next(day for day in self.journey.days if day.came_at == visited)
        return reservation in day.kept

    def is_ripe(self, stage: str) -> bool:
        return self.reached_at(stage) + patience(self.person, stage) <= self.now

    def staff(self, stage: str) -> str | None:
        """The staff of the stage's first event; nobody where it has none or none is recorded."""
        journey, person = self.journey, self.person
        rows: list[tuple[datetime, str, str | None]]
        match stage:
            case "inquiry":
                rows = [
                    (person.moment(row.received_at), row.inquiry_no or "", row.staff)
                    for row in journey.inquiries
                ]
            case "reservation":
                rows = [(self.placed(row), row.reservation_no, row.staff) for row in journey.reservations]
            case "visit":
                rows = []
            case "consult":
                rows = [
                    (person.moment(row.held_at), row.consult_no or "", row.staff) for row in journey.consults
                ]
            case "agreement":
                rows = [
                    (person.decided(row), row.consult_no or "", row.staff)
                    for row in journey.consults
                    if person.decision(row, self.now) in AGREED and person.decided(row) == self.agreed_at
                ]
            case _:
                rows = [
                    (person.moment(row.done_at), row.treatment_no or "", row.staff)
                    for row in journey.treatments
                ]
        return min(rows, key=lambda row: row[:2])[2] if rows else None


def seen_at(clinic: Clinic, now: datetime, policy: Policy) -> list[Seen]:
    """Every journey of every person as known at a moment."""
    return [
        Seen(journey, number, now)
        for person in people_at(clinic, now, policy)
        for number, journey in enumerate(fold(person, now))
    ]

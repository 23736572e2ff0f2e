"""What a number is made of: cases that are in it or out of it, each under the values of its cuts."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.reference.oracle.funnel import Days, Seen
from tests.reference.oracle.people import Person
from tests.reference.oracle.rules import WEEKDAYS, source

Json = dict[str, Any]
Value = str | None


@dataclass(frozen=True)
class Case:
    """One case: what it adds above and below the line, or why it is in no part of the number."""

    hit: float = 0
    base: float = 1
    out: str | None = None
    cuts: Mapping[str, Iterable[Value]] = field(default_factory=dict)


Count = Callable[[Seen, Days], list[Case]]


def total(cases: Iterable[Case]) -> Json:
    """The numerator, the denominator and what is out, by reason."""
    cases = list(cases)
    inside = [case for case in cases if case.out is None]
    return {
        "numerator": sum(case.hit for case in inside),
        "denominator": sum(case.base for case in inside),
        "out": dict(Counter(case.out for case in cases if case.out)),
    }


def by_value(cases: Iterable[Case], by: str) -> dict[Value, Json]:
    """The same for each value of a cut; a case stands under each of its values."""
    cases = list(cases)
    values = {value for case in cases for value in case.cuts.get(by, [])}
    return {value: total(case for case in cases if value in list(case.cuts.get(by, []))) for value in values}


def weekday(on: date) -> str:
    return WEEKDAYS[on.weekday()]


def patient_source(person: Person) -> Value:
    return source(person.patient.source) if person.patient else None


def common(person: Person, on: date | None = None) -> dict[str, Iterable[Value]]:
    """The cuts that every case of a person has."""
    cuts: dict[str, Iterable[Value]] = {"branch": [person.branch], "source": [patient_source(person)]}
    if on:
        cuts["weekday"] = [weekday(on)]
    return cuts

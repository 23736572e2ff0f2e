"""How every number of the catalogue is counted: cases with a day, a cut value and a part.

One select lists the cases of a period; grouped it is the number, filtered it is the people behind
it, so the two cannot disagree. What is asked is an `Ask`; a case stands in one part of its number.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import (
    Date,
    Integer,
    Interval,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
)
from sqlmodel import Session, col

from crm_core.kpi.kpi import Figure, KpiCut
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.facts import Payment

Value = str | int | None
T = TypeVar("T")
HIT, MISS, YOUNG = "hit", "miss", "too_early"
NOTHING: Any = null()
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Ask:
    """What a count looks at; `now` is the moment it is seen at, facts dated later are not known."""

    db: Session
    scope: Scope
    now: datetime
    policy: Policy
    by: KpiCut | None = None
    memory: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def branches(self) -> tuple[str, ...]:
        return self.scope.branches

    @property
    def period(self) -> Period:
        return self.scope.period

    def during(self, period: Period, now: datetime) -> "Ask":
        """The same of another period, seen at another moment."""
        return replace(self, scope=replace(self.scope, period=period), now=now)

    def once(self, name: str, make: "Callable[[Ask], T]") -> "T":
        """What several numbers of one question need, read once for its period and moment."""
        key = name, self.period, self.now
        if key not in self.memory:
            self.memory[key] = make(self)
        found: T = self.memory[key]
        return found

    @property
    def today(self) -> date:
        """The local date of the first branch."""
        return self.policy.branch(self.branches[0]).today(self.now)

    def before(self, days: int) -> date:
        return self.today - timedelta(days)


@dataclass(frozen=True)
class Row:
    """One case: whose, on which day it counts, under which value of the cut, in which part."""

    patient_id: int | None
    on: date
    value: Value
    part: str
    amount: int = 1


@dataclass(frozen=True)
class Cell:
    """Cases of one value, day and part; `amount` is their number, or their money."""

    value: Value
    on: date
    part: str
    amount: int


class Source(Protocol):
    """Where the cases of a number come from."""

    def cells(self, ask: Ask) -> Iterable[Cell]:
        """The cases counted."""
        ...

    def people(self, ask: Ask) -> Iterable[Row]:
        """The cases themselves; those of nobody known have no patient."""
        ...

    def known(self, ask: Ask) -> str | None:
        """Why nobody can say, as one word; None where there are facts to count."""
        ...


def always(_ask: Ask) -> str | None:
    return None


@dataclass(frozen=True)
class Found:
    """A figure, and what stands beside its base."""

    figure: Figure
    out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Figured:
    """A source whose number is no sum of cases: a median, an amount for each patient, a factor.
    `figures` gives it by cut value; without a cut the one of None."""

    figures: Callable[[Ask], Mapping[Value, Found]]
    why: Callable[[Ask], str | None] = always

    def known(self, ask: Ask) -> str | None:
        return self.why(ask)


@dataclass(frozen=True)
class SqlRows:
    """Cases listed by one select with the columns patient_id, day, value, part and perhaps amount."""

    statement: Callable[[Ask], Any]
    why: Callable[[Ask], str | None] = always

    def cells(self, ask: Ask) -> Iterable[Cell]:
        """Counted by value, day and part: dozens of rows, whatever the clinic's size."""
        columns = self.statement(ask).subquery().c
        amount = func.sum(columns.amount) if "amount" in columns else func.count()
        keys = (columns.value, columns.day, columns.part)
        for value, on, part, number in ask.db.execute(select(*keys, amount).group_by(*keys)):
            for one in _each(value, ask):
                yield Cell(one, on, part, int(number))

    def people(self, ask: Ask) -> Iterable[Row]:
        columns = self.statement(ask).subquery().c
        asked = select(columns.patient_id, columns.day, columns.value, columns.part)
        for patient_id, on, value, part in ask.db.execute(asked.order_by(columns.day, columns.patient_id)):
            for one in _each(value, ask):
                yield Row(patient_id, on, one, part)

    def known(self, ask: Ask) -> str | None:
        return self.why(ask)


def _each(value: Value, ask: Ask) -> Iterable[Value]:
    """A case of several families, joined by "|", counts under each of them."""
    if ask.by is KpiCut.TREATMENT and isinstance(value, str) and "|" in value:
        return value.split("|")
    return (value,)


@dataclass(frozen=True)
class Cases:
    """Cases that are few and judged one by one in Python."""

    rows: Callable[[Ask], Iterable[Row]]
    why: Callable[[Ask], str | None] = always

    def cells(self, ask: Ask) -> Iterable[Cell]:
        for row in self.rows(ask):
            yield Cell(row.value, row.on, row.part, row.amount)

    def people(self, ask: Ask) -> Iterable[Row]:
        return self.rows(ask)

    def known(self, ask: Ask) -> str | None:
        return self.why(ask)


def family_of(policy: Policy, column: Any) -> Any:
    """The family of a treatment column; an unknown treatment is a family of its own (reading 18)."""
    whens = {slug: one.family for slug, one in policy.treatments.items() if one.family != slug}
    return case(whens, value=column, else_=column) if whens else column


def checks(policy: Policy) -> list[str]:
    """Treatments that are a follow-up check or retouch: no treatment for a number."""
    return [slug for slug, one in policy.treatments.items() if one.check]


def is_new(column: Any) -> Any:
    """`new` or `returning` from a condition."""
    return case((column, literal("new")), else_=literal("returning"))


def insured(column: Any) -> Any:
    """`covered`, `non_covered` or nothing from a nullable column of yes and no."""
    return case(
        (column.is_(True), literal("covered")),
        (column.is_(False), literal("non_covered")),
        else_=NOTHING,
    )


def plus_days(db: Session, column: Any, days: Any) -> Any:
    """A date some days later; `days` is a number or an expression."""
    if db.get_bind().dialect.name == "postgresql":
        return type_coerce(column.op("+")(cast(days, Integer)), Date)
    return type_coerce(func.date(column, cast(days, String).concat(" days")), Date)


def within_days(db: Session, earlier: Any, later: Any, days: int) -> Any:
    """Whether a moment came at most so many times 24 hours after another."""
    if db.get_bind().dialect.name == "postgresql":
        return earlier.op("+")(cast(f"{days} days", Interval)) >= later
    limit = func.strftime("%Y-%m-%d %H:%M:%f", earlier, f"+{days} days", type_=String).concat("000")
    return limit >= type_coerce(later, String)


def has_payments(ask: Ask) -> str | None:
    """`no_payments` where the branches gave none up to the end of the period, as far as is known at `now`:
    then no answer shows money."""
    of_branches, in_time = col(Payment.branch).in_(ask.branches), col(Payment.paid_on) <= ask.period.last
    found = select(col(Payment.id)).where(of_branches, in_time, col(Payment.paid_at) <= ask.now).limit(1)
    return None if ask.db.execute(found).first() else "no_payments"


def as_text(column: Any) -> Any:
    """An enum column as the text it is stored as."""
    return type_coerce(column, String)

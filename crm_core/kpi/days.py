"""Local days as moments: whether something kept as a moment happened on the days of a period."""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, or_, type_coerce
from sqlmodel import col

from crm_core.kpi.conditions import Condition, Table
from crm_core.kpi.counts import Seen
from crm_core.tables.journey import Instant

_DAY = 86_400_000_000  # microseconds


def bounds(seen: Seen) -> dict[tuple[datetime, datetime], list[str]]:
    """The first moment of the period and the first after it, and the branches whose clock says so."""
    found: defaultdict[tuple[datetime, datetime], list[str]] = defaultdict(list)
    for slug in seen.branches:
        branch = seen.policy.branch(slug)
        first = branch.at(seen.period.first, time()).astimezone(UTC)
        after = branch.at(seen.period.last + timedelta(1), time()).astimezone(UTC)
        found[first, after].append(slug)
    return dict(found)


def windows(seen: Seen) -> list[dict[str, Any]]:
    """The values of a kept statement, once for each clock of the branches: a period as moments, cut off at
    the moment it is seen at."""
    return [
        {
            "branches": slugs,
            "first": first,
            "until": min(after, seen.at + timedelta(microseconds=1)),
            "last_on": seen.period.last,
            "at": seen.at,
        }
        for (first, after), slugs in bounds(seen).items()
    ]


def in_window(column: Any) -> Condition:
    """A moment of the window; its values are those of `windows`."""
    return and_(column >= bindparam("first", type_=Instant()), column < bindparam("until", type_=Instant()))


def touches_window(table: Table) -> Condition:
    """Of the window's branches, and not over before it or begun after it: an index finds these."""
    return and_(
        col(table.branch).in_(bindparam("branches", expanding=True)),
        col(table.last_at) >= bindparam("first", type_=Instant()),
        col(table.first_on) <= bindparam("last_on"),
    )


def happened(table: Table, seen: Seen, column: Any) -> Condition:
    """In one of the branches, on a day of the period by its clock, and not after the moment it is seen at."""
    parts = [
        and_(
            col(table.branch).in_(window["branches"]),
            col(table.last_at) >= window["first"],
            col(table.first_on) <= window["last_on"],
            column >= window["first"],
            column < window["until"],
        )
        for window in windows(seen)
    ]
    return or_(*parts)


def days_between(earlier: Any, later: Any, days: int) -> Condition:
    """Whether `later` came at most this many days after `earlier`; both are moments of a journey."""
    between = type_coerce(later, BigInteger) - type_coerce(earlier, BigInteger)
    within: Condition = between <= days * _DAY
    return within

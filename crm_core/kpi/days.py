"""Local days as moments: whether something kept as a moment happened on the days of a period."""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, and_, or_, type_coerce
from sqlmodel import col

from crm_core.kpi.conditions import Condition, Table
from crm_core.kpi.counts import Seen

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


def happened(table: Table, column: Any, seen: Seen) -> Condition:
    """In one of the branches, on a day of the period by its clock, and not after the moment it is seen at.

    A journey that ended before the period, or began after it, had none in it: an index finds the others.
    """
    parts = [
        and_(
            col(table.branch).in_(slugs),
            col(table.last_at) >= first,
            col(table.first_on) <= seen.period.last,
            column >= first,
            column < after,
        )
        for (first, after), slugs in bounds(seen).items()
    ]
    return and_(or_(*parts), column <= seen.at)


def days_between(earlier: Any, later: Any, days: int) -> Condition:
    """Whether `later` came at most this many days after `earlier`; both are moments of a journey."""
    between = type_coerce(later, BigInteger) - type_coerce(earlier, BigInteger)
    within: Condition = between <= days * _DAY
    return within

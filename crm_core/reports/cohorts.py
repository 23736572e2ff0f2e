"""Returns by monthly cohort: of the journeys treated in a month, how many had come back by each month after.

The last column that is full is the cohort's 재내원율 (definitions.md §1.1): the same journeys, the same
returns, read month by month.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.kpi.conditions import AsOf
from crm_core.kpi.counts import TABLES
from crm_core.kpi.kpi import Share
from crm_core.period import Period, months_before
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope

COHORTS = 12  # months shown
MONTHS = 12  # months after the treatment


@dataclass(frozen=True)
class CohortMap:
    """`cells[month][n]`: returned within n months of that month's treated journeys; None where not all of
    them are that old yet. `treated` counts the journeys of each month."""

    months: tuple[date, ...]
    treated: Mapping[date, int]
    cells: Mapping[date, tuple[Share | None, ...]]


def returns_by_cohort(db: Session, scope: Scope, policy: Policy, now: datetime) -> CohortMap:
    """The last twelve months before the one of the scope's last day, as known at `now`.

    Journeys whose treatments call for no return are left out, as in 재내원율.
    """
    today = policy.branch(scope.branches[0]).today(now)
    last = min(scope.period.last, today).replace(day=1)
    months = tuple(months_before(last, back) for back in range(COHORTS, 0, -1))
    whole = Period(months[0], last - timedelta(1))
    frame = _treated(db, scope, policy, now, whole)
    cohort = pd.to_datetime(frame["treated_on"]).dt.to_period("M")
    waited = (pd.to_datetime(frame["returned_on"]) - pd.to_datetime(frame["treated_on"])).dt.days
    treated: dict[date, int] = {}
    cells: dict[date, tuple[Share | None, ...]] = {}
    for month in months:
        mine = cohort == pd.Period(month, "M")
        number = int(frame.loc[mine, "number"].sum())
        treated[month] = number
        cells[month] = tuple(
            Share(int(frame.loc[mine & (waited <= _days(after)), "number"].sum()), number)
            if number and Period.month(month.year, month.month).last + timedelta(_days(after)) <= today
            else None
            for after in range(1, MONTHS + 1)
        )
    return CohortMap(months, treated, cells)


def _days(months: int) -> int:
    """So many months after a treatment, in days: the same for every cohort."""
    return months * 365 // 12


def _treated(db: Session, scope: Scope, policy: Policy, now: datetime, period: Period) -> pd.DataFrame:
    """Treated journeys by last treatment day and day of return: numbers, not journeys."""
    zone = policy.branch(scope.branches[0]).tz
    rows: list[tuple[date, date | None, int]] = []
    for table in TABLES:
        as_of = AsOf.moment(table, now, policy.patience)
        statement = (
            select(col(table.last_treatment_on), col(table.returned_at), func.count())
            .where(
                col(table.branch).in_(scope.branches),
                col(table.return_due_on).is_not(None),
                col(table.return_due_on) >= period.first,
                col(table.last_treatment_on).between(period.first, period.last),
                as_of.known,
            )
            .group_by(col(table.last_treatment_on), col(table.returned_at))
        )
        for treated_on, returned_at, number in db.execute(statement):
            known = returned_at is not None and returned_at <= now
            rows.append((treated_on, returned_at.astimezone(zone).date() if known else None, number))
    return pd.DataFrame(rows, columns=["treated_on", "returned_on", "number"])

"""Bars 2, 3 and 5: every month and branch, a period stage by stage, everybody who is gone."""

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
from sqlmodel import Session

from benchmarks.bars import line
from benchmarks.baseline import NAME, Baseline
from benchmarks.clinic import DAY, NOW, Clinic, rules
from benchmarks.timing import Line, interleaved
from crm_core.churn.queries import churned_patients
from crm_core.kpi import counts
from crm_core.kpi.activity import ActivityReport, activity
from crm_core.kpi.conditions import PAIRS
from crm_core.kpi.counts import JourneyCut, Seen
from crm_core.kpi.funnel import same_age, zone_start
from crm_core.period import Period, months_before
from crm_core.policy.policy import Policy
from crm_core.staff.access import system_scope

MONTHS = 36
ROUNDS = 5
ALL_MONTHS_LIMIT, PERIOD_LIMIT, PANDAS_LIMIT, BACKLOG_LIMIT = 1.5, 4.0, 0.1, 4.0
Counted = dict[tuple[int, str], tuple[int, ...]]


def all_months(db: Session, clinic: Clinic, policy: Policy) -> list[Line]:
    """Bar 2: the cohorts of three years by month and branch, as they stand now."""
    first = DAY.replace(day=1)
    months = [months_before(first, back) for back in range(MONTHS - 1, -1, -1)]
    periods = [Period.month(month.year, month.month) for month in months]
    scope = system_scope(policy, periods[-1])
    starts = [zone_start(period, scope, policy) for period in periods]
    ends = [*starts[1:], NOW + timedelta(microseconds=1)]

    def ours() -> Counted:
        found: Counted = {}
        for place, period in enumerate(periods):
            seen = Seen(scope.branches, period, NOW, policy)
            for branch, numbers in _by_branch(counts.cohort(db, seen, cut=JourneyCut.BRANCH, whole=False)):
                found[place, branch] = numbers
        return found

    base = Baseline(clinic.parquet)

    def theirs() -> Counted:
        return base.all_months(list(zip(starts, ends, strict=True)), NOW)

    if ours() != theirs():
        raise AssertionError("the funnels of all months differ")
    took = interleaved({"dasi": ours, "duckdb": theirs}, ROUNDS)
    base.close()
    return [
        line(f"2 {MONTHS} months × branches", clinic, took["dasi"], took["duckdb"], ALL_MONTHS_LIMIT, NAME)
    ]


def _by_branch(rows: list[counts.CohortRow]) -> list[tuple[str, tuple[int, ...]]]:
    """Passed each stage, by branch: everybody of this clinic came in by inquiry."""
    names = [counts.ALL, *(counts.of_pair(stage, "so_converted") for stage, _ in PAIRS)]
    found: dict[str, list[int]] = {}
    for row in rows:
        mine = found.setdefault(str(row.value), [0] * len(names))
        for place, name in enumerate(names):
            mine[place] += row.numbers[name]
    return [(branch, tuple(numbers)) for branch, numbers in found.items()]


def by_stage(db: Session, clinic: Clinic, policy: Policy) -> list[Line]:
    """Bar 3: the activity view of the month, with the month before and last year at the same age."""
    period = Period.month(DAY.year, DAY.month)
    scope = system_scope(policy, period)
    seen = [(zone_start(period, scope, policy), NOW)]
    seen += [
        (zone_start(one, scope, policy), same_age(period, one, scope, policy, NOW))
        for one in (period.previous(), period.last_year())
    ]
    base = Baseline(clinic.parquet)
    ours = _three(activity(db, scope, policy, NOW))
    theirs = [base.in_period(*moments) for moments in seen]
    if ours != theirs or theirs != in_pandas(clinic.parquet, seen):
        raise AssertionError(f"the stages of the month differ: {ours} and {theirs}")
    took = interleaved(
        {
            "dasi": lambda: activity(db, scope, policy, NOW),
            "duckdb": lambda: [base.in_period(*moments) for moments in seen],
            "pandas": lambda: in_pandas(clinic.parquet, seen),
        },
        ROUNDS,
    )
    base.close()
    return [
        line("3 period by stage", clinic, took["dasi"], took["duckdb"], PERIOD_LIMIT, NAME),
        line(
            "3 period by stage",
            clinic,
            took["dasi"],
            took["pandas"],
            PANDAS_LIMIT,
            f"pandas {pd.__version__} on CSV",
        ),
    ]


def _three(report: ActivityReport) -> list[tuple[int, ...]]:
    lines = report.all.lines
    return [
        tuple(one.count for one in lines),
        tuple(one.previous for one in lines),
        tuple(one.last_year for one in lines),
    ]


def in_pandas(folder: Path, seen: list[tuple[datetime, datetime]]) -> list[tuple[int, ...]]:
    """The naive way: read the export, then filter and group."""
    events = pd.read_csv(folder / "events.csv")
    found = []
    for since, until in seen:
        first, last = int(since.timestamp() * 1e6), int(until.timestamp() * 1e6)
        numbers = events[events["at"].between(first, last)].groupby("stage")["journey_id"].nunique()
        found.append(tuple(int(numbers.get(stage, 0)) for stage in range(1, 7)))
    return found


def backlog(db: Session, clinic: Clinic, policy: Policy) -> list[Line]:
    """Bar 5: every churned patient, however long ago."""
    scope = system_scope(policy, Period(DAY, DAY))
    base = Baseline(clinic.parquet)
    given = rules(policy)
    ours, theirs = churned_patients(db, scope, policy, DAY, NOW), base.backlog(given, DAY)
    if ours != theirs:
        raise AssertionError(f"the backlogs differ: {len(ours)} and {len(theirs)} patients")
    took = interleaved(
        {
            "dasi": lambda: churned_patients(db, scope, policy, DAY, NOW),
            "duckdb": lambda: base.backlog(given, DAY),
        },
        ROUNDS,
    )
    base.close()
    return [
        line(f"5 backlog ({len(ours):,} people)", clinic, took["dasi"], took["duckdb"], BACKLOG_LIMIT, NAME)
    ]

"""The bars on time: this month's funnel, and the daily list of who should be back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from benchmarks.baseline import NAME, Baseline
from benchmarks.clinic import DAY, NOW, Clinic, rules
from benchmarks.timing import Line, interleaved, milliseconds
from bot.database import open_engine
from bot.transaction import reading
from crm_core.churn.queries import due_list
from crm_core.churn.treatments import lines_of
from crm_core.kpi.funnel import funnel
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.privacy import Vault
from crm_core.staff.access import system_scope
from crm_core.tables.journey import RecallDue

MILLION = 1_000_000
ROUNDS = 9
FUNNEL_LIMIT = 0.25
GROWTH_LIMIT = 2.5
DUE_LIMIT = 0.1
_SAMPLE = 500


@contextmanager
def opened(clinic: Clinic) -> Iterator[Session]:
    engine = open_engine(clinic.url, Vault.from_key(clinic.vault_key))
    with reading(engine) as db:
        yield db
    engine.dispose()


def ledger_agrees(db: Session, policy: Policy) -> None:
    """The ledger that was written in bulk is the one the product makes of the same treatments."""
    ids = list(range(1, _SAMPLE + 1))
    folded = {
        (patient, line.family, line.last_on, line.due_on, line.churned_on, line.lapsed_until)
        for patient, lines in lines_of(db, policy, ids)
        for line in lines
    }
    columns = (
        RecallDue.patient_id,
        RecallDue.family,
        RecallDue.last_on,
        RecallDue.due_on,
        RecallDue.churned_on,
        RecallDue.lapsed_until,
    )
    stored = db.execute(select(*(col(one) for one in columns)).where(col(RecallDue.patient_id) <= _SAMPLE))
    if folded != {tuple(row) for row in stored}:
        raise AssertionError("the generated ledger is not the one Dasi makes of these treatments")


def this_month(db: Session, clinic: Clinic, policy: Policy) -> list[Line]:
    """Bar 1. Ours also counts the month before, the year before, the outcomes and both funnels."""
    scope = system_scope(policy, Period.month(DAY.year, DAY.month))
    since = datetime(DAY.year, DAY.month, 1, tzinfo=NOW.tzinfo).astimezone(UTC)
    base = Baseline(clinic.parquet)
    ours = tuple(line.count for line in funnel(db, scope, policy, NOW).all.stages)
    for answer in (base.in_order(since, NOW), base.in_one_scan(since, NOW)):
        if answer != ours:
            raise AssertionError(f"the funnels differ: {ours} and {answer}")
    print(f"  funnel of the month, equal in all three: {' → '.join(map(str, ours))}")
    took = interleaved(
        {
            "dasi": lambda: funnel(db, scope, policy, NOW),
            "in order": lambda: base.in_order(since, NOW),
            "one scan": lambda: base.in_one_scan(since, NOW),
        },
        ROUNDS,
    )
    base.close()
    lines = []
    for how in ("in order", "one scan"):
        ratio = took["dasi"] / took[how]
        measured = f"{ratio:.3f} ({milliseconds(took['dasi'])} / {milliseconds(took[how])})"
        met = ratio <= FUNNEL_LIMIT if clinic.patients == MILLION else None
        limit = f"≤ {FUNNEL_LIMIT} at 1M"
        lines.append(
            Line("1 funnel this month", f"{clinic.patients:,}", measured, limit, met, f"{NAME}, {how}")
        )
    return lines


def who_is_due(db: Session, clinic: Clinic, policy: Policy) -> tuple[float, list[Line]]:
    """Bar 4: (our median seconds, the line against the baseline)."""
    scope = system_scope(policy, Period(DAY, DAY))
    base = Baseline(clinic.parquet)
    given = rules(policy)
    ours = {one.patient_id for one in due_list(db, scope, policy, DAY, NOW)}
    theirs = base.due(given, DAY)
    if ours != theirs:
        raise AssertionError(f"the lists differ by {len(ours ^ theirs)} patients of {len(ours)}")
    print(f"  people on the list, the same in both: {len(ours)}")
    took = interleaved(
        {"dasi": lambda: due_list(db, scope, policy, DAY, NOW), "duckdb": lambda: base.due(given, DAY)},
        ROUNDS,
    )
    base.close()
    ratio = took["dasi"] / took["duckdb"]
    measured = f"{ratio:.3f} ({milliseconds(took['dasi'])} / {milliseconds(took['duckdb'])})"
    met = ratio <= DUE_LIMIT if clinic.patients == MILLION else None
    size = f"{clinic.patients:,}"
    line = Line("4 daily list", size, measured, f"≤ {DUE_LIMIT} at 1M", met, f"{NAME}, recomputed")
    return took["dasi"], [line]


def growth(took: dict[int, float]) -> list[Line]:
    """Bar 4: how much longer the list takes at the largest size than at the smallest."""
    small, large = min(took), max(took)
    if small == large:
        return []
    ratio = took[large] / took[small]
    met = ratio <= GROWTH_LIMIT
    if large < MILLION and met:
        return [Line("4 growth", f"{large:,}/{small:,}", f"{ratio:.2f}", "≤ 2.5 at 1M/10k", None, "itself")]
    return [Line("4 growth", f"{large:,}/{small:,}", f"{ratio:.2f}", f"≤ {GROWTH_LIMIT}", met, "itself")]

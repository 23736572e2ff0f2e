"""The bars on time: this month's funnel, and the daily list of who should be back."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlmodel import Session, col

from benchmarks.baseline import NAME, Baseline
from benchmarks.clinic import DAY, NOW, Clinic, rules
from benchmarks.timing import Line, interleaved, milliseconds
from bot.database import open_engine
from bot.transaction import reading
from crm_core.churn.ledger import value_since
from crm_core.churn.queries import due_list
from crm_core.churn.treatments import lines_of
from crm_core.kpi import counts
from crm_core.kpi.funnel import FunnelReport, funnel, same_age, seen_now, zone_start
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
    """Bar 1: the month, the one before and that of last year at the same age, as the answer has them.

    Ours also counts what is ripe, new and returning apart, and the outcomes; the baseline does not.
    """
    period = Period.month(DAY.year, DAY.month)
    scope = system_scope(policy, period)
    seen = [(zone_start(period, scope, policy), NOW)]
    seen += [
        (zone_start(one, scope, policy), same_age(period, one, scope, policy, NOW))
        for one in (period.previous(), period.last_year())
    ]
    base = Baseline(clinic.parquet)
    ours = _as_counts(funnel(db, scope, policy, NOW))
    for answer in (base.in_order, base.in_one_scan):
        theirs = [answer(*moments) for moments in seen]
        if theirs != ours:
            raise AssertionError(f"the funnels differ: {ours} and {theirs}")
    print(f"  funnel of the month, equal in all three: {' → '.join(map(str, ours[0]))}")
    month = seen_now(scope, policy, NOW)
    took = interleaved(
        {
            "dasi": lambda: funnel(db, scope, policy, NOW),
            "in order": lambda: [base.in_order(*moments) for moments in seen],
            "one scan": lambda: [base.in_one_scan(*moments) for moments in seen],
            "dasi, the month alone": lambda: counts.cohort(db, month, whole=False),
            "in order, the month alone": lambda: base.in_order(*seen[0]),
        },
        ROUNDS,
    )
    base.close()
    alone = took["dasi, the month alone"], took["in order, the month alone"]
    in_order, one_scan = f"{NAME}, in order", f"{NAME}, one scan"
    return [
        line("1 funnel this month", clinic, took["dasi"], took["in order"], FUNNEL_LIMIT, in_order),
        line("1 funnel this month", clinic, took["dasi"], took["one scan"], None, one_scan),
        line("1 the month's counts alone", clinic, *alone, None, in_order),
    ]


def _as_counts(report: FunnelReport) -> list[tuple[int, ...]]:
    """Passed each stage: now, the month before, last year. Everybody in this clinic came in by inquiry."""
    pairs = [stage.pair for stage in report.all.stages if stage.pair]
    return [
        (shares[0].denominator, *(share.numerator for share in shares))
        for shares in (
            [pair.so_far for pair in pairs],
            [pair.previous for pair in pairs],
            [pair.last_year for pair in pairs],
        )
    ]


def line(bar: str, clinic: Clinic, ours: float, theirs: float, limit: float | None, baseline: str) -> Line:
    """A ratio against the baseline; a limit is judged at a million patients."""
    ratio = ours / theirs
    measured = f"{ratio:.3f} ({milliseconds(ours)} / {milliseconds(theirs)})"
    met = ratio <= limit if limit is not None and clinic.patients == MILLION else None
    said = f"≤ {limit} at 1M" if limit is not None else "–"
    return Line(bar, f"{clinic.patients:,}", measured, said, met, baseline)


def who_is_due(db: Session, clinic: Clinic, policy: Policy) -> tuple[float, list[Line]]:
    """Bar 4: (our median seconds, the line against the baseline), the same people in the same order."""
    scope = system_scope(policy, Period(DAY, DAY))
    base = Baseline(clinic.parquet)
    calls = policy.calls
    since = value_since(DAY, calls.value_months)

    def recomputed() -> list[int]:
        return base.due(given, DAY, calls.quiet_after_visit_days, since)

    given = rules(policy)
    ours = [one.patient_id for one in due_list(db, scope, policy, DAY, NOW)]
    theirs = recomputed()
    if ours != theirs:
        raise AssertionError(f"the lists differ: {len(ours)} and {len(theirs)} patients")
    print(f"  people on the list, the same in the same order: {len(ours)}")
    took = interleaved({"dasi": lambda: due_list(db, scope, policy, DAY, NOW), "duckdb": recomputed}, ROUNDS)
    base.close()
    bar = f"4 daily list ({len(ours)} people)"
    ratio = line(bar, clinic, took["dasi"], took["duckdb"], DUE_LIMIT, f"{NAME}, recomputed")
    return took["dasi"], [ratio]


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

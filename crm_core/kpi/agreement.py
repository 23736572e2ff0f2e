"""How many of the consulted agree, within 30 days and on the day, and to how much of the money.

By the day of the consult (definitions.md §1.0). A patient counts once in a period, under the first consult
of it that is in the base, so the values of a cut add up to the whole (a treatment counts under each of its
families).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from sqlalchemy import and_, case, func, literal, select, union_all
from sqlmodel import Session, col

from crm_core.kpi import counts
from crm_core.kpi.conditions import Condition, Table
from crm_core.kpi.counts import TABLES, JourneyCut, Seen
from crm_core.kpi.days import days_between, happened
from crm_core.kpi.funnel import Value
from crm_core.kpi.kpi import Share
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.journey import Stage

DAYS = 30  # within so many days of the consult; ripe when as many have passed
NOT_SUITABLE, OPEN, NO_AMOUNT = "not_suitable", "open", "no_amount"
COVERED = "covered_care"  # no treatment proposed that the patient pays for: no consult (definitions.md §1.0)
_BASE = "base"
_RANK = {_BASE: 0, OPEN: 1, NOT_SUITABLE: 2, COVERED: 3}


@dataclass(frozen=True)
class Counted:
    """A share and who is in no part of it, by reason. `cases` is how many stand behind the share: its
    denominator, but for money, where the share is of minor units and has no interval."""

    share: Share
    out: Mapping[str, int]
    cases: int


def agreement_shares(
    db: Session, scope: Scope, policy: Policy, now: datetime, by: JourneyCut | None = None
) -> dict[Value, Counted]:
    """동의율: patients that agreed, in full or in part, within 30 days ÷ patients consulted in the scope's
    period, at least 30 days ago. Without a cut the only value is None. Out: `not_suitable`, `open`."""
    return _patients(db, _seen(scope, policy, now), scope, by, within=DAYS)


def same_day_shares(
    db: Session, scope: Scope, policy: Policy, now: datetime, by: JourneyCut | None = None
) -> dict[Value, Counted]:
    """당일 동의율: patients that agreed on the day ÷ patients consulted in the period. Ripe at once."""
    return _patients(db, _seen(scope, policy, now), scope, by, within=None)


def agreement_amounts(
    db: Session, scope: Scope, policy: Policy, now: datetime, by: JourneyCut | None = None
) -> dict[Value, Counted]:
    """금액 동의율: amount agreed ÷ amount proposed in minor units, each plan once by its last version, of the
    journeys consulted in the period at least 30 days ago. Out also: `no_amount`, where none was written."""
    seen = _seen(scope, policy, now)
    found: defaultdict[Value, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for table in TABLES:
        for value, kind, number, agreed, proposed in db.execute(_plans(table, seen, by)):
            for one in _values(value, by):
                sums = found[one][kind]
                for place, part in enumerate((number, agreed, proposed)):
                    sums[place] += int(part or 0)
    if by is None:
        found.setdefault(None, {})
    result = {}
    for value, kinds in _seen_by(found, scope, by).items():
        number, agreed, proposed = kinds.get(_BASE, (0, 0, 0))
        out = {
            reason: kinds[reason][0] for reason in (NOT_SUITABLE, OPEN, NO_AMOUNT, COVERED) if reason in kinds
        }
        result[value] = Counted(Share(agreed, proposed), out, number)
    return result


def _seen(scope: Scope, policy: Policy, now: datetime) -> Seen:
    return Seen(scope.branches, scope.period, now, policy)


def _patients(
    db: Session, seen: Seen, scope: Scope, by: JourneyCut | None, *, within: int | None
) -> dict[Value, Counted]:
    found: defaultdict[Value, dict[str, tuple[int, int]]] = defaultdict(dict)
    for value, rank, number, agreed in db.execute(_consulted(seen, by, within)):
        kind = next(name for name, place in _RANK.items() if place == rank)
        for one in _values(value, by):
            before = found[one].get(kind, (0, 0))
            found[one][kind] = before[0] + number, before[1] + int(agreed or 0)
    if by is None:
        found.setdefault(None, {})
    result = {}
    for value, kinds in _seen_by(found, scope, by).items():
        base, agreed = kinds.get(_BASE, (0, 0))
        out = {reason: kinds[reason][0] for reason in (NOT_SUITABLE, OPEN, COVERED) if reason in kinds}
        result[value] = Counted(Share(agreed, base), out, base)
    return result


def _values(value: Value, by: JourneyCut | None) -> list[Value]:
    """A journey of several families counts under each."""
    if by is JourneyCut.TREATMENT and value:
        return list(str(value).split("|"))
    return [value]


def _seen_by(found: Mapping[Value, Any], scope: Scope, by: JourneyCut | None) -> dict[Value, Any]:
    """Coordinators are cut for who sees persons, else only one's own line is given."""
    if by is not JourneyCut.COORDINATOR or scope.sees_persons:
        return dict(found)
    return {value: kinds for value, kinds in found.items() if value is not None and value == scope.staff_id}


def _cut(table: Table, by: JourneyCut | None, at: datetime) -> Any:
    return literal(None) if by is None else counts.cut_column(table, by, Stage.CONSULT, at)


def _agreed(table: Table, at: datetime, within: int | None) -> Condition:
    agreed = col(table.agreement_at) <= at
    if within is None:
        return and_(agreed, col(table.agreed_same_day).is_(True))
    return and_(agreed, days_between(col(table.consult_at), col(table.agreement_at), within))


def _rank(table: Table, seen: Seen, within: int | None) -> Any:
    """Where a consulted journey stands: in the base, still open, not suitable, or about covered care."""
    ripe = col(table.consult_at) <= seen.at - timedelta(within or 0)
    return case(
        (_covered(table, seen.policy), _RANK[COVERED]),
        (col(table.unsuitable_at) <= seen.at, _RANK[NOT_SUITABLE]),
        (ripe, _RANK[_BASE]),
        else_=_RANK[OPEN],
    )


def _covered(table: Table, policy: Policy) -> Condition:
    """Everything the journey is about is covered by the insurance."""
    done = [known for known in policy.treatments.values() if not known.check]
    paid = {known.family for known in done if not known.covered}
    only = sorted({known.family for known in done} - paid)
    joined = ["|".join(some) for number in range(1, len(only) + 1) for some in combinations(only, number)]
    return col(table.families).in_(joined)


def _consulted(seen: Seen, by: JourneyCut | None, within: int | None) -> Any:
    """(value, rank, patients, of them agreed) of the period's consults, a patient once."""
    journeys = union_all(
        *(
            select(
                col(table.patient_id).label("patient"),
                col(table.number).label("number"),
                col(table.consult_at).label("consult_at"),
                _cut(table, by, seen.at).label("value"),
                _rank(table, seen, within).label("rank"),
                case((_agreed(table, seen.at, within), 1), else_=0).label("agreed"),
            ).where(happened(table, seen, col(table.consult_at)), seen.as_of(table).known)
            for table in TABLES
        )
    ).subquery()
    row = journeys.c
    of_base = case((row.rank == _RANK[_BASE], row.agreed), else_=0)
    placed = select(
        row.value,
        row.rank,
        func.max(of_base).over(partition_by=row.patient).label("agreed"),
        func.row_number()
        .over(partition_by=row.patient, order_by=(row.rank, row.consult_at, row.number))
        .label("place"),
    ).subquery()
    one = placed.c
    return (
        select(one.value, one.rank, func.count(), func.sum(one.agreed))
        .where(one.place == 1)
        .group_by(one.value, one.rank)
    )


def _plans(table: Table, seen: Seen, by: JourneyCut | None) -> Any:
    """(value, kind, journeys, agreed, proposed) of the period's consults."""
    agreed = _agreed(table, seen.at, DAYS)
    proposed, said = col(table.proposed_amount), col(table.agreed_amount)
    kind = case(
        (_covered(table, seen.policy), COVERED),
        (col(table.unsuitable_at) <= seen.at, NOT_SUITABLE),
        (col(table.consult_at) > seen.at - timedelta(DAYS), OPEN),
        (proposed.is_(None), NO_AMOUNT),
        (and_(agreed, said.is_(None)), NO_AMOUNT),
        else_=_BASE,
    )
    value: Any = _cut(table, by, seen.at).label("value")
    inner = (
        select(
            value,
            kind.label("kind"),
            case((agreed, said), else_=0).label("agreed"),
            proposed.label("proposed"),
        )
        .where(happened(table, seen, col(table.consult_at)), seen.as_of(table).known)
        .subquery()
    )
    row = inner.c
    return select(row.value, row.kind, func.count(), func.sum(row.agreed), func.sum(row.proposed)).group_by(
        row.value, row.kind
    )

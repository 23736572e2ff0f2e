"""Calls as cases: how many connected, and how people took being called."""

from typing import Any

from sqlalchemy import case, func, literal, select
from sqlmodel import col

from crm_core.churn.conditions import REACHED, RECALL_KINDS, standing_call
from crm_core.kpi.kpi import KpiCut
from crm_core.kpi.rows import HIT, MISS, NOTHING, Ask, SqlRows, as_text
from crm_core.tables.calls import AFFIRMATIONS, Call, Outcome, ResponseGroup

CUTS = (KpiCut.BRANCH, KpiCut.COORDINATOR, KpiCut.TREATMENT, KpiCut.WEEKDAY)
NO_GROUP = "no_group"
GROUPS = tuple(group.value for group in ResponseGroup)
YES = tuple(group.value for group in AFFIRMATIONS)


def _value(ask: Ask) -> Any:
    values: dict[KpiCut | None, Any] = {
        KpiCut.BRANCH: col(Call.branch),
        KpiCut.COORDINATOR: col(Call.staff_id),
        KpiCut.TREATMENT: col(Call.family),
        KpiCut.GROUP: as_text(col(Call.response_group)),
        KpiCut.CAUSE: col(Call.cause),
    }
    return values.get(ask.by, NOTHING)


def _calls(ask: Ask, part: Any) -> Any:
    return select(
        col(Call.patient_id).label("patient_id"),
        col(Call.called_on).label("day"),
        _value(ask).label("value"),
        part.label("part"),
    ).where(
        col(Call.branch).in_(ask.branches),
        col(Call.called_on).between(ask.period.first, ask.period.last),
        *standing_call(ask.now),
    )


def _dialled(ask: Ask) -> Any:
    """Every call that was made, not every patient."""
    return _calls(ask, case((col(Call.outcome).in_(REACHED), literal(HIT)), else_=literal(MISS)))


def _groups(ask: Ask) -> Any:
    """Connected recall calls by the group that was noted."""
    part = case(
        (col(Call.outcome) == Outcome.CONNECTED, func.coalesce(as_text(col(Call.response_group)), NO_GROUP)),
        else_=as_text(col(Call.outcome)),
    )
    return _calls(ask, part).where(col(Call.kind).in_(RECALL_KINDS), col(Call.outcome).in_(REACHED))


DIALLED = SqlRows(_dialled)
REACTIONS = SqlRows(_groups)

"""Who recommends the clinic: of the patients treated in a period, those whose word brought somebody."""

from datetime import UTC, time
from typing import Any

from sqlalchemy import case, exists, func, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from crm_core.kpi.kpi import KpiCut
from crm_core.kpi.rows import HIT, MISS, NOTHING, Ask, SqlRows, checks
from crm_core.tables.facts import TreatmentDone
from crm_core.tables.journey import Journey
from crm_core.tables.people import Patient

CUTS = (KpiCut.BRANCH, KpiCut.OWNER, KpiCut.SOURCE)


def _treated(ask: Ask) -> Any:
    """A patient once, on the last day of treatment; hit where somebody named them as the referrer and
    first came in contact from the first day of the period on."""
    start = ask.policy.branch(ask.branches[0]).at(ask.period.first, time()).astimezone(UTC)
    each = (
        select(
            col(TreatmentDone.patient_id).label("patient_id"),
            func.max(col(TreatmentDone.done_on)).label("day"),
            func.min(col(TreatmentDone.branch)).label("branch"),
        )
        .where(
            col(TreatmentDone.branch).in_(ask.branches),
            col(TreatmentDone.done_on).between(ask.period.first, ask.period.last),
            col(TreatmentDone.done_at) <= ask.now,
            col(TreatmentDone.treatment).not_in(checks(ask.policy)),
        )
        .group_by(col(TreatmentDone.patient_id))
        .subquery()
        .c
    )
    brought = aliased(Patient)
    named = exists().where(
        col(brought.referred_by_id) == each.patient_id,
        col(Journey.patient_id) == col(brought.id),
        col(Journey.number) == 1,
        col(Journey.first_at).between(start, ask.now),
    )
    values: dict[KpiCut | None, Any] = {
        KpiCut.BRANCH: each.branch,
        KpiCut.OWNER: col(Patient.owner_id),
        KpiCut.SOURCE: col(Patient.source),
    }
    return select(
        each.patient_id,
        each.day,
        values.get(ask.by, NOTHING).label("value"),
        case((named, literal(HIT)), else_=literal(MISS)).label("part"),
    ).join(Patient, col(Patient.id) == each.patient_id)


TREATED_PATIENTS = SqlRows(_treated)

"""Revenue: payments less refunds by the day of payment, and what that is for each patient seen."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, literal, select
from sqlmodel import col

from crm_core.kpi.kpi import Figure, KpiCut, Unit
from crm_core.kpi.rows import (
    HIT,
    NOTHING,
    Ask,
    Figured,
    Found,
    SqlRows,
    Value,
    family_of,
    has_payments,
    insured,
)
from crm_core.kpi.visits import days
from crm_core.tables.facts import Course, Payment, TreatmentDone

CUTS = (KpiCut.BRANCH, KpiCut.TREATMENT, KpiCut.DOCTOR, KpiCut.COORDINATOR, KpiCut.INSURED, KpiCut.WEEKDAY)
PER_PATIENT_CUTS = (KpiCut.BRANCH,)


def _payments(ask: Ask) -> Any:
    treatment = func.coalesce(col(TreatmentDone.treatment), col(Course.treatment))
    values: dict[KpiCut | None, Any] = {
        KpiCut.BRANCH: col(Payment.branch),
        KpiCut.INSURED: insured(col(Payment.covered)),
        KpiCut.TREATMENT: family_of(ask.policy, treatment),
        KpiCut.DOCTOR: col(TreatmentDone.doctor),
        KpiCut.COORDINATOR: col(TreatmentDone.staff_id),
    }
    asked = select(
        col(Payment.patient_id).label("patient_id"),
        col(Payment.paid_on).label("day"),
        values.get(ask.by, NOTHING).label("value"),
        literal(HIT).label("part"),
        (col(Payment.amount) - col(Payment.refund)).label("amount"),
    )
    if ask.by in (KpiCut.TREATMENT, KpiCut.DOCTOR, KpiCut.COORDINATOR):
        asked = asked.outerjoin(
            TreatmentDone,
            and_(
                col(TreatmentDone.book) == col(Payment.book),
                col(TreatmentDone.number) == col(Payment.treatment_no),
            ),
        ).outerjoin(
            Course,
            and_(col(Course.book) == col(Payment.book), col(Course.number) == col(Payment.course_no)),
        )
    return asked.where(
        col(Payment.branch).in_(ask.branches),
        col(Payment.paid_on).between(ask.period.first, ask.period.last),
        col(Payment.paid_at) <= ask.now,
    )


REVENUE = SqlRows(_payments, has_payments)


def _per_patient(ask: Ask) -> Mapping[Value, Found]:
    """Revenue ÷ different patients who visited; a patient of two branches counts at each."""
    amounts: defaultdict[Value, int] = defaultdict(int)
    for cell in REVENUE.cells(ask):
        amounts[cell.value] += cell.amount
    row = days(ask).subquery().c
    value = row.branch if ask.by is KpiCut.BRANCH else NOTHING
    each = select(value.label("value"), row.patient_id.label("patient_id")).subquery().c
    number = func.count(each.patient_id.distinct())
    rows = ask.db.execute(select(each.value, number).group_by(each.value))
    seen: dict[Value, int] = {row[0]: row[1] for row in rows}
    values = dict.fromkeys([*seen, *amounts])
    return {one: Found(Figure(Unit.MONEY, amounts[one], seen.get(one, 0))) for one in values}


PER_PATIENT = Figured(_per_patient, has_payments)

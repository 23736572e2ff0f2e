"""Reservations as cases: those of the period whose day is over, each by what became of it.

A moved one counts at its last date only (definitions.md §1.0).
"""

from typing import Any

from sqlalchemy import case, literal, select
from sqlmodel import col

from crm_core.kpi.counts import made_by, state_at
from crm_core.kpi.kpi import KpiCut
from crm_core.kpi.rows import NOTHING, Ask, SqlRows, family_of
from crm_core.tables.facts import CAME, LIVE, Reservation, ReservationState

ARRIVED, UNMARKED = "arrived", "unmarked"
NO_SHOW = ReservationState.NO_SHOW.value
LATE = ReservationState.CANCELLED_LATE.value
EARLY = ReservationState.CANCELLED_EARLY.value
BASE = (ARRIVED, NO_SHOW, LATE)
CUTS = (KpiCut.WEEKDAY, KpiCut.BRANCH, KpiCut.TREATMENT, KpiCut.DOCTOR, KpiCut.COORDINATOR)


def _statement(ask: Ask) -> Any:
    values: dict[KpiCut | None, Any] = {
        KpiCut.BRANCH: col(Reservation.branch),
        KpiCut.TREATMENT: family_of(ask.policy, col(Reservation.treatment)),
        KpiCut.DOCTOR: col(Reservation.doctor),
        KpiCut.COORDINATOR: col(Reservation.staff_id),
    }
    state = state_at(ask.now)
    part = case(
        (state.in_([one.value for one in CAME]), literal(ARRIVED)),
        (state.in_([one.value for one in LIVE]), literal(UNMARKED)),
        else_=state,
    )
    return select(
        col(Reservation.patient_id).label("patient_id"),
        col(Reservation.starts_on).label("day"),
        values.get(ask.by, NOTHING).label("value"),
        part.label("part"),
    ).where(
        col(Reservation.branch).in_(ask.branches),
        col(Reservation.starts_on).between(ask.period.first, ask.period.last),
        col(Reservation.starts_on) < ask.today,
        made_by(ask.now),
        state != ReservationState.MOVED.value,
    )


RESERVATIONS = SqlRows(_statement)

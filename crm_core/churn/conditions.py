"""Conditions on facts as of a moment, which the reader of the facts, lists and counts share."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlmodel import Session, col

from crm_core.churn.ledger import value_since
from crm_core.policy.policy import Policy
from crm_core.tables.calls import Call, CallKind, Outcome
from crm_core.tables.facts import (
    CAME,
    LIVE,
    Consult,
    Payment,
    Reservation,
    ReservationState,
    TreatmentDone,
    Visit,
)
from crm_core.tables.people import Patient

RECALL_KINDS = (CallKind.RECALL, CallKind.PROMISED, CallKind.UNDECIDED, CallKind.MID_COURSE)
REACHED = (Outcome.CONNECTED, Outcome.CALL_LATER, Outcome.TREATMENT_COMPLETE)


def live_reservation(now: datetime, *, past: bool) -> tuple[Any, ...]:
    """The condition that a reservation was live at `now`; `past` where later facts are known.

    A state that came later was not yet so (reading 11); without any date of its own it came when the
    reservation's day did (reading 4). Asked about the present, what is recorded is what is so: a
    cancelled slot still to come hides nobody, though its export does not say when it was cancelled.
    """
    began = case(
        (col(Reservation.state).in_((*CAME, ReservationState.NO_SHOW)), col(Reservation.starts_at)),
        else_=func.coalesce(col(Reservation.made_at), col(Reservation.starts_at)),
    )
    state = col(Reservation.state).in_(LIVE)
    known = or_(col(Reservation.made_at).is_(None), col(Reservation.made_at) <= now)
    if not past:
        return state, known
    return or_(state, func.coalesce(col(Reservation.state_at), began) > now), known


def is_past(db: Session, branches: Iterable[str], day: date, now: datetime) -> bool:
    """Whether calls or visits are known that came after the moment asked about."""
    for branch, on, at in (
        (col(Call.branch), col(Call.called_on), col(Call.called_at)),
        (col(Visit.branch), col(Visit.arrived_on), col(Visit.arrived_at)),
    ):
        later = select(on).where(branch.in_(list(branches)), on >= day, at > now).limit(1)
        if db.execute(later).first() is not None:
            return True
    return False


def standing_call(now: datetime) -> Any:
    """The condition that a call was known and not taken back at `now`."""
    return (
        col(Call.called_at) <= now,
        or_(col(Call.taken_back_at).is_(None), col(Call.taken_back_at) > now),
    )


def latest_visit(day: date, now: datetime) -> tuple[Any, ...]:
    """The patient's last day here as of `day`, by each kind of fact that says so."""
    mine = col(Patient.id)
    return tuple(
        select(func.max(on)).where(owner == mine, on <= day, *more).scalar_subquery()
        for owner, on, more in (
            (col(Visit.patient_id), col(Visit.arrived_on), (col(Visit.arrived_at) <= now,)),
            (
                col(TreatmentDone.patient_id),
                col(TreatmentDone.done_on),
                (col(TreatmentDone.done_at) <= now,),
            ),
            (col(Consult.patient_id), col(Consult.held_on), (col(Consult.held_at) <= now,)),
            (
                col(Reservation.patient_id),
                col(Reservation.starts_on),
                (
                    col(Reservation.state).in_(CAME),
                    func.coalesce(col(Reservation.state_at), col(Reservation.starts_at)) <= now,
                ),
            ),
        )
    )


def value_of(policy: Policy, day: date, now: datetime, by_visits: bool) -> Any:
    """Payments less refunds of the value window, or visits where the clinic has no payments."""
    since = value_since(day, policy.calls.value_months)
    mine = col(Patient.id)
    if by_visits:
        return (
            select(func.count(col(Visit.arrived_on).distinct()))
            .where(
                col(Visit.patient_id) == mine,
                col(Visit.arrived_on) > since,
                col(Visit.arrived_at) <= now,
            )
            .scalar_subquery()
        )
    return (
        select(func.coalesce(func.sum(col(Payment.amount) - col(Payment.refund)), 0))
        .where(
            col(Payment.patient_id) == mine,
            col(Payment.paid_on) > since,
            col(Payment.paid_at) <= now,
        )
        .scalar_subquery()
    )

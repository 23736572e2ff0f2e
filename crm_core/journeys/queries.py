"""Reads the journeys of one patient, as they stood at a moment."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.policy.policy import Patience, Policy
from crm_core.tables.journey import Journey, JourneyPast, Stage


class Standing(StrEnum):
    """What has become of a journey (product.md §5)."""

    OPEN = "open"
    TREATED = "treated"
    DECLINED = "declined"
    CLOSED = "closed"  # by hand
    LOST = "lost"  # by silence


@dataclass(frozen=True)
class JourneySeen:
    """A journey at a moment: the last stage it passed, when, and what has become of it."""

    number: int
    branch: str
    families: tuple[str, ...]
    is_new: bool
    first_on: date
    stage: Stage
    stage_at: datetime
    standing: Standing


def journeys_of(db: Session, policy: Policy, patient_id: int, now: datetime) -> tuple[JourneySeen, ...]:
    """The journeys of a patient known at `now`, the youngest first."""
    seen: dict[int, JourneySeen] = {}
    today = select(Journey).where(col(Journey.patient_id) == patient_id, col(Journey.known_from) <= now)
    past = select(JourneyPast).where(
        col(JourneyPast.patient_id) == patient_id,
        col(JourneyPast.known_from) <= now,
        col(JourneyPast.known_until) > now,
    )
    for statement in (today, past):
        for row in db.scalars(statement):
            seen[row.number] = _seen(row, policy.patience, now)
    return tuple(seen[number] for number in sorted(seen, reverse=True))


def _seen(row: Any, patience: Patience, now: datetime) -> JourneySeen:
    stage, at = _last_stage(row, now)
    return JourneySeen(
        number=row.number,
        branch=row.branch,
        families=tuple(row.families.split("|")) if row.families else (),
        is_new=row.is_new,
        first_on=row.first_on,
        stage=stage,
        stage_at=at,
        standing=_standing(row, stage, patience, now),
    )


def _last_stage(row: Any, now: datetime) -> tuple[Stage, datetime]:
    for stage, at in (
        (Stage.TREATMENT, row.treatment_at),
        (Stage.AGREEMENT, row.agreement_at),
        (Stage.CONSULT, row.consult_at),
        (Stage.VISIT, row.visit_passed_at),
        (Stage.RESERVATION, row.reservation_passed_at),
    ):
        if at is not None and at <= now:
            return stage, at
    return Stage.INQUIRY, row.first_at


def _standing(row: Any, stage: Stage, patience: Patience, now: datetime) -> Standing:
    """Treated stays treated; lost is silence longer than the stage's patience at the moment."""
    if stage is Stage.TREATMENT:
        return Standing.TREATED
    if row.closed_by_hand_at is not None and row.closed_by_hand_at <= now:
        return Standing.CLOSED
    if row.declined_at is not None and row.declined_at <= now:
        return Standing.DECLINED
    days = {
        Stage.INQUIRY: patience.inquiry,
        Stage.RESERVATION: patience.reservation,
        Stage.VISIT: patience.visit,
        Stage.CONSULT: patience.consult,
        Stage.AGREEMENT: patience.agreement,
    }[stage]
    return Standing.LOST if row.last_at + timedelta(days) < now else Standing.OPEN

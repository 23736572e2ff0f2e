"""Reads treatments and courses and makes ledger lines of them, as known at a moment or altogether."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from crm_core.churn.ledger import CourseHeld, Done, LedgerLine, ledger_lines
from crm_core.policy.policy import Policy
from crm_core.sql import among, chunks
from crm_core.tables.facts import Course, TreatmentDone

AT_ONCE = 5_000


def lines_of(
    db: Session, policy: Policy, patients: Sequence[int] | None, until: datetime | None = None
) -> Iterator[tuple[int, tuple[LedgerLine, ...]]]:
    """(patient, lines) for each of the patients, or of all, who has a treatment; facts up to `until`."""
    for ids in [None] if patients is None else chunks(patients, AT_ONCE):
        courses = _courses(db, ids, until)
        rows = _treatments(db, ids, until)
        for patient_id, group in groupby(rows, key=lambda row: row[0]):
            done = [row[1] for row in group]
            yield patient_id, ledger_lines(policy, done, courses.get(patient_id, ()))


def past_lines(
    db: Session,
    policy: Policy,
    branches: Sequence[str],
    day: date,
    now: datetime,
    patients: Sequence[int] | None,
) -> dict[int, list[LedgerLine]] | None:
    """The ledger as it was at a past moment; None when the stored one is that, as it is every day.

    The stored ledger knows the newest treatments. Where one of them lies after `now`, the question
    is about the past, and the lines are made from the treatments known then.
    """
    later = (
        select(col(TreatmentDone.id))
        .where(
            col(TreatmentDone.branch).in_(branches),
            col(TreatmentDone.done_on) >= day,
            col(TreatmentDone.done_at) > now,
        )
        .limit(1)
    )
    if db.execute(later).first() is None:
        return None
    return {patient: list(lines) for patient, lines in lines_of(db, policy, patients, now)}


def _treatments(db: Session, ids: Sequence[int] | None, until: datetime | None) -> Iterator[tuple[int, Done]]:
    statement: Select[*tuple[Any, ...]] = select(
        col(TreatmentDone.patient_id),
        col(TreatmentDone.treatment),
        col(TreatmentDone.done_on),
        col(TreatmentDone.branch),
        col(TreatmentDone.amount),
        col(TreatmentDone.recommended_on),
        col(TreatmentDone.book),
        col(TreatmentDone.course_no),
    ).order_by(
        col(TreatmentDone.patient_id),
        col(TreatmentDone.done_on),
        col(TreatmentDone.done_at),
        col(TreatmentDone.number),
    )
    if ids is not None:
        statement = statement.where(among(db, col(TreatmentDone.patient_id), ids))
    if until is not None:
        statement = statement.where(col(TreatmentDone.done_at) <= until)
    for row in db.connection().execute(statement):
        course = (row[6], row[7]) if row[7] is not None else None
        yield row[0], Done(row[1], row[2], row[3], row[4] or 0, row[5], course)


def _courses(db: Session, ids: Sequence[int] | None, until: datetime | None) -> dict[int, list[CourseHeld]]:
    statement: Select[*tuple[Any, ...]] = select(
        col(Course.patient_id),
        col(Course.book),
        col(Course.number),
        col(Course.treatment),
        col(Course.sessions),
        col(Course.used),
        col(Course.valid_until),
    )
    if ids is not None:
        statement = statement.where(among(db, col(Course.patient_id), ids))
    if until is not None:
        statement = statement.where(col(Course.bought_at) <= until)
    held: dict[int, list[CourseHeld]] = {}
    for row in db.connection().execute(statement):
        course = CourseHeld((row[1], row[2]), row[3], row[4], row[5], row[6])
        held.setdefault(row[0], []).append(course)
    return held

"""Keeps the ledger of due dates and the shares of returns beside the facts they come from."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlmodel import Session, col

from crm_core.bulk import insert_many
from crm_core.churn.chances import ALL, NO_REACTION
from crm_core.churn.conditions import REACHED, RECALL_KINDS
from crm_core.churn.ledger import value_since
from crm_core.churn.treatments import lines_of
from crm_core.policy.policy import Policy
from crm_core.sql import among, among_given, chunks, columns_of
from crm_core.tables.calls import Call, ReturnShare
from crm_core.tables.facts import CAME, Consult, Reservation, TreatmentDone, Visit
from crm_core.tables.journey import RecallDue
from crm_core.tables.people import Patient

AT_ONCE = 5_000  # people, so that a rebuild of everybody fits into memory


def keep_ledger(db: Session, policy: Policy, patients: Collection[int]) -> int:
    """Rewrites the ledger and the last visit of the patients from their facts; how many lines.

    To be called in the step that touches a treatment, course, visit, consult or the state of a
    reservation, and for every patient when a return rule has changed.
    """
    written = 0
    for ids in chunks(sorted(set(patients)), AT_ONCE):
        db.connection().execute(delete(RecallDue).where(among(db, col(RecallDue.patient_id), ids)))
        rows = [
            {"patient_id": patient_id, **vars(line)}
            for patient_id, lines in lines_of(db, policy, ids)
            for line in lines
        ]
        insert_many(db, RecallDue, rows)
        _keep_last_visits(db, ids)
        written += len(rows)
    return written


def _keep_last_visits(db: Session, ids: Sequence[int]) -> None:
    latest: dict[int, date] = {}
    known, *came = _last_days(db.get_bind().dialect.name)
    connection, given = db.connection(), {"ids": list(ids)}
    for statement in came:
        for patient_id, day in connection.execute(statement, given):
            latest[patient_id] = max(day, latest.get(patient_id, date.min))
    changes = [
        {"id": row[0], "last_visit_on": latest.get(row[0])}
        for row in connection.execute(known, given)
        if row[1] != latest.get(row[0])
    ]
    if changes:
        db.execute(update(Patient), changes)


@lru_cache
def _last_days(dialect: str) -> tuple[Select[*tuple[Any, ...]], ...]:
    """The last visits that are noted; then the last day of each kind of row that says somebody came."""
    patient, reservation = columns_of(Patient), columns_of(Reservation)
    noted = select(patient.id, patient.last_visit_on).where(among_given(dialect, patient.id))
    kinds = (
        (columns_of(Visit), "arrived_on", ()),
        (columns_of(TreatmentDone), "done_on", ()),
        (columns_of(Consult), "held_on", ()),
        (reservation, "starts_on", (reservation.state.in_(CAME),)),
    )
    return (
        noted,
        *(
            select(columns.patient_id, func.max(columns[day]))
            .where(among_given(dialect, columns.patient_id), *more)
            .group_by(columns.patient_id)
            for columns, day, more in kinds
        ),
    )


def keep_shares(db: Session, policy: Policy, today: date, now: datetime) -> bool:
    """Counts the clinic's own shares of returns once a day; False when today's stand already.

    A case is a connected recall call of the value window at least `attribution_days` ago; returned:
    a visit after it within those days. Cut by the call's family and band and by the reaction before.
    """
    if db.execute(
        select(col(ReturnShare.family)).where(col(ReturnShare.counted_on) == today).limit(1)
    ).first():
        return False
    counted: dict[tuple[str, str, str], tuple[int, int]] = {}
    within = timedelta(policy.calls.attribution_days)
    for called_on, family, band, reaction, back_on in db.execute(_cases(policy, today, now)):
        back = back_on is not None and back_on - called_on <= within
        for key in {
            (family or ALL, band or ALL, reaction or NO_REACTION),
            (family or ALL, ALL, ALL),
            (ALL, ALL, ALL),
        }:
            cases, returned = counted.get(key, (0, 0))
            counted[key] = cases + 1, returned + back
    db.execute(delete(ReturnShare))
    if counted:
        db.execute(
            insert(ReturnShare),
            [
                {
                    "family": key[0],
                    "band": key[1],
                    "reaction": key[2],
                    "cases": cases,
                    "returned": returned,
                    "counted_on": today,
                }
                for key, (cases, returned) in counted.items()
            ],
        )
    return True


def _cases(policy: Policy, today: date, now: datetime) -> Select[*tuple[Any, ...]]:
    """Ripe cases: day, family, band, the group of the connected call before, the next day here."""
    calls = (
        select(
            col(Call.patient_id),
            col(Call.called_on),
            col(Call.family),
            col(Call.band),
            func.lag(col(Call.response_group))
            .over(partition_by=col(Call.patient_id), order_by=(col(Call.called_at), col(Call.id)))
            .label("reaction"),
        )
        .where(
            col(Call.kind).in_(RECALL_KINDS),
            col(Call.outcome).in_(REACHED),
            col(Call.taken_back_at).is_(None),
            col(Call.called_at) <= now,
            col(Call.called_on) > value_since(today, policy.calls.value_months),
        )
        .subquery()
    )
    back_on = (
        select(func.min(col(Visit.arrived_on)))
        .where(col(Visit.patient_id) == calls.c.patient_id, col(Visit.arrived_on) > calls.c.called_on)
        .correlate(calls)
        .scalar_subquery()
    )
    ripe_on = today - timedelta(policy.calls.attribution_days)
    return select(calls.c.called_on, calls.c.family, calls.c.band, calls.c.reaction, back_on).where(
        calls.c.called_on <= ripe_on
    )

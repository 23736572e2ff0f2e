"""The events of many people in a handful of queries."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, SQLModel

from crm_core.journeys.events import (
    ClosedByHand,
    Consulted,
    CourseBought,
    Event,
    Inquired,
    Paid,
    Reserved,
    Treated,
    Visited,
)
from crm_core.sql import among_given, columns_of
from crm_core.tables.facts import (
    NO_INQUIRY,
    Consult,
    Course,
    Inquiry,
    Payment,
    Reservation,
    TreatmentDone,
    Visit,
)
from crm_core.tables.journey import JourneyCorrection
from crm_core.tables.people import Patient, Prospect

CLOSE = "close"


@dataclass
class Person:
    """A patient (or a prospect) with all events; `first_visit_on` and `source` are the chart's."""

    first_visit_on: date | None = None
    source: str | None = None
    events: list[Event] = field(default_factory=list)


def people(db: Session, ids: Sequence[int]) -> dict[int, Person]:
    """The patients of these ids that exist, with their events."""
    known, inquiries, kinds, courses, sessions = _of_patients(db.get_bind().dialect.name)
    asked = _Asking(db, ids)
    found = {owner: Person(first_visit_on, source) for owner, first_visit_on, source in asked(known)}
    for statement in inquiries:
        _give(found, Inquired, asked(statement))
    for kind, statement in kinds:
        _give(found, kind, asked(statement))
    bought = asked(courses)
    if bought:
        _give_courses(found, bought, asked(sessions))
    return found


def prospects(db: Session, ids: Sequence[int]) -> dict[int, Person]:
    """The prospects of these ids that have not become patients, with their events."""
    known, inquiries, corrections = _of_prospects(db.get_bind().dialect.name)
    asked = _Asking(db, ids)
    found = {row[0]: Person() for row in asked(known)}
    _give(found, Inquired, asked(inquiries))
    _give(found, ClosedByHand, asked(corrections))
    return found


class _Asking:
    """Runs statements that were built once for these people."""

    def __init__(self, db: Session, ids: Sequence[int]) -> None:
        self._connection = db.connection()
        self._ids = {"ids": list(ids)}

    def __call__(self, statement: Any) -> Sequence[Any]:
        return self._connection.execute(statement, self._ids).all()


def _give(found: dict[int, Person], kind: Any, rows: Iterable[Any]) -> None:
    for owner, *fields in rows:
        person = found.get(owner)
        if person is not None:
            person.events.append(kind(*fields))


def _give_courses(found: dict[int, Person], rows: Iterable[Any], sessions: Iterable[Any]) -> None:
    done = Counter((owner, number) for owner, number in sessions)
    for owner, number, at, on, branch, treatment, bought, used, valid_until in rows:
        if owner in found:
            course = CourseBought(
                key=number,
                at=at,
                on=on,
                timed=True,
                branch=branch,
                treatment=treatment,
                sessions=bought,
                unrecorded=max(0, used - done[owner, number]),
                valid_until=valid_until,
            )
            found[owner].events.append(course)


@lru_cache
def _of_patients(dialect: str) -> tuple[Any, tuple[Any, ...], tuple[tuple[Any, Any], ...], Any, Any]:
    """Patients; their inquiries; what makes an event with the query of its fields in their order; their
    courses; the sessions of these."""

    def of(table: type[SQLModel], names: str) -> Any:
        columns = columns_of(table)
        wanted = [columns[name] for name in names.split()]
        return select(columns.patient_id, *wanted).where(among_given(dialect, columns.patient_id))

    patient, prospect, inquiry = columns_of(Patient), columns_of(Prospect), columns_of(Inquiry)
    done, correction = columns_of(TreatmentDone), columns_of(JourneyCorrection)
    became = (
        _inquiries(prospect.patient_id)
        .join(Prospect, prospect.id == inquiry.prospect_id)
        .where(among_given(dialect, prospect.patient_id), inquiry.patient_id.is_(None))
    )
    asked = _inquiries(inquiry.patient_id).where(among_given(dialect, inquiry.patient_id))
    kinds = (
        (Reserved, of(Reservation, _RESERVED)),
        (Visited, of(Visit, "number arrived_at arrived_on timed branch")),
        (Consulted, of(Consult, _CONSULTED)),
        (Treated, of(TreatmentDone, _TREATED)),
        (Paid, of(Payment, "number paid_at paid_on timed branch amount treatment_no course_no covered")),
        (
            ClosedByHand,
            _corrections(correction.patient_id).where(among_given(dialect, correction.patient_id)),
        ),
    )
    return (
        select(patient.id, patient.first_visit_on, patient.source).where(among_given(dialect, patient.id)),
        (asked, became),
        kinds,
        of(Course, "number bought_at bought_on branch treatment sessions used valid_until"),
        select(done.patient_id, done.course_no).where(
            among_given(dialect, done.patient_id), done.course_no.is_not(None)
        ),
    )


_RESERVED = "number starts_at starts_on branch timed made_at state state_at moved_to treatment staff_id"
_CONSULTED = (
    "number held_at held_on timed branch treatment staff_id decision decided_at proposed_amount agreed_amount"
)
_TREATED = "number done_at done_on timed branch treatment staff_id course_no recommended_on covered"


@lru_cache
def _of_prospects(dialect: str) -> tuple[Any, Any, Any]:
    """Prospects, their inquiries and corrections."""
    prospect, inquiry = columns_of(Prospect), columns_of(Inquiry)
    correction = columns_of(JourneyCorrection)
    return (
        select(prospect.id).where(among_given(dialect, prospect.id), prospect.patient_id.is_(None)),
        _inquiries(inquiry.prospect_id).where(
            among_given(dialect, inquiry.prospect_id), inquiry.patient_id.is_(None)
        ),
        _corrections(correction.prospect_id).where(among_given(dialect, correction.prospect_id)),
    )


def _inquiries(owner: Any) -> Any:
    columns = columns_of(Inquiry)
    names = "number received_at received_on timed branch kind channel treatment staff_id"
    real = or_(columns.closed_why.is_(None), columns.closed_why.not_in(NO_INQUIRY))
    return select(owner, *(columns[name] for name in names.split())).where(real)


def _corrections(owner: Any) -> Any:
    columns = columns_of(JourneyCorrection)
    return select(owner, columns.id, columns.at, columns.why).where(columns.kind == CLOSE)

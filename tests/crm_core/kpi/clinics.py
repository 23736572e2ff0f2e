"""Small clinics in a database, made of facts and folded."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import Session

from crm_core.journeys.actions import refold
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope, system_scope
from crm_core.tables.facts import (
    Consult,
    Decision,
    Inquiry,
    Reservation,
    ReservationState,
    TreatmentDone,
    Visit,
)
from crm_core.tables.people import Book, Patient

BRANCH = "gangnam"
START = datetime(2026, 9, 1, 1, tzinfo=UTC)  # 10:00 in Seoul


def at(days: float) -> datetime:
    return START + timedelta(days=days)


class Clinic:
    """Adds facts; every method returns nothing and may be called in any order before `fold`."""

    def __init__(self, db: Session, policy: Policy) -> None:
        self.db, self.policy = db, policy
        self.numbers = count(1)
        self.patients: list[int] = []
        self.book = policy.branch(BRANCH).book
        if db.get(Book, self.book) is None:
            db.add(Book(slug=self.book))
            db.flush()

    def patient(self, **options: Any) -> int:
        patient = Patient(
            book=self.book,
            chart_no=str(next(self.numbers)),
            branch=options.pop("branch", BRANCH),
            created_at=START,
            **options,
        )
        self.db.add(patient)
        self.db.flush()
        assert patient.id is not None
        self.patients.append(patient.id)
        return patient.id

    def add(self, kind: Any, who: int, day: float, field: str, **options: Any) -> None:
        moment = at(day)
        self.db.add(
            kind(
                book=self.book,
                number=str(next(self.numbers)),
                patient_id=who,
                branch=options.pop("branch", BRANCH),
                **{f"{field}_at": moment, f"{field}_on": (moment + timedelta(hours=9)).date()},
                **options,
            )
        )

    def inquiry(self, who: int, day: float, **options: Any) -> None:
        self.add(Inquiry, who, day, "received", **options)

    def reservation(self, who: int, made: float, starts: float, **options: Any) -> None:
        self.add(Reservation, who, starts, "starts", made_at=at(made), **options)

    def visit(self, who: int, day: float, **options: Any) -> None:
        self.add(Visit, who, day, "arrived", **options)

    def consult(self, who: int, day: float, decision: Decision, **options: Any) -> None:
        options.setdefault("treatment", "botox")
        self.add(Consult, who, day + 0.01, "held", decision=decision, **options)

    def treatment(self, who: int, day: float, treatment: str = "botox", **options: Any) -> None:
        self.add(TreatmentDone, who, day + 0.02, "done", treatment=treatment, **options)

    def fold(self) -> None:
        self.db.flush()
        refold(self.db, self.policy, patients=self.patients)


def scope(policy: Policy, first: int = 0, days: int = 30, **options: Any) -> Scope:
    day = (START + timedelta(days=first)).date()
    return system_scope(policy, Period(day, day + timedelta(days - 1)), **options)


def worked_example(clinic: Clinic) -> None:
    """The ten journeys of definitions.md §1.2; 8, 9 and 10 were here years ago."""
    no_show, early = ReservationState.NO_SHOW, ReservationState.CANCELLED_EARLY
    who = [clinic.patient() for _ in range(7)]
    old = [clinic.patient(first_visit_on=datetime(2024, 1, 1, tzinfo=UTC).date()) for _ in range(3)]
    for person in who[:5]:
        clinic.inquiry(person, 0)
    for person in who[:2]:
        clinic.reservation(person, 1, 3)
        clinic.visit(person, 3)
    clinic.reservation(who[2], 1, 3, state=no_show)
    clinic.consult(who[0], 3, Decision.YES)
    clinic.treatment(who[0], 3)
    clinic.consult(who[1], 3, Decision.NO)
    clinic.visit(who[4], 0.2)
    for person, decision in ((4, Decision.YES), (5, Decision.YES), (6, Decision.PENDING)):
        if person > 4:
            clinic.visit(who[person], 0.2)
        clinic.consult(who[person], 0.2, decision)
        if decision is Decision.YES:
            clinic.treatment(who[person], 0.2)
    for person in old[:2]:
        clinic.reservation(person, 0, 2)
        clinic.visit(person, 2)
        clinic.treatment(person, 2)
    clinic.reservation(old[2], 0, 5, state=early, state_at=at(1))
    clinic.fold()

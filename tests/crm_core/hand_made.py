"""A clinic of one branch by hand: patients with a phone, treatments, calls, and staff who call."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.calls.actions import card_of, fix_list, start
from crm_core.calls.outcomes.actions import Logged, Said, log_outcome
from crm_core.calls.standing.actions import keep_standing
from crm_core.churn.actions import keep_ledger
from crm_core.churn.eligibility import eligibility
from crm_core.churn.midway import mid_course_list, undecided_list
from crm_core.churn.queries import due_list, promised_list
from crm_core.churn.reasons import Eligibility, Why
from crm_core.journeys.actions import refold
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.privacy import folded_name, vault_of
from crm_core.staff.access import Person, Scope, system_scope
from crm_core.tables.calls import Call, CallKind, LegalClass, Outcome, ResponseGroup
from crm_core.tables.facts import (
    Consult,
    Course,
    Decision,
    Inquiry,
    Payment,
    Reservation,
    TreatmentDone,
    Visit,
)
from crm_core.tables.people import (
    Book,
    Contact,
    ContactKind,
    ContactLink,
    Patient,
    Relation,
    Role,
    Staff,
    StaffRole,
)

BRANCH = "gangnam"
BOTOX = "botox"


@dataclass
class Clinic:
    """Everything is written through here, so that a test reads like what happened."""

    db: Session
    policy: Policy
    now: datetime
    branch: str = BRANCH
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def today(self) -> date:
        return self.policy.branch(self.branch).today(self.now)

    @property
    def scope(self) -> Scope:
        return system_scope(self.policy, Period(self.today, self.today), self.branch)

    def at(self, day: date, clock: time = time(11)) -> datetime:
        return self.policy.branch(self.branch).at(day, clock)

    def ago(self, days: int) -> date:
        return self.today - timedelta(days)

    def number(self, word: str) -> str:
        return f"{word}-{next(self.numbers)}"

    def keep(self, *patients: int) -> None:
        self.db.flush()
        keep_ledger(self.db, self.policy, patients)
        keep_standing(self.db, patients)
        refold(self.db, self.policy, patients=patients)

    def started(self) -> "Clinic":
        start(self.db, self.policy, self.director(), self.branch, self.now - timedelta(1))
        return self

    def later(self, **passed: int) -> "Clinic":
        """The same clinic at a later moment."""
        return replace(self, now=self.now + timedelta(**passed))

    def due(self) -> set[int]:
        """The patients on ⑦."""
        rows = due_list(self.db, self.scope, self.policy, self.today, self.now)
        return {one.patient_id for one in rows}

    def promised(self) -> set[int]:
        """The patients on ①."""
        rows = promised_list(self.db, self.scope, self.policy, self.today, self.now)
        return {one.patient_id for one in rows}

    def undecided(self) -> set[int]:
        """The patients on ④."""
        rows = undecided_list(self.db, self.scope, self.policy, self.today, self.now)
        return {one.patient_id for one in rows}

    def mid_course(self) -> set[int]:
        """The patients on ⑤."""
        rows = mid_course_list(self.db, self.scope, self.policy, self.today, self.now)
        return {one.patient_id for one in rows}

    def why(self, patient: int) -> Eligibility:
        """The decision, after checking that the list says the same."""
        said = eligibility(self.db, self.policy, patient, self.now)
        assert said.eligible == (patient in self.due()), said
        return said

    def reasons(self, patient: int) -> list[Why]:
        return [reason.why for reason in self.why(patient).reasons]

    def card(self, patient: int) -> int:
        """The patient's card on today's list, which is fixed by asking."""
        fix_list(self.db, self.policy, self.branch, self.today, self.now)
        card = card_of(self.db, self.branch, self.today, patient)
        assert card is not None
        assert card.id is not None
        return card.id

    def says(
        self,
        who: Person,
        patient: int,
        outcome: Outcome,
        group: ResponseGroup | None = None,
        **values: Any,
    ) -> Logged:
        """Logs an outcome on the patient's card of today; a denial is confirmed."""
        press_key = values.pop("press_key", None)
        values.setdefault("confirmed", True)
        said = Said(outcome, group, **values)
        return log_outcome(self.db, self.policy, who, said, self.now, patient_id=patient, press_key=press_key)

    def staff(self, name: str, *roles: Role) -> Person:
        row = Staff(name=name)
        self.db.add(row)
        self.db.flush()
        assert row.id is not None
        for role in roles:
            self.db.add(StaffRole(staff_id=row.id, role=role, branch=self.branch))
        self.db.flush()
        return Person(row.id, name, frozenset((role, self.branch) for role in roles))

    def coordinator(self, name: str = "이실장") -> Person:
        return self.staff(name, Role.COORDINATOR)

    def director(self) -> Person:
        return self.staff("박원장", Role.DIRECTOR)

    def patient(self, *, phone: str | None = "own", **values: Any) -> int:
        book = self.policy.branch(self.branch).book
        if self.db.get(Book, book) is None:
            self.db.add(Book(slug=book))
            self.db.flush()
        name = values.pop("name", "김지영")
        row = Patient(
            book=book,
            chart_no=values.pop("chart_no", None) or self.number("C"),
            branch=self.branch,
            name=name,
            name_blind=vault_of(self.db).blind("name", folded_name(name)),
            created_at=self.at(self.ago(700)),
            **values,
        )
        self.db.add(row)
        self.db.flush()
        assert row.id is not None
        if phone is not None:
            text = f"+8210{row.id:08d}" if phone == "own" else phone
            self.phone(row.id, text)
        return row.id

    def phone(self, patient: int, number: str, relation: Relation = Relation.SELF) -> int:
        blind = vault_of(self.db).blind("phone", number)
        contact = self.db.scalars(select(Contact).where(col(Contact.address_blind) == blind)).one_or_none()
        if contact is None:
            contact = Contact(
                kind=ContactKind.PHONE,
                address=number,
                address_blind=blind,
                last_four_blind=vault_of(self.db).blind("four", number[-4:]),
                created_at=self.at(self.ago(700)),
            )
            self.db.add(contact)
            self.db.flush()
        assert contact.id is not None
        self.db.add(ContactLink(contact_id=contact.id, patient_id=patient, relation=relation))
        self.db.flush()
        return contact.id

    def treated(self, patient: int, days_ago: int, treatment: str = BOTOX, **values: Any) -> None:
        slug = self.policy.treatment_slug(treatment)
        day = self.ago(days_ago)
        self.db.add(
            TreatmentDone(
                book="b",
                number=self.number("T"),
                patient_id=patient,
                branch=values.pop("branch", self.branch),
                done_at=self.at(day),
                done_on=day,
                treatment=slug,
                **values,
            )
        )
        self.keep(patient)

    def visited(self, patient: int, days_ago: int) -> None:
        day = self.ago(days_ago)
        self.db.add(
            Visit(
                book="b",
                number=self.number("V"),
                patient_id=patient,
                branch=self.branch,
                arrived_at=self.at(day, time(8)),
                arrived_on=day,
            )
        )
        self.keep(patient)

    def consulted(self, patient: int, days_ago: int, treatment: str = "lifting_hifu", **values: Any) -> None:
        """A consult, undecided unless said otherwise, with the visit of its day."""
        self.visited(patient, days_ago)
        day = self.ago(days_ago)
        self.db.add(
            Consult(
                book="b",
                number=self.number("S"),
                patient_id=patient,
                branch=self.branch,
                held_at=self.at(day, time(9)),
                held_on=day,
                treatment=self.policy.treatment_slug(treatment),
                decision=values.pop("decision", Decision.PENDING),
                **values,
            )
        )
        self.keep(patient)

    def asked(self, patient: int, days_ago: int, **values: Any) -> None:
        """An inquiry that nobody has answered."""
        day = self.ago(days_ago)
        self.db.add(
            Inquiry(
                book="b",
                number=self.number("Q"),
                patient_id=patient,
                branch=self.branch,
                received_at=self.at(day, time(8)),
                received_on=day,
                **values,
            )
        )
        self.keep(patient)

    def paid(self, patient: int, days_ago: int, amount: int) -> None:
        day = self.ago(days_ago)
        self.db.add(
            Payment(
                book="b",
                number=self.number("P"),
                patient_id=patient,
                branch=self.branch,
                paid_at=self.at(day),
                paid_on=day,
                amount=amount,
            )
        )
        self.db.flush()

    def booked(self, patient: int, in_days: int, **values: Any) -> None:
        day = self.ago(-in_days)
        self.db.add(
            Reservation(
                book="b",
                number=self.number("R"),
                patient_id=patient,
                branch=self.branch,
                starts_at=self.at(day),
                starts_on=day,
                made_at=values.pop("made_at", self.now - timedelta(days=5)),
                **values,
            )
        )
        self.keep(patient)

    def course(self, patient: int, treatment: str, sessions: int, **values: Any) -> str:
        number = self.number("K")
        day = self.ago(values.pop("days_ago", 200))
        self.db.add(
            Course(
                book="b",
                number=number,
                patient_id=patient,
                branch=self.branch,
                treatment=self.policy.treatment_slug(treatment),
                bought_at=self.at(day),
                bought_on=day,
                sessions=sessions,
                **values,
            )
        )
        self.keep(patient)
        return number

    def called(
        self,
        patient: int,
        days_ago: int,
        outcome: Outcome = Outcome.NO_ANSWER,
        group: ResponseGroup | None = None,
        **values: Any,
    ) -> int:
        day = self.ago(days_ago)
        contact = self.db.scalars(
            select(col(ContactLink.contact_id)).where(col(ContactLink.patient_id) == patient)
        ).first()
        row = Call(
            book="b",
            number=self.number("call"),
            patient_id=patient,
            contact_id=contact,
            branch=self.branch,
            called_at=self.at(day, values.pop("clock", time(10))),
            called_on=day,
            kind=values.pop("kind", CallKind.RECALL),
            legal_class=values.pop("legal_class", LegalClass.OUTREACH),
            outcome=outcome,
            response_group=group,
            **values,
        )
        self.db.add(row)
        self.keep(patient)
        assert row.id is not None
        return row.id

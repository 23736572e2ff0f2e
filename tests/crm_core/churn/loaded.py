"""The rows of a random clinic written straight into the tables, without the import."""

from datetime import date, datetime, time
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.calls.standing.actions import keep_standing
from crm_core.churn.actions import keep_ledger
from crm_core.journeys.actions import refold
from crm_core.phone import read_phone
from crm_core.policy.policy import Policy
from crm_core.privacy import vault_of
from crm_core.tables.calls import Call, CallKind, LegalClass, Outcome, ResponseGroup
from crm_core.tables.facts import Consult as ConsultRow
from crm_core.tables.facts import (
    Course,
    Decision,
    Inquiry,
    InquiryKind,
    Payment,
    Reservation,
    ReservationState,
    TreatmentDone,
    Visit,
)
from crm_core.tables.people import (
    Book,
    Consent,
    Contact,
    ContactKind,
    ContactLink,
    Patient,
    PatientStatus,
    Relation,
)
from tests.reference.churners import slug_of_family
from tests.reference.clinic import Clinic, Moment


class Loader:
    """Knows each patient by book and chart number, and each phone once."""

    def __init__(self, db: Session, policy: Policy) -> None:
        self.db, self.policy = db, policy
        self.patients: dict[tuple[str, str], int] = {}
        self.contacts: dict[str, int] = {}
        self.numbers = count(1)

    def moment(self, at: Moment, branch: str) -> datetime:
        if isinstance(at, datetime):
            return at.replace(tzinfo=self.policy.branch(branch).tz)
        return self.policy.branch(branch).at(at, time())

    def maybe(self, at: Moment | None, branch: str) -> datetime | None:
        return None if at is None else self.moment(at, branch)

    def patient(self, branch: str, chart_no: str) -> int:
        book = self.policy.branch(branch).book
        if (book, chart_no) not in self.patients:
            if self.db.get(Book, book) is None:
                self.db.add(Book(slug=book))
                self.db.flush()
            row = Patient(
                book=book,
                chart_no=chart_no,
                branch=branch,
                created_at=self.moment(date(2020, 1, 1), branch),
            )
            self.db.add(row)
            self.db.flush()
            assert row.id is not None
            self.patients[book, chart_no] = row.id
        return self.patients[book, chart_no]

    def contact(self, phone: str, branch: str) -> int:
        if phone not in self.contacts:
            row = Contact(
                kind=ContactKind.PHONE,
                address=phone,
                address_blind=vault_of(self.db).blind("phone", phone),
                created_at=self.moment(date(2020, 1, 1), branch),
            )
            self.db.add(row)
            self.db.flush()
            assert row.id is not None
            self.contacts[phone] = row.id
        return self.contacts[phone]

    def common(self, row: Any, number: str | None) -> dict[str, Any]:
        return {
            "book": self.policy.branch(row.branch).book,
            "number": number or f"n{next(self.numbers)}",
            "patient_id": self.patient(row.branch, row.chart_no),
            "branch": row.branch,
        }

    def load(self, clinic: Clinic) -> None:
        self.people(clinic)
        self.facts(clinic)
        self.calls(clinic)
        self.db.flush()
        keep_ledger(self.db, self.policy, self.patients.values())
        keep_standing(self.db, self.patients.values())
        refold(self.db, self.policy, patients=list(self.patients.values()))

    def people(self, clinic: Clinic) -> None:
        for row in clinic.patients:
            patient = self.db.get_one(Patient, self.patient(row.branch, row.chart_no))
            patient.status = PatientStatus(row.status or "active")
            patient.birth_date = row.birth_date.isoformat() if row.birth_date else None
            phone = read_phone(row.phone) if row.phone else None
            if phone is None:
                continue
            contact = self.contact(phone, row.branch)
            self.link(contact, patient.id, Relation.SELF)
            if row.guardian_of:
                ward = self.patient(row.branch, row.guardian_of)
                self.link(contact, ward, Relation.GUARDIAN)
            if row.ad_consent_at is not None:
                at = self.moment(row.ad_consent_at, row.branch)
                self.db.add(Consent(contact_id=contact, kind="ads", given=True, at=at, source="import"))

    def link(self, contact: int, patient: int | None, relation: Relation) -> None:
        assert patient is not None
        if self.db.get(ContactLink, (contact, patient)) is None:
            self.db.add(ContactLink(contact_id=contact, patient_id=patient, relation=relation))
            self.db.flush()

    def facts(self, clinic: Clinic) -> None:
        slug = self.policy.treatment_slug
        for r in clinic.reservations:
            status = r.status or "booked"
            if status == "cancelled":
                status = "cancelled_early"
            self.db.add(
                Reservation(
                    **self.common(r, r.reservation_no),
                    starts_at=self.moment(r.starts_at, r.branch),
                    starts_on=day(r.starts_at),
                    made_at=self.maybe(r.made_at, r.branch),
                    state=ReservationState(status),
                    state_at=self.maybe(r.status_at, r.branch),
                    moved_to=r.moved_to,
                )
            )
        for v in clinic.visits:
            self.db.add(
                Visit(
                    **self.common(v, v.visit_no),
                    arrived_at=self.moment(v.arrived_at, v.branch),
                    arrived_on=day(v.arrived_at),
                )
            )
        for c in clinic.consults:
            self.db.add(
                ConsultRow(
                    **self.common(c, c.consult_no),
                    held_at=self.moment(c.held_at, c.branch),
                    held_on=day(c.held_at),
                    timed=isinstance(c.held_at, datetime),
                    treatment=slug(c.treatment) if c.treatment else None,
                    decision=Decision(c.decision or "pending"),
                    decided_at=self.maybe(c.decided_at, c.branch),
                )
            )
        for t in clinic.treatments:
            self.db.add(
                TreatmentDone(
                    **self.common(t, t.treatment_no),
                    done_at=self.moment(t.done_at, t.branch),
                    done_on=day(t.done_at),
                    treatment=slug(t.treatment),
                    course_no=t.course_no,
                    recommended_on=t.recommended_on,
                )
            )
        for k in clinic.courses:
            self.db.add(
                Course(
                    **self.common(k, k.course_no),
                    treatment=slug(k.treatment),
                    bought_at=self.moment(k.bought_on, k.branch),
                    bought_on=k.bought_on,
                    sessions=k.sessions,
                    used=k.used or 0,
                    valid_until=k.valid_until,
                )
            )
        for p in clinic.payments:
            self.db.add(
                Payment(
                    **self.common(p, p.payment_no),
                    paid_at=self.moment(p.paid_at, p.branch),
                    paid_on=day(p.paid_at),
                    amount=p.amount or 0,
                    refund=p.refund or 0,
                )
            )

        for q in clinic.inquiries:
            if q.chart_no is None:
                continue
            self.db.add(
                Inquiry(
                    **self.common(q, q.inquiry_no),
                    received_at=self.moment(q.received_at, q.branch),
                    received_on=day(q.received_at),
                    timed=isinstance(q.received_at, datetime),
                    kind=InquiryKind(q.kind or "treatment"),
                    treatment=slug(q.treatment) if q.treatment else None,
                )
            )

    def calls(self, clinic: Clinic) -> None:
        for c in clinic.calls:
            kind = CallKind(c.kind or "recall")
            recall = kind is CallKind.RECALL
            self.db.add(
                Call(
                    **self.common(c, c.call_no),
                    called_at=self.moment(c.called_at, c.branch),
                    called_on=day(c.called_at),
                    kind=kind,
                    legal_class=LegalClass.OUTREACH if recall else LegalClass.OWN,
                    outcome=Outcome(c.outcome),
                    response_group=ResponseGroup(c.group) if c.group else None,
                    cause=c.cause,
                    family=slug_of_family(self.policy, c.family) if c.family else None,
                    promised_on=c.promised_on,
                )
            )


def day(at: Moment) -> date:
    return at.date() if isinstance(at, datetime) else at


def chart_numbers(db: Session, patients: list[int]) -> list[str]:
    rows = db.execute(select(col(Patient.chart_no)).where(col(Patient.id).in_(patients)))
    return sorted(row[0] for row in rows)

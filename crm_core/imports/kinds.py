"""One frozen description per kind of file: its columns, who reads them, where they are kept.

The headers themselves stand in `crm_core/policy/headers.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlmodel import SQLModel

from crm_core.imports import amounts, fields
from crm_core.imports.fields import Reader
from crm_core.policy.headers import HEADERS
from crm_core.tables.calls import Call, CallKind, LegalClass, Outcome, ResponseGroup
from crm_core.tables.facts import (
    Answer,
    Consult,
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
from crm_core.tables.people import PatientStatus

PRIVATE = frozenset({"name", "phone", "birth_date"})
"""Columns whose cells no complaint repeats."""

CANCELLED = "cancelled"
STATUSES = (*(s.value for s in ReservationState), CANCELLED, *(a.value for a in Answer))
CALL_KINDS = ("recall", "confirmation", "no_show", "happy")
SEXES = ("female", "male", "other")

_SHARED: dict[str, Reader] = {
    "chart_no": fields.plain_text,
    "name": fields.plain_text,
    "phone": fields.phone,
    "birth_date": fields.iso_day,
    "sex": fields.one_of("sex", SEXES),
    "language": fields.language,
    "residence": fields.plain_text,
    "source": fields.source,
    "first_visit_on": fields.day,
    "referred_by": fields.plain_text,
    "guardian_of": fields.plain_text,
    "ad_consent_at": fields.instant,
    "inquiry_no": fields.plain_text,
    "received_at": fields.when,
    "treatment": fields.treatment,
    "staff": fields.plain_text,
    "answered_at": fields.instant,
    "reservation_no": fields.plain_text,
    "starts_at": fields.when,
    "made_at": fields.instant,
    "doctor": fields.plain_text,
    "status_at": fields.instant,
    "moved_to": fields.plain_text,
    "deposit": amounts.amount,
    "visit_no": fields.plain_text,
    "arrived_at": fields.when,
    "consult_no": fields.plain_text,
    "held_at": fields.when,
    "decision": fields.enum("decision", Decision),
    "decided_at": fields.instant,
    "proposed_amount": amounts.amount,
    "agreed_amount": amounts.amount,
    "treatment_no": fields.plain_text,
    "done_at": fields.when,
    "course_no": fields.plain_text,
    "session_no": amounts.count_from(0),
    "amount": amounts.amount,
    "covered": fields.flag("covered"),
    "recommended_on": fields.day,
    "bought_on": fields.when,
    "sessions": amounts.count_from(1),
    "used": amounts.count_from(0),
    "valid_until": fields.day,
    "paid": amounts.amount,
    "payment_no": fields.plain_text,
    "paid_at": fields.when,
    "refund": amounts.given_back,
    "call_no": fields.plain_text,
    "called_at": fields.when,
    "outcome": fields.enum("outcome", Outcome),
    "group": fields.enum("group", ResponseGroup),
    "cause": fields.cause,
    "family": fields.family,
    "promised_on": fields.day,
    "note": fields.note,
    "staff_no": fields.plain_text,
    "role": fields.note,  # several words, read against the policy's own when the row is whole
    "branches": fields.note,
    "branch": fields.plain_text,
}

_OWN: dict[tuple[str, str], Reader] = {
    ("patients", "status"): fields.enum("patients.status", PatientStatus),
    ("inquiries", "kind"): fields.enum("inquiries.kind", InquiryKind),
    ("reservations", "status"): fields.one_of("reservations.status", STATUSES),
    ("calls", "kind"): fields.one_of("calls.kind", CALL_KINDS),
}


class Person(StrEnum):
    """Whom a row of a kind is about."""

    PATIENT = "patient"
    ANYBODY = "anybody"  # a patient, or a prospect by name and phone
    STAFF = "staff"


@dataclass(frozen=True)
class FactTable:
    """Where a kind is kept: our header → column, the moment's columns, what is set when a cell is empty.

    `clock` is the header of the moment; it fills `{stem}_at`, `{stem}_on` and, where the table has it,
    `timed`.
    """

    table: type[SQLModel]
    clock: str
    stem: str
    columns: Mapping[str, str]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    timed: bool = True


@dataclass(frozen=True)
class Kind:
    """`number` is the header of a row's own key in the chart program."""

    name: str
    required: tuple[str, ...]
    readers: Mapping[str, Reader]
    person: Person = Person.PATIENT
    number: str | None = None
    fact: FactTable | None = None


def _same(words: str) -> dict[str, str]:
    return {word: word for word in words.split()}


FACTS: Mapping[str, FactTable] = MappingProxyType(
    {
        "inquiries": FactTable(
            Inquiry,
            "received_at",
            "received",
            _same("treatment answered_at kind") | {"source": "channel"},
            {"kind": InquiryKind.TREATMENT},
        ),
        "reservations": FactTable(
            Reservation,
            "starts_at",
            "starts",
            _same("made_at treatment doctor moved_to deposit state state_at answer answer_at"),
            {"state": ReservationState.BOOKED, "answer": Answer.NONE},
        ),
        "visits": FactTable(Visit, "arrived_at", "arrived", _same("doctor")),
        "consults": FactTable(
            Consult,
            "held_at",
            "held",
            _same("treatment decision decided_at proposed_amount agreed_amount"),
            {"decision": Decision.PENDING},
        ),
        "treatments": FactTable(
            TreatmentDone,
            "done_at",
            "done",
            _same("treatment doctor course_no session_no amount covered recommended_on"),
        ),
        "courses": FactTable(
            Course,
            "bought_on",
            "bought",
            _same("treatment sessions used valid_until paid"),
            {"used": 0},
            timed=False,
        ),
        "payments": FactTable(
            Payment,
            "paid_at",
            "paid",
            _same("amount refund covered course_no treatment_no"),
            {"refund": 0},
        ),
        "calls": FactTable(
            Call,
            "called_at",
            "called",
            _same("kind outcome cause family promised_on note legal_class") | {"group": "response_group"},
            {"kind": CallKind.RECALL, "legal_class": LegalClass.OUTREACH},
            timed=False,
        ),
    }
)

_NUMBERS = MappingProxyType(
    {
        "inquiries": "inquiry_no",
        "reservations": "reservation_no",
        "visits": "visit_no",
        "consults": "consult_no",
        "treatments": "treatment_no",
        "courses": "course_no",
        "payments": "payment_no",
        "calls": "call_no",
        "staff": "staff_no",
    }
)
_ABOUT = MappingProxyType({"inquiries": Person.ANYBODY, "staff": Person.STAFF})


def _kind(name: str) -> Kind:
    headers = HEADERS[name]
    return Kind(
        name=name,
        required=headers.required,
        readers=MappingProxyType({h: _OWN.get((name, h)) or _SHARED[h] for h in headers.all}),
        person=_ABOUT.get(name, Person.PATIENT),
        number=_NUMBERS.get(name),
        fact=FACTS.get(name),
    )


KINDS: Mapping[str, Kind] = MappingProxyType({name: _kind(name) for name in HEADERS})

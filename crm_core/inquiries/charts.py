"""A prospect gets a chart number: what a reservation needs (product.md §1)."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from crm_core.errors import NotUnderstood, StaleButton
from crm_core.inquiries.answering import actions
from crm_core.inquiries.askers import asker_of
from crm_core.patients.actions import ChartRow, write_patients
from crm_core.patients.identity import ids_of
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.facts import Inquiry

LONGEST = 30


def known_by(db: Session, policy: Policy, inquiry: Inquiry, chart_no: str) -> int | None:
    """The patient who has this chart number in the branch's book, None where nobody has."""
    book = policy.branch(inquiry.branch).book
    return ids_of(db, [(book, chart_no)]).get((book, chart_no))


def enrol(
    db: Session, policy: Policy, person: Person, inquiry: Inquiry, chart_no: str, now: datetime
) -> Inquiry:
    """Opens a chart of the prospect's name, phone and source, and makes the inquiry the patient's.

    The chart program's own row replaces it when its file comes. NotUnderstood("patient") when the number
    is empty or somebody's already; StaleButton when the inquiry has a patient.
    """
    if inquiry.patient_id is not None:
        raise StaleButton
    if not chart_no or len(chart_no) > LONGEST or known_by(db, policy, inquiry, chart_no) is not None:
        raise NotUnderstood("patient", chart_no[:LONGEST])
    asker = asker_of(db, inquiry)
    cells: dict[str, Any] = {"name": asker.name, "phone": asker.phone, "source": inquiry.channel}
    chart = policy.branch(inquiry.branch).book, chart_no
    row = ChartRow(chart, inquiry.branch, {name: value for name, value in cells.items() if value})
    write_patients(db, policy, [row], now)
    assert inquiry.id is not None
    return actions.join(db, policy, person, inquiry.id, ids_of(db, [chart])[chart], now)

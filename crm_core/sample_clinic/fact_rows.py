"""The planned facts as rows of the tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core.policy.policy import Policy
from crm_core.sample_clinic.rows import ClinicPlan, InquiryRow
from crm_core.tables.calls import LegalClass

SOURCE = "sample"
Row = dict[str, Any]


@dataclass(frozen=True)
class Ids:
    """Ids by staff number, chart number, phone (E.164), and of the prospect with a phone."""

    staff: Mapping[str, int]
    patients: Mapping[str, int]
    contacts: Mapping[str, int]
    prospects: Mapping[str, int]


def _key(policy: Policy, number: str, branch: str) -> Row:
    return {
        "book": policy.branch(branch).book,
        "number": number,
        "branch": branch,
        "source": SOURCE,
    }


def inquiries(policy: Policy, plan: ClinicPlan, ids: Ids, now: datetime) -> Iterable[Row]:
    """A lead was told of who waits for long when it was due, not all at once when the sample is opened."""
    for row in plan.inquiries:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no] if row.chart_no else None,
            "prospect_id": ids.prospects[row.phone] if row.phone else None,
            "received_at": row.at,
            "received_on": row.at.date(),
            "timed": True,
            "channel": row.channel,
            "kind": row.kind,
            "treatment": row.treatment,
            "staff_id": ids.staff[row.staff],
            "answered_at": row.answered_at,
            "escalated_at": _told(policy, row, now),
        }


def _told(policy: Policy, row: InquiryRow, now: datetime) -> datetime | None:
    """When the lead was told of an inquiry that still waits; None for one that is answered or fresh."""
    if row.answered_at is not None:
        return None
    due = policy.branch(row.branch).after_open_minutes(row.at, policy.inquiries.minutes_at(row.branch))
    return due if due is not None and due <= now else None


def reservations(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.reservations:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "starts_at": row.starts_at,
            "starts_on": row.starts_at.date(),
            "timed": True,
            "made_at": row.made_at,
            "treatment": row.treatment,
            "doctor": row.doctor,
            "staff_id": ids.staff[row.staff],
            "state": row.state,
            "state_at": row.state_at,
            "answer": row.answer,
            "answer_at": row.answer_at,
            "moved_to": row.moved_to,
            "deposit": row.deposit,
        }


def visits(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.visits:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "arrived_at": row.at,
            "arrived_on": row.at.date(),
            "timed": True,
            "doctor": row.doctor,
        }


def consults(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.consults:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "held_at": row.at,
            "held_on": row.at.date(),
            "timed": True,
            "treatment": row.treatment,
            "staff_id": ids.staff[row.staff],
            "decision": row.decision,
            "decided_at": row.decided_at,
            "proposed_amount": row.proposed,
            "agreed_amount": row.agreed,
        }


def courses(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.courses:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "treatment": row.treatment,
            "bought_at": row.bought_at,
            "bought_on": row.bought_at.date(),
            "sessions": row.sessions,
            "used": row.used,
            "valid_until": row.valid_until,
            "paid": row.paid,
        }


def treatments(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.treatments:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "done_at": row.at,
            "done_on": row.at.date(),
            "timed": True,
            "treatment": row.treatment,
            "doctor": row.doctor,
            "staff_id": ids.staff[row.staff],
            "course_no": row.course_no,
            "session_no": row.session_no,
            "amount": row.amount,
            "covered": row.covered,
            "recommended_on": row.recommended_on,
        }


def payments(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    for row in plan.payments:
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "paid_at": row.at,
            "paid_on": row.at.date(),
            "timed": True,
            "amount": row.amount,
            "refund": row.refund,
            "covered": row.covered,
            "course_no": row.course_no,
            "treatment_no": row.treatment_no,
        }


def calls(policy: Policy, plan: ClinicPlan, ids: Ids) -> Iterable[Row]:
    """The upkeep finds the phone each call was made to, what it means for that phone, and promises kept."""
    for row in plan.calls:
        legal = LegalClass.OUTREACH if row.kind == "recall" else LegalClass.OWN
        yield {
            **_key(policy, row.number, row.branch),
            "patient_id": ids.patients[row.chart_no],
            "contact_id": None,
            "called_at": row.at,
            "called_on": row.at.date(),
            "staff_id": ids.staff[row.staff],
            "kind": row.kind,
            "legal_class": legal,
            "outcome": row.outcome,
            "response_group": row.group,
            "cause": row.cause,
            "family": row.family,
            "band": row.band,
            "promised_on": row.promised_on,
            "promise_kept": False,
            "next_step": row.next_step,
            "note": row.note,
        }

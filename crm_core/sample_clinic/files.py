"""The sample clinic as the ten import files, so that `import` can be tried with them."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from io import StringIO

from crm_core.phone import spoken_phone
from crm_core.policy.headers import HEADERS
from crm_core.sample_clinic.rows import ClinicPlan

Cells = Mapping[str, object]


def write_csv(plan: ClinicPlan) -> dict[str, str]:
    """KIND.csv → its text, with the headers of the import (product.md §6), in an order that imports well.

    Times are on the branch's wall clock. What the files cannot say (owner, until when somebody is
    paused, who has left, what was answered to a reminder) stays in the plan.
    """
    return {
        f"{kind}.csv": _text(kind, rows)
        for kind, rows in (
            ("staff", _staff(plan)),
            ("patients", _patients(plan)),
            ("inquiries", _inquiries(plan)),
            ("reservations", _reservations(plan)),
            ("visits", _visits(plan)),
            ("consults", _consults(plan)),
            ("courses", _courses(plan)),
            ("treatments", _treatments(plan)),
            ("payments", _payments(plan)),
            ("calls", _calls(plan)),
        )
    }


def _text(kind: str, rows: Iterable[Cells]) -> str:
    out = StringIO()
    headers = [name for name in HEADERS[kind].all if kind != "staff" or name != "branch"]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headers)
    for row in rows:
        unknown = row.keys() - set(headers)
        assert not unknown, unknown
        writer.writerow([_cell(row.get(name)) for name in headers])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _staff(plan: ClinicPlan) -> Iterable[Cells]:
    """A row per role; what spans the group has no branches."""
    for row in plan.staff:
        by_role: dict[str, list[str]] = {}
        for role, branch in row.roles:
            by_role.setdefault(role, []).append(branch)
        for role, branches in by_role.items():
            named = ";".join(branch for branch in branches if branch != "*")
            yield {"staff_no": row.number, "name": row.name, "role": role, "branches": named}


def _patients(plan: ClinicPlan) -> Iterable[Cells]:
    for row in plan.patients:
        yield {
            "chart_no": row.chart_no,
            "name": row.name,
            "phone": spoken_phone(row.phone) if row.phone else None,
            "birth_date": row.birth_date,
            "sex": row.sex,
            "language": row.language,
            "residence": row.residence,
            "source": row.source,
            "first_visit_on": row.first_visit_on,
            "referred_by": row.referred_by,
            "guardian_of": row.guardian_of,
            "status": row.status,
            "ad_consent_at": row.ad_consent_at,
            "branch": row.branch,
        }


def _inquiries(plan: ClinicPlan) -> Iterable[Cells]:
    names = {row.phone: row.name for row in plan.prospects}
    for row in plan.inquiries:
        yield {
            "inquiry_no": row.number,
            "received_at": row.at,
            "chart_no": row.chart_no,
            "name": names[row.phone] if row.phone else None,
            "phone": spoken_phone(row.phone) if row.phone else None,
            "branch": row.branch,
            "source": row.channel,
            "kind": row.kind,
            "treatment": row.treatment,
            "staff": row.staff,
            "answered_at": row.answered_at,
        }


def _reservations(plan: ClinicPlan) -> Iterable[Cells]:
    """What the patient answered is a status too, of a reservation that still stands."""
    for row in plan.reservations:
        answered = row.state == "booked" and row.answer != "none"
        yield {
            "reservation_no": row.number,
            "chart_no": row.chart_no,
            "starts_at": row.starts_at,
            "made_at": row.made_at,
            "treatment": row.treatment,
            "doctor": row.doctor,
            "staff": row.staff,
            "branch": row.branch,
            "status": row.answer if answered else row.state,
            "status_at": row.answer_at if answered else row.state_at,
            "moved_to": row.moved_to,
            "deposit": row.deposit,
        }


def _visits(plan: ClinicPlan) -> Iterable[Cells]:
    for row in plan.visits:
        yield {
            "visit_no": row.number,
            "chart_no": row.chart_no,
            "arrived_at": row.at,
            "branch": row.branch,
            "doctor": row.doctor,
        }


def _consults(plan: ClinicPlan) -> Iterable[Cells]:
    for row in plan.consults:
        yield {
            "consult_no": row.number,
            "chart_no": row.chart_no,
            "held_at": row.at,
            "treatment": row.treatment,
            "staff": row.staff,
            "decision": row.decision,
            "decided_at": row.decided_at,
            "proposed_amount": row.proposed,
            "agreed_amount": row.agreed,
            "branch": row.branch,
        }


def _courses(plan: ClinicPlan) -> Iterable[Cells]:
    for row in plan.courses:
        yield {
            "course_no": row.number,
            "chart_no": row.chart_no,
            "treatment": row.treatment,
            "bought_on": row.bought_at.date(),
            "sessions": row.sessions,
            "used": row.used,
            "valid_until": row.valid_until,
            "paid": row.paid,
            "branch": row.branch,
        }


def _treatments(plan: ClinicPlan) -> Iterable[Cells]:
    for row in plan.treatments:
        yield {
            "treatment_no": row.number,
            "chart_no": row.chart_no,
            "done_at": row.at,
            "treatment": row.treatment,
            "doctor": row.doctor,
            "course_no": row.course_no,
            "session_no": row.session_no,
            "amount": row.amount,
            "covered": row.covered,
            "staff": row.staff,
            "branch": row.branch,
            "recommended_on": row.recommended_on,
        }


def _payments(plan: ClinicPlan) -> Iterable[Cells]:
    for row in plan.payments:
        yield {
            "payment_no": row.number,
            "chart_no": row.chart_no,
            "paid_at": row.at,
            "amount": row.amount,
            "refund": row.refund or None,
            "covered": row.covered,
            "course_no": row.course_no,
            "treatment_no": row.treatment_no,
            "branch": row.branch,
        }


def _calls(plan: ClinicPlan) -> Iterable[Cells]:
    for row in plan.calls:
        yield {
            "call_no": row.number,
            "chart_no": row.chart_no,
            "called_at": row.at,
            "staff": row.staff,
            "kind": row.kind,
            "outcome": row.outcome,
            "group": row.group,
            "cause": row.cause,
            "family": row.family,
            "promised_on": row.promised_on,
            "note": row.note,
            "branch": row.branch,
        }

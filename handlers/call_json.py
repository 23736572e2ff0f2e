"""The JSON of lists of calls (product.md §7): people by chart number, never by name or amount."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm_core.calls.actions import has_started
from crm_core.calls.today import TodayCard, TodayList
from crm_core.churn.eligibility import value_parts
from crm_core.churn.reasons import Eligibility, FamilyDue, Reason
from crm_core.facts_until import oldest
from crm_core.inquiries.queries import WaitingInquiry
from crm_core.patients.queries import names_of
from crm_core.period import Period
from crm_core.staff import audit
from crm_core.tables.calls import SECTIONS, Section
from handlers.language.envelope import envelope
from handlers.language.menu_item import Context

KINDS = ("reservations", "visits", "treatments")
"""The facts that a list of calls is made from."""


def calls_data(found: Sequence[TodayList], context: Context) -> dict[str, Any]:
    """Today's lists of some branches as one answer; before start there are no patients in it."""
    asking = [asked.patient_id for one in found for asked in one.inquiries if asked.patient_id is not None]
    charts = _charts([*asking, *(card.patient_id for one in found for card in one.cards)], context)
    counts = {section.value: sum(one.counts[section] for one in found) for section in SECTIONS}
    return _answer(
        "calls",
        [one.branch for one in found],
        [_card(card, one.branch, charts) for one in found for card in one.cards],
        context,
        started={one.branch: one.started for one in found},
        more={
            "total": sum(one.total for one in found),
            "sections": counts,
            "done": sum(one.done for one in found),
            "waiting": sum(one.waiting for one in found),
            "long_gone": sum(one.long_gone for one in found),
            "inquiries": [_inquiry(asked, charts) for one in found for asked in one.inquiries],
            "held_back": sum(one.held_back for one in found),
        },
    )


def churners_data(
    found: Mapping[str, Sequence[Eligibility]], family: str, context: Context
) -> dict[str, Any]:
    """Everybody of ⑦ by branch, in the order of the list, not cut (reading 16)."""
    charts = _charts([one.patient_id for rows in found.values() for one in rows], context)
    return _answer(
        "churners",
        list(found),
        [{**_patient(one, charts), **_order(one)} for rows in found.values() for one in rows],
        context,
        started={slug: has_started(context.db, slug) for slug in found},
        cut={"by": "treatment", "value": family} if family else None,
    )


def _answer(
    command: str,
    branches: Sequence[str],
    patients: list[dict[str, Any]],
    context: Context,
    *,
    started: Mapping[str, bool],
    cut: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`started` is whether every branch of the scope has; `started_branches` are those that have."""
    if context.as_json:
        audit.record(
            context.db, context.person, "list", context.now, what=f"{command} json", count=len(patients)
        )
    day = context.today(branches[0])
    return envelope(
        context,
        command=command,
        branches=branches,
        period=Period(day, day),
        facts_until=oldest(context.db, branches, KINDS),
        cut=cut,
        more={
            "started": all(started.values()),
            "started_branches": [slug for slug, has in started.items() if has],
            **(more or {}),
            "patients": patients,
        },
    )


def _charts(patients: Iterable[int], context: Context) -> dict[int, str]:
    return {who.id: who.chart_no for who in names_of(context.db, list(patients)).values()}


def _inquiry(one: WaitingInquiry, charts: Mapping[int, str]) -> dict[str, Any]:
    """Of section ②; `chart_no` is null for somebody who has none yet."""
    return {
        "inquiry_id": one.inquiry_id,
        "chart_no": charts.get(one.patient_id) if one.patient_id is not None else None,
        "branch": one.branch,
        "received_at": one.received_at.isoformat(),
        "waiting_minutes": one.waiting_minutes,
        "source": one.source,
        "treatment": one.treatment,
    }


def _card(card: TodayCard, branch: str, charts: Mapping[int, str]) -> dict[str, Any]:
    return {
        **_patient(card.eligibility, charts),
        "branch": branch,
        "section": card.section.value,
        "state": card.state.value,
    }


def _patient(one: Eligibility, charts: Mapping[int, str]) -> dict[str, Any]:
    """`reasons`: why somebody stands on the list; `notes`: what stops nothing but has to be known."""
    promise = one.promise if one.section is Section.PROMISED else None
    pending = one.pending if one.section is Section.UNDECIDED else None
    gap = one.gap if one.section is Section.MID_COURSE else None
    reasons: list[dict[str, Any]] = [
        {"why": due.band.value, "family": due.family, "days_over": due.days_over} for due in one.families
    ]
    if promise is not None:
        reasons.insert(0, {"why": "promised", "on": promise.on.isoformat(), "family": promise.family})
    if pending is not None:
        reasons.insert(0, {"why": "undecided", "on": pending.held_on.isoformat(), "family": pending.family})
    if gap is not None:
        until = gap.valid_until.isoformat() if gap.valid_until else None
        on = gap.last_on.isoformat()
        told = {"why": "mid_course", "on": on, "family": gap.family, "left": gap.left, "until": until}
        reasons.insert(0, told)
    return {
        "chart_no": charts[one.patient_id],
        "branch": one.branch,
        "families": [_family(due) for due in one.families],
        "reasons": reasons,
        "notes": [_reason(reason) for reason in one.notes],
    }


def _family(due: FamilyDue) -> dict[str, Any]:
    return {
        "family": due.family,
        "band": due.band.value,
        "treatment": due.treatment,
        "last_on": due.last_on.isoformat(),
        "due_on": due.due_on.isoformat(),
        "churned_on": due.churned_on.isoformat(),
        "lapsed_until": due.lapsed_until.isoformat(),
        "days_over": due.days_over,
        "recommended": due.recommended,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    """Only the fields that the reason uses."""
    told: dict[str, Any] = {"why": reason.why.value}
    for name in ("on", "until"):
        day = getattr(reason, name)
        if day is not None:
            told[name] = day.isoformat()
    for name in ("n", "days", "family", "word"):
        value = getattr(reason, name)
        if value is not None:
            told[name] = value
    return told


def _order(one: Eligibility) -> dict[str, Any]:
    """The share the order uses and the cases it stands on; the amount is nobody's business here."""
    parts = value_parts(one)
    return {"share": parts["share"], "cases": parts["cases"]}

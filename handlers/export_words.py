"""What the columns and codes of an export are called."""

from collections.abc import Callable
from typing import Any

from crm_core.churn.reasons import Band
from crm_core.kpi.catalogue import CATALOGUE
from crm_core.phone import last_four, spoken_phone
from crm_core.privacy import masked_name, masked_phone
from crm_core.tables.calls import CallKind, Outcome, ResponseGroup
from crm_core.tables.facts import Answer, InquiryKind, ReservationState
from crm_core.tables.journey import Stage
from handlers import call_words, inquiry_words, kpi_words, reservation_words
from handlers.language.language import N_
from handlers.language.menu_item import Context

HEADERS = {
    "called_at": N_("Called at"),
    "starts_at": N_("Starts at"),
    "received_at": N_("Received at"),
    "answered_at": N_("Answered at"),
    "made_at": N_("Booked at"),
    "branch": N_("Branch"),
    "chart_no": N_("Chart number"),
    "name": N_("Name"),
    "phone": N_("Phone"),
    "staff": N_("Staff"),
    "owner": N_("Owner"),
    "doctor": N_("Doctor"),
    "kind": N_("Kind of call"),
    "inquiry_kind": N_("About what"),
    "outcome": N_("Outcome"),
    "group": N_("Response group"),
    "cause": N_("Cause"),
    "family": N_("Treatment family"),
    "families": N_("Treatment families"),
    "treatment": N_("Treatment"),
    "promised_on": N_("Call back on"),
    "state": N_("State"),
    "answer": N_("Answer"),
    "source": N_("Source"),
    "band": N_("Band"),
    "last_on": N_("Last treatment"),
    "due_on": N_("Due since"),
    "days_over": N_("Days over"),
    "is_new": N_("New or returning"),
    "entry": N_("Came in at"),
    "inquiry_at": N_("Inquiry"),
    "reservation_at": N_("Reservation"),
    "visit_at": N_("Visit"),
    "consult_at": N_("Consult"),
    "agreement_at": N_("Agreed"),
    "treatment_at": N_("Treated"),
    "returned_at": N_("Returned"),
    "who": N_("Patients"),
    "cut": N_("Cut"),
    "stage": N_("Stage"),
    "count": N_("Passed"),
    "entered": N_("Came in here"),
    "base": N_("Ripe"),
    "converted": N_("of them went on"),
    "conversion": N_("Conversion"),
    "low": N_("95 % from"),
    "high": N_("95 % to"),
    "lost": N_("Left here"),
    "open": N_("Still open"),
    "previous": N_("Earlier period"),
    "last_year": N_("Last year"),
    "kpi": N_("Number"),
    "unit": N_("Unit"),
    "numerator": N_("Numerator"),
    "denominator": N_("Denominator"),
    "whole": N_("Whole"),
}
UNITS = {
    "share": N_("share"),
    "count": N_("number"),
    "money": N_("won"),
    "minutes": N_("minutes"),
    "factor": N_("factor"),
}
WHO = {"all": N_("All"), "new": N_("New"), "returning": N_("Returning")}
DAY_NAMES = {
    "monday": N_("Monday"),
    "tuesday": N_("Tuesday"),
    "wednesday": N_("Wednesday"),
    "thursday": N_("Thursday"),
    "friday": N_("Friday"),
    "saturday": N_("Saturday"),
    "sunday": N_("Sunday"),
}


def codes(context: Context, *, named: bool) -> dict[str, Callable[[Any], object]]:
    """How each column's codes are said; names and phones in full only where `named`."""
    say, policy, speech = context.say, context.policy, context.language.code

    def of(words: dict[Any, str], kind: Callable[[Any], Any]) -> Callable[[Any], str]:
        def said(code: Any) -> str:
            known = words.get(kind(code))
            return say(known) if known else str(code)

        return said

    def cause(slug: str) -> str:
        known = policy.causes.get(slug)
        return known.names.in_language(speech) if known else slug

    return {
        "branch": lambda slug: policy.branch(slug).name(speech),
        "name": str if named else masked_name,
        "phone": spoken_phone if named else lambda phone: masked_phone(last_four(phone)),
        "kind": of(call_words.KIND_NAMES, CallKind),
        "inquiry_kind": of(inquiry_words.KIND_NAMES, InquiryKind),
        "outcome": of(call_words.OUTCOME_NAMES, Outcome),
        "group": of(call_words.GROUP_NAMES, ResponseGroup),
        "cause": cause,
        "family": lambda slug: policy.family_name(slug, speech),
        "families": lambda slugs: ", ".join(policy.family_name(one, speech) for one in slugs.split("|")),
        "treatment": lambda slug: policy.treatment_name(slug, speech),
        "state": of(reservation_words.STATE_NAMES, ReservationState),
        "answer": of(reservation_words.ANSWER_NAMES | {Answer.NONE: N_("None yet")}, Answer),
        "source": lambda slug: inquiry_words.shown_source(slug, context),
        "band": of(call_words.BAND_NAMES, Band),
        "is_new": of(WHO, lambda new: "new" if new else "returning"),
        "entry": of(kpi_words.STAGE_NAMES, Stage),
        "stage": of(kpi_words.STAGE_NAMES, Stage),
        "who": of(WHO, str),
        "unit": of(UNITS, str),
        "kpi": {kpi.slug: kpi_words.title(kpi, context) for kpi in CATALOGUE}.__getitem__,
    }

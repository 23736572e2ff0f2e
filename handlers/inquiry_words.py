"""How an inquiry is named: what it is about, how long it waits, who asked."""

from crm_core.inquiries.askers import SeenAsker
from crm_core.inquiries.queries import WaitingInquiry
from crm_core.phone import last_four, spoken_phone
from crm_core.privacy import masked_name, masked_phone
from crm_core.tables.facts import InquiryEnd, InquiryKind
from handlers.language.language import N_
from handlers.language.menu_item import Context
from handlers.patient_words import is_masked

HOUR = 60

KIND_NAMES = {
    InquiryKind.TREATMENT: N_("About a treatment"),
    InquiryKind.PRICE: N_("About a price"),
    InquiryKind.CHANGE: N_("About a reservation"),
    InquiryKind.AFTERCARE: N_("After a treatment"),
    InquiryKind.COMPLAINT: N_("A complaint"),
    InquiryKind.CHECK: N_("About a check"),
    InquiryKind.RETOUCH: N_("About a retouch"),
    InquiryKind.CERTIFICATE: N_("About a certificate"),
    InquiryKind.SPAM: N_("Spam"),
}
ENDS = {
    InquiryEnd.NOT_INTERESTED: N_("Not interested"),
    InquiryEnd.DUPLICATE: N_("Asked already"),
    InquiryEnd.SPAM: N_("Spam"),
    InquiryEnd.MISTAKE: N_("Written by mistake"),
}


def shown_source(slug: str | None, context: Context) -> str:
    """The name of a source; an unknown one is its own word."""
    if not slug:
        return context.say("source not recorded")
    known = context.policy.sources.get(slug)
    return known.names.in_language(context.language.code) if known else slug


def what_for(kind: InquiryKind, treatment: str | None, context: Context) -> str:
    """“Botox”, “Botox (about a price)”, “About a reservation”."""
    say, policy, code = context.say, context.policy, context.language.code
    if not treatment:
        return say(KIND_NAMES[kind])
    known = treatment in policy.treatments
    name = policy.treatment_name(treatment, code) if known else policy.family_name(treatment, code)
    return name if kind is InquiryKind.TREATMENT else f"{name} · {say(KIND_NAMES[kind])}"


def waited(minutes: int, context: Context) -> str:
    """How long somebody waits, in opening minutes."""
    say = context.say
    if minutes < 1:
        return say("came in just now")
    if minutes < HOUR:
        return say("waiting for {minutes} minutes", minutes=minutes)
    hours, rest = divmod(minutes, HOUR)
    if rest == 0:
        return say("waiting for {hours} h", hours=hours)
    return say("waiting for {hours} h {minutes} min", hours=hours, minutes=rest)


def lasted(minutes: int, context: Context) -> str:
    """A length of time in opening hours: “8 h 46 min”."""
    hours, rest = divmod(max(minutes, 1), HOUR)
    if hours == 0:
        return context.say("{minutes} min", minutes=rest)
    return context.say("{hours} h {minutes} min", hours=hours, minutes=rest)


def shown_asker(name: str | None, context: Context) -> str:
    """The name as it may be read here."""
    if not name:
        return context.say("name unknown")
    return context.say("{name}", name=masked_name(name) if is_masked(context) else name)


def shown_phone(asker: SeenAsker, context: Context) -> str:
    """The number as it may be read here; "" when none is known."""
    if asker.phone is None:
        return ""
    if is_masked(context):
        return masked_phone(last_four(asker.phone))
    return spoken_phone(asker.phone, context.policy.country)


def shown_owner(one: WaitingInquiry, names: dict[int, str], context: Context) -> str:
    """Who has it."""
    if one.staff_id is None:
        return context.say("nobody has it yet")
    return context.say("owner {staff}", staff=names.get(one.staff_id, context.say("somebody")))

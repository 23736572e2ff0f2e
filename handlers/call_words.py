"""Words that every card and list of calls shares."""

from datetime import date

from crm_core.calls.today import TodayCard
from crm_core.churn.reasons import Band, FamilyDue
from crm_core.tables.calls import CallKind, Outcome, ResponseGroup, Section
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context

SECTION_MARKS = dict(zip(Section, "①②③④⑤⑥⑦⑧", strict=True))
SECTION_NAMES = {
    Section.PROMISED: N_("Promised"),
    Section.INQUIRIES: N_("Inquiries waiting"),
    Section.FOLLOW_UP: N_("No-shows and cancellations"),
    Section.UNDECIDED: N_("Undecided"),
    Section.MID_COURSE: N_("Mid-course gaps"),
    Section.CONFIRMATION: N_("Confirmations"),
    Section.RECALL: N_("Due and lapsed"),
    Section.HAPPY: N_("Happy calls"),
}
BAND_NAMES = {
    Band.NOT_YET: N_("not yet due"),
    Band.DUE: N_("due"),
    Band.LAPSED: N_("lapsed"),
    Band.LONG_GONE: N_("long gone"),
}
GROUP_NAMES = {
    ResponseGroup.POSITIVE_AFFIRMATION: N_("Active affirmation"),
    ResponseGroup.NEGATIVE_AFFIRMATION: N_("Passive affirmation"),
    ResponseGroup.NEGATIVE_DENIAL: N_("Passive denial"),
    ResponseGroup.POSITIVE_DENIAL: N_("Active denial"),
}
GROUP_BUTTONS = {
    ResponseGroup.POSITIVE_AFFIRMATION: N_("😊 Active yes"),
    ResponseGroup.NEGATIVE_AFFIRMATION: N_("🙂 Passive yes"),
    ResponseGroup.NEGATIVE_DENIAL: N_("😐 Passive no"),
    ResponseGroup.POSITIVE_DENIAL: N_("🚫 Active no"),
}
GROUP_HINTS = {
    ResponseGroup.POSITIVE_AFFIRMATION: N_("“Thank you for looking after me”, “book me in”"),
    ResponseGroup.NEGATIVE_AFFIRMATION: N_("“Yes, I will go”, “I will call you”"),
    ResponseGroup.NEGATIVE_DENIAL: N_("“I will call if I need to; no need to contact me”"),
    ResponseGroup.POSITIVE_DENIAL: N_("“Why do you keep calling?”, “delete my number”"),
}
OUTCOME_NAMES = {
    Outcome.CONNECTED: N_("Connected"),
    Outcome.NO_ANSWER: N_("No answer"),
    Outcome.BUSY: N_("Busy"),
    Outcome.WRONG_NUMBER: N_("Wrong number"),
    Outcome.CALL_LATER: N_("Call back later"),
    Outcome.TREATMENT_COMPLETE: N_("Treatment complete"),
}
KIND_NAMES = {
    CallKind.RECALL: N_("recall call"),
    CallKind.PROMISED: N_("promised call-back"),
    CallKind.CONFIRMATION: N_("confirmation call"),
    CallKind.NO_SHOW: N_("call after a no-show"),
    CallKind.UNDECIDED: N_("call about an undecided consult"),
    CallKind.MID_COURSE: N_("call about sessions left"),
    CallKind.HAPPY: N_("happy call"),
    CallKind.INQUIRY: N_("answer to an inquiry"),
}


def day_about(branch: str, day: date) -> str:
    """What a list of calls is about, for the living card."""
    return f"day:{branch}:{day}"


def patient_about(patient_id: int) -> str:
    return f"patient:{patient_id}"


def why_today(card: TodayCard, context: Context) -> str:
    """Why this one today, short: the promise, or the treatment and how far its time has passed."""
    promise = card.eligibility.promise
    if card.section is Section.PROMISED and promise is not None:
        day = figures.staff_day(promise.on, context.language)
        return context.say("promised for {day}", day=day)
    midway = _midway(card, context)
    if midway:
        return midway
    family = next(iter(card.eligibility.families), None)
    return family_line(family, context) if family else _by_hand(card, context)


def _midway(card: TodayCard, context: Context) -> str:
    """The undecided consult of ④ or the overdue session of ⑤; "" elsewhere."""
    say, policy, code = context.say, context.policy, context.language.code
    pending, gap = card.eligibility.pending, card.eligibility.gap
    if card.section is Section.UNDECIDED and pending is not None:
        day = figures.staff_day(pending.held_on, context.language)
        if pending.treatment is None:
            return say("undecided since the consult of {day}", day=day)
        name = policy.treatment_name(pending.treatment, code)
        return say("{treatment}: undecided since the consult of {day}", treatment=name, day=day)
    if card.section is Section.MID_COURSE and gap is not None:
        name = policy.treatment_name(gap.treatment, code)
        return say("{treatment}: {left} paid sessions left", treatment=name, left=gap.left)
    return ""


def _by_hand(card: TodayCard, context: Context) -> str:
    if card.assigned_to is not None:
        return context.say("on a list given to {staff}", staff=card.assigned_to)
    return context.say("opened by hand")


def why_short(card: TodayCard, context: Context) -> str:
    """The same in a few letters, for a row of a list on a phone."""
    promise = card.eligibility.promise
    if card.section is Section.PROMISED and promise is not None:
        return context.say("promised {day}", day=figures.staff_day(promise.on, context.language))
    midway = _midway(card, context)
    if midway:
        return midway
    due = next(iter(card.eligibility.families), None)
    if due is None:
        return _by_hand(card, context)
    name = context.policy.family_name(due.family, context.language.code)
    return context.say("{family}, {days} days over", family=name, days=due.days_over)


def family_line(due: FamilyDue, context: Context) -> str:
    """Botox: 12 days over (lapsed)."""
    name = context.policy.family_name(due.family, context.language.code)
    band = context.say(BAND_NAMES[due.band])
    return context.say("{family}: {days} days over ({band})", family=name, days=due.days_over, band=band)

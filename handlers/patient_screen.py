"""The blocks of the one screen: who, how to reach them, what is due, what happened, what was said."""

from collections.abc import Iterator
from datetime import date

from babel import Locale, UnknownLocaleError

from crm_core.calls.queries import PastCallRow
from crm_core.churn.reasons import FamilyDue, Why
from crm_core.contacts.queries import PhoneSeen
from crm_core.journeys.queries import JourneySeen, Standing
from crm_core.patients.queries import CourseSeen, PatientScreen, names_of
from crm_core.phone import spoken_phone
from crm_core.reservations.queries import seen as state_seen
from crm_core.staff.access import DIRECTORS, NAMES
from crm_core.staff.queries import names_by_number
from crm_core.tables.facts import LIVE, Reservation
from crm_core.tables.journey import Stage
from crm_core.tables.people import PatientStatus
from handlers.call_words import BAND_NAMES, GROUP_NAMES, KIND_NAMES, OUTCOME_NAMES
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context
from handlers.language.reply import Block, Facts, Heading, Table, Text, Tone
from handlers.patient_words import (
    RELATIONS,
    STATUS_NAMES,
    age_and_sex,
    name_and_chart,
    shown_chart,
    shown_name,
)
from handlers.reservation_words import STATE_NAMES
from handlers.why_words import why_sentence

CALLS_SHOWN = 5
LEAST_RHYTHM = 2
LINES_SHOWN = 5
STAGE_NAMES = {
    Stage.INQUIRY: N_("Inquiry"),
    Stage.RESERVATION: N_("Reservation"),
    Stage.VISIT: N_("Visit"),
    Stage.CONSULT: N_("Consult"),
    Stage.AGREEMENT: N_("Agreement"),
    Stage.TREATMENT: N_("Treatment"),
}
STANDING_NAMES = {
    Standing.OPEN: N_("still open"),
    Standing.TREATED: N_("treated"),
    Standing.DECLINED: N_("declined"),
    Standing.CLOSED: N_("closed by hand"),
    Standing.LOST: N_("lost"),
}
_CLOSED = {
    Why.COURSE_RUNNING: N_("sessions left"),
    Why.TREATMENT_COMPLETE: N_("treatment complete"),
    Why.NO_NEED: N_("no need"),
}
_PREFERENCES = {
    "text": N_("Prefers text"),
    "kakao": N_("Prefers KakaoTalk"),
    "owner_only": N_("Only the owner calls"),
}


def screen_blocks(
    seen: PatientScreen, journeys: tuple[JourneySeen, ...], context: Context
) -> tuple[Block, ...]:
    """Everything of the one screen but its buttons, for somebody who reads it alone."""
    blocks: list[Block] = [Heading(_title(seen, context))]
    blocks += [Text(warning, tone=Tone.WARNING) for warning in _warnings(seen, context)]
    blocks.append(Facts(tuple(_facts(seen, context))))
    families = (*seen.eligibility.families, *seen.eligibility.others)
    if families:
        blocks.append(families_table(families, context))
    for title, lines in (
        (N_("Sessions left"), [_course(one, context) for one in seen.courses if one.left]),
        (N_("Reservations"), _reservations(seen, context)),
        (N_("Last treatments"), _treatments(seen, context)),
        (N_("Journeys"), [_journey(one, context) for one in journeys[:LINES_SHOWN]]),
    ):
        if lines:
            blocks.append(Text("\n".join([context.say(title), *(f"· {line}" for line in lines)])))
    blocks += _calls(seen, context)
    return tuple(blocks)


def _title(seen: PatientScreen, context: Context) -> str:
    parts = [
        shown_name(seen.who, context),
        age_and_sex(seen.who, context),
        context.say("chart {chart}", chart=shown_chart(seen.who, context)),
    ]
    if seen.who.vip:
        parts.append("VIP")
    return " · ".join(part for part in parts if part)


def _warnings(seen: PatientScreen, context: Context) -> Iterator[str]:
    """What has to be read before anything else: states, and refusals that stand."""
    if seen.who.status is not PatientStatus.ACTIVE:
        said = context.say(STATUS_NAMES[seen.who.status])
        if seen.who.status is PatientStatus.PAUSED and seen.paused_until is not None:
            said = context.say("Paused until {day}.", day=_day(seen.paused_until, context))
        yield said
    for reason in seen.eligibility.reasons:
        if reason.why in (Why.DENIED, Why.STOPPED, Why.DECEASED_PHONE, Why.WRONG_NUMBER):
            yield why_sentence(reason, context)


def _facts(seen: PatientScreen, context: Context) -> Iterator[tuple[str, str]]:
    say, code = context.say, context.language.code
    yield say("Branch"), context.policy.branch(seen.who.branch).name(code)
    yield say("Owner"), seen.owner or "–"
    for phone in seen.phones:
        yield say("Phone"), _phone(phone, context)
    if not seen.phones:
        yield say("Phone"), "–"
    wishes = [say(_PREFERENCES[seen.preference])] if seen.preference in _PREFERENCES else []
    wishes += [seen.preferred_time] if seen.preferred_time else []
    if wishes:
        yield say("Wishes"), " · ".join(wishes)
    if seen.who.birth_date is not None:
        yield say("Born"), seen.who.birth_date.isoformat()
    about = [
        part
        for part in (
            seen.residence,
            _language(seen.language, context),
            _source(seen.source, context),
        )
        if part
    ]
    if about:
        yield say("About"), " · ".join(about)
    yield say("Visits"), _visits(seen, context)
    if context.person.has(DIRECTORS) and not seen.eligibility.value_is_visits:
        months = context.policy.calls.value_months
        amount = figures.money(seen.eligibility.value, context.language)
        yield say("Paid in {months} months", months=months), amount


def _language(code: str | None, context: Context) -> str | None:
    """The language to speak with the patient, where it is not the clinic's own."""
    if code is None or code == context.policy.language:
        return None
    try:
        return Locale.parse(code, sep="-").get_display_name(context.language.code)
    except (ValueError, UnknownLocaleError):
        return code


def _source(slug: str | None, context: Context) -> str | None:
    known = context.policy.sources.get(slug or "")
    return known.names.in_language(context.language.code) if known else slug


def _visits(seen: PatientScreen, context: Context) -> str:
    if seen.last_visit_on is None:
        return "–"
    return context.say(
        "{n} days here, first {first}, last {last}",
        n=figures.count(seen.visits),
        first=_day(seen.first_visit_on or seen.last_visit_on, context),
        last=_day(seen.last_visit_on, context),
    )


def _phone(phone: PhoneSeen, context: Context) -> str:
    """The number in full: this screen is private, and every look is audited."""
    say = context.say
    parts = [spoken_phone(phone.phone, context.policy.country), say(RELATIONS[phone.relation])]
    if phone.wrong:
        parts.append(_wrong(phone, context))
    consent = {
        True: N_("consent to advertising: yes"),
        False: N_("consent to advertising: withdrawn"),
        None: N_("consent to advertising: not recorded"),
    }[phone.ads_consent]
    parts.append(say(consent))
    served = _also_serves(phone, context)
    return " · ".join([*parts, served] if served else parts)


def _wrong(phone: PhoneSeen, context: Context) -> str:
    """That it is somebody else's number, who found that out and when."""
    if phone.wrong_at is None:
        return context.say("wrong number")
    day = _day(phone.wrong_at.astimezone(context.policy.branch(_home(context)).tz).date(), context)
    if phone.wrong_by is None:
        return context.say("wrong number since {day}", day=day)
    return context.say("wrong number since {day} ({staff})", day=day, staff=phone.wrong_by)


def _home(context: Context) -> str:
    own = context.person.branches(NAMES, context.policy)
    return next(iter(own), next(iter(context.policy.branches)))


def _also_serves(phone: PhoneSeen, context: Context) -> str:
    """Whom else the phone reaches; of other branches only how many."""
    say = context.say
    people = names_of(context.db, [patient_id for patient_id, _ in phone.also])
    also = [
        f"{name_and_chart(people[patient_id], context)} {say(RELATIONS[relation])}"
        for patient_id, relation in phone.also
    ]
    if phone.elsewhere:
        also.append(say("{n} of other branches", n=phone.elsewhere))
    return say("also: {people}", people=", ".join(also)) if also else ""


def families_table(families: tuple[FamilyDue, ...], context: Context) -> Table:
    """Each family with its band (or why it is closed), its dates and the patient's own rhythm."""
    say, code = context.say, context.language.code
    rows = tuple(
        (
            context.policy.family_name(one.family, code),
            say(_CLOSED[one.closed.why] if one.closed else BAND_NAMES[one.band]),
            _day(one.last_on, context),
            _due_from(one, context),
            _day(one.churned_on, context),
            _rhythm(one, context),
        )
        for one in families
    )
    columns = (
        say("Treatment"),
        say("Stands"),
        say("Last"),
        say("Due from"),
        say("Lapsed after"),
        say("Own rhythm"),
    )
    return Table(columns, rows)


def _due_from(one: FamilyDue, context: Context) -> str:
    day = _day(one.due_on, context)
    return context.say("{day} (recommended)", day=day) if one.recommended else day


def _rhythm(one: FamilyDue, context: Context) -> str:
    if one.own_rhythm_days is None or one.own_rhythm_n < LEAST_RHYTHM:
        return "–"
    return context.say("{days} days (mean of last {n})", days=one.own_rhythm_days, n=one.own_rhythm_n)


def _course(one: CourseSeen, context: Context) -> str:
    parts = [
        context.policy.treatment_name(one.treatment, context.language.code),
        context.say("{left} of {total} left", left=one.left, total=one.sessions),
    ]
    if one.valid_until is not None:
        parts.append(context.say("valid until {day}", day=_day(one.valid_until, context)))
    return " · ".join(parts)


def _reservations(seen: PatientScreen, context: Context) -> list[str]:
    known = [one for one in seen.reservations if one.made_at is None or one.made_at <= context.now]
    return [_reservation(one, seen, context) for one in known[:LINES_SHOWN]]


def _reservation(one: Reservation, screen: PatientScreen, context: Context) -> str:
    """Day and time, the state it is seen in at this moment, treatment, and the branch if another."""
    branch = context.policy.branch(one.branch)
    when = _day(one.starts_on, context)
    if one.timed:
        when += f" {figures.clock(one.starts_at, branch)}"
    state = state_seen(
        one.state,
        state_at=one.state_at,
        starts_at=one.starts_at,
        made_at=one.made_at,
        visited=one.starts_on in screen.arrived_on,
        now=context.now,
    )
    unmarked = state in LIVE and one.starts_on < branch.today(context.now)
    parts = [when, context.say(N_("Unmarked") if unmarked else STATE_NAMES[state])]
    if one.treatment:
        parts.append(context.policy.treatment_name(one.treatment, context.language.code))
    if one.branch != screen.who.branch:
        parts.append(branch.name(context.language.code))
    return " · ".join(parts)


def _treatments(seen: PatientScreen, context: Context) -> list[str]:
    code = context.language.code
    shown = seen.treatments[:LINES_SHOWN]
    doctors = names_by_number(context.db, [one.doctor for one in shown if one.doctor])
    lines = []
    for one in shown:
        parts = [_day(one.done_on, context), context.policy.treatment_name(one.treatment, code)]
        if one.doctor:
            parts.append(doctors.get(one.doctor, one.doctor))
        if one.branch != seen.who.branch:
            parts.append(context.policy.branch(one.branch).name(code))
        lines.append(" · ".join(parts))
    return lines


def _journey(one: JourneySeen, context: Context) -> str:
    say, code = context.say, context.language.code
    families = [context.policy.family_name(slug, code) for slug in one.families]
    at = context.policy.branch(one.branch).local(one.stage_at).date()
    parts = [
        _day(one.first_on, context),
        ", ".join(families) or say("treatment not recorded"),
        f"{say(STAGE_NAMES[one.stage])} {_day(at, context)}",
        say(STANDING_NAMES[one.standing]),
    ]
    return " · ".join(parts)


def _calls(seen: PatientScreen, context: Context) -> list[Block]:
    """The calls that stand, and beneath each what the patient said or the caller noted."""
    standing = [call for call in seen.calls if call.standing][:CALLS_SHOWN]
    blocks: list[Block] = []
    title = context.say("Calls so far")
    for n, call in enumerate(standing):
        line = call_line(call, context)
        blocks.append(Text(line if n else f"{title}\n{line}"))
        if call.note:
            blocks.append(Text(call.note, tone=Tone.QUOTE))
    return blocks


def call_line(call: PastCallRow, context: Context) -> str:
    """“11/24(Tue) 15:10 · Lee · recall call · Passive affirmation · Cost”."""
    say, code = context.say, context.language.code
    branch = context.policy.branch(call.branch)
    parts = [
        f"{_day(branch.local(call.called_at).date(), context)} {figures.clock(call.called_at, branch)}",
        call.staff or "–",
        say(KIND_NAMES[call.kind]),
        say(GROUP_NAMES[call.group]) if call.group else say(OUTCOME_NAMES[call.outcome]),
    ]
    if call.family:
        parts.append(context.policy.family_name(call.family, code))
    if call.cause:
        cause = context.policy.causes.get(call.cause)
        parts.append(cause.names.in_language(code) if cause else call.cause)
    return " · ".join(parts)


def _day(day: date, context: Context) -> str:
    return figures.staff_day_with_year(day, context.today(), context.language)

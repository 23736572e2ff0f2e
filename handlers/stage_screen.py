"""The blocks of a patient's day at the desk: where it stands, what is known, and what can follow."""

from collections.abc import Iterator
from datetime import timedelta

from crm_core.patients.queries import FoundPatient
from crm_core.reservations.queries import CLOSERS
from crm_core.staff.access import CALLS
from crm_core.staff.queries import names_by_number
from crm_core.stages.queries import TREATERS, CourseLeft, Flow
from crm_core.tables.desk import DeskEntry
from crm_core.tables.facts import LIVE, Consult, Decision, TreatmentDone
from handlers.language import figures
from handlers.language.menu_item import Context
from handlers.language.reply import Block, Button, Buttons, Heading, Style, Text, Tone
from handlers.patient_screen import STAGE_NAMES
from handlers.patient_words import name_and_chart
from handlers.patients import ShowPatient
from handlers.reservation_words import STATE_NAMES
from handlers.reserve_commands import OpenReserve
from handlers.stage_commands import Arrive, AskAgreed, AskClose, AskConsult, AskTreated, Decide, UndoStage
from handlers.stage_words import DECISION_NAMES


def stage_blocks(flow: Flow, who: FoundPatient, context: Context) -> tuple[Block, ...]:
    """For the asker alone: amounts only for whoever works with them."""
    blocks: list[Block] = [Heading("📍 " + context.say("Stage: {who}", who=name_and_chart(who, context)))]
    blocks.append(Text(_stands(flow, context)))
    known = [f"✓ {line}" for line in _known(flow, context)]
    if known:
        blocks.append(Text("\n".join(known)))
    blocks += [Text(f"📌 {_course(one, context)}", tone=Tone.HINT) for one in flow.courses]
    blocks.append(Buttons(tuple(_next(flow, who, context))))
    return tuple(blocks)


def _stands(flow: Flow, context: Context) -> str:
    """“Botox · consult 11/25(Wed)”: the open journey and how far it has come."""
    say = context.say
    journey = flow.journey
    if journey is None:
        return say("No journey is open.")
    code = context.language.code
    families = ", ".join(context.policy.family_name(slug, code) for slug in journey.families)
    at = context.policy.branch(journey.branch).local(journey.stage_at).date()
    stage = f"{say(STAGE_NAMES[journey.stage])} {figures.staff_day(at, context.language)}"
    return say("Stands at: {stage}", stage=" · ".join(part for part in (families, stage) if part))


def _known(flow: Flow, context: Context) -> Iterator[str]:
    """What nobody has to type any more; amounts only for whoever asks about them."""
    say, place = context.say, context.policy.branch(flow.branch)
    if flow.reservation is not None:
        row = flow.reservation
        when = figures.clock(row.starts_at, place) if row.timed else "–"
        state = "" if row.state in LIVE else say(STATE_NAMES[row.state])
        yield _joined(say("Reservation"), when, treatment_name(row.treatment, context), state)
    if flow.arrived_at is not None:
        yield _joined(f"{say('Visit')} {figures.clock(flow.arrived_at, place)}")
    earlier = [one for one in (flow.pending, flow.agreed) if one is not None and one not in flow.consults]
    for consult in (*earlier, *flow.consults):
        yield _consult(consult, flow, context)
    for done in flow.treatments:
        yield _treatment(done, context)
    if flow.paid and _sees_amounts(flow, context):
        yield _joined(say("Paid today"), figures.money(flow.paid, context.language))


def _consult(row: Consult, flow: Flow, context: Context) -> str:
    say, language = context.say, context.language
    day = "" if row.held_on == flow.day else figures.staff_day(row.held_on, language)
    amount = ""
    if _sees_amounts(flow, context):
        if row.agreed_amount is not None:
            amount = figures.money(row.agreed_amount, language)
        elif row.proposed_amount is not None:
            amount = say("proposed {amount}", amount=figures.money(row.proposed_amount, language))
    return _joined(
        say("Consult"), day, treatment_name(row.treatment, context), say(DECISION_NAMES[row.decision]), amount
    )


def _treatment(row: TreatmentDone, context: Context) -> str:
    say = context.say
    session = say("session {n}", n=row.session_no) if row.session_no else ""
    doctors = names_by_number(context.db, [row.doctor] if row.doctor else [])
    doctor = doctors.get(row.doctor or "", row.doctor or "")
    return _joined(say("Treatment"), treatment_name(row.treatment, context), session, doctor)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def treatment_name(treatment: str | None, context: Context) -> str:
    """The treatment's name, "" where none is recorded."""
    return context.policy.treatment_name(treatment, context.language.code) if treatment else ""


def _course(one: CourseLeft, context: Context) -> str:
    return context.say(
        "{treatment}: {left} of {total} left",
        treatment=treatment_name(one.treatment, context),
        left=one.sessions - one.done,
        total=one.sessions,
    )


def _sees_amounts(flow: Flow, context: Context) -> bool:
    return flow.branch in context.person.branches(CALLS, context.policy)


def _next(flow: Flow, who: FoundPatient, context: Context) -> Iterator[tuple[Button, ...]]:
    """The steps that make sense now, for what this person may write; the likeliest first."""
    say, person, policy = context.say, context.person, context.policy
    branch = "" if flow.branch == who.branch else flow.branch
    desk, talks, treats = (flow.branch in person.branches(r, policy) for r in (CLOSERS, CALLS, TREATERS))
    if desk and not flow.is_here:
        yield (Button(say("Arrived"), Arrive(who.id, branch), Style.PRIMARY),)
    if talks and flow.pending is not None:
        yield from _decisions(flow.pending, context, Style.PRIMARY if flow.is_here else Style.PLAIN)
    row = []
    if treats and (flow.is_here or not desk):
        style = Style.PRIMARY if flow.agreed is not None and not flow.treatments else Style.PLAIN
        row.append(Button(say("Record a treatment"), AskTreated(who.id, branch), style))
    if talks and flow.is_here:
        row.insert(0 if flow.agreed is None else 1, Button(say("Consulted"), AskConsult(who.id, branch)))
    if row:
        yield tuple(row)
    last = []
    if desk:
        last.append(Button(say("Reserve"), OpenReserve(who.id, branch)))
    if talks and flow.journey is not None:
        last.append(Button(say("Close it"), AskClose(who.id, branch)))
    last.append(Button(say("Patient"), ShowPatient(who.id)))
    yield tuple(last)
    if flow.last is not None and _may_undo(flow.last, context):
        yield (Button(say("Take back"), UndoStage(flow.last.id or 0)),)


def _decisions(consult: Consult, context: Context, style: Style) -> Iterator[tuple[Button, ...]]:
    """A yes is one tap when the amount proposed is known."""
    say, number = context.say, consult.id or 0
    known = consult.proposed_amount is not None
    yes = Decide(number, Decision.YES) if known else AskAgreed(number, Decision.YES)
    yield (
        Button(say("Agreed"), yes, style),
        Button(say("In part"), AskAgreed(number, Decision.PART)),
    )
    yield (
        Button(say("Declined"), Decide(number, Decision.NO)),
        Button(say("Not suitable"), Decide(number, Decision.NOT_SUITABLE)),
    )


def _may_undo(entry: DeskEntry, context: Context) -> bool:
    young = context.now - entry.at <= timedelta(minutes=context.policy.calls.undo_minutes)
    return young and entry.by_staff_id == context.person.staff_id

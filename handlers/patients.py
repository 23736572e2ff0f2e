"""/patient and /why: the one screen of a patient, and the rule trace of a call."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from crm_core.calls import actions
from crm_core.calls.today import fixed_at
from crm_core.churn.eligibility import eligibility
from crm_core.churn.reasons import Eligibility, Why
from crm_core.contacts.actions import KEEPERS
from crm_core.differences.queries import open_differences
from crm_core.errors import Missing
from crm_core.journeys.queries import journeys_of
from crm_core.patients.merging.queries import reversible
from crm_core.patients.queries import MOST, FoundPatient, find, nobody_here, of_id, screen
from crm_core.patients.same_person.queries import proposals
from crm_core.reservations.queries import CLOSERS
from crm_core.staff import audit
from crm_core.staff.access import CALLS, NAMES
from crm_core.tables.calls import Section
from crm_core.tables.people import Role
from handlers import call_card
from handlers.call_commands import AskLift
from handlers.differences_commands import ShowDifferences
from handlers.facts_until import until_sentence
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Command,
    Heading,
    Reply,
    Style,
    Text,
    Tone,
)
from handlers.language.words import Words
from handlers.manuals import ShowManual
from handlers.merging_commands import AskNumber, CompareCharts, ShowProposals, SplitCharts
from handlers.patient_screen import families_table, screen_blocks
from handlers.patient_words import shown_chart, shown_name, tell_apart
from handlers.reserve_commands import OpenReserve
from handlers.stage_commands import ShowStage
from handlers.why_words import list_reasons, next_consult_call, section_name, why_sentence

ASKERS = NAMES | {Role.GROUP}
KINDS = ("reservations", "visits", "treatments")
MERGE_WORDS = ("merge", "합치기", "병합", "중복")
_NEVER = (
    Why.DENIED,
    Why.STOPPED,
    Why.DECEASED_PHONE,
    Why.WRONG_NUMBER,
    Why.NO_PHONE,
    Why.NO_GUARDIAN,
)
_CHANCES = {
    "reaction": N_("chance {share} ({cases} such calls)"),
    "family": N_("chance {share} ({cases} calls about this treatment)"),
    "clinic": N_("chance {share} ({cases} calls of the clinic)"),
}


@dataclass(frozen=True)
class ShowPatient:
    """By id from a button, else by what was typed."""

    patient_id: int = 0
    patient: str = ""


@dataclass(frozen=True)
class ExplainWhy:
    """Why somebody is on today's list, or not."""

    patient_id: int = 0
    patient: str = ""


@dataclass(frozen=True)
class CallPatient:
    """Opens the patient's card of today, on the list or off it."""

    patient_id: int


def typed_patient(words: Words) -> str:
    """What was typed after the command; Missing("patient") when nothing was."""
    wanted = words.take_rest()
    if not wanted:
        raise Missing("patient")
    return wanted


def pick(
    patient_id: int, text: str, command: Callable[[int], Command], context: Context
) -> FoundPatient | Reply:
    """The patient meant, or a question with a button for each who fits.

    NoSuchPatient, OtherBranch (nothing of the patient is told), Missing("patient").
    """
    if patient_id:
        return of_id(context.db, context.person, context.policy, patient_id)
    if not text:
        raise Missing("patient")
    several = find(context.db, context.person, context.policy, text)
    if not several:
        raise nobody_here(context.db, context.policy, text)
    return several[0] if len(several) == 1 else which_patient(several, command, context)


def which_patient(
    several: Sequence[FoundPatient], command: Callable[[int], Command], context: Context
) -> Reply:
    """“Which patient?”, a button each; what would not fit on the buttons is said."""
    say = context.say
    shown = several[:MOST]
    audit.record(context.db, context.person, "list", context.now, what="find", count=len(shown))
    with_branch = len({one.branch for one in shown}) > 1
    rows = tuple(
        (Button(tell_apart(one, context, with_branch=with_branch), command(one.id)),) for one in shown
    )
    blocks: list[Block] = [Heading(say("Which patient?")), Buttons(rows)]
    if len(several) > MOST:
        blocks.append(Text(say("There are more. Type more of the name or the number."), tone=Tone.HINT))
    return Reply(tuple(blocks))


def read_patient(words: Words) -> ShowPatient | ShowProposals | CompareCharts:
    """`/patient <patient>`; `/patient merge`, `/patient merge <a> <b>`."""
    wanted = typed_patient(words)
    first, *rest = wanted.split()
    if first.casefold() not in MERGE_WORDS:
        return ShowPatient(patient=wanted)
    if not rest:
        return ShowProposals()
    if len(rest) != len(("kept", "merged")):
        raise Missing("two_charts")
    return CompareCharts(first=rest[0], second=rest[1])


def read_why(words: Words) -> ExplainWhy:
    return ExplainWhy(patient=typed_patient(words))


def show_patient(command: ShowPatient, context: Context) -> Reply:
    """Always for the asker alone, so nothing is masked; the look is audited with it."""
    context = replace(context, private=True)
    who = pick(command.patient_id, command.patient, ShowPatient, context)
    if isinstance(who, Reply):
        return who
    _look(who, "patient", context)
    seen = screen(context.db, context.person, context.policy, who.id, context.now)
    journeys = journeys_of(context.db, context.policy, who.id, context.now)
    until = Text(until_sentence(context, (who.branch,), KINDS), tone=Tone.HINT)
    buttons = _buttons(seen.eligibility, Button(context.say("Why"), ExplainWhy(who.id)), context)
    rows = (*buttons.rows, *_keeping(who.id, context))
    return Reply((*screen_blocks(seen, journeys, context), until, Buttons(rows)))


def _keeping(patient_id: int, context: Context) -> Iterator[tuple[Button, ...]]:
    """What those who keep charts and contacts in order can do from here."""
    say = context.say
    if not context.person.has(KEEPERS):
        return
    row = [Button(say("New number"), AskNumber(patient_id))]
    made = reversible(context.db, patient_id, context.now)
    if made is not None:
        row.append(Button(say("Undo merge ({chart})", chart=made.chart_no), SplitCharts(made.id)))
    open_questions = proposals(context.db, context.person, context.policy, context.now, patient_id)
    if open_questions:
        row.append(Button(say("Same person? ({n})", n=len(open_questions)), ShowProposals(patient_id)))
    yield tuple(row)
    apart = open_differences(context.db, context.person, context.policy, patient_id=patient_id)
    if apart:
        yield (Button(say("File differs ({n})", n=len(apart)), ShowDifferences(patient_id)),)


def _look(who: FoundPatient, what: str, context: Context) -> None:
    audit.record(
        context.db, context.person, "look", context.now, patient_id=who.id, branch=who.branch, what=what
    )


def _buttons(one: Eligibility, other: Button, context: Context) -> Buttons:
    """Call now only where somebody may be called at all, by somebody who calls at that branch."""
    say = context.say
    stopped = any(reason.why in _NEVER or reason.word == "deceased" for reason in one.reasons)
    row = [other]
    if context.person.has(CALLS):
        row.append(Button(say("Manual"), ShowManual()))
        if any(reason.why is Why.DENIED for reason in one.reasons):
            row.append(Button(say("Ask for contact again"), AskLift(one.patient_id)))
        if not stopped:
            row.insert(0, Button(say("Call now"), CallPatient(one.patient_id), Style.PRIMARY))
    desk = (
        Button(say("Reserve"), OpenReserve(one.patient_id)),
        Button(say("Stage"), ShowStage(one.patient_id)),
    )
    return Buttons((tuple(row), desk) if context.person.has(CLOSERS) else (tuple(row),))


def call_patient(command: CallPatient, context: Context) -> Reply:
    card = actions.open_card(context.db, context.policy, context.person, command.patient_id, context.now)
    assert card.id is not None
    return call_card.reply_for(card.id, replace(context, private=True))


def explain_why(command: ExplainWhy, context: Context) -> Reply:
    context = replace(context, private=True)
    who = pick(command.patient_id, command.patient, ExplainWhy, context)
    if isinstance(who, Reply):
        return who
    _look(who, "why", context)
    one = eligibility(context.db, context.policy, who.id, context.now)
    blocks = [_why_heading(who, context), *_standing(one, context), *_against(one, context)]
    families = (*one.families, *one.others)
    if families:
        blocks.append(families_table(families, context))
    order = _order(one, context)
    if order:
        blocks.append(Text(order, tone=Tone.HINT))
    blocks.append(Text(until_sentence(context, (who.branch,), KINDS), tone=Tone.HINT))
    return Reply((*blocks, _buttons(one, Button(context.say("Patient"), ShowPatient(who.id)), context)))


def _why_heading(who: FoundPatient, context: Context) -> Heading:
    chart = context.say("chart {chart}", chart=shown_chart(who, context))
    return Heading(f"{shown_name(who, context)} · {chart}")


def _standing(one: Eligibility, context: Context) -> list[Block]:
    """Whether the patient is on today's list, and for what; before start nobody is."""
    say = context.say
    card = actions.card_of(context.db, one.branch, one.day, one.patient_id)
    if card is not None and card.on_list and card.done_at is not None:
        return [_lines(say("Was on today's list, and has been called."), [])]
    if one.section is None:
        return []
    if not actions.has_started(context.db, one.branch):
        return [
            _lines(
                say("Would be on the list: {section}", section=section_name(one.section, context)),
                list_reasons(one, context),
            )
        ]
    if one.held_back:
        title = say("Held back today: {section}", section=section_name(one.section, context))
        return [_lines(title, list_reasons(one, context))]
    fixed = fixed_at(context.db, one.branch, one.day) is not None
    cut = one.section in (Section.UNDECIDED, Section.MID_COURSE, Section.RECALL)
    if cut and fixed and (card is None or not card.on_list):
        title = say("May be called, but waits: today's list is full")
    elif cut and not fixed:
        title = say("May be called; today's list has not been made yet")
    else:
        title = say("On today's list: {section}", section=section_name(one.section, context))
    return [_lines(title, list_reasons(one, context))]


def _against(one: Eligibility, context: Context) -> list[Block]:
    """Every reason that speaks against ⑦, and what the caller has to know though it stops nothing."""
    say = context.say
    blocks: list[Block] = []
    later = next_consult_call(one, context)
    if later:
        blocks.append(Text(later))
    if one.reasons:
        if one.section is None:
            title = say("Not on today's list because")
        elif one.eligible:
            title = say("Not called yet because")
        else:
            title = say("Not among due and lapsed today because")
        blocks.append(_lines(title, [why_sentence(reason, context) for reason in one.reasons]))
    if one.notes and one.section is not None:
        lines = [why_sentence(reason, context) for reason in one.notes]
        blocks.append(_lines(say("Ask before you offer anything"), lines))
    return blocks


def _lines(title: str, lines: Sequence[str]) -> Text:
    return Text("\n".join([title, *(f"· {line}" for line in lines)]))


def _order(one: Eligibility, context: Context) -> str:
    """What the order of ⑦ is made of, for this card; no amount."""
    if not one.families or one.chance is None:
        return ""
    chance = context.say(
        _CHANCES[one.chance.of],
        share=figures.share(one.chance.share, context.language),
        cases=figures.count(one.chance.cases),
    )
    return context.say("Order: {parts}", parts=chance)


ITEMS = (
    MenuItem(
        name="patient",
        code="pa",
        command=ShowPatient,
        read=read_patient,
        answer=show_patient,
        summary=N_("The one screen of a patient"),
        example="/patient 김지영",
        korean=("환자", "조회"),
        roles=ASKERS,
        about_patient=True,
    ),
    MenuItem(
        name="why",
        code="wy",
        command=ExplainWhy,
        read=read_why,
        answer=explain_why,
        summary=N_("Why somebody is on today's list, or not"),
        example="/why 김지영",
        korean=("왜", "이유"),
        roles=ASKERS,
        about_patient=True,
    ),
    MenuItem(code="pc", command=CallPatient, answer=call_patient, roles=CALLS, about_patient=True),
)

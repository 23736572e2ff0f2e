"""/caller: “somebody called us”: whom of us, when, and why, found by the last four digits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crm_core.calls.queries import DIGITS, PastCallRow, calls_of, who_called
from crm_core.errors import Missing
from crm_core.patients.queries import MOST, FoundPatient, with_last_four
from crm_core.period import Period
from crm_core.staff import audit
from crm_core.staff.access import CALLS, NAMES, scope_for
from handlers.call_words import GROUP_NAMES, KIND_NAMES, OUTCOME_NAMES
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Button, Buttons, Heading, Reply, Style, Text, Tone
from handlers.language.words import Words
from handlers.patient_words import tell_apart
from handlers.patients import CallPatient, ShowPatient

CALLS_EACH = 3


@dataclass(frozen=True)
class WhoCalled:
    """Which of us called a number that ends in these four digits."""

    digits: str


def read_caller(words: Words) -> WhoCalled:
    """`/caller 1234`; a whole number is taken by its last four digits."""
    typed = words.take_rest()
    digits = "".join(letter for letter in typed if letter.isdigit())
    if len(digits) < DIGITS or any(letter.isalpha() for letter in typed):
        raise Missing("last_four")
    return WhoCalled(digits[-DIGITS:])


def show_callers(command: WhoCalled, context: Context) -> Reply:
    """Everybody of the asker's branches whose number ends so, the one we called last first."""
    say = context.say
    context = replace(context, private=True)
    people = with_last_four(context.db, context.person, context.policy, command.digits)
    if not people:
        return Reply((Text(say("No patient's number ends in {digits}.", digits=command.digits)),))
    audit.record(context.db, context.person, "list", context.now, what="caller", count=len(people))
    day = context.today()
    scope = scope_for(context.person, context.policy, Period(day, day), roles=NAMES)
    called: dict[int, list[PastCallRow]] = {}
    for call in who_called(context.db, scope, command.digits, context.now):
        called.setdefault(call.patient_id, []).append(call)
    newest = list(called)
    people.sort(key=lambda who: (newest.index(who.id) if who.id in called else len(newest), who.id))
    blocks: list[Block] = [Heading(say("Who called …{digits}", digits=command.digits))]
    with_branch = len({who.branch for who in people}) > 1
    for who in people[:MOST]:
        calls = called.get(who.id) or calls_of(context.db, who.id, context.now, CALLS_EACH)
        blocks += _person(who, calls, with_branch, context)
    if len(people) > MOST:
        more = say("{n} more have such a number; look by name.", n=len(people) - MOST)
        blocks.append(Text(more, tone=Tone.HINT))
    return Reply(tuple(blocks))


def _person(
    who: FoundPatient, calls: Sequence[PastCallRow], with_branch: bool, context: Context
) -> list[Block]:
    """Who it is, our last calls (one that was taken back only where no other is known), and the note."""
    say = context.say
    calls = [call for call in calls if call.standing] or calls
    lines = [f"· {_call(call, context)}" for call in calls[:CALLS_EACH]]
    blocks: list[Block] = [Text("\n".join([tell_apart(who, context, with_branch=with_branch), *lines]))]
    if not calls:
        blocks.append(Text(say("None of us has called."), tone=Tone.HINT))
    elif calls[0].note:
        blocks.append(Text(calls[0].note, tone=Tone.QUOTE))
    row = [Button(say("Patient"), ShowPatient(who.id))]
    if who.branch in context.person.branches(CALLS, context.policy):
        row.insert(0, Button(say("Open the card"), CallPatient(who.id), Style.PRIMARY))
    return [*blocks, Buttons((tuple(row),))]


def _call(call: PastCallRow, context: Context) -> str:
    """“Tue 24 Nov 15:10 Lee called (recall call: No answer)”."""
    say = context.say
    branch = context.policy.branch(call.branch)
    day = branch.local(call.called_at).date()
    when = figures.staff_day_with_year(day, branch.today(context.now), context.language)
    places = {
        "when": f"{when} {figures.clock(call.called_at, branch)}",
        "kind": say(KIND_NAMES[call.kind]),
        "outcome": say(GROUP_NAMES[call.group] if call.group else OUTCOME_NAMES[call.outcome]),
    }
    if call.staff:
        said = say("{when} {staff} called ({kind}: {outcome})", staff=call.staff, **places)
    else:
        said = say("{when} we called ({kind}: {outcome})", **places)
    return said if call.standing else say("{said} · taken back", said=said)


ITEMS = (
    MenuItem(
        name="caller",
        code="wc",
        command=WhoCalled,
        read=read_caller,
        answer=show_callers,
        summary=N_("Who of us called this number, when and why"),
        example="/caller 1234",
        korean=("누가전화", "누구전화"),
        roles=NAMES,
        about_patient=True,
    ),
)

"""/differences: where the chart's file and what was said in chat differ, settled with one tap."""

from dataclasses import replace
from typing import Any

from crm_core.contacts.actions import KEEPERS
from crm_core.differences.actions import settle
from crm_core.differences.queries import DifferenceSeen, open_differences
from crm_core.policy.branch import CHAT, IMPORT
from crm_core.staff import audit
from crm_core.tables.facts import Decision, ReservationState
from handlers.differences_commands import SettleDifference, ShowDifferences
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Button, Buttons, Heading, Reply, Text, Tone, Where
from handlers.language.words import Words
from handlers.patient_words import name_and_chart
from handlers.reservation_words import STATE_NAMES

PAGE = 5
_KINDS = {
    ("reservations", "state"): N_("reservation"),
    ("consults", "decision"): N_("decision"),
    ("consults", "proposed_amount"): N_("amount proposed"),
    ("consults", "agreed_amount"): N_("amount agreed"),
    ("treatments", "amount"): N_("treatment amount"),
    ("payments", "amount"): N_("payment"),
    ("payments", "refund"): N_("refund"),
}
_DECISIONS = {
    Decision.YES: N_("Agreed"),
    Decision.PART: N_("Agreed in part"),
    Decision.NO: N_("Declined"),
    Decision.PENDING: N_("Undecided"),
    Decision.NOT_SUITABLE: N_("Not suitable"),
}


def read_differences(words: Words) -> ShowDifferences:
    words.finish()
    return ShowDifferences()


def show_differences(command: ShowDifferences, context: Context) -> Reply:
    say = context.say
    found = open_differences(
        context.db, context.person, context.policy, patient_id=command.patient_id or None
    )
    if not found:
        return Reply((Text(say("The files and the chat say the same everywhere.")),))
    pages = -(-len(found) // PAGE)
    page = min(command.page, pages - 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    audit.record(context.db, context.person, "list", context.now, what="differences", count=len(shown))
    blocks: list[Block] = [Heading("🗂 " + say("The file and the chat differ: {n}", n=len(found)))]
    for one in shown:
        blocks += _question(one, context)
    blocks.append(Text(say("Nothing is lost: both stay written down, whichever you choose."), tone=Tone.HINT))
    if page < pages - 1:
        blocks.append(Buttons(((Button(say("More") + " →", replace(command, page=page + 1)),),)))
    return Reply(tuple(blocks), where=Where.IN_PLACE if command.page else Where.HERE)


def _question(one: DifferenceSeen, context: Context) -> list[Block]:
    say = context.say
    what = say(_KINDS[one.kind, one.column])
    day = figures.staff_day_with_year(one.on, context.today(one.branch), context.language)
    lines = [
        f"{name_and_chart(one.patient, context)} · {day} {what}",
        say(
            "In chat: {ours} · in the file: {theirs}",
            ours=_said(one.ours, context),
            theirs=_said(one.theirs, context),
        ),
        say("The file counts meanwhile") if one.counts == IMPORT else say("The chat counts meanwhile"),
    ]
    keep = Button(say("As in chat"), SettleDifference(one.id, ours=True))
    take = Button(say("As in the file"), SettleDifference(one.id))
    return [Text("\n".join(lines)), Buttons(((keep, take),))]


def _said(value: Any, context: Context) -> str:
    """A state or decision by name; an amount only where nobody reads along."""
    if isinstance(value, ReservationState):
        return context.say(STATE_NAMES[value])
    if isinstance(value, Decision):
        return context.say(_DECISIONS[value])
    if context.private:
        return figures.money(value, context.language)
    return context.say("an amount")


def settle_difference(command: SettleDifference, context: Context) -> Reply:
    choice = CHAT if command.ours else IMPORT
    settle(context.db, context.policy, context.person, command.difference_id, choice, context.now)
    return replace(show_differences(ShowDifferences(), context), where=Where.IN_PLACE)


ITEMS = (
    MenuItem(
        name="differences",
        code="df",
        command=ShowDifferences,
        read=read_differences,
        answer=show_differences,
        summary=N_("Where the chart's file and the chat say different things"),
        example="/differences",
        korean=("자료차이",),
        roles=KEEPERS,
        about_patient=True,
    ),
    MenuItem(
        code="ds", command=SettleDifference, answer=settle_difference, roles=KEEPERS, about_patient=True
    ),
)

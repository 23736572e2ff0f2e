"""/calls and /next: today's list, and who takes whom."""

from dataclasses import replace

from crm_core.calls import actions
from crm_core.calls.today import CardState, TodayCard, TodayList, next_up, today
from crm_core.churn.queries import BandCounts
from crm_core.churn.reasons import Band
from crm_core.errors import NotStarted, NotUnderstood
from crm_core.facts_until import ARRIVALS
from crm_core.inquiries.askers import prospect_names
from crm_core.inquiries.queries import WaitingInquiry
from crm_core.patients.queries import names_of
from crm_core.staff import audit
from crm_core.staff.access import CALLS, DIRECTORS
from crm_core.tables.calls import SECTIONS, Section
from handlers import call_card, inquiry_card
from handlers.branches import branches_for, take_branch
from handlers.call_commands import NextCall, ShowCalls, SkipCard, StartCalls
from handlers.call_json import calls_data
from handlers.call_words import SECTION_MARKS, SECTION_NAMES, day_about, why_short
from handlers.facts_until import missing_at, until_sentence
from handlers.inquiry_words import shown_asker, shown_source, waited
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Heading,
    Reply,
    Style,
    Table,
    Text,
    Tone,
    Where,
)
from handlers.language.words import Words, nearest
from handlers.patient_words import shown_chart, shown_name

PAGE = 10


def read_calls(words: Words) -> ShowCalls | StartCalls:
    """`/calls [branch] [mine]`, `/calls start [branch]`."""
    mine = start = False
    branch = take_branch(words)
    for word in words.take_rest().split():
        folded = word.casefold()
        if folded in ("mine", "내것", "내것만"):
            mine = True
        elif folded in ("start", "시작"):
            start = True
        else:
            raise NotUnderstood("argument", word, nearest(word, ("mine", "start", "내것", "시작")))
    return StartCalls(branch) if start else ShowCalls(branch, mine=mine)


def read_next(words: Words) -> NextCall:
    branch = take_branch(words)
    words.finish("branch", words.policy.branches)
    return NextCall(branch)


def show_calls(command: ShowCalls, context: Context) -> Reply:
    found = [_found(slug, context) for slug in branches_for(command.branch, context, CALLS)]
    lists = [_one_list(replace(command, branch=one.branch), one, context) for one in found]
    data = calls_data(found, context) if context.private else None
    return replace(lists[0], also=tuple(lists[1:]), data=data)


def _found(branch: str, context: Context) -> TodayList:
    db, policy, now = context.db, context.policy, context.now
    day = policy.branch(branch).today(now)
    actions.fix_list(db, policy, branch, day, now)
    return today(db, context.person, policy, branch, day, now)


def _one_list(command: ShowCalls, found: TodayList, context: Context) -> Reply:
    asked = replace(command, day=found.day, turn=False)
    blocks = _list_blocks(asked, found, context) if found.started else _before_start(found, context)
    return Reply(
        blocks,
        where=Where.IN_PLACE if command.turn else Where.HERE,
        about=day_about(found.branch, found.day),
        shows=asked,
    )


def _list_blocks(command: ShowCalls, found: TodayList, context: Context) -> tuple[Block, ...]:
    say = context.say
    branch = context.policy.branch(found.branch)
    title = say("{n} calls today", n=found.total) + f" · {branch.name(context.language.code)}"
    blocks: list[Block] = [Heading(f"☎ {title}")]
    missing = missing_at(context, found.branch)
    if missing:
        blocks.append(Text(missing, tone=Tone.WARNING))
    sections = [
        f"{SECTION_MARKS[s]} {say(SECTION_NAMES[s])} {found.counts[s]}" for s in SECTIONS if found.counts[s]
    ]
    done = say("{n} done", n=found.done)
    blocks.append(Text("  ".join([*sections, f"✓ {done}"])))
    blocks.append(
        Text(
            say(
                "Waiting {waiting} · long gone {long_gone} are kept apart",
                waiting=figures.count(found.waiting),
                long_gone=figures.count(found.long_gone),
            )
            + " · "
            + until_sentence(context, (found.branch,), ARRIVALS),
            tone=Tone.HINT,
        )
    )
    work = _work(found, command.mine, context)
    if found.total == 0 and found.cards:
        blocks.append(Text(say("All of today's calls are done. Well done!")))
    pages = max(1, -(-len(work) // PAGE))
    page = min(command.page, pages - 1)
    shown = work[page * PAGE : (page + 1) * PAGE]
    if shown:
        blocks.append(_table(shown, context))
    elif not found.cards:
        blocks.append(Text(say("Nobody is to be called today.")))
    blocks.append(_list_buttons(command, page, pages, context))
    return tuple(blocks)


def _work(found: TodayList, mine: bool, context: Context) -> list[TodayCard | WaitingInquiry]:
    """The list from the top: ①, the inquiries of ②, then the other cards; or one's own part of it."""
    first = [card for card in found.cards if card.section is Section.PROMISED]
    others = [card for card in found.cards if card.section is not Section.PROMISED]
    if not mine:
        return [*first, *found.inquiries, *others]
    own = [one for one in found.inquiries if one.staff_id == context.person.staff_id]
    return [*(card for card in first if card.is_mine), *own, *(card for card in others if card.is_mine)]


def _table(work: list[TodayCard | WaitingInquiry], context: Context) -> Table:
    say = context.say
    names = names_of(context.db, [one.patient_id for one in work if one.patient_id is not None])
    asking = [one for one in work if isinstance(one, WaitingInquiry)]
    prospects = prospect_names(context.db, [one.prospect_id for one in asking if one.prospect_id is not None])
    if context.private:
        audit.record(context.db, context.person, "list", context.now, what="calls", count=len(work))
    rows = []
    for one in work:
        known = names.get(one.patient_id) if one.patient_id is not None else None
        if known is not None:
            who = f"{shown_name(known, context)} {shown_chart(known, context)}"
        else:
            assert isinstance(one, WaitingInquiry)
            who = shown_asker(prospects.get(one.prospect_id or 0), context)
        if isinstance(one, WaitingInquiry):
            why = f"{shown_source(one.source, context)} · {waited(one.waiting_minutes, context)}"
            rows.append((SECTION_MARKS[Section.INQUIRIES], who, why))
        else:
            rows.append((SECTION_MARKS[one.section], who, _standing(one, context)))
    return Table(("", say("Patient"), say("Why today")), tuple(rows), plain=True)


def _standing(card: TodayCard, context: Context) -> str:
    """Why today, or who has the card and what became of it."""
    say = context.say
    match card.state:
        case CardState.DONE:
            return "✓ " + (card.claimed_by or say("done"))
        case CardState.MINE:
            return "☎ " + say("me")
        case CardState.TAKEN:
            return "☎ " + (card.claimed_by or "")
        case CardState.TRIED:
            return "↻ " + why_short(card, context)
        case CardState.LATER:
            return "… " + why_short(card, context)
        case CardState.FREE if card.assigned_to is not None and not card.is_mine:
            return f"→ {card.assigned_to}"
        case CardState.FREE:
            return why_short(card, context)


def _list_buttons(command: ShowCalls, page: int, pages: int, context: Context) -> Buttons:
    say = context.say
    turned = replace(command, turn=True)
    first = [Button(say("Next one"), NextCall(command.branch), Style.PRIMARY)]
    if command.mine:
        first.append(Button(say("Everybody"), replace(turned, mine=False, page=0)))
    elif context.private:
        first.append(Button(say("Only mine"), replace(turned, mine=True, page=0)))
    rows = [tuple(first)]
    turning = []
    if page > 0:
        turning.append(Button("← " + say("Previous"), replace(turned, page=page - 1)))
    if page < pages - 1:
        turning.append(Button(say("More") + " →", replace(turned, page=page + 1)))
    if turning:
        rows.append(tuple(turning))
    return Buttons(tuple(rows))


def _before_start(found: TodayList, context: Context) -> tuple[Block, ...]:
    """What would be on the list, by band and family, and the director's button."""
    say, code = context.say, context.language.code
    counts = found.would_be
    assert counts is not None
    branch = context.policy.branch(found.branch).name(code)
    blocks: list[Block] = [
        Heading("☎ " + say("Calls have not started") + f" · {branch}"),
        Text(say("This is who would be on the list. Nobody is called before a director starts it.")),
        _bands_table(counts, context),
        Text(
            say(
                "{n} could be called; {gone} long gone are kept apart.",
                n=counts.eligible,
                gone=counts.long_gone,
            ),
            tone=Tone.HINT,
        ),
    ]
    if context.person.has(DIRECTORS):
        blocks.append(Buttons(((Button(say("Start calling"), StartCalls(found.branch), Style.PRIMARY),),)))
    return tuple(blocks)


def _bands_table(counts: BandCounts, context: Context) -> Table:
    say, policy, code = context.say, context.policy, context.language.code
    families = sorted({family for family, _ in counts.by_family})
    bands = (Band.DUE, Band.LAPSED)
    rows = tuple(
        (
            policy.family_name(family, code),
            *(figures.count(counts.by_family.get((family, band), 0)) for band in bands),
        )
        for family in families
    )
    return Table((say("Treatment"), say("Due"), say("Lapsed")), rows, numeric=frozenset({1, 2}))


def start_calls(command: StartCalls, context: Context) -> Reply:
    """The director's start, for one branch or all of the director's."""
    branches = branches_for(command.branch, context, CALLS)
    for slug in branches:
        actions.start(context.db, context.policy, context.person, slug, context.now)
        actions.fix_list(
            context.db, context.policy, slug, context.policy.branch(slug).today(context.now), context.now
        )
    return show_calls(ShowCalls(command.branch, turn=True), context)


def next_call(command: NextCall, context: Context) -> Reply:
    """What to do next: one's own claimed card first. In a channel the card opens privately."""
    db, policy, now = context.db, context.policy, context.now
    started = False
    for slug in branches_for(command.branch, context, CALLS):
        day = policy.branch(slug).today(now)
        if actions.fix_list(db, policy, slug, day, now) is None:
            continue
        started = True
        found = next_up(db, context.person, policy, slug, day, now)
        if found is not None:
            private = replace(context, private=True)
            if isinstance(found, WaitingInquiry):
                reply = inquiry_card.reply_for(found.inquiry_id, private)
            else:
                reply = call_card.reply_for(found.card_id, private)
            return reply if context.private else replace(reply, where=Where.PRIVATE)
    if not started:
        raise NotStarted(command.branch)
    return Reply((Text(context.say("All of today's calls are done. Well done!")),), where=Where.PRIVATE)


def skip_card(command: SkipCard, context: Context) -> Reply:
    """Later today; the next card comes at once."""
    row = actions.skip(context.db, context.policy, context.person, command.card_id, context.now)
    if not context.private:
        return replace(call_card.reply_for(command.card_id, context), where=Where.IN_PLACE)
    return replace(next_call(NextCall(row.branch), context), where=Where.IN_PLACE)


ITEMS = (
    MenuItem(
        name="calls",
        code="ca",
        command=ShowCalls,
        read=read_calls,
        answer=show_calls,
        summary=N_("Who is to be called today"),
        example="/calls",
        korean=("전화", "오늘전화", "통화목록"),
        roles=CALLS,
    ),
    MenuItem(code="sk", command=SkipCard, answer=skip_card, roles=CALLS),
    MenuItem(code="st", command=StartCalls, answer=start_calls, roles=DIRECTORS),
    MenuItem(
        name="next",
        code="nx",
        command=NextCall,
        read=read_next,
        answer=next_call,
        summary=N_("The next one to call"),
        example="/next",
        korean=("다음", "다음분"),
        roles=CALLS,
    ),
)

"""The card of one patient to call: who, why today, what to say, and what came of it."""

from collections.abc import Callable
from dataclasses import replace

from crm_core.calls import actions
from crm_core.calls.queries import call_of_card, card_seen
from crm_core.calls.today import CardState, TodayCard, card_for
from crm_core.patients.queries import PatientScreen, screen
from crm_core.phone import spoken_phone
from crm_core.staff import audit
from crm_core.staff.access import CALLS
from crm_core.staff.queries import staff_of
from crm_core.tables.calls import (
    AFFIRMATIONS,
    DENIALS,
    NOT_CONNECTED,
    Call,
    CallCard,
    Outcome,
    ResponseGroup,
    Section,
)
from handlers.call_commands import (
    AskCallBack,
    AskCause,
    AskCorrection,
    AskLift,
    AskNote,
    AskWhenLater,
    CallDone,
    ClaimCard,
    LogOutcome,
    NextCall,
    ReleaseCard,
    ShowCard,
    SkipCard,
    TakeOver,
    UndoCall,
)
from handlers.call_words import (
    GROUP_BUTTONS,
    GROUP_HINTS,
    GROUP_NAMES,
    OUTCOME_NAMES,
    family_line,
    patient_about,
    why_today,
)
from handlers.language import figures
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
    Where,
)
from handlers.patient_words import age_and_sex, shown_chart, shown_name
from handlers.reserve_commands import OpenReserve
from handlers.stage_commands import ShowStage

LEAST_RHYTHM = 2


def reply_for(card_id: int, context: Context) -> Reply:
    """The card as it stands now, for this reader. NoSuchCard, OtherBranch."""
    row = card_seen(context.db, context.policy, context.person, card_id)
    card = card_for(context.db, context.person, context.policy, row, context.now)
    seen = screen(context.db, context.person, context.policy, row.patient_id, context.now)
    if context.private and context.person.staff_id is not None:
        audit.record(
            context.db,
            context.person,
            "look",
            context.now,
            patient_id=row.patient_id,
            branch=row.branch,
            what="card with number" if card.state is CardState.MINE else "card",
        )
    blocks: list[Block] = [Heading(_title(seen, context))]
    blocks += [Text(line) for line in _lines(card, row, seen, context)]
    blocks += _state_blocks(card, row, seen, context)
    return Reply(tuple(blocks), about=patient_about(row.patient_id), shows=ShowCard(card_id))


def _title(seen: PatientScreen, context: Context) -> str:
    say, who = context.say, seen.who
    parts = [shown_name(who, context), age_and_sex(who, context)]
    parts.append(say("chart {chart}", chart=shown_chart(who, context)))
    if who.vip:
        parts.append(say("VIP"))
    if seen.owner:
        parts.append(say("owner {staff}", staff=seen.owner))
    return " · ".join(part for part in parts if part)


def _lines(card: TodayCard, row: CallCard, seen: PatientScreen, context: Context) -> list[str]:
    """At most four: what is due, the last reaction, courses, how they like to be called."""
    say, language = context.say, context.language
    lines = [f"⏰ {line}" for line in _due_lines(card, context)]
    own = row.call_id  # its outcome stands below
    last = next((call for call in seen.calls if call.standing and call.call_id != own), None)
    if last is not None:
        what = GROUP_NAMES[last.group] if last.group else OUTCOME_NAMES[last.outcome]
        day = figures.staff_day(context.policy.branch(last.branch).local(last.called_at).date(), language)
        quote = f" “{last.note}”" if last.note and context.private else ""
        lines.append(f"💬 {day} {last.staff or '–'}: {say(what)}{quote}")
    lines += [f"📌 {line}" for line in _course_lines(seen, context)]
    gap = card.eligibility.gap
    if gap is not None and card.section is Section.MID_COURSE:
        lines.append(
            "📅 "
            + say(
                "Last session {last}; the next was recommended for {first}–{end}",
                last=figures.staff_day_with_year(gap.last_on, card.eligibility.day, language),
                first=figures.staff_day(gap.next_from, language),
                end=figures.staff_day(gap.next_until, language),
            )
        )
    if seen.preferred_time:
        lines.append(f"🕐 {seen.preferred_time}")
    lines.append(say("Why today: {why}", why=why_today(card, context)))
    return lines


def _due_lines(card: TodayCard, context: Context) -> list[str]:
    say = context.say
    lines = []
    for due in card.eligibility.families[:2]:
        last = figures.staff_day_with_year(due.last_on, card.eligibility.day, context.language)
        line = say("{line}, last {day}", line=family_line(due, context), day=last)
        if due.own_rhythm_days and due.own_rhythm_n >= LEAST_RHYTHM:
            rhythm = say("own rhythm: {days} days, of {n}", days=due.own_rhythm_days, n=due.own_rhythm_n)
            line += f" ({rhythm})"
        lines.append(line)
    return lines


def _course_lines(seen: PatientScreen, context: Context) -> list[str]:
    say, policy, code = context.say, context.policy, context.language.code
    lines = []
    for course in seen.courses:
        if course.left == 0:
            continue
        line = say(
            "{treatment}: {left} of {total} left",
            treatment=policy.treatment_name(course.treatment, code),
            left=course.left,
            total=course.sessions,
        )
        if course.valid_until:
            day = figures.staff_day_with_year(course.valid_until, seen.eligibility.day, context.language)
            line += " " + say("(until {day})", day=day)
        lines.append(line)
    return lines[:2]


def _state_blocks(card: TodayCard, row: CallCard, seen: PatientScreen, context: Context) -> list[Block]:
    match card.state:
        case CardState.DONE:
            return _done_blocks(row, context)
        case CardState.MINE if context.private:
            return _mine_blocks(card, seen, context)
        case CardState.MINE | CardState.TAKEN:
            return _taken_blocks(card, row, context)
        case _:
            return _free_blocks(card, row, context)


def _free_blocks(card: TodayCard, row: CallCard, context: Context) -> list[Block]:
    say = context.say
    blocks: list[Block] = []
    call = call_of_card(context.db, row) if card.state is CardState.TRIED else None
    if call is not None:
        days = max(1, card.eligibility.tries.days)
        blocks.append(Text(_outcome_line(call, context)))
        blocks.append(Text(say("Day {n} of trying; again later today or tomorrow.", n=days), tone=Tone.HINT))
        if context.private:
            return [*blocks, Buttons((*_done_buttons(call, row, context), (_claim(card, context),)))]
    buttons = [
        _claim(card, context),
        Button(say("No answer"), LogOutcome(card.card_id, Outcome.NO_ANSWER)),
    ]
    if row.on_list:
        buttons.append(Button(say("Later"), SkipCard(card.card_id)))
    return [*blocks, Buttons((tuple(buttons),))]


def _claim(card: TodayCard, context: Context) -> Button:
    return Button(context.say("I will call"), ClaimCard(card.card_id), Style.PRIMARY)


def _taken_blocks(card: TodayCard, row: CallCard, context: Context) -> list[Block]:
    say = context.say
    since = figures.clock(card.claimed_at, context.policy.branch(row.branch)) if card.claimed_at else ""
    who = card.claimed_by or say("somebody")
    return [
        Text(say("{staff} is calling (since {since})", staff=who, since=since)),
        Buttons(((Button(say("Take over"), TakeOver(card.card_id)),),)),
    ]


def _mine_blocks(card: TodayCard, seen: PatientScreen, context: Context) -> list[Block]:
    """The number, the opening words, and the outcomes in two taps."""
    say, card_id = context.say, card.card_id
    phone = next((p for p in seen.phones if p.contact_id == card.eligibility.contact_id), None)
    blocks: list[Block] = []
    if phone is not None:
        number = spoken_phone(phone.phone, context.policy.country)
        blocks.append(Heading(f"☎ {number}"))
        blocks.append(Text(say("Please use the clinic's phone"), tone=Tone.HINT))
    else:
        blocks.append(Text(say("No number that may be called is known."), tone=Tone.WARNING))
    opening = context.policy.opening_words.in_language(context.language.code)
    words = opening.format(
        name=seen.who.name or "",
        clinic=context.policy.name.in_language(context.language.code),
        staff=context.person.name,
    )
    blocks.append(Text(words, tone=Tone.QUOTE))
    blocks.append(Text(say("How did they take being contacted?")))
    groups = group_buttons(lambda group: LogOutcome(card_id, Outcome.CONNECTED, group), context)
    misses = tuple(
        Button(say(OUTCOME_NAMES[outcome]), LogOutcome(card_id, outcome))
        for outcome in (Outcome.NO_ANSWER, Outcome.BUSY)
    )
    rest = (
        Button(say(OUTCOME_NAMES[Outcome.CALL_LATER]), AskWhenLater(card_id)),
        Button(
            say(OUTCOME_NAMES[Outcome.TREATMENT_COMPLETE]),
            LogOutcome(card_id, Outcome.TREATMENT_COMPLETE),
        ),
    )
    last = (
        Button(
            say(OUTCOME_NAMES[Outcome.WRONG_NUMBER]),
            LogOutcome(card_id, Outcome.WRONG_NUMBER),
        ),
        Button(say("Release"), ReleaseCard(card_id)),
    )
    blocks.append(Buttons((*groups, misses, rest, last)))
    return blocks


def group_buttons(
    command: Callable[[ResponseGroup], Command], context: Context
) -> tuple[tuple[Button, ...], ...]:
    """The four groups; the two denials never stand beside an active affirmation (wording.md §8.8)."""
    buttons = {
        group: Button(
            context.say(label),
            command(group),
            hint=context.say(GROUP_HINTS[group]),
        )
        for group, label in GROUP_BUTTONS.items()
    }
    affirmations = tuple(buttons[group] for group in AFFIRMATIONS)
    denials = tuple(button for group, button in buttons.items() if group not in AFFIRMATIONS)
    return affirmations, denials


def _done_blocks(row: CallCard, context: Context) -> list[Block]:
    call = call_of_card(context.db, row)
    if call is None:
        return []
    blocks: list[Block] = [Text(_outcome_line(call, context))]
    if call.cause:
        cause = context.policy.causes[call.cause].names.in_language(context.language.code)
        blocks.append(Text(context.say("Cause: {cause}", cause=cause)))
    if call.note and context.private:
        blocks.append(Text(call.note, tone=Tone.QUOTE))
    blocks.append(Buttons(_done_buttons(call, row, context)))
    return blocks


def _outcome_line(call: Call, context: Context) -> str:
    say = context.say
    staff = staff_of(context.db, call.staff_id)
    what = GROUP_NAMES[call.response_group] if call.response_group else OUTCOME_NAMES[call.outcome]
    when = figures.clock(call.called_at, context.policy.branch(call.branch))
    line = f"✅ {say(what)} – {staff.name if staff else say('somebody')} {when}"
    if call.promised_on:
        day = figures.staff_day(call.promised_on, context.language)
        line += " · " + say("call back on {day}", day=day)
    return line


def _done_buttons(call: Call, row: CallCard, context: Context) -> tuple[tuple[Button, ...], ...]:
    """What follows: a date or done after an affirmation; cause and note, never required; undo; next."""
    say = context.say
    if not context.private or call.id is None:
        return ()
    rows: list[tuple[Button, ...]] = []
    own = call.staff_id == context.person.staff_id
    if own and call.response_group in AFFIRMATIONS and call.next_step is None:
        rows.append(
            (
                Button(say("Book"), OpenReserve(row.patient_id), Style.PRIMARY),
                Button(say("Date to call"), AskCallBack(call.id)),
                Button(say("Done"), CallDone(call.id)),
            )
        )
    if own and call.outcome not in NOT_CONNECTED:
        about = [Button(say("Cause"), AskCause(call.id)), Button(say("Note"), AskNote(call.id))]
        if row.section is Section.UNDECIDED:  # what they have decided on the phone is written there
            about.append(Button(say("Stage"), ShowStage(row.patient_id)))
        rows.append(tuple(about))
    last = [Button(say("Next one"), NextCall(row.branch), Style.PRIMARY)]
    if own:
        last.append(Button(say("Undo"), UndoCall(call.id)))
        last.append(Button(say("Correct"), AskCorrection(call.id)))
    elif call.response_group in DENIALS:
        last.append(Button(say("Ask for contact again"), AskLift(row.patient_id)))
    return (*rows, tuple(last))


def show_card(command: ShowCard, context: Context) -> Reply:
    return replace(reply_for(command.card_id, context), where=Where.IN_PLACE)


def claim_card(command: ClaimCard, context: Context) -> Reply:
    """In a channel the card opens privately: the number is for one person's eyes."""
    card = actions.claim(context.db, context.policy, context.person, command.card_id, context.now)
    assert card.id is not None
    reply = reply_for(card.id, replace(context, private=True))
    return replace(reply, where=Where.IN_PLACE if context.private else Where.PRIVATE)


def release_card(command: ReleaseCard, context: Context) -> Reply:
    actions.release(context.db, context.policy, context.person, command.card_id, context.now)
    return show_card(ShowCard(command.card_id), context)


def take_over(command: TakeOver, context: Context) -> Reply:
    say = context.say
    if not command.sure:
        row = card_seen(context.db, context.policy, context.person, command.card_id)
        card = card_for(context.db, context.person, context.policy, row, context.now)
        staff = card.claimed_by or say("Somebody")
        sure = Button(say("Take over"), TakeOver(command.card_id, sure=True))
        return Reply(
            (
                Text(say("{staff} has it. Take over?", staff=staff)),
                Buttons(((Button(say("Back"), ShowCard(command.card_id)), sure),)),
            ),
            where=Where.IN_PLACE,
        )
    actions.take_over(context.db, context.policy, context.person, command.card_id, context.now)
    reply = reply_for(command.card_id, replace(context, private=True))
    return replace(reply, where=Where.IN_PLACE if context.private else Where.PRIVATE)


ITEMS = (
    MenuItem(code="sh", command=ShowCard, answer=show_card, roles=CALLS),
    MenuItem(code="ck", command=ClaimCard, answer=claim_card, roles=CALLS),
    MenuItem(code="re", command=ReleaseCard, answer=release_card, roles=CALLS),
    MenuItem(code="to", command=TakeOver, answer=take_over, roles=CALLS),
)

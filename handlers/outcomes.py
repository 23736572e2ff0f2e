"""What came of a call, in two taps: outcome, group, and what follows from it."""

from dataclasses import replace
from datetime import timedelta

from crm_core.calls import actions
from crm_core.calls.outcomes import actions as outcomes
from crm_core.calls.outcomes.actions import Said
from crm_core.calls.queries import card_id_of_call, denied_by
from crm_core.errors import (
    DenialNeedsConfirmation,
    Missing,
    NoSuchPatient,
    NotAllowed,
    NotUnderstood,
    TooLateToUndo,
)
from crm_core.patients.queries import MOST, FoundPatient, find
from crm_core.staff.access import CALLS
from crm_core.tables.calls import Outcome, ResponseGroup
from handlers import call_card
from handlers.call_commands import (
    AskCallBack,
    AskCause,
    AskCorrection,
    AskLift,
    AskNote,
    AskWhenLater,
    CallDone,
    CorrectCall,
    LogByHand,
    LogOutcome,
    SetCallBack,
    SetCause,
    SetNote,
    ShowCard,
    UndoCall,
)
from handlers.call_words import GROUP_NAMES, OUTCOME_NAMES
from handlers.language import figures
from handlers.language.language import N_, language
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Button,
    Buttons,
    Field,
    FieldKind,
    Form,
    Reply,
    Style,
    Text,
    Tone,
    Where,
    notice,
)
from handlers.language.words import Words, nearest
from handlers.lifts import ask_lift
from handlers.manuals import manual_blocks
from handlers.patient_words import tell_apart

LONGEST_NOTE = 500
SOON = (1, 3, 7, 14, 30)


def log_outcome(command: LogOutcome, context: Context) -> Reply:
    said = Said(command.outcome, command.group, promised_on=command.promised_on, confirmed=command.confirmed)
    try:
        logged = outcomes.log_outcome(
            context.db,
            context.policy,
            context.person,
            said,
            context.now,
            card_id=command.card_id,
            press_key=context.press_key,
        )
    except DenialNeedsConfirmation:
        return ask_once_more(replace(command, confirmed=True), ShowCard(command.card_id), context)
    assert logged.card.id is not None
    return replace(call_card.reply_for(logged.card.id, context), where=Where.IN_PLACE)


def ask_once_more(yes: object, back: ShowCard, context: Context) -> Reply:
    """A denial ends all outreach to a phone, so it is asked once more."""
    say = context.say
    return Reply(
        (
            Text(
                say("All outreach stops (own reservation notices remain). Right?"),
                tone=Tone.WARNING,
            ),
            Buttons(
                (
                    (
                        Button(say("Back"), back),
                        Button(say("Yes, stop contact"), yes, Style.DANGER),  # type: ignore[arg-type]
                    ),
                )
            ),
        ),
        where=Where.IN_PLACE,
    )


def read_log(words: Words) -> LogByHand:
    """`/log 0432 no answer`, `/기록 0432 소극 긍정`: the outcome comes last."""
    text = words.take_rest()
    if not text:
        raise Missing("patient")
    known = _outcome_words()
    parts = text.split()
    for size in (3, 2, 1):
        if len(parts) > size:
            tail = "".join(parts[-size:]).casefold()
            if tail in known:
                outcome, group = known[tail]
                return LogByHand(" ".join(parts[:-size]), outcome, group)
    if len(parts) > 1:
        near = nearest(parts[-1], known)
        if near:
            raise NotUnderstood("outcome", parts[-1], near)
    return LogByHand(text)


def _outcome_words() -> dict[str, tuple[Outcome, ResponseGroup | None]]:
    words: dict[str, tuple[Outcome, ResponseGroup | None]] = {}
    for outcome, name in OUTCOME_NAMES.items():
        if outcome is not Outcome.CONNECTED and outcome is not Outcome.CALL_LATER:
            for word in (outcome.value, name, language("ko").say(name).partition("(")[0]):
                words["".join(word.replace("_", " ").split()).casefold()] = (outcome, None)
    for group, name in GROUP_NAMES.items():
        korean = language("ko").say(name)
        for word in (group.value, name, korean, korean.replace("적 ", " ")):
            words["".join(word.replace("_", " ").split()).casefold()] = (Outcome.CONNECTED, group)
    return words


def log_by_hand(command: LogByHand, context: Context) -> Reply:
    db, person, policy = context.db, context.person, context.policy
    patient_id = command.patient_id
    if patient_id is None:
        several = find(db, person, policy, command.patient)
        if not several:
            raise NoSuchPatient
        if len(several) > 1:
            return _which(several, command, context)
        patient_id = several[0].id
    card = actions.open_card(db, policy, person, patient_id, context.now)
    assert card.id is not None
    if command.outcome is None:
        return call_card.reply_for(card.id, context)
    logged = log_outcome(LogOutcome(card.id, command.outcome, command.group), context)
    return replace(logged, where=Where.HERE)


def _which(several: list[FoundPatient], command: LogByHand, context: Context) -> Reply:
    rows = tuple(
        (Button(tell_apart(who, context, with_branch=True), replace(command, patient="", patient_id=who.id)),)
        for who in several[:MOST]
    )
    return Reply((Text(context.say("Which patient?")), Buttons(rows)))


def ask_when_later(command: AskWhenLater, context: Context) -> Reply:
    """They are on the phone and ask for another time: the day decides it."""
    say, card_id = context.say, command.card_id
    return Reply(
        (
            Form(
                title=say("When shall we call back?"),
                command=LogOutcome(card_id, Outcome.CALL_LATER),
                fields=(_day_field("promised_on", context),),
                submit=say("Save"),
            ),
        )
    )


def _day_field(name: str, context: Context) -> Field:
    today = context.today()
    return Field(
        name=name,
        label=context.say("Call back on"),
        kind=FieldKind.DATE,
        value=(today + timedelta(7)).isoformat(),
        earliest=today + timedelta(1),
        latest=today + timedelta(365),
        hint=context.say("e.g. 12/1 or 2026-12-01"),
    )


def ask_call_back(command: AskCallBack, context: Context) -> Reply:
    """A few near days as buttons; any other day as a form."""
    say = context.say
    if command.form:
        form = Form(
            title=say("Call back on"),
            command=SetCallBack(command.call_id),
            fields=(_day_field("day", context),),
            submit=say("Save"),
        )
        return Reply((form,))
    today = context.today()
    days = [today + timedelta(n) for n in SOON]
    near = tuple(
        Button(figures.staff_day(day, context.language), SetCallBack(command.call_id, day)) for day in days
    )
    other = Button(say("Another day"), AskCallBack(command.call_id, form=True))
    return Reply(
        (Text(say("When shall we call back?")), Buttons((near[:3], (*near[3:], other)))), where=Where.IN_PLACE
    )


def set_call_back(command: SetCallBack, context: Context) -> Reply:
    if command.day is None:
        raise Missing("date")
    call = outcomes.set_call_back_date(
        context.db, context.policy, context.person, command.call_id, command.day, context.now
    )
    return _card_of_call(call.id, context)


def call_done(command: CallDone, context: Context) -> Reply:
    call = outcomes.done(context.db, context.policy, context.person, command.call_id, context.now)
    return _card_of_call(call.id, context)


def ask_cause(command: AskCause, context: Context) -> Reply:
    code = context.language.code
    choices = [
        Button(cause.names.in_language(code), SetCause(command.call_id, cause.slug))
        for cause in context.policy.causes.values()
    ]
    rows = tuple(tuple(choices[n : n + 2]) for n in range(0, len(choices), 2))
    return Reply((Text(context.say("What keeps them from coming?")), Buttons(rows)), where=Where.IN_PLACE)


def set_cause(command: SetCause, context: Context) -> Reply:
    call = outcomes.set_cause(
        context.db, context.policy, context.person, command.call_id, command.cause, context.now
    )
    reply = _card_of_call(call.id, context)
    manual = manual_blocks(context.policy.causes[command.cause], context)
    buttons = reply.blocks[-1:] if isinstance(reply.blocks[-1], Buttons) else ()
    return replace(reply, blocks=(*reply.blocks[: len(reply.blocks) - len(buttons)], *manual, *buttons))


def ask_note(command: AskNote, context: Context) -> Reply:
    say = context.say
    field = Field(
        name="note",
        label=say("Note"),
        kind=FieldKind.LONG_TEXT,
        required=False,
        hint=say("Write it as if the patient may read it."),
        longest=LONGEST_NOTE,
    )
    return Reply((Form(say("Note"), SetNote(command.call_id), (field,), say("Save")),))


def set_note(command: SetNote, context: Context) -> Reply:
    call = outcomes.set_note(
        context.db,
        context.policy,
        context.person,
        command.call_id,
        command.note[:LONGEST_NOTE],
        context.now,
    )
    return _card_of_call(call.id, context)


def read_undo(words: Words) -> UndoCall:
    words.finish("argument", ())
    return UndoCall()


def undo(command: UndoCall, context: Context) -> Reply:
    try:
        call = outcomes.undo(
            context.db, context.policy, context.person, context.now, call_id=command.call_id or None
        )
    except (TooLateToUndo, NotAllowed):
        denied = denied_by(context.db, context.person, command.call_id or None)
        if denied is None:
            raise
        return ask_lift(AskLift(denied), context)
    said = context.say("Taken back. The earlier entry is kept.")
    reply = _card_of_call(call.id, context)
    if command.call_id == 0:
        return replace(reply, where=Where.HERE, blocks=(Text(said), *reply.blocks))
    return replace(reply, also=(notice(said),))


def ask_correction(command: AskCorrection, context: Context) -> Reply:
    """The same choices once more; the earlier entry is kept."""
    call_id = command.call_id
    groups = call_card.group_buttons(lambda group: CorrectCall(call_id, Outcome.CONNECTED, group), context)
    misses = tuple(
        Button(context.say(OUTCOME_NAMES[outcome]), CorrectCall(call_id, outcome))
        for outcome in (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.WRONG_NUMBER)
    )
    return Reply(
        (Text(context.say("What was it really? The earlier entry is kept.")), Buttons((*groups, misses))),
        where=Where.IN_PLACE,
    )


def correct(command: CorrectCall, context: Context) -> Reply:
    said = Said(command.outcome, command.group, confirmed=command.confirmed)
    try:
        logged = outcomes.correct(
            context.db,
            context.policy,
            context.person,
            command.call_id,
            said,
            context.now,
            press_key=context.press_key,
        )
    except DenialNeedsConfirmation:
        card = card_id_of_call(context.db, command.call_id)
        return ask_once_more(replace(command, confirmed=True), ShowCard(card), context)
    assert logged.card.id is not None
    return replace(call_card.reply_for(logged.card.id, context), where=Where.IN_PLACE)


def _card_of_call(call_id: int | None, context: Context) -> Reply:
    assert call_id is not None
    card_id = card_id_of_call(context.db, call_id)
    return replace(call_card.reply_for(card_id, context), where=Where.IN_PLACE)


ITEMS = (
    MenuItem(code="lo", command=LogOutcome, answer=log_outcome, roles=CALLS),
    MenuItem(
        name="log",
        code="lh",
        command=LogByHand,
        read=read_log,
        answer=log_by_hand,
        summary=N_("Log a call with a patient who is not on today's list"),
        example="/log 0432 no answer",
        korean=("기록", "통화기록"),
        roles=CALLS,
        about_patient=True,
    ),
    MenuItem(code="al", command=AskWhenLater, answer=ask_when_later, roles=CALLS, reads_only=True),
    MenuItem(code="ab", command=AskCallBack, answer=ask_call_back, roles=CALLS, reads_only=True),
    MenuItem(code="sb", command=SetCallBack, answer=set_call_back, roles=CALLS),
    MenuItem(code="dn", command=CallDone, answer=call_done, roles=CALLS),
    MenuItem(code="as", command=AskCause, answer=ask_cause, roles=CALLS, reads_only=True),
    MenuItem(code="sc", command=SetCause, answer=set_cause, roles=CALLS),
    MenuItem(code="an", command=AskNote, answer=ask_note, roles=CALLS, reads_only=True),
    MenuItem(code="sn", command=SetNote, answer=set_note, roles=CALLS),
    MenuItem(
        name="undo",
        code="un",
        command=UndoCall,
        read=read_undo,
        answer=undo,
        summary=N_("Take back the last call you logged"),
        example="/undo",
        korean=("되돌리기",),
        roles=CALLS,
        about_patient=True,
    ),
    MenuItem(code="ac", command=AskCorrection, answer=ask_correction, roles=CALLS, reads_only=True),
    MenuItem(code="cc", command=CorrectCall, answer=correct, roles=CALLS),
)

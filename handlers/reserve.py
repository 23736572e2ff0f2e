"""/reserve: book, move or cancel a reservation; the free times first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from crm_core.errors import BookedAlready, NotUnderstood
from crm_core.patients.queries import FoundPatient, names_of
from crm_core.policy.branch import Branch
from crm_core.reservations import actions
from crm_core.reservations.actions import Mark
from crm_core.reservations.booking import actions as booking
from crm_core.reservations.booking.actions import Wanted
from crm_core.reservations.openings import ahead_of, free_on, likely_treatment, minutes_of, next_free
from crm_core.reservations.queries import CLOSERS, Line, line_of
from crm_core.staff import audit
from crm_core.tables.facts import Reservation
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Field,
    FieldKind,
    Form,
    Heading,
    Reply,
    Style,
    Text,
    Tone,
    Where,
)
from handlers.patient_words import name_and_chart
from handlers.patients import ShowPatient, pick
from handlers.reserve_commands import (
    AskCancel,
    AskReserve,
    BookAt,
    CancelReservation,
    OpenReserve,
    ReserveOn,
    UndoBooking,
    UndoChange,
)
from handlers.reserve_words import read_clock, read_reserve, short_treatment, whole_treatment

__all__ = ["ITEMS", "OpenReserve"]

IN_A_ROW = 3
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def open_reserve(command: OpenReserve, context: Context) -> Reply:
    """Reservations ahead with what can be done about them; where there are none, free times."""
    context = replace(context, private=True)
    who = pick(
        command.patient_id,
        command.patient,
        lambda patient_id: replace(command, patient_id=patient_id, patient=""),
        context,
    )
    if isinstance(who, Reply):
        return who
    branch = command.branch or who.branch
    booking.bookable(context.db, context.policy, context.person, who.id, branch)
    audit.record(
        context.db, context.person, "look", context.now, patient_id=who.id, branch=branch, what="reserve"
    )
    command = replace(command, patient_id=who.id, branch=branch, patient="")
    if command.clock:
        return _book_typed(command, who, context)
    ahead = ahead_of(context.db, who.id, context.today(branch))
    if ahead and not command.move_id and not command.another:
        reply = _ahead(command, who, ahead, context)
    else:
        reply = _times(command, who, context)
    return replace(reply, where=Where.IN_PLACE if command.turn else Where.HERE)


def _book_typed(command: OpenReserve, who: FoundPatient, context: Context) -> Reply:
    place = context.policy.branch(command.branch)
    at = place.at(command.day or context.today(command.branch), read_clock(command.clock))
    return replace(
        book_at(_at(command, _treatment(command, who, context)[0], at, context), context), where=Where.HERE
    )


def _at(command: OpenReserve, treatment: str | None, at: datetime, context: Context) -> BookAt:
    """The booking or move to one time, as a button carries it."""
    return BookAt(
        command.patient_id,
        (at - _EPOCH) // _MINUTE,
        command.branch,
        "" if command.move_id else short_treatment(context.policy, treatment),
        command.move_id,
        command.another,
    )


def _ahead(command: OpenReserve, who: FoundPatient, ahead: Sequence[Reservation], context: Context) -> Reply:
    say = context.say
    blocks: list[Block] = [
        Heading("📅 " + say("Reservations ahead: {who}", who=name_and_chart(who, context)))
    ]
    for row in ahead:
        assert row.id is not None
        blocks.append(Text(_shown(row, context)))
        if row.branch in context.person.branches(CLOSERS, context.policy):
            move = OpenReserve(who.id, row.branch, move_id=row.id, turn=True)
            blocks.append(
                Buttons(
                    (
                        (
                            Button(say("Change the time"), move),
                            Button(say("Cancel it"), AskCancel(row.id)),
                        ),
                    )
                )
            )
    other = replace(command, another=True, turn=True, day=None, clock="")
    last = (Button(say("Add another"), other), Button(say("Patient"), ShowPatient(who.id)))
    return Reply((*blocks, Buttons((last,))))


def _times(command: OpenReserve, who: FoundPatient, context: Context) -> Reply:
    """Three to six free times as buttons, or all of one day, and the form for any other."""
    say = context.say
    place = context.policy.branch(command.branch)
    treatment, moving = _treatment(command, who, context)
    db, policy, now = context.db, context.policy, context.now
    title = N_("Change a reservation: {who}") if moving else N_("Book: {who}")
    blocks: list[Block] = [Heading("📅 " + say(title, who=name_and_chart(who, context)))]
    if moving is not None:
        blocks.append(Text(say("So far: {when}", when=_when(moving.starts_at, place, context))))
    blocks.append(Text(_what(treatment, place, context), tone=Tone.HINT))
    if command.day is None:
        free = next_free(db, policy, place, treatment, now)
    else:
        free = free_on(db, policy, place, command.day, treatment, now)
    said = _free_line(command.day, place, bool(free), context)
    blocks.append(Text(said))
    times = [
        Button(
            figures.clock(at, place) if command.day else _near_day(at, place, context),
            _at(command, treatment, at, context),
        )
        for at in free
    ]
    size = IN_A_ROW if command.day else 2
    rows = [tuple(times[n : n + size]) for n in range(0, len(times), size)]
    short = "" if moving else short_treatment(policy, treatment)
    form = AskReserve(who.id, command.branch, command.move_id, short, command.another)
    rows.append((Button(say("Another day"), form),))
    return Reply((*blocks, Buttons(tuple(rows))))


def _free_line(day: date | None, place: Branch, some: bool, context: Context) -> str:
    say = context.say
    if day is None:
        return say("Free times") if some else say("No free time in the next two months.")
    shown = figures.staff_day(day, context.language)
    if some:
        return say("Free on {day}", day=shown)
    if not place.is_open(day):
        return say("Closed on {day}.", day=shown)
    return say("Nothing is free on {day}.", day=shown)


def _treatment(command: OpenReserve, who: FoundPatient, context: Context) -> tuple[str | None, Line | None]:
    """What the time is for, and the reservation that is moved."""
    if not command.move_id:
        asked = whole_treatment(context.policy, command.treatment)
        return asked or likely_treatment(context.db, context.policy, who.id), None
    line = line_of(context.db, context.policy, context.person, command.move_id, context.now)
    return line.treatment, line


def book_at(command: BookAt, context: Context) -> Reply:
    """Books or moves, and says so with the way back."""
    context = replace(context, private=True)
    at = _EPOCH + command.minute * _MINUTE
    db, policy, person, now = context.db, context.policy, context.person, context.now
    if command.move_id:
        moved = actions.move(db, policy, person, command.move_id, at, now)
        return _said(N_("✅ Moved"), moved, UndoChange(command.move_id), context)
    wanted = Wanted(command.patient_id, command.branch, at, whole_treatment(policy, command.treatment))
    try:
        row = booking.book(
            db, policy, person, wanted, now, another=command.another, press_key=context.press_key
        )
    except BookedAlready as known:
        return _move_instead(command, known, context)
    assert row.id is not None
    return _said(N_("✅ Booked"), row, UndoBooking(row.id), context)


def _move_instead(command: BookAt, known: BookedAlready, context: Context) -> Reply:
    """The patient has a reservation ahead: move it, or book this one too?"""
    say = context.say
    place = context.policy.branch(known.branch)
    new = _when(_EPOCH + command.minute * _MINUTE, context.policy.branch(command.branch), context)
    old = _when(known.at, place, context)
    text = say("There is a reservation already: {old}. Move it to {new}?", old=old, new=new)
    rows: list[tuple[Button, ...]] = []
    if known.branch == command.branch:
        move = replace(command, move_id=known.reservation_id, treatment="")
        rows.append((Button(say("Move it"), move, Style.PRIMARY),))
    both = Button(say("Book both"), replace(command, another=True))
    back = Button(say("Close"), OpenReserve(command.patient_id, command.branch, turn=True))
    rows.append((back, both))
    return Reply((Text(text, tone=Tone.WARNING), Buttons(tuple(rows))), where=Where.IN_PLACE)


def _said(title: str, row: Reservation, undo: UndoBooking | UndoChange, context: Context) -> Reply:
    say = context.say
    buttons = (
        Button(say("Take back"), undo),
        Button(say("Reservations ahead"), OpenReserve(row.patient_id, row.branch, turn=True)),
    )
    blocks = (Heading(say(title)), Text(_shown_with_name(row, context)), Buttons((buttons,)))
    return Reply(blocks, where=Where.IN_PLACE)


def ask_reserve(command: AskReserve, context: Context) -> Reply:
    """Any day and time; an empty time shows what is free that day."""
    say = context.say
    today = context.today(command.branch or None)
    fields = [
        Field("day", say("Day"), FieldKind.DATE, earliest=today, latest=today + actions.LONGEST_AHEAD),
        Field(
            "clock",
            say("Time"),
            required=False,
            hint=say("e.g. 15:30; empty shows the day's free times"),
            longest=10,
        ),
    ]
    if not command.move_id:
        code = context.language.code
        choices = [(slug, one.names.in_language(code)) for slug, one in context.policy.treatments.items()]
        fields.append(
            Field(
                "treatment",
                say("Treatment"),
                FieldKind.CHOICE,
                choices=(("", say("not decided")), *choices),
                required=False,
                value=whole_treatment(context.policy, command.treatment) or "",
            )
        )
    asked = ReserveOn(command.patient_id, command.branch, command.move_id, command.another)
    title = say("Another day")
    return Reply((Form(title, asked, tuple(fields), say("Next")),), where=Where.PRIVATE)


def reserve_on(command: ReserveOn, context: Context) -> Reply:
    if command.day is None:
        raise NotUnderstood("date", "–")
    opened = OpenReserve(
        command.patient_id,
        command.branch,
        command.move_id,
        command.day,
        command.treatment,
        command.another,
    )
    return open_reserve(replace(opened, clock=command.clock.strip()), context)


def ask_cancel(command: AskCancel, context: Context) -> Reply:
    """Asked once, because the two count differently."""
    context = replace(context, private=True)
    say = context.say
    line = line_of(context.db, context.policy, context.person, command.reservation_id, context.now)
    place = context.policy.branch(line.branch)
    asked = say("Cancel {when}? Who asked?", when=_when(line.starts_at, place, context))
    row = (
        Button(say("Close"), OpenReserve(line.patient_id, line.branch, turn=True)),
        Button(say("The patient"), CancelReservation(command.reservation_id)),
        Button(say("The clinic"), CancelReservation(command.reservation_id, by_clinic=True)),
    )
    return Reply((Text(asked), Buttons((row,))), where=Where.IN_PLACE)


def cancel_reservation(command: CancelReservation, context: Context) -> Reply:
    context = replace(context, private=True)
    db, policy, person, now = context.db, context.policy, context.person, context.now
    if command.by_clinic:
        row = actions.cancel_by_clinic(db, policy, person, command.reservation_id, now)
    else:
        row = actions.mark(db, policy, person, command.reservation_id, Mark.CANCELLED, now)
    say = context.say
    buttons = (
        Button(say("Take back"), UndoChange(command.reservation_id)),
        Button(say("Book again"), OpenReserve(row.patient_id, row.branch, turn=True)),
    )
    blocks = (Heading(say("✅ Cancelled")), Text(_shown_with_name(row, context)), Buttons((buttons,)))
    return Reply(blocks, where=Where.IN_PLACE)


def undo_booking(command: UndoBooking, context: Context) -> Reply:
    patient_id = booking.undo_booking(
        context.db, context.policy, context.person, command.reservation_id, context.now
    )
    return _taken_back(patient_id, "", context)


def undo_change(command: UndoChange, context: Context) -> Reply:
    row = actions.undo(context.db, context.policy, context.person, command.reservation_id, context.now)
    return _taken_back(row.patient_id, row.branch, context)


def _taken_back(patient_id: int, branch: str, context: Context) -> Reply:
    said = Text(context.say("Taken back. The earlier entry is kept."))
    reply = open_reserve(OpenReserve(patient_id, branch, turn=True), context)
    return replace(reply, blocks=(said, *reply.blocks))


def _shown(row: Reservation, context: Context) -> str:
    """“11/28(Sat) 15:00 · Botox · Gangnam · booked”."""
    place, code = context.policy.branch(row.branch), context.language.code
    when = _when(row.starts_at, place, context)
    if not row.timed:
        when = figures.staff_day(row.starts_on, context.language)
    what = [context.policy.treatment_name(row.treatment, code)] if row.treatment else []
    return " · ".join([when, *what, place.name(code)])


def _shown_with_name(row: Reservation, context: Context) -> str:
    """Whose reservation it is, and below what of it."""
    who = names_of(context.db, [row.patient_id])[row.patient_id]
    return f"{name_and_chart(who, context)}\n{_shown(row, context)}"


def _when(at: datetime, place: Branch, context: Context) -> str:
    return figures.staff_moment(at, place, context.language)


def _near_day(at: datetime, place: Branch, context: Context) -> str:
    """“today 15:00”, else the day and the time."""
    if place.local(at).date() == place.today(context.now):
        return context.say("today {time}", time=figures.clock(at, place))
    return _when(at, place, context)


def _what(treatment: str | None, place: Branch, context: Context) -> str:
    code = context.language.code
    name = context.policy.treatment_name(treatment, code) if treatment else context.say("treatment open")
    minutes = minutes_of(context.policy, treatment)
    return context.say(
        "{treatment} · {minutes} minutes · {branch}", treatment=name, minutes=minutes, branch=place.name(code)
    )


ITEMS = (
    MenuItem(
        name="reserve",
        code="rv",
        command=OpenReserve,
        read=read_reserve,
        answer=open_reserve,
        summary=N_("Book, move or cancel a reservation"),
        example="/reserve 김지영 11/28 15:00",
        korean=("예약잡기", "예약변경"),
        roles=CLOSERS,
        about_patient=True,
    ),
    MenuItem(code="rk", command=BookAt, answer=book_at, roles=CLOSERS, about_patient=True),
    MenuItem(code="ra", command=AskReserve, answer=ask_reserve, roles=CLOSERS, reads_only=True),
    MenuItem(code="ro", command=ReserveOn, answer=reserve_on, roles=CLOSERS, about_patient=True),
    MenuItem(code="rc", command=AskCancel, answer=ask_cancel, roles=CLOSERS, about_patient=True),
    MenuItem(
        code="rx", command=CancelReservation, answer=cancel_reservation, roles=CLOSERS, about_patient=True
    ),
    MenuItem(code="ru", command=UndoBooking, answer=undo_booking, roles=CLOSERS, about_patient=True),
    MenuItem(code="rh", command=UndoChange, answer=undo_change, roles=CLOSERS, about_patient=True),
)

"""A denial is taken back by a director alone, with a reason; others ask for it. What was logged stays."""

from crm_core.calls.standing import actions as standing
from crm_core.errors import StaleButton
from crm_core.inquiries.answering.turns import who_answers
from crm_core.outbox import actions as outbox
from crm_core.outbox.actions import Destination
from crm_core.patients.queries import FoundPatient, of_id
from crm_core.staff.access import CALLS, DIRECTORS
from crm_core.staff.accounts import platforms_of
from crm_core.staff.queries import staff_of
from handlers.call_commands import ApproveLift, AskLift, RequestLift, ShowLiftRequest
from handlers.call_words import GROUP_NAMES
from handlers.language import figures
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
)
from handlers.patient_words import name_and_chart
from handlers.wire import Wire

LONGEST_REASON = 200


def ask_lift(command: AskLift, context: Context) -> Reply:
    """The reason is required: a director approves at once, anybody else asks a director."""
    who = _denied(command.patient_id, context)
    say = context.say
    decides = _decides(who, context)
    title = say("Approve contact again") if decides else say("Ask for contact again")
    reason = Field(
        name="reason",
        label=say("Why contact again (required)"),
        kind=FieldKind.LONG_TEXT,
        hint=say("e.g. asked for a reservation at the desk"),
        longest=LONGEST_REASON,
    )
    done = ApproveLift(who.id) if decides else RequestLift(who.id)
    return Reply((Form(title, done, (reason,), say("Approve") if decides else say("Ask a director")),))


def request_lift(command: RequestLift, context: Context) -> Reply:
    """Every director of the branch is told privately; nothing changes before one approves."""
    who = _denied(command.patient_id, context)
    db, now = context.db, context.now
    reason = command.reason[:LONGEST_REASON]
    request_id = standing.ask_to_lift(db, context.person, who.id, who.branch, reason, now)
    for director in who_answers(db, who.branch, context.today(who.branch), DIRECTORS):
        assert director.id is not None
        for platform in platforms_of(db, director.id):
            outbox.post(
                db,
                once=f"lift:{request_id}:{director.id}:{platform}",
                command=_WIRE.encode(ShowLiftRequest(request_id)),
                to=Destination(platform, staff_id=director.id),
                now=now,
                about=f"patient:{who.id}",
                branch=who.branch,
                priority=0,
            )
    return Reply((Text(context.say("A director has been asked. Nobody is contacted before the approval.")),))


def show_request(command: ShowLiftRequest, context: Context) -> Reply:
    """As it stands now: once it is approved there is nothing to press any more."""
    request = standing.lift_request(context.db, command.request_id)
    say, who = context.say, of_id(context.db, context.person, context.policy, request.patient_id)
    asker = staff_of(context.db, request.by_staff_id)
    denials = standing.standing_denials(context.db, who.id)
    blocks: list[Block] = [
        Heading("🚫 " + say("Ask for contact again") + f" · {name_and_chart(who, context)}")
    ]
    for at, group in denials[-1:]:
        day = figures.staff_day(context.policy.branch(who.branch).local(at).date(), context.language)
        said = say(GROUP_NAMES[group]) if group else ""
        blocks.append(Text(say("Asked for no contact on {day} ({group}).", day=day, group=said)))
    blocks.append(Text(f"{asker.name if asker else say('somebody')}: {request.reason}", tone=Tone.QUOTE))
    if denials and _decides(who, context):
        blocks.append(Buttons(((Button(say("Approve"), AskLift(who.id), Style.PRIMARY),),)))
    elif not denials:
        blocks.append(Text(say("May be contacted again. What was logged is kept.")))
    return Reply(tuple(blocks), about=f"patient:{who.id}", shows=command)


def approve_lift(command: ApproveLift, context: Context) -> Reply:
    """Only a director of the patient's branch; the denial stays in the history, marked as lifted."""
    reason = command.reason[:LONGEST_REASON]
    standing.lift(context.db, context.policy, context.person, command.patient_id, reason, context.now)
    return Reply((Text(context.say("May be contacted again. What was logged is kept.")),))


def _denied(patient_id: int, context: Context) -> FoundPatient:
    """The patient, if there is a denial to lift; StaleButton when there is none any more."""
    who = of_id(context.db, context.person, context.policy, patient_id)
    if not standing.standing_denials(context.db, who.id):
        raise StaleButton
    return who


def _decides(who: FoundPatient, context: Context) -> bool:
    return who.branch in context.person.branches(DIRECTORS, context.policy)


ITEMS = (
    MenuItem(code="lq", command=AskLift, answer=ask_lift, roles=CALLS, about_patient=True),
    MenuItem(code="lr", command=RequestLift, answer=request_lift, roles=CALLS, about_patient=True),
    MenuItem(code="ls", command=ShowLiftRequest, answer=show_request, roles=DIRECTORS, about_patient=True),
    MenuItem(code="lf", command=ApproveLift, answer=approve_lift, roles=DIRECTORS, about_patient=True),
)
_WIRE = Wire(ITEMS)

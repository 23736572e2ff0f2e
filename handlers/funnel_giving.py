"""A list behind a number of /funnel becomes the work of one member of staff."""

from collections.abc import Callable, Collection, Mapping

from crm_core.calls.worklists.actions import GIVERS, HandedOut, Kept, hand_out
from crm_core.churn.reasons import Why
from crm_core.staff.access import EVERYWHERE, Scope
from crm_core.staff.queries import active_staff, roles_held
from crm_core.tables.people import Role, Staff
from handlers.funnel_commands import GiveJourneys
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context
from handlers.language.reply import Block, Button, Buttons, Heading, Reply, Text, Tone, Where

PER_ROW = 2
_CALLERS = (Role.COORDINATOR, Role.LEAD)
_WHY_NOT: Mapping[str, str] = {
    Why.HAS_RESERVATION.value: N_("has a reservation"),
    Why.PROMISED.value: N_("a call-back is promised"),
    Why.RESTING.value: N_("called lately"),
    Why.BUDGET.value: N_("called lately"),
    Why.TRIED_OUT.value: N_("not reached, resting"),
    Why.NO_PHONE.value: N_("no phone"),
    Why.NO_GUARDIAN.value: N_("no guardian's phone"),
    Why.WRONG_NUMBER.value: N_("wrong number"),
    Why.NO_CONSENT.value: N_("no consent to be contacted"),
    Kept.OTHER_BRANCH.value: N_("of another branch"),
    Kept.ONLY_FOR_OWNER.value: N_("only for the owner"),
    Kept.INQUIRIES.value: N_("waits for an answer to an inquiry"),
    Kept.CALLED_TODAY.value: N_("called today"),
    Kept.TAKEN.value: N_("somebody is calling"),
}
_NOT_CONTACTED = N_("not to be contacted")  # denied, stopped, not a patient any more: no more is said


def may_give(context: Context) -> bool:
    """Who hands calls to somebody else: leads and directors."""
    return context.person.has(GIVERS)


def callers(scope: Scope, context: Context) -> list[Staff]:
    """Who calls at one of the branches, by name."""
    held = roles_held(context.db)

    def calls(staff: Staff) -> bool:
        roles = held.get(staff.id or 0, ())
        return any(role in _CALLERS and place in (*scope.branches, EVERYWHERE) for role, place in roles)

    return sorted((staff for staff in active_staff(context.db) if calls(staff)), key=lambda one: one.name)


def whom_to_give(scope: Scope, with_staff: Callable[[int], GiveJourneys], context: Context) -> Reply:
    """A button for everybody who calls there."""
    found = [
        Button(staff.name, with_staff(staff.id)) for staff in callers(scope, context) if staff.id is not None
    ]
    rows = tuple(tuple(found[n : n + PER_ROW]) for n in range(0, len(found), PER_ROW))
    blocks: list[Block] = [Heading(context.say("Who shall call them?"))]
    blocks.append(Buttons(rows) if rows else Text(context.say("Nobody here")))
    return Reply(tuple(blocks), where=Where.HERE if context.private else Where.PRIVATE)


def give(patients: Collection[int], without_chart: int, staff_id: int, context: Context) -> Reply:
    """Hands them out; who cannot be called, and why, is said as numbers."""
    done = hand_out(context.db, context.policy, context.person, patients, staff_id, context.now)
    name = next((one.name for one in active_staff(context.db) if one.id == staff_id), "")
    blocks: list[Block] = [
        Text(
            context.say("{n} given to {staff}: they stand under 'only mine'.", n=done.given, staff=name)
            if done.given
            else context.say("Nobody of these can be called today.")
        )
    ]
    left = _left(done, without_chart, context)
    if left:
        blocks.append(Text(context.say("Not given: {reasons}", reasons=left), tone=Tone.HINT))
    return Reply(tuple(blocks), where=Where.HERE if context.private else Where.PRIVATE)


def _left(done: HandedOut, without_chart: int, context: Context) -> str:
    numbers: dict[str, int] = {}
    for reason, number in done.not_callable.items():
        said = context.say(_WHY_NOT.get(reason, _NOT_CONTACTED))
        numbers[said] = numbers.get(said, 0) + number
    if without_chart:
        numbers[context.say("inquiry without a chart")] = without_chart
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return " · ".join(f"{said} {figures.count(number)}" for said, number in ordered)

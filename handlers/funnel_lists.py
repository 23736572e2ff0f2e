"""The people behind the numbers of /funnel: which number, the list a page at a time, as JSON."""

from dataclasses import replace
from typing import Any

from crm_core.errors import StaleButton
from crm_core.inquiries.askers import prospect_names
from crm_core.kpi.activity import Activity, activity
from crm_core.kpi.behind import Cut, JourneyBehind, activity_patients, funnel_patients
from crm_core.kpi.conditions import PAIRS, Which
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import Funnel, Value, funnel
from crm_core.patients.queries import names_of
from crm_core.staff import audit
from crm_core.staff.access import Scope
from crm_core.tables.journey import STAGES, Stage
from handlers.funnel_commands import (
    ChooseJourneys,
    GiveJourneys,
    Journeys,
    OpenJourneys,
    cut_at,
    mark_of,
    part_of,
    scope_of,
)
from handlers.funnel_giving import give, may_give, whom_to_give
from handlers.funnel_words import NEW, RETURNING, staff_of, value_name
from handlers.inquiry_words import shown_asker
from handlers.kpi_words import PART_NAMES, pair_name, stage_name
from handlers.language import figures
from handlers.language.envelope import envelope
from handlers.language.menu_item import Context
from handlers.language.reply import Block, Button, Buttons, Heading, Reply, Table, Text, Where
from handlers.patient_words import name_and_chart
from handlers.patients import ShowPatient

PAGE = 10
PER_ROW = 5
_BESIDE = (
    Which.PENDING,
    Which.DECLINED,
    Which.NOT_SUITABLE,
    Which.NOT_RECORDED,
    Which.WITHOUT_CONSULT,
)
_SIDES = ((NEW, "new"), (RETURNING, "old"))


def choose_journeys(command: ChooseJourneys, context: Context) -> Reply:
    """A button for every number of the funnel that has people behind it; of a cut, for every value."""
    scope = scope_of(command.branch, command.first, command.last, context)
    by = cut_at(command.by)
    place = Where.HERE if context.private else Where.PRIVATE
    if by is not None:
        return Reply(tuple(_of_cut(command, by, scope, context)), where=place)
    blocks: list[Block] = [Heading(context.say("Whose names?"))]
    for (name, who), found in zip(_SIDES, _of_sides(command, scope, context), strict=True):
        blocks += _offered(context.say(name), [one for one in found if one.command.who == who])
    return Reply(tuple(blocks if len(blocks) > 1 else [*blocks, _nobody(context)]), where=place)


def _nobody(context: Context) -> Text:
    return Text(context.say("Nobody here"))


def _offered(name: str, found: list[Any]) -> list[Block]:
    if not found:
        return []
    rows = tuple(tuple(found[n : n + 2]) for n in range(0, len(found), 2))
    return [Text(name), Buttons(rows)]


def _of_sides(command: ChooseJourneys, scope: Scope, context: Context) -> tuple[list[Any], list[Any]]:
    asked = (context.db, scope, context.policy, context.now)
    if command.activity:
        happened = activity(*asked)
        return (
            _of_activity(happened.new, command, context, who="new"),
            _of_activity(happened.returning, command, context, who="old"),
        )
    report = funnel(*asked)
    return _of_funnel(report.new, command, context, who="new"), _of_funnel(
        report.returning, command, context, who="old"
    )


def _of_cut(command: ChooseJourneys, by: JourneyCut, scope: Scope, context: Context) -> list[Block]:
    """The values of a cut, or the numbers of one value."""
    values = _cut_values(command, by, scope, context)
    names = staff_of([value for value, _ in values], context)
    chosen = [(value, part) for value, part in values if mark_of(value) == command.value]
    blocks: list[Block] = [Heading(context.say("Whose names?"))]
    if not command.value:
        fields = (command.branch, command.first, command.last, command.activity, command.by)
        found = [
            Button(value_name(by, value, names, context), ChooseJourneys(*fields, mark_of(value)))
            for value, _ in values
        ]
        rows = tuple(tuple(found[n : n + 2]) for n in range(0, len(found), 2))
        return [*blocks, Buttons(rows) if rows else _nobody(context)]
    if not chosen:
        raise StaleButton
    value, part = chosen[0]
    if isinstance(part, Funnel):
        buttons = _of_funnel(part, command, context)
    else:
        buttons = _of_activity(part, command, context)
    return [*blocks, *(_offered(value_name(by, value, names, context), buttons) or [_nobody(context)])]


def _cut_values(
    command: ChooseJourneys | Journeys, by: JourneyCut, scope: Scope, context: Context
) -> list[tuple[Value, Funnel | Activity]]:
    asked = (context.db, scope, context.policy, context.now, by)
    if command.activity:
        return list(activity(*asked).cuts)
    return list(funnel(*asked).cuts)


def _of_funnel(part: Funnel, command: ChooseJourneys, context: Context, who: str = "") -> list[Any]:
    counted: list[tuple[Stage, Which, int]] = []
    for (earlier, _), line in zip(PAIRS, part.stages[1:], strict=True):
        if line.pair is not None:
            counted += [(earlier, Which.LOST, line.pair.lost), (earlier, Which.OPEN, line.pair.open)]
    counted += [(Stage.CONSULT, which, n) for which, n in part.beside.items()]
    return [_button(stage, which, n, command, context, who) for stage, which, n in counted if n]


def _of_activity(part: Activity, command: ChooseJourneys, context: Context, who: str = "") -> list[Any]:
    return [
        _button(line.stage, Which.COUNT, line.count, command, context, who)
        for line in part.lines
        if line.count
    ]


def _button(
    stage: Stage, which: Which, n: int, command: ChooseJourneys, context: Context, who: str
) -> Button:
    asked = OpenJourneys(
        branch=command.branch,
        first=command.first,
        last=command.last,
        stage=STAGES.index(stage),
        part=part_of(which),
        who=who,
        activity=command.activity,
        by=command.by,
        value=command.value,
    )
    return Button(f"{part_name(asked, context)} {figures.count(n)}", asked)


def part_name(asked: Journeys, context: Context) -> str:
    """문의→예약 여기서 빠진 분, or 보류."""
    if asked.which not in PART_NAMES:
        return stage_name(asked.at, context)
    name = context.say(PART_NAMES[asked.which])
    if asked.which in _BESIDE:
        return name
    following = STAGES[STAGES.index(asked.at) + 1]
    return f"{pair_name(asked.at, following, context)} · {name}"


def people_behind(command: Journeys, scope: Scope, context: Context) -> list[JourneyBehind]:
    """The journeys of a number, by the same conditions as its count; StaleButton for a value that is gone."""
    asked = (context.db, scope, context.policy, context.now)
    by, cut = cut_at(command.by), None
    if by is not None:
        found = [
            value for value, _ in _cut_values(command, by, scope, context) if mark_of(value) == command.value
        ]
        if not found:
            raise StaleButton
        cut = Cut(by, found[0])
    if command.activity:
        entered = command.which is Which.ENTERED
        return activity_patients(*asked, command.at, entered=entered, is_new=command.is_new, cut=cut)
    return funnel_patients(*asked, command.at, command.which, is_new=command.is_new, cut=cut)


def open_journeys(command: OpenJourneys, context: Context) -> Reply:
    """The people behind a number, for those who may read their names; the look is audited."""
    scope = scope_of(command.branch, command.first, command.last, context)
    if not scope.sees_names:
        return Reply((Text(context.say("The names of these branches are not for you to see.")),))
    people = people_behind(command, scope, context)
    audit.record(
        context.db,
        context.person,
        "list",
        context.now,
        branch=scope.branches[0] if len(scope.branches) == 1 else None,
        what=f"funnel:{command.at.value}:{command.which.value}",
        count=len(people),
    )
    pages = max(1, -(-len(people) // PAGE))
    page = min(command.page, pages - 1)
    shown = people[page * PAGE : (page + 1) * PAGE]
    said = context.language.many("{n} journey", "{n} journeys", len(people))
    blocks: list[Block] = [Heading(f"{part_name(command, context)} · {said}")]
    blocks += [_people(shown, page * PAGE, context)] if shown else [_nobody(context)]
    blocks += _pages(command, shown, page, pages, context)
    place = Where.HERE if context.private else Where.PRIVATE
    return Reply(
        tuple(blocks),
        where=Where.IN_PLACE if command.turn else place,
        data=_people_data(command, scope, people, context),
    )


def give_journeys(command: GiveJourneys, context: Context) -> Reply:
    """To whom the people behind a number shall be given, or, with a member of staff, giving them."""
    scope = scope_of(command.branch, command.first, command.last, context)
    if not scope.sees_names:
        return Reply((Text(context.say("The names of these branches are not for you to see.")),))
    if not command.staff:
        return whom_to_give(scope, lambda staff: replace(command, staff=staff), context)
    people = people_behind(command, scope, context)
    known = {one.patient_id for one in people if one.patient_id is not None}
    without_chart = sum(one.patient_id is None for one in people)
    return give(known, without_chart, command.staff, context)


def _people(shown: list[JourneyBehind], before: int, context: Context) -> Table:
    """Who they are, numbered as the buttons below; someone without a chart by the name they gave."""
    say = context.say
    names = names_of(context.db, [one.patient_id for one in shown if one.patient_id is not None])
    asked = prospect_names(context.db, [one.prospect_id for one in shown if one.prospect_id is not None])
    rows = tuple(
        (
            str(number),
            name_and_chart(names[one.patient_id], context)
            if one.patient_id is not None
            else say("{who}, no chart yet", who=shown_asker(asked.get(one.prospect_id or 0), context)),
            figures.staff_day(one.first_on, context.language),
            stage_name(one.reached, context),
            _families(one, context),
        )
        for number, one in enumerate(shown, start=before + 1)
    )
    columns = ("", say("Patient"), say("First contact"), say("Reached"), say("Treatment"))
    return Table(columns, rows, numeric=frozenset({0}), plain=True)


def _families(one: JourneyBehind, context: Context) -> str:
    if not one.families:
        return context.say("not recorded")
    names = (context.policy.family_name(family, context.language.code) for family in one.families.split("|"))
    return " · ".join(names)


def _pages(
    command: OpenJourneys, shown: list[JourneyBehind], page: int, pages: int, context: Context
) -> list[Block]:
    opening = [
        Button(str(number), ShowPatient(one.patient_id))
        for number, one in enumerate(shown, page * PAGE + 1)
        if one.patient_id is not None
    ]
    rows = [tuple(opening[n : n + PER_ROW]) for n in range(0, len(opening), PER_ROW)]
    turning = []
    if page > 0:
        turning.append(Button("← " + context.say("Previous"), _turned(command, page - 1)))
    if page < pages - 1:
        turning.append(Button(context.say("More") + " →", _turned(command, page + 1)))
    rows += [tuple(turning)] if turning else []
    if opening and may_give(context):
        fields = {name: getattr(command, name) for name in Journeys.__dataclass_fields__}
        giving = GiveJourneys(**{**fields, "page": 0, "turn": False})
        rows.append((Button(context.say("Give to a coordinator"), giving),))
    return [Buttons(tuple(rows))] if rows else []


def _turned(command: OpenJourneys, page: int) -> OpenJourneys:
    return replace(command, page=page, turn=True)


def _people_data(
    command: OpenJourneys, scope: Scope, people: list[JourneyBehind], context: Context
) -> dict[str, Any]:
    known = [one.patient_id for one in people if one.patient_id is not None]
    names = names_of(context.db, known) if context.as_json else {}
    return envelope(
        context,
        command="funnel",
        branches=scope.branches,
        period=scope.period,
        facts_until=None,
        view="activity" if command.activity else "cohort",
        more={
            "patients": [
                {
                    "chart_no": names[one.patient_id].chart_no,
                    "first_on": one.first_on.isoformat(),
                    "reached": one.reached.value,
                    "reasons": [f"{command.at.value}:{command.which.value}"],
                }
                for one in people
                if one.patient_id in names
            ]
        },
    )

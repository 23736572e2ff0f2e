"""/funnel: where patients leak, as picture and table; every number opens its patients."""

from typing import Any

from crm_core.kpi.behind import JourneyBehind, funnel_patients
from crm_core.kpi.conditions import PAIRS, Which
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import Funnel, FunnelReport, Value, funnel
from crm_core.patients.queries import names_of
from crm_core.staff import audit
from crm_core.staff.access import FIGURES, Scope
from crm_core.staff.queries import StaffName, staff_names
from crm_core.tables.journey import STAGES, Stage
from handlers.branches import take_branch
from handlers.facts_until import until_sentence
from handlers.funnel_commands import (
    ChooseJourneys,
    ExplainFunnel,
    OpenJourneys,
    ShowFunnel,
    cut_of,
    part_of,
    read_cut,
    scope_of,
)
from handlers.funnel_json import KINDS, KPIS, funnel_data, named_values
from handlers.funnel_words import (
    CUT_NAMES,
    VALUE_NAMES,
    about,
    alt,
    chart,
    conversion_table,
    cut_chart,
    cut_table,
    leak_line,
    leakiest,
    notes,
    outcome_lines,
    side_lines,
    sides,
    so_far_table,
)
from handlers.kpi_words import PART_NAMES, counted, pair_name, stage_name, title
from handlers.language import figures
from handlers.language.envelope import envelope
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Facts,
    Heading,
    Picture,
    Reply,
    Style,
    Table,
    Text,
    Tone,
    Where,
)
from handlers.language.words import PERIOD_WORDS, Words
from handlers.patient_words import name_and_chart
from handlers.patients import ShowPatient

PAGE = 10
PER_ROW = 5
_OPENED = (Which.LOST, Which.OPEN)
_BESIDE = (
    Which.PENDING,
    Which.DECLINED,
    Which.NOT_SUITABLE,
    Which.NOT_RECORDED,
    Which.WITHOUT_CONSULT,
)
_WHO = ("new", "old")


def read_funnel(words: Words) -> ShowFunnel:
    """`/funnel [branch] [period] [by branch|source|treatment|coordinator]`."""
    by = read_cut(words)
    branch = take_branch(words)
    period = words.take_period()
    words.finish(choices=(*PERIOD_WORDS, "by branch", "by source", "by treatment", "by coordinator"))
    return ShowFunnel(branch, period.first, period.last, by)


def show_funnel(command: ShowFunnel, context: Context) -> Reply:
    scope = scope_of(command.branch, command.first, command.last, context)
    by = cut_of(command.by)
    report = funnel(context.db, scope, context.policy, context.now, by)
    staff = staff_names(context.db, named_values(report)) if by is JourneyCut.COORDINATOR else {}
    numbers = {key: one.number or one.name for key, one in staff.items()}
    personal = by is JourneyCut.COORDINATOR and not context.private
    return Reply(
        _blocks(report, scope, staff, context),
        where=Where.PRIVATE if personal else Where.HERE,
        data=funnel_data(report, scope, numbers, context),
    )


def _blocks(
    report: FunnelReport, scope: Scope, staff: dict[int, StaffName], context: Context
) -> tuple[Block, ...]:
    say = context.say
    head = f"📊 {say('Funnel by touchpoint')} · {about(scope, report, context)}"
    blocks: list[Block] = [Heading(head)]
    if report.by is None:
        blocks.append(Picture(chart(scope, report, context), alt(report, context)))
    else:
        blocks += _cut(report, scope, staff, context)
    blocks += [Text(side_lines(name, part, context)) for name, part in sides(report)]
    blocks.append(Text(leak_line(report, context)))
    if report.by is None:
        blocks += [conversion_table(report, context), so_far_table(report, context)]
    blocks.append(Text(outcome_lines(report, context)))
    blocks.append(Text(notes(report, context), tone=Tone.HINT))
    small = say("* small number, for orientation only")
    until = until_sentence(context, scope.branches, KINDS)
    blocks.append(Text(f"{small}\n{until}", tone=Tone.HINT))
    blocks.append(_buttons(report, scope, context))
    return tuple(blocks)


def _cut(report: FunnelReport, scope: Scope, staff: dict[int, StaffName], context: Context) -> list[Block]:
    if not report.cuts:
        return [Text(context.say("Nobody here"))]
    names = {value: value_name(report.by, value, staff, context) for value, _ in report.cuts}
    table = cut_table(report, names, context)
    bars = cut_chart(scope, report, names, context)
    if bars is None:
        return [table]
    said = ", ".join(f"{bar.name} {bar.label}" for bar in bars.bars)
    return [Picture(bars, f"{bars.title}: {said}"), table]


def value_name(by: JourneyCut | None, value: Value, staff: dict[int, StaffName], context: Context) -> str:
    code, policy = context.language.code, context.policy
    if value is None:
        return context.say("not recorded")
    match by:
        case JourneyCut.BRANCH:
            return policy.branch(str(value)).name(code)
        case JourneyCut.TREATMENT:
            return policy.family_name(str(value), code)
        case JourneyCut.COORDINATOR if isinstance(value, int) and value in staff:
            return staff[value].name
        case JourneyCut.SOURCE:
            source = policy.sources.get(str(value))
            return source.names.in_language(code) if source else str(value)
        case JourneyCut.NEW | JourneyCut.INSURED:
            return context.say(VALUE_NAMES[str(value)])
        case _:
            return str(value)


def _buttons(report: FunnelReport, scope: Scope, context: Context) -> Buttons:
    say = context.say
    branch = scope.branches[0] if len(scope.branches) == 1 else ""
    first, last = scope.period.first, scope.period.last
    rows: list[tuple[Button, ...]] = []
    if scope.sees_names:
        opening = []
        pending = report.all.beside[Which.PENDING]
        if pending:
            label = say("See the undecided ({n})", n=figures.count(pending))
            consult, part = STAGES.index(Stage.CONSULT), part_of(Which.PENDING)
            opening.append(Button(label, OpenJourneys(branch, first, last, consult, part)))
        worst = leakiest(report)
        if worst is not None:
            name, line, pair = worst
            label = say("See who left ({n})", n=figures.count(pair.lost))
            stage = STAGES.index(line.stage) - 1
            who = "new" if name == sides(report)[0][0] else "old"
            opening.append(
                Button(
                    label, OpenJourneys(branch, first, last, stage, part_of(Which.LOST), who), Style.PRIMARY
                )
            )
        opening.append(Button(say("Show the people"), ChooseJourneys(branch, first, last)))
        rows.append(tuple(opening))
    cuts = []
    for cut in JourneyCut:
        if cut is report.by or (cut is JourneyCut.BRANCH and len(scope.branches) == 1):
            continue
        label = say(CUT_NAMES[cut])
        if cut is JourneyCut.COORDINATOR:
            label = f"{label} ({say('only you')})"
        cuts.append(Button(label, ShowFunnel(branch, first, last, cut.value)))
    rows += [tuple(cuts[:2]), tuple(cuts[2:])]
    rows.append((Button(say("How it is counted"), ExplainFunnel()),))
    return Buttons(tuple(row for row in rows if row))


def explain_funnel(_command: ExplainFunnel, context: Context) -> Reply:
    pairs = tuple((title(kpi, context), counted(kpi, context)) for kpi in KPIS)
    return Reply((Heading(context.say("How it is counted")), Facts(pairs)))


def choose_journeys(command: ChooseJourneys, context: Context) -> Reply:
    """A button for every number of the funnel that has people behind it."""
    scope = scope_of(command.branch, command.first, command.last, context)
    report = funnel(context.db, scope, context.policy, context.now)
    blocks: list[Block] = [Heading(context.say("Whose names?"))]
    for (name, part), who in zip(sides(report), _WHO, strict=True):
        found = _numbers(part, who, command, context)
        if found:
            blocks.append(Text(context.say(name)))
            rows = tuple(tuple(found[n : n + 2]) for n in range(0, len(found), 2))
            blocks.append(Buttons(rows))
    if len(blocks) == 1:
        blocks.append(Text(context.say("Nobody here")))
    return Reply(tuple(blocks), where=Where.HERE if context.private else Where.PRIVATE)


def _numbers(part: Funnel, who: str, command: ChooseJourneys, context: Context) -> list[Button]:
    branch, first, last = command.branch, command.first, command.last
    found: list[Button] = []
    for (earlier, _), line in zip(PAIRS, part.stages[1:], strict=True):
        if line.pair is None:
            continue
        for which, n in ((Which.LOST, line.pair.lost), (Which.OPEN, line.pair.open)):
            if n:
                stage = STAGES.index(earlier)
                asked = OpenJourneys(branch, first, last, stage, part_of(which), who)
                found.append(Button(f"{_part_name(asked, context)} {figures.count(n)}", asked))
    consult = STAGES.index(Stage.CONSULT)
    for which, n in part.beside.items():
        if n:
            asked = OpenJourneys(branch, first, last, consult, part_of(which), who)
            found.append(Button(f"{_part_name(asked, context)} {figures.count(n)}", asked))
    return found


def _part_name(asked: OpenJourneys, context: Context) -> str:
    """문의→예약 여기서 빠진 분, or 보류."""
    if asked.which not in PART_NAMES:
        return stage_name(asked.at, context)
    name = context.say(PART_NAMES[asked.which])
    if asked.which in _BESIDE:
        return name
    following = STAGES[STAGES.index(asked.at) + 1]
    return f"{pair_name(asked.at, following, context)} · {name}"


def open_journeys(command: OpenJourneys, context: Context) -> Reply:
    """The people behind a number, for those who may read their names; the look is audited."""
    scope = scope_of(command.branch, command.first, command.last, context)
    if not scope.sees_names:
        return Reply((Text(context.say("The names of these branches are not for you to see.")),))
    people = funnel_patients(
        context.db,
        scope,
        context.policy,
        context.now,
        command.at,
        command.which,
        is_new=command.is_new,
    )
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
    blocks: list[Block] = [Heading(f"{_part_name(command, context)} · {said}")]
    blocks += [_people(shown, context)] if shown else [Text(context.say("Nobody here"))]
    blocks += _pages(command, shown, page, pages, context)
    place = Where.HERE if context.private else Where.PRIVATE
    return Reply(
        tuple(blocks),
        where=Where.IN_PLACE if command.turn else place,
        data=_people_data(command, scope, people, context),
    )


def _people(shown: list[JourneyBehind], context: Context) -> Table:
    say = context.say
    names = names_of(context.db, [one.patient_id for one in shown if one.patient_id is not None])
    rows = tuple(
        (
            name_and_chart(names[one.patient_id], context)
            if one.patient_id is not None
            else say("inquiry without a chart"),
            figures.staff_day(one.first_on, context.language),
            stage_name(one.reached, context),
            _families(one, context),
        )
        for one in shown
    )
    return Table((say("Patient"), say("First contact"), say("Reached"), say("Treatment")), rows)


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
    fields = (command.branch, command.first, command.last, command.stage, command.part, command.who)
    if page > 0:
        label = "← " + context.say("Previous")
        turning.append(Button(label, OpenJourneys(*fields, page - 1, turn=True)))
    if page < pages - 1:
        label = context.say("More") + " →"
        turning.append(Button(label, OpenJourneys(*fields, page + 1, turn=True)))
    rows += [tuple(turning)] if turning else []
    return [Buttons(tuple(rows))] if rows else []


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
        view="cohort",
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


ITEMS = (
    MenuItem(
        name="funnel",
        code="fu",
        command=ShowFunnel,
        read=read_funnel,
        answer=show_funnel,
        summary=N_("Where patients leak, from inquiry to treatment"),
        example="/funnel this month by branch",
        korean=("퍼널", "전환", "접점"),
        roles=FIGURES,
        reads_only=True,
    ),
    MenuItem(code="fe", command=ExplainFunnel, answer=explain_funnel, roles=FIGURES, reads_only=True),
    MenuItem(code="fc", command=ChooseJourneys, answer=choose_journeys, roles=FIGURES, reads_only=True),
    MenuItem(code="fo", command=OpenJourneys, answer=open_journeys, roles=FIGURES),
)

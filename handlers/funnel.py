"""/funnel: where patients leak, as picture and table; every number opens its patients."""

from typing import Any

from crm_core.calls.worklists.actions import GIVERS
from crm_core.kpi.activity import activity
from crm_core.kpi.conditions import Which
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import FunnelReport, Value, funnel
from crm_core.staff.access import FIGURES, Scope
from crm_core.tables.journey import STAGES, Stage
from handlers.branches import take_branch
from handlers.facts_until import until_sentence
from handlers.funnel_activity import activity_blocks, activity_data
from handlers.funnel_commands import (
    ChooseJourneys,
    ExplainFunnel,
    GiveJourneys,
    OpenJourneys,
    ShowFunnel,
    cut_of,
    part_of,
    place_of,
    read_cut,
    scope_of,
    take_periods,
    take_view,
)
from handlers.funnel_compare import compared_alt, compared_chart, compared_table, span
from handlers.funnel_json import KINDS, KPIS, funnel_data
from handlers.funnel_lists import choose_journeys, give_journeys, open_journeys
from handlers.funnel_shares import Shares, share_lines, shares_data, shares_of
from handlers.funnel_words import (
    CUT_NAMES,
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
    staff_of,
    value_name,
)
from handlers.kpi import in_rows
from handlers.kpi_words import counted, title
from handlers.language import figures
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
    Text,
    Tone,
    Where,
)
from handlers.language.words import PERIOD_WORDS, Words

_Rows = tuple[tuple[Button, ...], ...]
_Shown = tuple[tuple[Block, ...], _Rows, dict[str, Any]]
_CHOICES = (
    *PERIOD_WORDS,
    "by branch",
    "by source",
    "by treatment",
    "by coordinator",
    "by new",
    "by insured",
    "activity",
    "vs last month",
)


def read_funnel(words: Words) -> ShowFunnel:
    """`/funnel [branch] [period] [vs period] [by branch|source|treatment|…] [activity]`."""
    is_activity = take_view(words)
    period, other = take_periods(words)
    by = read_cut(words)
    branch = take_branch(words)
    words.finish(choices=_CHOICES)
    days = (other.first, other.last) if other else (None, None)
    return ShowFunnel(branch, period.first, period.last, by, is_activity, *days)


def show_funnel(command: ShowFunnel, context: Context) -> Reply:
    scope = scope_of(command.branch, command.first, command.last, context)
    by = cut_of(command.by)
    personal = by is JourneyCut.COORDINATOR and not context.private
    show = _show_activity if command.activity else _show_cohort
    blocks, rows, data = show(command, scope, by, context)
    until = until_sentence(context, scope.branches, KINDS)
    return Reply(
        (*blocks, Text(until, tone=Tone.HINT), Buttons((*rows, *_buttons(command, scope, context)))),
        where=Where.PRIVATE if personal else Where.HERE,
        data=data,
    )


def _show_activity(command: ShowFunnel, scope: Scope, by: JourneyCut | None, context: Context) -> _Shown:
    report = activity(context.db, scope, context.policy, context.now, by, command.against)
    numbers = _numbers([value for value, _ in report.cuts], by, context)
    data = activity_data(report, scope, numbers, context)
    return activity_blocks(report, scope, context), (), data


def _show_cohort(command: ShowFunnel, scope: Scope, by: JourneyCut | None, context: Context) -> _Shown:
    report = funnel(context.db, scope, context.policy, context.now, by, command.against)
    beside = shares_of(scope, context)[None]
    numbers = _numbers([value for value, _ in report.cuts], by, context)
    of_cuts = shares_of(scope, context, by) if by and context.as_json else {}
    data = funnel_data(
        report,
        scope,
        numbers,
        context,
        shares_data(beside),
        {value: shares_data(one) for value, one in of_cuts.items()},
    )
    return _blocks(report, scope, beside, context), _leaky(report, scope, context), data


def _numbers(values: list[Value], by: JourneyCut | None, context: Context) -> dict[int, str]:
    """What the chart program calls the staff of a cut."""
    if by is not JourneyCut.COORDINATOR:
        return {}
    return {key: one.number or one.name for key, one in staff_of(values, context).items()}


def _blocks(report: FunnelReport, scope: Scope, beside: Shares, context: Context) -> tuple[Block, ...]:
    say = context.say
    head = f"📊 {say('Funnel by touchpoint')} · {about(scope, report.period, context)}"
    if report.against is not None:
        head += " · " + say("beside {period}", period=span(report.against, context))
    blocks: list[Block] = [Heading(head), *_pictures(report, scope, context)]
    blocks += [Text(side_lines(name, part, context)) for name, part in sides(report)]
    blocks.append(Text(leak_line(report, context)))
    if report.against is not None:
        blocks.append(compared_table(report, report.against, context))
    elif report.by is None:
        blocks += [conversion_table(report, context), so_far_table(report, context)]
    blocks.append(Text(share_lines(beside, context)))
    blocks.append(Text(outcome_lines(report, context)))
    small = say("* small number, for orientation only")
    blocks.append(Text(f"{notes(report, context)}\n{small}", tone=Tone.HINT))
    return tuple(blocks)


def _pictures(report: FunnelReport, scope: Scope, context: Context) -> list[Block]:
    """The funnel, or what it is compared with, or a cut's values beside one another."""
    if report.by is not None:
        return _cut(report, scope, context)
    if report.against is not None:
        compared = compared_chart(scope, report, report.against, context)
        if compared is not None:
            return [Picture(compared, compared_alt(compared))]
    return [Picture(chart(scope, report, context), alt(report, context))]


def _cut(report: FunnelReport, scope: Scope, context: Context) -> list[Block]:
    if not report.cuts:
        return [Text(context.say("Nobody here"))]
    staff = staff_of([value for value, _ in report.cuts], context)
    names = {value: value_name(report.by, value, staff, context) for value, _ in report.cuts}
    table = cut_table(report, names, context)
    bars = cut_chart(scope, report, names, context)
    if bars is None:
        return [table]
    said = ", ".join(f"{bar.name} {bar.label}" for bar in bars.bars)
    return [Picture(bars, f"{bars.title}: {said}"), table]


def _leaky(report: FunnelReport, scope: Scope, context: Context) -> _Rows:
    """Buttons to the people who matter now: the undecided, and those of the leakiest step."""
    if not scope.sees_names:
        return ()
    say = context.say
    branch = scope.branches[0] if len(scope.branches) == 1 else ""
    days = scope.period.first, scope.period.last
    opening = []
    pending = report.all.beside[Which.PENDING]
    if pending:
        label = say("See the undecided ({n})", n=figures.count(pending))
        consult, part = STAGES.index(Stage.CONSULT), part_of(Which.PENDING)
        opening.append(Button(label, OpenJourneys(branch, *days, consult, part)))
    worst = leakiest(report)
    if worst is not None:
        name, line, pair = worst
        label = say("See who left ({n})", n=figures.count(pair.lost))
        stage = STAGES.index(line.stage) - 1
        who = "new" if name == sides(report)[0][0] else "old"
        lost = OpenJourneys(branch, *days, stage, part_of(Which.LOST), who)
        opening.append(Button(label, lost, Style.PRIMARY))
    return (tuple(opening),) if opening else ()


def _buttons(command: ShowFunnel, scope: Scope, context: Context) -> _Rows:
    """The people behind the numbers, the other view, the cuts, and how it is counted."""
    say = context.say
    branch = scope.branches[0] if len(scope.branches) == 1 else ""
    first, last, by = scope.period.first, scope.period.last, command.by
    other = command.other_first, command.other_last
    top: list[Button] = []
    if scope.sees_names:
        choose = ChooseJourneys(branch, first, last, command.activity, place_of(cut_of(by)))
        top.append(Button(say("Show the people"), choose))
    view = say("Follow first contacts") if command.activity else say("What happened in it")
    top.append(Button(view, ShowFunnel(branch, first, last, by, not command.activity, *other)))
    rest = []
    for cut in JourneyCut:
        if cut == by or (cut is JourneyCut.BRANCH and len(scope.branches) == 1):
            continue
        label = say(CUT_NAMES[cut])
        if cut is JourneyCut.COORDINATOR and not context.private:
            label = f"{label} ({say('only you')})"
        asked = ShowFunnel(branch, first, last, cut.value, command.activity, *other)
        rest.append(Button(label, asked))
    rest.append(Button(say("How it is counted"), ExplainFunnel()))
    return (tuple(top), *in_rows(rest, 3))


def explain_funnel(_command: ExplainFunnel, context: Context) -> Reply:
    pairs = tuple((title(kpi, context), counted(kpi, context)) for kpi in KPIS)
    return Reply((Heading(context.say("How it is counted")), Facts(pairs)))


ITEMS = (
    MenuItem(
        name="funnel",
        code="fu",
        command=ShowFunnel,
        read=read_funnel,
        answer=show_funnel,
        summary=N_("Where patients leak, from inquiry to treatment"),
        example="/funnel this month vs last month by source",
        korean=("퍼널", "전환", "접점"),
        roles=FIGURES,
        reads_only=True,
    ),
    MenuItem(code="fe", command=ExplainFunnel, answer=explain_funnel, roles=FIGURES, reads_only=True),
    MenuItem(code="fc", command=ChooseJourneys, answer=choose_journeys, roles=FIGURES, reads_only=True),
    MenuItem(code="fo", command=OpenJourneys, answer=open_journeys, roles=FIGURES),
    MenuItem(code="fg", command=GiveJourneys, answer=give_journeys, roles=GIVERS),
)

"""The activity view in words: what happened in the period, and why nothing is divided there."""

from collections.abc import Mapping
from typing import Any

from crm_core.facts_until import oldest
from crm_core.kpi.activity import Activity, ActivityLine, ActivityReport
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import Value
from crm_core.staff.access import Scope
from handlers.charts import FunnelChart, FunnelSide, StageBar
from handlers.funnel_compare import span
from handlers.funnel_json import KINDS, shown_value
from handlers.funnel_words import CUT_NAMES, FEWEST, NEW, RETURNING, about, staff_of, value_name
from handlers.kpi_words import stage_name
from handlers.language import figures
from handlers.language.envelope import envelope
from handlers.language.language import N_
from handlers.language.menu_item import Context
from handlers.language.reply import Block, Heading, Picture, Table, Text, Tone

TITLE = N_("What happened, by touchpoint")
_NOT_DIVIDED = N_(
    "Counted on the day it happened, whenever it had begun. The people of one step are not those of the "
    "next, so no conversion is said here: /funnel without 'activity' follows the same people."
)


def activity_blocks(report: ActivityReport, scope: Scope, context: Context) -> tuple[Block, ...]:
    say = context.say
    blocks: list[Block] = [Heading(f"📊 {say(TITLE)} · {about(scope, report.period, context)}")]
    if report.by is None:
        lines = [f"{say(name)}: {_flow(part, context)}" for name, part in _sides(report)]
        blocks.append(Picture(_chart(report, scope, context), " / ".join(lines)))
        blocks += [Text("\n".join(lines)), _table(report, context)]
    elif report.cuts:
        blocks.append(_cut_table(report, report.by, context))
    else:
        blocks.append(Text(say("Nobody here")))
    blocks.append(Text(say(_NOT_DIVIDED), tone=Tone.HINT))
    return tuple(blocks)


def _sides(report: ActivityReport) -> tuple[tuple[str, Activity], ...]:
    return (NEW, report.new), (RETURNING, report.returning)


def _flow(part: Activity, context: Context) -> str:
    """문의 84 · 예약 52: no arrows, for these are not the same people."""
    return " · ".join(f"{stage_name(line.stage, context)} {figures.count(line.count)}" for line in part.lines)


def _table(report: ActivityReport, context: Context) -> Table:
    """Per stage new and returning, all, and the earlier period at the same age."""
    say = context.say
    columns = [say("Touchpoint"), say(NEW), say(RETURNING), say("All"), say("Before, same age")]
    if report.against is not None:
        columns[-1] = say("{period}, same age", period=span(report.against, context))
    rows = []
    for place, line in enumerate(report.all.lines):
        sides = [figures.count(part.lines[place].count) for _, part in _sides(report)]
        name = stage_name(line.stage, context)
        rows.append((name, *sides, figures.count(line.count), figures.count(_before(line))))
    return Table(tuple(columns), tuple(rows), numeric=frozenset({1, 2, 3, 4}))


def _before(line: ActivityLine) -> int:
    return line.previous if line.against is None else line.against


def _cut_table(report: ActivityReport, by: JourneyCut, context: Context) -> Table:
    staff = staff_of([value for value, _ in report.cuts], context)
    columns = ("", *(stage_name(line.stage, context) for line in report.all.lines))
    rows = tuple(
        (value_name(by, value, staff, context), *(_count(line.count, context) for line in part.lines))
        for value, part in report.cuts
    )
    numeric = frozenset(range(1, len(columns)))
    return Table(columns, rows, numeric=numeric, caption=context.say(CUT_NAMES[by]))


def _count(number: int, context: Context) -> str:
    """No small cell where others read along."""
    if not context.private and 0 < number < FEWEST:
        return context.say("fewer than {n}", n=FEWEST)
    return figures.count(number)


def _chart(report: ActivityReport, scope: Scope, context: Context) -> FunnelChart:
    return FunnelChart(
        title=context.say(TITLE),
        subtitle=about(scope, report.period, context),
        sides=tuple(
            FunnelSide(
                context.say(name),
                tuple(StageBar(stage_name(line.stage, context), line.count) for line in part.lines),
            )
            for name, part in _sides(report)
        ),
        note=context.say("By the day it happened: the steps are not the same people"),
    )


def activity_data(
    report: ActivityReport, scope: Scope, numbers: Mapping[int, str], context: Context
) -> dict[str, Any]:
    """The answer of `ask --json`: counts, and no conversion."""
    by = report.by
    more: dict[str, Any] = {
        "stages": _stages(report.all),
        "new": {"stages": _stages(report.new)},
        "returning": {"stages": _stages(report.returning)},
        "open_days": report.open_days,
    }
    if report.against is not None:
        more["against"] = {"from": report.against.first.isoformat(), "to": report.against.last.isoformat()}
    if by is not None:
        more["cuts"] = [_cut(by, value, part, numbers) for value, part in report.cuts]
    return envelope(
        context,
        command="funnel",
        branches=scope.branches,
        period=scope.period,
        facts_until=oldest(context.db, scope.branches, KINDS),
        view="activity",
        cut={"by": by.value, "value": None} if by else None,
        definitions={"activity": context.say(_NOT_DIVIDED)},
        more=more,
    )


def _cut(by: JourneyCut, value: Value, part: Activity, numbers: Mapping[int, str]) -> dict[str, Any]:
    return {"value": shown_value(by, value, numbers), "stages": _stages(part)}


def _stages(part: Activity) -> list[dict[str, Any]]:
    return [
        {
            "stage": line.stage.value,
            "count": line.count,
            "entered": line.entered,
            "previous": line.previous,
            "last_year": line.last_year,
            **({} if line.against is None else {"against": line.against}),
        }
        for line in part.lines
    ]

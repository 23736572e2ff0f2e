"""Returns by the month of the treatment, as a map: `/kpi return by cohort`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_core.facts_until import oldest
from crm_core.kpi import catalogue
from crm_core.kpi.kpi import Share
from crm_core.period import Period
from crm_core.staff.access import FIGURES, Scope
from handlers.charts import HeatMap, HeatRow
from handlers.facts_until import until_sentence
from handlers.funnel_commands import scope_of
from handlers.kpi_words import title
from handlers.language import figures
from handlers.language.envelope import envelope
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Heading, Picture, Reply, Table, Text, Tone

if TYPE_CHECKING:
    from crm_core.reports.cohorts import CohortMap

KINDS = ("consults", "treatments")
SHOWN = (1, 2, 3, 6, 9, 12)  # months of the table: what a phone is wide enough for


@dataclass(frozen=True)
class ShowCohorts:
    """Of a branch, or of all of the asker's."""

    branch: str = ""


def show_cohorts(command: ShowCohorts, context: Context) -> Reply:
    # pandas weighs 40 MiB: a process that is never asked for this never loads it.
    from crm_core.reports.cohorts import returns_by_cohort

    scope = scope_of(command.branch, None, None, context)
    found = returns_by_cohort(context.db, scope, context.policy, context.now)
    return Reply(_blocks(found, scope, context), data=_data(found, scope, context))


def _blocks(found: "CohortMap", scope: Scope, context: Context) -> tuple[Block, ...]:
    say = context.say
    chart = _chart(found, scope, context)
    blocks: list[Block] = [Heading(f"🔁 {chart.title} · {chart.subtitle}")]
    if not any(found.treated.values()):
        blocks.append(Text(say("Nobody here")))
    else:
        blocks += [Picture(chart, _alt(found, context)), _table(found, context)]
    blocks.append(Text(_how(context), tone=Tone.HINT))
    blocks.append(Text(until_sentence(context, scope.branches, KINDS), tone=Tone.HINT))
    return tuple(blocks)


def _how(context: Context) -> str:
    return context.say(
        "Of the journeys treated in a month, those whose patient came for a consult or treatment of a next "
        "journey within so many months, and by the churn date. Shown once all of the month are that old."
    )


def _where(scope: Scope, context: Context) -> str:
    code = context.language.code
    return ", ".join(context.policy.branch(one).name(code) for one in scope.branches)


def _chart(found: "CohortMap", scope: Scope, context: Context) -> HeatMap:
    say = context.say
    rows = tuple(
        HeatRow(
            name=f"{month:%Y-%m}",
            count=figures.count(found.treated[month]),
            small=Share(0, found.treated[month]).is_small,
            cells=tuple(cell.value if cell else None for cell in found.cells[month]),
            labels=tuple(
                figures.share(cell.value, context.language) if cell else "" for cell in found.cells[month]
            ),
        )
        for month in found.months
    )
    return HeatMap(
        title=say("{number} by month of treatment", number=title(catalogue.RETURN, context)),
        subtitle=_where(scope, context),
        counted=say("Treated"),
        across=say("Back within so many months"),
        columns=tuple(str(number) for number in range(1, len(rows[0].cells) + 1)),
        rows=rows,
        note=say("White: not all of that month are so old yet. * small number"),
    )


def _alt(found: "CohortMap", context: Context) -> str:
    """The last month that is known for each length, in words."""
    said = []
    for number in SHOWN:
        known = [m for m in found.months if found.cells[m][number - 1] is not None]
        if known:
            cell = found.cells[known[-1]][number - 1]
            share = figures.share(cell.value if cell else None, context.language)
            said.append(
                context.say(
                    "{month}, back within {n} months: {share}",
                    month=f"{known[-1]:%Y-%m}",
                    n=number,
                    share=share,
                )
            )
    return "; ".join(said)


def _table(found: "CohortMap", context: Context) -> Table:
    say = context.say
    columns = (say("Month"), say("Treated"), *(say("{n} mo", n=number) for number in SHOWN))
    rows = []
    for month in found.months:
        cells = [found.cells[month][number - 1] for number in SHOWN]
        shares = [figures.share(cell.value, context.language) if cell else "" for cell in cells]
        rows.append((f"{month:%Y-%m}", figures.count(found.treated[month]), *shares))
    return Table(columns, tuple(rows), frozenset(range(1, len(columns))))


def _data(found: "CohortMap", scope: Scope, context: Context) -> dict[str, Any]:
    rows = [
        {
            "kpi": catalogue.RETURN.slug,
            "cohort": f"{month:%Y-%m}",
            "treated": found.treated[month],
            "returned": [cell.numerator if cell else None for cell in found.cells[month]],
            "value": [cell.value if cell else None for cell in found.cells[month]],
        }
        for month in found.months
    ]
    return envelope(
        context,
        command="kpi",
        branches=scope.branches,
        period=Period(found.months[0], Period.month(found.months[-1].year, found.months[-1].month).last),
        facts_until=oldest(context.db, scope.branches, KINDS),
        view="cohort",
        rows=rows,
        definitions={catalogue.RETURN.slug: _how(context)},
    )


ITEMS = (MenuItem(code="cz", command=ShowCohorts, answer=show_cohorts, roles=FIGURES, reads_only=True),)

"""Two periods side by side, both at one age, as table and picture."""

from crm_core.kpi.conditions import PAIRS
from crm_core.kpi.funnel import Against, FunnelReport
from crm_core.kpi.kpi import Share, more_than_chance
from crm_core.period import Period
from crm_core.staff.access import Scope
from handlers.charts import Change, ChangeChart
from handlers.funnel_words import FEWEST, about, short_share, sides
from handlers.kpi_words import pair_name
from handlers.language import figures
from handlers.language.menu_item import Context
from handlers.language.reply import Table


def span(period: Period, context: Context) -> str:
    return figures.days_between(period.first, period.last, context.language)


def compared_table(report: FunnelReport, other: Period, context: Context) -> Table:
    """Per pair what became of the two periods at one age, of new and of returning patients."""
    say = context.say
    parts = sides(report)
    rows = []
    for place, (earlier, stage) in enumerate(PAIRS, 1):
        pairs = [part.stages[place].pair for _, part in parts]
        cells = [_cell(pair.against if pair else None, context) for pair in pairs]
        rows.append((pair_name(earlier, stage, context), *cells))
    same_day = tuple(_cell(part.same_day.against, context) for _, part in parts)
    rows.append((say("Agreed the same day"), *same_day))
    columns = (say("Step"), *(say(name) for name, _ in parts))
    one, two = span(report.period, context), span(other, context)
    caption = say("{one} / {other}, both at the same age", one=one, other=two)
    return Table(columns, tuple(rows), numeric=frozenset({1, 2}), caption=caption)


def _cell(against: Against | None, context: Context) -> str:
    if against is None or not (against.here.denominator or against.there.denominator):
        return "–"
    here, there = short_share(against.here, context), short_share(against.there, context)
    return f"{here} / {there}{arrow(against.here, against.there)}"


def arrow(here: Share, there: Share) -> str:
    """▲ or ▼ where two shares differ by more than chance."""
    if not more_than_chance(here, there):
        return ""
    return " ▲" if (here.value or 0) > (there.value or 0) else " ▼"


def compared_chart(scope: Scope, report: FunnelReport, other: Period, context: Context) -> ChangeChart | None:
    """Before and after, pair by pair; None where nothing may be compared."""
    changes = []
    for name, part in sides(report):
        for (earlier, stage), line in zip(PAIRS, part.stages[1:], strict=True):
            against = line.pair.against if line.pair else None
            if against is None or not (_shown(against.here, context) and _shown(against.there, context)):
                continue
            changes.append(
                Change(
                    group=context.say(name),
                    name=pair_name(earlier, stage, context),
                    before=against.there.value or 0.0,
                    after=against.here.value or 0.0,
                    before_label=short_share(against.there, context),
                    after_label=short_share(against.here, context) + arrow(against.here, against.there),
                    marked=bool(arrow(against.here, against.there)),
                )
            )
    if not changes:
        return None
    return ChangeChart(
        title=context.say("Funnel by touchpoint"),
        subtitle=about(scope, report.period, context),
        before=span(other, context),
        after=span(report.period, context),
        changes=tuple(changes),
        note=context.say("Both at the same age · ▲▼ more than chance · * small number"),
    )


def _shown(share: Share, context: Context) -> bool:
    return bool(share.denominator) and (context.private or share.denominator >= FEWEST)


def compared_alt(chart: ChangeChart) -> str:
    said = ", ".join(
        f"{one.group} {one.name} {one.before_label} → {one.after_label}" for one in chart.changes
    )
    return f"{chart.before} → {chart.after}: {said}"

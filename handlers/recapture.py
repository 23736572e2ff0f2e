"""/recapture: whom our calls brought back: due and lapsed apart, natural return beside."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from crm_core.kpi.catalogue import (
    BROUGHT,
    NATURAL_RETURN,
    RECALL_SAME,
    RECALL_SUCCESS,
    RECAPTURE,
    RECAPTURE_SAME,
)
from crm_core.kpi.kpi import OF_PERSONS, Kpi, KpiCut
from crm_core.kpi.measure import Measured, Meter
from crm_core.kpi.rows import Value
from crm_core.period import Period
from crm_core.staff.access import FIGURES, Scope
from crm_core.staff.queries import staff_names
from handlers.branches import take_branch
from handlers.facts_until import until_sentence
from handlers.funnel_commands import scope_of
from handlers.kpi import cut_label, in_rows
from handlers.kpi_commands import ExplainKpi, OpenKpi, checked_cut, cut_of
from handlers.kpi_figures import about, compared, full, interval, out_line, value, value_name, why_not
from handlers.kpi_json import numbers_data, rows_of
from handlers.kpi_texts import CUT_WORDS, CUTS
from handlers.kpi_words import counted_as_number, title
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Button, Buttons, Heading, Reply, Table, Text, Tone, Where
from handlers.language.words import PERIOD_WORDS, Words

BOTH = (RECALL_SUCCESS, RECAPTURE)
_OPENING = (N_("See recalled ({n})"), N_("See recaptured ({n})"))
_SAME = {RECALL_SUCCESS.slug: RECALL_SAME, RECAPTURE.slug: RECAPTURE_SAME}
_ALL = (RECALL_SUCCESS, RECAPTURE, RECALL_SAME, RECAPTURE_SAME, NATURAL_RETURN, BROUGHT)


@dataclass(frozen=True)
class ShowRecapture:
    """Without a period: the youngest month whose calls are all old enough."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    by: str = ""


def read_recapture(words: Words) -> ShowRecapture:
    """`/recapture [branch] [period] [by group|cause|coordinator|owner|treatment|branch|weekday]`."""
    by = words.take_cut(CUT_WORDS) or ""
    branch = take_branch(words)
    typed = tuple(words.left)
    period = words.take_period()
    given = typed != tuple(words.left)
    words.finish(choices=(*PERIOD_WORDS, *(f"by {cut.value}" for cut in RECAPTURE.cuts)))
    checked_cut(RECAPTURE, by)
    if not given:
        return ShowRecapture(branch, by=by)
    return ShowRecapture(branch, period.first, period.last, by)


def ripe_month(context: Context) -> Period:
    """The youngest whole month whose calls are all old enough to judge."""
    ripe = context.today() - timedelta(context.policy.calls.attribution_days)
    return Period.month(ripe.year, ripe.month).previous()


def show_recapture(command: ShowRecapture, context: Context) -> Reply:
    if command.first is None:
        month = ripe_month(context)
        command = replace(command, first=month.first, last=month.last)
    by = cut_of(RECAPTURE, command.by)
    scope = scope_of(command.branch, command.first, command.last, context)
    meter = Meter(context.db, scope, context.policy, context.now)
    found = {kpi.slug: meter.measure(kpi, by if by in kpi.cuts else None) for kpi in _ALL}
    named = [one for kpi in _ALL for one, _ in found[kpi.slug].cuts if isinstance(one, int)]
    staff = staff_names(context.db, named)
    names = {key: one.name for key, one in staff.items()}
    numbers = {key: one.number or one.name for key, one in staff.items()}
    personal = by in OF_PERSONS and not context.private
    private = replace(context, private=True) if personal else context
    rows = [row for kpi in _ALL for row in rows_of(replace(found[kpi.slug], by=None), numbers)]
    rows += [row for kpi in _ALL if found[kpi.slug].by for row in rows_of(found[kpi.slug], numbers)]
    return Reply(
        tuple(_blocks(command, found, scope, names, private)),
        where=Where.PRIVATE if personal else Where.HERE,
        data=numbers_data("recapture", scope, context, rows, _ALL, by=by),
    )


def _blocks(
    command: ShowRecapture,
    found: dict[str, Measured],
    scope: Scope,
    names: dict[int, str],
    context: Context,
) -> list[Block]:
    say = context.say
    blocks: list[Block] = [Heading(f"🔁 {say('Recall and recapture')} · {about(scope, context)}")]
    lines = [_line(kpi, found, context) for kpi in BOTH]
    natural = found[NATURAL_RETURN.slug]
    lines.append(f"{title(NATURAL_RETURN, context)} {full(natural.whole, context)}")
    brought = found[BROUGHT.slug]
    if context.private and brought.why is None and brought.whole.numerator:
        lines.append(f"{title(BROUGHT, context)} {value(brought.whole, context)}")
    blocks.append(Text("\n".join(lines)))
    if found[RECAPTURE.slug].by is not None:
        blocks.append(_cut_table(found, names, context))
    blocks.append(Text("\n".join(_hints(found, scope, context)), tone=Tone.HINT))
    blocks.append(_buttons(command, found, scope, context))
    return blocks


def _line(kpi: Kpi, found: dict[str, Measured], context: Context) -> str:
    """재유치율 9.4% (3/32) · 95% … · 같은 시술로 6.3%"""
    one = found[kpi.slug]
    if one.whole.value is None:
        return f"{title(kpi, context)}: {why_not(one, context)}"
    same = found[_SAME[kpi.slug].slug].whole
    parts = (
        full(one.whole, context),
        interval(one.whole, context),
        context.say("for the same family {share}", share=value(same, context)),
        compared(one, context),
    )
    return f"{title(kpi, context)} " + " · ".join(part for part in parts if part)


def _cut_table(found: dict[str, Measured], names: dict[int, str], context: Context) -> Table:
    by = found[RECAPTURE.slug].by
    by_value = [dict(found[kpi.slug].cuts) for kpi in BOTH]
    values: list[Value] = list(dict.fromkeys(one for cuts in by_value for one in cuts))
    rows = tuple(
        (
            value_name(by, one, names, context),
            *(full(cuts[one], context) if one in cuts else "–" for cuts in by_value),
        )
        for one in sorted(values, key=lambda one: one is None)
    )
    columns = ("", *(title(kpi, context) for kpi in BOTH))
    caption = context.say(CUTS[by]) if by else ""
    return Table(columns, rows, numeric=frozenset({1, 2}), caption=caption)


def _hints(found: dict[str, Measured], scope: Scope, context: Context) -> list[str]:
    say = context.say
    lines = [
        f"{title(kpi, context)} · {out_line(found[kpi.slug].out, context)}"
        for kpi in BOTH
        if found[kpi.slug].out
    ]
    lines.append(counted_as_number(RECAPTURE, context))
    if found[RECAPTURE.slug].by is KpiCut.COORDINATOR:
        lines.append(say("Counted for who spoke with the patient last before the booking."))
    lines.append(until_sentence(context, scope.branches, RECAPTURE.kinds))
    return lines


def _buttons(command: ShowRecapture, found: dict[str, Measured], scope: Scope, context: Context) -> Buttons:
    where = command.branch, command.first, command.last
    rows: list[tuple[Button, ...]] = []
    if scope.sees_names:
        rows.append(
            tuple(
                Button(
                    context.say(label, n=figures.count(int(found[kpi.slug].whole.numerator))),
                    OpenKpi(*where, kpi.slug, "hit"),
                )
                for kpi, label in zip(BOTH, _OPENING, strict=True)
                if found[kpi.slug].whole.numerator
            )
        )
    cuts = [
        Button(cut_label(cut, context), ShowRecapture(*where, cut.value))
        for cut in RECAPTURE.cuts
        if cut is not found[RECAPTURE.slug].by and not (cut is KpiCut.BRANCH and len(scope.branches) == 1)
    ]
    rows += in_rows([*cuts, Button(context.say("How it is counted"), ExplainKpi(RECAPTURE.slug))], 3)
    return Buttons(tuple(row for row in rows if row))


ITEMS = (
    MenuItem(
        name="recapture",
        code="rq",
        command=ShowRecapture,
        read=read_recapture,
        answer=show_recapture,
        summary=N_("Whom our recall calls brought back"),
        example="/recapture last quarter by group",
        korean=("재유치", "복귀"),
        roles=FIGURES,
        reads_only=True,
    ),
)

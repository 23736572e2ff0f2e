"""/kpi: every number of the catalogue, or one of them with its base, cuts, people and definition."""

from dataclasses import replace

from crm_core.kpi.kpi import OF_PERSONS, SMALL, Kpi, KpiCut, Ripe, Unit, Viewpoint
from crm_core.kpi.measure import Measured, Meter, people
from crm_core.kpi.rows import Figured, Row
from crm_core.patients.queries import names_of
from crm_core.period import Period
from crm_core.staff import audit
from crm_core.staff.access import FIGURES, NAMES, Scope
from crm_core.staff.queries import staff_names
from handlers.charts import Bar, BarChart
from handlers.facts_until import until_sentence
from handlers.funnel_commands import scope_of
from handlers.kpi_commands import (
    LISTED,
    ExplainKpi,
    OpenKpi,
    ShowKpi,
    ShowKpis,
    cut_of,
    kpi_of,
    read_kpi,
)
from handlers.kpi_figures import (
    about,
    compared,
    full,
    interval,
    is_hidden,
    is_private,
    out_line,
    reason,
    value_name,
    why_not,
)
from handlers.kpi_json import numbers_data, rows_of
from handlers.kpi_texts import ASKS, CUTS, RIPE, VIEWPOINTS
from handlers.kpi_words import counted_as_number, days_of, title
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
    Table,
    Text,
    Tone,
    Where,
)
from handlers.patient_words import name_and_chart
from handlers.patients import ShowPatient

PAGE = 10
PER_ROW = 5
MOST_BARS = 10
OLDEST = 4  # periods looked back for one in which a number is ripe
_PARTS = {"hit": N_("counted"), "rest": N_("in the base, not counted")}
_KEY = ("agreement", "no_show", "return", "churn_patient", "recapture", "inquiry_to_reservation")


def show_kpis(command: ShowKpis, context: Context) -> Reply:
    """The catalogue with the period's values; an unripe number shows its last ripe period."""
    scope = scope_of(command.branch, command.first, command.last, context)
    meter = Meter(context.db, scope, context.policy, context.now)
    earlier = _earlier(scope, context)
    shown = [kpi for kpi in LISTED if context.private or not is_private(kpi)]
    blocks: list[Block] = [Heading(f"📐 {context.say('Numbers')} · {about(scope, context)}")]
    for viewpoint in Viewpoint:
        rows = tuple(_line(kpi, meter, earlier, context) for kpi in shown if kpi.viewpoint is viewpoint)
        blocks.append(Table((context.say(VIEWPOINTS[viewpoint]), ""), rows, numeric=frozenset({1})))
    if len(shown) < len(LISTED):
        blocks.append(Text(context.say("Amounts are shown to you alone, in a private chat."), Tone.HINT))
    hint = context.say("One number: /kpi no-show last month by branch · * small number")
    kinds = {kind for kpi in shown for kind in kpi.kinds}
    blocks.append(Text(f"{hint}\n{until_sentence(context, scope.branches, kinds)}", tone=Tone.HINT))
    opening = [
        Button(title(kpi, context), ShowKpi(command.branch, scope.period.first, scope.period.last, kpi.slug))
        for kpi in LISTED
        if kpi.slug in _KEY
    ]
    blocks.append(Buttons((*in_rows(opening, 2), (Button(context.say("How it is counted"), ExplainKpi()),))))
    data = [row for kpi in LISTED for row in rows_of(meter.measure(kpi), {})] if context.as_json else []
    return Reply(tuple(blocks), data=numbers_data("kpi", scope, context, data, LISTED))


def _earlier(scope: Scope, context: Context) -> tuple[Meter, ...]:
    """The periods before, the youngest first; each reads once what several numbers need."""
    meters, period = [], scope.period
    for _ in range(OLDEST):
        period = period.previous()
        meters.append(Meter(context.db, replace(scope, period=period), context.policy, context.now))
    return tuple(meters)


def _line(kpi: Kpi, meter: Meter, earlier: tuple[Meter, ...], context: Context) -> tuple[str, str]:
    """A number that is too young to be said shows the youngest period in which it can be."""
    figure = meter.whole(kpi)
    if figure.value is not None or meter.why(kpi) is not None or kpi.ripe is Ripe.AT_ONCE:
        return title(kpi, context), full(figure, context)
    for one in earlier:
        found = one.whole(kpi)
        if found.value is not None:
            return title(kpi, context), f"{full(found, context)} ({_named(one.scope.period, context)})"
    return title(kpi, context), full(figure, context)


def _named(period: Period, context: Context) -> str:
    if period.is_month:
        return context.say("{month}/{year}", month=period.first.month, year=period.first.year)
    return figures.days_between(period.first, period.last, context.language)


def show_kpi(command: ShowKpi, context: Context) -> Reply:
    """One number, whole or cut, beside earlier periods at the same age."""
    kpi = kpi_of(command.kpi)
    by = cut_of(kpi, command.by) or kpi.mix
    scope = scope_of(command.branch, command.first, command.last, context)
    found = Meter(context.db, scope, context.policy, context.now).measure(kpi, by)
    named = [value for value, _ in found.cuts if isinstance(value, int)]
    staff = staff_names(context.db, named)
    names = {key: one.name for key, one in staff.items()}
    numbers = {key: one.number or one.name for key, one in staff.items()}
    personal = not context.private and (by in OF_PERSONS or is_private(kpi))
    private = replace(context, private=True) if personal else context
    return Reply(
        tuple(_blocks(command, found, scope, names, private)),
        where=Where.PRIVATE if personal else Where.HERE,
        data=numbers_data("kpi", scope, context, rows_of(found, numbers), (kpi,), by=by),
    )


def _blocks(
    command: ShowKpi, found: Measured, scope: Scope, names: dict[int, str], context: Context
) -> list[Block]:
    say, kpi = context.say, found.kpi
    blocks: list[Block] = [Heading(f"📐 {title(kpi, context)} · {about(scope, context)}")]
    blocks.append(Text(number_lines(found, context)))
    if found.by is not None:
        blocks += cut_blocks(found, scope, names, context)
    hints = [out_line(found.out, context), counted_as_number(kpi, context)]
    hints.append(say("Counts: {when}", when=say(RIPE[kpi.ripe], **days_of(context.policy))))
    hints.append(until_sentence(context, scope.branches, kpi.kinds))
    blocks.append(Text("\n".join(hint for hint in hints if hint), tone=Tone.HINT))
    blocks.append(_buttons(command, found, scope, context))
    return blocks


def number_lines(found: Measured, context: Context) -> str:
    """The number with its base and interval; what it was before; whether it is small."""
    now = found.whole
    if now.value is None:
        return why_not(found, context)
    lines = [" · ".join(part for part in (full(now, context), interval(now, context)) if part)]
    lines.append(compared(found, context))
    if now.is_small:
        lines.append(context.say("Small number, for orientation only ({n})", n=figures.count(now.cases)))
    return "\n".join(line for line in lines if line)


def cut_blocks(found: Measured, scope: Scope, names: dict[int, str], context: Context) -> list[Block]:
    """The values of a cut as a picture of shares and a table."""
    if not found.cuts:
        return [Text(context.say("Nobody here"))]
    say = context.say
    by = found.by
    listed = [(value_name(by, value, names, context), figure) for value, figure in found.cuts]
    rows = tuple((name, full(figure, context)) for name, figure in listed)
    caption = say(CUTS[by]) if by else ""
    table = Table(("", title(found.kpi, context)), rows, numeric=frozenset({1}), caption=caption)
    bars = tuple(
        Bar(name, figure.value, full(figure, context), figure.low, figure.high)
        for name, figure in listed[:MOST_BARS]
        if figure.share is not None and not is_hidden(figure, context)
    )
    if len(bars) < 2:
        return [table]
    chart = BarChart(
        title(found.kpi, context), about(scope, context), bars, say("The thin line is the 95 % interval.")
    )
    said = ", ".join(f"{bar.name} {bar.label}" for bar in bars)
    return [Picture(chart, f"{chart.title}: {said}"), table]


def _buttons(command: ShowKpi, found: Measured, scope: Scope, context: Context) -> Buttons:
    say, kpi = context.say, found.kpi
    where = command.branch, scope.period.first, scope.period.last
    rows: list[tuple[Button, ...]] = []
    if scope.sees_names and kpi.source is not None and not isinstance(kpi.source, Figured):
        opening = []
        hits, base = int(found.whole.numerator), found.whole.denominator
        if kpi.unit in (Unit.SHARE, Unit.COUNT) and hits:
            label = say("Show the people ({n})", n=figures.count(hits))
            opening.append(Button(label, OpenKpi(*where, kpi.slug, "hit")))
        if kpi.unit is Unit.SHARE and base and base > hits:
            label = say("Show the others ({n})", n=figures.count(base - hits))
            opening.append(Button(label, OpenKpi(*where, kpi.slug, "rest")))
        if opening:
            rows.append(tuple(opening))
    cuts = [
        Button(cut_label(cut, context), ShowKpi(*where, kpi.slug, cut.value))
        for cut in kpi.cuts
        if cut is not found.by and not (cut is KpiCut.BRANCH and len(scope.branches) == 1)
    ]
    rows += in_rows([*cuts, Button(say("How it is counted"), ExplainKpi(kpi.slug))], 3)
    return Buttons(tuple(rows))


def cut_label(cut: KpiCut, context: Context) -> str:
    """“By coordinator (only you)”: pressed in a channel, a cut by persons is answered privately."""
    label = context.say(CUTS[cut])
    is_aside = cut in OF_PERSONS and not context.private
    return f"{label} ({context.say('only you')})" if is_aside else label


def in_rows(buttons: list[Button], size: int) -> list[tuple[Button, ...]]:
    return [tuple(buttons[n : n + size]) for n in range(0, len(buttons), size)]


def explain_kpi(command: ExplainKpi, context: Context) -> Reply:
    """The question, what is divided by what, and when a case counts; of all numbers without a key."""
    say = context.say
    if not command.kpi:
        pairs = tuple((title(kpi, context), counted_as_number(kpi, context)) for kpi in LISTED)
        return Reply((Heading(say("How it is counted")), Facts(pairs)))
    kpi = kpi_of(command.kpi)
    pairs = (
        (say("Question"), say(ASKS[kpi.slug])),
        (say("How it is counted"), counted_as_number(kpi, context)),
        (say("A case counts"), say(RIPE[kpi.ripe], **days_of(context.policy))),
    )
    if kpi.cuts:
        pairs = (*pairs, (say("Cuts"), " · ".join(say(CUTS[cut]) for cut in kpi.cuts)))
    small = say(
        "Fewer than {n} cases: for orientation only. Earlier periods are seen at the same age.", n=SMALL
    )
    return Reply((Heading(title(kpi, context)), Facts(pairs), Text(small, tone=Tone.HINT)))


def open_kpi(command: OpenKpi, context: Context) -> Reply:
    """The people behind a number, for those who may read their names; the look is audited."""
    kpi = kpi_of(command.kpi)
    scope = scope_of(command.branch, command.first, command.last, context)
    if not scope.sees_names:
        return Reply((Text(context.say("The names of these branches are not for you to see.")),))
    found = people(context.db, scope, context.policy, context.now, kpi, command.part)
    audit.record(
        context.db,
        context.person,
        "list",
        context.now,
        branch=scope.branches[0] if len(scope.branches) == 1 else None,
        what=f"kpi:{kpi.slug}:{command.part}",
        count=len(found),
    )
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(0, command.page), pages - 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    part = context.say(_PARTS[command.part]) if command.part in _PARTS else reason(command.part, context)
    head = f"{title(kpi, context)} · {part} {figures.count(len(found))} · {about(scope, context)}"
    blocks: list[Block] = [Heading(head)]
    blocks += _people(shown, replace(context, private=True)) if shown else [Text(context.say("Nobody here"))]
    blocks += _turning(command, shown, page, pages, context)
    place = Where.HERE if context.private else Where.PRIVATE
    return Reply(tuple(blocks), where=Where.IN_PLACE if command.turn else place)


def _people(shown: list[Row], context: Context) -> list[Block]:
    say = context.say
    names = names_of(context.db, [row.patient_id for row in shown if row.patient_id is not None])
    rows = tuple(
        (
            figures.staff_day_with_year(row.on, context.today(), context.language),
            name_and_chart(names[row.patient_id], context)
            if row.patient_id in names
            else say("inquiry without a chart"),
        )
        for row in shown
    )
    return [Table((say("Day"), say("Patient")), rows)]


def _turning(command: OpenKpi, shown: list[Row], page: int, pages: int, context: Context) -> list[Block]:
    opening = [
        Button(str(number), ShowPatient(row.patient_id))
        for number, row in enumerate(shown, page * PAGE + 1)
        if row.patient_id is not None
    ]
    rows = in_rows(opening, PER_ROW)
    turning = [
        Button(label, replace(command, page=to, turn=True))
        for label, to in ((context.say("Previous"), page - 1), (context.say("More"), page + 1))
        if 0 <= to < pages
    ]
    rows += [tuple(turning)] if turning else []
    return [Buttons(tuple(rows))] if rows else []


ITEMS = (
    MenuItem(
        name="kpi",
        code="ki",
        command=ShowKpis,
        read=read_kpi,
        answer=show_kpis,
        summary=N_("Every number, or one of them with its base and its people"),
        example="/kpi no-show last month by branch",
        korean=("지표", "수치"),
        roles=FIGURES,
        reads_only=True,
    ),
    MenuItem(code="kn", command=ShowKpi, answer=show_kpi, roles=FIGURES, reads_only=True),
    MenuItem(code="kx", command=ExplainKpi, answer=explain_kpi, roles=FIGURES, reads_only=True),
    MenuItem(code="kp", command=OpenKpi, answer=open_kpi, roles=NAMES & FIGURES, about_patient=True),
)

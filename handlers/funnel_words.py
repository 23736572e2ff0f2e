"""The funnel in words: lines, tables, the picture's values."""

from collections.abc import Iterable, Mapping

from crm_core.kpi.conditions import PAIRS, Which
from crm_core.kpi.counts import JourneyCut, OutcomeKind
from crm_core.kpi.funnel import Funnel, FunnelReport, Pair, StageLine, Value
from crm_core.kpi.kpi import Share, more_than_chance
from crm_core.period import Period
from crm_core.staff.access import Scope
from crm_core.staff.queries import StaffName, staff_names
from crm_core.tables.journey import STAGES, Stage
from handlers.charts import Bar, BarChart, FunnelChart, FunnelSide, StageBar
from handlers.kpi_words import pair_name, stage_name
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context
from handlers.language.reply import Table

FEWEST = 5  # no smaller cell is shown where others read along
FEWEST_BARS, MOST_BARS = 2, 10
_NOBODY = Share(0, 0)
NEW, RETURNING = N_("New patients"), N_("Returning patients")
CUT_NAMES = {
    JourneyCut.BRANCH: N_("By branch"),
    JourneyCut.SOURCE: N_("By source"),
    JourneyCut.TREATMENT: N_("By treatment"),
    JourneyCut.COORDINATOR: N_("By coordinator"),
    JourneyCut.NEW: N_("By new or returning"),
    JourneyCut.INSURED: N_("By insurance"),
}
VALUE_NAMES = {
    "new": NEW,
    "returning": RETURNING,
    "covered": N_("covered by insurance"),
    "non_covered": N_("not covered"),
    "both": N_("covered and not covered"),
}


def staff_of(values: Iterable[Value], context: Context) -> dict[int, StaffName]:
    """The members of staff among the values of a cut."""
    return staff_names(context.db, [value for value in values if isinstance(value, int)])


def value_name(by: JourneyCut | None, value: Value, staff: Mapping[int, StaffName], context: Context) -> str:
    """What a value of a cut is called."""
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


def sides(report: FunnelReport) -> tuple[tuple[str, Funnel], ...]:
    """New and returning patients: two funnels, never one."""
    return ((NEW, report.new), (RETURNING, report.returning))


def shown_share(share: Share, context: Context) -> str:
    """62% (33/52), with a star where the number is small; – where nobody can say, or may here."""
    if not share.denominator:
        return "–"
    if not context.private and share.denominator < FEWEST:
        return context.say("fewer than {n}", n=FEWEST)
    star = "*" if share.is_small else ""
    value = figures.share(share.value, context.language)
    return f"{value}{star} ({figures.count(share.numerator)}/{figures.count(share.denominator)})"


def short_share(share: Share, context: Context) -> str:
    """62%, for a table of many."""
    if not share.denominator or (not context.private and share.denominator < FEWEST):
        return "–"
    return figures.share(share.value, context.language) + ("*" if share.is_small else "")


def flow(part: Funnel, context: Context) -> str:
    """문의 84 → 예약 52 → 내원 38 → 상담 36 → 동의 21 → 시술 19."""
    return " → ".join(
        f"{stage_name(line.stage, context)} {figures.count(line.count)}" for line in part.stages
    )


def compared(now: Share, before: Share, context: Context) -> str:
    """“(same part before 61%) ▼ more than chance”; empty where there is nothing to compare with."""
    if not now.denominator or not before.denominator:
        return ""
    value = figures.share(before.value, context.language)
    text = " " + context.say("(same part of the period before {value})", value=value)
    if more_than_chance(now, before):
        arrow = "▲" if (now.value or 0) > (before.value or 0) else "▼"
        return f"{text} {arrow} " + context.say("more than chance")
    return text


def same_day_line(part: Funnel, context: Context) -> str:
    share = part.same_day.now
    shown = shown_share(share, context)
    said = context.say("Agreed the same day {share}", share=shown)
    return said + compared(share, part.same_day.previous, context)


def beside_line(part: Funnel, context: Context) -> str:
    """Undecided 11 · declined 4 · treated without consult 2."""
    said = {
        Which.PENDING: N_("undecided {n}"),
        Which.DECLINED: N_("declined {n}"),
        Which.NOT_SUITABLE: N_("not suitable {n}"),
        Which.NOT_RECORDED: N_("treated, no agreement recorded {n}"),
        Which.WITHOUT_CONSULT: N_("treated without consult {n}"),
    }
    line = " · ".join(context.say(said[which], n=figures.count(n)) for which, n in part.beside.items() if n)
    return line[:1].upper() + line[1:]


def side_lines(name: str, part: Funnel, context: Context) -> str:
    """One funnel in a few lines."""
    lines = [f"{context.say(name)}: {flow(part, context)}", same_day_line(part, context)]
    beside = beside_line(part, context)
    return "\n".join([*lines, beside] if beside else lines)


def leakiest(report: FunnelReport) -> tuple[str, StageLine, Pair] | None:
    """The side, stage and pair that keeps the fewest, among those with enough ripe journeys."""
    found = [(name, part.leakiest) for name, part in sides(report)]
    ranked = [(name, line, line.pair) for name, line in found if line is not None and line.pair is not None]
    return min(ranked, key=lambda item: item[2].ripe.value or 0.0, default=None)


def leak_line(report: FunnelReport, context: Context) -> str:
    say = context.say
    worst = leakiest(report)
    if worst is None:
        return say("Too early to say where most leave: no step has 30 journeys old enough.")
    name, line, pair = worst
    left = pair.left
    earlier = STAGES[STAGES.index(line.stage) - 1]
    return say(
        "Most leave at {pair} ({who}): {share}, {lost} of {base}",
        pair=pair_name(earlier, line.stage, context),
        who=say(name),
        share=figures.share(left.value, context.language),
        lost=figures.count(left.numerator),
        base=figures.count(left.denominator),
    )


def outcome_lines(report: FunnelReport, context: Context) -> str:
    said = {
        OutcomeKind.RETURN: N_("Came back (of those whose cycle ended in the period): {share}"),
        OutcomeKind.REFERRAL: N_("Referred somebody (of those treated {days} days before): {share}"),
    }
    days = context.policy.patience.referral
    return "\n".join(
        context.say(said[outcome.kind], share=shown_share(outcome.share, context), days=days)
        for outcome in report.all.outcomes
    )


def notes(report: FunnelReport, context: Context) -> str:
    """What is not in the conversion, and what a day brings."""
    say = context.say
    lines = [say("Followed from the first contact, which lies in the period.")]
    if report.by is JourneyCut.INSURED:
        lines.append(
            say(
                "Who pays is known once somebody was treated or paid, so these rows hold those who came that "
                "far: do not compare their conversions."
            )
        )
    lines += [say("Behind +: too young to count. Conversion counts only what is old enough.")]
    if report.all.late_entries:
        lines.append(say("Entered later than by inquiry: {n}", n=figures.count(report.all.late_entries)))
    inquiries, treated = report.per_open_day(Stage.INQUIRY), report.per_open_day(Stage.TREATMENT)
    if inquiries is not None and treated is not None:
        lines.append(
            say(
                "Per open day ({days}): inquiries {inquiries}, treated {treated}",
                days=report.open_days,
                inquiries=f"{inquiries:.1f}",
                treated=f"{treated:.1f}",
            )
        )
    return "\n".join(lines)


def conversion_table(report: FunnelReport, context: Context) -> Table:
    """Per pair the conversion of new and of returning patients, and behind + those still open."""
    say = context.say
    lines = zip(report.new.stages[1:], report.returning.stages[1:], strict=True)
    rows = tuple(
        (pair_name(earlier, stage, context), _cell(new.pair, context), _cell(old.pair, context))
        for (earlier, stage), (new, old) in zip(PAIRS, lines, strict=True)
    )
    columns = (say("Step"), say(NEW), say(RETURNING))
    return Table(columns, rows, numeric=frozenset({1, 2}), caption=say("Conversion"))


def _cell(pair: Pair | None, context: Context) -> str:
    if pair is None:
        return "–"
    young = f" +{figures.count(pair.open)}" if pair.open else ""
    return shown_share(pair.ripe, context) + young


def so_far_table(report: FunnelReport, context: Context) -> Table:
    """Per pair how it stands now, beside the earlier period at the same age."""
    say = context.say
    lines = zip(report.new.stages[1:], report.returning.stages[1:], strict=True)
    rows = tuple(
        (pair_name(earlier, stage, context), _so_far(new.pair, context), _so_far(old.pair, context))
        for (earlier, stage), (new, old) in zip(PAIRS, lines, strict=True)
    )
    columns = (say("Step"), say(NEW), say(RETURNING))
    caption = say("So far, and the period before at the same age (· last year)")
    return Table(columns, rows, numeric=frozenset({1, 2}), caption=caption)


def _so_far(pair: Pair | None, context: Context) -> str:
    if pair is None:
        return "–"
    now, before = short_share(pair.so_far, context), short_share(pair.previous, context)
    arrow = ""
    if more_than_chance(pair.so_far, pair.previous):
        arrow = " ▲" if (pair.so_far.value or 0) > (pair.previous.value or 0) else " ▼"
    year = f" · {short_share(pair.last_year, context)}" if pair.last_year.denominator else ""
    return f"{now} / {before}{arrow}{year}"


def cut_table(report: FunnelReport, names: Mapping[Value, str], context: Context) -> Table:
    """A row per value of the cut: journeys, and the conversion of each pair, of new and returning."""
    say = context.say
    columns = ["", say("Journeys")]
    columns += [pair_name(earlier, stage, context) for earlier, stage in PAIRS]
    rows = tuple(
        (
            names[value],
            _count(part.journeys, context),
            *(short_share(line.pair.ripe, context) if line.pair else "–" for line in part.stages[1:]),
        )
        for value, part in report.cuts
    )
    caption = say(CUT_NAMES[report.by]) if report.by else ""
    return Table(tuple(columns), rows, numeric=frozenset(range(1, len(columns))), caption=caption)


def cut_chart(
    scope: Scope, report: FunnelReport, names: Mapping[Value, str], context: Context
) -> BarChart | None:
    """The leakiest pair of all (else the one with most journeys), value beside value; None where there
    is nothing to compare."""
    pairs = [line for line in report.all.stages if line.pair and line.pair.ripe.denominator]
    if len(report.cuts) < FEWEST_BARS or not pairs or report.by is JourneyCut.INSURED:
        return None
    most = max(pairs, key=lambda line: line.pair.ripe.denominator if line.pair else 0)
    chosen = report.all.leakiest or most
    earlier = STAGES[STAGES.index(chosen.stage) - 1]
    shares = [(names[value], _pair_at(part, chosen.stage).ripe) for value, part in report.cuts[:MOST_BARS]]
    seen = [(name, share) for name, share in shares if _is_shown(share, context)]
    worst = min((share.value or 0.0 for _, share in seen if not share.is_small), default=None)
    return BarChart(
        title=pair_name(earlier, chosen.stage, context),
        subtitle=about(scope, report.period, context),
        bars=tuple(
            Bar(
                name,
                share.value,
                short_share(share, context),
                share.low,
                share.high,
                marked=not share.is_small and share.value == worst,
            )
            for name, share in seen
        ),
        note=context.say("Thin line: 95% interval · * small number"),
    )


def _pair_at(part: Funnel, stage: Stage) -> Pair:
    pair = part.stages[STAGES.index(stage)].pair
    return pair or Pair(_NOBODY, _NOBODY, _NOBODY, _NOBODY)


def _is_shown(share: Share, context: Context) -> bool:
    return bool(share.denominator) and (context.private or share.denominator >= FEWEST)


def _count(number: int, context: Context) -> str:
    if not context.private and number < FEWEST:
        return context.say("fewer than {n}", n=FEWEST)
    return figures.count(number)


def about(scope: Scope, period: Period, context: Context) -> str:
    """11/1–11/22 · 강남점."""
    code = context.language.code
    days = figures.days_between(period.first, period.last, context.language)
    everywhere = len(scope.branches) > 1 and len(scope.branches) == len(context.policy.branches)
    names = (
        [context.say("all branches")]
        if everywhere
        else [context.policy.branch(slug).name(code) for slug in scope.branches]
    )
    return f"{days} · {' · '.join(names)}"


def chart(scope: Scope, report: FunnelReport, context: Context) -> FunnelChart:
    worst = leakiest(report)
    return FunnelChart(
        title=context.say("Funnel by touchpoint"),
        subtitle=about(scope, report.period, context),
        sides=tuple(
            FunnelSide(
                context.say(name),
                tuple(
                    _bar(line, context, leaks=worst is not None and worst[:2] == (name, line))
                    for line in part.stages
                ),
            )
            for name, part in sides(report)
        ),
        note=context.say("↓ conversion of journeys old enough · * small number"),
    )


def _bar(line: StageLine, context: Context, *, leaks: bool) -> StageBar:
    name = stage_name(line.stage, context)
    if line.pair is None:
        return StageBar(name, line.count)
    ripe = line.pair.ripe
    hidden = not context.private and 0 < ripe.denominator < FEWEST
    small = "" if hidden or not ripe.denominator else f"{ripe.numerator:,}/{ripe.denominator:,}"
    return StageBar(name, line.count, short_share(ripe, context), small, leaks)


def alt(report: FunnelReport, context: Context) -> str:
    return " / ".join(f"{context.say(name)}: {flow(part, context)}" for name, part in sides(report))

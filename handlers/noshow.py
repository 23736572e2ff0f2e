"""/noshow: who did not come, who called it off late, by weekday, branch, treatment or doctor."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from crm_core.errors import StaleButton
from crm_core.facts_until import oldest
from crm_core.kpi import catalogue
from crm_core.kpi.counts import ReservationCut
from crm_core.kpi.kpi import Kpi, Share, more_than_chance
from crm_core.kpi.noshow import (
    GROUPS,
    RATES,
    WEEKDAYS,
    NoShowReport,
    Tally,
    no_show,
    no_show_patients,
)
from crm_core.patients.queries import names_of
from crm_core.staff import audit
from crm_core.staff.access import FIGURES, NAMES, Scope
from handlers.branches import take_branch
from handlers.charts import Bar, BarChart
from handlers.facts_until import until_sentence
from handlers.funnel_commands import scope_of
from handlers.kpi_words import counted, definitions, title
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
    Table,
    Text,
    Tone,
    Where,
)
from handlers.language.words import PERIOD_WORDS, Words
from handlers.patient_words import name_and_chart

KINDS = ("reservations", "visits")
PAGE = 10
CUTS: dict[str, tuple[str, ...]] = {
    "weekday": ("요일별",),
    "branch": ("지점별",),
    "treatment": ("시술별",),
    "doctor": ("원장별",),
}
GROUP_NAMES = dict(
    zip(
        GROUPS,
        (
            N_("came"),
            N_("no-show"),
            N_("cancelled late"),
            N_("cancelled in time"),
            N_("cancelled by the clinic"),
            N_("unmarked"),
        ),
        strict=True,
    )
)
_DAY_NAMES = dict(
    zip(
        WEEKDAYS,
        (
            N_("Monday"),
            N_("Tuesday"),
            N_("Wednesday"),
            N_("Thursday"),
            N_("Friday"),
            N_("Saturday"),
            N_("Sunday"),
        ),
        strict=True,
    )
)


@dataclass(frozen=True)
class ShowNoShows:
    branch: str = ""
    first: date | None = None
    last: date | None = None
    by: str = ""


@dataclass(frozen=True)
class OpenReservations:
    """The people behind one number; `group` is a place in GROUPS, so that it fits on a button."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    group: int = 1
    page: int = 0
    turn: bool = False


def read_noshow(words: Words) -> ShowNoShows:
    """`/noshow [branch] [period] [by weekday|branch|treatment|doctor]`."""
    by = words.take_cut(CUTS) or ""
    branch = take_branch(words)
    period = words.take_period()
    words.finish(choices=(*PERIOD_WORDS, *(f"by {name}" for name in CUTS)))
    return ShowNoShows(branch, period.first, period.last, by)


def show_noshow(command: ShowNoShows, context: Context) -> Reply:
    if command.by and command.by not in CUTS:
        raise StaleButton
    scope = scope_of(command.branch, command.first, command.last, context)
    by = ReservationCut(command.by) if command.by else None
    report = no_show(context.db, scope, context.policy, context.now, by)
    personal = by is ReservationCut.DOCTOR and not context.private
    return Reply(
        _blocks(command, report, scope, context),
        where=Where.PRIVATE if personal else Where.HERE,
        data=_data(report, scope, context),
    )


def _blocks(command: ShowNoShows, report: NoShowReport, scope: Scope, context: Context) -> tuple[Block, ...]:
    say = context.say
    now, before = report.whole.share(catalogue.NO_SHOW), report.previous.share(catalogue.NO_SHOW)
    blocks: list[Block] = [Heading(f"📉 {title(catalogue.NO_SHOW, context)} · {_about(scope, context)}")]
    blocks.append(Text(_sentence(now, before, context)))
    if report.cuts:
        blocks.append(Picture(_chart(report, scope, context), _alt(report, context)))
        blocks.append(_cut_table(report, context))
    blocks.append(Facts(tuple(_rate(kpi, report, context) for kpi in RATES[1:])))
    out = report.whole
    blocks.append(
        Text(
            say(
                "Not counted: cancelled in time {early}, by the clinic {clinic}, unmarked {unmarked}",
                early=out.cancelled_early,
                clinic=out.cancelled_by_clinic,
                unmarked=out.unmarked,
            ),
            tone=Tone.HINT,
        )
    )
    blocks.append(Text(counted(catalogue.NO_SHOW, context), tone=Tone.HINT))
    blocks.append(Text(until_sentence(context, scope.branches, KINDS), tone=Tone.HINT))
    blocks.append(_buttons(command, scope, context))
    return tuple(blocks)


def _about(scope: Scope, context: Context) -> str:
    period = scope.period.clipped(context.today(scope.branches[0]))
    days = figures.days_between(period.first, period.last, context.language)
    if len(scope.branches) > 1:
        return f"{days} · {context.say('all branches')}"
    return f"{days} · {context.policy.branch(scope.branches[0]).name(context.language.code)}"


def _sentence(now: Share, before: Share, context: Context) -> str:
    say = context.say
    line = f"{title(catalogue.NO_SHOW, context)} {_share(now, context)}"
    if before.value is None or now.value is None:
        return line
    line += " · " + say("the part before {share}", share=figures.share(before.value, context.language))
    if more_than_chance(now, before):
        line += " · " + (say("more than chance"))
    if now.is_small:
        line += " · " + say("small number, for orientation only")
    return line


def _share(share: Share, context: Context) -> str:
    text = figures.share(share.value, context.language)
    return f"{text} ({share.numerator:,}/{share.denominator:,})" if share.denominator else text


def _rate(kpi: Kpi, report: NoShowReport, context: Context) -> tuple[str, str]:
    return title(kpi, context), _share(report.whole.share(kpi), context)


def _value_name(by: ReservationCut | None, value: str | None, context: Context) -> str:
    code, policy = context.language.code, context.policy
    if value is None:
        return context.say("not recorded")
    match by:
        case ReservationCut.WEEKDAY:
            return context.say(_DAY_NAMES[value])
        case ReservationCut.BRANCH:
            return policy.branch(value).name(code)
        case ReservationCut.TREATMENT:
            return policy.family_name(value, code)
        case _:
            return value


def _chart(report: NoShowReport, scope: Scope, context: Context) -> BarChart:
    shares = [(value, tally.share(catalogue.NO_SHOW)) for value, tally in report.cuts]
    ranked = [share.value for _, share in shares if share.value is not None and not share.is_small]
    most = max(ranked, default=None)
    bars = tuple(
        Bar(
            name=_value_name(report.by, value, context),
            value=share.value,
            label=_share(share, context),
            low=share.low,
            high=share.high,
            marked=most is not None and share.value == most and not share.is_small,
        )
        for value, share in shares
    )
    return BarChart(
        title=title(catalogue.NO_SHOW, context),
        subtitle=_about(scope, context),
        bars=bars,
        note=context.say("The thin line is the 95 % interval."),
    )


def _alt(report: NoShowReport, context: Context) -> str:
    parts = [
        f"{_value_name(report.by, value, context)} {_share(tally.share(catalogue.NO_SHOW), context)}"
        for value, tally in report.cuts
    ]
    return f"{title(catalogue.NO_SHOW, context)}: " + ", ".join(parts)


def _cut_table(report: NoShowReport, context: Context) -> Table:
    say = context.say
    rows = tuple(
        (
            _value_name(report.by, value, context),
            _share(tally.share(catalogue.NO_SHOW), context),
            figures.share(tally.share(catalogue.LATE_CANCEL).value, context.language),
        )
        for value, tally in report.cuts
    )
    columns = ("", title(catalogue.NO_SHOW, context), say("Late"))
    return Table(columns, rows, numeric=frozenset({1, 2}))


def _buttons(command: ShowNoShows, scope: Scope, context: Context) -> Buttons:
    say = context.say
    first, last = scope.period.first, scope.period.last
    rows: list[tuple[Button, ...]] = []
    if scope.sees_names:
        groups = (GROUPS[1], GROUPS[2], GROUPS[5])
        rows.append(
            tuple(
                Button(
                    say("See: {group}", group=say(GROUP_NAMES[group])),
                    OpenReservations(command.branch, first, last, GROUPS.index(group)),
                )
                for group in groups
            )
        )
    cuts = {"weekday": N_("By weekday"), "branch": N_("By branch"), "treatment": N_("By treatment")}
    rows.append(
        tuple(
            Button(say(name), ShowNoShows(command.branch, first, last, cut))
            for cut, name in cuts.items()
            if cut != command.by
        )
    )
    return Buttons(tuple(rows))


def open_reservations(command: OpenReservations, context: Context) -> Reply:
    """Who they are, newest day first; privately, and audited."""
    if not 0 <= command.group < len(GROUPS):
        raise StaleButton
    say, private = context.say, replace(context, private=True)
    scope = scope_of(command.branch, command.first, command.last, context)
    named = frozenset(context.person.branches(NAMES, context.policy))
    group = GROUPS[command.group]
    found = [
        row
        for row in no_show_patients(context.db, scope, context.policy, context.now, group)
        if row.branch in named
    ]
    pages = max(1, -(-len(found) // PAGE))
    page = min(command.page, pages - 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    audit.record(context.db, context.person, "list", context.now, what=f"noshow:{group}", count=len(shown))
    names = names_of(context.db, [row.patient_id for row in shown])
    rows = tuple(
        (
            figures.staff_day(row.starts_on, context.language),
            name_and_chart(names[row.patient_id], private),
        )
        for row in shown
    )
    heading = f"{say(GROUP_NAMES[group])} {len(found):,} · {_about(scope, context)}"
    blocks: list[Block] = [Heading(heading)]
    blocks.append(Table((say("Day"), say("Patient")), rows) if rows else Text(say("Nobody here")))
    turning = [
        Button(label, replace(command, page=to, turn=True))
        for label, to in ((say("Previous"), page - 1), (say("More"), page + 1))
        if 0 <= to < pages
    ]
    if turning:
        blocks.append(Buttons((tuple(turning),)))
    return Reply(tuple(blocks), where=Where.IN_PLACE if command.turn else Where.PRIVATE)


def _data(report: NoShowReport, scope: Scope, context: Context) -> dict[str, Any]:
    tallies = report.cuts if report.by else ((None, report.whole),)
    return envelope(
        context,
        command="noshow",
        branches=scope.branches,
        period=scope.period,
        facts_until=oldest(context.db, scope.branches, KINDS),
        view="activity",
        cut={"by": report.by.value, "value": None} if report.by else None,
        rows=[_row(kpi, value, tally) for value, tally in tallies for kpi in RATES],
        definitions=definitions(RATES, context),
    )


def _row(kpi: Kpi, value: str | None, tally: Tally) -> dict[str, Any]:
    share = tally.share(kpi)
    return {
        "kpi": kpi.slug,
        "cut": value,
        "numerator": share.numerator,
        "denominator": share.denominator,
        "value": share.value,
        "low": share.low,
        "high": share.high,
        "unit": kpi.unit.value,
        "out": tally.out(kpi),
    }


ITEMS = (
    MenuItem(
        name="noshow",
        code="ns",
        command=ShowNoShows,
        read=read_noshow,
        answer=show_noshow,
        summary=N_("No-shows and cancellations of a period"),
        example="/noshow last month by weekday",
        korean=("노쇼", "노쇼율", "부도율"),
        roles=FIGURES,
        reads_only=True,
    ),
    MenuItem(code="nr", command=OpenReservations, answer=open_reservations, roles=NAMES, about_patient=True),
)

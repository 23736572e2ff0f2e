"""/export: lists and numbers as files, for whoever may take them out of the chat. Every export is audited."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from crm_core.errors import NotAllowed, NotUnderstood, StaleButton
from crm_core.facts_until import oldest
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import funnel
from crm_core.period import Period
from crm_core.staff import audit
from crm_core.staff.access import Scope, scope_for
from crm_core.staff.queries import staff_names
from crm_core.tables.people import Role
from handlers.branches import take_branch
from handlers.export_words import DAY_NAMES, HEADERS, codes
from handlers.facts_until import until_sentence
from handlers.funnel_commands import CUTS, cut_of
from handlers.funnel_json import named_values
from handlers.funnel_words import value_name
from handlers.language import figures
from handlers.language.envelope import envelope
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Button, Buttons, File, Heading, Reply, Text, Tone, Where
from handlers.language.words import PERIOD_WORDS, Words, nearest

if TYPE_CHECKING:
    from crm_core.reports.files import Sheet
    from crm_core.reports.frames import Frame

TAKERS = frozenset({Role.DIRECTOR, Role.GROUP})
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_IN_A_WORKBOOK = 20_000  # a workbook of more takes longer than a question may
SHARE_FORMATS = {"share": "0.0%", "money": "#,##0", "count": "#,##0", "minutes": "0", "factor": "0.00"}

FUNNEL, KPI = "funnel", "kpi"
WHATS = {
    "churners": (N_("People to bring back"), ("이탈", "이탈고객", "재내원", "다시모실분")),
    "calls": (N_("Calls"), ("전화", "통화", "통화기록")),
    "reservations": (N_("Reservations"), ("예약", "예약현황")),
    "inquiries": (N_("Inquiries"), ("문의",)),
    "journeys": (N_("Journeys"), ("여정", "진행건")),
    FUNNEL: (N_("Funnel"), ("퍼널", "전환", "접점")),
    KPI: (N_("Month's numbers"), ("지표", "수치", "월보고")),
}
KINDS = {
    "churners": ("reservations", "visits", "treatments"),
    "calls": ("calls",),
    "reservations": ("reservations",),
    "inquiries": ("inquiries",),
}
ALL_KINDS = ("reservations", "visits", "consults", "treatments")


@dataclass(frozen=True)
class ChooseExport:
    """What can be exported."""


@dataclass(frozen=True)
class Export:
    """`what` of a period; `by` cuts the funnel."""

    what: str
    branch: str = ""
    first: date | None = None
    last: date | None = None
    by: str = ""


def read_export(words: Words) -> ChooseExport | Export:
    """`/export <what> [branch] [period] [by …]`; alone it says what there is."""
    if not words.left:
        return ChooseExport()
    wanted = words.left.pop(0)
    known = {word.casefold(): what for what, (_, names) in WHATS.items() for word in (what, *names)}
    what = known.get(wanted.casefold())
    if what is None:
        raise NotUnderstood("export", wanted, nearest(wanted, known) or tuple(WHATS))
    by = words.take_cut(CUTS) or "" if what == FUNNEL else ""
    branch = take_branch(words)
    period = words.take_period()
    words.finish(choices=PERIOD_WORDS)
    return Export(what, branch, period.first, period.last, by)


def choose_export(command: ChooseExport, context: Context) -> Reply:  # noqa: ARG001
    say = context.say
    whats = [Button(say(title), Export(what)) for what, (title, _) in WHATS.items()]
    rows = tuple(tuple(whats[n : n + 2]) for n in range(0, len(whats), 2))
    text = say("This month as CSV and Excel. Another period: /export calls last month.")
    return Reply(
        (Heading("📄 " + say("What shall I export?")), Text(text), Buttons(rows)), where=Where.PRIVATE
    )


def export(command: Export, context: Context) -> Reply:
    """The files, privately. Lists of patients only for who may read their names."""
    if command.what not in WHATS:
        raise StaleButton
    scope = _scope(command, context)
    if command.what not in (FUNNEL, KPI) and not scope.sees_names:
        raise NotAllowed((Role.DIRECTOR.value,))
    sheets = _sheets(command, scope, context)
    number = len(sheets[0].frame)
    audit.record(
        context.db,
        context.person,
        "export",
        context.now,
        branch=scope.branches[0] if len(scope.branches) == 1 else None,
        what=command.what,
        count=number,
    )
    return Reply(
        _blocks(command, scope, sheets, context),
        where=Where.PRIVATE,
        data=_data(command, scope, number, context),
    )


def _scope(command: Export, context: Context) -> Scope:
    wanted = command.branch or context.channel_branch or None
    today = context.today(wanted)
    if command.what == "churners":  # a list of today, whatever period was said
        period = Period(today, today)
    elif command.first is None:
        period = Period.month(today.year, today.month)
    else:
        period = Period(command.first, command.last or command.first)
    return scope_for(context.person, context.policy, period, roles=TAKERS, branch=wanted)


def _sheets(command: Export, scope: Scope, context: Context) -> "tuple[Sheet, ...]":
    # pandas and openpyxl weigh 50 MiB: a process that never exports never loads them.
    from crm_core.reports import files, frames

    title = context.say(WHATS[command.what][0])
    if command.what == FUNNEL:
        return (_funnel_sheet(command, scope, context, title),)
    if command.what == KPI:
        return (_month_sheet(scope, context, title),)
    frame = frames.READERS[command.what](context.db, scope, context.policy, context.now)
    return (files.Sheet(title, _said(frame, context, named=scope.sees_names)),)


def _said(frame: "Frame", context: Context, *, named: bool = False) -> "Frame":
    from crm_core.reports.files import labelled

    headers = {name: context.say(word) for name, word in HEADERS.items()}
    return labelled(frame, headers, codes(context, named=named))


def _funnel_sheet(command: Export, scope: Scope, context: Context, title: str) -> "Sheet":
    from crm_core.reports.files import Sheet
    from crm_core.reports.funnel_table import funnel_frame

    by = cut_of(command.by)
    report = funnel(context.db, scope, context.policy, context.now, by)
    frame = funnel_frame(report)
    values = zip(frame["is_cut"], frame["cut"], strict=True)
    staff = staff_names(context.db, named_values(report)) if by is JourneyCut.COORDINATOR else {}
    frame["cut"] = [value_name(by, value, staff, context) if cut else None for cut, value in values]
    frame = frame.drop(columns=["is_cut"] if by else ["is_cut", "cut"])
    shares = ("conversion", "low", "high", "previous", "last_year")
    return Sheet(title, _said(frame, context), {context.say(HEADERS[one]): "0.0%" for one in shares})


def _month_sheet(scope: Scope, context: Context, title: str) -> "Sheet":
    from crm_core.reports.files import Sheet
    from crm_core.reports.month import month_frame, month_table, weeks_of

    say, policy = context.say, context.policy
    lines = month_table(context.db, scope, policy, context.now)
    frame = month_frame(lines, scope.branches, scope.period)
    names = {slug: policy.branch(slug).name(context.language.code) for slug in scope.branches}
    names |= {
        week.first.isoformat(): figures.days_between(week.first, week.last, context.language)
        for week in weeks_of(scope.period)
    }
    names |= {day: say(word) for day, word in DAY_NAMES.items()}
    counted = {say(HEADERS[name]): "#,##0" for name in ("numerator", "denominator")}
    formats = tuple(SHARE_FORMATS[line.kpi.unit.value] for line in lines)
    return Sheet(title, _said(frame.rename(columns=names), context), counted, formats)


def _blocks(
    command: Export, scope: Scope, sheets: "tuple[Sheet, ...]", context: Context
) -> tuple[Block, ...]:
    from crm_core.reports.files import as_csv, as_xlsx

    say = context.say
    frame, number = sheets[0].frame, len(sheets[0].frame)
    about = figures.days_between(scope.period.first, scope.period.last, context.language)
    blocks: list[Block] = [
        Heading(f"📄 {sheets[0].title} · {about}"),
        Text(
            say(
                "{rows} rows · {facts}",
                rows=f"{number:,}",
                facts=until_sentence(context, scope.branches, KINDS.get(command.what, ALL_KINDS)),
            )
        ),
        File(_file_name(command, scope, "csv"), CSV, as_csv(frame)),
    ]
    if number <= MOST_IN_A_WORKBOOK:
        blocks.append(File(_file_name(command, scope, "xlsx"), XLSX, as_xlsx(sheets)))
    else:
        most = f"{MOST_IN_A_WORKBOOK:,}"
        blocks.append(Text(say("More than {most} rows come as CSV only.", most=most), tone=Tone.HINT))
    if command.what not in (FUNNEL, KPI):
        said = say("Names and numbers are in full. That you took this file is on record; keep it safe.")
        blocks.append(Text(said, tone=Tone.WARNING))
    return tuple(blocks)


def _file_name(command: Export, scope: Scope, ending: str) -> str:
    """dasi-calls-2026-11-01-2026-11-30.csv: never a person's name."""
    parts = ["dasi", command.what, command.by, command.branch]
    parts += sorted({scope.period.first.isoformat(), scope.period.last.isoformat()})
    return "-".join(part for part in parts if part) + f".{ending}"


def _data(command: Export, scope: Scope, number: int, context: Context) -> dict[str, Any]:
    kinds = KINDS.get(command.what, ALL_KINDS)
    return envelope(
        context,
        command="export",
        branches=scope.branches,
        period=scope.period,
        facts_until=oldest(context.db, scope.branches, kinds),
        more={"what": command.what, "count": number},
    )


ITEMS = (
    MenuItem(
        code="ex",
        command=ChooseExport,
        answer=choose_export,
        roles=TAKERS,
        reads_only=True,
    ),
    MenuItem(
        code="ef",
        command=Export,
        answer=export,
        name="export",
        summary=N_("Lists and numbers as CSV and Excel files"),
        example="/export calls last month",
        korean=("내보내기", "엑셀"),
        read=read_export,
        roles=TAKERS,
        about_patient=True,
    ),
)

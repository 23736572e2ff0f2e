"""/churn: how many lapse in a treatment family, and how many patients are lost (definitions.md §1.0)."""

from dataclasses import dataclass, replace
from datetime import date

from crm_core.kpi.catalogue import CHURN_FAMILY, CHURN_PATIENT
from crm_core.kpi.churn_rates import BOOKED, LATE
from crm_core.kpi.kpi import OF_PERSONS, KpiCut
from crm_core.kpi.measure import Measured, Meter
from crm_core.staff.access import FIGURES, Scope
from crm_core.staff.queries import staff_names
from handlers.branches import take_branch
from handlers.facts_until import until_sentence
from handlers.funnel_commands import scope_of
from handlers.kpi import cut_blocks, cut_label, in_rows
from handlers.kpi_commands import ExplainKpi, OpenKpi, checked_cut, cut_of
from handlers.kpi_figures import about, compared, full, interval, out_line, why_not
from handlers.kpi_json import numbers_data, rows_of
from handlers.kpi_texts import CUT_WORDS
from handlers.kpi_words import counted_as_number, title
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Button, Buttons, Heading, Reply, Text, Tone, Where
from handlers.language.words import PERIOD_WORDS, Words


@dataclass(frozen=True)
class ShowChurn:
    """Both rates of a period; the families one beside the other unless another cut is asked for."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    by: str = ""


def read_churn(words: Words) -> ShowChurn:
    """`/churn [branch] [period] [by treatment|branch|doctor|coordinator|owner|source]`."""
    by = words.take_cut(CUT_WORDS) or ""
    branch = take_branch(words)
    period = words.take_period()
    words.finish(choices=(*PERIOD_WORDS, *(f"by {cut.value}" for cut in CHURN_FAMILY.cuts)))
    checked_cut(CHURN_FAMILY, by)
    return ShowChurn(branch, period.first, period.last, by)


def show_churn(command: ShowChurn, context: Context) -> Reply:
    by = cut_of(CHURN_FAMILY, command.by) or KpiCut.TREATMENT
    scope = scope_of(command.branch, command.first, command.last, context)
    meter = Meter(context.db, scope, context.policy, context.now)
    family = meter.measure(CHURN_FAMILY, by)
    patient = meter.measure(CHURN_PATIENT, by if by in CHURN_PATIENT.cuts else None)
    named = [value for value, _ in (*family.cuts, *patient.cuts) if isinstance(value, int)]
    staff = staff_names(context.db, named)
    names = {key: one.name for key, one in staff.items()}
    numbers = {key: one.number or one.name for key, one in staff.items()}
    personal = by in OF_PERSONS and not context.private
    private = replace(context, private=True) if personal else context
    rows = [row for one in (patient, family) for row in rows_of(replace(one, by=None), numbers)]
    rows += [row for one in (patient, family) if one.by for row in rows_of(one, numbers)]
    return Reply(
        tuple(_blocks(command, family, patient, scope, names, private)),
        where=Where.PRIVATE if personal else Where.HERE,
        data=numbers_data("churn", scope, context, rows, (CHURN_PATIENT, CHURN_FAMILY), by=by),
    )


def _blocks(
    command: ShowChurn,
    family: Measured,
    patient: Measured,
    scope: Scope,
    names: dict[int, str],
    context: Context,
) -> list[Block]:
    say = context.say
    blocks: list[Block] = [Heading(f"📉 {say('Churn')} · {about(scope, context)}")]
    blocks.append(Text("\n".join((_line(patient, context), _line(family, context)))))
    late, booked = family.parts.get(LATE, 0), family.parts.get(BOOKED, 0)
    beside = [
        say("came back late, within 90 days: {n}", n=figures.count(late)) if late else "",
        say("not lapsed, because booked: {n}", n=figures.count(booked)) if booked else "",
    ]
    if any(beside):
        blocks.append(Text(" · ".join(one for one in beside if one)))
    blocks += cut_blocks(family, scope, names, context)
    if patient.by is not None:
        blocks += cut_blocks(patient, scope, names, context)
    hints = [
        out_line(family.out, context),
        _defined(family, context),
        _defined(patient, context),
        until_sentence(context, scope.branches, family.kpi.kinds),
    ]
    blocks.append(Text("\n".join(hint for hint in hints if hint), tone=Tone.HINT))
    blocks.append(_buttons(command, family, patient, scope, context))
    return blocks


def _line(found: Measured, context: Context) -> str:
    """고객 이탈률 7.6% (84/1,100) · 95% … · 전월 동기간 …"""
    if found.whole.value is None:
        return f"{title(found.kpi, context)}: {why_not(found, context)}"
    parts = (full(found.whole, context), interval(found.whole, context), compared(found, context))
    return f"{title(found.kpi, context)} " + " · ".join(part for part in parts if part)


def _defined(found: Measured, context: Context) -> str:
    return f"{title(found.kpi, context)}: {counted_as_number(found.kpi, context)}"


def _buttons(
    command: ShowChurn, family: Measured, patient: Measured, scope: Scope, context: Context
) -> Buttons:
    where = command.branch, scope.period.first, scope.period.last
    rows: list[tuple[Button, ...]] = []
    if scope.sees_names:
        opening = [
            Button(
                context.say(label, n=figures.count(int(one.whole.numerator))),
                OpenKpi(*where, one.kpi.slug, "hit"),
            )
            for one, label in ((patient, N_("See lost patients ({n})")), (family, N_("See lapsed ({n})")))
            if one.whole.numerator
        ]
        rows.append(tuple(opening))
    cuts = [
        Button(cut_label(cut, context), ShowChurn(*where, cut.value))
        for cut in CHURN_FAMILY.cuts
        if cut is not family.by and not (cut is KpiCut.BRANCH and len(scope.branches) == 1)
    ]
    rows += in_rows([*cuts, Button(context.say("How it is counted"), ExplainKpi(CHURN_FAMILY.slug))], 3)
    return Buttons(tuple(row for row in rows if row))


ITEMS = (
    MenuItem(
        name="churn",
        code="cr",
        command=ShowChurn,
        read=read_churn,
        answer=show_churn,
        summary=N_("How many lapse in a treatment, and how many patients are lost"),
        example="/churn last month by branch",
        korean=("이탈률",),
        roles=FIGURES,
        reads_only=True,
    ),
)

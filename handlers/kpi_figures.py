"""Numbers of the catalogue as a person reads them: with their base, compared, and what is out of it."""

from collections.abc import Mapping

from crm_core.kpi.kpi import Figure, Kpi, KpiCut, Unit, more_than_chance
from crm_core.kpi.measure import Measured
from crm_core.kpi.noshow import WEEKDAYS
from crm_core.kpi.rows import Value
from crm_core.period import Period
from crm_core.staff.access import Scope
from crm_core.tables.calls import ResponseGroup
from handlers.kpi_texts import REASONS, WHY_NOT
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context

FEWEST = 5  # no smaller cell is shown where others read along
_DAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
DAY_NAMES = dict(zip(WEEKDAYS, _DAYS, strict=True))
VALUE_NAMES = {
    "new": N_("New patients"),
    "returning": N_("Returning patients"),
    "covered": N_("covered by insurance"),
    "non_covered": N_("not covered"),
    "both": N_("covered and not covered"),
}
GROUP_NAMES = {
    ResponseGroup.POSITIVE_AFFIRMATION.value: N_("Active affirmation"),
    ResponseGroup.NEGATIVE_AFFIRMATION.value: N_("Passive affirmation"),
    ResponseGroup.NEGATIVE_DENIAL.value: N_("Passive denial"),
    ResponseGroup.POSITIVE_DENIAL.value: N_("Active denial"),
}


def about(scope: Scope, context: Context, period: Period | None = None) -> str:
    """11/1–11/22 · 강남점."""
    shown = (period or scope.period).clipped(context.today(scope.branches[0]))
    days = figures.days_between(shown.first, shown.last, context.language)
    if len(scope.branches) > 1:
        return f"{days} · {context.say('all branches')}"
    return f"{days} · {context.policy.branch(scope.branches[0]).name(context.language.code)}"


def is_private(kpi: Kpi) -> bool:
    """Amounts of money never stand where others read along."""
    return kpi.unit is Unit.MONEY or kpi.slug == "agreement_amount"


def is_hidden(figure: Figure, context: Context) -> bool:
    return not context.private and 0 < figure.cases < FEWEST and figure.denominator is not None


def value(figure: Figure, context: Context) -> str:
    """62%, 265, 1,250만 원, 38분, 1.02; – where nobody can say."""
    found = figure.value
    if found is None:
        return "–"
    match figure.unit:
        case Unit.SHARE:
            return figures.share(found, context.language)
        case Unit.COUNT:
            return figures.count(round(found))
        case Unit.MONEY:
            return figures.short_money(round(found), context.language)
        case Unit.MINUTES:
            return context.say("{n} min", n=figures.count(round(found)))
        case Unit.FACTOR:
            return f"{found:.2f}"


def full(figure: Figure, context: Context) -> str:
    """62% (33/52), with a star where the number is small."""
    if figure.value is None:
        return "–"
    if is_hidden(figure, context):
        return context.say("fewer than {n}", n=FEWEST)
    text = value(figure, context) + ("*" if figure.is_small else "")
    if figure.denominator is None:
        return text
    if figure.unit is Unit.MINUTES:
        return f"{text} ({context.say('{n} answered', n=figures.count(figure.denominator))})"
    if figure.unit is Unit.MONEY:
        amount = figures.short_money(int(figure.numerator), context.language)
        return f"{text} ({amount} ÷ {figures.count(figure.denominator)})"
    if figure.of is not None:
        amounts = (
            figures.short_money(int(n), context.language) for n in (figure.numerator, figure.denominator)
        )
        return f"{text} ({' ÷ '.join(amounts)})"
    return f"{text} ({figures.count(int(figure.numerator))}/{figures.count(figure.denominator)})"


def interval(figure: Figure, context: Context) -> str:
    if figure.low is None or figure.high is None or is_hidden(figure, context):
        return ""
    low, high = (figures.share(bound, context.language) for bound in (figure.low, figure.high))
    return context.say("95% interval {low}–{high}", low=low, high=high)


def compared(found: Measured, context: Context) -> str:
    """Before and last year at the same age, with an arrow, and whether it may be chance."""
    say, now = context.say, found.whole
    parts = []
    if found.previous is not None and now.value is not None and not is_hidden(found.previous, context):
        text = say("the part before {value}", value=value(found.previous, context))
        parts.append(f"{text} {_arrow(now, found.previous)}".rstrip())
        small = now.is_small or found.previous.is_small
        if now.share is not None and found.previous.share is not None and not small:
            chance = more_than_chance(now.share, found.previous.share)
            parts.append(say("more than chance") if chance else say("may be chance"))
    if found.last_year is not None and not is_hidden(found.last_year, context):
        parts.append(say("last year {value}", value=value(found.last_year, context)))
    return " · ".join(parts)


def _arrow(now: Figure, before: Figure) -> str:
    if now.value is None or before.value is None or now.value == before.value:
        return ""
    return "▲" if now.value > before.value else "▼"


def out_line(out: Mapping[str, int], context: Context) -> str:
    """Not counted: too early 3 · not suitable 4."""
    listed = " · ".join(f"{reason(word, context)} {figures.count(n)}" for word, n in out.items() if n)
    return context.say("Not counted: {list}", list=listed) if listed else ""


def reason(word: str, context: Context) -> str:
    return context.say(REASONS.get(word, word))


def why_not(found: Measured, context: Context) -> str:
    """Why nobody can say, in one sentence."""
    if found.why is not None:
        return context.say(WHY_NOT[found.why])
    young = found.out.get("too_early", 0) + found.out.get("open", 0)
    if young:
        return context.say("Too early to say: {n} are still too young to count.", n=figures.count(young))
    return context.say("Nobody to count in this period.")


def value_name(by: KpiCut | None, one: Value, staff: Mapping[int, str], context: Context) -> str:
    """A cut's value in the reader's words."""
    code, policy = context.language.code, context.policy
    if one is None:
        return context.say("not recorded")
    match by:
        case KpiCut.BRANCH:
            return policy.branch(str(one)).name(code)
        case KpiCut.TREATMENT:
            return policy.family_name(str(one), code)
        case KpiCut.COORDINATOR | KpiCut.OWNER if isinstance(one, int):
            return staff.get(one, str(one))
        case KpiCut.SOURCE:
            source = policy.sources.get(str(one))
            return source.names.in_language(code) if source else str(one)
        case KpiCut.CAUSE:
            cause = policy.causes.get(str(one))
            return cause.names.in_language(code) if cause else str(one)
        case KpiCut.WEEKDAY:
            return context.say(DAY_NAMES[str(one)])
        case KpiCut.GROUP:
            return context.say(GROUP_NAMES[str(one)])
        case KpiCut.NEW | KpiCut.INSURED:
            return context.say(VALUE_NAMES[str(one)])
        case _:
            return str(one)

"""What stands beside the funnel: agreement after 30 days, in patients and in money, and courses finished."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.kpi.agreement import Counted, agreement_amounts, agreement_shares
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.courses import course_completion
from crm_core.kpi.funnel import Value
from crm_core.kpi.kpi import Share
from crm_core.kpi.rows import Ask, has_payments
from crm_core.staff.access import Scope
from handlers.funnel_words import shown_share
from handlers.language import figures
from handlers.language.menu_item import Context

_NOTHING = Counted(Share(0, 0), {}, 0)


@dataclass(frozen=True)
class Shares:
    """Of the consults, and of the courses that ended, in the period; `amounts` is None without payments."""

    agreement: Counted
    amounts: Counted | None
    courses: Counted


def shares_of(scope: Scope, context: Context, by: JourneyCut | None = None) -> Mapping[Value, Shares]:
    """The shares by value of a cut; without one that of None."""
    asked = (context.db, scope, context.policy, context.now, by)
    agreed, courses = agreement_shares(*asked), course_completion(*asked)
    known = has_payments(Ask(context.db, scope, context.now, context.policy)) is None
    amounts = agreement_amounts(*asked) if known else {}
    return {
        value: Shares(
            agreed.get(value, _NOTHING),
            amounts.get(value, _NOTHING) if known else None,
            courses.get(value, _NOTHING),
        )
        for value in {*agreed, *amounts, *courses}
    }


def share_lines(shares: Shares, context: Context) -> str:
    """One line each; nothing of courses where none ended."""
    say = context.say
    agreed = shown_share(shares.agreement.share, context)
    lines = [say("Agreed within 30 days of the consult: {share}", share=agreed) + _open(shares)]
    lines.append(_money(shares.amounts, context))
    if shares.courses.share.denominator:
        ended = shown_share(shares.courses.share, context)
        lines.append(say("Courses finished, of those that ended: {share}", share=ended))
    return "\n".join(lines)


def _open(shares: Shares) -> str:
    """How many consults are too young."""
    young = shares.agreement.out.get("open", 0)
    return f" +{figures.count(young)}" if young else ""


def _money(amounts: Counted | None, context: Context) -> str:
    say = context.say
    if amounts is None:
        return say("No payment data, so no amounts")
    if not amounts.share.denominator or (not context.private and amounts.cases < 5):
        return say("Agreed of the amount proposed: nobody can say yet")
    value = figures.share(amounts.share.value, context.language)
    if not context.private:
        return say("Agreed of the amount proposed: {share}", share=value)
    agreed, proposed = (
        figures.short_money(amount, context.language)
        for amount in (amounts.share.numerator, amounts.share.denominator)
    )
    return say("Agreed of the amount proposed: {share}", share=f"{value} ({agreed} / {proposed})")


def shares_data(shares: Shares) -> dict[str, Any]:
    """For `ask --json`: amounts are minor units, and have no interval."""
    return {
        "agreed_within_30_days": _counted(shares.agreement),
        "agreed_amount": _amount(shares.amounts) if shares.amounts is not None else None,
        "course_completion": _counted(shares.courses),
    }


def _counted(one: Counted) -> dict[str, Any]:
    share = one.share
    return {**_share(share), "low": share.low, "high": share.high, "out": dict(one.out)}


def _amount(one: Counted) -> dict[str, Any]:
    return {**_share(one.share), "cases": one.cases, "out": dict(one.out)}


def _share(share: Share) -> dict[str, Any]:
    return {"base": share.denominator, "converted": share.numerator, "conversion": share.value}

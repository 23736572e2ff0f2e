"""The funnel as `ask --json` gives it: a contract (product.md §7), its words never change."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.facts_until import oldest
from crm_core.kpi import catalogue
from crm_core.kpi.conditions import Which
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import Against, Funnel, FunnelReport, Outcome, Pair, StageLine, Value
from crm_core.kpi.kpi import Share
from crm_core.staff.access import Scope
from handlers.kpi_words import definitions
from handlers.language.envelope import envelope
from handlers.language.menu_item import Context

KINDS = ("inquiries", "reservations", "visits", "consults", "treatments")
KPIS = (
    *catalogue.OF_STAGE.values(),
    catalogue.AGREEMENT_SAME_DAY,
    catalogue.RETURN,
    catalogue.REFERRAL,
)
_NO_PAIR = ("base", "converted", "conversion", "low", "high", "lost", "open")


def funnel_data(
    report: FunnelReport,
    scope: Scope,
    numbers: Mapping[int, str],
    context: Context,
    beside: Mapping[str, Any],
    beside_cuts: Mapping[Value, Mapping[str, Any]],
) -> dict[str, Any]:
    """The whole answer; `numbers` are the chart program's keys of the staff, `beside` is what stands beside
    the funnel, and `beside_cuts` the same by value of the cut."""
    cut = {"by": report.by.value, "value": None} if report.by else None
    more: dict[str, Any] = {
        **_part(report.all),
        "new": _part(report.new),
        "returning": _part(report.returning),
        "same_day_agreement": _same_day(report.all),
        "without_consult": report.all.beside[Which.WITHOUT_CONSULT],
        "beside": {which.value: n for which, n in report.all.beside.items()},
        "late_entries": report.all.late_entries,
        "open_days": report.open_days,
        **beside,
    }
    if report.against is not None:
        more["against"] = {"from": report.against.first.isoformat(), "to": report.against.last.isoformat()}
    if report.by is not None:
        more["cuts"] = [
            {"value": shown_value(report.by, value, numbers), **_part(part), **beside_cuts.get(value, {})}
            for value, part in report.cuts
        ]
    return envelope(
        context,
        command="funnel",
        branches=scope.branches,
        period=scope.period,
        facts_until=oldest(context.db, scope.branches, KINDS),
        view="cohort",
        cut=cut,
        definitions=definitions(KPIS, context),
        more=more,
    )


def shown_value(by: JourneyCut, value: Value, numbers: Mapping[int, str]) -> Value:
    """A member of staff by the chart program's key; None is what is not recorded."""
    if by is JourneyCut.COORDINATOR and isinstance(value, int):
        return numbers.get(value, str(value))
    return value


def share_data(share: Share) -> dict[str, Any]:
    return {
        "base": share.denominator,
        "converted": share.numerator,
        "conversion": share.value,
    }


def _part(part: Funnel) -> dict[str, Any]:
    return {
        "stages": [_stage(line) for line in part.stages],
        "outcomes": [_outcome(outcome) for outcome in part.outcomes],
    }


def _stage(line: StageLine) -> dict[str, Any]:
    data: dict[str, Any] = {
        "stage": line.stage.value,
        "count": line.count,
        "entered": line.entered,
    }
    if line.pair is None:
        return {
            **data,
            **dict.fromkeys(_NO_PAIR),
            "so_far": None,
            "previous": None,
            "last_year": None,
        }
    return {**data, **_pair(line.pair)}


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        **share_data(pair.ripe),
        "low": pair.ripe.low,
        "high": pair.ripe.high,
        "lost": pair.lost,
        "open": pair.open,
        **_seen(pair.so_far, pair.previous, pair.last_year),
        **_against(pair.against),
    }


def _against(against: Against | None) -> dict[str, Any]:
    """Two periods at one age, where one was named to compare with."""
    if against is None:
        return {}
    return {"against": {"here": share_data(against.here), "there": share_data(against.there)}}


def _seen(so_far: Share, previous: Share, last_year: Share) -> dict[str, Any]:
    return {
        "so_far": share_data(so_far),
        "previous": share_data(previous),
        "last_year": share_data(last_year),
    }


def _same_day(part: Funnel) -> dict[str, Any]:
    now = part.same_day.now
    return {
        **share_data(now),
        "low": now.low,
        "high": now.high,
        "lost": now.denominator - now.numerator,
        "open": 0,
        **_seen(now, part.same_day.previous, part.same_day.last_year),
        **_against(part.same_day.against),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    share = outcome.share
    return {
        "outcome": outcome.kind.value,
        "ripe": share.denominator,
        "reached": share.numerator,
        "rate": share.value,
        "low": share.low,
        "high": share.high,
    }


def number_row(
    kpi: str, cut: Mapping[str, Any] | None, share: Share, out: Mapping[str, int]
) -> dict[str, Any]:
    """A row of an answer that is a number."""
    return {
        "kpi": kpi,
        "cut": dict(cut) if cut else None,
        "numerator": share.numerator,
        "denominator": share.denominator,
        "value": share.value,
        "low": share.low,
        "high": share.high,
        "unit": "share",
        "out": dict(out),
    }


def named_values(report: FunnelReport) -> Sequence[int]:
    """The members of staff that a cut names."""
    return [value for value, _ in report.cuts if isinstance(value, int)]

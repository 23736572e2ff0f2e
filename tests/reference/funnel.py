"""`/funnel` over again: what its JSON must say for a period, a moment and a cut."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from crm_core.period import Period
from crm_core.policy.policy import Policy
from tests.reference.clinic import Clinic
from tests.reference.facts import midnight
from tests.reference.fold import STAGES
from tests.reference.outcomes import outcome_rows
from tests.reference.seen import Json, Seen, seen_at, share, wilson

# ── counting ─────────────────────────────────────────────────────────────────────────────────────

Chosen = Callable[[Seen, str], bool]  # whether a journey counts in a cut, by the stage that decides


def everything(_journey: Seen, _stage: str) -> bool:
    return True


def so_far(journeys: list[Seen], earlier: str, later: str, chosen: Chosen) -> Json:
    pair = [one for one in journeys if one.in_pair(earlier, later) and chosen(one, earlier)]
    converted = sum(one.passed(later) for one in pair)
    return {
        "base": len(pair),
        "converted": converted,
        "conversion": share(converted, len(pair)),
    }


@dataclass(frozen=True)
class Cohorts:
    """The journeys of the period and of the two it is compared with, each at its own age."""

    this: list[Seen]
    previous: list[Seen]
    last_year: list[Seen]

    def of(self, wanted: Callable[[Seen], bool]) -> "Cohorts":
        return Cohorts(
            [one for one in self.this if wanted(one)],
            [one for one in self.previous if wanted(one)],
            [one for one in self.last_year if wanted(one)],
        )


def stage_rows(cohorts: Cohorts, chosen: Chosen = everything) -> list[Json]:
    rows = []
    for place, stage in enumerate(STAGES):
        here = [one for one in cohorts.this if chosen(one, stage)]
        row: Json = {
            "stage": stage,
            "count": sum(one.passed(stage) and one.entered_by(stage) for one in here),
            "entered": sum(one.journey.entry == stage for one in here),
        }
        row |= pair_numbers(cohorts, STAGES[place - 1], stage, chosen) if place else NO_PAIR
        rows.append(row)
    return rows


NO_PAIR: Json = dict.fromkeys(
    (
        "base",
        "converted",
        "conversion",
        "low",
        "high",
        "lost",
        "open",
        "so_far",
        "previous",
        "last_year",
    )
)


def pair_numbers(cohorts: Cohorts, earlier: str, later: str, chosen: Chosen) -> Json:
    pair = [one for one in cohorts.this if one.in_pair(earlier, later) and chosen(one, earlier)]
    ripe = [one for one in pair if one.is_ripe(earlier)]
    converted = sum(one.passed(later) for one in ripe)
    low, high = wilson(converted, len(ripe))
    return {
        "base": len(ripe),
        "converted": converted,
        "conversion": share(converted, len(ripe)),
        "low": low,
        "high": high,
        "lost": len(ripe) - converted,
        "open": len(pair) - len(ripe),
        "so_far": so_far(cohorts.this, earlier, later, chosen),
        "previous": so_far(cohorts.previous, earlier, later, chosen),
        "last_year": so_far(cohorts.last_year, earlier, later, chosen),
    }


def same_day_agreement(journeys: list[Seen]) -> Json:
    """Agreed on the day of the first consult, of everyone consulted; ripe at once."""
    pair = [one for one in journeys if one.in_pair("consult", "agreement")]
    converted = sum(
        one.agreed_at is not None and one.agreed_at.date() == one.reached_at("consult").date() for one in pair
    )
    low, high = wilson(converted, len(pair))
    return {
        "base": len(pair),
        "converted": converted,
        "conversion": share(converted, len(pair)),
        "low": low,
        "high": high,
    }


# ── the whole answer ─────────────────────────────────────────────────────────────────────────────


def cohort(journeys: list[Seen], period: Period) -> list[Seen]:
    return [one for one in journeys if one.journey.first_at.date() in period]


def funnel(
    clinic: Clinic,
    period: Period,
    now: datetime,
    policy: Policy,
    by: str | None = None,
    branches: frozenset[str] = frozenset(),
) -> Json:
    """The part of `ask "/funnel …" --json` that counts; `now` is the branches' wall clock."""

    def inside(one: Seen) -> bool:
        return not branches or one.journey.branch in branches

    age = now - midnight(period.first)
    before, year = period.previous(), period.last_year()
    everybody = seen_at(clinic, now, policy)
    cohorts = Cohorts(
        cohort(everybody, period),
        cohort(seen_at(clinic, midnight(before.first) + age, policy), before),
        cohort(seen_at(clinic, midnight(year.first) + age, policy), year),
    ).of(inside)
    clipped = period.clipped(now.date())

    def new(one: Seen) -> bool:
        return inside(one) and one.is_new

    def returning(one: Seen) -> bool:
        return inside(one) and not one.is_new

    answer: Json = {
        "stages": stage_rows(cohorts),
        "outcomes": outcome_rows(everybody, clipped, inside),
        "same_day_agreement": same_day_agreement(cohorts.this),
        "without_consult": sum(one.without_consult for one in cohorts.this),
    }
    for name, wanted in (("new", new), ("returning", returning)):
        answer[name] = {
            "stages": stage_rows(cohorts.of(wanted)),
            "outcomes": outcome_rows(everybody, clipped, wanted),
        }
    if by is not None:
        counted = [one for one in everybody if inside(one)]
        answer["cuts"] = cuts(by, cohorts, counted, everybody, clipped)
    return answer


def values(one: Seen, by: str, stage: str) -> set[str | None]:
    """The values of a cut that a journey counts under; by coordinator the stage decides."""
    match by:
        case "branch":
            return {one.journey.branch}
        case "source":
            return {one.source}
        case "treatment":
            return set(one.families) or {None}
        case _:
            return {one.staff(stage)}


def cuts(
    by: str, cohorts: Cohorts, counted: list[Seen], everybody: list[Seen], period: Period
) -> dict[str | None, Json]:
    """Per value of the cut its stages and outcomes; values of which nothing counts are absent."""
    found = {
        value for one in {*cohorts.this, *counted} for stage in STAGES for value in values(one, by, stage)
    }
    answers: dict[str | None, Json] = {}
    for value in found:

        def chosen(one: Seen, stage: str, value: str | None = value) -> bool:
            return value in values(one, by, stage)

        def wanted(one: Seen, value: str | None = value) -> bool:
            return one in counted and value in values(one, by, "treatment")

        stages = stage_rows(cohorts, chosen)
        outcomes = outcome_rows(everybody, period, wanted)
        answers[value] = {"stages": stages, "outcomes": outcomes}
    return answers

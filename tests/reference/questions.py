"""Questions that both are asked, and what the reference expects of each answer."""

import calendar
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from crm_core.period import Period
from tests.clinic import policy
from tests.reference import noshow
from tests.reference.churners import listed
from tests.reference.clinic import Clinic
from tests.reference.funnel import funnel
from tests.reference.product import Product

FUNNEL_CUTS = (None, None, "branch", "source", "treatment", "coordinator")
NOSHOW_CUTS = (None, "weekday", "branch")
Json = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """`text` is what is typed; `now` the branches' wall clock."""

    text: str
    now: datetime
    period: Period
    by: str | None = None
    staff: str | None = None

    @property
    def branches(self) -> frozenset[str]:
        """The branches whose numbers this person may see; none named: all."""
        return ASKERS[self.staff]


ASKERS: dict[str | None, frozenset[str]] = {
    None: frozenset(),
    "D1": frozenset(("gangnam", "haeundae")),
    "D2": frozenset(("haeundae",)),
}


def random_period(random: Random, today: date) -> Period:
    """A month, or any stretch of days of the last year."""
    first = today - timedelta(days=random.randint(0, 330))
    if random.random() < 0.4:
        return Period.month(first.year, first.month)
    return Period(first, first + timedelta(days=random.choice((0, 6, 13, 29, 90))))


def random_now(random: Random, period: Period, today: date) -> datetime:
    """A moment on or after the period's first day, mostly today."""
    latest = (today - period.first).days
    days = 0 if random.random() < 0.5 else random.randint(0, max(0, latest))
    clock = random.choice(("00:00", "08:30", "13:17", "20:00", "23:59"))
    return datetime.fromisoformat(f"{today - timedelta(days=days)} {clock}")


def questions(command: str, random: Random, today: date, count: int) -> list[Question]:
    """`/funnel` or `/noshow` with random periods, moments and cuts."""
    cuts = FUNNEL_CUTS if command == "/funnel" else NOSHOW_CUTS
    found = []
    for _ in range(count):
        period = random_period(random, today)
        by = random.choice(cuts)
        text = f"{command} {period.first}..{period.last}" + (f" by {by}" if by else "")
        now, staff = random_now(random, period, today), random.choice(list(ASKERS))
        found.append(Question(text, now, period, by, staff))
    return found


def expected_funnel(clinic: Clinic, question: Question) -> Json:
    answer = funnel(clinic, question.period, question.now, policy(), question.by, question.branches)
    if "cuts" in answer:
        answer["cuts"] = {value: cut for value, cut in answer["cuts"].items() if counts(cut)}
    return answer


def counts(cut: Json) -> bool:
    """Whether anything of the period counts under a value; a value without need not be said."""
    stages = any(row["count"] or row["base"] or row["open"] for row in cut["stages"])
    return stages or any(row["ripe"] for row in cut["outcomes"])


def cuts_by_value(answer: Json) -> Json:
    """The answer with its cuts by value instead of in the order they stand in."""
    if "cuts" not in answer:
        return answer
    return answer | {"cuts": {cut["value"]: cut for cut in answer["cuts"]}}


def expected_noshow(clinic: Clinic, question: Question) -> Json:
    """Per value of the cut the four rates, each with what stands outside."""
    counted = noshow.counts(clinic, question.period, question.now, policy(), question.by, question.branches)
    if question.by is None:
        counted = {None: sum(counted.values(), Counter())}
    return {_cut(value, question.by): noshow.rates(counts) for value, counts in counted.items()}


def _cut(value: object, by: str | None) -> str:
    """A cut value as the answer writes it: a weekday by its English name."""
    if by == "weekday" and isinstance(value, int):
        return calendar.day_name[value].lower()
    return str(value)


def got_noshow(answer: Json) -> Json:
    found: Json = {}
    for row in answer["rows"]:
        found.setdefault(str(row["cut"]), {})[row["kpi"]] = row
    return found


def expected_churners(clinic: Clinic, now: datetime, staff: str | None) -> list[str]:
    return listed(clinic, now, policy(), ASKERS[staff])


def got_churners(product: Product, now: datetime, staff: str | None) -> list[str]:
    return sorted(row["chart_no"] for row in product.ask("/churners", now, staff)["patients"])

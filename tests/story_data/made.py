"""The whole export of the made-up clinic: so many rows, the same for the same seed."""

from datetime import datetime, timedelta
from random import Random

from tests.story_data.lives import Chart, Life
from tests.story_data.names import (
    BRANCHES,
    COORDINATORS,
    GIVEN,
    NOW,
    ODD,
    SINCE,
    SOURCES,
    STAFF,
    SURNAMES,
)
from tests.story_data.planted import MISTAKES, plant
from tests.story_data.shapes import SHAPES, Row

ROWS = 200_000
SEED = 37
CALLS = 0.03  # of the rows at the least

_SORTED_BY = {
    "inquiries": "received_at",
    "reservations": "made_at",
    "visits": "arrived_at",
    "consults": "held_at",
    "treatments": "done_at",
    "courses": "course_no",
    "payments": "paid_at",
    "calls": "called_at",
}


def export(size: int = ROWS, seed: int = SEED) -> dict[str, list[Row]]:
    """By kind the rows in the order of the file, `size` in total, the planted mistakes among them."""
    chart = Chart(Random(seed))
    for number, name, role, branches in STAFF:
        chart.add("staff", staff_no=number, name=name, role=role, branches=branches)
    wanted = size - len(MISTAKES)
    people = 0
    while chart.size() < wanted * (1 - CALLS) - 60:  # no life is longer
        people += 1
        _live(chart, people)
    while chart.size() < wanted:
        _call(chart)
    rows = {kind: chart.rows[kind] for kind in SHAPES}
    for kind, header in _SORTED_BY.items():
        rows[kind].sort(key=lambda row, header=header: str(row.cells[header]))  # type: ignore[misc]
    plant(rows, chart.random)
    return rows


def right(rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The same without the planted mistakes: what a reader may take for true."""
    return {kind: [row for row in found if row.mistake is None] for kind, found in rows.items()}


def _live(chart: Chart, people: int) -> None:
    random = chart.random
    branch = random.choice(tuple(BRANCHES))
    name = random.choice(SURNAMES) + random.choice(GIVEN)
    if people % 400 == 1:
        name = random.choice(SURNAMES) + ODD
    phone = f"010-{3000 + people // 10_000:04d}-{people % 10_000:04d}"
    days = (NOW.date() - SINCE).days
    began = datetime.combine(SINCE, NOW.time()) + timedelta(
        days=random.randint(0, days - 5), hours=random.randint(1, 8)
    )
    if random.random() < 0.06:
        Life(chart, branch, "", name, phone).only_ask(began)
        return
    known = len(chart.rows["patients"])
    chart_no = f"K{known // 2 + 1:06d}"  # each branch has its own book: most numbers are two people
    branch = tuple(BRANCHES)[known % 2]
    life = Life(chart, branch, chart_no, name, phone if random.random() < 0.97 else None)
    life.live(began)
    first = None
    if random.random() < 0.25:
        first = (began - timedelta(days=random.randint(30, 800))).date()
    elif life.seen and random.random() < 0.4:
        first = life.seen
    known_here = [row for row in chart.rows["patients"][-40:] if row.cells["branch"] == BRANCHES[branch]]
    referred = random.choice(known_here).cells["chart_no"] if known_here and random.random() < 0.06 else None
    chart.add(
        "patients",
        chart_no=chart_no,
        name=name,
        phone=life.phone,
        birth_date=(NOW - timedelta(days=random.randint(7_000, 25_000))).date(),
        sex=random.choice(("여", "여", "남", None)),
        source=random.choice((*SOURCES, None, None)),
        first_visit_on=first,
        referred_by=referred,
        branch=BRANCHES[branch],
    )


def _call(chart: Chart) -> None:
    """A recall call; it is no contact of a journey."""
    random = chart.random
    patient = random.choice(chart.rows["patients"]).cells
    slug = next(slug for slug, name in BRANCHES.items() if name == patient["branch"])
    called_at = NOW - timedelta(days=random.randint(1, 500), minutes=random.randint(0, 400))
    outcome = random.choice(("부재중", "통화", "통화", "통화중", "다시전화"))
    group = random.choice(("적극적 긍정", "소극적 긍정", "소극적 긍정")) if outcome == "통화" else None
    chart.add(
        "calls",
        call_no=chart.number("L"),
        chart_no=patient["chart_no"],
        called_at=called_at,
        outcome=outcome,
        kind="리콜",
        group=group,
        promised_on=(called_at + timedelta(days=7)).date() if outcome == "다시전화" else None,
        staff=random.choice(COORDINATORS[slug]),
        branch=patient["branch"],
    )

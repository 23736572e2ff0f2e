"""Every line stands in its room; and each rule does catch the line it is there for."""

import pytest

from tests.architecture.rooms import (
    ASKS,
    AWAITS,
    CATCHES,
    CHANGES,
    CLOCK,
    COMMITS,
    DIVIDES,
    FOREIGN,
    MACHINE,
    PACKAGES,
    PYPLOT,
    RULES,
    SPEAKS,
    Rule,
    check,
    sources,
)

MISPLACED = [
    (AWAITS, "handlers/funnel.py", "async def answer(): ..."),
    (AWAITS, "jobs/digest.py", "async def f():\n    async with door: await knock()"),
    (COMMITS, "crm_core/calls/actions.py", "def log(db): db.commit()"),
    (COMMITS, "bot/dispatcher.py", "session.commit()"),
    (CATCHES, "bot/app.py", "try: f()\nexcept Exception: pass"),
    (CATCHES, "crm_core/phone.py", "try: f()\nexcept (ValueError, BaseException): pass"),
    (CATCHES, "jobs/digest.py", "try: f()\nexcept: pass"),
    (CATCHES, "handlers/help.py", "with suppress(Exception): f()"),
    (CLOCK, "bot/app.py", "at = datetime.now(UTC)"),
    (CLOCK, "crm_core/period.py", "day = datetime.date.today()"),
    (CLOCK, "jobs/digest.py", "Field(default_factory=datetime.utcnow)"),
    (CLOCK, "handlers/help.py", "import time\nt = time.time()"),
    (MACHINE, "crm_core/imports/files.py", "with open('x') as f: pass"),
    (MACHINE, "handlers/help.py", "from os import environ"),
    (MACHINE, "jobs/digest.py", "import pathlib"),
    (MACHINE, "crm_core/kpi/kpi.py", "print('here')"),
    (ASKS, "handlers/funnel.py", "from sqlalchemy import select"),
    (ASKS, "handlers/funnel.py", "def answer(c, context): return context.db.get(Call, 1)"),
    (ASKS, "jobs/digest.py", "def run(db, now, policy): db.scalars(q)"),
    (ASKS, "bot/postman.py", "def claim(session): session.execute(q)"),
    (CHANGES, "crm_core/calls/queries.py", "def f(db): db.add(row)"),
    (CHANGES, "crm_core/calls/queries.py", "def f(db): db.execute(update(Call))"),
    (CHANGES, "crm_core/imports/rows.py", "def f(db): merge(db, Visit, columns)"),
    (DIVIDES, "handlers/funnel.py", "rate = came / due"),
    (DIVIDES, "crm_core/calls/queries.py", "share /= due"),
    (SPEAKS, "crm_core/errors.py", "why = '이미 기록되었습니다'"),
    (SPEAKS, "jobs/digest.py", "title = f'{day}의 목록'"),
    (PYPLOT, "handlers/pictures/chart.py", "from matplotlib import pyplot as plt"),
    (PYPLOT, "handlers/pictures/chart.py", "import matplotlib.pyplot"),
]
AT_HOME = [
    (AWAITS, "bot/app.py", "async def run(): await knock()"),
    (COMMITS, "bot/transaction.py", "db.commit()"),
    (COMMITS, "crm_core/migrations/env.py", "connection.commit()"),
    (CATCHES, "bot/postman.py", "try: f()\nexcept Exception: pass"),
    (CATCHES, "bot/app.py", "try: f()\nexcept ValueError: pass"),
    (CLOCK, "bot/clock.py", "at = datetime.now(UTC)"),
    (CLOCK, "crm_core/period.py", "at = clock.now()"),
    (MACHINE, "bot/config/read.py", "from pathlib import Path\nopen('x')"),
    (MACHINE, "handlers/language/words.py", "from importlib.resources import files"),
    (ASKS, "crm_core/kpi/counts.py", "from sqlalchemy import select"),
    (ASKS, "handlers/funnel.py", "from sqlmodel import Session\nx = words.get('a')"),
    (CHANGES, "crm_core/calls/actions.py", "def f(db): db.add(row)"),
    (CHANGES, "crm_core/calls/queries.py", "seen.add(1)"),
    (CHANGES, "crm_core/bulk.py", "def f(db): db.execute(insert_of(db, table), rows)"),
    (DIVIDES, "crm_core/kpi/show_rate.py", "rate = came / due"),
    (DIVIDES, "handlers/figures.py", "won // 10_000"),
    (DIVIDES, "crm_core/churn/ledger.py", "rhythm = (last - first).days / intervals"),
    (DIVIDES, "handlers/figures.py", "won / 10_000 + won / _MAN"),
    (DIVIDES, "handlers/language/language.py", "files('handlers') / 'locales' / code"),
    (SPEAKS, "handlers/language/words.py", "MONTH = '이번 달'"),
    (SPEAKS, "crm_core/privacy.py", "def mask(name):\n    '홍길동 is 홍*동.'\n    return name"),
    (SPEAKS, "crm_core/privacy.py", "korean = '가' <= letter <= '힣'"),
    (PYPLOT, "handlers/pictures/chart.py", "from matplotlib.figure import Figure"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says)
def test_every_line_stands_in_its_room(rule: Rule) -> None:
    found = [str(line) for path, source in sources() for line in check(path, source, [rule])]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(("rule", "path", "source"), MISPLACED)
def test_a_misplaced_line_is_found(rule: Rule, path: str, source: str) -> None:
    assert check(path, source, [rule])


@pytest.mark.parametrize(("rule", "path", "source"), AT_HOME)
def test_a_line_in_its_room_is_left_alone(rule: Rule, path: str, source: str) -> None:
    assert not check(path, source, [rule])


@pytest.mark.parametrize("package", FOREIGN)
def test_a_foreign_package_is_found_outside_its_room(package: str) -> None:
    for line in (f"import {package}.part", f"from {package} import part"):
        assert check("jobs/digest.py", line, PACKAGES)
        for room in FOREIGN[package]:
            file = room if room.endswith(".py") else f"{room}file.py"
            assert not check(file, line, PACKAGES)


def test_each_rule_has_a_line_that_it_catches() -> None:
    proven = {id(rule) for rule, _, _ in MISPLACED} | {id(rule) for rule in PACKAGES}
    assert {id(rule) for rule in RULES} == proven


def test_a_finding_says_file_line_and_rule() -> None:
    found = check("jobs/digest.py", "x = 1\ndb.commit()", [COMMITS])
    assert [str(line) for line in found] == [
        "jobs/digest.py:2: only bot/transaction.py and the migrations commit"
    ]

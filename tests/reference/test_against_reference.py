"""The product against the slow reference, on clinics that nobody would make up.

`DASI_REFERENCE_SEEDS=200` looks at that many clinics, `DASI_REFERENCE_FIRST=1000` from there on.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from random import Random

import pytest

from tests.clinic import TODAY
from tests.databases import Postgres, fresh_postgres, open_test_engine
from tests.reference import questions
from tests.reference.clinic import KINDS, Clinic
from tests.reference.compare import differences
from tests.reference.product import Product
from tests.reference.random_clinic import random_clinic

FIRST = int(os.environ.get("DASI_REFERENCE_FIRST", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("DASI_REFERENCE_SEEDS", "2")))
PATIENTS = 70
FUNNELS, NOSHOWS, CHURNERS = 12, 6, 4

Filled = tuple[Clinic, Product, Random]


@contextmanager
def filled(seed: int, url: str, folder: Path, today: date = TODAY) -> Iterator[Filled]:
    """A random clinic in the product, its files imported in an order of the seed's own."""
    random = Random(seed)
    clinic = random_clinic(seed, PATIENTS, today)
    engine = open_test_engine(url)
    try:
        product = Product(engine, today)
        product.fill(clinic, folder, tuple(random.sample(KINDS, len(KINDS))))
        yield clinic, product, random
    finally:
        engine.dispose()


def funnel_differences(clinic: Clinic, product: Product, random: Random) -> list[str]:
    found: list[str] = []
    for question in questions.questions("/funnel", random, TODAY, FUNNELS):
        expected = questions.expected_funnel(clinic, question)
        got = questions.cuts_by_value(product.ask(question.text, question.now, question.staff))
        where = f"{question.text} at {question.now} as {question.staff}"
        found += differences(expected, got, where)
    return found


def noshow_differences(clinic: Clinic, product: Product, random: Random) -> list[str]:
    found: list[str] = []
    for question in questions.questions("/noshow", random, TODAY, NOSHOWS):
        expected = questions.expected_noshow(clinic, question)
        got = questions.got_noshow(product.ask(question.text, question.now, question.staff))
        found += differences(expected, got, f"{question.text} at {question.now}")
    return found


def churner_differences(clinic: Clinic, product: Product, random: Random) -> list[str]:
    found: list[str] = []
    for _ in range(CHURNERS):
        period = questions.random_period(random, TODAY)
        now = max(questions.random_now(random, period, TODAY), datetime.fromisoformat("2026-06-01"))
        staff = random.choice(list(questions.ASKERS))
        expected = questions.expected_churners(clinic, now, staff)
        got = questions.got_churners(product, now, staff)
        found += differences(expected, got, f"/churners at {now} as {staff}")
    return found


def compare_all(clinic: Clinic, product: Product, random: Random) -> None:
    found = funnel_differences(clinic, product, random)
    found += noshow_differences(clinic, product, random)
    found += churner_differences(clinic, product, random)
    assert not found, "\n".join(found[:20])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_product_counts_what_the_definitions_say(
    seed: int, sqlite_template: Path, tmp_path: Path
) -> None:
    file = tmp_path / "dasi.db"
    shutil.copyfile(sqlite_template, file)
    with filled(seed, f"sqlite:///{file}", tmp_path) as (clinic, product, random):
        compare_all(clinic, product, random)


@pytest.mark.postgres
def test_it_counts_the_same_on_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    with (
        fresh_postgres(postgres, "dasi_reference") as url,
        filled(FIRST + 10_000, url, tmp_path) as (clinic, product, random),
    ):
        compare_all(clinic, product, random)

"""The sample clinic: made the same every time, plausible, and each planted truth can be found again."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from io import StringIO

import pytest

from crm_core.imports.stage import stage
from crm_core.kpi.kpi import Share
from crm_core.phone import read_phone
from crm_core.policy.headers import HEADERS
from crm_core.sample_clinic import ClinicPlan, PlantedFact, facts_of, plan, write_csv
from crm_core.sample_clinic.rows import InquiryRow
from crm_core.sample_clinic.staff import BRANCHES
from handlers.complaints import KOREAN
from tests.clinic import TODAY, policy

CASES = (
    (1, TODAY),
    (7, date(2026, 11, 22)),  # a Sunday
    (3, date(2026, 2, 17)),  # Seollal itself
    (11, date(2027, 3, 31)),
)


@lru_cache(maxsize=8)
def clinic(seed: int = 1, today: date = TODAY) -> ClinicPlan:
    return plan(seed, today, policy())


def by_slug(made: ClinicPlan) -> dict[str, PlantedFact]:
    return {fact.slug: fact for fact in facts_of(made, policy())}


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_and_day_make_the_same_clinic_and_another_seed_another() -> None:
    assert plan(1, TODAY, policy()) == clinic()
    other = clinic(*CASES[1])
    assert len(other.patients) == len(clinic().patients) == 3200
    assert {row.phone for row in other.patients}.isdisjoint({row.phone for row in clinic().patients[:50]})


@pytest.mark.parametrize(("seed", "today"), CASES)
def test_shares_are_met_by_quota_whatever_the_seed(seed: int, today: date) -> None:
    found = by_slug(clinic(seed, today))
    assert (share(found["no_show"]) or 0) == pytest.approx(0.12, abs=0.003)
    assert (share(found["no_show_on_mondays"]) or 0) == pytest.approx(0.18, abs=0.005)
    assert (found["loses_at_agreement"].points or 0) == pytest.approx(-0.14, abs=0.012)
    assert (found["steady_at_agreement"].points or 0) == pytest.approx(0, abs=0.012)
    assert (found["recall_lift"].points or 0) == pytest.approx(0.06, abs=0.01)


def share(fact: PlantedFact) -> float | None:
    return fact.share.value if fact.share else None


@pytest.mark.parametrize(("seed", "today"), CASES)
def test_what_was_planted_by_hand_is_there_whatever_the_seed(seed: int, today: date) -> None:
    found = by_slug(clinic(seed, today))
    for slug in ("family_on_one_phone", "minors", "same_name", "paused"):
        assert found[slug].count == found[slug].target, slug
    for slug in ("from_abroad", "leaver", "missed_middle", "payments", "refunds"):
        assert (found[slug].count or 0) >= 12, slug
    assert found["unmarked_day"].count == 7
    assert 6 <= (found["promised_call_backs"].count or 0) <= 10
    if "seollal" in found:
        assert found["seollal"].count == 0
    for fact in found.values():
        assert fact.line()


@pytest.mark.parametrize(("seed", "today"), CASES)
def test_history_lies_within_opening_hours_and_before_today(seed: int, today: date) -> None:
    made = clinic(seed, today)
    assert all(made.start <= moment.date() < today for _, moment in happened(made))
    assert all(policy().branch(row.branch).opening(today) > row.at for row in asked_this_morning(made))  # type: ignore[operator]
    late = [(branch, moment) for branch, moment in happened(made) if not is_open(branch, moment)]
    assert late == []
    ahead = [row for row in made.reservations if row.starts_at.date() >= today and row.state == "booked"]
    assert all(is_open(row.branch, row.starts_at) for row in ahead)
    assert all(row.made_at < row.starts_at for row in made.reservations)


@pytest.mark.parametrize(("seed", "today"), CASES)
def test_one_at_each_open_branch_asked_this_morning_and_waits(seed: int, today: date) -> None:
    fresh = asked_this_morning(clinic(seed, today))
    assert [row.answered_at for row in fresh] == [None] * len(fresh)
    opened = [slug for slug in ("gangnam", "haeundae") if policy().branch(slug).is_open(today)]
    assert sorted(row.branch for row in fresh) == opened


def asked_this_morning(made: ClinicPlan) -> list[InquiryRow]:
    return [row for row in made.inquiries if row.at.date() == made.today]


def happened(made: ClinicPlan) -> Iterator[tuple[str, datetime]]:
    for asked in made.inquiries:
        if asked.at.date() < made.today:  # those of this morning came in before opening
            yield asked.branch, asked.at
    for kind in ("visits", "consults", "treatments", "payments", "calls"):
        for row in getattr(made, kind):
            yield row.branch, row.at
    for booked in made.reservations:
        yield booked.branch, booked.made_at
        if booked.state_at is not None:
            yield booked.branch, booked.state_at
    for consult in made.consults:
        if consult.decided_at is not None:
            yield consult.branch, consult.decided_at


def is_open(branch: str, moment: datetime) -> bool:
    hours = policy().branch(branch).hours_on(moment.date())
    return hours is not None and hours.opens <= moment.time() <= hours.closes


def test_no_more_patients_are_treated_at_once_than_the_branch_can_treat() -> None:
    for branch in BRANCHES:
        starts = Counter(
            row.starts_at for row in clinic().reservations if row.branch == branch and row.state != "moved"
        )
        assert max(starts.values()) <= policy().branch(branch).at_once


@pytest.mark.parametrize("today", [TODAY, date(2026, 9, 17)])
def test_the_day_and_the_two_weeks_ahead_are_filled(today: date) -> None:
    made = clinic(1, today)
    ahead = Counter(
        (row.branch, row.starts_at.date())
        for row in made.reservations
        if row.state == "booked" and row.starts_at.date() >= today
    )
    for branch in BRANCHES:
        is_open_on = policy().branch(branch).is_open
        assert 15 <= ahead[branch, today] <= 45
        assert all(
            ahead[branch, today + timedelta(days)] >= 10
            for days in (1, 3)
            if is_open_on(today + timedelta(days))
        )
        assert sum(ahead[branch, today + timedelta(n)] for n in range(7, 14)) >= 10
    answers = Counter(row.answer for row in made.reservations if row.starts_at.date() >= today)
    assert answers["confirmed"] >= 10
    assert answers["informed"] >= 5


def test_people_have_invented_numbers_and_the_names_and_languages_of_a_korean_clinic() -> None:
    patients = clinic().patients
    phones = Counter(row.phone for row in patients if row.phone)
    assert all(number.startswith(("+82100", "+82101")) for number in phones)
    assert all(read_phone(number) == number for number in phones)
    assert sorted(phones.values())[-2:] == [1, 4]
    surnames = Counter(row.name[0] for row in patients if row.language == "ko")
    assert surnames.most_common(1)[0][0] == "김"
    assert 0.17 < Share(surnames["김"], len(patients)).value < 0.27  # type: ignore[operator]
    assert {row.language for row in patients} == {"ko", "en", "zh", "ja"}
    assert all(row.name.isascii() or "’" in row.name for row in patients if row.language != "ko")


def test_each_chain_of_moves_ends_and_numbers_are_used_once() -> None:
    rows = {row.number: row for row in clinic().reservations}
    assert len(rows) == len(clinic().reservations)
    for row in rows.values():
        assert (row.state == "moved") == (row.moved_to is not None)
        if row.moved_to:
            assert rows[row.moved_to].chart_no == row.chart_no
            assert rows[row.moved_to].made_at == row.state_at


def test_a_cancellation_is_late_within_a_day_of_the_start_and_early_before() -> None:
    day = timedelta(hours=policy().late_cancel_hours)
    for row in clinic().reservations:
        if row.state == "cancelled_late":
            assert row.state_at is not None
            assert row.made_at <= row.state_at
            assert timedelta(0) <= row.starts_at - row.state_at < day, row
        if row.state == "cancelled_early":
            assert row.state_at is not None
            assert row.starts_at - row.state_at >= day, row


def test_who_has_left_does_nothing_afterwards_and_still_owns_patients() -> None:
    made = clinic()
    left = next(row for row in made.staff if row.number == made.planted.leaver)
    assert left.left_on is not None
    for rows in (made.calls, made.consults, made.treatments):
        assert all(row.at.date() < left.left_on for row in rows if row.staff == left.number)
    assert any(row.owner == left.number for row in made.patients)


def test_who_said_no_is_not_called_again() -> None:
    ended: set[str] = set()
    for row in clinic().calls:
        if row.kind == "recall":
            assert row.chart_no not in ended, row
        if row.group in ("negative_denial", "positive_denial"):
            ended.add(row.chart_no)
    assert len(ended) >= 20


def test_calls_know_all_groups_causes_and_kinds_of_no_answer() -> None:
    calls = clinic().calls
    groups = Counter(row.group for row in calls)
    assert all(groups[name] >= 5 for name in ("positive_affirmation", "negative_affirmation"))
    assert all(groups[name] >= 5 for name in ("negative_denial", "positive_denial"))
    assert len({row.cause for row in calls if row.cause}) >= 8
    assert {row.cause for row in calls if row.cause} <= set(policy().causes)
    assert {"no_answer", "busy", "call_later", "treatment_complete"} <= {row.outcome for row in calls}


# ── the files ────────────────────────────────────────────────────────────────────────────────────


def test_the_ten_files_have_the_headers_of_the_import_and_every_row() -> None:
    files = write_csv(clinic())
    assert list(files) == [f"{kind}.csv" for kind in (
        "staff", "patients", "inquiries", "reservations", "visits", "consults", "courses", "treatments",
        "payments", "calls",
    )]  # fmt: skip
    for name, text in files.items():
        kind = name.removesuffix(".csv")
        rows = list(csv.DictReader(StringIO(text)))
        assert set(rows[0]) <= set(HEADERS[kind].all)
        assert all(row[header] for row in rows for header in HEADERS[kind].required)
        if kind != "staff":
            assert len(rows) == len(getattr(clinic(), kind))


@pytest.mark.parametrize("kind", HEADERS)
def test_the_import_refuses_no_row_of_the_files(kind: str) -> None:
    text = write_csv(clinic())[f"{kind}.csv"]
    staged = stage(text.encode(), kind, policy(), KOREAN, branch=None, mapping=None)
    assert staged.refused[:3] == []
    assert staged.unknown == {}


def test_every_plan_row_is_frozen() -> None:
    made = clinic()
    for field in fields(made):
        value = getattr(made, field.name)
        if isinstance(value, tuple) and value:
            assert type(value[0]).__dataclass_params__.frozen

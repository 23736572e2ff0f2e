"""The sample clinic: made the same every time, plausible, and each planted truth can be found again."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from io import StringIO
from pathlib import Path
from shutil import copyfile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, SQLModel, col

from bot.transaction import reading, step
from crm_core.churn.queries import count_bands, due_list, promised_list
from crm_core.imports.stage import stage
from crm_core.kpi.catalogue import NO_SHOW
from crm_core.kpi.counts import JourneyCut, ReservationCut
from crm_core.kpi.funnel import funnel
from crm_core.kpi.kpi import Share
from crm_core.kpi.noshow import no_show
from crm_core.period import Period
from crm_core.phone import read_phone
from crm_core.policy.headers import HEADERS
from crm_core.sample_clinic import ClinicPlan, PlantedFact, facts_of, plan, populate, write_csv
from crm_core.sample_clinic.staff import BRANCHES
from crm_core.staff.access import shell_person, system_scope
from crm_core.staff.accounts import person_behind
from crm_core.tables.calls import Call, Refusal
from crm_core.tables.chat import ChannelBinding
from crm_core.tables.facts import Payment, Reservation, ReservationState, Visit
from crm_core.tables.imports import FactsUntil
from crm_core.tables.people import Contact, ContactLink, Patient, PatientStatus, Relation, Staff
from crm_core.tables.records import Sample
from handlers.complaints import KOREAN
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.menu import MENU, not_a_command, read_typed
from tests.clinic import TODAY, policy
from tests.databases import open_test_engine

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime.combine(TODAY, time(9, 5), SEOUL)
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


@pytest.fixture(scope="module")
def written(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The sample clinic in a database, written once for this file."""
    file = tmp_path_factory.mktemp("sample") / "sample.db"
    copyfile(sqlite_template, file)
    engine = open_test_engine(f"sqlite:///{file}")
    with step(engine) as db:
        populate(db, policy(), clinic(), NOW, "key")
    with reading(engine) as db:
        yield db
    engine.dispose()


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
    late = [(branch, moment) for branch, moment in happened(made) if not is_open(branch, moment)]
    assert late == []
    ahead = [row for row in made.reservations if row.starts_at.date() >= today and row.state == "booked"]
    assert all(is_open(row.branch, row.starts_at) for row in ahead)
    assert all(row.made_at < row.starts_at for row in made.reservations)


def happened(made: ClinicPlan) -> Iterator[tuple[str, datetime]]:
    for kind in ("inquiries", "visits", "consults", "treatments", "payments", "calls"):
        for row in getattr(made, kind):
            yield row.branch, row.at
    for row in made.reservations:
        yield row.branch, row.made_at
        if row.state_at is not None:
            yield row.branch, row.state_at
    for row in made.consults:
        if row.decided_at is not None:
            yield row.branch, row.decided_at


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


# ── the database ─────────────────────────────────────────────────────────────────────────────────


def period(made: ClinicPlan, *, before: bool = False) -> Period:
    since = made.planted.loses_since
    return Period(made.start, since - timedelta(1)) if before else Period(since, TODAY - timedelta(1))


def test_every_row_of_the_plan_is_in_the_tables(written: Session) -> None:
    def count(table: type[SQLModel]) -> int:
        return int(written.execute(select(func.count()).select_from(table)).scalar_one())

    made = clinic()
    assert count(Patient) == 3200
    assert count(Reservation) == len(made.reservations)
    assert count(Visit) == len(made.visits)
    assert count(Payment) == len(made.payments)
    assert count(Call) == len(made.calls)
    assert count(FactsUntil) == 2 * (len(HEADERS) - 1)
    sample = written.scalars(select(Sample)).one()
    assert (sample.seed, sample.today, sample.key) == (1, TODAY, "key")


def test_no_shows_of_all_days_and_of_mondays_are_found_by_the_kpi(written: Session) -> None:
    made, found = clinic(), by_slug(clinic())
    scope = system_scope(policy(), Period(made.start, TODAY - timedelta(1)))
    report = no_show(written, scope, policy(), NOW, ReservationCut.WEEKDAY)
    assert report.whole.share(NO_SHOW) == found["no_show"].share
    assert dict(report.cuts)["monday"].share(NO_SHOW) == found["no_show_on_mondays"].share
    others = [tally.share(NO_SHOW).value or 0 for day, tally in report.cuts if day != "monday"]
    assert max(others) < 0.13
    assert report.whole.unmarked == found["unmarked_day"].count


def test_the_branch_that_loses_at_agreement_is_found_by_the_funnel(written: Session) -> None:
    made, found = clinic(), by_slug(clinic())
    after = agreements(written, period(made))
    before = agreements(written, period(made, before=True))
    for slug, branch in (("loses_at_agreement", "haeundae"), ("steady_at_agreement", "gangnam")):
        assert after[branch] == found[slug].share
        assert before[branch] == found[slug].against


def agreements(db: Session, days: Period) -> dict[str | int | None, Share]:
    report = funnel(db, system_scope(policy(), days), policy(), NOW, JourneyCut.BRANCH)
    pairs = {value: cell.stages[4].pair for value, cell in report.cuts}
    return {value: pair.ripe for value, pair in pairs.items() if pair is not None}


def test_asking_what_the_fact_says_to_ask_gives_its_share(written: Session) -> None:
    for fact in facts_of(clinic(), policy()):
        for text, share in ((fact.ask, fact.share), (fact.ask_before, fact.against)):
            if text is None or share is None or not text.startswith("/funnel"):
                continue
            branch = "haeundae" if fact.slug == "loses_at_agreement" else "gangnam"
            cut = next(cut for cut in answered(written, text)["cuts"] if cut["value"] == branch)
            stage = next(stage for stage in cut["stages"] if stage["stage"] == "agreement")
            assert (stage["converted"], stage["base"]) == (share.numerator, share.denominator)


def answered(db: Session, text: str) -> Any:
    """The JSON of a command, as `ask --json` prints it."""
    item, command = read_typed(text, TODAY, policy()) or not_a_command(text)
    context = Context(
        db=db,
        person=shell_person("test"),
        policy=policy(),
        now=NOW,
        language=language("en"),
        private=True,
        menu=MENU,
        as_json=True,
    )
    return json.loads(json.dumps(item.give(command, context).data))


def test_every_pair_of_a_ripe_month_has_thirty_ripe_journeys_in_each_branch(written: Session) -> None:
    report = funnel(written, system_scope(policy(), Period.month(2026, 7)), policy(), NOW, JourneyCut.BRANCH)
    for _, cell in report.cuts:
        assert all(line.pair.ripe.denominator >= 30 for line in cell.stages if line.pair)
        conversions = [line.pair.ripe.value or 0 for line in cell.stages if line.pair]
        assert all(0.5 < conversion < 1 for conversion in conversions)


def test_each_branch_has_a_list_for_today_and_a_few_promised_call_backs(written: Session) -> None:
    for branch in BRANCHES:
        scope = system_scope(policy(), Period(TODAY, TODAY), branch)
        eligible = due_list(written, scope, policy(), TODAY, NOW)
        assert len(eligible) >= 45
        assert len({one.families[0].band for one in eligible}) == 2
        assert 3 <= len(promised_list(written, scope, policy(), TODAY, NOW)) <= 6
        reasons = count_bands(written, scope, policy(), TODAY, NOW).reasons
        assert {"denied", "resting", "has_reservation", "recent_visit"} <= set(reasons)


def test_the_family_shares_one_contact_and_children_are_reached_at_their_mothers_phone(
    written: Session,
) -> None:
    planted = clinic().planted
    of_family = contacts_of(written, planted.family)
    assert len({contact for contact, _ in of_family}) == 1
    for chart in planted.minors:
        ((contact, relation),) = contacts_of(written, (chart,))
        assert relation is Relation.GUARDIAN
        served = written.scalars(select(ContactLink).where(col(ContactLink.contact_id) == contact)).all()
        assert {link.relation for link in served} == {Relation.GUARDIAN, Relation.SELF}


def contacts_of(db: Session, charts: tuple[str, ...]) -> list[tuple[int, Relation]]:
    statement = (
        select(col(ContactLink.contact_id), col(ContactLink.relation))
        .join(Patient, col(Patient.id) == col(ContactLink.patient_id))
        .where(col(Patient.chart_no).in_(charts))
    )
    return [(row[0], row[1]) for row in db.execute(statement)]


def test_denials_and_wrong_numbers_stand_and_the_pregnancy_is_paused(written: Session) -> None:
    denied = sum(bool(row.group and row.group.endswith("denial")) for row in clinic().calls)
    stands = Counter(written.scalars(select(col(Refusal.kind))))
    assert stands["denial"] == denied
    assert stands["wrong_number"] == sum(row.outcome == "wrong_number" for row in clinic().calls)
    wrong = written.scalars(select(Contact).where(col(Contact.wrong_number_at).is_not(None))).all()
    assert len(wrong) == stands["wrong_number"]
    paused = written.scalars(select(Patient).where(col(Patient.status) == PatientStatus.PAUSED)).one()
    assert paused.chart_no == clinic().planted.paused
    assert paused.paused_until is not None
    assert paused.paused_until > TODAY


def test_yesterdays_unmarked_reservations_are_still_booked(written: Session) -> None:
    planted = clinic().planted
    left = written.scalars(
        select(Reservation).where(
            col(Reservation.starts_on) < TODAY, col(Reservation.state) == ReservationState.BOOKED
        )
    ).all()
    assert {(row.branch, row.starts_on) for row in left} == {(planted.unmarked_branch, planted.unmarked_on)}


def test_staff_speak_from_the_local_page_and_who_has_left_does_not(written: Session) -> None:
    for staff in written.scalars(select(Staff)):
        person = person_behind(written, "local", f"@{staff.id}")
        assert (person is not None) == staff.active
        assert staff.active == (staff.left_on is None)
    bound = {(row.branch, row.purpose): row.address for row in written.scalars(select(ChannelBinding))}
    assert len(bound) == 8
    assert bound["gangnam", "closing"] == bound["gangnam", "reservations"] == "#reservations-gangnam"


def test_every_plan_row_is_frozen() -> None:
    made = clinic()
    for field in fields(made):
        value = getattr(made, field.name)
        if isinstance(value, tuple) and value:
            assert type(value[0]).__dataclass_params__.frozen

"""The sample clinic in the tables: each planted truth is found there by the product's own numbers."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, SQLModel, col

from bot.transaction import reading, step
from crm_core.churn.queries import count_bands, due_list, promised_list
from crm_core.inquiries.queries import next_escalation
from crm_core.kpi.catalogue import NO_SHOW
from crm_core.kpi.counts import JourneyCut, ReservationCut
from crm_core.kpi.funnel import funnel
from crm_core.kpi.kpi import Share
from crm_core.kpi.noshow import no_show
from crm_core.period import Period
from crm_core.policy.headers import HEADERS
from crm_core.sample_clinic import ClinicPlan, facts_of, populate
from crm_core.sample_clinic.staff import BRANCHES
from crm_core.staff.access import shell_person, system_scope
from crm_core.staff.accounts import person_behind
from crm_core.tables.calls import Call, Refusal
from crm_core.tables.chat import ChannelBinding
from crm_core.tables.facts import Payment, Reservation, ReservationState, Visit
from crm_core.tables.imports import FactsUntil
from crm_core.tables.people import Contact, ContactLink, Patient, PatientStatus, Relation, Staff
from crm_core.tables.records import Sample
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.menu import MENU, not_a_command, read_typed
from tests.clinic import TODAY, policy
from tests.crm_core.test_sample_clinic import by_slug, clinic
from tests.databases import open_test_engine

NOW = datetime.combine(TODAY, time(9, 5), ZoneInfo("Asia/Seoul"))


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


def test_when_the_sample_opens_no_lead_is_told_of_what_is_old_news(written: Session) -> None:
    for slug in ("gangnam", "haeundae"):
        branch = policy().branch(slug)
        first = next_escalation(written, policy(), slug, NOW)
        assert first is None or first > max(NOW, branch.opening(TODAY) or NOW)


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

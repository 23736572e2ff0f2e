"""The activity view: what happened in a period, counted by hand and against the journeys one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from crm_core.kpi.activity import Activity, activity
from crm_core.kpi.behind import Cut, activity_patients
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import funnel
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.tables.facts import Decision
from crm_core.tables.journey import STAGES, Journey, JourneyPast, Stage
from tests.crm_core.kpi.clinics import Clinic, at, scope, worked_example
from tests.crm_core.kpi.test_funnel_counts import a_clinic, director, known


def counted(part: Activity) -> list[int]:
    return [line.count for line in part.lines]


def test_a_stage_counts_on_the_day_it_was_passed(db: Session, policy: Policy) -> None:
    """Asked in September, reserved in September, came and agreed in October, treated in November."""
    clinic = Clinic(db, policy)
    who = clinic.patient()
    clinic.inquiry(who, 20)
    clinic.reservation(who, 22, 33)
    clinic.visit(who, 33)
    clinic.consult(who, 33, Decision.YES)
    clinic.treatment(who, 65)
    clinic.fold()
    september, october, november = (
        scope(policy, first, days) for first, days in ((0, 30), (30, 31), (61, 30))
    )
    assert counted(activity(db, september, policy, at(80)).all) == [1, 1, 0, 0, 0, 0]
    seen = activity(db, october, policy, at(80))
    assert counted(seen.all) == [0, 0, 1, 1, 1, 0]
    assert [line.previous for line in seen.all.lines] == [1, 1, 0, 0, 0, 0]
    assert [line.entered for line in seen.all.lines] == [0] * 6
    assert counted(activity(db, november, policy, at(80)).all) == [0, 0, 0, 0, 0, 1]
    assert counted(activity(db, november, policy, at(64)).all) == [0] * 6


def test_the_last_minute_of_a_day_is_of_that_day(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    for minutes in (-1, 0, 1):
        moment = datetime(2026, 9, 30, 15, tzinfo=UTC) + timedelta(minutes=minutes)  # midnight in Seoul
        clinic.inquiry(clinic.patient(), (moment - at(0)) / timedelta(1))
    clinic.fold()
    assert counted(activity(db, scope(policy, 0, 30), policy, at(50)).all)[0] == 1
    assert counted(activity(db, scope(policy, 30, 31), policy, at(50)).all)[0] == 2


def test_over_all_time_both_views_say_the_same(db: Session, policy: Policy) -> None:
    worked_example(Clinic(db, policy))
    seen = activity(db, scope(policy), policy, at(120))
    assert counted(seen.all) == [5, 7, 7, 5, 3, 5]
    assert [line.entered for line in seen.all.lines] == [5, 3, 2, 0, 0, 0]


def slow(rows: list[Journey | JourneyPast], period: Period, now: datetime) -> list[int]:
    found = dict.fromkeys(STAGES, 0)
    for row in rows:
        moments = {
            Stage.INQUIRY: row.first_at,
            Stage.RESERVATION: row.reservation_passed_at,
            Stage.VISIT: row.visit_passed_at,
            Stage.CONSULT: row.consult_at,
            Stage.AGREEMENT: row.agreement_at,
            Stage.TREATMENT: row.treatment_at,
        }
        for stage, moment in moments.items():
            if moment is None or moment > now or STAGES.index(row.entry) > STAGES.index(stage):
                continue
            found[stage] += (moment + timedelta(hours=9)).date() in period
    return list(found.values())


@pytest.mark.parametrize("seed", range(3))
def test_it_counts_as_one_counts_by_hand_and_opens_as_many(db: Session, policy: Policy, seed: int) -> None:
    a_clinic(db, policy, seed)
    whole = director(policy, scope(policy, 20, 30).period)
    for now in (at(25.5), at(47.3), at(100)):
        report = activity(db, whole, policy, now)
        rows = known(db, now)
        assert counted(report.all) == slow(rows, whole.period, now)
        assert counted(report.new) == slow([row for row in rows if row.is_new], whole.period, now)
        for line in report.all.lines:
            assert len(activity_patients(db, whole, policy, now, line.stage)) == line.count
            assert len(activity_patients(db, whole, policy, now, line.stage, entered=True)) == line.entered


@pytest.mark.parametrize("by", list(JourneyCut))
def test_its_cuts_add_up_to_the_whole(db: Session, policy: Policy, by: JourneyCut) -> None:
    a_clinic(db, policy, 5)
    seen = director(policy, scope(policy, 20, 30).period)
    report = activity(db, seen, policy, at(90), by)
    for place, line in enumerate(report.all.lines):
        parts = [part.lines[place] for _, part in report.cuts]
        if by is JourneyCut.TREATMENT:
            assert sum(part.count for part in parts) >= line.count
        else:
            assert sum(part.count for part in parts) == line.count
            assert sum(part.entered for part in parts) == line.entered
            assert sum(part.previous for part in parts) == line.previous
        for value, part in report.cuts:
            behind = activity_patients(db, seen, policy, at(90), line.stage, cut=Cut(by, value))
            assert len(behind) == part.lines[place].count


def test_two_periods_are_compared_at_one_age(db: Session, policy: Policy) -> None:
    """Ten ask a day, of whom six reserve after ten days; October is seen on its 22nd day."""
    clinic = Clinic(db, policy)
    for day in range(60):
        for number in range(10):
            who = clinic.patient()
            clinic.inquiry(who, day)
            if number < 6:
                clinic.reservation(who, day + 10, day + 11)
    clinic.fold()
    now = at(30 + 21.4)
    september, october = scope(policy, 0, 30), scope(policy, 30, 31)
    pair = funnel(db, october, policy, now, against=september.period).all.stages[1].pair
    assert pair is not None
    assert pair.against is not None
    for share in (pair.against.here, pair.against.there):
        assert (share.numerator, share.denominator) == (72, 220)
    turned = funnel(db, september, policy, now, against=october.period).all.stages[1].pair
    assert turned is not None
    assert turned.against == pair.against
    assert funnel(db, october, policy, now).all.stages[1].pair.against is None  # type: ignore[union-attr]
    happened = activity(db, october, policy, now, against=september.period).all.lines
    assert [(line.count, line.against) for line in happened[:2]] == [(220, 220), (132, 72)]

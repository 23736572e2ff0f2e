"""The counts of the database against a slow count of one journey after the other."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.kpi.behind import Cut, funnel_patients, outcome_patients
from crm_core.kpi.conditions import PAIRS, Which
from crm_core.kpi.counts import JourneyCut, OutcomeKind
from crm_core.kpi.funnel import Funnel, funnel
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person, Scope, scope_for
from crm_core.tables.facts import Decision, ReservationState
from crm_core.tables.journey import STAGES, Journey, JourneyPast, Stage
from crm_core.tables.people import Role, Staff
from tests.crm_core.kpi.clinics import Clinic, at, scope

FAMILIES = ("botox", "filler", "laser_toning", None)
SOURCES = ("phone", "kakao", None)


def a_clinic(db: Session, policy: Policy, seed: int, people: int = 60) -> Clinic:
    """Lives at random, over a hundred days, some looked after by named staff."""
    random = Random(seed)
    clinic = Clinic(db, policy)
    staff = [Staff(name=f"실장{n}", number=f"S{n}") for n in range(3)]
    db.add_all(staff)
    db.flush()
    ids = [one.id for one in staff] + [None]
    for _ in range(people):
        source = random.choice(SOURCES)
        who = clinic.patient(source=source)
        day = random.uniform(0, 60)
        family = random.choice(FAMILIES)
        by = {"staff_id": random.choice(ids), "treatment": family}
        if random.random() < 0.6:
            clinic.inquiry(who, day, channel=random.choice(SOURCES), **by)
        if random.random() < 0.7:
            state = random.choice(
                [ReservationState.BOOKED, ReservationState.NO_SHOW, ReservationState.CANCELLED_BY_CLINIC]
            )
            starts = day + random.uniform(1, 9)
            clinic.reservation(who, day + 0.5, starts, state=state, state_at=at(starts + 0.1), **by)
            day = starts
        if random.random() < 0.7:
            clinic.visit(who, day)
            if random.random() < 0.7:
                decided = at(day + random.choice([0.01, 3, 40]))
                clinic.consult(
                    who, day, random.choice(list(Decision)), decided_at=decided, staff_id=by["staff_id"]
                )
            if random.random() < 0.6:
                clinic.treatment(who, day, random.choice(["botox", "filler"]), staff_id=by["staff_id"])
    clinic.fold()
    return clinic


def known(db: Session, now: datetime) -> list[Journey | JourneyPast]:
    today = [row for row in db.scalars(select(Journey)) if row.known_from <= now]
    past = db.scalars(select(JourneyPast))
    return [*today, *(row for row in past if row.known_from <= now < row.known_until)]


def slow_pairs(
    rows: list[Journey | JourneyPast], policy: Policy, now: datetime
) -> dict[Stage, tuple[int, int, int, int]]:
    """(ripe, of them converted, so far, of them converted) of each pair, by its later stage."""
    days = policy.patience
    found: Counter[tuple[Stage, str]] = Counter()

    def reached(moment: datetime | None) -> bool:
        return moment is not None and moment <= now

    for row in rows:
        passed = {
            Stage.INQUIRY: row.entry is Stage.INQUIRY,
            Stage.RESERVATION: reached(row.reservation_passed_at),
            Stage.VISIT: reached(row.visit_passed_at),
            Stage.CONSULT: reached(row.consult_at),
            Stage.AGREEMENT: reached(row.agreement_at),
            Stage.TREATMENT: reached(row.treatment_at),
        }
        since = {
            Stage.INQUIRY: (row.first_at, days.inquiry),
            Stage.RESERVATION: (row.reserved_until, days.reservation),
            Stage.VISIT: (row.visit_passed_at, days.visit),
            Stage.CONSULT: (row.consult_at, days.consult),
            Stage.AGREEMENT: (row.agreement_at, days.agreement),
        }
        left = {
            Stage.RESERVATION: reached(row.by_clinic_at),
            Stage.VISIT: passed[Stage.TREATMENT] and not passed[Stage.CONSULT],
            Stage.CONSULT: reached(row.unsuitable_at),
        }
        for stage, following in PAIRS:
            if STAGES.index(row.entry) > STAGES.index(stage) or not passed[stage] or left.get(stage):
                continue
            found[following, "so_far"] += 1
            found[following, "so_converted"] += passed[following]
            moment, patience = since[stage]
            if moment is not None and moment + timedelta(patience) <= now:
                found[following, "ripe"] += 1
                found[following, "converted"] += passed[following]
    names = ("ripe", "converted", "so_far", "so_converted")
    return {stage: tuple(found[stage, name] for name in names) for _, stage in PAIRS}  # type: ignore[misc]


def fast_pairs(part: Funnel) -> dict[Stage, tuple[int, int, int, int]]:
    return {
        line.stage: (
            line.pair.ripe.denominator,
            line.pair.ripe.numerator,
            line.pair.so_far.denominator,
            line.pair.so_far.numerator,
        )
        for line in part.stages
        if line.pair
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_database_counts_as_one_counts_by_hand(db: Session, policy: Policy, seed: int) -> None:
    a_clinic(db, policy, seed)
    seen = scope(policy, 10, 40)
    for day in (12, 25, 47.3, 100):
        now = at(day)
        report = funnel(db, seen, policy, now)
        rows = [row for row in known(db, now) if row.first_on in seen.period]
        for part, chosen in (
            (report.all, rows),
            (report.new, [row for row in rows if row.is_new]),
            (report.returning, [row for row in rows if not row.is_new]),
        ):
            assert fast_pairs(part) == slow_pairs(chosen, policy, now)
            assert sum(line.entered for line in part.stages) == len(chosen) == part.journeys


def director(policy: Policy, period: Period) -> Scope:
    person = Person(None, "원장", frozenset({(Role.DIRECTOR, "*")}))
    return scope_for(person, policy, period)


@pytest.mark.parametrize("by", [cut for cut in JourneyCut if cut is not JourneyCut.TREATMENT])
def test_the_cuts_add_up_to_the_whole(db: Session, policy: Policy, by: JourneyCut) -> None:
    a_clinic(db, policy, 7)
    report = funnel(db, director(policy, scope(policy, 0, 60).period), policy, at(90), by)
    for number, line in enumerate(report.all.stages):
        assert sum(part.stages[number].count for _, part in report.cuts) == line.count
        assert sum(part.stages[number].entered for _, part in report.cuts) == line.entered
        if line.pair:
            parts = [part.stages[number].pair for _, part in report.cuts]
            assert sum(one.ripe.denominator for one in parts if one) == line.pair.ripe.denominator
            assert sum(one.so_far.numerator for one in parts if one) == line.pair.so_far.numerator
    for number, outcome in enumerate(report.all.outcomes):
        found = [part.outcomes[number].share for _, part in report.cuts]
        assert sum(one.denominator for one in found) == outcome.share.denominator


def test_a_journey_of_several_families_counts_under_each(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    who = clinic.patient()
    clinic.visit(who, 0)
    clinic.treatment(who, 0, "botox")
    clinic.treatment(who, 0, "filler")
    clinic.fold()
    report = funnel(db, scope(policy), policy, at(5), JourneyCut.TREATMENT)
    assert {value: part.journeys for value, part in report.cuts} == {"botox": 1, "filler": 1}
    assert report.all.journeys == 1


@pytest.mark.parametrize("by", list(JourneyCut))
def test_a_number_of_a_cut_opens_as_many_journeys(db: Session, policy: Policy, by: JourneyCut) -> None:
    a_clinic(db, policy, 3)
    seen, now = director(policy, scope(policy, 0, 60).period), at(70)
    report = funnel(db, seen, policy, now, by)
    for value, part in report.cuts:
        for (stage, _), line in zip(PAIRS, part.stages[1:], strict=True):
            assert line.pair is not None
            found = funnel_patients(db, seen, policy, now, stage, Which.LOST, cut=Cut(by, value))
            assert len(found) == line.pair.lost
        for outcome in part.outcomes:
            people = outcome_patients(db, seen, policy, now, outcome.kind, cut=Cut(by, value))
            assert len(people) == outcome.share.denominator


def test_a_coordinator_sees_only_the_own_line(db: Session, policy: Policy) -> None:
    a_clinic(db, policy, 3)
    staff = db.scalars(select(Staff).order_by(col(Staff.id))).first()
    assert staff is not None
    person = Person(staff.id, staff.name, frozenset({(Role.COORDINATOR, "gangnam")}))
    own = scope_for(person, policy, scope(policy, 0, 60).period)
    report = funnel(db, own, policy, at(90), JourneyCut.COORDINATOR)
    assert [value for value, _ in report.cuts] == [staff.id]
    other = Cut(JourneyCut.COORDINATOR, (staff.id or 0) + 1)
    assert funnel_patients(db, own, policy, at(90), Stage.INQUIRY, Which.LOST, cut=other) == []


def test_return_is_read_for_those_who_became_ripe_in_the_period(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    for number in range(3):
        who = clinic.patient()
        clinic.visit(who, 0)
        clinic.treatment(who, 0, "botox")  # due back by day 180
        if number:
            clinic.visit(who, 170)
            clinic.treatment(who, 170, "filler")
    clinic.fold()
    seen = scope(policy, 175, 10)
    share = {o.kind: o.share for o in funnel(db, seen, policy, at(184)).all.outcomes}
    assert (share[OutcomeKind.RETURN].numerator, share[OutcomeKind.RETURN].denominator) == (2, 3)
    early = {o.kind: o.share for o in funnel(db, seen, policy, at(179)).all.outcomes}
    assert early[OutcomeKind.RETURN].denominator == 0

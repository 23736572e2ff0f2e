"""The worked examples of definitions.md, counted by hand."""

import pytest
from sqlmodel import Session

from crm_core.kpi.behind import funnel_patients
from crm_core.kpi.conditions import PAIRS, Which
from crm_core.kpi.funnel import Funnel, funnel
from crm_core.policy.policy import Policy
from crm_core.tables.journey import Stage
from tests.crm_core.kpi.clinics import Clinic, at, scope, worked_example


def pairs(part: Funnel) -> list[tuple[int, int]]:
    return [(line.pair.ripe.numerator, line.pair.ripe.denominator) for line in part.stages if line.pair]


def test_ten_journeys_are_counted_as_by_hand(db: Session, policy: Policy) -> None:
    worked_example(Clinic(db, policy))
    report = funnel(db, scope(policy), policy, at(120))
    assert pairs(report.all) == [(4, 5), (5, 7), (5, 5), (3, 5), (3, 3)]
    assert pairs(report.new) == [(4, 5), (3, 4), (5, 5), (3, 5), (3, 3)]
    assert [line.count for line in report.all.stages] == [5, 7, 7, 5, 3, 5]
    assert [line.entered for line in report.all.stages] == [5, 3, 2, 0, 0, 0]
    assert report.all.beside[Which.WITHOUT_CONSULT] == 2
    assert report.all.beside[Which.PENDING] == 1
    assert report.all.beside[Which.DECLINED] == 1
    same_day = report.all.same_day.now
    assert (same_day.numerator, same_day.denominator) == (3, 5)
    assert report.all.leakiest is None  # fewer than thirty ripe


def test_every_number_opens_as_many_journeys(db: Session, policy: Policy) -> None:
    worked_example(Clinic(db, policy))
    for now in (at(0.5), at(4), at(20), at(120)):
        seen = scope(policy)
        for is_new in (None, True, False):
            whole = funnel(db, seen, policy, now)
            part = {None: whole.all, True: whole.new, False: whole.returning}[is_new]
            for line in part.stages:
                shown = {Which.COUNT: line.count, Which.ENTERED: line.entered}
                check(db, policy, now, line.stage, shown, is_new)
            for (stage, _), line in zip(PAIRS, part.stages[1:], strict=True):
                assert line.pair is not None
                shown = {
                    Which.LOST: line.pair.lost,
                    Which.OPEN: line.pair.open,
                    Which.CONVERTED: line.pair.ripe.numerator,
                    Which.SO_FAR: line.pair.so_far.denominator,
                }
                check(db, policy, now, stage, shown, is_new)
            check(db, policy, now, Stage.CONSULT, dict(part.beside), is_new)


def check(
    db: Session,
    policy: Policy,
    now: object,
    stage: Stage,
    shown: dict[Which, int],
    is_new: bool | None,
) -> None:
    for which, number in shown.items():
        found = funnel_patients(db, scope(policy), policy, now, stage, which, is_new=is_new)  # type: ignore[arg-type]
        assert len(found) == number, (now, stage, which, is_new)


@pytest.mark.parametrize("day", [22])
def test_conversions_are_compared_at_the_same_age(db: Session, policy: Policy, day: int) -> None:
    """§1.3: ten inquiries a day, six of each ten book on the tenth day after."""
    clinic = Clinic(db, policy)
    for month in (0, 30):
        for on in range(30):
            for number in range(10):
                who = clinic.patient()
                clinic.inquiry(who, month + on)
                if number < 6:
                    clinic.reservation(who, month + on + 10, month + on + 11)
    clinic.fold()
    now = at(30 + day - 1 + 0.4)  # 1 October is day 30; the evening of its day 22
    report = funnel(db, scope(policy, 30, 31), policy, now)
    pair = report.all.stages[1].pair
    assert pair is not None
    assert (pair.so_far.numerator, pair.so_far.denominator) == (72, 220)
    assert (pair.ripe.numerator, pair.ripe.denominator) == (48, 80)
    assert (pair.previous.numerator, pair.previous.denominator) == (72, 220)
    assert (pair.last_year.numerator, pair.last_year.denominator) == (0, 0)
    whole = funnel(db, scope(policy, 0, 30), policy, now)
    last = whole.all.stages[1].pair
    assert last is not None
    assert (last.so_far.numerator, last.so_far.denominator) == (180, 300)

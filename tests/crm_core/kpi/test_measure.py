"""One shape for every number: whole, cut, earlier, out of the base, and the people behind."""

from sqlmodel import Session

from crm_core.kpi import catalogue
from crm_core.kpi.funnel import funnel
from crm_core.kpi.kpi import KpiCut
from crm_core.kpi.measure import measure, people
from crm_core.kpi.noshow import no_show
from crm_core.policy.policy import Policy
from crm_core.tables.facts import Decision, ReservationState
from tests.crm_core.kpi.clinics import Clinic, at, scope


def busy(db: Session, policy: Policy) -> Clinic:
    """Four inquiries: one treated, one that missed its date, one cancelled by the clinic, one silent."""
    clinic = Clinic(db, policy)
    a, b, c, d = (clinic.patient() for _ in range(4))
    for one in (a, b, c, d):
        clinic.inquiry(one, 0, channel="kakao" if one == a else None)
    clinic.reservation(a, 1, 3, state=ReservationState.COMPLETED)
    clinic.visit(a, 3)
    clinic.consult(a, 3.01, Decision.YES)
    clinic.treatment(a, 3.02)
    clinic.reservation(b, 1, 4, state=ReservationState.NO_SHOW)
    clinic.reservation(c, 1, 5, state=ReservationState.CANCELLED_BY_CLINIC, state_at=at(4))
    clinic.fold()
    return clinic


def test_a_number_says_its_share_and_what_is_out_of_the_base(db: Session, policy: Policy) -> None:
    busy(db, policy)
    found = measure(db, scope(policy), policy, at(60), catalogue.VISIT_RATE)
    assert (found.whole.numerator, found.whole.denominator) == (1, 2)
    assert found.out == {"cancelled_by_clinic": 1}
    early = measure(db, scope(policy), policy, at(6), catalogue.VISIT_RATE)
    assert early.whole.value is None
    assert early.out == {"cancelled_by_clinic": 1, "too_early": 2}


def test_a_pair_says_what_the_funnel_says(db: Session, policy: Policy) -> None:
    busy(db, policy)
    lines = funnel(db, scope(policy), policy, at(60)).all.stages
    for line in lines[1:]:
        kpi = catalogue.OF_STAGE[line.stage]
        if kpi.source is not None and line.pair is not None and line.stage.value in ("reservation", "visit"):
            found = measure(db, scope(policy), policy, at(60), kpi).whole
            assert (found.numerator, found.denominator) == (
                line.pair.ripe.numerator,
                line.pair.ripe.denominator,
            )


def test_reservations_say_what_noshow_says(db: Session, policy: Policy) -> None:
    busy(db, policy)
    tally = no_show(db, scope(policy), policy, at(60)).whole
    for kpi in (catalogue.NO_SHOW, catalogue.SHOW_RATE, catalogue.LATE_CANCEL, catalogue.EARLY_CANCEL):
        found = measure(db, scope(policy), policy, at(60), kpi)
        assert found.whole.share == tally.share(kpi)
        assert found.out == {reason: n for reason, n in tally.out(kpi).items() if n}


def test_the_people_behind_a_number_are_as_many_as_it_says(db: Session, policy: Policy) -> None:
    busy(db, policy)
    where = db, scope(policy), policy, at(60), catalogue.INQUIRY_TO_RESERVATION
    found = measure(*where, KpiCut.SOURCE)
    assert dict(found.cuts)["kakao"].value == 1
    assert sum(figure.cases for _, figure in found.cuts) == found.whole.denominator == 4
    assert len(people(*where, "hit")) == 3
    assert len(people(*where, "rest")) == 1
    assert len(people(*where, "hit", by=KpiCut.SOURCE, value="kakao")) == 1
    assert len(people(*where, "hit", by=KpiCut.SOURCE, value=None)) == 2

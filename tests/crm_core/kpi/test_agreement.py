"""동의율, 당일 동의율, 금액 동의율, counted by hand."""

from typing import Any

import pytest
from sqlmodel import Session

from crm_core.kpi.agreement import agreement_amounts, agreement_shares, same_day_shares
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.kpi import Share
from crm_core.policy.policy import Policy
from crm_core.tables.facts import Decision
from tests.crm_core.kpi.clinics import Clinic, at, scope
from tests.crm_core.kpi.test_funnel_counts import a_clinic, director

YES, PART, NO, PENDING = Decision.YES, Decision.PART, Decision.NO, Decision.PENDING
UNSUITABLE = Decision.NOT_SUITABLE


def consulted(clinic: Clinic, day: float, decision: Decision, who: int = 0, **options: object) -> int:
    who = who or clinic.patient()
    clinic.visit(who, day)
    clinic.consult(who, day, decision, **options)
    return who


def six(clinic: Clinic) -> None:
    """Yes at once; part after 20 days; yes after 40 days; no; not suitable; yes, but young on day 50."""
    consulted(clinic, 2, YES, proposed_amount=300_000, agreed_amount=300_000)
    consulted(clinic, 3, PART, decided_at=at(23), proposed_amount=800_000, agreed_amount=200_000)
    consulted(clinic, 4, YES, decided_at=at(44), proposed_amount=500_000, agreed_amount=500_000)
    consulted(clinic, 5, NO, proposed_amount=400_000)
    consulted(clinic, 6, UNSUITABLE, proposed_amount=900_000)
    consulted(clinic, 25, YES, proposed_amount=100_000, agreed_amount=100_000)
    clinic.fold()


def test_agreed_within_thirty_days_of_those_consulted_thirty_days_ago(db: Session, policy: Policy) -> None:
    six(Clinic(db, policy))
    found = agreement_shares(db, scope(policy), policy, at(50))[None]
    assert (found.share, found.out) == (Share(2, 4), {"not_suitable": 1, "open": 1})
    later = agreement_shares(db, scope(policy), policy, at(60))[None]
    assert (later.share, later.out) == (Share(3, 5), {"not_suitable": 1})


def test_agreed_on_the_day_is_ripe_at_once(db: Session, policy: Policy) -> None:
    six(Clinic(db, policy))
    found = same_day_shares(db, scope(policy), policy, at(26))[None]
    assert (found.share, found.out) == (Share(2, 5), {"not_suitable": 1})


def test_a_patient_counts_once_whichever_consult_was_agreed_to(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    who = consulted(clinic, 2, NO, treatment="botox")
    consulted(clinic, 9, YES, who, treatment="laser_toning")
    consulted(clinic, 3, PENDING, treatment="filler")
    clinic.fold()
    assert agreement_shares(db, scope(policy), policy, at(90))[None].share == Share(1, 2)
    cut = agreement_shares(db, scope(policy), policy, at(90), JourneyCut.BRANCH)
    assert {value: one.share for value, one in cut.items()} == {"gangnam": Share(1, 2)}


def test_money_is_what_was_agreed_of_what_was_proposed(db: Session, policy: Policy) -> None:
    six(Clinic(db, policy))
    found = agreement_amounts(db, scope(policy), policy, at(50))[None]
    assert found.share == Share(500_000, 2_000_000)
    assert (found.cases, found.out) == (4, {"not_suitable": 1, "open": 1})


def test_nobody_can_say_without_amounts(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    consulted(clinic, 2, YES)
    clinic.fold()
    found = agreement_amounts(db, scope(policy), policy, at(50))[None]
    assert (found.share.value, found.out) == (None, {"no_amount": 1})


def test_of_a_plan_proposed_again_the_last_version_counts(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    who = consulted(clinic, 2, PENDING, proposed_amount=1_200_000)
    consulted(clinic, 8, YES, who, proposed_amount=600_000, agreed_amount=600_000)
    clinic.fold()
    found = agreement_amounts(db, scope(policy), policy, at(90))[None]
    assert (found.share, found.cases) == (Share(600_000, 600_000), 1)


def test_nobody_consulted_is_nobody_can_say(db: Session, policy: Policy) -> None:
    for count in (agreement_shares, same_day_shares, agreement_amounts):
        found = count(db, scope(policy), policy, at(90))[None]
        assert (found.share.value, found.out) == (None, {})


@pytest.mark.parametrize("count", [agreement_shares, same_day_shares, agreement_amounts])
def test_the_cuts_add_up_to_the_whole(db: Session, policy: Policy, count: Any) -> None:
    a_clinic(db, policy, 11)
    seen = director(policy, scope(policy, 5, 50).period)
    whole = count(db, seen, policy, at(80))[None]
    for by in JourneyCut:
        parts = count(db, seen, policy, at(80), by).values()
        total = sum((one.share for one in parts), Share(0, 0))
        if by is JourneyCut.TREATMENT:
            assert total.denominator >= whole.share.denominator
            continue
        assert total == whole.share
        for reason in {*whole.out, *(reason for one in parts for reason in one.out)}:
            assert sum(one.out.get(reason, 0) for one in parts) == whole.out.get(reason, 0)

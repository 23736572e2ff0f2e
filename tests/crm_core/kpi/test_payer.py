"""Insured or not: what the treatments and payments of a journey say, else not recorded."""

import pytest
from sqlmodel import Session

from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import funnel
from crm_core.policy.policy import Policy
from crm_core.tables.facts import Decision, Payment
from tests.crm_core.kpi.clinics import Clinic, at, scope


def came(clinic: Clinic, *covered: bool | None) -> int:
    who = clinic.patient()
    clinic.visit(who, 1)
    clinic.consult(who, 1, Decision.YES)
    for one in covered:
        clinic.treatment(who, 1, covered=one)
    return who


def cut(db: Session, policy: Policy, day: float = 90) -> dict[object, int]:
    report = funnel(db, scope(policy), policy, at(day), JourneyCut.INSURED)
    return {value: part.journeys for value, part in report.cuts}


def test_treatments_and_payments_say_who_pays(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    came(clinic, True)
    came(clinic, False, False)
    came(clinic, True, False)
    came(clinic, None)
    paid = came(clinic)
    clinic.add(Payment, paid, 1.1, "paid", amount=50_000, covered=False)
    clinic.fold()
    assert cut(db, policy) == {"covered": 1, "non_covered": 2, "both": 1, None: 1}


@pytest.mark.parametrize(("day", "value"), [(5, None), (90, "non_covered")])
def test_what_a_later_visit_says_was_not_known_before(
    db: Session, policy: Policy, day: float, value: str | None
) -> None:
    clinic = Clinic(db, policy)
    who = came(clinic)
    clinic.treatment(who, 9, covered=False)
    clinic.fold()
    assert cut(db, policy, day) == {value: 1}

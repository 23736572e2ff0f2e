"""A branch where people ask and three coordinators answer, on both kinds of database."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from crm_core.inquiries.answering.actions import Asked, take_down
from crm_core.policy.policy import InquiryRules, Policy
from crm_core.staff.access import Person
from crm_core.tables.facts import Inquiry
from tests.crm_core.hand_made import BRANCH, Clinic


@pytest.fixture
def clinic(db: Session, policy: Policy, now: datetime) -> Clinic:
    """Wednesday, eleven o'clock."""
    return Clinic(db, policy, now.replace(hour=11))


@pytest.fixture
def by_hand(clinic: Clinic) -> Clinic:
    """The same branch, where nobody is given anything in turn."""
    return replace(clinic, policy=replace(clinic.policy, inquiries=InquiryRules(in_turn=False)))


@pytest.fixture
def team(clinic: Clinic) -> list[Person]:
    return [clinic.coordinator(name) for name in ("국소이", "빈서율", "옥다빈")]


def asks(
    clinic: Clinic, by: Person, name: str = "홍길동", phone: str | None = None, **values: Any
) -> Inquiry:
    """Somebody asks, and a member of staff takes it down."""
    values.setdefault("source", "kakao")
    asked = Asked(BRANCH, name=name, phone=phone, **values)
    return take_down(clinic.db, clinic.policy, by, asked, clinic.now)

"""A clinic whose desk works, on both kinds of database."""

from datetime import datetime

import pytest
from sqlmodel import Session

from crm_core.policy.policy import Policy
from tests.crm_core.hand_made import Clinic


@pytest.fixture
def clinic(db: Session, policy: Policy, now: datetime) -> Clinic:
    return Clinic(db, policy, now)

"""A clinic that handlers answer about, on both kinds of database, and somebody who asks."""

from datetime import datetime

import pytest
from sqlmodel import Session

from crm_core.policy.policy import Policy
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker


@pytest.fixture
def clinic(db: Session, policy: Policy, now: datetime) -> Clinic:
    """A branch whose director has pressed start."""
    return Clinic(db, policy, now).started()


@pytest.fixture
def coordinator(clinic: Clinic) -> Asker:
    """Coordinator Lee, privately and in English."""
    return Asker(clinic, clinic.coordinator())


@pytest.fixture
def other_branch(clinic: Clinic) -> Clinic:
    """The same clinic's branch in Haeundae, where nobody has pressed start."""
    return Clinic(clinic.db, clinic.policy, clinic.now, branch="haeundae", numbers=clinic.numbers)

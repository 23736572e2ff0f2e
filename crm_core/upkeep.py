"""What is computed from the facts is rewritten in the step that touches a fact."""

from collections.abc import Collection

from sqlmodel import Session

from crm_core.calls.standing.actions import keep_standing
from crm_core.churn.actions import keep_ledger
from crm_core.journeys.actions import refold
from crm_core.policy.policy import Policy


def keep_up(
    db: Session,
    policy: Policy,
    *,
    patients: Collection[int],
    prospects: Collection[int] = (),
) -> None:
    """Folds the journeys, rewrites due dates and refusals of everybody whose facts were touched."""
    db.flush()
    refold(db, policy, patients=patients, prospects=prospects)
    keep_ledger(db, policy, patients)
    keep_standing(db, patients)

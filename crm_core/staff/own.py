"""What one has written oneself can be taken back for some minutes, wherever it was written."""

from datetime import datetime, timedelta

from crm_core.errors import NothingToUndo, TooLateToUndo
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person


def still_own(
    policy: Policy, person: Person, by_staff_id: int | None, at: datetime | None, now: datetime
) -> None:
    """NothingToUndo unless this person wrote it; TooLateToUndo after the policy's minutes."""
    if at is None or by_staff_id != person.staff_id:
        raise NothingToUndo
    if now - at > timedelta(minutes=policy.calls.undo_minutes):
        raise TooLateToUndo(policy.calls.undo_minutes)

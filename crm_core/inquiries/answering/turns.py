"""Whose turn it is: the coordinators of a branch, and how much each of them has."""

from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from crm_core.inquiries.queries import waiting
from crm_core.policy.policy import Policy
from crm_core.staff.access import EVERYWHERE
from crm_core.tables.facts import Inquiry
from crm_core.tables.people import Role, Staff, StaffRole

INQUIRERS = frozenset({Role.DESK, Role.COORDINATOR, Role.LEAD, Role.DIRECTOR})
"""Who takes inquiries down and answers them."""


def who_answers(
    db: Session, branch: str, day: date, roles: frozenset[Role] = INQUIRERS, *, lock: bool = False
) -> list[Staff]:
    """Who works at the branch in one of the roles, in the order they came. `lock` holds them for the step."""
    held = select(col(StaffRole.staff_id)).where(
        col(StaffRole.role).in_(roles), col(StaffRole.branch).in_((branch, EVERYWHERE))
    )
    statement = (
        select(Staff)
        .where(
            col(Staff.id).in_(held),
            col(Staff.active).is_(True),
            or_(col(Staff.left_on).is_(None), col(Staff.left_on) > day),
        )
        .order_by(col(Staff.id))
    )
    return list(db.scalars(statement.with_for_update() if lock else statement))


def next_in_turn(db: Session, policy: Policy, branch: str, now: datetime) -> int | None:
    """Who gets the next inquiry: of the coordinators (else the leads) who has the fewest that wait, then who
    has been given none for the longest. None where the branch has neither.

    Locks them, so that two inquiries written at once go to two people.
    """
    day = policy.branch(branch).today(now)
    for role in (Role.COORDINATOR, Role.LEAD):
        people = [
            staff.id for staff in who_answers(db, branch, day, frozenset({role}), lock=True) if staff.id
        ]
        if people:
            break
    else:
        return None
    has = dict.fromkeys(people, 0)
    for one in waiting(db, policy, tuple(policy.branches), now):
        if one.staff_id in has:
            has[one.staff_id] += 1
    given = (
        select(col(Inquiry.staff_id), func.max(col(Inquiry.assigned_at)))
        .where(col(Inquiry.staff_id).in_(people), col(Inquiry.assigned_at) <= now)
        .group_by(col(Inquiry.staff_id))
    )
    last: dict[int, datetime] = {row[0]: row[1] for row in db.execute(given) if row[1] is not None}
    return min(people, key=lambda who: (has[who], who in last, last.get(who, now), who))

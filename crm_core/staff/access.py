"""The one door: a Scope says what somebody may see, and only this module makes one."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.errors import NotAllowed, OtherBranch
from crm_core.period import Period
from crm_core.policy.policy import Policy, Records
from crm_core.tables.people import Patient, Role, Staff, StaffRole

EVERYWHERE = "*"

NAMES = frozenset({Role.DESK, Role.COORDINATOR, Role.LEAD, Role.DOCTOR, Role.DIRECTOR})
CALLS = frozenset({Role.COORDINATOR, Role.LEAD, Role.DIRECTOR})
FIGURES = frozenset({Role.COORDINATOR, Role.LEAD, Role.DOCTOR, Role.DIRECTOR, Role.GROUP})
DIRECTORS = frozenset({Role.DIRECTOR})
EVERYONE = frozenset(Role)


@dataclass(frozen=True)
class Person:
    """Who asks: a member of staff with roles per branch, or the shell."""

    staff_id: int | None
    name: str
    roles: frozenset[tuple[Role, str]]
    language: str | None = None
    actor: str = "staff"

    def has(self, wanted: Iterable[Role]) -> bool:
        names = set(wanted)
        return any(role in names for role, _ in self.roles)

    def branches(self, wanted: Iterable[Role], policy: Policy) -> tuple[str, ...]:
        """The branches at which this person holds one of the wanted roles, in the policy's order."""
        names = set(wanted)
        held = {branch for role, branch in self.roles if role in names}
        if EVERYWHERE in held:
            return tuple(policy.branches)
        return tuple(slug for slug in policy.branches if slug in held)

    @property
    def is_director(self) -> bool:
        return self.has({Role.DIRECTOR})


@dataclass(frozen=True)
class Scope:
    """Branches and local dates that a question may look at. Made by `scope_for` alone."""

    branches: tuple[str, ...]
    period: Period
    staff_id: int | None
    sees_names: bool
    sees_persons: bool  # cuts by every member of staff (directors); others: only their own
    _made_here: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._made_here is not _DOOR:
            raise TypeError("a Scope is made by crm_core.staff.access")


_DOOR = object()


def scope_for(
    person: Person,
    policy: Policy,
    period: Period,
    *,
    roles: frozenset[Role] = FIGURES,
    branch: str | None = None,
) -> Scope:
    """What a person may look at; NotAllowed without a fitting role, OtherBranch for a foreign branch."""
    branches = person.branches(roles, policy)
    if not branches:
        raise NotAllowed(tuple(sorted(role.value for role in roles)))
    if branch is not None:
        if branch not in branches:
            raise OtherBranch
        branches = (branch,)
    named = set(person.branches(NAMES, policy))
    if policy.records is Records.SHARED and Role.GROUP in {role for role, _ in person.roles}:
        named = set(policy.branches)
    return Scope(
        branches=branches,
        period=period,
        staff_id=person.staff_id,
        sees_names=set(branches) <= named,
        sees_persons=person.is_director,
        _made_here=_DOOR,
    )


def system_scope(policy: Policy, period: Period, branch: str | None = None) -> Scope:
    """What a job may look at: one branch, or all of them."""
    branches = (branch,) if branch else tuple(policy.branches)
    return Scope(branches, period, None, sees_names=True, sees_persons=False, _made_here=_DOOR)


def may_see(person: Person, policy: Policy, patient: Patient) -> None:
    """Raises OtherBranch unless the person may see this patient's name and record."""
    if patient.branch in person.branches(NAMES, policy):
        return
    if policy.records is Records.SHARED and person.has({Role.GROUP}):
        return
    raise OtherBranch


def person_of(db: Session, staff: Staff) -> Person:
    """The person behind a staff row, with the roles of this moment."""
    rows = db.scalars(select(StaffRole).where(col(StaffRole.staff_id) == staff.id))
    return Person(
        staff_id=staff.id,
        name=staff.name,
        roles=frozenset((row.role, row.branch) for row in rows) if staff.active else frozenset(),
        language=staff.language,
    )


def shell_person(user: str) -> Person:
    """Somebody at the machine itself: a director of all branches, audited as shell:<user>."""
    return Person(
        staff_id=None,
        name=f"shell:{user}",
        roles=frozenset({(Role.DIRECTOR, EVERYWHERE), (Role.ADMINISTRATOR, EVERYWHERE)}),
        actor=f"shell:{user}",
    )


def channel_person(policy: Policy, branch: str) -> Person:
    """Who a post into a staff channel is composed for: sees what the branch's team may see, masked."""
    roles = {Role.DESK, Role.COORDINATOR, Role.LEAD}
    return Person(
        staff_id=None,
        name="dasi",
        roles=frozenset((role, policy.branch(branch).slug) for role in roles),
        actor="channel",
    )

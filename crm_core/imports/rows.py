"""A row as a whole: what its cells say together."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from crm_core.imports.complaint import Problem
from crm_core.imports.fields import Unreadable, When, folded
from crm_core.imports.kinds import CANCELLED, Kind
from crm_core.policy.policy import Policy
from crm_core.tables.calls import CallKind, LegalClass, Outcome
from crm_core.tables.facts import Answer, ReservationState
from crm_core.tables.people import Role

Cells = dict[str, Any]
EVERYWHERE = "*"
SPANNING = frozenset({Role.GROUP, Role.ADMINISTRATOR})

_CLASSES = {
    CallKind.RECALL: LegalClass.OUTREACH,
    CallKind.CONFIRMATION: LegalClass.OWN,
    CallKind.NO_SHOW: LegalClass.OWN,
    CallKind.HAPPY: LegalClass.CARE,
}
_MADE: Mapping[str, tuple[str, ...]] = {
    "reservations": ("state", "state_at", "answer", "answer_at"),
    "calls": ("legal_class",),
    "staff": ("roles",),
}
PLAIN = frozenset({"patients", "reservations", "visits", "consults", "treatments", "courses", "payments"})
"""Kinds whose rows have a chart number and contradict themselves in nothing but their cells."""

_USED_UP = frozenset({"branch", "status_at", "branches", "role"})


class RowProblem(Unreadable):
    """What cells contradict each other in; `column` is the one to change."""

    def __init__(self, column: str, problem: Problem, example: str = "", detail: str = "") -> None:
        super().__init__(problem, example, detail)
        self.column = column


def keys_of(kind: Kind, headers: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a completed row's values, in the order they are kept."""
    gone = _USED_UP | ({"status"} if kind.name == "reservations" else frozenset())
    return (*(h for h in headers if h not in gone), *_MADE.get(kind.name, ()))


def complete(kind: Kind, cells: Cells, policy: Policy, branch: str | None) -> None:
    """Adds what follows from several cells; RowProblem when they contradict each other."""
    if kind.name == "reservations":
        _reservation(cells, policy)
    elif kind.name == "calls":
        _call(cells)
    elif kind.name == "staff":
        cells["roles"] = tuple(sorted(set(_roles(cells, policy, branch))))
    elif kind.name == "inquiries" and not cells.get("chart_no"):
        for header in ("name", "phone"):
            if not cells.get(header):
                raise RowProblem("chart_no", Problem.NO_PERSON)


def completed(kind: Kind, known: Mapping[str, Sequence[Any]], policy: Policy, rows: int) -> Cells:
    """What `complete` adds to rows of a kind of `PLAIN`, column by column."""
    if kind.name != "reservations":
        return {}
    none = (None,) * rows
    asked = (known.get(header, none) for header in ("status", "status_at", "moved_to", "starts_at"))
    states = (
        _state(status, at, moved_to, starts_at, policy)
        for status, at, moved_to, starts_at in zip(*asked, strict=True)
    )
    columns = zip(*states, strict=True)
    return dict(zip(_MADE["reservations"], columns, strict=True))


def _reservation(cells: Cells, policy: Policy) -> None:
    state, state_at, answer, answer_at = _state(
        cells.get("status"), cells.get("status_at"), cells.get("moved_to"), cells["starts_at"], policy
    )
    if answer is not None:
        cells["answer"], cells["answer_at"] = answer, answer_at
    elif state is not None:
        cells["state"], cells["state_at"] = state, state_at


_State = tuple[ReservationState | None, datetime | None, Answer | None, datetime | None]
_STATES: Mapping[str, ReservationState] = {state.value: state for state in ReservationState}
_ANSWERS: Mapping[str, Answer] = {answer.value: answer for answer in Answer}


def _state(
    status: str | None, at: datetime | None, moved_to: str | None, starts_at: When, policy: Policy
) -> _State:
    """The status column is a state or an answer (product.md §4)."""
    if status is None:
        return (ReservationState.MOVED, at, None, None) if moved_to else (None, None, None, None)
    if status == CANCELLED:
        late = at is not None and is_late(at, starts_at.at, policy)
        return ReservationState.CANCELLED_LATE if late else ReservationState.CANCELLED_EARLY, at, None, None
    state = _STATES.get(status)
    return (state, at, None, None) if state else (None, None, _ANSWERS[status], at)


def is_late(cancelled_at: datetime, starts_at: datetime, policy: Policy) -> bool:
    """A cancellation less than the policy's hours before the start (24 in product.md §4)."""
    return starts_at - cancelled_at < timedelta(hours=policy.late_cancel_hours)


def _call(cells: Cells) -> None:
    if cells.get("group") is not None and cells["outcome"] is not Outcome.CONNECTED:
        raise RowProblem("group", Problem.NO_CONVERSATION, Outcome.CONNECTED.value)
    kind = cells.get("kind")
    if kind is not None:
        cells["kind"] = CallKind(kind)
        cells["legal_class"] = _CLASSES[cells["kind"]]


def _roles(cells: Cells, policy: Policy, branch: str | None) -> Iterator[tuple[Role, str]]:
    named = {}
    for role in Role:
        named[folded(role.value)] = role
        if own := policy.roles.get(role.value):
            named |= {folded(word): role for word in (own.names.ko, own.names.en, *own.aliases)}
    places = tuple(_places(cells.get("branches"), policy)) or ((branch,) if branch else ())
    for word in _several(cells["role"]):
        found = named.get(folded(word))
        if found is None:
            known = ", ".join(role.value for role in Role)
            raise RowProblem("role", Problem.NOT_ONE_OF, Role.COORDINATOR.value, known)
        if found in SPANNING:
            yield found, EVERYWHERE
            continue
        if not places:
            raise RowProblem("branches", Problem.MISSING, next(iter(policy.branches)))
        for place in places:
            yield found, place


def _places(text: str | None, policy: Policy) -> Iterator[str]:
    named = branch_names(policy)
    for word in _several(text or ""):
        if word == EVERYWHERE:
            yield EVERYWHERE
            continue
        if folded(word) not in named:
            known = ", ".join(policy.branches)
            raise RowProblem("branches", Problem.NO_BRANCH, next(iter(policy.branches)), known)
        yield named[folded(word)]


def _several(text: str) -> Iterator[str]:
    for mark in ";|/+\n":
        text = text.replace(mark, ",")
    return (word.strip() for word in text.split(",") if word.strip())


def branch_names(policy: Policy) -> dict[str, str]:
    """Slugs and names of branches, folded → slug."""
    return {
        folded(word): slug
        for slug, branch in policy.branches.items()
        for word in (branch.name_ko, branch.name_en, slug)
    }

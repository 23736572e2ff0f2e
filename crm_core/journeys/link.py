"""The fold: one person's events → journeys, and what was once true of them.

Pure and causal: what it says of a moment depends on what was known at that moment alone, so a
question about the past is `… <= T` on the rows of today, with `past` for what they cannot tell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from crm_core.journeys.draft import Draft
from crm_core.journeys.events import ClosedByHand, Event, Inquired, Paid, zone_of
from crm_core.journeys.state import State
from crm_core.journeys.steps import apply, target
from crm_core.journeys.timeline import Answered, Arrival, Changed, Item, Made, VisitDay, blocks
from crm_core.policy.policy import Policy
from crm_core.tables.facts import CAME


@dataclass(frozen=True, slots=True)
class JourneyFold:
    """A journey as it stands, or (with `known_until`) as it stood until then."""

    number: int
    draft: Draft
    last_at: datetime
    source: str | None
    known_from: datetime
    known_until: datetime | None = None
    returned_at: datetime | None = None
    referral_due_on: date | None = None

    @property
    def families(self) -> tuple[str, ...]:
        """Decided for, else came for."""
        return tuple(sorted(self.draft.decided_for or self.draft.came_for))


@dataclass
class _History:
    """Compares what is known after each moment with what was known before."""

    policy: Policy
    source: str | None
    drafts: list[Draft] = field(default_factory=list)
    known_from: list[datetime] = field(default_factory=list)
    past: list[JourneyFold] = field(default_factory=list)

    def note(self, state: State, since: datetime, *, same_day: bool) -> None:
        """Takes the journeys known from `since` on; `same_day`: the last note was of this visit day."""
        for place, draft in enumerate(state.journeys):
            if place == len(self.drafts):
                self.drafts.append(draft)
                self.known_from.append(since)
            elif draft is not self.drafts[place]:
                if self._tells_other_past(self.drafts[place], draft, since, same_day=same_day):
                    self._keep(state, place, since)
                self.drafts[place] = draft
        while len(self.drafts) > len(state.journeys):
            self._keep(state, len(self.drafts) - 1, since)
            self.drafts.pop()
            self.known_from.pop()

    def _keep(self, state: State, place: int, until: datetime) -> None:
        if self.known_from[place] < until:
            old = self.drafts[place]
            self.past.append(self.fold(state, place, old, old.last_at, until))
        self.known_from[place] = until

    def fold(
        self, state: State, place: int, draft: Draft, last_at: datetime, until: datetime | None
    ) -> JourneyFold:
        referral = None
        if draft.treatment_on is not None:
            referral = draft.treatment_on + timedelta(state.policy.patience.referral)
        return JourneyFold(
            number=place + 1,
            draft=draft,
            last_at=last_at,
            source=self._source(draft),
            known_from=self.known_from[place],
            known_until=until,
            referral_due_on=referral,
        )

    def _source(self, draft: Draft) -> str | None:
        return draft.source or (self.source if draft.is_new else None)

    def _tells_other_past(self, old: Draft, new: Draft, since: datetime, *, same_day: bool) -> bool:
        """Whether the new row would tell something else of a moment before `since` than the old one."""
        if (old.branch, old.entry, old.is_new, old.first_at) != (
            new.branch,
            new.entry,
            new.is_new,
            new.first_at,
        ):
            return True
        if self._source(old) != self._source(new):
            return True
        if not same_day and (old.decided_for or old.came_for) != (new.decided_for or new.came_for):
            return True
        if _due_before(old, new, since, self.policy):
            return True
        return _moments(old, since, self.policy) != _moments(new, since, self.policy)


def _moments(draft: Draft, since: datetime, policy: Policy) -> list[object]:
    """What a row tells of the moments before `since`: a later moment is as good as none."""
    stages = (
        draft.inquiry_at,
        draft.reservation_at,
        draft.visit_at,
        draft.consult_at,
        draft.agreement_at,
        draft.treatment_at,
    )
    ripe = draft.reserved_until
    if ripe is not None:
        ripe += timedelta(policy.patience.reservation)
    seen: list[object] = [
        moment if moment is not None and moment < since else None
        for moment in (
            *stages,
            draft.reservation_passed_at,
            draft.visit_passed_at,
            draft.by_clinic_at,
            draft.unsuitable_at,
            draft.declined_at,
            draft.closed_at,
            ripe,
        )
    ]
    for moment, staff_id in zip(stages, draft.staff, strict=True):
        seen.append(staff_id if moment is not None and moment < since else None)
    agreed = draft.agreement_at is not None and draft.agreement_at < since
    seen.append(draft.agreed_same_day if agreed else None)
    return seen


def _due_before(old: Draft, new: Draft, since: datetime, policy: Policy) -> bool:
    """Whether the old churn date may have been reached before it was replaced."""
    if old.return_due_on == new.return_due_on or old.return_due_on is None:
        return False
    return old.return_due_on <= since.astimezone(zone_of(policy, old.branch)).date()


@dataclass(frozen=True)
class Linked:
    """A person's journeys by first contact, and what was once true of them."""

    journeys: tuple[JourneyFold, ...]
    past: tuple[JourneyFold, ...]


def link(
    events: Iterable[Event],
    policy: Policy,
    *,
    first_visit_on: date | None = None,
    source: str | None = None,
) -> Linked:
    """The journeys of one person's events. `first_visit_on` and `source` are those of the chart."""
    state = State(policy)
    state.first_visit_on = first_visit_on
    history = _History(policy, source)
    for block in blocks(events, policy):
        moments = _moments_of(block)
        if len(moments) > 1 and _may_differ(state, block):
            for at in moments[:-1]:
                fork = state.fork()
                _apply(fork, block, at)
                history.note(fork, at, same_day=at != moments[0])
            since = moments[-1]
        else:
            since = moments[0]
        state.next_moment()
        _apply(state, block, moments[-1])
        history.note(state, since, same_day=since != moments[0])
    today = [
        history.fold(state, place, draft, state.last_moment(draft), None)
        for place, draft in enumerate(state.journeys)
    ]
    return Linked(
        tuple(_with_return(fold, today) for fold in today),
        tuple(_with_return(fold, today) for fold in history.past),
    )


def _moments_of(block: Sequence[Item]) -> list[datetime]:
    moments = {item.at for item in block}
    for item in block:
        if isinstance(item.step, VisitDay):
            moments.update(row.at for row in item.step.rows)
    return sorted(moments)


def _may_differ(state: State, block: Sequence[Item]) -> bool:
    """Whether what happened later on a visit day changes where its earlier rows belong."""
    for item in block:
        match item.step:
            case Inquired() | Made() | ClosedByHand():
                return True
            case Changed(reservation) if reservation.state not in CAME:
                return True
            case _:
                pass
    days = [item.step for item in block if isinstance(item.step, VisitDay)]
    if len(days) != 1 or any(isinstance(row, Arrival) for row in days[0].rows):
        return True
    paid = any(isinstance(item.step, Paid) for item in block)
    if paid and any(isinstance(item.step, Answered) for item in block):
        return True
    moments = sorted({row.at for row in days[0].rows})
    targets = {target(state, days[0], days[0].until(at)) for at in moments}
    return len(targets) > 1


def _apply(state: State, block: Sequence[Item], at: datetime) -> None:
    for item in block:
        if item.at <= at:
            apply(state, item.step, at)


def _with_return(fold: JourneyFold, today: Sequence[JourneyFold]) -> JourneyFold:
    """Return: the patient's next journey has a consult or treatment by the churn date (reading 8)."""
    due = fold.draft.return_due_on
    if due is None or fold.number >= len(today):
        return fold
    following = today[fold.number].draft
    came = [
        (at, on)
        for at, on in (
            (following.consult_at, following.consult_on),
            (following.treatment_at, following.treatment_on),
        )
        if at is not None and on is not None and on <= due
    ]
    if not came:
        return fold
    return replace(fold, returned_at=min(came)[0])

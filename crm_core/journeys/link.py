"""The fold: one person's events → journeys, and what was once true of them.

Pure and causal: what it says of a moment depends on what was known at that moment alone, so a
question about the past is `… <= T` on the rows of today, with `past` for what they cannot tell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from operator import attrgetter

from crm_core.journeys.draft import REFUSED, Draft
from crm_core.journeys.events import ClosedByHand, Event, Inquired, Interval, Rules, known_at, zone_of
from crm_core.journeys.state import State
from crm_core.journeys.steps import apply, one_target, target
from crm_core.journeys.timeline import Answered, Changed, Item, Made, VisitDay, timeline
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
    began: datetime | None = None

    def day_began(self, at: datetime) -> None:
        """What is new from here on and changes during one visit day is not kept for its treatment."""
        self.began = at

    def note(self, state: State, since: datetime) -> None:
        """Takes the journeys known from `since` on."""
        for place, draft in enumerate(state.journeys):
            if place == len(self.drafts):
                self.drafts.append(draft)
                self.known_from.append(since)
            elif draft is not self.drafts[place]:
                same_day = self.began is not None and self.known_from[place] >= self.began
                if self._tells_other_past(self.drafts[place], draft, since, same_day=same_day):
                    self._keep(place, since)
                self.drafts[place] = draft
        while len(self.drafts) > len(state.journeys):
            self._keep(len(self.drafts) - 1, since)
            self.drafts.pop()
            self.known_from.pop()

    def _keep(self, place: int, until: datetime) -> None:
        if self.known_from[place] < until:
            old = self.drafts[place]
            self.past.append(self.fold(place, old, old.last_at, until))
        self.known_from[place] = until

    def fold(self, place: int, draft: Draft, last_at: datetime, until: datetime | None = None) -> JourneyFold:
        referral = None
        if draft.treatment_on is not None:
            referral = draft.treatment_on + timedelta(self.policy.patience.referral)
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
        if _FIXED(old) != _FIXED(new) or self._source(old) != self._source(new):
            return True
        if not same_day and _cut_by(old) != _cut_by(new):
            return True
        if old.held != new.held and _other_amounts(old, new, since):
            return True
        if _due_before(old, new, since, self.policy):
            return True
        return _other_moments(old, new, since, self.policy)


def _cut_by(draft: Draft) -> tuple[frozenset[str], frozenset[str]]:
    return draft.decided_for or draft.came_for, draft.payers


def _other_amounts(old: Draft, new: Draft, since: datetime) -> bool:
    """Whether a plan known before says another amount: proposed anew, or agreed to in part and then more.
    What is agreed to for the first time is told by `agreement_at`."""
    if _before(old.consult_at, since) is None:
        return False
    proposed, agreed = old.amounts
    now_proposed, now_agreed = new.amounts
    if proposed != now_proposed:
        return True
    return agreed != now_agreed and _before(old.agreement_at, since) is not None


_FIXED = attrgetter("branch", "entry", "is_new", "first_at")
_STAGES = attrgetter("inquiry_at", "reservation_at", "visit_at", "consult_at", "agreement_at", "treatment_at")
_MOMENTS = attrgetter("visit_passed_at", "by_clinic_at", "unsuitable_at", "declined_at", "closed_at")


def _other_moments(old: Draft, new: Draft, since: datetime, policy: Policy) -> bool:
    """Whether the rows tell the moments before `since` apart: a later moment is as good as none."""
    stages = _STAGES(old)
    for one, other in zip((*stages, *_MOMENTS(old)), (*_STAGES(new), *_MOMENTS(new)), strict=True):
        if one is not other and _before(one, since) != _before(other, since):
            return True
    if old.staff != new.staff:
        for moment, one, other in zip(stages, old.staff, new.staff, strict=True):
            if one != other and _before(moment, since) is not None:
                return True
    if old.agreed_same_day != new.agreed_same_day and _before(old.agreement_at, since) is not None:
        return True
    if old.reserved_until == new.reserved_until:
        return False
    reserved = since - timedelta(policy.patience.reservation)
    return _before(old.reserved_until, reserved) != _before(new.reserved_until, reserved)


def _before(moment: datetime | None, since: datetime) -> datetime | None:
    return moment if moment is not None and moment < since else None


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
    rules: Rules | None = None,
) -> Linked:
    """The journeys of one person's events. `first_visit_on` and `source` are those of the chart; `rules`
    are those of the policy, kept by who folds many."""
    rules = rules or Rules(policy)
    person = _Person(list(events), rules, first_visit_on)
    state = person.begin()
    history = _History(policy, source)
    blocks, doubts = timeline(person.events, rules)
    waiting = sorted({moment for doubt in doubts for moment in doubt})
    for block in blocks:
        moments = _moments_of(block)
        while waiting and waiting[0] < moments[0]:
            person.look(history, state, waiting.pop(0), doubts)
        differs = len(moments) > 1 and _may_differ(state, block)
        since: datetime | None = None
        history.day_began(moments[0])
        for at in sorted({*moments, *(moment for moment in waiting if moment <= moments[-1])}):
            if _is_doubtful(at, doubts) or (differs and at < moments[-1]):
                history.note(person.then(at), at)
            elif since is None:
                since = at
        _apply(state, block)
        if since is not None:
            history.note(state, since)
        waiting = [moment for moment in waiting if moment > moments[-1]]
    for at in waiting:
        person.look(history, state, at, doubts)
    today = [
        history.fold(place, draft, state.last_moment(draft)) for place, draft in enumerate(state.journeys)
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
            case Answered(consult) if consult.decision in REFUSED:
                return True
            case _:
                pass
    days = [item.step for item in block if isinstance(item.step, VisitDay)]
    if len(days) != 1:
        return True
    if one_target(state, days[0]):
        return False
    moments = {row.at for row in days[0].rows}
    return len({target(state, days[0].until(at)) for at in moments}) > 1


def _apply(state: State, block: Sequence[Item]) -> None:
    state.next_moment()
    for item in block:
        apply(state, item.step)


def _is_doubtful(at: datetime, doubts: Sequence[Interval]) -> bool:
    return any(start <= at < end for start, end in doubts)


@dataclass
class _Person:
    """All that is known of a person, to be looked at as of a moment."""

    events: list[Event]
    rules: Rules
    first_visit_on: date | None

    def begin(self) -> State:
        state = State(self.rules)
        state.first_visit_on = self.first_visit_on
        return state

    def then(self, at: datetime) -> State:
        """The state as it was at a moment, from nothing but what was known then."""
        state = self.begin()
        for block in timeline(known_at(self.events, self.rules.policy, at), self.rules).blocks:
            _apply(state, block)
        return state

    def look(self, history: _History, state: State, at: datetime, doubts: Sequence[Interval]) -> None:
        """Notes a moment at which nothing happened, but something came to be known."""
        history.day_began(at)
        history.note(self.then(at) if _is_doubtful(at, doubts) else state, at)


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

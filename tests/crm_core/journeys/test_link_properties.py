"""The fold is causal, and does not care in which order the facts arrive."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.journeys.events import Event, Reserved, known_at
from crm_core.journeys.link import JourneyFold, link
from crm_core.policy.policy import Policy
from crm_core.tables.facts import Decision, InquiryKind, ReservationState
from tests.clinic import policy as read_policy
from tests.crm_core.journeys import lives

POLICY: Policy = read_policy()
TREATMENTS = st.sampled_from(
    [None, "botox", "laser_toning", "filler", "lifting_hifu", "follow_up_check", "removal"]
)
DONE = st.sampled_from(["botox", "laser_toning", "filler", "follow_up_check", "removal"])
# Moments crowd on few days, a few minutes apart: there the fold has most to decide.
DAYS = st.builds(
    lambda day, minutes: day + minutes / 1440,
    st.sampled_from([0, 1, 3, 8, 9, 20, 45, 90]),
    st.sampled_from([30, 60, 70, 90, 120, 240]),
)
STAFF = st.sampled_from([None, 1, 2])


@st.composite
def events(draw: st.DrawFn) -> tuple[Event, ...]:
    found: list[Event] = []
    for number in range(draw(st.integers(1, 9))):
        day = draw(DAYS)
        key = str(number)
        kind = draw(st.sampled_from("irrvvcctkpx"))
        found.append(draw(_event(kind, day, key)))
    chained = [e for e in found if isinstance(e, Reserved)]
    if len(chained) > 1 and draw(st.booleans()):
        first, second = sorted(chained, key=lambda e: e.own_at)[:2]
        found.remove(first)
        found.append(
            Reserved(
                first.key,
                first.starts_at,
                first.starts_on,
                first.branch,
                made_at=first.made_at,
                state=ReservationState.MOVED,
                state_at=draw(st.sampled_from([second.own_at, first.own_at, None])),
                moved_to=second.key,
            )
        )
    return tuple(found)


def _event(kind: str, day: float, key: str) -> st.SearchStrategy[Any]:
    match kind:
        case "i":
            kinds = st.sampled_from([InquiryKind.TREATMENT, InquiryKind.PRICE, InquiryKind.CHANGE])
            channel = st.sampled_from([None, "phone", "kakao"])
            return st.builds(
                lives.inquiry,
                st.just(day),
                TREATMENTS,
                st.just(f"I{key}"),
                kind=kinds,
                channel=channel,
                staff_id=STAFF,
            )
        case "r":
            states = [s for s in ReservationState if s is not ReservationState.MOVED]
            state, name = st.sampled_from(states), st.just(f"R{key}")
            later = st.sampled_from([0.05, 0.1, 1.0, 5.0, 12.0])
            return st.builds(_reserved, st.just(day), later, state, st.booleans(), TREATMENTS, name)
        case "v":
            return st.builds(_timed, st.just(lives.visit(day)), st.booleans())
        case "c":
            decided = st.one_of(st.none(), st.sampled_from([day + 0.02, day + 4]))
            return st.builds(
                lives.consult,
                st.just(day),
                st.sampled_from(list(Decision)),
                TREATMENTS,
                decided,
                staff_id=STAFF,
            )
        case "t":
            return st.builds(
                lives.treatment,
                st.just(day),
                DONE,
                course_no=st.sampled_from([None, "K0", "K1"]),
                staff_id=STAFF,
            )
        case "k":
            return st.builds(_course, st.just(day), st.integers(1, 4), st.sampled_from(["K0", "K1"]))
        case "p":
            numbers = st.sampled_from([(None, None), ("T0", None), (None, "K0")])
            return st.builds(_paid, st.just(day), st.just(key), numbers)
        case _:
            return st.just(lives.closed(day))


def _reserved(
    day: float, later: float, state: ReservationState, stated: bool, treatment: str | None, key: str
) -> Any:
    moment = lives.at(day + later * 0.9) if stated else None
    return lives.reservation(day, day + later, treatment, key, state=state, state_at=moment)


def _timed(event: Any, timed: bool) -> Any:
    return event if timed else event._replace(timed=False)


def _course(day: float, sessions: int, key: str) -> Any:
    return lives.course(day, sessions)._replace(key=key)


def _paid(day: float, key: str, numbers: tuple[str | None, str | None]) -> Any:
    paid = lives.payment(day, treatment_no=numbers[0], course_no=numbers[1])
    return paid._replace(key=f"P{key}")


def unique(found: tuple[Event, ...]) -> list[Event]:
    """One event per key and kind: the chart program's own numbers are unique."""
    return list({(type(event), event.key): event for event in found}.values())


def folded(found: list[Event]) -> tuple[tuple[JourneyFold, ...], tuple[JourneyFold, ...]]:
    linked = link(found, POLICY, source="signboard")
    return linked.journeys, linked.past


def view(found: list[Event], at: datetime) -> Counter[tuple[Any, ...]]:
    """Everything that a question about a moment may read."""
    journeys, past = folded(found)
    rows = [row for row in journeys if row.known_from <= at]
    rows += [row for row in past if row.known_until is not None and row.known_from <= at < row.known_until]
    return Counter(seen(row, at) for row in rows)


def seen(row: JourneyFold, at: datetime) -> tuple[Any, ...]:
    draft = row.draft
    today = (at + timedelta(hours=9)).date()
    stages = (
        draft.inquiry_at,
        draft.reservation_at,
        draft.visit_at,
        draft.consult_at,
        draft.agreement_at,
        draft.treatment_at,
    )
    moments = (
        *stages,
        draft.reservation_passed_at,
        draft.visit_passed_at,
        draft.by_clinic_at,
        draft.unsuitable_at,
        draft.declined_at,
        draft.closed_at,
        draft.reserved_until and draft.reserved_until + timedelta(POLICY.patience.reservation),
    )
    due = draft.return_due_on if draft.return_due_on and draft.return_due_on <= today else None
    return (
        draft.entry,
        draft.is_new,
        draft.first_at,
        draft.first_on,
        draft.branch,
        row.source,
        tuple(moment if moment is not None and moment <= at else None for moment in moments),
        tuple(
            staff if moment is not None and moment <= at else None
            for staff, moment in zip(draft.staff, stages, strict=True)
        ),
        draft.agreed_same_day if draft.agreement_at and draft.agreement_at <= at else None,
        due,
        due and row.returned_at,
    )


@settings(max_examples=400)
@given(events(), st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(found: tuple[Event, ...], random: Any) -> None:
    known = unique(found)
    shuffled = list(known)
    random.shuffle(shuffled)
    assert folded(known) == folded(shuffled)


@settings(max_examples=400)
@given(events(), st.data())
def test_a_moment_is_told_by_what_was_known_then(found: tuple[Event, ...], data: st.DataObject) -> None:
    known = unique(found)
    at = lives.at(data.draw(DAYS), data.draw(st.sampled_from([0, 1, 15, 1500])))
    assert view(known, at) == view(known_at(known, POLICY, at), at)

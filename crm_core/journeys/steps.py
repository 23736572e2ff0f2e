"""What each step does to the journeys of a person (product.md §5, definitions.md §3)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, assert_never

from crm_core.journeys.draft import AGREED, Draft, Evidence, Held
from crm_core.journeys.events import (
    CONTACT_KINDS,
    ClosedByHand,
    Consulted,
    CourseBought,
    Inquired,
    Paid,
    Reserved,
    Treated,
    Visited,
)
from crm_core.journeys.state import NOT_KEPT, Booking, CourseState, Day, State
from crm_core.journeys.timeline import Answered, Arrival, Changed, Made, Row, Step, VisitDay
from crm_core.tables.facts import Decision, ReservationState
from crm_core.tables.journey import Stage

ONE_INQUIRY = timedelta(days=7)


def apply(state: State, step: Step) -> None:
    """Changes the state by a step."""
    match step:
        case Inquired():
            inquire(state, step)
        case Made():
            reserve(state, step.reservation, step.chain)
        case Changed():
            change_reservation(state, step.reservation)
        case VisitDay():
            visit(state, step)
        case CourseBought():
            buy_course(state, step)
        case Answered():
            answer(state, step.consult)
        case Paid():
            pay(state, step)
        case ClosedByHand():
            close(state, step)
        case _:
            assert_never(step)


def inquire(state: State, event: Inquired) -> None:
    if event.kind not in CONTACT_KINDS or state.rules.is_check(event.treatment):
        return
    families = state.rules.families(event.treatment)
    place = _same_inquiry(state, event, families)
    if place is None:
        place = state.find(event.at, event.on, families)
    if place is None:
        place = state.open_new(
            Draft(
                branch=event.branch,
                entry=Stage.INQUIRY,
                is_new=state.is_new_on(event.on),
                first_at=event.at,
                first_on=event.on,
                last_at=event.at,
            )
        )
    draft = state.change(place)
    if draft.inquiry_at is None:
        draft.inquiry_at, draft.source = event.at, event.channel
        draft.name_staff(Stage.INQUIRY, event.staff_id)
    draft.came_for |= families
    draft.asked_at = event.at
    draft.last_at = max(draft.last_at, event.at)


def _same_inquiry(state: State, event: Inquired, families: frozenset[str]) -> int | None:
    """The journey of an inquiry of the last seven days, which this one repeats on another channel.

    Whatever the treatment named; once treated or declined only if it is not another one.
    """
    for place, draft in state.youngest_first():
        asked = draft.asked_at
        if asked is None or not asked <= event.at <= asked + ONE_INQUIRY:
            continue
        same = not families or not draft.families or not draft.families.isdisjoint(families)
        ended = draft.treatment_at is not None or draft.is_declined or draft.closed_at is not None
        if same or not ended:
            return place
    return None


def reserve(state: State, event: Reserved, chain: Sequence[str]) -> None:
    families = state.rules.families(event.treatment)
    made_on = state.rules.local_day(event.branch, event.own_at)
    met = (state.bookings[key] for key in chain if key in state.bookings)
    before = next((booking for booking in met if booking.journey is not None), None)
    contact = not state.rules.is_check(event.treatment)
    place = _journey_of_reservation(state, event, families, before) if contact else None
    if contact and place is None:
        place = state.open_new(
            Draft(
                branch=event.branch,
                entry=Stage.RESERVATION,
                is_new=state.is_new_on(made_on),
                first_at=event.own_at,
                first_on=made_on,
                last_at=event.own_at,
            )
        )
    state.bookings[event.key] = Booking(
        event.key,
        place,
        event.own_at,
        event.starts_at,
        event.starts_on,
        ReservationState.BOOKED,
    )
    if place is None:
        return
    draft = state.change(place)
    first = min(draft.bookings, key=lambda key: (state.bookings[key].own_at, key), default=None)
    draft.bookings = (*draft.bookings, event.key)
    if draft.reservation_at is None or (
        first is not None and (event.own_at, event.key) < (state.bookings[first].own_at, first)
    ):
        draft.reservation_at = event.own_at
        draft.name_staff(Stage.RESERVATION, event.staff_id)
    draft.came_for |= families
    draft.last_at = max(draft.last_at, event.own_at)
    state.settle_bookings(place)


def _journey_of_reservation(
    state: State, event: Reserved, families: frozenset[str], before: Booking | None
) -> int | None:
    if before is not None and before.journey is not None:
        return before.journey
    day = state.day
    made_on = state.rules.local_day(event.branch, event.own_at)
    if day is not None and day.on == made_on and event.own_at > day.first_at and not day.treated:
        return day.journey
    return state.find(event.own_at, made_on, families)


def change_reservation(state: State, event: Reserved) -> None:
    booking = state.set_booking(event.key, event.state, event.changed_at)
    if booking.journey is not None:
        state.settle_bookings(booking.journey)


class Target(NamedTuple):
    """Where a visit day goes: the place of a journey; None opens one."""

    place: int | None
    entry: Stage


def target(state: State, day: VisitDay) -> Target | None:
    """Reading 1: the journey of its course, of the reservation kept, or by the families of the day.
    None where the day is no contact."""
    if not day.real:
        return None
    worked = [row for row in day.real if isinstance(row, Consulted | Treated)]
    kept = sorted(
        (b for b in state.bookings.values() if b.starts_on == day.on and b.state not in NOT_KEPT),
        key=lambda booking: (booking.starts_at, booking.key),
    )
    reserved = next((b.journey for b in kept if b.journey is not None), None)
    checks = len(day.real) < len(day.rows) or any(b.journey is None for b in kept)
    if not worked and reserved is None and checks:
        return None
    entry = _entry(day.real)
    for row in worked:
        course = state.courses.get(row.course_no or "") if isinstance(row, Treated) else None
        if course is not None and course.journey is not None:
            return Target(course.journey, entry)
    if reserved is not None:
        return Target(reserved, entry)
    families: frozenset[str] = frozenset()
    for row in worked:
        families |= state.rules.families(row.treatment)
    return Target(state.find(day.rows[0].at, day.on, families), entry)


def one_target(state: State, day: VisitDay) -> bool:
    """Whether the day goes to the same journey however much of it is known; quick to say."""
    if len(day.real) < len(day.rows):
        return False
    if any(isinstance(row, Treated) and row.course_no for row in day.rows):
        return False
    if not state.journeys:
        return isinstance(day.rows[0], Visited)
    return any(
        b.starts_on == day.on and b.state not in NOT_KEPT and b.journey is not None
        for b in state.bookings.values()
    )


def _entry(rows: Sequence[Row]) -> Stage:
    if any(isinstance(row, Visited | Arrival) for row in rows):
        return Stage.VISIT
    return Stage.CONSULT if any(isinstance(row, Consulted) for row in rows) else Stage.TREATMENT


def visit(state: State, day: VisitDay) -> None:
    found = target(state, day)
    new = state.is_new_on(day.on)
    state.note_visit(day.on)
    if found is None:
        return
    rows = day.real
    first_at = rows[0].at
    place = found.place
    if place is None:
        place = state.open_new(
            Draft(
                branch=rows[0].branch,
                entry=found.entry,
                is_new=new,
                first_at=first_at,
                first_on=day.on,
                last_at=first_at,
            )
        )
    draft = state.change(place)
    if draft.visit_passed_at is None:
        draft.reserved_until = state.reserved_until(draft) or first_at
        draft.visit_passed_at = first_at
    if draft.visit_at is None:
        draft.visit_at = next((r.at for r in rows if isinstance(r, Visited | Arrival)), None)
    draft.last_at = max(draft.last_at, rows[-1].at)
    treated = False
    for row in rows:
        if isinstance(row, Consulted):
            _hold_consult(state, place, row)
        elif isinstance(row, Treated):
            _treat(state, place, row)
            treated = True
    state.day = Day(day.on, first_at, place, treated)
    _keep_courses(state, place, day.on)
    draft.by_clinic_at = None
    if state.waiting:
        _settle_waiting(state)
    draft.settle_consults(rows[-1].at)


def _keep_courses(state: State, place: int, on: date) -> None:
    """A course bought earlier on the day of the visit is of its journey."""
    for key, course in state.courses.items():
        if course.journey is None and course.bought_on == on:
            draft = state.change(place)
            draft.courses = (*draft.courses, key)
            draft.decided_for |= {course.family} if course.family else frozenset()
            state.courses[key] = course._replace(journey=place)


def _hold_consult(state: State, place: int, row: Consulted) -> None:
    draft = state.change(place)
    state.consults[row.key] = place
    held = Held(row.key, row.at, row.staff_id, Decision.PENDING, row.proposed_amount, treatment=row.treatment)
    draft.held = (*draft.held, held)
    draft.came_for |= state.rules.families(row.treatment)
    if draft.consult_at is None:
        draft.consult_at, draft.consult_on = row.at, row.on
        draft.name_staff(Stage.CONSULT, row.staff_id)


def _treat(state: State, place: int, row: Treated) -> None:
    draft = state.change(place)
    state.treatments[row.key] = place
    draft.decided_for |= state.rules.families(row.treatment)
    draft.name_payer(row.covered)
    if draft.treatment_at is None:
        draft.treatment_at, draft.treatment_on = row.at, row.on
        draft.name_staff(Stage.TREATMENT, row.staff_id)
    due = state.rules.churn_date(row)
    if draft.last_treatment_on is None or row.on > draft.last_treatment_on:
        draft.last_treatment_on, draft.return_due_on = row.on, due
    elif row.on == draft.last_treatment_on and due is not None:
        draft.return_due_on = max(draft.return_due_on or due, due)
    if row.course_no:
        _use_session(state, place, row.course_no)


def _use_session(state: State, place: int, course_no: str) -> None:
    course = state.courses.get(course_no, CourseState(None, 0, None))
    if course.journey is None:
        draft = state.change(place)
        draft.courses = (*draft.courses, course_no)
        course = course._replace(journey=place)
    state.courses[course_no] = course._replace(done=course.done + 1)


def buy_course(state: State, event: CourseBought) -> None:
    families = state.rules.families(event.treatment)
    begun = state.courses.get(event.key)  # its first session may stand before its purchase
    done = event.unrecorded + (begun.done if begun else 0)
    place = begun.journey if begun else _journey_of_course(state, event, families)
    state.courses[event.key] = CourseState(
        next(iter(families), None), event.sessions, event.valid_until, done, place, event.on
    )
    if place is None:
        return
    draft = state.change(place)
    if begun is None:
        draft.courses = (*draft.courses, event.key)
    draft.decided_for |= families
    draft.last_at = max(draft.last_at, event.at)
    _settle_waiting(state)
    draft.settle_consults(event.at)


def _journey_of_course(state: State, event: CourseBought, families: frozenset[str]) -> int | None:
    """The journey of the visit on which it was bought, else the one it joins; it opens none."""
    if state.day is not None and state.day.on == event.on:
        return state.day.journey
    return state.find(event.at, event.on, families)


def answer(state: State, event: Consulted) -> None:
    place = state.consults.get(event.key)
    if place is None:
        return
    draft = state.change(place)
    draft.held = tuple(
        held._replace(decision=event.decision, agreed_amount=event.agreed_amount)
        if held.key == event.key
        else held
        for held in draft.held
    )
    at = event.answered_at
    if event.decision in AGREED:
        on = state.rules.local_day(event.branch, at)
        draft.evidence = (*draft.evidence, Evidence(at, on, event.staff_id, yes=True))
        draft.decided_for |= state.rules.families(event.treatment)
    draft.last_at = max(draft.last_at, at)
    draft.settle_consults(at)


def pay(state: State, event: Paid) -> None:
    if event.amount <= 0:
        return
    place = _paid_for(state, event)
    if place is None:
        state.waiting = (*state.waiting, event)
        return
    _count_payment(state, place, event, event.at)


def _paid_for(state: State, event: Paid) -> int | None:
    """The journey a payment is of: by what it names, else by the visit of its day (reading 5)."""
    if event.treatment_no or event.course_no:
        place = state.treatments.get(event.treatment_no or "")
        if place is None and event.course_no in state.courses:
            place = state.courses[event.course_no or ""].journey
        return place
    return state.day.journey if state.day is not None and state.day.on == event.on else None


def _settle_waiting(state: State) -> None:
    """Payments that came before what they are of."""
    left = []
    for event in state.waiting:
        found = _paid_for(state, event)
        if found is None:
            left.append(event)
        else:
            _count_payment(state, found, event, event.at)
    state.waiting = tuple(left)


def _count_payment(state: State, place: int, event: Paid, at: datetime) -> None:
    draft = state.change(place)
    numbered = bool(event.treatment_no or event.course_no)
    draft.evidence = (*draft.evidence, Evidence(at, event.on, numbered=numbered))
    draft.name_payer(event.covered)
    draft.settle_consults(at)


def close(state: State, event: ClosedByHand) -> None:
    """Closes the youngest journey that is not closed yet."""
    for place, draft in state.youngest_first():
        if draft.closed_at is not None:
            continue
        on = state.rules.local_day(draft.branch, event.at)
        if draft.treatment_at is None or state.live_course(draft, on):
            twin = state.change(place)
            twin.closed_at, twin.closed_why = event.at, event.why
            return

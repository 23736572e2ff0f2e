"""리콜 성공률 and 재유치율: of the patients reached by a recall call, who came back (definitions.md §1.0).

One case for each patient: the first connected recall call of the period (reading 15), judged against
the ledger of that day. As many cases as calls, so they are read set by set and judged one by one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import col

from crm_core.churn.conditions import REACHED, RECALL_KINDS, standing_call
from crm_core.churn.eligibility import band_of
from crm_core.churn.ledger import CourseHeld, Done, ledger_lines
from crm_core.churn.reasons import Band
from crm_core.kpi.kpi import KpiCut
from crm_core.kpi.rows import HIT, MISS, YOUNG, Ask, Cases, Row, Value, checks
from crm_core.sql import among, chunks
from crm_core.tables.calls import Call, ResponseGroup
from crm_core.tables.facts import (
    CAME,
    LIVE,
    Consult,
    Course,
    Payment,
    Reservation,
    ReservationState,
    TreatmentDone,
)
from crm_core.tables.people import Patient

CUTS = (
    KpiCut.GROUP,
    KpiCut.CAUSE,
    KpiCut.COORDINATOR,
    KpiCut.OWNER,
    KpiCut.TREATMENT,
    KpiCut.BRANCH,
    KpiCut.WEEKDAY,
)
REVENUE_DAYS = 30
BOOKED_BEFORE, NOT_DUE = "booked_before", "not_due"
_HELD = (*LIVE, *CAME, ReservationState.NO_SHOW)
_CHUNK = 1000


@dataclass(frozen=True)
class Case:
    """A patient reached by a recall call, and what came of it.

    `band` is lapsed if any family was, else due if any was, else None; `families` are those of the
    band. `back_on` is the first day here for a paid treatment or a consult, of any family;
    `same_family` whether one of `families` was among them. `caller_id` is who spoke last before the
    booking. `revenue` in minor units, of the 30 days from the first day back.
    """

    patient_id: int
    branch: str
    called_on: date
    band: Band | None
    families: tuple[str, ...]
    out: str | None
    back_on: date | None
    same_family: bool
    caller_id: int | None
    owner_id: int | None
    group: ResponseGroup | None
    cause: str | None
    revenue: int


class _Talk(NamedTuple):
    at: datetime
    on: date
    staff_id: int | None
    group: ResponseGroup | None
    cause: str | None
    branch: str


class _Came(NamedTuple):
    """A paid treatment or a consult; `family` is None where a consult names no treatment."""

    at: datetime
    on: date
    timed: bool
    family: str | None


class _Held(NamedTuple):
    """A reservation: when it was made, for when, and how it stands."""

    made_at: datetime
    starts_on: date
    state: ReservationState
    state_at: datetime | None


@dataclass
class _Person:
    """What is known of one patient by the moment asked about."""

    owner_id: int | None
    talks: list[_Talk] = field(default_factory=list)
    done: list[tuple[datetime, Done]] = field(default_factory=list)
    courses: list[tuple[datetime, CourseHeld]] = field(default_factory=list)
    came: list[_Came] = field(default_factory=list)
    held: list[_Held] = field(default_factory=list)
    paid: list[tuple[date, int]] = field(default_factory=list)


def recall_cases(ask: Ask) -> list[Case]:
    """The cases of the period, whatever their band; facts later than the moment are not known."""
    return ask.once("recall", _cases)


def _cases(ask: Ask) -> list[Case]:
    talks = _first_talks(ask)
    found: list[Case] = []
    for ids in chunks(sorted(talks), _CHUNK):
        people = _read(ask, ids)
        found += [_judge(ask, one, talks[one], people[one]) for one in ids if one in people]
    return found


def _first_talks(ask: Ask) -> dict[int, _Talk]:
    statement = (
        select(
            col(Call.patient_id),
            col(Call.called_at),
            col(Call.called_on),
            col(Call.staff_id),
            col(Call.response_group),
            col(Call.cause),
            col(Call.branch),
        )
        .where(
            col(Call.branch).in_(ask.branches),
            col(Call.called_on).between(ask.period.first, ask.period.last),
            *_connected(ask),
        )
        .order_by(col(Call.called_at).desc(), col(Call.id).desc())
    )
    return {row[0]: _Talk(*row[1:]) for row in ask.db.execute(statement)}


def _connected(ask: Ask) -> tuple[Any, ...]:
    return col(Call.kind).in_(RECALL_KINDS), col(Call.outcome).in_(REACHED), *standing_call(ask.now)


def _judge(ask: Ask, patient_id: int, talk: _Talk, person: _Person) -> Case:
    band, families = _band(ask, talk, person)
    until = talk.on + timedelta(ask.policy.calls.attribution_days)
    came = [one for one in person.came if _after(one, talk) and one.on <= until]
    back_on = min((one.on for one in came), default=None)
    out = None
    if band is None:
        out = NOT_DUE
    elif any(_was_booked(one, talk) for one in person.held):
        out = BOOKED_BEFORE
    elif until >= ask.today:
        out = YOUNG
    return Case(
        patient_id=patient_id,
        branch=talk.branch,
        called_on=talk.on,
        band=band,
        families=families,
        out=out,
        back_on=back_on,
        same_family=any(one.family in families for one in came),
        caller_id=_caller(talk, person, came, until),
        owner_id=person.owner_id,
        group=talk.group,
        cause=talk.cause,
        revenue=_revenue(person, back_on),
    )


def _band(ask: Ask, talk: _Talk, person: _Person) -> tuple[Band | None, tuple[str, ...]]:
    """How the patient's families stood on the day of the call, before it."""
    done = [one for at, one in person.done if one.done_on < talk.on or at < talk.at]
    courses = [one for at, one in person.courses if at < talk.at]
    found: defaultdict[Band, list[str]] = defaultdict(list)
    for line in ledger_lines(ask.policy, done, courses):
        if line.course_until is None or line.course_until < talk.on:
            found[band_of(line, talk.on)].append(line.family)
    for band in (Band.LAPSED, Band.DUE):
        if found[band]:
            return band, tuple(found[band])
    return None, ()


def _after(one: _Came, talk: _Talk) -> bool:
    """Only what came after the call: an arrival of the same day counts by its time of day."""
    return one.on > talk.on or (one.on == talk.on and one.timed and one.at > talk.at)


def _was_booked(one: _Held, talk: _Talk) -> bool:
    """A reservation that stood when the call was made."""
    if one.made_at >= talk.at or one.starts_on < talk.on:
        return False
    return one.state in _HELD or (one.state_at is not None and one.state_at > talk.at)


def _caller(talk: _Talk, person: _Person, came: Sequence[_Came], until: date) -> int | None:
    """Who spoke last before the booking of the day back, else before the arrival, else in the window."""
    first = min(came, key=lambda one: (one.on, one.at), default=None)
    talks = [one for one in person.talks if talk.at <= one.at and one.on <= until]
    if first is not None:
        made = [one.made_at for one in person.held if one.starts_on == first.on and one.made_at > talk.at]
        booked_at = min(made, default=first.at)
        before = [one for one in talks if one.at < booked_at or one.at == talk.at]
        talks = before or talks
    return max(talks, key=lambda one: one.at, default=talk).staff_id


def _revenue(person: _Person, back_on: date | None) -> int:
    if back_on is None:
        return 0
    until = back_on + timedelta(REVENUE_DAYS)
    return sum(amount for on, amount in person.paid if back_on <= on <= until)


def _read(ask: Ask, ids: Sequence[int]) -> dict[int, _Person]:
    db = ask.db
    owners = select(col(Patient.id), col(Patient.owner_id)).where(
        among(db, col(Patient.id), ids), col(Patient.merged_into_id).is_(None)
    )
    people = {row[0]: _Person(row[1]) for row in db.execute(owners)}
    for patient_id, *values in _rows(
        ask,
        Call,
        (Call.called_at, Call.called_on, Call.staff_id, Call.response_group, Call.cause, Call.branch),
        ids,
        *_connected(ask),
    ):
        people[patient_id].talks.append(_Talk(*values))
    _read_treatments(ask, people)
    _read_courses(ask, people)
    held = (Consult.held_at, Consult.held_on, Consult.timed, Consult.treatment)
    for patient_id, at, on, timed, treatment in _rows(
        ask, Consult, held, people, col(Consult.held_at) <= ask.now
    ):
        people[patient_id].came.append(_Came(at, on, timed, ask.policy.family_of(treatment)))
    made = (
        Reservation.made_at,
        Reservation.starts_at,
        Reservation.starts_on,
        Reservation.state,
        Reservation.state_at,
    )
    for patient_id, made_at, starts_at, *rest in _rows(ask, Reservation, made, people):
        if (made_at or starts_at) <= ask.now:
            people[patient_id].held.append(_Held(made_at or starts_at, *rest))
    paid = Payment.paid_on, Payment.amount, Payment.refund
    for patient_id, on, amount, refund in _rows(ask, Payment, paid, people, col(Payment.paid_at) <= ask.now):
        people[patient_id].paid.append((on, amount - refund))
    return people


def _rows(
    ask: Ask, table: Any, columns: Iterable[Any], ids: Iterable[int], *conditions: Any
) -> Iterator[Any]:
    mine = col(table.patient_id)
    listed = [col(column) for column in columns]
    yield from ask.db.execute(select(mine, *listed).where(among(ask.db, mine, ids), *conditions))


def _read_treatments(ask: Ask, people: dict[int, _Person]) -> None:
    mine = col(TreatmentDone.patient_id)
    statement = (
        select(
            mine,
            col(TreatmentDone.done_at),
            col(TreatmentDone.done_on),
            col(TreatmentDone.timed),
            col(TreatmentDone.treatment),
            col(TreatmentDone.branch),
            col(TreatmentDone.amount),
            col(TreatmentDone.recommended_on),
            col(TreatmentDone.book),
            col(TreatmentDone.course_no),
        )
        .where(among(ask.db, mine, people), col(TreatmentDone.done_at) <= ask.now)
        .order_by(mine, col(TreatmentDone.done_on), col(TreatmentDone.done_at), col(TreatmentDone.number))
    )
    check = set(checks(ask.policy))
    for row in ask.db.execute(statement):
        patient_id, at, on, timed, treatment, branch, amount, recommended, book, course = row
        of_course = (book, course) if course is not None else None
        one = Done(treatment, on, branch, amount or 0, recommended, of_course)
        people[patient_id].done.append((at, one))
        if treatment not in check and (amount != 0 or course is not None):
            family = ask.policy.family_of(treatment)
            people[patient_id].came.append(_Came(at, on, timed, family))


def _read_courses(ask: Ask, people: dict[int, _Person]) -> None:
    columns = (
        Course.bought_at,
        Course.book,
        Course.number,
        Course.treatment,
        Course.sessions,
        Course.used,
        Course.valid_until,
    )
    for patient_id, at, book, number, *rest in _rows(
        ask, Course, columns, people, col(Course.bought_at) <= ask.now
    ):
        people[patient_id].courses.append((at, CourseHeld((book, number), *rest)))


def _values(case: Case, by: KpiCut | None) -> tuple[Value, ...]:
    match by:
        case KpiCut.GROUP:
            return (case.group.value if case.group else None,)
        case KpiCut.CAUSE:
            return (case.cause,)
        case KpiCut.COORDINATOR:
            return (case.caller_id,)
        case KpiCut.OWNER:
            return (case.owner_id,)
        case KpiCut.TREATMENT:
            return case.families or (None,)
        case KpiCut.BRANCH:
            return (case.branch,)
        case _:
            return (None,)


def _of(band: Band, *, same_family: bool = False) -> Cases:
    def rows(ask: Ask) -> Iterator[Row]:
        for case in recall_cases(ask):
            if case.band is band:
                came = case.same_family if same_family else case.back_on is not None
                part = case.out or (HIT if came else MISS)
                for value in _values(case, ask.by):
                    yield Row(case.patient_id, case.called_on, value, part)

    return Cases(rows)


def _money(ask: Ask) -> Iterator[Row]:
    for case in recall_cases(ask):
        if case.band is not None and case.out is None and case.back_on is not None:
            for value in _values(case, ask.by):
                yield Row(case.patient_id, case.called_on, value, HIT, case.revenue)


def _no_payments(ask: Ask) -> str | None:
    known = col(Payment.branch).in_(ask.branches), col(Payment.paid_at) <= ask.now
    return None if ask.db.execute(select(col(Payment.id)).where(*known).limit(1)).first() else "no_payments"


RECALLED = _of(Band.DUE)
RECALLED_SAME = _of(Band.DUE, same_family=True)
RECAPTURED = _of(Band.LAPSED)
RECAPTURED_SAME = _of(Band.LAPSED, same_family=True)
BROUGHT = Cases(_money, _no_payments)

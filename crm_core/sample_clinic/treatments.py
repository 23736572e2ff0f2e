"""Treatments, courses with their sessions, and what is paid for them."""

from datetime import date, datetime, timedelta
from functools import partial

from crm_core.sample_clinic.bookings import book
from crm_core.sample_clinic.life import Course, Life, Purpose, World
from crm_core.sample_clinic.offers import Offer
from crm_core.sample_clinic.rows import PaymentRow, TreatmentRow


def treat(world: World, life: Life, at: datetime, offer: Offer, doctor: str) -> None:
    """A treatment, or a session of the course, and what follows from it."""
    if offer.sessions:
        _session(world, life, at, offer, doctor)
        return
    recommended = None
    if offer.treatment == "medical" and world.quotas.next(280, life.branch, "recommended"):
        recommended = at.date() + timedelta(world.rng.choice((14, 21, 28)))
    covered = world.policy.treatments[offer.treatment].covered
    number = write_treatment(
        world, life, at, offer.treatment, doctor, amount=offer.price, recommended_on=recommended
    )
    pay(world, life, at + timedelta(minutes=3), offer.price, covered=covered, treatment_no=number)
    if offer.treatment == "removal":
        book(world, life, at.date(), offer, Purpose.CHECK, 14, since=at)
    world.on_treated(world, life, at.date())


def _session(world: World, life: Life, at: datetime, offer: Offer, doctor: str) -> None:
    course = life.course
    if course is None:
        course = _buy(world, life, at, offer)
    course.done += 1
    each = offer.price // offer.sessions
    write_treatment(
        world, life, at, offer.treatment, doctor, amount=each, course_no=course.number, session_no=course.done
    )
    if course.done == offer.sessions:
        life.course = None
        world.on_treated(world, life, at.date())
    elif course.done == course.stops_after:
        if world.quotas.next(130, life.branch, "refund"):
            day = at.date() + timedelta(world.rng.randrange(12, 30))
            world.later(day, life, partial(_refund, course=course, last_on=at.date()))
        life.course = None
    else:
        rule = world.policy.treatments[offer.treatment].course
        assert rule is not None
        lead = world.rng.randint(rule.interval_from, rule.interval_to)
        book(world, life, at.date(), offer, Purpose.SESSION, lead, since=at)


def _buy(world: World, life: Life, at: datetime, offer: Offer) -> Course:
    stops = world.quotas.next(130, life.branch, "stops in the middle")
    course = Course(
        number=world.number("K"),
        offer=offer,
        bought_at=at,
        valid_until=at.date() + timedelta(365),
        stops_after=world.rng.randrange(1, max(2, offer.sessions * 2 // 3)) if stops else 0,
    )
    life.course = course
    world.courses.append(course)
    world.course_of[course.number] = life
    pay(world, life, at + timedelta(minutes=3), offer.price, course_no=course.number)
    return course


def _refund(world: World, life: Life, day: date, *, course: Course, last_on: date) -> None:
    """What is left is paid back and the course ends: from now on the patient counts like any other."""
    left = course.offer.sessions - course.done
    amount = course.offer.price // course.offer.sessions * left * 9 // 10 // 1000 * 1000
    pay(world, life, world.diary(life).moment(day), 0, refund=amount, course_no=course.number)
    course.valid_until = day
    world.on_treated(world, life, last_on)


def pay(
    world: World,
    life: Life,
    at: datetime,
    amount: int,
    *,
    refund: int = 0,
    covered: bool = False,
    course_no: str | None = None,
    treatment_no: str | None = None,
) -> None:
    world.rows.payments.append(
        PaymentRow(
            world.number("P"),
            life.branch,
            life.chart_no,
            at,
            amount,
            refund,
            covered,
            course_no,
            treatment_no,
        )
    )


def write_treatment(
    world: World,
    life: Life,
    at: datetime,
    treatment: str,
    doctor: str,
    *,
    amount: int,
    course_no: str | None = None,
    session_no: int | None = None,
    recommended_on: date | None = None,
) -> str:
    number = world.number("T")
    day = at.date()
    staff = life.owner if life.owner and world.team.works(life.owner, day) else None
    world.rows.treatments.append(
        TreatmentRow(
            number=number,
            branch=life.branch,
            chart_no=life.chart_no,
            at=at,
            treatment=treatment,
            doctor=doctor,
            staff=staff or world.team.one("coordinator", life.branch, day),
            course_no=course_no,
            session_no=session_no,
            amount=amount,
            covered=world.policy.treatments[treatment].covered,
            recommended_on=recommended_on,
        )
    )
    if not world.policy.treatments[treatment].check:
        life.treated_on, life.treated_with = day, treatment
    return number

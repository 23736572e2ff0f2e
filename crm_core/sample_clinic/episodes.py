"""What people do: inquire, book, move, come, decide, are treated, stay away."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from crm_core.sample_clinic.life import Booking, Course, Life, Purpose, World
from crm_core.sample_clinic.offers import Offer
from crm_core.sample_clinic.rows import (
    ConsultRow,
    InquiryRow,
    PaymentRow,
    TreatmentRow,
    VisitRow,
)

AGREES = 660
AGREES_AFTER_LOSS = 520
_ONLINE = ("kakao", "naver_talk", "instagram", "website", "gangnam_unni", "babitalk", "yeoshin_ticket")
_PATIENCE_PASSED = 36


def begin(world: World, life: Life, day: date, *, offer: Offer, how: str, consult: bool) -> None:
    """A new episode: by `inquiry`, by `reservation` or by walking in."""
    life.episode += 1
    life.first_contact_on = day
    life.is_new = life.first_visit_on is None and not life.visits
    life.with_consult = consult
    if how == "inquiry":
        inquire(world, life, day, offer)
        books = world.rng.choices((0, 1, 2), (70, 20, 10))[0]
        if life.is_new or not world.quotas.next(260, life.branch, "only asks"):
            if books and world.diary(life).open_day(day + timedelta(books)) < world.today:
                world.later(day + timedelta(books), life, partial(_first_booking, offer=offer))
            else:
                _first_booking(world, life, day, offer=offer)
    elif how == "reservation":
        _first_booking(world, life, day, offer=offer)
    else:
        at = world.diary(life).moment(day, last=17 * 60)
        come(world, life, at, offer, _purpose(life), doctor=world.team.one("doctor", life.branch, day))


def inquire(world: World, life: Life, day: date, offer: Offer, kind: str = "treatment") -> None:
    """An inquiry during opening hours, answered within an hour or two."""
    at = _moment_after(world, life, day, _said_last(world, life, day))
    channel = "phone" if kind != "treatment" or life.source is None else life.source
    if life.visits and kind == "treatment":
        channel = world.rng.choice(("phone", "kakao", "phone", "naver_talk"))
    world.rows.inquiries.append(
        InquiryRow(
            number=world.number("Q"),
            branch=life.branch,
            at=at,
            chart_no=life.chart_no,
            phone=None,
            channel=channel,
            kind=kind,
            treatment=offer.treatment,
            staff=world.team.one("coordinator" if channel in _ONLINE else "desk", life.branch, day),
            answered_at=_soon_after(world, life, at, 75),
        )
    )


def _first_booking(world: World, life: Life, day: date, *, offer: Offer) -> None:
    lead = world.rng.choices((2, 3, 4, 5, 6, 7, 9, 12, 14), (9, 12, 13, 13, 12, 13, 11, 9, 8))[0]
    lead += 0 if life.is_new else world.rng.choice((0, 0, 2, 5, 7))
    book(world, life, day, offer, _purpose(life), lead)


def _purpose(life: Life) -> Purpose:
    return Purpose.CONSULT if life.with_consult else Purpose.TREAT


def book(
    world: World,
    life: Life,
    day: date,
    offer: Offer,
    purpose: Purpose,
    lead: int,
    *,
    sure: bool = False,
    since: datetime | None = None,
) -> Booking:
    """A reservation made on an open day for a later one."""
    minutes = 10 if purpose is Purpose.CHECK else world.policy.treatments[offer.treatment].minutes
    minutes += 20 if purpose is Purpose.CONSULT else 0
    made_at = _moment_after(world, life, day, since or _said_last(world, life, day))
    booking = Booking(
        number=world.number("R"),
        life=life,
        offer=offer,
        purpose=purpose,
        starts_at=world.diary(life).book(_open_near(world, life, day, lead), minutes),
        made_at=made_at,
        staff=life.owner or world.team.one("coordinator", life.branch, day),
        doctor=world.team.one("doctor", life.branch, day),
        sure=sure,
    )
    if not world.team.works(booking.staff, day):
        booking.staff = world.team.one("coordinator", life.branch, day)
    life.bookings.append(booking)
    world.bookings.append(booking)
    world.by_day[life.branch, booking.starts_at.date()].append(booking)
    if not sure:
        _disturb(world, booking)
    return booking


def _open_near(world: World, life: Life, day: date, lead: int) -> date:
    """An open day so many days ahead; in place of a closed one as often the day before as the next."""
    branch, wanted = world.diary(life).branch, day + timedelta(max(lead, 1))
    if branch.is_open(wanted):
        return wanted
    before = branch.last_open_day(wanted)
    return before if before > day and world.rng.randrange(2) else branch.next_open_day(wanted)


def _disturb(world: World, booking: Booking) -> None:
    """Some are moved, some cancelled in good time: on a day between, at least a day before."""
    life, first, last = booking.life, booking.made_at.date(), booking.starts_at.date()
    days = (last - first).days
    if days < 3:
        return
    day = first + timedelta(world.rng.randrange(1, days - 1))
    if world.diary(life).open_day(day) > last - timedelta(2):
        return
    if world.quotas.next(85, life.branch, "moves"):
        world.later(day, life, partial(_move, booking=booking), whatever=True)
    elif world.quotas.next(75, life.branch, "cancels"):
        world.later(day, life, partial(_cancel, booking=booking, state="cancelled_early"), whatever=True)
    elif world.quotas.next(8, life.branch, "clinic cancels"):
        world.later(day, life, partial(_cancel, booking=booking, state="cancelled_by_clinic"), whatever=True)


def _move(world: World, life: Life, day: date, *, booking: Booking) -> None:
    if booking.state != "booked":
        return
    lead = (booking.starts_at.date() - day).days + world.rng.randrange(1, 8)
    booking.state, booking.state_at = "moved", world.diary(life).moment(day)
    moved = book(
        world, life, day, booking.offer, booking.purpose, lead, sure=True, since=booking.state_at
    )
    moved.sure = booking.sure
    booking.moved_to, moved.made_at = moved.number, booking.state_at


def _cancel(world: World, life: Life, day: date, *, booking: Booking, state: str) -> None:
    if booking.state != "booked":
        return
    booking.state, booking.state_at = state, world.diary(life).moment(day)
    _after_missing(world, booking, day, book_again=920 if state == "cancelled_by_clinic" else 480)


def missed(world: World, booking: Booking, day: date, state: str) -> None:
    """A no-show or a late cancellation of that day."""
    life = booking.life
    if state == "no_show":
        life.missed += 1
        booking.state_at = world.diary(life).branch.closing(day)
    else:
        booking.state_at = _late(world, booking, day)
    booking.state = state
    again = {Purpose.SESSION: 900, Purpose.TREAT: 640, Purpose.CONSULT: 480, Purpose.CHECK: 300}
    _after_missing(world, booking, day, book_again=again[booking.purpose])


def _late(world: World, booking: Booking, day: date) -> datetime:
    """On the morning itself, else the afternoon before, less than a day ahead."""
    diary = world.diary(booking.life)
    start = diary.minute(booking.starts_at)
    opening = diary.branch.opening(day)
    before = day - timedelta(1)
    if opening is not None and opening < booking.starts_at:
        return diary.moment(day, last=start)
    if diary.branch.is_open(before):
        at = diary.moment(before, first=start + 1)
        if at > booking.starts_at - timedelta(hours=23):
            return max(at, booking.made_at)
    return booking.starts_at


def _after_missing(world: World, booking: Booking, day: date, *, book_again: int) -> None:
    life = booking.life
    loyal = life.is_regular and life.treated_on is not None
    if booking.purpose is not Purpose.CHECK and (loyal or world.rng.randrange(1000) < book_again):
        again = partial(_book_again, booking=booking)
        world.later(day + timedelta(world.rng.randrange(1, 5)), life, again)
    elif booking.purpose is not Purpose.CHECK:
        give_up(world, life, day)


def _book_again(world: World, life: Life, day: date, *, booking: Booking) -> None:
    if not life.is_booked(day):
        book(world, life, day, booking.offer, booking.purpose, world.rng.randrange(1, 7))


def give_up(world: World, life: Life, day: date) -> None:
    """The episode ends in silence; a few come back for something else, much later."""
    life.episode += 1
    life.course = None
    if world.on_given_up is not None and life.is_regular and life.treated_on is not None:
        world.on_given_up(world, life, day)
    elif life.treated_on is None and world.quotas.next(120, life.branch, "comes back"):
        world.later(day + timedelta(world.rng.randrange(45, 130)), life, something_else)


def something_else(world: World, life: Life, day: date) -> None:
    """A consult about another treatment."""
    offer = world.shelf.draw(life.sex, life.age(day), consult=True, other_than=life.treated_with)
    how = "inquiry" if world.quotas.next(420, life.branch, "asks first") else "reservation"
    begin(world, life, day, offer=offer, how=how, consult=True)


# ── on the day ───────────────────────────────────────────────────────────────────────────────────


def arrive(world: World, booking: Booking) -> None:
    diary = world.diary(booking.life)
    opening = diary.branch.opening(booking.starts_at.date())
    assert opening is not None
    at = max(opening, booking.starts_at + timedelta(minutes=world.rng.randrange(-9, 7)))
    booking.state, booking.state_at = "completed", at + timedelta(minutes=1)
    come(world, booking.life, at, booking.offer, booking.purpose, doctor=booking.doctor)


def come(
    world: World, life: Life, at: datetime, offer: Offer, purpose: Purpose, *, doctor: str
) -> None:
    day = at.date()
    life.visits.append(day)
    world.rows.visits.append(VisitRow(world.number("V"), life.branch, life.chart_no, at, doctor))
    if purpose is Purpose.CONSULT and world.quotas.next(65, life.branch, "no consult"):
        give_up(world, life, day)
    elif purpose is Purpose.CONSULT:
        _consult(world, life, at + timedelta(minutes=4), offer, doctor)
    elif purpose is Purpose.CHECK:
        _write_treatment(world, life, at + timedelta(minutes=6), "follow_up_check", doctor, amount=0)
    else:
        treat(world, life, at + timedelta(minutes=12), offer, doctor)


def _consult(world: World, life: Life, at: datetime, offer: Offer, doctor: str) -> None:
    day = at.date()
    if life.owner is None or not world.team.works(life.owner, day):
        staff = world.team.one("coordinator", life.branch, day)
        life.owner = life.owner or staff
    else:
        staff = life.owner
    era = _era(world, life)
    decision, decided_at = "not_suitable", at + timedelta(minutes=3)
    if not world.quotas.next(25, life.branch, "not suitable"):
        per_mille = AGREES_AFTER_LOSS if era == "after" else AGREES
        agrees = world.quotas.next(per_mille, life.branch, era, "new" if life.is_new else "known")
        decision = "yes" if agrees else "no"
    proposed = offer.price * world.rng.choice((10, 10, 10, 13, 15)) // 10 // 1000 * 1000
    row = ConsultRow(
        number=world.number("C"),
        branch=life.branch,
        chart_no=life.chart_no,
        at=at,
        treatment=offer.treatment,
        staff=staff,
        decision=decision,
        decided_at=decided_at,
        proposed=proposed,
        agreed=None,
        first_contact_on=life.first_contact_on or day,
        is_new=life.is_new,
    )
    index = len(world.rows.consults)
    world.rows.consults.append(row)
    if decision == "yes":
        _agree(world, life, index, offer, doctor)
    else:
        _decline(world, life, index)


def _era(world: World, life: Life) -> str:
    """Whether the journey began after the branch started to lose at this stage."""
    began = life.first_contact_on
    loses = life.branch == "haeundae" and began is not None and began >= world.loses_since
    return "after" if loses else "before"


def _agree(world: World, life: Life, index: int, offer: Offer, doctor: str) -> None:
    row = world.rows.consults[index]
    part = row.proposed > offer.price
    agreed = offer.price
    decision = "part" if part else "yes"
    if world.quotas.next(730, life.branch, "decides at once"):
        world.rows.consults[index] = replace(row, decision=decision, agreed=agreed)
        if world.quotas.next(640, life.branch, "treated at once"):
            treat(world, life, row.at + timedelta(minutes=8), offer, doctor)
        elif not world.quotas.next(60, life.branch, "never books"):
            since = row.at + timedelta(minutes=6)
            book(world, life, row.at.date(), offer, Purpose.TREAT, world.rng.randrange(2, 12), since=since)
        return
    world.rows.consults[index] = replace(row, decision="pending", decided_at=None)
    day = row.at.date() + timedelta(world.rng.randrange(2, 19))
    world.later(
        day, life, partial(_decides_later, index=index, offer=offer, decision=decision), whatever=False
    )


def _decides_later(
    world: World, life: Life, day: date, *, index: int, offer: Offer, decision: str
) -> None:
    row = world.rows.consults[index]
    at = world.diary(life).moment(day)
    world.rows.consults[index] = replace(row, decision=decision, decided_at=at, agreed=offer.price)
    book(world, life, day, offer, Purpose.TREAT, world.rng.randrange(1, 9), since=at)


def _decline(world: World, life: Life, index: int) -> None:
    row = world.rows.consults[index]
    if row.decision == "no" and world.quotas.next(480, life.branch, "stays undecided"):
        world.rows.consults[index] = replace(row, decision="pending", decided_at=None)
    give_up(world, life, row.at.date() + timedelta(_PATIENCE_PASSED))


# ── treatments ───────────────────────────────────────────────────────────────────────────────────


def treat(world: World, life: Life, at: datetime, offer: Offer, doctor: str) -> None:
    """A treatment, or a session of the course, and what follows from it."""
    if offer.sessions:
        _session(world, life, at, offer, doctor)
        return
    recommended = None
    if offer.treatment == "medical" and world.quotas.next(280, life.branch, "recommended"):
        recommended = at.date() + timedelta(world.rng.choice((14, 21, 28)))
    covered = world.policy.treatments[offer.treatment].covered
    number = _write_treatment(
        world, life, at, offer.treatment, doctor, amount=offer.price, recommended_on=recommended
    )
    pay(world, life, at + timedelta(minutes=3), offer.price, covered=covered, treatment_no=number)
    if offer.treatment == "removal":
        book(world, life, at.date(), offer, Purpose.CHECK, 14, since=at)
    _treated(world, life, at.date())


def _session(world: World, life: Life, at: datetime, offer: Offer, doctor: str) -> None:
    course = life.course
    if course is None:
        course = _buy(world, life, at, offer)
    course.done += 1
    each = offer.price // offer.sessions
    _write_treatment(
        world, life, at, offer.treatment, doctor, amount=each, course_no=course.number, session_no=course.done
    )
    if course.done == offer.sessions:
        life.course = None
        _treated(world, life, at.date())
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
    stops = world.quotas.next(170, life.branch, "stops in the middle")
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
    _treated(world, life, last_on)


def _treated(world: World, life: Life, day: date) -> None:
    if world.on_treated is not None:
        world.on_treated(world, life, day)


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
            world.number("P"), life.branch, life.chart_no, at, amount, refund, covered, course_no, treatment_no
        )
    )


def _write_treatment(
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


# ── moments ──────────────────────────────────────────────────────────────────────────────────────


def _said_last(world: World, life: Life, day: date) -> datetime | None:
    """The moment of the inquiry of that day, after which a reservation is made."""
    last = world.rows.inquiries[-1] if world.rows.inquiries else None
    if last is not None and last.chart_no == life.chart_no and last.at.date() == day:
        return last.at
    return None


def _moment_after(world: World, life: Life, day: date, since: datetime | None) -> datetime:
    if since is None or since.date() != day:
        return world.diary(life).moment(day)
    return _soon_after(world, life, since, 12)


def _soon_after(world: World, life: Life, at: datetime, minutes: int) -> datetime:
    """Some minutes later, within the day's opening hours."""
    closing = world.diary(life).branch.closing(at.date())
    assert closing is not None
    later = at + timedelta(minutes=world.rng.randrange(1, minutes))
    return max(at, min(later, closing - timedelta(minutes=1)))

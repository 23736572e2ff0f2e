"""Reservations: made, moved, cancelled, missed, made again."""

from datetime import date, datetime, timedelta
from functools import partial

from crm_core.sample_clinic.life import Booking, Life, Purpose, World
from crm_core.sample_clinic.moments import moment_after, said_last
from crm_core.sample_clinic.offers import Offer


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
    made_at = moment_after(world, life, day, since or said_last(world, life, day))
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
    moved = book(world, life, day, booking.offer, booking.purpose, lead, sure=True, since=booking.state_at)
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
    """The episode ends in silence."""
    life.episode += 1
    life.course = None
    world.on_given_up(world, life, day)

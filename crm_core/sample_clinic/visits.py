"""On the day: they come, hear a proposal, decide, and are treated."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from crm_core.sample_clinic.bookings import book, give_up
from crm_core.sample_clinic.life import Booking, Life, Purpose, World
from crm_core.sample_clinic.offers import Offer
from crm_core.sample_clinic.rows import ConsultRow, VisitRow
from crm_core.sample_clinic.staff import HAEUNDAE
from crm_core.sample_clinic.treatments import treat, write_treatment

AGREES = 660
AGREES_AFTER_LOSS = 520
_PATIENCE_PASSED = 36


def arrive(world: World, booking: Booking) -> None:
    diary = world.diary(booking.life)
    opening = diary.branch.opening(booking.starts_at.date())
    assert opening is not None
    at = max(opening, booking.starts_at + timedelta(minutes=world.rng.randrange(-9, 7)))
    booking.state, booking.state_at = "completed", at + timedelta(minutes=1)
    come(world, booking.life, at, booking.offer, booking.purpose, doctor=booking.doctor)


def come(world: World, life: Life, at: datetime, offer: Offer, purpose: Purpose, *, doctor: str) -> None:
    day = at.date()
    life.visits.append(day)
    world.rows.visits.append(VisitRow(world.number("V"), life.branch, life.chart_no, at, doctor))
    if purpose is Purpose.CONSULT and world.quotas.next(65, life.branch, "no consult"):
        give_up(world, life, day)
    elif purpose is Purpose.CONSULT:
        _consult(world, life, at + timedelta(minutes=7), offer, doctor)
    elif purpose is Purpose.CHECK:
        write_treatment(world, life, at + timedelta(minutes=6), "follow_up_check", doctor, amount=0)
    else:
        treat(world, life, at + timedelta(minutes=12), offer, doctor)


def _consult(world: World, life: Life, at: datetime, offer: Offer, doctor: str) -> None:
    day = at.date()
    if life.owner is None or not world.team.works(life.owner, day):
        staff = world.team.one("coordinator", life.branch, day)
        life.owner = life.owner or staff
    else:
        staff = life.owner
    decision, decided_at = "not_suitable", at + timedelta(minutes=3)
    if not world.quotas.next(25, life.branch, "not suitable"):
        agrees = _agrees(world, life, day)
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


def _agrees(world: World, life: Life, day: date) -> bool:
    """By quota, from anew for the journeys that began since the branch loses at this stage."""
    since = (life.first_contact_on or day) >= world.loses_since
    per_mille = AGREES_AFTER_LOSS if since and life.branch == HAEUNDAE else AGREES
    return world.quotas.next(per_mille, life.branch, "agrees", "since" if since else "before")


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


def _decides_later(world: World, life: Life, day: date, *, index: int, offer: Offer, decision: str) -> None:
    row = world.rows.consults[index]
    at = world.diary(life).moment(day)
    world.rows.consults[index] = replace(row, decision=decision, decided_at=at, agreed=offer.price)
    book(world, life, day, offer, Purpose.TREAT, world.rng.randrange(1, 9), since=at)


def _decline(world: World, life: Life, index: int) -> None:
    row = world.rows.consults[index]
    if row.decision == "no" and world.quotas.next(480, life.branch, "stays undecided"):
        world.rows.consults[index] = replace(row, decision="pending", decided_at=None)
    give_up(world, life, row.at.date() + timedelta(_PATIENCE_PASSED))

"""How people begin something: by asking, by booking, by walking in."""

from datetime import date, timedelta
from functools import partial

from crm_core.sample_clinic.bookings import book
from crm_core.sample_clinic.life import Life, Purpose, World
from crm_core.sample_clinic.moments import moment_after, said_last, soon_after
from crm_core.sample_clinic.offers import Offer
from crm_core.sample_clinic.rows import InquiryRow
from crm_core.sample_clinic.visits import come

_ONLINE = ("kakao", "naver_talk", "instagram", "website", "gangnam_unni", "babitalk", "yeoshin_ticket")


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
                world.later(day + timedelta(books), life, partial(first_booking, offer=offer))
            else:
                first_booking(world, life, day, offer=offer)
    elif how == "reservation":
        first_booking(world, life, day, offer=offer)
    else:
        at = world.diary(life).moment(day, last=world.diary(life).closes(day) - 40)
        come(world, life, at, offer, purpose_of(life), doctor=world.team.one("doctor", life.branch, day))


def inquire(world: World, life: Life, day: date, offer: Offer, kind: str = "treatment") -> None:
    """An inquiry during opening hours, answered within an hour or two."""
    at = moment_after(world, life, day, said_last(world, life, day))
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
            answered_at=soon_after(world, life, at, 75),
        )
    )


def first_booking(world: World, life: Life, day: date, *, offer: Offer) -> None:
    lead = world.rng.choices((2, 3, 4, 5, 6, 7, 9, 12, 14), (9, 12, 13, 13, 12, 13, 11, 9, 8))[0]
    lead += 0 if life.is_new else world.rng.choice((0, 0, 2, 5, 7))
    book(world, life, day, offer, purpose_of(life), lead)


def purpose_of(life: Life) -> Purpose:
    return Purpose.CONSULT if life.with_consult else Purpose.TREAT


def something_else(world: World, life: Life, day: date) -> None:
    """A consult about another treatment."""
    offer = world.shelf.draw(life.sex, life.age(day), consult=True, other_than=life.treated_with)
    how = "inquiry" if world.quotas.next(420, life.branch, "asks first") else "reservation"
    begin(world, life, day, offer=offer, how=how, consult=True)

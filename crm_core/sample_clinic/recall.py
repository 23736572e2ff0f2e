"""What happens after a treatment: coming back by oneself, being called when due, staying away.

A *case* is a patient who reaches the first due day without a visit since and without a reservation.
Half of the cases are reached by a call within two weeks, and more of these come back: the planted lift.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

from crm_core.sample_clinic.bookings import book
from crm_core.sample_clinic.episodes import begin, inquire, something_else
from crm_core.sample_clinic.life import Booking, Life, Purpose, World
from crm_core.sample_clinic.rows import CallRow

REACHED = 500
RETURN_REACHED, RETURN_ALONE = 320, 260
RETURN_DAYS = 60
SOON = 880  # per mille of the regulars have something else done within weeks
_AFTERNOON = (14 * 60, 17 * 60)
_CAUSES = (
    "no_time forgot cost no_need too_far no_slot dissatisfied_result went_elsewhere staff_changed "
    "dissatisfied_service other side_effect"
)
_CAUSE_WEIGHTS = (24, 20, 14, 10, 7, 6, 6, 5, 3, 3, 2, 1)
_NOTES = {
    "no_time": "이번 달은 바쁘셔서 다음 달에 보신다고 하심",
    "forgot": "시기를 잊고 계셨다고, 알려 줘서 고맙다고 하심",
    "cost": "꼭 필요한 것부터 알고 싶어 하심",
    "too_far": "이사하셔서 오시는 데 한 시간쯤 걸린다고 하심",
    "no_slot": "토요일 오전 자리를 원하심",
}


def after_treatment(world: World, life: Life, day: date) -> None:
    """Plans what a patient does after the last treatment of an episode."""
    life.episode += 1
    days = world.policy.days_of(life.treated_with)
    rng = world.rng
    if days is None:
        _after_undated(world, life, day)
        return
    due = days[0]
    world.first_thing(day + timedelta(due), life, partial(_due, last_on=day))
    if life.is_regular and world.quotas.next(SOON, life.branch, "soon"):
        world.later(day + timedelta(rng.randrange(3, 20)), life, _more)
    elif life.treated_with == "hair_loss":
        if rng.randrange(100) < 74:
            world.later(day + timedelta(rng.randrange(26, 31)), life, _repeat)
    elif world.quotas.next(250, life.branch, "comes by itself"):
        world.later(day + timedelta(due * rng.randrange(55, 92) // 100), life, _repeat)
    elif world.quotas.next(130, life.branch, "something else"):
        world.later(day + timedelta(rng.randrange(12, max(14, due - 8))), life, something_else)


def _after_undated(world: World, life: Life, day: date) -> None:
    rng = world.rng
    recommended = world.rows.treatments[-1].recommended_on
    if recommended is not None and rng.randrange(100) < 65:
        offer = world.shelf.named(life.treated_with)
        book(world, life, day, offer, Purpose.TREAT, (recommended - day).days)
        life.with_consult = False
    elif life.is_regular:
        world.later(day + timedelta(rng.randrange(5, 24)), life, _more)
    elif world.quotas.next(290, life.branch, "another need"):
        world.later(day + timedelta(rng.randrange(25, 130)), life, something_else)


def after_silence(world: World, life: Life, day: date) -> None:
    """Later than the patience of any stage a regular begins again, and so do a few who never began."""
    if life.is_regular and life.treated_on is not None:
        world.later(day + timedelta(world.rng.randrange(62, 90)), life, _more)
    elif life.treated_on is None and world.quotas.next(120, life.branch, "comes back"):
        world.later(day + timedelta(world.rng.randrange(45, 130)), life, something_else)


def _more(world: World, life: Life, day: date) -> None:
    """A regular takes the next thing: often without a consult."""
    if world.quotas.next(300, life.branch, "more, with a consult"):
        something_else(world, life, day)
        return
    offer = world.shelf.draw(life.sex, life.age(day), other_than=life.treated_with)
    how = "inquiry" if world.quotas.next(200, life.branch, "more, asking") else "reservation"
    begin(world, life, day, offer=offer, how=how, consult=False)


def _repeat(world: World, life: Life, day: date) -> None:
    """The same again, mostly without a consult."""
    offer = world.shelf.named(life.treated_with)
    how = "inquiry" if world.quotas.next(280, life.branch, "repeat asks") else "reservation"
    begin(
        world, life, day, offer=offer, how=how, consult=bool(offer.sessions) and world.rng.randrange(10) < 4
    )


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


def _due(world: World, life: Life, day: date, *, last_on: date) -> None:
    """The first due day: who has not been here since and has no reservation is a case."""
    if life.last_visit_on != last_on or life.is_booked(day):
        return
    life.episode += 1
    may_call = not (life.is_quiet or life.is_settled)
    reached = may_call and world.quotas.next(REACHED, life.branch, "reached")
    share = RETURN_REACHED if reached else RETURN_ALONE
    returns = world.quotas.next(share, "returns", str(reached))
    back_on = day + timedelta(world.rng.randrange(13, 47)) if returns else None
    if reached:
        _reach(world, life, day, back_on)
        return
    if may_call and world.quotas.next(350, life.branch, "tried"):
        tries(world, life, day)
    if back_on is not None:
        lead = world.rng.randrange(1, 8)
        world.later(back_on - timedelta(lead), life, partial(_comes_back, lead=lead))
    else:
        _stays_away(world, life, day, last_on)


def _reach(world: World, life: Life, day: date, back_on: date | None) -> None:
    diary = world.diary(life)
    call_on = diary.open_day(day + timedelta(world.rng.randrange(3)))
    if world.quotas.next(240, life.branch, "second try"):
        world.later(call_on, life, partial(_no_answer, outcome="no_answer"))
        call_on = diary.branch.next_open_day(call_on)
    world.later(call_on, life, partial(connect, back_on=back_on))
    if back_on is None and life.treated_on is not None:
        _stays_away(world, life, day, life.treated_on)


def _stays_away(world: World, life: Life, day: date, last_on: date) -> None:
    """Not back within the days that count; tried again when lapsed."""
    again = day + timedelta(RETURN_DAYS + world.rng.randrange(3, 25))
    world.later(again, life, partial(_lapsed, last_on=last_on))


def _comes_back(world: World, life: Life, day: date, *, lead: int) -> None:
    if world.quotas.next(300, life.branch, "returns asking"):
        inquire(world, life, day, world.shelf.named(life.treated_with))
    _book_return(world, life, day, lead)


def _book_return(world: World, life: Life, day: date, lead: int) -> None:
    life.first_contact_on, life.is_new, life.with_consult = day, False, False
    book(world, life, day, world.shelf.named(life.treated_with), Purpose.TREAT, lead, sure=True)


def _lapsed(world: World, life: Life, day: date, *, last_on: date) -> None:
    """A later round of calls, or a late return by oneself."""
    days = world.policy.days_of(life.treated_with)
    is_back = life.last_visit_on != last_on or life.is_booked(day)
    if is_back or days is None or (day - last_on).days > days[1] + 150:
        return
    if world.quotas.next(60, life.branch, "late return"):
        _repeat(world, life, day)
        return
    if not (life.is_settled or life.is_quiet) and world.quotas.next(760, life.branch, "called when lapsed"):
        if not world.quotas.next(600, life.branch, "answers when lapsed"):
            tries(world, life, day)
        elif world.quotas.next(120, life.branch, "recaptured"):
            connect(world, life, day, back_on=day + timedelta(world.rng.randrange(2, 9)), sure=False)
            return
        else:
            connect(world, life, day, back_on=None)
    if not life.is_settled:
        again = day + timedelta(world.rng.randrange(33, 60))
        world.later(again, life, partial(_lapsed, last_on=last_on))


# ── calls ────────────────────────────────────────────────────────────────────────────────────────


def connect(world: World, life: Life, day: date, *, back_on: date | None, sure: bool = True) -> None:
    """A conversation: with a booking where they come back, else with one of the other outcomes."""
    if back_on is not None:
        group = world.rng.choices(("positive_affirmation", "negative_affirmation"), (62, 38))[0]
        call(world, life, day, "connected", group=group, next_step="book")
        lead = max(1, (back_on - day).days)
        if sure:
            _book_return(world, life, day, lead)
        else:
            life.first_contact_on, life.is_new, life.with_consult = day, False, False
            book(world, life, day, world.shelf.named(life.treated_with), Purpose.TREAT, lead)
        return
    what = world.rng.choices(
        (
            "negative_affirmation",
            "positive_affirmation",
            "negative_denial",
            "positive_denial",
            "later",
            "done",
        ),
        (47, 15, 14, 4, 15, 5),
    )[0]
    if what == "later":
        _call_later(world, life, day)
    elif what == "done":
        life.is_settled = True
        call(world, life, day, "treatment_complete")
    elif what.endswith("denial"):
        life.is_settled = True
        call(world, life, day, "connected", group=what, next_step="done")
    else:
        _affirm(world, life, day, what)


def _affirm(world: World, life: Life, day: date, group: str) -> None:
    cause = world.rng.choices(_CAUSES.split(), _CAUSE_WEIGHTS)[0] if world.rng.randrange(10) < 6 else None
    if cause == "no_need":
        life.is_settled = True
    call(world, life, day, "connected", group=group, cause=cause, next_step="done")


def _call_later(world: World, life: Life, day: date) -> None:
    """A date is promised, and kept when it comes."""
    promised = world.diary(life).open_day(day + timedelta(world.rng.randrange(3, 13)))
    call(world, life, day, "call_later", promised_on=promised)
    world.later(promised, life, partial(_keep_promise))


def _keep_promise(world: World, life: Life, day: date) -> None:
    _affirm(world, life, day, "negative_affirmation")


def tries(world: World, life: Life, day: date) -> None:
    """One to three days of trying without an answer; now and then the number is wrong."""
    if world.quotas.next(25, life.branch, "wrong number"):
        life.is_settled = True
        world.later(day, life, partial(_no_answer, outcome="wrong_number"))
        return
    on = day
    for _ in range(world.rng.randrange(1, 4)):
        on = world.diary(life).open_day(on)
        outcome = world.rng.choices(("no_answer", "busy"), (80, 20))[0]
        world.later(on, life, partial(_no_answer, outcome=outcome))
        on += timedelta(world.rng.randrange(1, 3))


def _no_answer(world: World, life: Life, day: date, *, outcome: str) -> None:
    call(world, life, day, outcome)


def after_no_show(world: World, booking: Booking, day: date) -> None:
    """Most who did not come are called on the next open day, about their own reservation."""
    if world.quotas.next(600, booking.life.branch, "no-show call"):
        on = world.diary(booking.life).branch.next_open_day(day)
        world.later(on, booking.life, _ask_for_new_date, whatever=True)


def _ask_for_new_date(world: World, life: Life, day: date) -> None:
    outcome = world.rng.choices(("connected", "no_answer"), (65, 35))[0]
    call(world, life, day, outcome, kind="no_show")


def call(
    world: World,
    life: Life,
    day: date,
    outcome: str,
    *,
    kind: str = "recall",
    group: str | None = None,
    cause: str | None = None,
    promised_on: date | None = None,
    next_step: str | None = None,
) -> None:
    """Writes a call of the quiet hours of the afternoon."""
    staff = life.owner
    if staff is None or not world.team.works(staff, day) or world.rng.randrange(4) == 0:
        staff = world.team.one("coordinator", life.branch, day)
    family = world.policy.family_of(life.treated_with) if kind == "recall" else None
    if kind == "recall":
        life.called_on = day
    world.rows.calls.append(
        CallRow(
            number=world.number("L"),
            branch=life.branch,
            chart_no=life.chart_no,
            at=world.diary(life).moment(day, *_AFTERNOON),
            staff=staff,
            kind=kind,
            outcome=outcome,
            group=group,
            cause=cause,
            family=family,
            band=band(world, life, day) if kind == "recall" else None,
            promised_on=promised_on,
            next_step=next_step,
            note=_NOTES.get(cause) if cause else None,
        )
    )


def band(world: World, life: Life, day: date) -> str | None:
    """due or lapsed, by the rule of the last treatment."""
    days = world.policy.days_of(life.treated_with)
    if days is None or life.treated_on is None:
        return None
    return "due" if (day - life.treated_on).days <= days[1] else "lapsed"


def waiting(world: World, lives: list[Life]) -> Iterator[Life]:
    """Who could be called today: due or lapsed, no reservation, nothing said for more than a month."""
    for life in lives:
        days = world.policy.days_of(life.treated_with) if life.treated_on else None
        if days is None or life.treated_on is None or life.treated_on != life.last_visit_on:
            continue
        age = (world.today - life.treated_on).days
        stays = life.is_settled or life.is_quiet or life.is_booked(world.today) or life.course
        rests = life.called_on is not None and (world.today - life.called_on).days <= 40
        # A little past the days that count, so that a call of last week belongs to no case any more.
        if days[0] + RETURN_DAYS + 30 <= age <= days[1] + 170 and not (stays or rests):
            yield life

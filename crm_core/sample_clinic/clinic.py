"""Makes the sample clinic: a year is lived day by day, then planted truths are laid over it."""

from bisect import bisect_left
from datetime import date, datetime, timedelta
from functools import partial

from crm_core.policy.policy import Policy
from crm_core.sample_clinic.bookings import missed
from crm_core.sample_clinic.episodes import begin
from crm_core.sample_clinic.life import LATE_CANCEL, Booking, Life, Purpose, World
from crm_core.sample_clinic.people import Cast, People
from crm_core.sample_clinic.planting import (
    notes_of_yesterday,
    pause_one,
    promises,
    prospects,
    sessions_asked_about,
    statuses,
)
from crm_core.sample_clinic.recall import after_no_show, after_silence, after_treatment
from crm_core.sample_clinic.rows import (
    ClinicPlan,
    CourseRow,
    PatientRow,
    Planted,
    ReservationRow,
)
from crm_core.sample_clinic.staff import GANGNAM, HAEUNDAE, LEAVER
from crm_core.sample_clinic.visits import arrive

HISTORY_DAYS = 365
UNMARKED = 7


def plan(seed: int, today: date, policy: Policy) -> ClinicPlan:
    """The sample clinic as it stands on the morning of `today`: the same rows for the same arguments.

    The policy must have the branches gangnam and haeundae and the treatments of the config.yaml that
    comes with Dasi; what it lacks of the treatments is not sold.
    """
    start = today - timedelta(HISTORY_DAYS)
    world = World(seed, (start, today), months_ago(today, 3), policy, after_treatment, after_silence)
    people = People(world.rng, policy, start, today)
    cast = people.cast()
    unmarked_on = policy.branch(GANGNAM).last_open_day(today)
    for life in cast.lives:
        world.later(life.begins_on, life, _begin_first)
    world.run(partial(close_day, unmarked=(GANGNAM, unmarked_on)))
    _referrals(world, cast)
    asked = prospects(world, people.names)
    paused = pause_one(world, cast)
    promises(world, cast)
    statuses(world, cast)
    notes_of_yesterday(world, cast)
    sessions_asked_about(world)
    planted = Planted(
        family=tuple(life.chart_no for life in cast.family),
        minors=tuple(life.chart_no for life in cast.minors),
        same_name=tuple(life.chart_no for life in cast.same_name),
        paused=paused.chart_no,
        leaver=LEAVER,
        loses_branch=HAEUNDAE,
        loses_since=world.loses_since,
        unmarked_branch=GANGNAM,
        unmarked_on=unmarked_on,
    )
    rows = world.rows
    return ClinicPlan(
        seed=seed,
        start=start,
        today=today,
        staff=world.team.rows,
        patients=_patients(world, cast),
        prospects=tuple(asked),
        inquiries=tuple(sorted(rows.inquiries, key=lambda row: row.at)),
        reservations=tuple(_reservation(world, booking) for booking in world.bookings),
        visits=tuple(rows.visits),
        consults=tuple(rows.consults),
        courses=_courses(world),
        treatments=tuple(rows.treatments),
        payments=tuple(rows.payments),
        calls=tuple(sorted(rows.calls, key=lambda row: (row.at, row.number))),
        planted=planted,
    )


def months_ago(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first = date(year, month + 1, 1)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(1)).day
    return first.replace(day=min(day.day, last))


def _begin_first(world: World, life: Life, day: date) -> None:
    """How a life in this year begins: somebody known comes back, somebody new inquires."""
    shelf, age = world.shelf, life.age(day)
    if life.first_visit_on is not None:
        offer = shelf.draw(life.sex, age)
        consult = offer.consult and world.quotas.next(340, life.branch, "known consult")
        how = "inquiry" if world.quotas.next(300, life.branch, "known asks") else "reservation"
    else:
        offer = shelf.named(life.wants) if life.wants else shelf.draw(life.sex, age)
        consult = offer.consult
        walks_in = world.quotas.next(60, life.branch, "walks in") or life.source == "signboard"
        direct = life.source == "naver_booking" or world.quotas.next(60, life.branch, "books at once")
        how = "walk in" if walks_in else "reservation" if direct else "inquiry"
    begin(world, life, day, offer=offer, how=how, consult=consult)


def close_day(world: World, branch: str, day: date, *, unmarked: tuple[str, date]) -> None:
    """Who came and who did not: so many no-shows as the quota of the weekday says."""
    rng = world.rng
    booked = [b for b in world.by_day.pop((branch, day), []) if b.state == "booked"]
    booked.sort(key=lambda b: (b.starts_at, b.number))
    if (branch, day) == unmarked:
        left = {b.number for b in [b for b in booked if not b.sure][1::3][:UNMARKED]}
        booked = [b for b in booked if b.number not in left]
    quota = world.missed[branch]
    is_monday = day.weekday() == 0
    wanted = quota.of_day(is_monday, len(booked))
    late = sum(world.quotas.next(LATE_CANCEL, branch, "late") for _ in booked)
    able = [b for b in booked if not b.sure]
    able.sort(key=lambda b: rng.random() ** 3 * _reliable(b))
    gone = {b.number: "no_show" for b in able[:wanted]}
    gone.update({b.number: "cancelled_late" for b in able[wanted : wanted + late]})
    quota.missed(is_monday, min(wanted, len(able)))
    for booking in booked:
        state = gone.get(booking.number)
        if state is None:
            arrive(world, booking)
        else:
            missed(world, booking, day, state)
            if state == "no_show":
                after_no_show(world, booking, day)


def _reliable(booking: Booking) -> float:
    """Low for those who are likely not to come: new people, and who did not come before."""
    life = booking.life
    is_course = booking.purpose is Purpose.SESSION
    is_first = booking.purpose is Purpose.CONSULT and life.is_new
    return float((1.6 if is_course else 1.0) * (0.5 if is_first else 1.0) * 0.6 ** min(life.missed, 3))


def _referrals(world: World, cast: Cast) -> None:
    """Who came by a friend or the family names somebody of the branch who was treated shortly before."""
    treated: dict[str, list[tuple[date, str]]] = {}
    for row in world.rows.treatments:
        treated.setdefault(row.branch, []).append((row.at.date(), row.chart_no))
    for days in treated.values():
        days.sort()
    by_chart = {life.chart_no: life for life in cast.lives}
    for life in cast.lives:
        if life.source not in {"referral", "family"} or life.first_visit_on is not None or life.is_quiet:
            continue
        of_branch = treated.get(life.branch, [])
        since, until = life.begins_on - timedelta(40), life.begins_on - timedelta(1)
        month = of_branch[bisect_left(of_branch, (since, "")) : bisect_left(of_branch, (until, ""))]
        if month and world.quotas.next(850, life.branch, "names the friend"):
            life.referred_by = by_chart[world.rng.choice(month)[1]]


def _patients(world: World, cast: Cast) -> tuple[PatientRow, ...]:
    paid: dict[str, int] = {}
    for row in world.rows.payments:
        paid[row.chart_no] = paid.get(row.chart_no, 0) + row.amount - row.refund
    best = sorted(paid, key=lambda chart: (-paid[chart], chart))[:40]
    dear = frozenset(best)
    return tuple(_patient(world, life, dear) for life in cast.lives)


def _patient(world: World, life: Life, dear: frozenset[str]) -> PatientRow:
    first = life.first_visit_on or (life.visits[0] if life.visits else None)
    allows = first is not None and world.rng.randrange(100) < 58
    diary = world.diary(life)
    return PatientRow(
        branch=life.branch,
        chart_no=life.chart_no,
        name=life.name,
        phone=life.phone,
        birth_date=life.born,
        sex=life.sex,
        residence=life.residence,
        source=life.source,
        language=life.language,
        relation=life.relation,
        first_visit_on=first,
        referred_by=life.referred_by.chart_no if life.referred_by else None,
        guardian_of=life.guardian_of.chart_no if life.guardian_of else None,
        status=life.status,
        paused_until=life.paused_until,
        ad_consent_at=diary.moment(first) if first and allows else None,
        owner=life.owner,
        vip=life.chart_no in dear,
    )


def _courses(world: World) -> tuple[CourseRow, ...]:
    return tuple(
        CourseRow(
            number=course.number,
            branch=world.course_of[course.number].branch,
            chart_no=world.course_of[course.number].chart_no,
            treatment=course.offer.treatment,
            bought_at=course.bought_at,
            sessions=course.offer.sessions,
            used=course.done,
            valid_until=course.valid_until,
            paid=course.offer.price,
        )
        for course in world.courses
    )


def _reservation(world: World, booking: Booking) -> ReservationRow:
    answer, answer_at = _answer(world, booking)
    dear = booking.treatment == "lifting_tightening"
    return ReservationRow(
        number=booking.number,
        branch=booking.life.branch,
        chart_no=booking.life.chart_no,
        starts_at=booking.starts_at,
        made_at=booking.made_at,
        treatment=booking.treatment,
        doctor=booking.doctor,
        staff=booking.staff,
        state=booking.state,
        state_at=booking.state_at,
        answer=answer,
        answer_at=answer_at,
        moved_to=booking.moved_to,
        deposit=100_000 if dear and booking.purpose is Purpose.TREAT else None,
    )


_ANSWERS = ("none", "informed", "confirmed")


def _answer(world: World, booking: Booking) -> tuple[str, datetime | None]:
    """What the patient said to the reminder of the open day before, by what came of it."""
    branch = world.diary(booking.life).branch
    day = booking.starts_at.date()
    asked_on = branch.last_open_day(min(day - timedelta(1), world.today))
    if day - timedelta(3) > world.today or booking.made_at.date() >= asked_on:
        return "none", None
    weights = {"completed": (18, 22, 60), "no_show": (60, 26, 14)}.get(booking.state, (45, 25, 30))
    answer = world.rng.choices(_ANSWERS, weights)[0]
    if (
        booking.state == "booked"
        and day > world.today
        and world.quotas.next(40, branch.slug, "asks to change")
    ):
        answer = "change_asked"
    if answer == "none" or booking.state in {"moved", "cancelled_early", "cancelled_by_clinic"}:
        return "none", None
    return answer, world.diary(booking.life).moment(asked_on, 10 * 60 + 30)

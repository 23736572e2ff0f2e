"""What is planted by hand when the year is over: promises, a pause, prospects, odd states."""

from dataclasses import replace
from datetime import date, timedelta

from crm_core.sample_clinic.episodes import inquire
from crm_core.sample_clinic.life import Life, World
from crm_core.sample_clinic.names import Names
from crm_core.sample_clinic.people import NEW, Cast
from crm_core.sample_clinic.recall import call, waiting
from crm_core.sample_clinic.rows import InquiryRow, ProspectRow
from crm_core.sample_clinic.staff import BRANCHES

PROMISED = 4
NOT_ASKED = 4
ASKED_BEFORE_OPENING = 35  # minutes
MONTH = 27  # days: a call that young rests its patient, and belongs to no case whose days are over
ASKS_ONLY = {slug: count * 47 // 100 for slug, count in NEW.items()}
_CHANNELS = (
    "phone 24 naver_talk 16 kakao 16 instagram 12 naver_place 10 gangnam_unni 9 website 5 yeoshin_ticket 4 "
    "babitalk 4"
)


def promises(world: World, cast: Cast) -> None:
    """Tops the call-backs promised for today up to a few a branch; one of them is of yesterday."""
    for slug in BRANCHES:
        diary = world.diaries[slug]
        due = sum(row.branch == slug and row.promised_on == world.today for row in world.rows.calls)
        ready = [life for life in waiting(world, list(cast.lives)) if life.branch == slug]
        for n, life in enumerate(ready[3 :: max(1, len(ready) // 8)][: max(1, PROMISED - due)]):
            day = diary.branch.last_open_day(world.today - timedelta(4 + 2 * n))
            on = world.today if n else diary.branch.last_open_day(world.today)
            call(world, life, day, "call_later", promised_on=on)


def sessions_asked_about(world: World) -> None:
    """Most whose next session is overdue were asked about it within the month; a few a branch were not."""
    last = {row.course_no: row.at.date() for row in sorted(world.rows.treatments, key=lambda row: row.at)}
    overdue: list[tuple[int, Life]] = []
    for course in world.courses:
        life, rule = world.course_of[course.number], world.policy.treatments[course.offer.treatment].course
        runs = course.done < course.offer.sessions and course.valid_until >= world.today
        if (
            rule is not None
            and runs
            and not (life.is_booked(world.today) or life.is_settled or life.is_quiet)
        ):
            overdue.append(((world.today - last[course.number]).days - rule.gap_after, life))
    for slug in BRANCHES:
        gaps = [life for days, life in sorted(overdue, key=lambda pair: pair[0]) if days > 0]
        gaps = [life for life in gaps if life.branch == slug and life.status == "active"]
        for n, life in enumerate(gaps[NOT_ASKED:]):
            if life.called_on is None or (world.today - life.called_on).days > MONTH:
                day = world.diaries[slug].branch.last_open_day(world.today - timedelta(1 + n % (MONTH - 5)))
                call(world, life, day, "connected", group="negative_affirmation", next_step="done")


def pause_one(world: World, cast: Cast) -> Life:
    """A pregnancy: paused until it is over, with the call in which it was said."""
    ready = [
        life
        for life in waiting(world, list(cast.lives))
        if life.sex == "female" and 26 <= life.age(world.today) <= 38 and life.language == "ko"
    ]
    life = ready[0]
    life.status, life.paused_until = "paused", world.today + timedelta(170)
    life.is_settled = True
    day = world.diary(life).branch.last_open_day(world.today - timedelta(20))
    call(world, life, day, "connected", group="positive_affirmation", cause="health_or_pregnancy")
    return life


def statuses(world: World, cast: Cast) -> None:
    """Some who will not be called: moved abroad, to the other branch, left, died."""
    silent = [
        life
        for life in cast.lives
        if life.status == "active"
        and not (life.is_quiet or life.is_booked(world.today))
        and (life.last_visit_on or world.start) < world.today - timedelta(150)
        and (life.called_on is None or life.called_on < world.today - timedelta(40))
    ]
    words = ("abroad", "inactive", "moved_branch", "inactive", "deceased", "inactive", "abroad", "inactive")
    step = max(1, len(silent) // (3 * len(words)))
    for n, life in enumerate(silent[5::step][: 3 * len(words)]):
        life.status = words[n % len(words)]


def notes_of_yesterday(world: World, cast: Cast) -> None:
    """Messages that are no contact of a journey: aftercare, changes, a complaint."""
    seen = [life for life in cast.lives if life.visits]
    kinds = ("aftercare", "change", "aftercare", "certificate", "change", "check", "complaint")
    for n, life in enumerate(seen[::11]):
        visit = life.visits[n % len(life.visits)]
        day = world.diary(life).branch.next_open_day(visit)
        if day < world.today:
            offer = world.shelf.draw(life.sex, max(18, life.age(day)))
            inquire(world, life, day, offer, kind=kinds[n % len(kinds)])


def prospects(world: World, names: Names) -> list[ProspectRow]:
    """People who asked and never booked: evenly over the open days. One of the last days was forgotten, and
    one asked this morning before the branch opened: both are unanswered."""
    rows: list[ProspectRow] = []
    for slug in BRANCHES:
        branch = world.policy.branch(slug)
        days = [world.start + timedelta(n) for n in range((world.today - world.start).days)]
        days = [day for day in days if branch.is_open(day)]
        wanted = ASKS_ONLY[slug]
        for n in range(wanted):
            _ask(world, names, slug, days[n * len(days) // wanted], rows, left=wanted - 1 - n)
    return rows


def _ask(world: World, names: Names, slug: str, day: date, rows: list[ProspectRow], *, left: int) -> None:
    """`left`: how many ask after this one."""
    rng, diary = world.rng, world.diaries[slug]
    sex = "female" if rng.randrange(100) < 76 else "male"
    person = Life(
        slug, names.korean(sex, 1975 + rng.randrange(32)), sex, date(1990, 1, 1), names.phone(), "", day
    )
    words = _CHANNELS.split()
    channel = rng.choices(words[::2], [int(weight) for weight in words[1::2]])[0]
    at = diary.moment(day)
    if left == 0 and diary.branch.is_open(world.today):
        at, channel = diary.before_opening(world.today, ASKED_BEFORE_OPENING), "kakao"
    phone = person.phone or ""
    rows.append(ProspectRow(slug, person.name, phone, at))
    inquiry = InquiryRow(
        number=world.number("Q"),
        branch=slug,
        at=at,
        chart_no=None,
        phone=phone,
        channel=channel,
        kind="price" if rng.randrange(10) < 4 else "treatment",
        treatment=world.shelf.draw(sex, 30).treatment,
        staff=world.team.one("coordinator", slug, day),
        answered_at=None,
    )
    if left > 1:
        inquiry = replace(inquiry, answered_at=at + timedelta(minutes=rng.randrange(2, 100)))
    world.rows.inquiries.append(inquiry)

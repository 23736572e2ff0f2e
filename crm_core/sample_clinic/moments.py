"""When things are said: minutes of the day that follow one another."""

from datetime import date, datetime, timedelta

from crm_core.sample_clinic.life import Life, World


def said_last(world: World, life: Life, day: date) -> datetime | None:
    """The moment of the inquiry of that day, after which a reservation is made."""
    last = world.rows.inquiries[-1] if world.rows.inquiries else None
    if last is not None and last.chart_no == life.chart_no and last.at.date() == day:
        return last.at
    return None


def moment_after(world: World, life: Life, day: date, since: datetime | None) -> datetime:
    if since is None or since.date() != day:
        return world.diary(life).moment(day)
    return soon_after(world, life, since, 12)


def soon_after(world: World, life: Life, at: datetime, minutes: int) -> datetime:
    """Some minutes later, within the day's opening hours."""
    closing = world.diary(life).branch.closing(at.date())
    assert closing is not None
    later = at + timedelta(minutes=world.rng.randrange(1, minutes))
    return max(at, min(later, closing - timedelta(minutes=1)))

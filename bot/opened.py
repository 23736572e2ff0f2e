"""What every shell command begins with: configuration, clock and an opened database."""

import os
import sqlite3
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Engine

from bot.clock import Clock, DemoClock, FixedClock, SystemClock
from bot.config import Config, environment, load
from bot.database import open_engine
from bot.transaction import reading, step
from crm_core.migrations import upgrade
from crm_core.policy.policy import Policy
from crm_core.privacy import Vault
from crm_core.sample_clinic.actions import stand_at, the_sample
from crm_core.tables import Sample

SAMPLE_FILE = Path("var/demo.db")
SEED = 2026
OPENED_MINUTES = 5


class CannotOpen(Exception):
    """Why a command cannot begin; its text is for the person at the shell."""


@dataclass(frozen=True)
class Opened:
    """`sample` is None for a real database."""

    config: Config
    engine: Engine
    clock: Clock
    sample: Sample | None

    @property
    def policy(self) -> Policy:
        return self.config.policy

    def at(self, text: str | None) -> "Opened":
        """The same at another moment: ISO, local to the first branch; a date alone is 00:00."""
        if text is None:
            return self
        return Opened(self.config, self.engine, FixedClock(read_moment(text, self.policy)), self.sample)


def read_moment(text: str, policy: Policy) -> datetime:
    """An aware moment; CannotOpen says how one is written."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CannotOpen(f'--at "{text}": write 2026-11-25 or 2026-11-25T14:00') from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=next(iter(policy.branches.values())).tz)
    return moment


def open_real(config_path: Path) -> Opened:
    """The clinic's own database, from DATABASE_URL and DATA_KEY of the environment or .env."""
    clock = SystemClock()
    config = load(config_path, environment(config_path.parent, os.environ), clock.now().date())
    if config.data_key is None:
        raise CannotOpen(
            "DATA_KEY is not set. It seals names and phone numbers at rest: make one with\n"
            "  openssl rand -base64 32\nput DATA_KEY=… into .env, and keep a copy somewhere safe."
        )
    try:
        vault = Vault.from_key(config.data_key.get_secret_value())
    except ValueError as problem:
        raise CannotOpen(f"{problem}. Make one with: openssl rand -base64 32") from None
    engine = open_engine(config.database_url, vault)
    upgrade(engine)
    if _sample_of(engine) is not None:
        raise CannotOpen("DATABASE_URL names a sample clinic. Use --demo, or another database.")
    return Opened(config, engine, clock, None)


def open_sample(config_path: Path, database: Path | None, *, fresh: bool = False) -> Opened:
    """The sample clinic; it is made when it is not there. Reads neither .env nor DATABASE_URL.

    The default file is made anew on a new day, so that its today is today; a file given by name stays.
    """
    path = database or SAMPLE_FILE
    config = load(config_path, {}, SystemClock().now().date())
    today = _sample_day(config.policy)
    if path.exists():
        key, made_for = _mark_of(path)
        if not fresh and (database is not None or made_for == today):
            engine = open_engine(f"sqlite:///{path}", Vault.from_key(key))
            upgrade(engine)
            sample = _sample_of(engine)
            assert sample is not None
            return Opened(config, engine, DemoClock(sample.clock_at), sample)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    return _make_sample(config, path, today)


def _make_sample(config: Config, path: Path, today: date) -> Opened:
    from crm_core.sample_clinic import plan, populate  # only who makes a sample needs its names and habits

    key = Vault.new_key()
    policy = config.policy
    unfinished = path.with_name(path.name + ".making")
    for suffix in ("", "-wal", "-shm"):
        unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)
    engine = open_engine(f"sqlite:///{unfinished}", Vault.from_key(key))
    upgrade(engine)
    branch = next(iter(policy.branches.values()))
    opening = branch.opening(today)
    assert opening is not None
    now = opening.replace(minute=opening.minute + OPENED_MINUTES)
    with step(engine) as db:
        populate(db, policy, plan(SEED, today, policy), now=now, key=key)
    engine.dispose()
    unfinished.replace(path)  # a half-made sample is never taken for a whole one
    engine = open_engine(f"sqlite:///{path}", Vault.from_key(key))
    sample = _sample_of(engine)
    assert sample is not None
    return Opened(config, engine, DemoClock(sample.clock_at), sample)


def _sample_day(policy: Policy) -> date:
    branch = next(iter(policy.branches.values()))
    today = branch.today(SystemClock().now())
    return today if branch.is_open(today) else branch.last_open_day(today)


def _mark_of(path: Path) -> tuple[str, date]:
    """The sample's own key and day. CannotOpen when the file is no sample: it may be somebody's clinic."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            row = connection.execute("SELECT key, today FROM sample").fetchone()
    except sqlite3.Error:
        row = None
    if row is None:
        raise CannotOpen(f"{path} is not a sample clinic, so demo does not open it. Give another --database.")
    return row[0], date.fromisoformat(row[1])


def _sample_of(engine: Engine) -> Sample | None:
    with reading(engine) as db:
        return the_sample(db)


def keep_clock(opened: Opened, moment: datetime) -> None:
    """The sample's clock stands here when it is opened again."""
    with step(opened.engine) as db:
        stand_at(db, moment)

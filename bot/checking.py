"""`check`: one line each, ok / wrong / not set, what it means, what to do."""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import SystemClock
from bot.config import ConfigError, environment, load
from bot.config.config import Config
from bot.opened import CannotOpen, Opened, open_real, open_sample
from bot.transaction import reading
from crm_core.errors import NotSaved
from crm_core.staff.audit import broken_seals
from crm_core.staff.queries import active_staff, roles_held, set_up
from crm_core.tables.people import Role

FIXED_SQLITE = (3, 51, 3)


@dataclass(frozen=True)
class Line:
    verdict: str  # ok | wrong | not set
    what: str
    meaning: str
    remedy: str = ""

    def printed(self) -> str:
        end = f" → {self.remedy}" if self.remedy else ""
        return f"{self.verdict:<8} {self.what:<18} {self.meaning}{end}"


def check(config_path: Path, *, demo: bool, database: Path | None) -> int:
    """Prints the lines; 1 if anything is wrong."""
    lines: list[Line] = []
    for line in _lines(config_path, demo=demo, database=database):
        print(line.printed(), flush=True)
        lines.append(line)
    return 1 if any(line.verdict == "wrong" for line in lines) else 0


def _lines(config_path: Path, *, demo: bool, database: Path | None) -> Iterator[Line]:
    try:
        env = {} if demo else environment(config_path.parent, os.environ)
        config = load(config_path, env, SystemClock().now().date())
    except ConfigError as problem:
        first = str(problem).splitlines()
        yield Line("wrong", "configuration", first[0], f"{len(first)} lines to mend; nothing runs before")
        return
    branches = ", ".join(config.policy.branches)
    yield Line("ok", "configuration", f"{config_path}: {branches}")
    if not demo and config.data_key is None:
        yield Line(
            "wrong", "DATA_KEY", "not set: nothing can be sealed", "openssl rand -base64 32, into .env"
        )
        return
    try:
        opened = open_sample(config_path, database) if demo else open_real(config_path)
    except (CannotOpen, NotSaved) as problem:
        yield Line("wrong", "database", str(problem).splitlines()[0] or "does not answer")
        return
    except SQLAlchemyError as problem:  # the driver's own text has the address in it: say its kind
        yield Line("wrong", "database", f"cannot be opened ({type(problem).__name__})", "see DATABASE_URL")
        return
    yield from _database(opened.engine)
    yield from _clinic(opened, config)


def _database(engine: Engine) -> Iterator[Line]:
    if engine.dialect.name == "sqlite":
        version = sqlite3.sqlite_version_info
        yield Line("ok", "database", f"SQLite {sqlite3.sqlite_version}, one working process")
        if version < FIXED_SQLITE:
            yield Line(
                "ok",
                "SQLite version",
                "older than 3.51.3, whose WAL reset bug needs two writers in one race; Dasi has one writer",
                "a newer Python image brings a newer SQLite",
            )
        return
    with engine.connect() as connection:
        version_text = ".".join(map(str, connection.dialect.server_version_info or ()))
    yield Line("ok", "database", f"PostgreSQL {version_text}, several processes may share it")


def _clinic(opened: Opened, config: Config) -> Iterator[Line]:
    with reading(opened.engine) as db:
        staff = len(active_staff(db))
        administrators = [i for i, held in roles_held(db).items() if Role.ADMINISTRATOR in dict(held)]
        state = set_up(db)
        broken = broken_seals(db)
    if staff == 0 or not administrators:
        yield Line(
            "not set", "staff", f"{staff} people, no administrator", "staff add NAME --role administrator"
        )
    else:
        yield Line("ok", "staff", f"{staff} people")
    for slug in config.policy.branches:
        if slug not in state.with_facts:
            yield Line(
                "not set", f"facts of {slug}", "no file was imported", "python -m bot import KIND FILE"
            )
        else:
            yield Line("ok", f"facts of {slug}", "imported")
        missing = [p for p in ("digest", "calls", "reservations") if (slug, p) not in state.bound]
        if missing:
            yield Line("not set", f"channels of {slug}", f"none for {', '.join(missing)}")
        else:
            yield Line("ok", f"channels of {slug}", "digest, calls and reservations are bound")
        if slug not in state.started:
            yield Line(
                "not set", f"calls of {slug}", "not started: nobody is called", "/calls start, a director"
            )
    if broken:
        yield Line("wrong", "audit", f"changed after sealing: {', '.join(str(day) for day in broken)}")
    else:
        yield Line("ok", "audit", "every sealed day is as it was sealed")
    yield Line("not set", "Slack, Telegram", "come with the next versions; the local page works: make demo")

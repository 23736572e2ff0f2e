"""A process of its own that asks and says its memory: `python -m benchmarks.asked pictures|kpi …`.

`pictures CONFIG SAMPLE N`: a picture for each of N questions, with all that `run` imports loaded.
`kpi CONFIG URL`: the month's funnel of a database, DATA_KEY from the environment.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path

import psutil

from benchmarks.clinic import DAY, NOW
from bot import app, health, opened  # noqa: F401 - the memory of `run` is that of what it imports
from bot.config import load
from bot.database import open_engine
from bot.local.app import serve  # noqa: F401
from bot.opened import Opened, open_sample
from bot.transaction import reading
from crm_core.kpi.funnel import funnel
from crm_core.period import Period
from crm_core.privacy import Vault
from crm_core.staff.access import shell_person, system_scope
from handlers.charts import FunnelChart
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.reply import Picture
from handlers.menu import MENU, not_a_command, read_typed
from handlers.pictures import draw

PERIODS = ("this month", "last month", "this week", "today", "yesterday", "this year")
_MIB = 1024 * 1024


def resident() -> float:
    """This process's memory in MiB."""
    memory: int = psutil.Process().memory_info().rss
    return memory / _MIB


def pictures(clinic: Opened, number: int) -> dict[str, float]:
    """MiB before, after each quarter, and at the end."""
    seen = {"0": resident()}
    for turn in range(1, number + 1):
        _ask(clinic, PERIODS[turn % len(PERIODS)], clinic.clock.now(), ("ko", "en")[turn % 2])
        if turn % (number // 4) == 0:
            seen[str(turn)] = resident()
    return seen


def _ask(clinic: Opened, period: str, now: datetime, speech: str) -> None:
    spoken, text = language(speech), f"/funnel {period}"
    today = next(iter(clinic.policy.branches.values())).today(now)
    item, command = read_typed(text, today, clinic.policy) or not_a_command(text)
    with reading(clinic.engine) as db:
        reply = item.give(
            command,
            Context(
                db=db,
                person=shell_person("benchmark"),
                policy=clinic.policy,
                now=now,
                language=spoken,
                private=True,
                menu=MENU,
            ),
        )
    charts = [block.chart for block in reply.blocks if isinstance(block, Picture)]
    drawn = [draw(chart, spoken) for chart in charts if isinstance(chart, FunnelChart)]
    if not drawn:
        raise AssertionError(f"{text} was answered without a picture")


def kpi(config: Path, url: str) -> dict[str, float]:
    """MiB before and after the month's funnel, asked five times."""
    policy = load(config, {}, DAY).policy
    engine = open_engine(url, Vault.from_key(os.environ["DATA_KEY"]))
    with reading(engine) as db:
        db.connection().exec_driver_sql("SELECT count(*) FROM book")
    before = resident()
    scope = system_scope(policy, Period.month(DAY.year, DAY.month))
    for _ in range(5):
        with reading(engine) as db:
            funnel(db, scope, policy, NOW)
    return {"before": before, "after": resident()}


if __name__ == "__main__":
    if sys.argv[1] == "pictures":
        print(json.dumps(pictures(open_sample(Path(sys.argv[2]), Path(sys.argv[3])), int(sys.argv[4]))))
    else:
        print(json.dumps(kpi(Path(sys.argv[2]), sys.argv[3])))

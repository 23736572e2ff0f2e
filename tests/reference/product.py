"""The real product, filled from files and asked through the shell's own functions."""

import json
from contextlib import redirect_stderr, redirect_stdout
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from bot.asking import ask
from bot.clock import FixedClock
from bot.config import Config, load
from bot.importing import ImportArgs, run_import
from bot.opened import Opened
from tests.clinic import ROOT
from tests.reference.clinic import KINDS, Clinic, write_csv

SEOUL = ZoneInfo("Asia/Seoul")


class Refused(Exception):
    """The product did not take a file or a question; the text is what it said."""


class Product:
    """A database of the product's own, filled by `import` and questioned by `ask --json`."""

    def __init__(self, engine: Engine, today: date) -> None:
        self.engine, self.today = engine, today
        self.config: Config = load(ROOT / "config.yaml", {}, today)

    def at(self, now: datetime) -> Opened:
        return Opened(self.config, self.engine, FixedClock(now.replace(tzinfo=SEOUL)), None)

    def fill(self, clinic: Clinic, folder: Path, kinds: tuple[str, ...] = KINDS) -> None:
        """Imports the ten files in the order given, on the evening of `today`."""
        write_csv(clinic, folder)
        evening = self.at(datetime.fromisoformat(f"{self.today} 23:59"))
        for kind in kinds:
            args = ImportArgs(kind, folder / f"{kind}.csv", until=self.today.isoformat())
            said = StringIO()
            with redirect_stdout(said), redirect_stderr(said):
                code = run_import(args, evening.config, self.engine, evening.clock)
            if code != 0:
                raise Refused(f"import {kind}: {code}\n{said.getvalue()}")

    def ask(self, text: str, now: datetime, staff: str | None = None) -> dict[str, Any]:
        """The JSON of an answer at a moment of the branches' wall clock."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = ask(self.at(now), text, as_staff=staff, as_json=True, speech="en")
        if code != 0:
            raise Refused(f"ask {text!r}: {err.getvalue()}")
        answer: dict[str, Any] = json.loads(out.getvalue())
        return answer

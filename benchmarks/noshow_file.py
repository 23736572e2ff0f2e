"""The public file of 110,527 appointments, read through its mapping; needs the data beside the checkout.

Baseline: the same rows put into one bare SQLite table by the standard library, in one transaction.
`python -m benchmarks.noshow_file`
"""

import csv
import io
import sqlite3
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

from sqlalchemy import Engine, func, select
from sqlmodel import col

from bot.clock import FixedClock
from bot.config import load
from bot.database import open_engine
from bot.importing import DONE, ImportArgs, run_import
from bot.transaction import reading
from crm_core.migrations import upgrade
from crm_core.privacy import Vault
from crm_core.tables.facts import Reservation, ReservationState
from crm_core.tables.people import Patient

ROOT = Path(__file__).parents[1]
FILE = ROOT.parent / "shared" / "data" / "noshow" / "KaggleV2-May-2016.csv.zip"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
ROWS, NO_SHOWS, PATIENTS = 110_527, 22_319, 62_299
MOST_SECONDS = 120


@dataclass(frozen=True)
class Loaded:
    """What the database holds after the import; CPU seconds of it and of the baseline."""

    rows: int
    no_shows: int
    patients: int
    seconds: float
    baseline: float

    @property
    def right(self) -> bool:
        return (self.rows, self.no_shows, self.patients) == (ROWS, NO_SHOWS, PATIENTS)


def load_file(folder: Path) -> Loaded:
    """Imports the file into a fresh SQLite database in a folder."""
    engine = open_engine(f"sqlite:///{folder / 'noshow.db'}", Vault(bytes(32)))
    try:
        upgrade(engine)
        config = load(ROOT / "config.yaml", {}, NOW.date())
        branch = next(iter(config.policy.branches))
        wanted = ImportArgs("reservations", FILE, branch=branch, mapping="noshow-vitoria")
        start = process_time()
        code = run_import(wanted, config, engine, FixedClock(NOW))
        seconds = process_time() - start
        if code != DONE:
            raise SystemExit(f"the import ended with {code}")
        return Loaded(*_counts(engine), seconds, baseline(folder / "bare.db"))
    finally:
        engine.dispose()


def _counts(engine: Engine) -> tuple[int, int, int]:
    missed = col(Reservation.state) == ReservationState.NO_SHOW
    with reading(engine) as db:
        return (
            db.scalar(select(func.count()).select_from(Reservation)) or 0,
            db.scalar(select(func.count()).select_from(Reservation).where(missed)) or 0,
            db.scalar(select(func.count()).select_from(Patient)) or 0,
        )


def baseline(file: Path) -> float:
    """CPU seconds that the standard library takes to put the rows into one table."""
    start = process_time()
    with zipfile.ZipFile(FILE) as archive:
        rows = list(csv.reader(io.TextIOWrapper(archive.open(archive.namelist()[0]), "utf-8")))
    with sqlite3.connect(file) as bare:
        bare.execute(f"create table bare ({', '.join(f'c{n}' for n in range(len(rows[0])))})")
        bare.executemany(f"insert into bare values ({', '.join('?' * len(rows[0]))})", rows[1:])
    bare.close()
    return process_time() - start


def main() -> int:
    """0, or 1 when a number is wrong or it took too long; 0 and a word where the file is not there."""
    if not FILE.exists():
        print("skipped: the public file of no-shows is not beside this checkout")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_file(Path(folder))
    print(f"{loaded.rows:,} rows, {loaded.no_shows:,} no-shows, {loaded.patients:,} patients")
    ratio = loaded.seconds / loaded.baseline
    print(f"{loaded.seconds:.1f} CPU s; bare table {loaded.baseline:.1f} (×{ratio:.0f})")
    return 0 if loaded.right and loaded.seconds <= MOST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())

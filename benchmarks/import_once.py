"""A process of its own that brings one file in and says its largest memory.

`python -m benchmarks.import_once ours|theirs FILE`: pandas is loaded only for the second.
"""

import json
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]


def ours(folder: Path, file: Path) -> None:
    from bot.config import load
    from bot.database import open_engine
    from bot.transaction import step
    from bot.writing import whole_people
    from crm_core.imports.actions import write_rows
    from crm_core.imports.stage import stage
    from crm_core.migrations import upgrade
    from crm_core.privacy import Vault
    from handlers.complaints import KOREAN

    now = datetime(2026, 11, 25, 3, tzinfo=UTC)
    policy = load(ROOT / "config.yaml", {}, now.date()).policy
    engine = open_engine(f"sqlite:///{folder / 'ours.db'}", Vault(bytes(32)))
    upgrade(engine)
    with file.open("rb") as opened:
        staged = stage(opened, "reservations", policy, KOREAN, branch=next(iter(policy.branches)))
        position = 0
        while rows := whole_people(staged.rows, position, 5_000):
            with step(engine) as db:
                write_rows(db, policy, staged, rows, now)
            position += len(rows)


def theirs(folder: Path, file: Path) -> None:
    import pandas as pd

    with sqlite3.connect(folder / "pandas.db") as bare:
        pd.read_csv(file, dtype=str).to_sql("bare", bare, index=False)
    bare.close()


def largest() -> float:
    """MiB of this process at its largest; unlike getrusage, nothing of the process that began it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="dasi-bench-") as name:
        {"ours": ours, "theirs": theirs}[sys.argv[1]](Path(name), Path(sys.argv[2]))
    print(json.dumps({"mib": largest()}))

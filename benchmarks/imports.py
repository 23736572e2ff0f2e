"""The bars on bringing files in: `python -m benchmarks.imports [ROWS] [--memory]`.

Everything is counted in CPU seconds of this process, both sides in turn in one run.
"""

import argparse
import csv
import io
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time

import openpyxl
import pandas as pd
from sqlalchemy import Engine

from benchmarks.timing import Line, table
from bot.config import load
from bot.database import open_engine
from bot.transaction import step
from bot.writing import rare_collections, whole_people
from crm_core.imports import actions
from crm_core.imports.stage import stage
from crm_core.migrations import upgrade
from crm_core.policy.policy import Policy
from crm_core.privacy import Vault
from handlers.complaints import KOREAN

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
ROWS, MANY = 100_000, 1_500_000
ROUNDS = 3
A_STEP = 5_000
KEPT_UP_LIMIT, RATE_LIMIT, MEMORY_LIMIT, WORKBOOK_LIMIT = 6.0, 0.9, 0.15, 0.7
PANDAS = f"pandas {pd.__version__} read_csv + to_sql"
OPENPYXL = f"openpyxl {openpyxl.__version__} read-only parse alone"
_FIRST_DAY = date(2023, 12, 1)
_STATES = ("완료",) * 7 + ("노쇼", "예약취소", "예약")

Write = Callable[..., actions.Applied]


def rows_of(kind: str, number: int) -> Iterator[list[str]]:
    """The header and the rows of a made-up export: two of three people come back, over three years."""
    chance = random.Random(3)
    treatments = ("보톡스", "레이저 토닝", "필러", "리프팅", "스킨부스터", "제모")
    if kind == "reservations":
        yield ["reservation_no", "chart_no", "made_at", "starts_at", "treatment", "doctor", "status"]
    else:
        yield ["treatment_no", "chart_no", "done_at", "treatment", "doctor", "amount"]
    for one in range(number):
        chart = str(100_000 + chance.randrange(max(1, number * 2 // 3)))
        day = _FIRST_DAY + timedelta(chance.randrange(1_090))
        at = f"{day} {chance.randrange(10, 19):02}:{chance.randrange(0, 60, 10):02}"
        treatment, doctor = chance.choice(treatments), f"{chance.choice('김이박최정')}원장"
        if kind == "reservations":
            made = f"{day - timedelta(chance.randrange(1, 30))} {chance.randrange(9, 20):02}:{one % 60:02}"
            yield [f"R{one:07}", chart, made, at, treatment, doctor, chance.choice(_STATES)]
        else:
            yield [f"T{one:07}", chart, at, treatment, doctor, f"{chance.randrange(5, 90)}0,000"]


def write_csv(file: Path, kind: str, number: int) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows_of(kind, number))


@contextmanager
def fresh(folder: Path) -> Iterator[Engine]:
    """An empty database of ours."""
    file = folder / f"{random.random()}.db"
    engine = open_engine(f"sqlite:///{file}", Vault(bytes(32)))
    upgrade(engine)
    try:
        yield engine
    finally:
        engine.dispose()
        for left in folder.glob(f"{file.name}*"):
            left.unlink()


def ours(engine: Engine, policy: Policy, kind: str, file: Path, write: Write) -> float:
    """CPU seconds of reading, checking and writing a file in steps."""
    start = process_time()
    with rare_collections(), file.open("rb") as opened:
        staged = stage(opened, kind, policy, KOREAN, branch=next(iter(policy.branches)))
        if staged.refused:
            raise AssertionError(staged.refused[0])
        position = 0
        while rows := whole_people(staged.rows, position, A_STEP):
            with step(engine) as db:
                write(db, policy, staged, rows, NOW)
            position += len(rows)
    return process_time() - start


def theirs(folder: Path, file: Path) -> float:
    """CPU seconds of pandas for the same rows into a table that has the same two indexes, WAL."""
    columns = file.open(encoding="utf-8").readline().strip().split(",")
    (folder / "pandas.db").unlink(missing_ok=True)
    with sqlite3.connect(folder / "pandas.db") as bare:
        bare.execute("pragma journal_mode=wal")
        bare.execute(f"create table bare ({', '.join(f'{name} text' for name in columns)})")
        bare.execute(f"create unique index bare_number on bare ({columns[0]})")
        bare.execute(f"create index bare_patient on bare (chart_no, {columns[3]})")
        start = process_time()
        pd.read_csv(file, dtype=str).to_sql("bare", bare, index=False, if_exists="append")
        bare.commit()
    bare.close()
    return process_time() - start


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def reservations(folder: Path, policy: Policy, number: int) -> list[Line]:
    """Bar 8: the first import and the same file again, without what is computed from it."""
    file = folder / "reservations.csv"
    write_csv(file, "reservations", number)
    first: list[float] = []
    again: list[float] = []
    pandas: list[float] = []
    for _ in range(ROUNDS):
        with fresh(folder) as engine:
            first.append(ours(engine, policy, "reservations", file, actions.write_rows))
            again.append(ours(engine, policy, "reservations", file, actions.write_rows))
        pandas.append(theirs(folder, file))
    lines = []
    for name, took in (("8 import", first), ("8 same file again", again)):
        ratio = middle(pandas) / middle(took)
        measured = f"{ratio:.2f} ({rate(number, took)} / {rate(number, pandas)})"
        lines.append(Line(name, f"{number:,} rows", measured, f"≥ {RATE_LIMIT}", ratio >= RATE_LIMIT, PANDAS))
    return lines


def kept_up(folder: Path, policy: Policy, number: int) -> list[Line]:
    """Bar 6: treatments with journeys and the ledger kept up, and without."""
    file = folder / "treatments.csv"
    write_csv(file, "treatments", number)
    took: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(ROUNDS):
        for how, write in (("with", actions.apply), ("without", actions.write_rows)):
            with fresh(folder) as engine:
                took[how].append(ours(engine, policy, "treatments", file, write))
    ratio = middle(took["with"]) / middle(took["without"])
    measured = f"{ratio:.2f} ({rate(number, took['with'])} / {rate(number, took['without'])})"
    met = ratio <= KEPT_UP_LIMIT
    return [Line("6 journeys, ledger", f"{number:,} rows", measured, f"≤ {KEPT_UP_LIMIT:.0f}", met, "itself")]


def workbook(folder: Path, policy: Policy, number: int) -> list[Line]:
    """Bar 9: a workbook imported with all that is computed from it, beside reading it alone."""
    file = folder / "reservations.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows_of("reservations", number):
        sheet.append(row)
    book.save(file)
    whole: list[float] = []
    bare: list[float] = []
    parse: list[float] = []
    for _ in range(ROUNDS):
        for write, took in ((actions.apply, whole), (actions.write_rows, bare)):
            with fresh(folder) as engine:
                took.append(ours(engine, policy, "reservations", file, write))
        start = process_time()
        read = openpyxl.load_workbook(io.BytesIO(file.read_bytes()), read_only=True).worksheets[0]
        if sum(1 for _ in read.iter_rows(values_only=True)) != number + 1:
            raise AssertionError("openpyxl did not read every row")
        parse.append(process_time() - start)
    lines = []
    for name, took in (("9 workbook, whole", whole), ("9 without journeys", bare)):
        ratio = middle(parse) / middle(took)
        measured = f"{ratio:.2f} ({rate(number, took)} / {rate(number, parse)})"
        met = ratio >= WORKBOOK_LIMIT if took is whole else None
        lines.append(Line(name, f"{number:,} rows", measured, f"≥ {WORKBOOK_LIMIT}", met, OPENPYXL))
    return lines


def rate(number: int, took: list[float]) -> str:
    return f"{number / middle(took):,.0f} rows/s"


def memory(folder: Path, number: int) -> list[Line]:
    """Bar 8: the largest memory of a process that imports many rows."""
    file = folder / "many.csv"
    write_csv(file, "reservations", number)
    peak = {how: _peak(how, file) for how in ("ours", "theirs")}
    ratio = peak["ours"] / peak["theirs"]
    measured = f"{ratio:.3f} ({peak['ours']:.0f} MiB / {peak['theirs']:.0f} MiB)"
    met = ratio <= MEMORY_LIMIT if number >= MANY else None
    limit = f"≤ {MEMORY_LIMIT} at 1.5M"
    return [Line("8 memory", f"{number:,} rows", measured, limit, met, PANDAS)]


def _peak(how: str, file: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.import_once", how, str(file)],
        cwd=ROOT,
        env=os.environ,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(json.loads(done.stdout.splitlines()[-1])["mib"])


def measured(folder: Path, number: int, many: int = 0) -> list[Line]:
    """Every line on imports; `many` rows for memory, 0 leaves that out."""
    policy = load(ROOT / "config.yaml", {}, NOW.date()).policy
    lines = [
        *kept_up(folder, policy, number),
        *reservations(folder, policy, number),
        *workbook(folder, policy, number // 2),
    ]
    return lines + (memory(folder, many) if many else [])


def main() -> int:
    """0 when every bar that this run could judge is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS)
    parser.add_argument("--memory", action="store_true", help=f"{MANY:,} rows too, for memory")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dasi-bench-") as name:
        lines = measured(Path(name), args.rows, MANY if args.memory else 0)
    print(table(lines))
    return 0 if all(line.met is not False for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())

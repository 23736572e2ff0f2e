"""python -m benchmarks [SIZE …] [--full]: prints a table of bars, and exits 1 when one is missed."""

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benchmarks import bars, imports, memory, views
from benchmarks.clinic import DAY, DUE, make
from benchmarks.timing import Line, table
from bot.config import load

ROOT = Path(__file__).parents[1]


def main() -> int:
    """0 when every bar that this run could judge is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000], help="numbers of patients")
    parser.add_argument("--full", action="store_true", help="a million patients too")
    args = parser.parse_args()
    sizes = sorted({*args.sizes, *([bars.MILLION] if args.full else [])})
    if sizes[0] < 2 * DUE:
        parser.error(f"a size is at least {2 * DUE} patients: {DUE} of them are due")
    print(
        f"Run: {', '.join(f'{size:,}' for size in sizes)} patients; "
        f"bars 1–6, 8, 9, 13; medians of {bars.ROUNDS}, of imports {imports.ROUNDS}."
    )
    print(f"On: {os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}.")
    lines = measured(sizes)
    print()
    print(table(lines))
    return 0 if all(line.met is not False for line in lines) else 1


def measured(sizes: list[int]) -> list[Line]:
    """Every line of the table, by bar."""
    policy = load(ROOT / "config.yaml", {}, DAY).policy
    funnels: list[Line] = []
    lists: list[Line] = []
    memories: list[Line] = []
    took: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="dasi-bench-") as name:
        folder = Path(name)
        for size in sizes:
            start = perf_counter()
            clinic = make(folder, size, policy)
            print(f"{size:,} patients, made in {perf_counter() - start:.0f} s")
            with bars.opened(clinic) as db:
                bars.ledger_agrees(db, policy)
                months = bars.this_month(db, clinic, policy)
                months += views.all_months(db, clinic, policy) + views.by_stage(db, clinic, policy)
                took[size], days = bars.who_is_due(db, clinic, policy)
                days += views.backlog(db, clinic, policy)
            funnels, lists = funnels + months, lists + days
            memories.append(memory.kpi(ROOT, clinic))
            for line in (*months, *days, memories[-1]):
                print(f"  {line.bar}: {line.measured}", flush=True)
        print("memory")
        memories = [memory.idle(ROOT, folder), *memory.pictures(ROOT, folder), *memories]
        print("imports")
        brought = imports.measured(folder, imports.ROWS, imports.MANY if bars.MILLION in sizes else 0)
    return [*funnels, *lists, *bars.growth(took), *brought, *memories]


if __name__ == "__main__":
    sys.exit(main())

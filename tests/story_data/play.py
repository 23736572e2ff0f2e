"""The sentences that are played on SQLite and on PostgreSQL alike."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

from tests.story.stage import Told
from tests.story_data import same
from tests.story_data.clinic import Clinic, Said, difference
from tests.story_data.counted import Journey, journeys
from tests.story_data.made import right
from tests.story_data.planted import Planted, planted
from tests.story_data.presses import LONGEST, Presses, Staff
from tests.story_data.shapes import SHAPES, Row, write

CHART, SHELL, CHAT, DIRECTOR = "the chart", "the shell", "in chat", "a director"
PERIODS = ("2023-11", "2025-05", "2023-01-01..2025-06-30")
"""A month that is over, one of which much is open still, and everything."""

SHOWN = 5


@dataclass(frozen=True)
class Export:
    """The files, what stands in them, and what is wrong with them."""

    rows: dict[str, list[Row]]
    files: dict[str, Path]
    mistakes: tuple[Planted, ...]
    journeys: list[Journey]

    @classmethod
    def write(cls, folder: Path, rows: dict[str, list[Row]]) -> "Export":
        files = {kind: write(folder, kind, rows[kind]) for kind in SHAPES}
        return cls(rows, files, tuple(planted(rows)), journeys(right(rows)))

    @property
    def largest(self) -> str:
        return max(self.rows, key=lambda kind: len(self.rows[kind]))

    def of(self, kind: str) -> tuple[Planted, ...]:
        return tuple(one for one in self.mistakes if one.kind == kind)


def play(clinic: Clinic, export: Export, folder: Path, told: Told) -> None:
    """Imported, killed, finished, imported again, counted; NotMet at the first sentence that is not true."""
    with clinic.working(folder / f"run-{clinic.engine.name}.log"):
        staff = Staff(clinic)
        refused = 0
        for kind, file in export.files.items():
            if kind == export.largest:
                said = _killed_twice(clinic, export, staff, told)
            else:
                said = clinic.run("import", kind, str(file))
            refused += _refused_rows(export, kind, said, told)
        sentence = f"{len(export.mistakes)} planted mistakes, {refused} refused rows: the same ones"
        told.must(refused == len(export.mistakes), sentence)
        told.say(SHELL, sentence)
        _again(clinic, export, told)
    _counted(clinic, export, told)


def _killed_twice(clinic: Clinic, export: Export, staff: Staff, told: Told) -> Said:
    """The largest file, killed at two moments, while people work in the chat."""
    kind = export.largest
    file = export.files[kind]
    before = Presses(staff)
    for _ in range(2):
        before.round()
    told.must(not before.trouble, f"every press is carried out: {before.trouble[:2]}")
    told.say(CHAT, "people work before the import", before.told())
    with Presses(staff) as presses:
        position = rows = 0
        for least, most in ((0.05, 0.4), (0.5, 0.8)):
            position, rows = clinic.killed_import(kind, file, SystemRandom().uniform(least, most))
            told.say(SHELL, f"{file.name}: the import is killed at row {position:,} of {rows:,}")
        said = clinic.run("import", kind, str(file))
    rate = f"{(rows - position) / said.seconds:,.0f} rows/s beside them"
    told.say(SHELL, f"the same command goes on to the end, {rate}", _last_line(said))
    told.must(clinic.batch(file)[2], f"{file.name} is finished")
    told.must(not presses.trouble, f"every press is carried out: {presses.trouble[:2]}")
    told.must(presses.longest() <= LONGEST, f"a press waits {LONGEST:.0f} s at the most: {presses.told()}")
    told.say(CHAT, "people work meanwhile", presses.told())
    return said


def _refused_rows(export: Export, kind: str, said: Said, told: Told) -> int:
    """How many rows of a file were refused: those that were planted, each by file, line and column."""
    file, mistakes = export.files[kind], export.of(kind)
    told.must(said.code == 1, f"{file.name}: the exit code is 1: {said.code} {said.err[-300:]}")
    found = re.findall(rf"^{re.escape(file.name)}:(\d+): (.*)$", said.out, re.MULTILINE)
    lines = [int(line) for line, _ in found]
    wanted = [one.line for one in mistakes]
    told.must(lines == wanted, f"{file.name}: refused lines {lines[:40]}, planted are {wanted}")
    for one, (_, complaint) in zip(mistakes, found, strict=True):
        right_column = not one.column or complaint.startswith((f"{one.column}: ", f'{one.column} "'))
        told.must(
            right_column, f"{file.name}:{one.line}: {one.column} is wrong ({one.sort}), said: {complaint}"
        )
    _kept_beside(file, mistakes, told)
    rows = len(export.rows[kind])
    rate = f"{rows / said.seconds:,.0f} rows/s" if kind != export.largest else "killed twice"
    print(f"{'':10}{file.name:<10} {rows:>7,} rows {said.seconds:6.1f} s  {rate}", flush=True)
    return len(lines)


def _kept_beside(file: Path, mistakes: Sequence[Planted], told: Told) -> None:
    """FILE.problems.csv holds the refused rows as they were."""
    with file.with_name(file.name + ".problems.csv").open(encoding="utf-8-sig", newline="") as opened:
        _, *rows = csv.reader(opened)
    told.must(len(rows) == len(mistakes), f"{file.name}.problems.csv holds {len(rows)} rows")
    for one, (line, complaint, *cells) in zip(mistakes, rows, strict=True):
        told.must(int(line) == one.line and f":{one.line}: " in complaint, f"{line} is line {one.line}")
        as_they_were = [cell.removeprefix("'") for cell in cells]
        told.must(
            _same_cells(file, as_they_were, one.cells),
            f"{file.name}.problems.csv: line {line} as it was: {as_they_were} for {one.cells}",
        )


def _same_cells(file: Path, kept: Sequence[str], were: Sequence[str]) -> bool:
    """A workbook writes its dates its own way: there the cells of text are looked at."""
    if file.suffix != ".xlsx":
        return list(kept) == list(were)
    return len(kept) == len(were) and all(
        k == w for k, w in zip(kept, were, strict=True) if not w[:1].isdigit()
    )


def _again(clinic: Clinic, export: Export, told: Told) -> None:
    """The same files once more, in the same words and as copies of other bytes: nothing changes."""
    before = clinic.checksums()
    told.must("journey" in before and "recall_due" in before, "journeys and the ledger are looked at")
    for kind, file in export.files.items():
        said = clinic.run("import", kind, str(file))
        seen = "imported already: nothing changed" in said.out
        told.must(said.code == 1 and seen, f"{file.name} again: {said.out[-300:]}{said.err[-300:]}")
    told.say(SHELL, "the same files again", "nothing changed, ten times")
    other = [_other_bytes(kind, file) for kind, file in export.files.items() if file.suffix == ".csv"]
    for kind, file in other:
        said = clinic.run("import", kind, str(file))
        changed = re.search(r"([\d,]+) new or changed", said.out)
        told.must(changed is not None and changed[1] == "0", f"{file.name} again: {said.out[-300:]}")
    told.say(SHELL, "the same rows in files of other bytes", "0 new or changed, in each")
    changed_tables = difference(before, clinic.checksums())
    told.must(not changed_tables, f"tables that differ: {changed_tables}")
    told.say(SHELL, f"equal checksums of {len(before)} tables: facts, journeys and the ledger")


def _other_bytes(kind: str, file: Path) -> tuple[str, Path]:
    """A copy with a line break more at its end, which says nothing."""
    shape = SHAPES[kind]
    copy = file.with_name(f"again-{file.name}")
    end = "\r\n".encode(shape.encoding.removesuffix("-sig").replace("utf-16", "utf-16-le"))
    copy.write_bytes(file.read_bytes() + end)
    return kind, copy


def _counted(clinic: Clinic, export: Export, told: Told) -> None:
    """The funnel by every cut is what the rows say, and the values of a cut add up to the whole."""
    for period in PERIODS:
        some = same.of_period(export.journeys, period)
        answer = clinic.ask(f"/funnel {period}", same.AT)
        found = same.whole(some, answer)
        told.must(not found, f"the funnel of {period}: {found[:SHOWN]}")
        for by in same.CUTS:
            found = same.cut(some, by, clinic.ask(f"/funnel {period} by {by}", same.AT))
            told.must(not found, f"the funnel of {period} by {by}: {found[:SHOWN]}")
        said = f"/funnel {period}, and by each of {len(same.CUTS)} cuts: as counted from the rows"
        told.say(DIRECTOR, said, _in_short(answer))


def _in_short(answer: dict[str, object]) -> str:
    stages = answer["stages"]
    assert isinstance(stages, list)
    return " → ".join(f"{stage['stage']} {stage['count']:,}" for stage in stages)


def _last_line(said: Said) -> str:
    return (said.out.strip().splitlines() or [said.err[-200:]])[-1]

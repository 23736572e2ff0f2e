"""Every row of a file read and checked: column by column where all is well, else cell by cell."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from crm_core.imports import fields
from crm_core.imports.amounts import AMOUNT_EXAMPLE
from crm_core.imports.columns import Column, Plan
from crm_core.imports.complaint import Complaint, Problem
from crm_core.imports.fields import Reading, Unreadable, Words
from crm_core.imports.kept import Keeper, Kept, Row
from crm_core.imports.kinds import PRIVATE, Kind, Person
from crm_core.imports.rows import PLAIN, RowProblem, branch_names, complete, completed, keys_of
from crm_core.imports.table import Record
from crm_core.policy.policy import ExportProfile, Policy

AT_ONCE = 500
MOST_REMEMBERED = 20_000  # different texts of a column
_UNREAD = object()
_NAMED = {"treatment": "treatments", "source": "sources", "cause": "causes", "family": "families"}


class RefusedRow(NamedTuple):
    line: int
    cells: tuple[str, ...]
    complaints: tuple[Complaint, ...]


class _Cells(dict[str, Any]):
    """What each text of a column says, read once; `_UNREAD` where that is for a complaint to say."""

    def __init__(self, column: Column, reading: Reading) -> None:
        self.column, self.reading = column, reading
        self.unread = False

    def __missing__(self, raw: str) -> Any:
        try:
            text = self.column.prepare(fields.clean(raw))
            value = self.column.read(text, self.reading) if text else None
        except Unreadable:
            value = _UNREAD
        if value is _UNREAD or (value is None and self.column.required):
            self.unread = True
            return _UNREAD
        if len(self) < MOST_REMEMBERED:
            self[raw] = value
        return value


class Check:
    """Takes the records of one file; knows afterwards what fits, what does not and what was met."""

    def __init__(
        self,
        kind: Kind,
        policy: Policy,
        words: Words,
        plan: Plan,
        branch: str | None,
        profile: ExportProfile | None,
        *,
        keeper: Keeper,
        typed: bool,
    ) -> None:
        self.kind, self.policy, self.plan, self.branch = kind, policy, plan, branch
        self.keys = keys_of(kind, plan.headers)
        self.keeper = keeper
        self.refused: list[RefusedRow] = []
        self.unknown: Counter[tuple[str, str]] = Counter()
        self.last_days: dict[str, date] = {}
        self._branches = branch_names(policy)
        self._readings = _readings(policy, words, profile, typed=typed)
        self._used = [column for column in plan.columns if column.index is not None]
        self._memory: dict[str, list[_Cells]] = {}
        self._numberless: dict[int, int] = {}
        self._at_branch = next((c for c in plan.columns if c.header == "branch"), None)

    def take_all(self, records: Iterator[Record]) -> None:
        """Reads the records into rows, or into complaints."""
        while chunk := list(islice(records, AT_ONCE)):
            if self.kind.name not in PLAIN:
                for record in chunk:
                    self.take(record)
                continue
            for branch, part in self._by_branch(chunk).items():
                if branch is None:
                    for record in part:
                        self.take(record)
                else:
                    self._take_part(branch, part)
        self.refused.sort(key=lambda row: row.line)

    def _by_branch(self, chunk: list[Record]) -> dict[str | None, list[Record]]:
        """The records by the branch they name; None for those that need a closer look."""
        parts: dict[str | None, list[Record]] = {}
        wide = len(self.plan.header)
        place = self._at_branch.index if self._at_branch else None
        if place is None and self._at_branch is None and all(len(r.cells) == wide for r in chunk):
            return {self.branch: chunk}
        for record in chunk:
            branch = self.branch
            if len(record.cells) > wide:
                branch = None
            elif self._at_branch is not None:
                raw = self._at_branch.constant
                if place is not None:
                    raw = record.cells[place] if place < len(record.cells) else ""
                text = self._at_branch.prepare(raw.strip())
                branch = self._branches.get(fields.folded(text)) if text else branch
            if branch is not None and len(record.cells) < wide:
                record = Record(record.line, record.cells + [""] * (wide - len(record.cells)))
            parts.setdefault(branch, []).append(record)
        return parts

    def _cells_of(self, branch: str) -> list[_Cells]:
        known = self._memory.get(branch)
        if known is None:
            reading = self._readings[branch]
            known = self._memory[branch] = [_Cells(column, reading) for column in self.plan.columns]
        return known

    def _read_columns(self, branch: str, texts: Mapping[int, Sequence[str]], rows: int) -> list[list[Any]]:
        """The values of rows of one branch, column by column in the order of the plan."""
        columns = []
        for column, cells in zip(self.plan.columns, self._cells_of(branch), strict=True):
            if column.index is None:
                columns.append([cells[column.constant]] * rows)
            else:
                columns.append(list(map(cells.__getitem__, texts[column.index])))
        return columns

    def _take_part(self, branch: str, part: list[Record]) -> None:
        texts: dict[int, Sequence[str]] = dict(enumerate(zip(*(r.cells for r in part), strict=True)))
        read = self._read_columns(branch, texts, len(part))
        if any(cells.unread for cells in self._cells_of(branch)):
            for cells in self._cells_of(branch):
                cells.unread = False
            fit = [_UNREAD not in row for row in zip(*read, strict=True)]
            for record, fits in zip(part, fit, strict=True):
                if not fits:
                    self.take(record)
            part = [record for record, fits in zip(part, fit, strict=True) if fits]
            read = [[v for v, fits in zip(column, fit, strict=True) if fits] for column in read]
            if not part:
                return
        known = dict(zip(self.plan.headers, read, strict=True))
        if self.kind.fact and (self.kind.number not in known or None in known[self.kind.number or ""]):
            self._take_numberless(branch, part, read)
            return
        self._keep(branch, part, known)

    def _take_numberless(self, branch: str, part: list[Record], read: list[list[Any]]) -> None:
        """Facts known by person, moment and treatment: no two of them may differ."""
        headers = self.plan.headers
        for place, record in enumerate(part):
            cells = {h: column[place] for h, column in zip(headers, read, strict=True)}
            try:
                self._not_twice(record.line, branch, str(cells["chart_no"]), cells)
            except RowProblem as problem:
                complaint = self._complaint(record.line, problem.column, None, problem)
                self.refused.append(RefusedRow(record.line, tuple(record.cells), (complaint,)))
            else:
                self._keep(branch, [record], {h: [value] for h, value in cells.items()})

    def _keep(self, branch: str, part: list[Record], known: Mapping[str, Sequence[Any]]) -> None:
        places = [column.index or 0 for column in self._used]
        take = self.keeper.take
        for (line, cells), person in zip(part, known["chart_no"], strict=True):
            take(person, line, branch, [cells[place] for place in places])
        self._count(branch, known)

    def _count(self, branch: str, known: Mapping[str, Sequence[Any]]) -> None:
        for header, names in _NAMED.items():
            for name, times in Counter(known.get(header, ())).items():
                if name is not None and name not in getattr(self.policy, names):
                    self.unknown[header, name] += times
        if self.kind.fact and known.get(self.kind.fact.clock):
            last = max(moment.on for moment in known[self.kind.fact.clock])
            self.last_days[branch] = max(last, self.last_days.get(branch, date.min))

    def take(self, record: Record) -> None:
        """Reads one record cell by cell into a row, or into complaints."""
        found: list[Complaint] = []
        cells: dict[str, Any] = {}
        extra = record.cells[len(self.plan.header) :]
        if any(cell.strip() for cell in extra):
            found.append(Complaint(record.line, "", None, Problem.TOO_MANY_CELLS, f'"{AMOUNT_EXAMPLE}"'))
        texts = self._texts(record, found)
        branch = self._branch_of(record, texts, found)
        reading = self._readings[branch or next(iter(self._readings))]
        for column in self.plan.columns:
            text = texts.get(column.header)
            if not text:
                continue
            try:
                cells[column.header] = column.read(text, reading)
            except Unreadable as problem:
                found.append(self._complaint(record.line, column.header, text, problem))
        if not found:
            found.extend(self._finish(record, texts, cells, branch))
        if found:
            self.refused.append(RefusedRow(record.line, tuple(record.cells), tuple(found)))

    def _texts(self, record: Record, found: list[Complaint]) -> dict[str, str]:
        texts: dict[str, str] = {}
        for column in self.plan.columns:
            raw = column.constant
            if column.index is not None:
                raw = record.cells[column.index] if column.index < len(record.cells) else ""
            try:
                texts[column.header] = text = column.prepare(fields.clean(raw))
            except Unreadable as problem:
                found.append(self._complaint(record.line, column.header, raw, problem))
                continue
            if not text and column.required:
                example = _EXAMPLES.get(column.header, "")
                missing = Unreadable(Problem.MISSING, example, self.kind.name)
                found.append(self._complaint(record.line, column.header, None, missing))
        return texts

    def _branch_of(self, record: Record, texts: Mapping[str, str], found: list[Complaint]) -> str | None:
        text = texts.get("branch")
        if text:
            slug = self._branches.get(fields.folded(text))
            if slug is None:
                known = ", ".join(self.policy.branches)
                wrong = Unreadable(Problem.NO_BRANCH, next(iter(self.policy.branches)), known)
                found.append(self._complaint(record.line, "branch", text, wrong))
            return slug
        if self.branch is None and self.kind.person is not Person.STAFF:
            missing = Unreadable(Problem.MISSING, next(iter(self.policy.branches)), self.kind.name)
            found.append(self._complaint(record.line, "branch", None, missing))
        return self.branch

    def _finish(
        self, record: Record, written: Mapping[str, str], cells: dict[str, Any], branch: str | None
    ) -> Iterator[Complaint]:
        raw = dict(cells)
        try:
            complete(self.kind, cells, self.policy, branch)
            person = _person_of(cells)
            if self.kind.fact and not cells.get(self.kind.number or ""):
                self._not_twice(record.line, branch or "", person, raw)
        except RowProblem as problem:
            yield self._complaint(record.line, problem.column, written.get(problem.column) or None, problem)
            return
        places = [column.index or 0 for column in self._used]
        texts = [record.cells[p] if p < len(record.cells) else "" for p in places]
        self.keeper.take(person, record.line, branch or "", texts)
        self._count(branch or "", {header: [value] for header, value in raw.items()})

    def _not_twice(self, line: int, branch: str, person: str, cells: Mapping[str, Any]) -> None:
        """RowProblem when a row of the same person, moment and treatment said something else."""
        assert self.kind.fact is not None
        identity = hash((branch, person, cells[self.kind.fact.clock].at, identifying(cells)))
        said = hash(tuple(map(cells.get, self.plan.headers))) & _MASK
        twin = self._numberless.setdefault(identity, line << _BITS | said)
        if twin & _MASK != said:
            raise RowProblem(self.kind.number or "", Problem.SAME_AS, detail=str(twin >> _BITS))

    def _complaint(self, line: int, header: str, value: str | None, problem: Unreadable) -> Complaint:
        shown = None if value is None or header in PRIVATE else value
        column = self.plan.theirs.get(header, header)
        return Complaint(line, column, shown, problem.problem, problem.example, problem.detail)

    def read_again(self, rows: Sequence[Kept]) -> list[Row]:
        """Checked rows as the values they say."""
        parts: dict[str, list[Kept]] = {}
        for row in rows:
            parts.setdefault(row[1], []).append(row)
        places = [column.index or 0 for column in self._used]
        found: list[Row] = []
        for slug, part in parts.items():
            lines, _, *columns = zip(*part, strict=True)
            texts = dict(zip(places, columns, strict=True))
            read = self._read_columns(slug or next(iter(self._readings)), texts, len(part))
            found += self._rows(slug, list(map(int, lines)), read)
        return found

    def _rows(self, branch: str, lines: Sequence[int], read: list[list[Any]]) -> Iterable[Row]:
        known: dict[str, Sequence[Any]] = dict(zip(self.plan.headers, read, strict=True))
        none = [None] * len(lines)
        numbers = known.get(self.kind.number or "", none)
        if self.kind.name in PLAIN:
            people: Sequence[str] = known["chart_no"]
            known |= completed(self.kind, known, self.policy, len(lines))
            values = list(zip(*(known[key] for key in self.keys), strict=True))
        else:
            people, values = [], []
            for row in zip(*read, strict=True):
                cells = {h: v for h, v in zip(self.plan.headers, row, strict=True) if v is not None}
                complete(self.kind, cells, self.policy, branch or None)
                people.append(_person_of(cells))
                values.append(tuple(map(cells.get, self.keys)))
        branches = [branch] * len(lines)
        return map(Row, lines, branches, people, numbers, values)


_BITS = 64
_MASK = (1 << _BITS) - 1


def _person_of(cells: Mapping[str, Any]) -> str:
    return str(cells.get("chart_no") or cells.get("staff_no") or f"{cells['phone']} {cells['name']}")


def identifying(cells: Mapping[str, Any]) -> str:
    """What tells two facts of one moment apart: the treatment, for a payment what it pays."""
    for header in ("treatment", "course_no", "treatment_no"):
        if cells.get(header):
            return str(cells[header])
    return ""


def _readings(
    policy: Policy, words: Words, profile: ExportProfile | None, *, typed: bool
) -> dict[str, Reading]:
    zone = ZoneInfo(profile.zone) if profile and profile.zone else None
    scale = get_currency_precision(policy.currency)
    known = {
        name: known
        if name in ("clock", "amount", "count")
        else {fields.folded(word): ours for word, ours in known.items()}
        for name, known in words.items()
    }
    memo: dict[tuple[str, str], Any] = {}
    return {
        slug: Reading(branch, policy, known, zone or branch.tz, scale, typed, memo)
        for slug, branch in policy.branches.items()
    }


_EXAMPLES: Mapping[str, str] = {
    **dict.fromkeys(
        ("received_at", "starts_at", "arrived_at", "held_at", "done_at", "paid_at", "called_at"),
        fields.MOMENT_EXAMPLE,
    ),
    "bought_on": fields.DAY_EXAMPLE,
    "amount": AMOUNT_EXAMPLE,
    "sessions": "10",
    "outcome": "connected",
    "role": "coordinator",
}

"""A file is read and checked whole before anything of it is written: bytes → rows and complaints."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from crm_core.imports import fields
from crm_core.imports.columns import Plan, plan_of
from crm_core.imports.complaint import Complaint, FileRefused, Problem, RefusedFor
from crm_core.imports.fields import Reading, Unreadable, When, Words
from crm_core.imports.kinds import KINDS, PRIVATE, Kind, Person
from crm_core.imports.rows import RowProblem, branch_names, complete, keys_of
from crm_core.imports.table import Record, read_table
from crm_core.policy.policy import ExportProfile, Policy

READER_VERSION = 1
"""Counted up when a file would be read otherwise than before, so that it may be imported again."""

_NAMED = {"treatment": "treatments", "source": "sources", "cause": "causes", "family": "families"}


class Row(NamedTuple):
    """`person` groups the rows of one person; `values` are in the order of `Staged.keys`."""

    line: int
    branch: str
    person: str
    number: str | None
    values: tuple[Any, ...]


class RefusedRow(NamedTuple):
    line: int
    cells: tuple[str, ...]
    complaints: tuple[Complaint, ...]


@dataclass(frozen=True)
class Staged:
    """What a file says. `unknown` counts the rows of names that the policy does not have."""

    kind: Kind
    fingerprint: str
    header: tuple[str, ...]
    ignored: tuple[str, ...]
    keys: tuple[str, ...]
    rows: list[Row] = field(repr=False)
    refused: list[RefusedRow] = field(repr=False)
    unknown: Mapping[tuple[str, str], int]
    last_days: Mapping[str, date]

    def values(self, row: Row) -> dict[str, Any]:
        """The cells of a row by our headers; those that were empty are left out."""
        return {k: v for k, v in zip(self.keys, row.values, strict=True) if v is not None}


def stage(
    data: bytes,
    kind: str,
    policy: Policy,
    words: Words,
    *,
    branch: str | None = None,
    mapping: str | None = None,
) -> Staged:
    """Reads and checks every row; rows of one person stand together, in the order of the file.

    Raises FileRefused when nothing of the file can be used.
    """
    if kind not in KINDS:
        raise FileRefused(RefusedFor.NO_KIND, kind, tuple(KINDS))
    profile = _profile(policy, mapping, kind)
    named = branch or (profile.branch if profile else None)
    if named is not None:
        found = branch_names(policy).get(fields.folded(named))
        if found is None:
            raise FileRefused(RefusedFor.NO_BRANCH, named, tuple(policy.branches))
        named = found
    table = read_table(data, _wanted(KINDS[kind], profile))
    plan = plan_of(KINDS[kind], table.header, profile)
    if named is None and len(policy.branches) == 1:
        named = next(iter(policy.branches))
    if named is None and "branch" not in plan.headers and kind != "staff":
        raise FileRefused(RefusedFor.WHICH_BRANCH, found=tuple(policy.branches))
    staging = _Staging(KINDS[kind], policy, words, plan, named, profile)
    for record in table.records():
        staging.take(record)
    return Staged(
        kind=KINDS[kind],
        fingerprint=fingerprint(data, policy, named, profile),
        header=table.header,
        ignored=plan.ignored,
        keys=staging.keys,
        rows=staging.together(),
        refused=staging.refused,
        unknown=dict(staging.unknown),
        last_days=staging.last_days,
    )


def fingerprint(data: bytes, policy: Policy, branch: str | None, profile: ExportProfile | None) -> str:
    """The file and everything that decides how it is read: branch, mapping, names of the policy."""
    digest = blake2b(data, digest_size=20)
    named: tuple[Mapping[str, Any], ...] = (
        policy.treatments,
        policy.sources,
        policy.causes,
        policy.families,
        policy.roles,
    )
    names = [
        [(slug, thing.names, getattr(thing, "aliases", ())) for slug, thing in sorted(things.items())]
        for things in named
    ]
    zones = [(slug, place.zone, place.book) for slug, place in sorted(policy.branches.items())]
    shape = sorted(vars(profile).items()) if profile else None
    said = [(key, sorted(v.items()) if isinstance(v, Mapping) else v) for key, v in shape or ()]
    digest.update(repr((READER_VERSION, branch, said, names, zones, policy.late_cancel_hours)).encode())
    return digest.hexdigest()


def _profile(policy: Policy, mapping: str | None, kind: str) -> ExportProfile | None:
    if mapping is None:
        return None
    profile = policy.mappings.get(mapping)
    if profile is None:
        raise FileRefused(RefusedFor.NO_MAPPING, mapping, tuple(policy.mappings))
    if profile.kind != kind:
        raise FileRefused(RefusedFor.OTHER_KIND, mapping, (profile.kind,))
    return profile


def _wanted(kind: Kind, profile: ExportProfile | None) -> frozenset[str]:
    theirs = profile.columns.values() if profile else kind.readers
    return frozenset(map(fields.folded, theirs))


class _Staging:
    def __init__(
        self,
        kind: Kind,
        policy: Policy,
        words: Words,
        plan: Plan,
        branch: str | None,
        profile: ExportProfile | None,
    ) -> None:
        self.kind, self.policy, self.plan, self.branch = kind, policy, plan, branch
        self.keys = keys_of(kind, plan.headers)
        self.rows: list[Row] = []
        self.refused: list[RefusedRow] = []
        self.unknown: Counter[tuple[str, str]] = Counter()
        self.last_days: dict[str, date] = {}
        self._branches = branch_names(policy)
        self._readings = _readings(policy, words, profile)
        self._persons: dict[str, str] = {}
        self._numberless: dict[tuple[Any, ...], Row] = {}

    def take(self, record: Record) -> None:
        """Reads one record into a row, or into complaints."""
        found: list[Complaint] = []
        cells: dict[str, Any] = {}
        extra = record.cells[len(self.plan.header) :]
        if any(cell.strip() for cell in extra):
            found.append(Complaint(record.line, "", None, Problem.TOO_MANY_CELLS, '"1,250,000"'))
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
            found.extend(self._finish(record, cells, branch))
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

    def _finish(self, record: Record, cells: dict[str, Any], branch: str | None) -> Iterator[Complaint]:
        try:
            complete(self.kind, cells, self.policy, branch)
            row = self._row(record, cells, branch)
        except RowProblem as problem:
            value = None
            if problem.column in self.plan.headers and problem.column in cells:
                value = str(cells[problem.column])
            yield self._complaint(record.line, problem.column, value, problem)
            return
        self.rows.append(row)
        for header, names in _NAMED.items():
            name = cells.get(header)
            if name is not None and name not in getattr(self.policy, names):
                self.unknown[header, name] += 1
        moment = cells.get(self.kind.fact.clock) if self.kind.fact else None
        if isinstance(moment, When):
            self.last_days[row.branch] = max(moment.on, self.last_days.get(row.branch, date.min))

    def _row(self, record: Record, cells: dict[str, Any], branch: str | None) -> Row:
        person = str(cells.get("chart_no") or cells.get("staff_no") or "")
        if not person:
            person = f"{cells['phone']} {cells['name']}"
        person = self._persons.setdefault(person, person)
        number = cells.get(self.kind.number) if self.kind.number else None
        row = Row(record.line, branch or "", person, number, tuple(map(cells.get, self.keys)))
        if self.kind.fact and number is None:
            moment = cells[self.kind.fact.clock]
            same = (row.branch, person, moment.at, identifying(cells))
            twin = self._numberless.setdefault(same, row)
            if twin.values != row.values:
                raise RowProblem(self.kind.number or "", Problem.SAME_AS, detail=str(twin.line))
        return row

    def _complaint(self, line: int, header: str, value: str | None, problem: Unreadable) -> Complaint:
        shown = None if value is None or header in PRIVATE else value
        column = self.plan.theirs.get(header, header)
        return Complaint(line, column, shown, problem.problem, problem.example, problem.detail)

    def together(self) -> list[Row]:
        """The rows, those of one person side by side, people in the order of their first row."""
        order: dict[str, int] = {}
        for row in self.rows:
            order.setdefault(row.person, len(order))
        self.rows.sort(key=lambda row: order[row.person])
        return self.rows


def identifying(cells: Mapping[str, Any]) -> str:
    """What tells two facts of one moment apart: the treatment, for a payment what it pays."""
    for header in ("treatment", "course_no", "treatment_no"):
        if cells.get(header):
            return str(cells[header])
    return ""


def _readings(policy: Policy, words: Words, profile: ExportProfile | None) -> dict[str, Reading]:
    zone = ZoneInfo(profile.zone) if profile and profile.zone else None
    scale = get_currency_precision(policy.currency)
    known = {
        name: known if name == "clock" else {fields.folded(word): ours for word, ours in known.items()}
        for name, known in words.items()
    }
    memo: dict[tuple[str, str], Any] = {}
    return {
        slug: Reading(branch, policy, known, zone or branch.tz, scale, memo)
        for slug, branch in policy.branches.items()
    }


_EXAMPLES: Mapping[str, str] = {
    **dict.fromkeys(
        ("received_at", "starts_at", "arrived_at", "held_at", "done_at", "paid_at", "called_at"),
        fields.MOMENT_EXAMPLE,
    ),
    "bought_on": fields.DAY_EXAMPLE,
    "amount": "1,250,000",
    "sessions": "10",
    "outcome": "connected",
    "role": "coordinator",
}

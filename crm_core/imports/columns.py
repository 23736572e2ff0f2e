"""Which column of a file is which of ours: by our headers, or by a mapping of the policy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.imports import fields
from crm_core.imports.complaint import FileRefused, Problem, RefusedFor
from crm_core.imports.fields import Reader, Reading, Unreadable, When, folded
from crm_core.imports.kinds import Kind
from crm_core.policy.policy import ExportProfile, Transform


@dataclass(frozen=True)
class Column:
    """`index` is the place in the file, None for a constant of the mapping."""

    header: str
    index: int | None
    constant: str
    required: bool
    prepare: Callable[[str], str]
    read: Reader


@dataclass(frozen=True)
class Plan:
    """How a file's header is read; `theirs`: our header → the file's own word for it."""

    header: tuple[str, ...]
    columns: tuple[Column, ...]
    ignored: tuple[str, ...]
    theirs: Mapping[str, str]

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(column.header for column in self.columns)


def plan_of(kind: Kind, header: tuple[str, ...], profile: ExportProfile | None) -> Plan:
    """FileRefused when a required column is missing or a column of ours is there twice."""
    places: dict[str, int] = {}
    wanted = profile.columns if profile else {name: name for name in kind.readers}
    by_theirs = {folded(theirs): ours for ours, theirs in wanted.items()}
    theirs: dict[str, str] = {}
    ignored = []
    for index, name in enumerate(header):
        ours = by_theirs.get(folded(name))
        if ours is None:
            if name:
                ignored.append(name)
        elif ours in places:
            raise FileRefused(RefusedFor.TWICE, name, header)
        else:
            places[ours], theirs[ours] = index, name
    constants = profile.constants if profile else {}
    for name in kind.required:
        if name not in places and name not in constants:
            raise FileRefused(RefusedFor.MISSING_COLUMN, wanted.get(name, name), header)
    columns = tuple(
        Column(
            header=name,
            index=places.get(name),
            constant=constants.get(name, ""),
            required=name in kind.required,
            prepare=_prepare(name, profile),
            read=_reader(name, reader, profile),
        )
        for name, reader in kind.readers.items()
        if name in places or name in constants
    )
    return Plan(header, columns, tuple(dict.fromkeys(ignored)), theirs)


def _prepare(name: str, profile: ExportProfile | None) -> Callable[[str], str]:
    """What is done to a cell's text before it is read: digits, then their value → ours."""
    if profile is None:
        return _as_it_is
    values = {folded(theirs): ours for theirs, ours in profile.values.get(name, {}).items()}
    as_digits = profile.transforms.get(name) is Transform.DIGITS
    if not values and not as_digits:
        return _as_it_is

    def prepare(text: str) -> str:
        if as_digits:
            text = fields.digits(text)
        return values.get(folded(text), text) if values else text

    return prepare


def _as_it_is(text: str) -> str:
    return text


_TIMES: Mapping[Reader, Callable[[When], Any]] = {
    fields.when: lambda when: when,
    fields.instant: lambda when: when.at,
    fields.day: lambda when: when.on,
    fields.iso_day: lambda when: when.on.isoformat(),
}


def _reader(name: str, reader: Reader, profile: ExportProfile | None) -> Reader:
    """The reader of a column, after the mapping's format and transform where it is a time."""
    part = _TIMES.get(reader)
    if profile is None or part is None:
        return reader
    transform, pattern = profile.transforms.get(name), profile.formats.get(name)
    if transform is Transform.DATE_ONLY:
        return lambda text, reading: part(fields.date_only(text, reading))
    if transform is Transform.WALL_CLOCK:
        return lambda text, reading: part(fields.wall_clock(text, reading))
    if pattern is None:
        return reader

    def read(text: str, reading: Reading) -> Any:
        found = fields.by_format(text, pattern, reading)
        if found is not None:
            return part(found)
        try:
            return reader(text, reading)  # these begin with the year: nothing can be confused
        except Unreadable as problem:
            if problem.problem is Problem.NO_DATE:
                raise Unreadable(Problem.NO_DATE, fields.example_of(pattern)) from None
            raise

    return read

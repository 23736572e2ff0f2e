"""Which of our columns a file's unknown headers may be: by their words, and by the shape of the values."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from babel.numbers import get_currency_precision
from rapidfuzz import fuzz

from crm_core.imports import fields
from crm_core.imports.complaint import FileRefused, RefusedFor
from crm_core.imports.fields import Reader, Reading, Unreadable, Words, folded
from crm_core.imports.kinds import KINDS, Kind
from crm_core.imports.table import Source, read_table
from crm_core.policy.policy import Policy

SAMPLE = 300  # rows that are looked at
ENOUGH = 80  # of 100 values must be readable
ALIKE = 82.0  # of 100: two words that may be one
MOST_WORDS = 12

_DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%y-%m-%d", "%y.%m.%d", "%y/%m/%d")
_TIMES = ("", " %H:%M", " %H:%M:%S")
FORMATS = (*(day + clock for day in _DATES for clock in _TIMES), "%Y%m%d%H%M", "%Y%m%d%H%M%S")
_MOMENTS = (fields.when, fields.instant, fields.day, fields.iso_day)
_AMOUNTS = frozenset({"amount", "refund", "deposit", "paid", "proposed_amount", "agreed_amount"})
_FREE = (fields.plain_text, fields.note, fields.treatment, fields.source, fields.cause, fields.family)


class Sure(StrEnum):
    """How a column was recognised."""

    SAME = "same"  # its header is a word we know
    ALIKE = "alike"  # nearly
    SHAPE = "shape"  # only its values look like it


@dataclass(frozen=True)
class Match:
    """Our header is probably their column. `formats` has two entries where day and month could be either;
    `unknown` are values that are none of our words, with the number of their rows."""

    header: str
    theirs: str
    sure: Sure
    formats: tuple[str, ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Suggestion:
    """A mapping of a kind. `lacking` are required headers that no column seems to be."""

    kind: str
    matches: tuple[Match, ...]
    lacking: tuple[str, ...]
    unused: tuple[str, ...]


class _Fit(NamedTuple):
    """How well a column fits a header; the larger the better."""

    score: float
    header: str
    place: int
    sure: Sure
    formats: tuple[str, ...]


@dataclass(frozen=True)
class _Column:
    name: str
    values: tuple[str, ...]  # those that are not empty


def suggest(
    data: Source,
    policy: Policy,
    known: Words,
    words: Mapping[str, Sequence[str]],
    *,
    kind: str | None = None,
    name: str = "",
) -> Suggestion:
    """The mapping that explains most of a file. `known`: words inside cells; `words`: our header →
    words of others for it (`reservations.status` where it is so in one kind only).

    FileRefused when this is no table.
    """
    wanted = {folded(word) for header, others in words.items() for word in (header, *others)}
    table = read_table(data, frozenset(wanted))
    rows = [record.cells for record in islice(table.records(), SAMPLE)]
    columns = [_column(index, header, rows) for index, header in enumerate(table.header)]
    if not any(column.name for column in columns):
        raise FileRefused(RefusedFor.EMPTY)
    kinds = [KINDS[kind]] if kind is not None and kind in KINDS else list(KINDS.values())
    stem = folded(name.rpartition(".")[0] or name)
    reading = _reading(policy, known, typed=table.typed)
    found = [_of_kind(one, columns, reading, words) for one in kinds]
    return max(found, key=lambda one: _worth(one, stem))


def _reading(policy: Policy, known: Words, *, typed: bool) -> Reading:
    """How cells are read before anybody said whose they are: as those of the first branch."""
    branch = next(iter(policy.branches.values()))
    words = {
        name: dict(some) if name == "clock" else {folded(word): ours for word, ours in some.items()}
        for name, some in known.items()
    }
    return Reading(branch, policy, words, branch.tz, get_currency_precision(policy.currency), typed=typed)


def _column(index: int, header: str, rows: Iterable[Sequence[str]]) -> _Column:
    values = (row[index].strip() for row in rows if index < len(row))
    return _Column(header, tuple(value for value in values if value))


def _worth(found: Suggestion, stem: str) -> tuple[bool, bool, float]:
    points = {Sure.SAME: 3.0, Sure.ALIKE: 2.0, Sure.SHAPE: 0.5}
    kind = KINDS[found.kind]
    needed = {*kind.required, kind.number, kind.fact.clock if kind.fact else ""}
    worth = sum(points[one.sure] * (2 if one.header in needed else 1) for one in found.matches)
    return not found.lacking, folded(found.kind) in stem, worth


def _of_kind(
    kind: Kind, columns: Sequence[_Column], reading: Reading, words: Mapping[str, Sequence[str]]
) -> Suggestion:
    fits = sorted(
        (
            fit
            for header, reader in kind.readers.items()
            for index, column in enumerate(columns)
            if column.name
            and (fit := _fit(kind, header, reader, index, column, reading, _known(kind, header, words)))
        ),
        key=lambda fit: (-fit.score, fit.place),
    )
    taken: dict[str, _Fit] = {}
    used: set[int] = set()
    for fit in fits:
        if fit.header not in taken and fit.place not in used:
            taken[fit.header] = fit
            used.add(fit.place)
    matches = tuple(
        _match(kind, taken[header], columns, reading) for header in kind.readers if header in taken
    )
    lacking = tuple(header for header in kind.required if header not in taken)
    unused = tuple(column.name for n, column in enumerate(columns) if column.name and n not in used)
    return Suggestion(kind.name, matches, lacking, unused)


def _known(kind: Kind, header: str, words: Mapping[str, Sequence[str]]) -> list[str]:
    """Our header and the words of others: those for this kind, and those for every kind."""
    return [
        folded(word) for word in (header, *words.get(f"{kind.name}.{header}", ()), *words.get(header, ()))
    ]


def _fit(
    kind: Kind,
    header: str,
    reader: Reader,
    index: int,
    column: _Column,
    reading: Reading,
    known: Sequence[str],
) -> _Fit | None:
    alike = _alike(folded(column.name), known)
    readable = sum(_reads(reader, value, reading) for value in column.values)
    enough = 100 * readable >= ENOUGH * len(column.values)
    formats: tuple[str, ...] = ()
    if not enough and reader in _MOMENTS:
        formats = _formats_of(column, reading)
    if alike >= 100 and (enough or formats or _by_words(header, reader)):
        # A status that is written in words of their own is still a status: its words are told.
        return _Fit(200, header, index, Sure.SAME, formats)
    if ALIKE <= alike < 100 and (enough or formats):
        return _Fit(alike, header, index, Sure.ALIKE, formats)
    whole = bool(formats) or readable == len(column.values)
    if header in kind.required and whole and _has_the_shape(header, reader, column):
        return _Fit(1, header, index, Sure.SHAPE, formats)
    return None


def _by_words(header: str, reader: Reader) -> bool:
    return reader not in _MOMENTS and header not in _AMOUNTS and header != "phone"


def _alike(theirs: str, known: Sequence[str]) -> float:
    """0 to 100: the same word, a word that holds one of ours, or nearly one."""
    best = 0.0
    for place, word in enumerate(known):
        if theirs == word:
            return 100.0
        if len(word) >= 3 and word in theirs:
            best = max(best, 95.0 - place / 100)
        best = max(best, min(94.0, fuzz.ratio(theirs, word)) - place / 100)
    return best


def _reads(reader: Reader, value: str, reading: Reading) -> bool:
    try:
        reader(value, reading)
    except Unreadable:
        return False
    return True


def _formats_of(column: _Column, reading: Reading) -> tuple[str, ...]:
    """The patterns that read every value; two when nothing tells the day from the month."""
    return tuple(
        pattern
        for pattern in FORMATS
        if column.values and all(_fits(value, pattern, reading) for value in column.values)
    )


def _fits(value: str, pattern: str, reading: Reading) -> bool:
    try:
        return fields.by_format(value, pattern, reading) is not None
    except Unreadable:
        return False


def _has_the_shape(header: str, reader: Reader, column: _Column) -> bool:
    """Whether values alone can tell: moments and amounts do, and so may a number for a chart number."""
    if len(column.values) < 3:
        return False
    if reader in _MOMENTS:
        return True
    if header in _AMOUNTS:
        return all(len(value) >= 4 for value in column.values)
    return header == "chart_no" and all(value.replace("-", "").isdigit() for value in column.values)


def _match(kind: Kind, fit: _Fit, columns: Sequence[_Column], reading: Reading) -> Match:
    column, reader = columns[fit.place], kind.readers[fit.header]
    unknown: Counter[str] = Counter()
    if reader not in _MOMENTS and reader not in _FREE:
        unknown.update(value for value in column.values if not _reads(reader, value, reading))
    return Match(fit.header, column.name, fit.sure, fit.formats, dict(unknown.most_common(MOST_WORDS)))

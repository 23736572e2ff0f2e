"""A clinic of any size, written in bulk: only what the measured questions read.

The journeys and the ledger are written as the fold would leave them, not folded from events: folding a
million patients takes minutes and is not what is measured. `bars.ledger_agrees` compares a sample of
the ledger with the product's own fold. Every size has the same number of people due.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from bot.database import open_engine
from crm_core.migrations import upgrade
from crm_core.policy.policy import Policy
from crm_core.privacy import Vault
from crm_core.tables.journey import STAGES

DAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 18, tzinfo=ZoneInfo("Asia/Seoul"))
DAYS = 1095
DUE = 800
_GOES_ON = (0.64, 0.72, 0.93, 0.8, 0.9)
_WAITS_AT_MOST = (3, 21, 1, 7, 20)  # days; together below the 60 in which a journey is followed
PAID = 100_000  # what each treatment cost, in won
_MICROSECONDS = 86_400_000_000
_EPOCH = date(1970, 1, 1)

Ints = npt.NDArray[np.int64]
Columns = dict[str, Any]


@dataclass(frozen=True)
class Clinic:
    """Where it lies. `parquet` holds the same facts for the baseline."""

    patients: int
    url: str
    vault_key: str
    parquet: Path


@dataclass(frozen=True)
class Rule:
    """Days since the last treatment: first day due, last day due, last day lapsed."""

    treatment: str
    family: str
    due: int
    churned: int
    lapsed: int


def rules(policy: Policy) -> tuple[Rule, ...]:
    """The policy's own return rules of the three treatments given here."""
    found = []
    for slug in _treatments(policy):
        days, family = policy.days_of(slug), policy.family_of(slug)
        assert days is not None
        assert family is not None
        found.append(Rule(slug, family, days[0], days[1], days[1] + policy.calls.lapsed_days))
    return tuple(found)


def _treatments(policy: Policy) -> tuple[str, ...]:
    """The first treatment of each of three families, due early enough to need no consent."""
    chosen: dict[str, str] = {}
    for slug in policy.treatments:
        days, family = policy.days_of(slug), policy.family_of(slug)
        if days is not None and family is not None and days[0] < policy.calls.consent_days - 10:
            chosen.setdefault(family, slug)
    return tuple(chosen.values())[:3]


def make(folder: Path, patients: int, policy: Policy) -> Clinic:
    """Writes the clinic as a migrated SQLite file and as Parquet files."""
    from benchmarks import baseline

    key = Vault.new_key()
    file = folder / f"{patients}.db"
    url = f"sqlite:///{file}"
    engine = open_engine(url, Vault.from_key(key))
    upgrade(engine)
    engine.dispose()
    parquet = folder / f"{patients}-parquet"
    parquet.mkdir()
    chance = np.random.default_rng(2026)
    branches = tuple(policy.branches)
    home = chance.integers(0, len(branches), patients)
    journeys = _journeys(chance, patients)
    treated = _treated(chance, patients, rules(policy), policy.calls.consent_days)
    with _Bulk(file) as bulk:
        _write_people(bulk, Vault.from_key(key), patients, home, branches, treated)
        _write_journeys(bulk, journeys, home, branches)
        _write_facts(bulk, treated, home, branches, rules(policy))
    baseline.write_events(parquet, journeys, _slugs(home[journeys.patient - 1], branches), NOW)
    baseline.write_facts(parquet, treated, [rule.treatment for rule in rules(policy)], patients)
    return Clinic(patients, url, key, parquet)


@dataclass(frozen=True)
class Journeys:
    """One entry a journey; `at` has a row per stage in microseconds, 0 where it was not reached."""

    patient: Ints
    number: Ints
    at: Ints


@dataclass(frozen=True)
class Treated:
    """Per patient: which rule, the last day and the one before (0: none), days from 1970; and the
    day of a reservation to come (0: none), and whether a phone is known."""

    rule: Ints
    last: Ints
    before: Ints
    booked: Ints
    has_phone: npt.NDArray[np.bool_]


def day_number(day: date) -> int:
    return (day - _EPOCH).days


def _journeys(chance: np.random.Generator, patients: int) -> Journeys:
    """One journey each, and a second one of half of them, 400 days apart in a ring of three years."""
    now = int(NOW.timestamp() * 1_000_000)
    start = now - DAYS * _MICROSECONDS
    first = chance.integers(0, DAYS * 86_400, patients) * 1_000_000
    again = np.nonzero(chance.random(patients) < 0.5)[0]
    second = (first[again] + 400 * _MICROSECONDS) % (DAYS * _MICROSECONDS)
    number = np.ones(patients + len(again), dtype=np.int64)
    number[again] = np.where(second < first[again], 2, 1)
    number[patients:] = 3 - number[again]
    at = np.zeros((len(STAGES), patients + len(again)), dtype=np.int64)
    at[0] = start + np.concatenate([first, second])
    for stage, (share, days) in enumerate(zip(_GOES_ON, _WAITS_AT_MOST, strict=True), start=1):
        later = at[stage - 1] + chance.integers(60, days * 86_400, at.shape[1]) * 1_000_000
        goes = (at[stage - 1] > 0) & (chance.random(at.shape[1]) < share) & (later <= now)
        at[stage] = np.where(goes, later, 0)
    return Journeys(np.concatenate([np.arange(1, patients + 1), again + 1]), number, at)


def _treated(chance: np.random.Generator, patients: int, given: Sequence[Rule], consent_days: int) -> Treated:
    """`DUE` patients are due or lapsed, two in five of the others not yet, the rest long gone."""
    rule = chance.integers(0, len(given), patients)
    due = np.array([one.due for one in given])[rule]
    lapsed = np.array([one.lapsed for one in given])[rule]
    soon = chance.random(patients)
    gone = lapsed + 1 + (soon * (DAYS - lapsed - 1)).astype(np.int64)
    age = np.where(chance.random(patients) < 0.4, (soon * due).astype(np.int64), gone)
    picked = chance.choice(patients, DUE, replace=False)
    until = np.minimum(lapsed[picked], consent_days - 1)
    age[picked] = due[picked] + (soon[picked] * (until - due[picked] + 1)).astype(np.int64)
    last = day_number(DAY) - age
    before = np.where(chance.random(patients) < 0.4, last - chance.integers(30, 300, patients), 0)
    to_come = day_number(DAY) + chance.integers(1, 30, patients)
    booked = np.where(chance.random(patients) < 0.05, to_come, 0)
    return Treated(rule, last, before, booked, chance.random(patients) > 0.02)


class _Bulk:
    """Raw inserts with the indexes away; they are made again at the end. No ANALYZE: Dasi runs none."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144"):
            self._db.execute(f"PRAGMA {pragma}")

    def __enter__(self) -> "_Bulk":
        said = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        self._indexes = self._db.execute(said).fetchall()
        for name, _ in self._indexes:
            self._db.execute(f'DROP INDEX "{name}"')
        self._db.execute("BEGIN")
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        self._db.execute("COMMIT")
        if kind is None:
            for _, sql in self._indexes:
                self._db.execute(sql)
            self._db.execute("PRAGMA journal_mode=WAL")
        self._db.close()

    def write(self, table: str, columns: Columns, number: int) -> None:
        """Columns are iterables of `number` values, or one value for all rows."""
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        rows = zip(*(_spread(values, number) for values in columns.values()), strict=True)
        self._db.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def _spread(values: Any, number: int) -> Iterable[Any]:
    if isinstance(values, np.ndarray):
        return values.tolist()  # type: ignore[no-any-return]
    return values if isinstance(values, list | range) else [values] * number


def _empty(values: Ints) -> list[int | None]:
    return [value or None for value in values.tolist()]


_TEXTS = [(_EPOCH + timedelta(number)).isoformat() for number in range(25_000)]


def _texts(days: Ints) -> list[str]:
    return [_TEXTS[day] for day in days.tolist()]


def _noons(days: Ints) -> list[str]:
    """Noon in Seoul, as the column keeps a moment."""
    return [f"{_TEXTS[day]} 03:00:00.000000" for day in days.tolist()]


def _numbers(letter: str, number: int) -> list[str]:
    return [f"{letter}{one:08d}" for one in range(number)]


def _slugs(which: Ints, slugs: Sequence[str]) -> list[str]:
    return [slugs[one] for one in which.tolist()]


def _write_people(
    bulk: _Bulk, vault: Vault, patients: int, home: Ints, branches: Sequence[str], treated: Treated
) -> None:
    bulk.write("book", {"slug": ["one"]}, 1)
    births = [vault.seal(f"{1950 + year}-06-15") for year in range(50)]
    created = datetime(2023, 1, 2, tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    bulk.write(
        "patient",
        {
            "id": range(1, patients + 1),
            "book": "one",
            "chart_no": _numbers("C", patients),
            "branch": _slugs(home, branches),
            "birth_date": [births[one % 50] for one in range(patients)],
            "status": "active",
            "vip": False,
            "last_visit_on": _texts(treated.last),
            "created_at": created,
        },
        patients,
    )
    phones = (np.nonzero(treated.has_phone)[0] + 1).tolist()
    address = vault.seal("+821012345678")
    blinds = [one.to_bytes(16, "big") for one in phones]
    bulk.write(
        "contact",
        {"id": phones, "kind": "phone", "address": address, "address_blind": blinds, "created_at": created},
        len(phones),
    )
    bulk.write(
        "contactlink",
        {"contact_id": phones, "patient_id": phones, "relation": "self", "preferred": True},
        len(phones),
    )


def _write_journeys(bulk: _Bulk, journeys: Journeys, home: Ints, branches: Sequence[str]) -> None:
    number = len(journeys.patient)
    at = journeys.at
    seoul = 9 * 3600 * 1_000_000
    treated_on = np.where(at[5] > 0, (at[5] + seoul) // _MICROSECONDS, 0)
    columns: Columns = {
        "patient_id": journeys.patient,
        "number": journeys.number,
        "branch": _slugs(home[journeys.patient - 1], branches),
        "source": [("naver", "kakao", "phone", None)[one % 4] for one in range(number)],
        "families": [("botox", "skin_care", "filler")[one % 3] for one in range(number)],
        "entry": "inquiry",
        "is_new": (journeys.number == 1).astype(np.int64),
        "known_from": at[0],
        "first_at": at[0],
        "first_on": _texts((at[0] + seoul) // _MICROSECONDS),
        "last_at": at.max(axis=0),
        "agreed_same_day": ((at[4] > 0) & (at[4] - at[3] < _MICROSECONDS // 3)).astype(np.int64),
        "reserved_until": _empty(at[2]),
        "reservation_passed_at": _empty(at[1]),
        "visit_passed_at": _empty(at[2]),
        "return_due_on": [_TEXTS[day + 180] if day else None for day in treated_on.tolist()],
        "referral_due_on": [_TEXTS[day + 60] if day else None for day in treated_on.tolist()],
        "last_treatment_on": [_TEXTS[day] if day else None for day in treated_on.tolist()],
    }
    columns |= {f"{stage.value}_at": _empty(at[place]) for place, stage in enumerate(STAGES)}
    bulk.write("journey", columns, number)


def _write_facts(
    bulk: _Bulk, treated: Treated, home: Ints, branches: Sequence[str], given: Sequence[Rule]
) -> None:
    patient = np.arange(1, len(home) + 1)
    had = np.nonzero(treated.before)[0]
    who = np.concatenate([patient, patient[had]])
    days = np.concatenate([treated.last, treated.before[had]])
    number = len(who)
    place = _slugs(home[who - 1], branches)
    shared: Columns = {"book": "one", "patient_id": who, "branch": place, "timed": True, "source": "import"}
    noons, texts = _noons(days), _texts(days)
    bulk.write(
        "treatment_done",
        shared
        | {
            "number": _numbers("T", number),
            "done_at": noons,
            "done_on": texts,
            "treatment": _slugs(treated.rule[who - 1], [one.treatment for one in given]),
            "amount": PAID,
        },
        number,
    )
    paid = {"number": _numbers("P", number), "paid_at": noons, "paid_on": texts, "amount": PAID}
    bulk.write("payment", shared | paid | {"refund": 0}, number)
    came = {"number": _numbers("V", number), "arrived_at": noons, "arrived_on": texts}
    bulk.write("visit", shared | came, number)
    done = {"number": _numbers("R", number), "starts_at": noons, "starts_on": texts}
    bulk.write("reservation", shared | done | {"state": "completed", "answer": "none"}, number)
    _write_booked(bulk, treated, home, branches)
    _write_ledger(bulk, treated, home, branches, given)


def _write_booked(bulk: _Bulk, treated: Treated, home: Ints, branches: Sequence[str]) -> None:
    booked = np.nonzero(treated.booked)[0]
    bulk.write(
        "reservation",
        {
            "book": "one",
            "number": _numbers("F", len(booked)),
            "patient_id": booked + 1,
            "branch": _slugs(home[booked], branches),
            "starts_at": _noons(treated.booked[booked]),
            "starts_on": _texts(treated.booked[booked]),
            "timed": True,
            "made_at": "2026-11-01 03:00:00.000000",
            "state": "booked",
            "answer": "none",
            "source": "import",
        },
        len(booked),
    )


def _write_ledger(
    bulk: _Bulk, treated: Treated, home: Ints, branches: Sequence[str], given: Sequence[Rule]
) -> None:
    rule = treated.rule
    after = {
        name: np.array([getattr(one, name) for one in given])[rule] for name in ("due", "churned", "lapsed")
    }
    bulk.write(
        "recall_due",
        {
            "patient_id": range(1, len(home) + 1),
            "family": _slugs(rule, [one.family for one in given]),
            "branch": _slugs(home, branches),
            "treatment": _slugs(rule, [one.treatment for one in given]),
            "last_on": _texts(treated.last),
            "due_on": _texts(treated.last + after["due"]),
            "churned_on": _texts(treated.last + after["churned"]),
            "lapsed_until": _texts(treated.last + after["lapsed"]),
            "recommended": False,
            "own_rhythm_n": 0,
            "worth": np.where(treated.before > 0, 200_000, 100_000),
            "times": np.where(treated.before > 0, 2, 1),
        },
        len(home),
    )

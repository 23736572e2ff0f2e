"""The named baseline: DuckDB on Parquet, computing the same answers from the facts."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from benchmarks.clinic import PAID, Journeys, Rule, Treated, day_number

NAME = f"DuckDB {duckdb.__version__} on Parquet"
FOLLOWED_DAYS = 60
_MICROSECONDS = 86_400_000_000


def write_events(folder: Path, journeys: Journeys, branches: Sequence[str], now: datetime) -> None:
    """One row an event in the order of time, as an export has them: who, where, which stage, when; as
    Parquet and as CSV. `branches` are those of the journeys."""
    stage, journey = np.nonzero((journeys.at > 0) & (journeys.at <= int(now.timestamp() * 1_000_000)))
    at = journeys.at[stage, journey]
    order = np.argsort(at, kind="stable")
    columns = {
        "patient_id": journeys.patient[journey][order],
        "stage": (stage + 1).astype(np.int8)[order],
        "at": at[order],
        "journey_id": (journey + 1)[order],
        "branch": pa.array(np.array(branches, dtype=object)[journey][order]),
    }
    table = pa.table(columns)
    pq.write_table(table, folder / "events.parquet")
    csv.write_csv(table, folder / "events.csv")


def write_facts(folder: Path, treated: Treated, treatments: Sequence[str], patients: int) -> None:
    """Treatments, reservations to come, and who has a phone."""
    patient = np.arange(1, patients + 1)
    had = np.nonzero(treated.before)[0]
    rule = np.concatenate([treated.rule, treated.rule[had]])
    columns: dict[str, Any] = {
        "patient_id": np.concatenate([patient, patient[had]]),
        "treatment": pa.array(np.array(treatments, dtype=object)[rule]),
        "done_on": np.concatenate([treated.last, treated.before[had]]),
    }
    pq.write_table(pa.table(columns), folder / "treatments.parquet")
    booked = np.nonzero(treated.booked)[0]
    to_come = {"patient_id": booked + 1, "starts_on": treated.booked[booked]}
    pq.write_table(pa.table(to_come), folder / "reservations.parquet")
    phones = {"patient_id": patient[treated.has_phone]}
    pq.write_table(pa.table(phones), folder / "phones.parquet")
    paid = {"patient_id": columns["patient_id"], "paid_on": columns["done_on"]}
    paid["amount"] = np.full(len(paid["patient_id"]), PAID)
    pq.write_table(pa.table(paid), folder / "payments.parquet")
    came = {"patient_id": columns["patient_id"], "arrived_on": columns["done_on"]}
    pq.write_table(pa.table(came), folder / "visits.parquet")


class Baseline:
    """One connection, kept open, with the Parquet files of one clinic."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db = duckdb.connect()

    def close(self) -> None:
        self._db.close()

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._db.execute(sql).fetchall()

    def in_order(self, since: datetime, until: datetime) -> tuple[int, ...]:
        """The cohort followed through the stages, each after the one before: the research's question."""
        events = f"'{self._folder}/events.parquet'"
        first, last = int(since.timestamp() * 1e6), int(until.timestamp() * 1e6)
        steps = [
            f"""s1 AS (SELECT patient_id, min("at") AS t1, min("at") AS t FROM {events}
            WHERE stage = 1 AND "at" BETWEEN {first} AND {last} GROUP BY 1)"""
        ]
        steps += [
            f"""s{n} AS (SELECT c.patient_id, c.t1, min(e."at") AS t FROM s{n - 1} c JOIN {events} e
            ON e.patient_id = c.patient_id AND e.stage = {n} AND e."at" >= c.t
            AND e."at" <= least({last}, c.t1 + {FOLLOWED_DAYS * _MICROSECONDS}) GROUP BY 1, 2)"""
            for n in range(2, 7)
        ]
        counts = ", ".join(f"(SELECT count(*) FROM s{n})" for n in range(1, 7))
        return self._rows(f"WITH {', '.join(steps)} SELECT {counts}")[0]

    def in_one_scan(self, since: datetime, until: datetime) -> tuple[int, ...]:
        """The same counts from one pass, which trusts that the stages came in order."""
        events = f"'{self._folder}/events.parquet'"
        first, last = int(since.timestamp() * 1e6), int(until.timestamp() * 1e6)
        counts = ", ".join(f"count(DISTINCT e.patient_id) FILTER (e.stage = {n})" for n in range(1, 7))
        return self._rows(
            f"""WITH c AS (SELECT patient_id, min("at") AS t FROM {events}
            WHERE stage = 1 AND "at" BETWEEN {first} AND {last} GROUP BY 1)
            SELECT {counts} FROM c JOIN {events} e USING (patient_id)
            WHERE e."at" BETWEEN c.t AND least({last}, c.t + {FOLLOWED_DAYS * _MICROSECONDS})
            AND e."at" BETWEEN {first} AND {last}"""
        )[0]

    def all_months(
        self, months: Sequence[tuple[datetime, datetime]], until: datetime
    ) -> dict[tuple[int, str], tuple[int, ...]]:
        """(month, branch) → the cohort followed in order to `until`, for every month and branch at once."""
        events = f"'{self._folder}/events.parquet'"
        last = int(until.timestamp() * 1e6)
        bounds = ", ".join(
            f"({place}, {int(first.timestamp() * 1e6)}, {int(end.timestamp() * 1e6)})"
            for place, (first, end) in enumerate(months)
        )
        steps = [
            f"""s1 AS (SELECT patient_id, branch, month, min("at") AS t1, min("at") AS t
            FROM {events} JOIN (VALUES {bounds}) m(month, since, before)
            ON stage = 1 AND "at" >= since AND "at" < before GROUP BY 1, 2, 3)"""
        ]
        steps += [
            f"""s{n} AS (SELECT c.patient_id, c.branch, c.month, c.t1, min(e."at") AS t
            FROM s{n - 1} c JOIN {events} e ON e.patient_id = c.patient_id AND e.stage = {n} AND e."at" >= c.t
            AND e."at" <= least({last}, c.t1 + {FOLLOWED_DAYS * _MICROSECONDS}) GROUP BY 1, 2, 3, 4)"""
            for n in range(2, 7)
        ]
        each = " UNION ALL ".join(
            f"SELECT {n} AS stage, month, branch, count(*) AS number FROM s{n} GROUP BY 2, 3"
            for n in range(1, 7)
        )
        found: dict[tuple[int, str], list[int]] = {}
        for stage, month, branch, number in self._rows(f"WITH {', '.join(steps)} {each}"):
            found.setdefault((month, branch), [0] * 6)[stage - 1] = number
        return {key: tuple(numbers) for key, numbers in found.items()}

    def in_period(self, since: datetime, until: datetime) -> tuple[int, ...]:
        """Different journeys with an event of each stage in the period."""
        events = f"'{self._folder}/events.parquet'"
        first, last = int(since.timestamp() * 1e6), int(until.timestamp() * 1e6)
        rows = self._rows(
            f"""SELECT stage, count(DISTINCT journey_id) FROM {events}
            WHERE "at" BETWEEN {first} AND {last} GROUP BY 1"""
        )
        by_stage = dict(rows)
        return tuple(by_stage.get(stage, 0) for stage in range(1, 7))

    def backlog(self, rules: Sequence[Rule], day: date) -> list[int]:
        """Whoever is past the churn date in every family, has nothing booked and was not here since."""
        today = day_number(day)
        values = ", ".join(f"('{one.treatment}', '{one.family}', {one.churned})" for one in rules)
        rows = self._rows(
            f"""WITH rules(treatment, family, churned) AS (VALUES {values}),
            latest AS (SELECT t.patient_id, r.family, max(t.done_on) AS last_on,
                any_value(r.churned) AS churned
                FROM '{self._folder}/treatments.parquet' t JOIN rules r USING (treatment)
                WHERE t.done_on <= {today} GROUP BY 1, 2),
            gone AS (SELECT patient_id, max(last_on + churned) AS churned_on FROM latest GROUP BY 1
                HAVING max(last_on + churned) < {today}),
            seen AS (SELECT patient_id, max(arrived_on) AS seen_on
                FROM '{self._folder}/visits.parquet' GROUP BY 1)
            SELECT patient_id FROM gone LEFT JOIN seen USING (patient_id)
            WHERE coalesce(seen_on, 0) <= churned_on
            AND patient_id NOT IN (SELECT patient_id FROM '{self._folder}/reservations.parquet'
                WHERE starts_on >= {today})
            ORDER BY patient_id"""
        )
        return [row[0] for row in rows]

    def due(self, rules: Sequence[Rule], day: date, quiet_days: int, value_since: date) -> list[int]:
        """Who is due or lapsed on the day, has a phone and nothing booked and was not here of late; who
        paid most since then first, then the least overdue."""
        today, since = day_number(day), day_number(value_since)
        values = ", ".join(f"('{one.treatment}', '{one.family}', {one.due}, {one.lapsed})" for one in rules)
        rows = self._rows(
            f"""WITH rules(treatment, family, due, lapsed) AS (VALUES {values}),
            latest AS (SELECT t.patient_id, r.family, max(t.done_on) AS last_on, any_value(r.due) AS due,
                any_value(r.lapsed) AS lapsed
                FROM '{self._folder}/treatments.parquet' t JOIN rules r USING (treatment)
                WHERE t.done_on <= {today} GROUP BY 1, 2),
            card AS (SELECT patient_id, min({today} - last_on - due) AS days_over FROM latest
                WHERE last_on + due <= {today} AND last_on + lapsed >= {today}
                AND patient_id IN (SELECT patient_id FROM '{self._folder}/phones.parquet')
                AND patient_id NOT IN (SELECT patient_id FROM '{self._folder}/reservations.parquet'
                    WHERE starts_on >= {today})
                AND patient_id NOT IN (SELECT patient_id FROM '{self._folder}/visits.parquet'
                    WHERE arrived_on BETWEEN {today - quiet_days} AND {today})
                GROUP BY 1)
            SELECT patient_id FROM card LEFT JOIN '{self._folder}/payments.parquet' p USING (patient_id)
            GROUP BY patient_id, days_over
            ORDER BY coalesce(sum(amount) FILTER (p.paid_on > {since} AND p.paid_on <= {today}), 0) DESC,
                days_over, patient_id"""
        )
        return [row[0] for row in rows]

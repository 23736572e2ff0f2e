"""What is true of a journey at a moment, as SQL: counts and the lists behind them use the same words.

A condition is an expression on the rows of today or of the past; an empty moment is not `<= T`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, true
from sqlmodel import col

from crm_core.policy.policy import Patience
from crm_core.tables.journey import STAGES, Instant, Journey, JourneyPast, Stage

Table = type[Journey] | type[JourneyPast]
Condition = ColumnElement[bool]
PAIRS: tuple[tuple[Stage, Stage], ...] = tuple(pairwise(STAGES))


class Which(StrEnum):
    """The part of a pair whose journeys are asked for."""

    LOST = "lost"  # of the ripe ones, those not converted
    OPEN = "open"  # in the pair, and not ripe
    CONVERTED = "converted"  # of the ripe ones
    SO_FAR = "so_far"  # all of the pair
    PENDING = "pending"  # consulted and undecided
    DECLINED = "declined"  # consulted, and every consult answered no
    NOT_SUITABLE = "not_suitable"
    NOT_RECORDED = "not_recorded"  # consulted and treated without a recorded agreement
    WITHOUT_CONSULT = "without_consult"
    ENTERED = "entered"  # came in at the stage
    COUNT = "count"  # passed the stage


def moments_before(at: datetime, patience: Patience) -> dict[Stage, datetime]:
    """The moment less each stage's patience: what was reached by then is ripe (reading 4)."""
    days = {
        Stage.INQUIRY: patience.inquiry,
        Stage.RESERVATION: patience.reservation,
        Stage.VISIT: patience.visit,
        Stage.CONSULT: patience.consult,
        Stage.AGREEMENT: patience.agreement,
    }
    return {stage: at - timedelta(number) for stage, number in days.items()}


def bound_values(at: datetime, patience: Patience) -> dict[str, datetime]:
    """The values of a kept statement at a moment."""
    before = moments_before(at, patience)
    return {"at": at} | {f"before_{stage.value}": moment for stage, moment in before.items()}


@dataclass(frozen=True)
class AsOf:
    """The conditions of one table at one moment."""

    table: Table
    at: Any  # a moment, or what stands for it in a statement that is kept
    before: Mapping[Stage, Any]  # that moment less the patience of each stage

    @classmethod
    def moment(cls, table: Table, at: datetime, patience: Patience) -> "AsOf":
        return cls(table, at, moments_before(at, patience))

    @classmethod
    def bound(cls, table: Table) -> "AsOf":
        """For a statement that is built once; `bound_values` are its values at a moment."""
        before = {stage: bindparam(f"before_{stage.value}", type_=Instant()) for stage, _ in PAIRS}
        return cls(table, bindparam("at", type_=Instant()), before)

    @property
    def known(self) -> Condition:
        """The row tells the truth of the moment."""
        since: Condition = col(self.table.known_from) <= self.at
        if self.table is JourneyPast:
            return and_(since, col(JourneyPast.known_until) > self.at)
        return since

    def passed(self, stage: Stage) -> Condition:
        """For inquiry this is true of every journey; entry decides which of them count."""
        column = self._moment(stage)
        reached: Condition = true() if column is None else column <= self.at
        return reached

    def _moment(self, stage: Stage) -> Any:
        table = self.table
        return {
            Stage.INQUIRY: None,
            Stage.RESERVATION: col(table.reservation_passed_at),
            Stage.VISIT: col(table.visit_passed_at),
            Stage.CONSULT: col(table.consult_at),
            Stage.AGREEMENT: col(table.agreement_at),
            Stage.TREATMENT: col(table.treatment_at),
        }[stage]

    def _not_yet(self, column: Any) -> Condition:
        return or_(column.is_(None), column > self.at)

    def in_pair(self, stage: Stage) -> Condition:
        """Passed the stage and did not leave the base (product.md §5)."""
        table = self.table
        out: dict[Stage, Condition] = {
            Stage.INQUIRY: true(),
            Stage.RESERVATION: self._not_yet(col(table.by_clinic_at)),
            Stage.VISIT: or_(self._not_yet(col(table.treatment_at)), col(table.consult_at) <= self.at),
            Stage.CONSULT: self._not_yet(col(table.unsuitable_at)),
            Stage.AGREEMENT: self._not_yet(col(table.stopped_at)),
        }
        return and_(self.passed(stage), out[stage])

    def ripe(self, stage: Stage) -> Condition:
        """In the pair, and the stage was reached at least its patience ago (reading 4)."""
        return and_(self.in_pair(stage), self._ripens(stage) <= self.before[stage])

    def _ripens(self, stage: Stage) -> Any:
        """The column from which the patience of a stage is counted."""
        table = self.table
        return {
            Stage.INQUIRY: col(table.first_at),
            Stage.RESERVATION: col(table.reserved_until),
            Stage.VISIT: col(table.visit_passed_at),
            Stage.CONSULT: col(table.consult_at),
            Stage.AGREEMENT: col(table.agreement_at),
        }[stage]

    @property
    def without_consult(self) -> Condition:
        return and_(col(self.table.treatment_at) <= self.at, self._not_yet(col(self.table.consult_at)))

    @property
    def _undecided(self) -> Condition:
        """Consulted, with neither agreement nor treatment."""
        table = self.table
        return and_(
            col(table.consult_at) <= self.at,
            self._not_yet(col(table.agreement_at)),
            self._not_yet(col(table.treatment_at)),
        )

    def part(self, stage: Stage, which: Which) -> Condition:
        """The journeys of a part; `stage` is the earlier one of the pair (or the stage, for counts)."""
        table = self.table
        following = dict(PAIRS)
        match which:
            case Which.LOST:
                return and_(self.ripe(stage), self._not_yet(self._moment(following[stage])))
            case Which.CONVERTED:
                return and_(self.ripe(stage), self.passed(following[stage]))
            case Which.OPEN:
                column = self._ripens(stage)
                unripe = or_(column.is_(None), column > self.before[stage])
                return and_(self.in_pair(stage), unripe)
            case Which.SO_FAR:
                return self.in_pair(stage)
            case Which.ENTERED | Which.COUNT:
                return self.passed(stage)
            case Which.WITHOUT_CONSULT:
                return self.without_consult
            case Which.PENDING:
                return and_(
                    self._undecided,
                    self._not_yet(col(table.declined_at)),
                    self._not_yet(col(table.unsuitable_at)),
                    self._not_yet(col(table.closed_by_hand_at)),
                )
            case Which.DECLINED:
                return and_(
                    self._undecided,
                    col(table.declined_at) <= self.at,
                    self._not_yet(col(table.unsuitable_at)),
                )
            case Which.NOT_SUITABLE:
                return and_(col(table.consult_at) <= self.at, col(table.unsuitable_at) <= self.at)
            case Which.NOT_RECORDED:
                return and_(
                    col(table.consult_at) <= self.at,
                    col(table.treatment_at) <= self.at,
                    self._not_yet(col(table.agreement_at)),
                )

    def entries(self, stage: Stage, which: Which) -> tuple[Stage, ...]:
        """The entry stages that a part counts: at the stage or before it."""
        if which is Which.ENTERED:
            return (stage,)
        if which in _AFTER_CONSULT:
            return STAGES
        return STAGES[: STAGES.index(stage) + 1]


_AFTER_CONSULT = frozenset(
    {
        Which.PENDING,
        Which.DECLINED,
        Which.NOT_SUITABLE,
        Which.NOT_RECORDED,
        Which.WITHOUT_CONSULT,
    }
)

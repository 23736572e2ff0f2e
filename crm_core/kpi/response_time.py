"""문의 응답 시간: the median of opening minutes from the question to the first answer of a person.

Counts inquiries received in the period, whatever they were about but spam; duplicates and mistakes are
none. An automatic acknowledgement is no answer: it writes no `answered_at`. Those without an answer by
the moment looked at are in no median, and shown. An inquiry of which only the day is known is in neither.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import col

from crm_core.kpi.kpi import Figure, KpiCut, Unit
from crm_core.kpi.rows import NOTHING, WEEKDAYS, Ask, Figured, Found, Value
from crm_core.policy.policy import Policy
from crm_core.tables.facts import NO_INQUIRY, Inquiry, InquiryKind

CUTS = (KpiCut.BRANCH, KpiCut.SOURCE, KpiCut.COORDINATOR, KpiCut.WEEKDAY)
NOT_ANSWERED, NO_TIME = "not_answered", "no_time"


@dataclass(frozen=True)
class Response:
    """An inquiry and its first answer, None where there is none yet; `timed` is False for a day alone."""

    branch: str
    received_at: datetime
    answered_at: datetime | None
    value: Value = None
    timed: bool = True


def medians(rows: Iterable[Response], policy: Policy) -> dict[Value, Found]:
    """The median opening minutes by cut value, and how many have no answer or no time of day."""
    minutes: defaultdict[Value, list[int]] = defaultdict(list)
    out: defaultdict[Value, dict[str, int]] = defaultdict(dict)
    for row in rows:
        took = minutes[row.value]
        why = NO_TIME if not row.timed else NOT_ANSWERED if row.answered_at is None else None
        if why is not None:
            out[row.value][why] = out[row.value].get(why, 0) + 1
        elif row.answered_at is not None:
            took.append(policy.branch(row.branch).open_minutes_between(row.received_at, row.answered_at))
    return {
        value: Found(Figure(Unit.MINUTES, median(took) if took else 0, len(took)), out[value])
        for value, took in minutes.items()
    }


def responses(ask: Ask) -> list[Response]:
    """The inquiries received in the period, as known at the moment asked about."""
    columns: dict[KpiCut | None, Any] = {
        KpiCut.BRANCH: col(Inquiry.branch),
        KpiCut.SOURCE: col(Inquiry.channel),
        KpiCut.COORDINATOR: col(Inquiry.staff_id),
        KpiCut.WEEKDAY: col(Inquiry.received_on),
    }
    statement = select(
        col(Inquiry.branch),
        col(Inquiry.received_at),
        col(Inquiry.answered_at),
        col(Inquiry.timed),
        columns.get(ask.by, NOTHING).label("value"),
    ).where(
        col(Inquiry.branch).in_(ask.branches),
        col(Inquiry.received_on).between(ask.period.first, ask.period.last),
        col(Inquiry.received_at) <= ask.now,
        col(Inquiry.kind) != InquiryKind.SPAM,
        or_(
            col(Inquiry.closed_why).is_(None),
            col(Inquiry.closed_at) > ask.now,
            col(Inquiry.closed_why).not_in(NO_INQUIRY),
        ),
    )
    return [
        Response(
            branch,
            received_at,
            answered_at if answered_at is not None and answered_at <= ask.now else None,
            WEEKDAYS[value.weekday()] if isinstance(value, date) else value,
            timed,
        )
        for branch, received_at, answered_at, timed, value in ask.db.execute(statement)
    ]


def _figures(ask: Ask) -> Mapping[Value, Found]:
    return medians(responses(ask), ask.policy)


def _why(ask: Ask) -> str | None:
    """`no_answers` where the branches never wrote down when an inquiry was answered."""
    answered = col(Inquiry.branch).in_(ask.branches), col(Inquiry.answered_at) <= ask.now
    found = ask.db.execute(select(col(Inquiry.id)).where(*answered).limit(1)).first()
    return None if found else "no_answers"


RESPONSE_TIME = Figured(_figures, _why)

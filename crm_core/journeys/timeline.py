"""One person's events in the order of their moments; a visit day is one step (reading 1)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from crm_core.journeys.events import (
    ClosedByHand,
    Consulted,
    CourseBought,
    Event,
    Inquired,
    Paid,
    Reserved,
    Rules,
    Treated,
    Visited,
    with_moments,
)
from crm_core.tables.facts import CAME, LIVE, Decision, ReservationState


class Arrival(NamedTuple):
    """A reservation marked as arrived on a day without any row of a visit."""

    key: str
    at: datetime
    on: date
    branch: str


class Made(NamedTuple):
    """A reservation was made; `came_from` is the one that had been moved to it."""

    reservation: Reserved
    came_from: str | None


class Changed(NamedTuple):
    """A reservation came into the state its row now has."""

    reservation: Reserved


class Answered(NamedTuple):
    """A consult was decided."""

    consult: Consulted


Row = Visited | Consulted | Treated | Arrival


class VisitDay(NamedTuple):
    """The rows of a visit day by their moment; `real` are those that are no check or retouch."""

    on: date
    rows: tuple[Row, ...]
    real: tuple[Row, ...]

    def until(self, at: datetime) -> "VisitDay":
        """The day as far as it was known at a moment; a row of a visit makes an arrival needless."""
        if at >= self.rows[-1].at and not any(isinstance(row, Arrival) for row in self.rows):
            return self
        rows = tuple(row for row in self.rows if row.at <= at)
        if not all(isinstance(row, Arrival) for row in rows):
            rows = tuple(row for row in rows if not isinstance(row, Arrival))
        return VisitDay(self.on, rows, tuple(row for row in self.real if row in rows))


Step = Inquired | Made | Changed | VisitDay | CourseBought | Answered | Paid | ClosedByHand
_ORDER: dict[type[Step], int] = {
    Inquired: 0,
    Made: 1,
    Changed: 2,
    VisitDay: 3,
    CourseBought: 4,
    Answered: 5,
    Paid: 6,
    ClosedByHand: 7,
}


class Item(NamedTuple):
    """A step and its moment; `until` is the last moment of a visit day's rows."""

    at: datetime
    order: int
    key: tuple[str, int]
    until: datetime
    step: Step


def blocks(events: Iterable[Event], rules: Rules) -> list[list[Item]]:
    """Items that must be looked at together: those during one visit day, and those of one moment."""
    found: list[list[Item]] = []
    end: datetime | None = None
    for item in timeline(events, rules):
        if end is not None and item.at <= end:
            found[-1].append(item)
            end = max(end, item.until)
        else:
            found.append([item])
            end = item.until
    return found


def timeline(events: Iterable[Event], rules: Rules) -> list[Item]:
    """All items by moment; ties by the order of stages, then by source key."""
    items: list[Item] = []
    rows: defaultdict[date, list[Row]] = defaultdict(list)
    reserved: dict[str, Reserved] = {}
    for event in with_moments(events, rules.policy):
        match event:
            case Visited() | Treated():
                rows[event.on].append(event)
            case Consulted():
                rows[event.on].append(event)
                if event.decision is not Decision.PENDING:
                    items.append(_item(event.answered_at, (event.key, 0), Answered(event)))
            case Reserved():
                reserved[event.key] = event
            case Inquired() | CourseBought() | Paid() | ClosedByHand():
                items.append(_item(event.at, (event.key, 0), event))
    items += _of_reservations(reserved, rows)
    items += [_visit_day(on, found, rules) for on, found in rows.items()]
    items.sort(key=lambda item: (item.at, item.order, item.key))
    return items


def _of_reservations(reserved: Mapping[str, Reserved], rows: defaultdict[date, list[Row]]) -> list[Item]:
    """A reservation knows the one it was moved from if the move was known when it was made."""
    before = {
        event.moved_to: event
        for event in sorted(reserved.values(), key=lambda event: event.key)
        if event.state is ReservationState.MOVED and event.moved_to
    }
    items: list[Item] = []
    arrivals: list[Arrival] = []
    for event in reserved.values():
        moved = before.get(event.key)
        came_from = moved.key if moved and moved.changed_at <= event.own_at else None
        made = Made(event, came_from)
        items.append(_item(event.own_at, _key_in_chain(event, before), made))
        if event.state not in LIVE:
            items.append(_item(event.changed_at, (event.key, 0), Changed(event)))
        if event.state in CAME:
            arrivals.append(Arrival(event.key, event.changed_at, event.starts_on, event.branch))
    for arrival in arrivals:
        others = (row for row in rows.get(arrival.on, ()) if not isinstance(row, Arrival))
        if not any(row.at <= arrival.at for row in others):
            rows[arrival.on].append(arrival)
    return items


def _key_in_chain(event: Reserved, before: Mapping[str, Reserved]) -> tuple[str, int]:
    """Of reservations made at one moment, the one that was moved comes before its next date."""
    root, depth, seen = event, 0, {event.key}
    while (moved := before.get(root.key)) is not None and moved.own_at == event.own_at:
        if moved.key in seen:
            break
        seen.add(moved.key)
        root, depth = moved, depth + 1
    return root.key, depth


def _visit_day(on: date, rows: list[Row], rules: Rules) -> Item:
    rows.sort(key=lambda row: (row.at, _ROW_ORDER[type(row)], row.key))
    real = tuple(row for row in rows if not _is_check(row, rules))
    day = VisitDay(on, tuple(rows), real)
    return Item(rows[0].at, _ORDER[VisitDay], (rows[0].key, 0), rows[-1].at, day)


def _is_check(row: Row, rules: Rules) -> bool:
    return isinstance(row, Consulted | Treated) and rules.is_check(row.treatment)


_ROW_ORDER: dict[type[Row], int] = {Arrival: 0, Visited: 1, Consulted: 2, Treated: 3}


def _item(at: datetime, key: tuple[str, int], step: Step) -> Item:
    return Item(at, _ORDER[type(step)], key, at, step)

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
    Interval,
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
    """A reservation was made; `chain` are the others that were moved to it or from it."""

    reservation: Reserved
    chain: tuple[str, ...] = ()


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
        """The day as far as it was known at a moment."""
        if at >= self.rows[-1].at:
            return self
        rows = tuple(row for row in self.rows if row.at <= at)
        return VisitDay(self.on, rows, tuple(row for row in self.real if row.at <= at))


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


class Timeline(NamedTuple):
    """All items by moment, in blocks that must be looked at together: those during one visit day and
    those of one moment; and the `doubts`: from when to when something else was known than later."""

    blocks: list[list[Item]]
    doubts: list[Interval]


def timeline(events: Iterable[Event], rules: Rules) -> Timeline:
    """The events of one person in the order in which they are folded."""
    items, doubts = _items(events, rules)
    blocks: list[list[Item]] = []
    end: datetime | None = None
    for item in items:
        if end is not None and item.at <= end:
            blocks[-1].append(item)
            end = max(end, item.until)
        else:
            blocks.append([item])
            end = item.until
    return Timeline(blocks, doubts)


def _items(events: Iterable[Event], rules: Rules) -> tuple[list[Item], list[Interval]]:
    """Items by moment; ties by the order of stages, then by source key."""
    items: list[Item] = []
    rows: defaultdict[date, list[Row]] = defaultdict(list)
    reserved: dict[str, Reserved] = {}
    settled, doubts = with_moments(events, rules.policy)
    for event in settled:
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
    if reserved:
        items += _of_reservations(reserved, doubts)
        _add_arrivals(reserved, rows, doubts, rules)
    items += [_visit_day(on, found, rules) for on, found in rows.items()]
    items.sort(key=lambda item: (item.at, item.order, item.key))
    return items, doubts


def _of_reservations(reserved: Mapping[str, Reserved], doubts: list[Interval]) -> list[Item]:
    """A reservation belongs to those that were moved to it, even if that was said afterwards."""
    before = {
        event.moved_to: event
        for event in sorted(reserved.values(), key=lambda event: event.key)
        if event.state is ReservationState.MOVED and event.moved_to
    }
    chains = _chains(reserved, before, doubts) if before else {}
    items: list[Item] = []
    for event in reserved.values():
        made = Made(event, chains.get(event.key, ()))
        items.append(_item(event.own_at, _key_in_chain(event, before), made))
        if event.state not in LIVE:
            items.append(_item(event.changed_at, (event.key, 0), Changed(event)))
    return items


def _chains(
    reserved: Mapping[str, Reserved], before: Mapping[str, Reserved], doubts: list[Interval]
) -> dict[str, tuple[str, ...]]:
    """The members of each chain of moves, the nearest first backwards; notes when a move was not known."""
    chains: dict[str, list[str]] = {}
    for key in reserved:
        members: list[str] = []
        moved = before.get(key)
        while moved is not None and moved.key not in (key, *members):
            members.append(moved.key)
            moved = before.get(moved.key)
        chains[key] = members
    for key, members in list(chains.items()):
        for member in members:
            chains[member].append(key)
    for key, moved in before.items():
        event = reserved.get(key)
        if event is None:
            continue
        begun, known = min(event.own_at, moved.own_at), max(event.own_at, moved.changed_at)
        if event.own_at < moved.own_at or event.own_at < moved.changed_at:
            doubts.append((begun, known))
    return {key: tuple(members) for key, members in chains.items()}


def _add_arrivals(
    reserved: Mapping[str, Reserved],
    rows: defaultdict[date, list[Row]],
    doubts: list[Interval],
    rules: Rules,
) -> None:
    """A day without a row but of checks is a visit when a reservation of it was kept: marked as arrived,
    or unmarked and the patient was here for the check (reading 12)."""
    real = {on: [row.at for row in found if not _is_check(row, rules)] for on, found in rows.items()}
    first = {on: min(moments) for on, moments in real.items() if moments}
    checked = {on: min(row.at for row in found) for on, found in rows.items() if on not in first}
    for event in reserved.values():
        if event.state in LIVE and event.starts_on in checked and not rules.is_check(event.treatment):
            at = checked[event.starts_on]
            rows[event.starts_on].append(Arrival(event.key, at, event.starts_on, event.branch))
        if event.state not in CAME:
            continue
        begun = first.get(event.starts_on)
        if begun is None:
            arrival = Arrival(event.key, event.changed_at, event.starts_on, event.branch)
            rows[event.starts_on].append(arrival)
        elif event.changed_at < begun:
            doubts.append((event.changed_at, begun))


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

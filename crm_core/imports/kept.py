"""The rows of a file between being checked and being written: as packed text, read again when asked for.

A file of a million rows would not fit into memory as values. Its rows are kept in lots: all rows of one
person are in one lot, so that a lot can be put in order, person by person, without the others.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple, overload

CELL, ROW = "\0", "\1"  # no cell that was read has these in it
LOT_BYTES = 1 << 19  # of the file, for each lot
MOST_LOTS = 512
OPEN_LOTS = 2  # a step may end in one and look into the next
_PACKED_AT = 500  # rows that wait to be packed


Kept = list[str]
"""A checked row: its line, its branch, then the cells that are used, as they stand in the file."""


class Row(NamedTuple):
    """`person` groups the rows of one person; `values` are in the order of `Staged.keys`."""

    line: int
    branch: str
    person: str
    number: str | None
    values: tuple[object, ...]


class _Lot:
    """Rows as text: packed pieces, and those that wait."""

    def __init__(self) -> None:
        self.count = 0
        self.waiting: list[str] = []
        self.packed: list[bytes] = []

    def add(self, row: str) -> None:
        self.count += 1
        self.waiting.append(row)
        if len(self.waiting) == _PACKED_AT:
            self.pack()

    def pack(self) -> None:
        if self.waiting:
            self.packed.append(zlib.compress(ROW.join(self.waiting).encode(), 1))
            self.waiting.clear()

    def rows(self) -> Iterator[Kept]:
        for piece in self.packed:
            for row in zlib.decompress(piece).decode().split(ROW):
                yield row.split(CELL)


class Keeper:
    """Takes the rows of a file of about `size` bytes in any order."""

    def __init__(self, size: int) -> None:
        self.lots = [_Lot() for _ in range(max(1, min(MOST_LOTS, size // LOT_BYTES)))]

    def take(self, person: str, line: int, branch: str, texts: Sequence[str]) -> None:
        lots = self.lots
        lot = lots[zlib.crc32(person.encode()) % len(lots)] if len(lots) > 1 else lots[0]
        lot.add(f"{line}{CELL}{branch}{CELL}{CELL.join(texts)}")


class Rows(Sequence[Row]):
    """All rows of a file, those of one person side by side; the same order at every reading.

    Within a lot people stand in the order of their first row.
    """

    def __init__(self, keeper: Keeper, read: Callable[[Sequence[Kept]], list[Row]]) -> None:
        self._read = read
        self._lots = keeper.lots
        for lot in self._lots:
            lot.pack()
        self._ends = list(accumulate(lot.count for lot in self._lots))
        self._open: dict[int, list[Row]] = {}

    def __len__(self) -> int:
        return self._ends[-1]

    def __repr__(self) -> str:
        return f"Rows({len(self)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[Row]:
        for place in range(len(self._lots)):
            yield from self._rows(place)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            first, last, by = index.indices(len(self))
            found = [row for piece in self._pieces(first, last) for row in piece]
            return found if by == 1 else [self[n] for n in range(first, last, by)]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        return next(self._pieces(place, place + 1))[0]

    def _pieces(self, first: int, last: int) -> Iterator[list[Row]]:
        """The rows from `first` to before `last`, lot by lot."""
        begin = 0
        for place, end in enumerate(self._ends):
            if begin < last and first < end:
                yield self._rows(place)[max(0, first - begin) : last - begin]
            begin = end

    def _rows(self, place: int) -> list[Row]:
        known = self._open.get(place)
        if known is not None:
            return known
        rows = self._read(list(self._lots[place].rows()))
        order: dict[str, int] = {}
        rows.sort(key=itemgetter(0))
        for row in rows:
            order.setdefault(row.person, len(order))
        rows.sort(key=lambda row: order[row.person])
        while len(self._open) >= OPEN_LOTS:
            del self._open[next(iter(self._open))]
        self._open[place] = rows
        return rows

"""Shares by quota rather than by chance: after n cases exactly the nearest whole number has happened."""

from dataclasses import dataclass, field

MILLE = 1000


@dataclass
class Quota:
    """Says yes to `per_mille` of the cases, as evenly as it can; every prefix has the share."""

    per_mille: int
    seen: int = 0

    def next(self) -> bool:
        before = _rounded(self.seen * self.per_mille, MILLE)
        self.seen += 1
        return _rounded(self.seen * self.per_mille, MILLE) > before


@dataclass
class Quotas:
    """Quotas by a key, made when they are first asked."""

    made: dict[tuple[str, ...], Quota] = field(default_factory=dict)

    def next(self, per_mille: int, *key: str) -> bool:
        """The next case of a key; the share of a key never changes."""
        if key not in self.made:
            self.made[key] = Quota(per_mille)
        return self.made[key].next()


@dataclass
class Missed:
    """No-shows of a branch by weekday: Mondays one share, the other days what makes the whole share.

    The share of Mondays is read at the end of each week, so that Tuesdays do not pay for Mondays.
    """

    whole: int
    mondays: int
    monday_base: int = 0
    monday_missed: int = 0
    other_base: int = 0
    other_missed: int = 0
    weeks_base: tuple[int, int] = (1, 5)

    def end_of_week(self) -> None:
        if self.monday_base + self.other_base > MILLE:
            self.weeks_base = (self.monday_base, self.other_base)

    def of_day(self, is_monday: bool, count: int) -> int:
        """How many of `count` reservations of a day are missed."""
        if is_monday:
            self.monday_base += count
            return max(0, _rounded(self.monday_base * self.mondays, MILLE) - self.monday_missed)
        self.other_base += count
        mondays, others = self.weeks_base
        excess = mondays * (self.mondays - self.whole)
        wanted = _rounded(self.other_base * (others * self.whole - excess), others * MILLE)
        return max(0, wanted - self.other_missed)

    def missed(self, is_monday: bool, count: int) -> None:
        if is_monday:
            self.monday_missed += count
        else:
            self.other_missed += count


def _rounded(count: int, of: int) -> int:
    return (2 * count + of) // (2 * of)

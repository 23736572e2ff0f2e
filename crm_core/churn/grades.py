"""The grade of a patient's value among the others of a list: what a team may see instead of an amount."""

from collections.abc import Iterable
from enum import StrEnum

TOP = 5  # one in so many is an A
UPPER = 2  # one in so many is an A or a B


class Grade(StrEnum):
    A = "A"
    B = "B"
    C = "C"


def grades(values: Iterable[int]) -> dict[int, Grade]:
    """The grade of each value: A for the dearest fifth, B down to the half, C for the others.

    Equal values have equal grades, the better one; nobody without a value is above C.
    """
    ordered = sorted(values, reverse=True)
    found: dict[int, Grade] = {}
    for place, value in enumerate(ordered):
        if value <= 0:
            grade = Grade.C
        elif place * TOP < len(ordered):
            grade = Grade.A
        else:
            grade = Grade.B if place * UPPER < len(ordered) else Grade.C
        found.setdefault(value, grade)
    return found

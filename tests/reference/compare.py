"""Where two answers differ; what the reference does not compute is not looked at."""

from collections.abc import Iterator, Mapping
from math import isclose


def differences(expected: object, got: object, where: str = "") -> Iterator[str]:
    """A line for each place at which `got` lacks or contradicts what is expected."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        for key, value in expected.items():
            if key not in got:
                yield f"{where}.{key}: missing, expected {value!r}"
            else:
                yield from differences(value, got[key], f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(got, list):
        yield from _in_lists(expected, got, where)
    elif not _same(expected, got):
        yield f"{where}: expected {expected!r}, got {got!r}"


def _in_lists(expected: list[object], got: list[object], where: str) -> Iterator[str]:
    if len(expected) != len(got):
        yield f"{where}: expected {len(expected)} entries, got {len(got)}"
    for place, (one, other) in enumerate(zip(expected, got, strict=False)):
        yield from differences(one, other, f"{where}[{_name(one, place)}]")


def _name(row: object, place: int) -> str:
    if isinstance(row, Mapping):
        for key in ("stage", "outcome", "kpi", "value"):
            if key in row:
                return str(row[key])
    return str(place)


def _same(expected: object, got: object) -> bool:
    if isinstance(expected, float) and isinstance(got, int | float):
        return isclose(expected, got, rel_tol=0, abs_tol=1e-4)
    return expected == got

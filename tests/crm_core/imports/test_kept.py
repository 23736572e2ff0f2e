"""Rows wait as packed text: however many lots, the same rows, whole people, the same order every time."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.imports.kept import Keeper, Kept, Row, Rows

PEOPLE = st.lists(st.tuples(st.sampled_from("abcdefg"), st.text("xyz가나\n ", max_size=4)), max_size=60)


def _read(rows: list[Kept]) -> list[Row]:
    return [Row(int(line), branch, person, None, (text,)) for line, branch, person, text in rows]


@settings(max_examples=60, deadline=None)
@given(people=PEOPLE, size=st.sampled_from([0, 3 << 19, 40 << 19]), cut=st.integers(1, 7))
def test_every_row_comes_back_once_beside_those_of_its_person(
    people: list[tuple[str, str]], size: int, cut: int
) -> None:
    keeper = Keeper(size)
    for line, (person, text) in enumerate(people, 2):
        keeper.take(person, line, "gangnam", [person, text])
    rows = Rows(keeper, _read)  # type: ignore[arg-type]
    assert sorted((row.line, row.person, *row.values) for row in rows) == [
        (line, person, text) for line, (person, text) in enumerate(people, 2)
    ]
    seen = [row.person for row in rows]
    changes = sum(one != other for one, other in pairwise(seen))
    assert changes == max(0, len(set(seen)) - 1)
    pieces = [row for start in range(0, len(rows), cut) for row in rows[start : start + cut]]
    assert pieces == list(rows) == [rows[n] for n in range(len(rows))]


def test_a_small_file_keeps_its_order_by_first_row() -> None:
    keeper = Keeper(100)
    for line, person in enumerate("bab", 2):
        keeper.take(person, line, "gangnam", [person, ""])
    assert [row.line for row in Rows(keeper, _read)] == [2, 4, 3]  # type: ignore[arg-type]

"""The mistakes of the made-up export: what is wrong, in which cell, and what stands there instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.story_data.shapes import SHAPES, Row


@dataclass(frozen=True)
class Mistake:
    """`header` is our name of the cell, "" where the row as a whole is wrong. `text` stands in the cell;
    `also` are other cells that make it a mistake."""

    kind: str
    sort: str
    header: str
    text: str = ""
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Planted:
    """Where a mistake stands: the line of the file as a person counts, and the file's own header."""

    kind: str
    file: str
    line: int
    column: str
    sort: str
    cells: tuple[str, ...]


TOO_MANY, TWICE = "too many cells", "a number twice, different, no own number"
NOBODY = (("name", ""), ("phone", ""))

MISTAKES = (
    Mistake("patients", "month 13", "birth_date", "1990.13.01"),
    Mistake("patients", "a phone with 9 digits", "phone", "010-123-45"),
    Mistake("patients", "no chart number", "chart_no"),
    Mistake("patients", "unknown branch", "branch", "제주점"),
    Mistake("patients", "a word that is none of a sex", "sex", "모름"),
    Mistake("patients", TOO_MANY, ""),
    Mistake("inquiries", "nobody it could be from", "chart_no", also=NOBODY),
    Mistake("inquiries", "an hour 25", "received_at", "2024-05-02 25:10"),
    Mistake("inquiries", "an unknown kind", "kind", "안부인사"),
    Mistake("inquiries", "no moment", "received_at"),
    Mistake("reservations", "month 13", "starts_at", "2024년 13월 1일(월) 오후 2시"),
    Mistake("reservations", "a day that February has not", "starts_at", "2024년 2월 30일 오후 2시"),
    Mistake("reservations", "unknown branch", "branch", "서면점"),
    Mistake("reservations", "no chart number", "chart_no"),
    Mistake("reservations", "an unknown state", "status", "글쎄요"),
    Mistake("reservations", "text as an amount", "deposit", "다음에 받기로"),
    Mistake("reservations", "a year of two digits", "made_at", "24/05/02 10:00"),
    Mistake("reservations", TOO_MANY, ""),
    Mistake("visits", "a minute 61", "arrived_at", "2024-05-02 10:61"),
    Mistake("visits", "words for a moment", "arrived_at", "어제쯤"),
    Mistake("visits", "no chart number", "chart_no"),
    Mistake("consults", "an unknown decision", "decision", "생각중이심"),
    Mistake("consults", "an amount below zero", "proposed_amount", "-300,000"),
    Mistake("consults", "text as an amount", "agreed_amount", "상담 후 결정"),
    Mistake("treatments", "no treatment", "treatment"),
    Mistake("treatments", "half a session", "session_no", "1.5"),
    Mistake("treatments", "a year far away", "done_at", "1024/5/2 10:00"),
    Mistake("treatments", "unknown who pays", "covered", "반반"),
    Mistake("courses", "no number of its own", "course_no"),
    Mistake("courses", "no sessions at all", "sessions", "0"),
    Mistake("courses", "a day that does not exist", "valid_until", "2024.06.31"),
    Mistake("payments", "text as an amount", "amount", "카드 할부"),
    Mistake("payments", "an amount too large", "amount", "30억원"),
    Mistake("payments", TWICE, "payment_no"),
    Mistake("calls", "an unknown outcome", "outcome", "받긴 받음"),
    Mistake("calls", "a response without a talk", "group", "적극적 긍정", also=(("outcome", "부재중"),)),
    Mistake("staff", "an unknown role", "role", "실세"),
)


def plant(rows: dict[str, list[Row]], random: Random, mistakes: Sequence[Mistake] = MISTAKES) -> None:
    """Puts a row for each mistake somewhere into its file: a copy of a row that is right, made wrong."""
    own = {"patients": "chart_no", "staff": "staff_no"}
    for number, mistake in enumerate(mistakes, 1):
        there = rows[mistake.kind]
        key = own.get(mistake.kind, next(iter(SHAPES[mistake.kind].headers)))
        if mistake.sort == TWICE:
            found = [place for place, row in enumerate(there) if not row.cells[key] and row.cells["amount"]]
            place = random.choice(found)
            cells = dict(there[place].cells) | {"amount": int(str(there[place].cells["amount"])) + 1_000}
            there.insert(place + 1, Row(cells, mistake=(mistake.header, mistake.sort)))
            continue
        right = random.choice([row for row in there if row.mistake is None])
        cells = dict(right.cells) | {key: f"X{number}"} | dict(mistake.also)
        extra = ("앞에", "쉼표") if mistake.sort == TOO_MANY else ()
        if mistake.header:
            cells[mistake.header] = mistake.text
        row = Row(cells, extra, (mistake.header, mistake.sort))
        there.insert(random.randrange(len(there) + 1), row)


def planted(rows: dict[str, list[Row]]) -> list[Planted]:
    """Where each mistake came to stand."""
    found = []
    for kind, shape in SHAPES.items():
        for place, row in enumerate(rows[kind]):
            if row.mistake is not None:
                header, sort = row.mistake
                column = shape.headers.get(header, "")
                line = shape.first_line + place
                found.append(Planted(kind, shape.file, line, column, sort, tuple(_texts(kind, row))))
    return found


def _texts(kind: str, row: Row) -> list[str]:
    from tests.story_data.shapes import texts

    return texts(SHAPES[kind], row)

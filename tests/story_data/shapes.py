"""What each file of the made-up chart program looks like: its headers, its encoding, its ways of writing."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from openpyxl import Workbook

Value = str | int | date | datetime | None
"""A cell before it is written; text stands in the file as it is."""

WEEKDAYS = "월화수목금토일"


@dataclass
class Row:
    """A row by our headers. `mistake` says what is wrong with it: (our header of the cell, the sort)."""

    cells: dict[str, Value]
    extra: tuple[str, ...] = ()
    mistake: tuple[str, str] | None = None


@dataclass(frozen=True)
class Shape:
    """A file. `titles` are the lines above its header; `when`, `day` and `money` say how it writes them."""

    file: str
    headers: dict[str, str]
    encoding: str = "utf-8"
    delimiter: str = ","
    titles: tuple[str, ...] = ()
    when: str = "iso"
    money: str = "plain"
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def first_line(self) -> int:
        """The line of the first row below the header."""
        return len(self.titles) + 2


# fmt: off
SHAPES: dict[str, Shape] = {
    "staff": Shape("직원.csv", {
        "staff_no": "사번", "name": "직원명", "role": "직책", "branches": "근무지점"}, encoding="utf-8-sig"),
    "inquiries": Shape("문의.csv", {
        "inquiry_no": "문의번호", "received_at": "접수일시", "chart_no": "차트번호", "name": "고객명",
        "phone": "연락처", "source": "유입경로", "kind": "문의구분", "treatment": "관심시술",
        "staff": "접수자", "branch": "지점"}, encoding="utf-8-sig", delimiter=";"),
    "patients": Shape("고객.csv", {
        "chart_no": "차트번호", "name": "고객명", "phone": "휴대전화", "birth_date": "생년월일",
        "sex": "성별", "source": "유입경로", "first_visit_on": "최초내원일", "referred_by": "소개자차트",
        "branch": "지점"}, encoding="cp949", when="dots"),
    "reservations": Shape("예약.csv", {
        "reservation_no": "예약번호", "chart_no": "차트번호", "starts_at": "예약일시", "made_at": "등록일시",
        "treatment": "예약항목", "staff": "예약담당", "status": "예약상태", "status_at": "상태변경일시",
        "moved_to": "변경예약번호", "deposit": "예약금", "branch": "지점"},
        encoding="cp949", when="korean", money="won",
        values={"status": {"예약됨": "booked", "다녀감": "arrived", "수납까지": "completed",
                           "안옴": "no_show", "취소함": "cancelled", "원내사정취소": "cancelled_by_clinic",
                           "옮김": "moved"}}),
    "visits": Shape("내원.csv", {
        "visit_no": "접수번호", "chart_no": "차트번호", "arrived_at": "내원일시", "doctor": "진료의",
        "branch": "지점"}, encoding="utf-16", delimiter="\t", when="unbroken"),
    "consults": Shape("상담.xlsx", {
        "consult_no": "상담번호", "chart_no": "차트번호", "held_at": "상담일시", "treatment": "상담시술",
        "staff": "상담실장", "decision": "동의여부", "decided_at": "결정일시", "proposed_amount": "제안금액",
        "agreed_amount": "동의금액", "branch": "지점"}, titles=("상담 내역", "조회 기간 전체"), when="cell"),
    "treatments": Shape("시술.csv", {
        "treatment_no": "시술번호", "chart_no": "차트번호", "done_at": "시술일시", "treatment": "시술명",
        "staff": "시술담당", "course_no": "패키지번호", "session_no": "회차", "amount": "시술금액",
        "covered": "급여구분", "branch": "지점"}, when="slashes", money="commas"),
    "courses": Shape("패키지.csv", {
        "course_no": "패키지번호", "chart_no": "차트번호", "treatment": "시술명", "bought_on": "구매일",
        "sessions": "총회차", "valid_until": "유효기간", "paid": "결제금액", "branch": "지점"},
        delimiter="|", when="dots", money="units"),
    "payments": Shape("수납.csv", {
        "payment_no": "수납번호", "chart_no": "차트번호", "paid_at": "수납일시", "amount": "수납금액",
        "refund": "환불금액", "covered": "급여구분", "course_no": "패키지번호", "treatment_no": "시술번호",
        "branch": "지점"},
        encoding="cp949", titles=("수납 내역", "", "단위: 원"), when="korean", money="won"),
    "calls": Shape("콜.csv", {
        "call_no": "콜번호", "chart_no": "차트번호", "called_at": "통화일시", "outcome": "통화결과",
        "kind": "콜구분", "group": "반응", "cause": "사유", "promised_on": "약속일", "staff": "통화자",
        "branch": "지점"}),
}
# fmt: on
"""By kind, in the order in which the story imports them: inquiries before the patients they became."""

MONEY = frozenset({"amount", "refund", "deposit", "proposed_amount", "agreed_amount", "paid"})


def profiles() -> str:
    """The mappings that read these files, as lines to stand under `imports:` in config.yaml."""
    lines = []
    for kind, shape in SHAPES.items():
        lines += [f"  story-{kind}:", f"    kind: {kind}", "    columns:"]
        lines += [f"      {ours}: {theirs}" for ours, theirs in shape.headers.items()]
        if shape.values:
            lines.append("    values:")
        for header, words in shape.values.items():
            lines.append(f"      {header}:")
            lines += [f"        {theirs}: {ours}" for theirs, ours in words.items()]
    return "\n".join(lines) + "\n"


def texts(shape: Shape, row: Row) -> list[str]:
    """The cells of a row as they stand in a file of text."""
    return [_text(shape, header, row.cells.get(header)) for header in shape.headers] + [*row.extra]


def write(folder: Path, kind: str, rows: Sequence[Row]) -> Path:
    """Writes the file of a kind; its path."""
    shape = SHAPES[kind]
    path = folder / shape.file
    if path.suffix == ".xlsx":
        _write_workbook(path, shape, rows)
        return path
    with path.open("w", encoding=shape.encoding, newline="") as opened:
        for title in shape.titles:
            opened.write(title + "\r\n")
        table = csv.writer(opened, delimiter=shape.delimiter)
        table.writerow(shape.headers.values())
        table.writerows(texts(shape, row) for row in rows)
    return path


def as_csv(kind: str, rows: Iterable[Row]) -> bytes:
    """The same rows as bytes that somebody drops into the chat."""
    shape = SHAPES[kind]
    into = io.StringIO(newline="")
    table = csv.writer(into, delimiter=shape.delimiter)
    table.writerow(shape.headers.values())
    table.writerows(texts(shape, row) for row in rows)
    return into.getvalue().encode(shape.encoding)


def _write_workbook(path: Path, shape: Shape, rows: Iterable[Row]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("내역")
    for title in shape.titles:
        sheet.append([title])
    sheet.append([*shape.headers.values()])
    for row in rows:
        sheet.append([*(row.cells.get(header) for header in shape.headers), *row.extra])
    book.save(path)


def _text(shape: Shape, header: str, value: Value) -> str:
    match value:
        case None:
            return ""
        case datetime() | date():
            return _moment(shape.when, value)
        case int() if header in MONEY:
            return _money(shape.money, value, back=header == "refund")
        case _:
            return str(value)


def _moment(how: str, value: date | datetime) -> str:
    day = date(value.year, value.month, value.day)
    clock = f"{value:%H:%M}" if isinstance(value, datetime) else ""
    match how:
        case "dots":
            return f"{day:%Y.%m.%d} {clock}".strip()
        case "slashes":
            return f"{day.year}/{day.month}/{day.day} {clock}".strip()
        case "unbroken":
            return f"{day:%Y%m%d}{clock.replace(':', '')}"
        case "korean":
            said = f"{day.year}년 {day.month}월 {day.day}일({WEEKDAYS[day.weekday()]})"
            if not isinstance(value, datetime):
                return said
            half, hour = ("오후", value.hour - 12 or 12) if value.hour >= 12 else ("오전", value.hour)
            return f"{said} {half} {hour}시" + (f" {value.minute}분" if value.minute else "")
        case _:
            return f"{day.isoformat()} {clock}".strip()


def _money(how: str, value: int, *, back: bool) -> str:
    if back:
        return f"△{value:,}" if value else ""
    match how:
        case "commas":
            return f"{value:,}"
        case "units" if value >= 10_000 and value % 10_000 == 0:
            return f"{value // 10_000}만원"
        case "won":
            return f"￦{value:,}" if value % 3 else f"{value:,}원"
        case _:
            return str(value)

"""A file read whole: rows, complaints, mappings, branches."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.imports.complaint import FileRefused, Problem, RefusedFor
from crm_core.imports.kinds import KINDS
from crm_core.imports.stage import stage
from crm_core.policy.headers import HEADERS
from crm_core.tables.facts import Answer, ReservationState
from crm_core.tables.people import Role
from handlers.complaints import KOREAN, complaint_line, refusal
from handlers.language.language import language
from tests.clinic import policy
from tests.crm_core.imports.files import cells, staged

RESERVATION = "reservation_no,chart_no,starts_at,status,status_at,moved_to\n"


@pytest.mark.parametrize(
    ("status", "at", "state"),
    [
        ("", "", None),
        ("booked", "", ReservationState.BOOKED),
        ("노쇼", "", ReservationState.NO_SHOW),
        ("cancelled", "", ReservationState.CANCELLED_EARLY),
        ("cancelled", "2026-11-30 13:59", ReservationState.CANCELLED_EARLY),
        ("cancelled", "2026-11-30 14:00", ReservationState.CANCELLED_EARLY),
        ("cancelled", "2026-11-30 14:01", ReservationState.CANCELLED_LATE),
        ("취소", "2026-12-01 09:00", ReservationState.CANCELLED_LATE),
        ("cancelled_by_clinic", "", ReservationState.CANCELLED_BY_CLINIC),
    ],
)
def test_a_status_is_a_state(status: str, at: str, state: ReservationState | None) -> None:
    read = staged("reservations", f"{RESERVATION}1,7,2026-12-01 14:00,{status},{at},\n")
    assert cells(read).get("state") is state


def test_a_status_may_be_the_answer_instead() -> None:
    read = cells(staged("reservations", f"{RESERVATION}1,7,2026-12-01 14:00,confirmed,2026-11-30,\n"))
    assert read["answer"] is Answer.CONFIRMED
    assert "state" not in read
    assert read["answer_at"] == datetime(2026, 11, 30, tzinfo=policy().branch("gangnam").tz)


def test_a_reservation_that_was_moved_on_needs_no_status() -> None:
    read = staged("reservations", f"{RESERVATION}1,7,2026-12-01 14:00,,,2\n")
    assert cells(read)["state"] is ReservationState.MOVED


def test_every_wrong_cell_of_a_row_has_its_complaint_and_the_others_are_read() -> None:
    text = "chart_no,starts_at,made_at,deposit\n7,2026-13-01,x,-5\n8,2026-12-01,,\n"
    read = staged("reservations", text)
    assert [c.problem for c in read.refused[0].complaints] == [
        Problem.NO_MONTH,
        Problem.NO_DATE,
        Problem.NEGATIVE,
    ]
    assert [row.person for row in read.rows] == ["8"]


def test_a_comma_without_quotes_is_noticed() -> None:
    read = staged("payments", "chart_no,paid_at,amount\n7,2026-12-01,1,250,000\n")
    assert [c.problem for c in read.refused[0].complaints] == [Problem.TOO_MANY_CELLS]


def test_names_phones_and_birth_dates_are_never_repeated() -> None:
    text = "chart_no,name,phone,birth_date\n7,a\x00b,call me,1990-13-01\n"
    complaints = staged("patients", text).refused[0].complaints
    assert {c.column for c in complaints} == {"name", "phone", "birth_date"}
    assert all(c.value is None for c in complaints)


def test_a_response_group_without_a_conversation_is_refused() -> None:
    text = "chart_no,called_at,outcome,group\n7,2026-11-01,no_answer,negative_denial\n"
    assert staged("calls", text).refused[0].complaints[0].problem is Problem.NO_CONVERSATION


def test_two_different_rows_without_a_number_are_not_mixed_up() -> None:
    text = "chart_no,paid_at,amount\n7,2026-11-01,1000\n7,2026-11-01,2000\n7,2026-11-01,1000\n"
    read = staged("payments", text)
    assert [(r.line, r.complaints[0].detail) for r in read.refused] == [(3, "2")]
    assert len(read.rows) == 2


def test_an_inquiry_needs_a_person() -> None:
    read = staged("inquiries", "received_at,name,phone\n2026-11-01,A,\n2026-11-01,A,01012345678\n")
    assert read.refused[0].complaints[0].problem is Problem.NO_PERSON
    assert len(read.rows) == 1


def test_unknown_treatments_keep_their_text_and_are_counted() -> None:
    text = "chart_no,done_at,treatment\n1,2026-11-01,Moon dust\n2,2026-11-01,Moon dust\n3,2026-11-01,보톡스\n"
    read = staged("treatments", text)
    assert read.unknown == {("treatment", "Moon dust"): 2}
    assert [cells(read, n)["treatment"] for n in range(3)][:2] == ["Moon dust"] * 2


def test_several_branches_ask_which_one() -> None:
    with pytest.raises(FileRefused) as caught:
        staged("visits", "chart_no,arrived_at\n1,2026-11-01\n", branch=None)
    assert caught.value.why is RefusedFor.WHICH_BRANCH
    read = staged("visits", "chart_no,arrived_at,branch\n1,2026-11-01,해운대점\n2,2026-11-01,\n", branch=None)
    assert [row.branch for row in read.rows] == ["haeundae"]
    assert [c.problem for c in read.refused[0].complaints] == [Problem.MISSING]


def test_staff_with_several_roles_and_branches() -> None:
    text = (
        'staff_no,name,role,branches\n1,Kim,"coordinator; lead","gangnam, 해운대점"\n2,Lee,administrator,\n'
    )
    read = staged("staff", text, branch=None)
    assert cells(read)["roles"] == tuple(
        sorted((r, b) for r in (Role.COORDINATOR, Role.LEAD) for b in ("haeundae", "gangnam"))
    )
    assert cells(read, 1)["roles"] == ((Role.ADMINISTRATOR, "*"),)


def test_the_rows_of_one_patient_stand_together() -> None:
    read = staged("visits", "chart_no,arrived_at\n" + "".join(f"{n % 3},2026-11-0{n}\n" for n in range(1, 9)))
    assert [row.person for row in read.rows] == list("11122200")


def test_the_last_day_of_a_file_is_the_branchs() -> None:
    read = staged("visits", "chart_no,arrived_at\n1,2026-11-03T23:00:00Z\n1,2026-11-02\n")
    assert read.last_days == {"gangnam": date(2026, 11, 4)}


VITORIA = (
    "PatientId,AppointmentID,Gender,ScheduledDay,AppointmentDay,Age,No-show\n"
    "2.9872499824296E13,5642903,F,2016-04-29T18:38:08Z,2016-04-29T00:00:00Z,62,No\n"
    "9377952927E-5,5642904,F,2016-04-29T18:38:08Z,2016-05-02T00:00:00Z,62,Yes\n"
)


def test_a_mapping_reads_the_export_as_it_is() -> None:
    read = staged("reservations", VITORIA, mapping="noshow-vitoria")
    first, second = cells(read), cells(read, 1)
    assert (first["chart_no"], second["chart_no"]) == ("29872499824296", "93779.52927")
    assert (first["state"], second["state"]) == (ReservationState.ARRIVED, ReservationState.NO_SHOW)
    assert first["starts_at"] == (
        datetime(2016, 4, 29, tzinfo=policy().branch("gangnam").tz),
        date(2016, 4, 29),
        False,
    )
    assert first["made_at"] == datetime(2016, 4, 29, 18, 38, 8, tzinfo=policy().branch("gangnam").tz)


def test_korean_headers_formats_and_words_of_a_mapping() -> None:
    text = (
        "예약번호,차트번호,예약일시,등록일시,예약항목,담당의,상담자,상태\n"
        "1,7,2026.12.01 14:00,2026.11.20 10:00,보톡스,김원장,이실장,부도\n"
        "2,7,01.12.2026,,,,,부도\n"
    )
    read = staged("reservations", text.encode("cp949"), mapping="chart-reservations")
    assert cells(read)["state"] is ReservationState.NO_SHOW
    complaint = read.refused[0].complaints[0]
    assert (complaint.column, complaint.example) == ("예약일시", "2026.12.01 14:00")


@pytest.mark.parametrize(
    ("kind", "mapping", "why"),
    [
        ("patients", "noshow-vitoria", RefusedFor.OTHER_KIND),
        ("patients", "nothing", RefusedFor.NO_MAPPING),
        ("pets", None, RefusedFor.NO_KIND),
    ],
)
def test_a_mapping_or_kind_that_does_not_fit(kind: str, mapping: str | None, why: RefusedFor) -> None:
    with pytest.raises(FileRefused) as caught:
        staged(kind, "chart_no\n1", mapping=mapping)
    assert caught.value.why is why


def test_a_file_is_another_one_when_it_would_be_read_otherwise() -> None:
    text = "chart_no,arrived_at\n1,2026-11-01\n"
    here = staged("visits", text).fingerprint
    assert staged("visits", text).fingerprint == here
    assert staged("visits", text, branch="haeundae").fingerprint != here
    other = replace(policy(), treatments=dict(list(policy().treatments.items())[1:]))
    assert stage(text.encode(), "visits", other, KOREAN, branch="gangnam").fingerprint != here


def test_every_kind_has_a_reader_for_every_header() -> None:
    assert {kind: tuple(KINDS[kind].readers) for kind in KINDS} == {k: h.all for k, h in HEADERS.items()}


HEADER_BYTES = st.sampled_from([",".join(kind.readers).encode() for kind in KINDS.values()])
CELL = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["2026-12-01", "25:00", "₩", "1,0", "오후", '"', "\x00", "-0", "1e9", "=1+1", "٣"]),
    st.from_regex(r"[0-9]{1,4}[-./][0-9]{1,3}[-./][0-9]{1,3}( ?[0-9]{1,2}:[0-9]{1,2})?", fullmatch=True),
)


def _only_complaints(kind: str, data: bytes) -> None:
    for code in ("ko", "en"):
        try:
            read = staged(kind, data)
        except FileRefused as refused:
            refusal(language(code), refused)
            continue
        for row in read.refused:
            for complaint in row.complaints:
                assert "\n" not in complaint_line(language(code), "f.csv", complaint)


@given(kind=st.sampled_from(sorted(KINDS)), data=st.binary(max_size=300))
def test_any_bytes_give_complaints_or_a_refusal(kind: str, data: bytes) -> None:
    _only_complaints(kind, data)


@given(kind=st.sampled_from(sorted(KINDS)), header=HEADER_BYTES, data=st.binary(max_size=300))
def test_any_bytes_below_a_header(kind: str, header: bytes, data: bytes) -> None:
    _only_complaints(kind, header + b"\n" + data)


@given(kind=st.sampled_from(sorted(KINDS)), rows=st.lists(st.lists(CELL, max_size=16), max_size=4))
def test_any_cells_below_the_headers_of_a_kind(kind: str, rows: list[list[str]]) -> None:
    lines = [",".join(KINDS[kind].readers)]
    lines += [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    _only_complaints(kind, "\n".join(lines).encode("utf-8", "surrogatepass"))

"""A mapping proposed for headers nobody knows: right, valid as it is pasted, honest where unsure."""

from datetime import date
from pathlib import Path

import pytest

from bot.config import load
from bot.suggesting import suggest as suggest_at_shell
from crm_core.imports.complaint import FileRefused
from crm_core.imports.stage import stage
from crm_core.imports.suggest import Suggestion, Sure, suggest
from handlers.complaints import KOREAN
from handlers.header_words import HEADER_WORDS
from handlers.language.language import language
from handlers.suggested import profile_name, yaml_block
from tests.clinic import ROOT, policy

RESERVATIONS = """예약 번호,차트번호,환자명,휴대폰번호,예약일시,시술명,담당 원장,상담실장,진행상태,비고
A1,1001,김하나,010-1111-2222,2026-11-20 15:30,보톡스,김원장,이실장,예약,메모
A2,1002,이둘,010-1111-3333,2026-11-21 15:30,보톡스,김원장,이실장,미정,
A3,1003,박셋,010-1111-4444,2026-11-22 15:30,필러,김원장,이실장,부도,
"""
PATIENTS = "차트 No,성명,핸드폰,생년월일,성별,내원경로\n7,김하나,01011112222,1990.05.01,여,지인\n"
PAYMENTS = '차트번호,수납일자,수납금액,환불\n7,2026-11-20,"1,250,000원",\n'
CALLS = "고객번호,통화일시,통화결과,반응군,통화내용\n7,2026-11-20 10:00,부재,,\n"
VISITS = "환자번호,내원일,진료의\n7,2026-11-20,김원장\n"
ENGLISH = "Patient ID,Appointment Date,Physician\n7,25/11/2026,Kim\n8,13/12/2026,Kim\n"
NAMELESS = "x,y\n1001,2026-11-20 15:30\n1002,2026-11-20 16:30\n1001,2026-12-20 16:30\n"


def suggested(text: str, name: str = "export.csv", kind: str | None = None) -> Suggestion:
    return suggest(text.encode(), policy(), KOREAN, HEADER_WORDS, kind=kind, name=name)


def columns(found: Suggestion) -> dict[str, str]:
    return {match.header: match.theirs for match in found.matches}


@pytest.mark.parametrize(
    ("text", "kind", "some"),
    [
        (
            RESERVATIONS,
            "reservations",
            {
                "reservation_no": "예약 번호",
                "chart_no": "차트번호",
                "starts_at": "예약일시",
                "treatment": "시술명",
                "doctor": "담당 원장",
                "staff": "상담실장",
                "status": "진행상태",
            },
        ),
        (PATIENTS, "patients", {"name": "성명", "phone": "핸드폰", "source": "내원경로", "sex": "성별"}),
        (PAYMENTS, "payments", {"paid_at": "수납일자", "amount": "수납금액", "refund": "환불"}),
        (CALLS, "calls", {"called_at": "통화일시", "outcome": "통화결과", "group": "반응군"}),
        (VISITS, "visits", {"chart_no": "환자번호", "arrived_at": "내원일", "doctor": "진료의"}),
    ],
)
def test_the_words_of_korean_programs_are_known(text: str, kind: str, some: dict[str, str]) -> None:
    found = suggested(text)
    assert found.kind == kind
    assert found.lacking == ()
    assert some.items() <= columns(found).items()


def test_what_is_used_by_nobody_and_what_is_not_understood_is_said() -> None:
    found = suggested(RESERVATIONS)
    assert set(found.unused) == {"환자명", "휴대폰번호", "비고"}
    (status,) = [match for match in found.matches if match.header == "status"]
    assert status.unknown == {"미정": 1}


def test_a_way_to_write_dates_is_found_and_doubted_where_it_may_be_another() -> None:
    (sure,) = [match for match in suggested(ENGLISH).matches if match.header == "starts_at"]
    assert sure.formats == ("%d/%m/%Y",)
    either = "Patient ID,Appointment Date\n7,03/04/2026\n"
    (unsure,) = [match for match in suggested(either).matches if match.header == "starts_at"]
    assert unsure.formats == ("%d/%m/%Y", "%m/%d/%Y")


def test_values_alone_are_only_a_guess_and_said_to_be_one() -> None:
    found = suggested(NAMELESS, kind="reservations")
    assert columns(found) == {"chart_no": "x", "starts_at": "y"}
    assert {match.sure for match in found.matches} == {Sure.SHAPE}
    assert "please check" in "\n".join(yaml_block(language("en"), "x.csv", found, "x"))


def test_a_required_column_that_is_not_there_is_named() -> None:
    found = suggested("예약일시,시술명\n2026-11-20,보톡스\n", kind="reservations")
    assert found.lacking == ("chart_no",)
    assert "chart_no is needed" in "\n".join(yaml_block(language("en"), "x.csv", found, "x"))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(FileRefused):
        suggested("")


@pytest.mark.parametrize("text", [RESERVATIONS, PATIENTS, PAYMENTS, CALLS, VISITS, ENGLISH, NAMELESS])
@pytest.mark.parametrize("speech", ["ko", "en"])
def test_the_block_can_be_pasted_and_reads_the_file(text: str, speech: str, tmp_path: Path) -> None:
    found = suggested(text)
    name = profile_name("내보내기 1.csv", found.kind, policy().mappings)
    block = "\n".join(yaml_block(language(speech), "내보내기 1.csv", found, name))
    written = (ROOT / "config.yaml").read_text(encoding="utf-8")
    assert written.count("\nimports:\n") == 1
    file = tmp_path / "config.yaml"
    file.write_text(written.replace("\nimports:\n", f"\nimports:\n{block}\n"), encoding="utf-8")
    config = load(file, {}, date(2026, 11, 23))
    read = stage(text.encode(), found.kind, config.policy, KOREAN, branch="gangnam", mapping=name)
    unknown = sum(sum(match.unknown.values()) for match in found.matches)
    assert len(read.rows) == text.count("\n") - 1 - unknown
    assert len(read.refused) == unknown


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Export 2026.csv", "export-2"),
        ("예약.csv", "chart-visits"),
        ("2026.csv", "chart-visits"),
        (f"{'a' * 60}.csv", "a" * 36),
    ],
)
def test_the_name_is_one_that_the_configuration_allows(file: str, name: str) -> None:
    assert profile_name(file, "visits", {"export"}) == name


def test_the_shell_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "예약내역.csv"
    file.write_bytes(RESERVATIONS.encode("cp949"))
    assert suggest_at_shell(file, ROOT / "config.yaml", None) == 0
    assert "      starts_at: 예약일시" in capsys.readouterr().out.splitlines()
    assert suggest_at_shell(tmp_path / "none.csv", ROOT / "config.yaml", None) == 2
    file.write_text("예약일시\n2026-11-20\n")
    assert suggest_at_shell(file, ROOT / "config.yaml", "reservations") == 1

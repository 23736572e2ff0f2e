"""The shell command: what is printed, what is left behind, where it goes on."""

import gzip
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from bot import importing, writing
from bot.clock import FixedClock
from bot.config import Config, load
from bot.importing import ImportArgs, run_import
from bot.transaction import reading
from bot.writing import whole_people
from crm_core.errors import NotSaved
from crm_core.imports.actions import advance, position_of
from crm_core.imports.stage import Row
from crm_core.tables import FactsUntil, ImportBatch, Journey, Patient, Reservation, Visit
from tests.clinic import ROOT


@pytest.fixture
def config() -> Config:
    return load(ROOT / "config.yaml", {}, date(2026, 11, 23))


class Shell:
    def __init__(self, folder: Path, config: Config, engine: Engine, now: datetime) -> None:
        self.folder, self.config, self.engine, self.now = folder, config, engine, now

    def file(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def run(self, kind: str, file: Path, **options: Any) -> int:
        wanted = ImportArgs(kind, file, **{"branch": "gangnam", **options})
        return run_import(wanted, self.config, self.engine, FixedClock(self.now))

    def count(self, table: Any) -> int:
        with reading(self.engine) as db:
            return db.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def shell(tmp_path: Path, config: Config, engine: Engine, now: datetime) -> Shell:
    return Shell(tmp_path, config, engine, now)


BROKEN = "chart_no,starts_at\n" + "1,2026-12-01 14:00\n" * 1701 + "2,2026-13-01\n"


@pytest.mark.parametrize(
    ("speech", "sentence"),
    [
        (
            "en",
            'reservations.csv:1703: starts_at "2026-13-01": there is no month 13; write 2026-12-01 14:00',
        ),
        (
            "ko",
            (
                'reservations.csv:1703: starts_at "2026-13-01":'
                " 13월은 없어요. 이렇게 적어 주세요: 2026-12-01 14:00"
            ),
        ),
    ],
)
def test_a_complaint_names_file_line_column_cell_and_what_would_be_right(
    shell: Shell, capsys: pytest.CaptureFixture[str], speech: str, sentence: str
) -> None:
    file = shell.file("reservations.csv", BROKEN)
    assert shell.run("reservations", file, speech=speech, dry_run=True) == importing.ROWS_REFUSED
    assert sentence in capsys.readouterr().out.splitlines()
    assert shell.count(Reservation) == shell.count(ImportBatch) == 0


@pytest.mark.parametrize(
    ("speech", "sentence"),
    [
        ("en", 'visits.csv: the column "arrived_at" is missing. Columns found: chart_no, when.'),
        ("ko", 'visits.csv: "arrived_at" 칸이 없어요. 찾은 칸: chart_no, when.'),
    ],
)
def test_a_missing_column_refuses_the_file(
    shell: Shell, capsys: pytest.CaptureFixture[str], speech: str, sentence: str
) -> None:
    assert shell.run("visits", shell.file("visits.csv", "chart_no,when\n1,2\n"), speech=speech) == 2
    assert capsys.readouterr().err.strip() == sentence


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"branch": "mars"}, 'there is no branch "mars". There are: gangnam, haeundae.'),
        ({"branch": None}, "which branch? Add --branch with one of: gangnam, haeundae."),
        ({"mapping": "nobody"}, 'there is no mapping "nobody" in config.yaml.'),
        ({"until": "soon"}, '--until "soon": this is no past day; write 2026-11-25'),
        ({"until": "2036-11-25"}, '--until "2036-11-25": this is no past day'),
    ],
)
def test_what_was_typed_wrong_refuses_the_file(
    shell: Shell, capsys: pytest.CaptureFixture[str], options: dict[str, Any], said: str
) -> None:
    file = shell.file("visits.csv", "chart_no,arrived_at\n1,2026-11-01\n")
    assert shell.run("visits", file, **options) == importing.FILE_REFUSED
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run("visits", shell.folder / "no.csv") == importing.FILE_REFUSED
    assert capsys.readouterr().err == "no.csv: there is no such file, or it cannot be read.\n"


def test_rows_that_fit_are_written_and_the_others_left_as_they_were(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    file = shell.file("patients.csv", "chart_no,name,phone\n1,김하나,01011112222\n2,=1+1,call me\n")
    assert shell.run("patients", file) == importing.ROWS_REFUSED
    out = capsys.readouterr().out
    assert "patients.csv:3: phone: this is no telephone number; write 010-1234-5678" in out
    assert "call me" not in out
    assert "patients.csv: 1 rows fit, 1 do not." in out
    left = (shell.folder / "patients.csv.problems.csv").read_text(encoding="utf-8-sig").splitlines()
    assert left[0] == "line,complaint,chart_no,name,phone"
    assert left[1].startswith("3,")
    assert left[1].endswith(",2,'=1+1,call me")
    assert (shell.folder / "patients.csv.problems.csv").stat().st_mode & 0o077 == 0
    assert shell.count(Patient) == 1


def test_at_most_fifty_complaints_are_printed(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    file = shell.file("visits.csv", "chart_no,arrived_at\n" + "1,never\n" * 80)
    assert shell.run("visits", file) == importing.ROWS_REFUSED
    out = capsys.readouterr().out.splitlines()
    assert sum("this is no date" in line for line in out) == 50
    assert "All complaints with their rows are in visits.csv.problems.csv." in out
    assert len((shell.folder / "visits.csv.problems.csv").read_text().splitlines()) == 81


def test_notes_about_columns_treatments_and_staff_are_said_once(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "1,2026-11-01,Moon dust,누구,x\n2,2026-11-01,Moon dust,누구,x\n"
    file = shell.file("consults.csv", "chart_no,held_at,treatment,staff,shoe\n" + rows)
    assert shell.run("consults", file) == importing.DONE
    out = capsys.readouterr().out.splitlines()
    assert "consults.csv: columns not used: shoe" in out
    said = 'treatment "Moon dust" is not in config.yaml: a family of its own, no rule (2 rows)'
    assert f"consults.csv: {said}" in out
    assert 'consults.csv: staff "누구" was not known: noted as inactive, without roles' in out
    assert "consults.csv: 2 rows read, 2 new or changed." in out


def test_this_very_file_again_changes_nothing(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    header = "visit_no,chart_no,arrived_at\n"
    first = shell.file("visits.csv", header + "V1,1,2026-11-01 10:00\n")
    corrected = shell.file("later.csv", header + "V1,1,2026-11-01 11:00\n")
    assert [shell.run("visits", file) for file in (first, corrected, first)] == [0, 0, 0]
    assert capsys.readouterr().out.splitlines()[-1] == (
        "visits.csv: this very file was imported already: nothing changed."
    )
    with reading(shell.engine) as db:
        visit = db.scalars(select(Visit)).one()
    assert visit.arrived_at.hour == 2  # 11:00 in Seoul


def test_until_says_how_far_the_facts_reach(shell: Shell) -> None:
    file = shell.file("visits.csv", "chart_no,arrived_at\n1,2026-11-01\n")
    assert shell.run("visits", file, until="2026-11-23") == importing.DONE
    with reading(shell.engine) as db:
        row = db.scalars(select(FactsUntil)).one()
    assert (row.branch, row.kind) == ("gangnam", "visits")
    assert row.until == datetime(2026, 11, 24, tzinfo=shell.config.policy.branch("gangnam").tz)


def test_an_archive_with_one_file_is_opened(shell: Shell) -> None:
    path = shell.folder / "visits.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("visits.csv", "chart_no,arrived_at\n1,2026-11-01\n")
    assert shell.run("visits", path) == importing.DONE
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.csv", "chart_no,arrived_at\n1,2026-11-01\n")
    assert shell.run("visits", path) == importing.FILE_REFUSED


class Killed(BaseException):
    """As if the process had been killed."""


@pytest.mark.parametrize("dies_at", [1, 2, 4])
def test_killed_anywhere_the_same_command_goes_on(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    days = (date(2026, 1, 1) + timedelta(days=8 * n) for n in range(40))
    rows = "".join(f"V{n},{n % 9},{day} 10:00\n" for n, day in enumerate(days))
    file = shell.file("visits.csv", "visit_no,chart_no,arrived_at\n" + rows)
    monkeypatch.setattr(writing, "whole_people", lambda rows, position, _: whole_people(rows, position, 7))
    written: list[int] = []

    def dies(db: Any, batch_id: int, position: int, changed: int) -> None:
        if len(written) == dies_at:
            raise Killed
        written.append(position)
        advance(db, batch_id, position, changed)

    monkeypatch.setattr(writing, "advance", dies)
    with pytest.raises(Killed):
        shell.run("visits", file)
    saved = shell.count(Visit)
    assert saved == written[-1]
    monkeypatch.setattr(writing, "advance", advance)
    assert shell.run("visits", file) == importing.DONE
    with reading(shell.engine) as db:
        batch = db.scalars(select(ImportBatch)).one()
    assert (batch.position, batch.changed) == (40, 40)
    assert batch.finished_at is not None
    assert shell.count(Visit) == shell.count(Journey) == 40


def test_a_database_that_does_not_answer_is_said(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def busy(*_: object) -> None:
        raise NotSaved

    monkeypatch.setattr(writing, "advance", busy)
    file = shell.file("visits.csv", "chart_no,arrived_at\n1,2026-11-01\n")
    assert shell.run("visits", file) == importing.ROWS_REFUSED
    assert "0 of 1 rows are saved; the same command goes on from there." in capsys.readouterr().err
    assert shell.count(Visit) == 0


def test_a_step_keeps_people_whole() -> None:
    rows = [Row(n, "b", person, None, ()) for n, person in enumerate("aaabccccd")]

    def people(position: int) -> str:
        return "".join(row.person for row in whole_people(rows, position, 2))

    assert [people(position) for position in (0, 3, 8, 9)] == ["aaa", "bcccc", "d", ""]


RESERVED = "reservation_no,chart_no,starts_at\nR1,1,2026-12-01 10:00\nR2,2002,2026-12-01 11:00\n"
ONLY_ONE = "reservation_no,chart_no,starts_at\nR1,1,2026-12-01 10:00\n"
DAY = "2026-12-01..2026-12-01"


def states(shell: Shell) -> dict[str, str]:
    with reading(shell.engine) as db:
        return {row.number: row.state.value for row in db.scalars(select(Reservation))}


def test_a_complete_file_lists_what_is_missing_and_cancels_it_with_yes(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run("reservations", shell.file("first.csv", RESERVED))
    later = shell.file("later.csv", ONLY_ONE)
    out = ""
    for options in ({"dry_run": True}, {}):
        assert shell.run("reservations", later, complete=DAY, **options) == importing.DONE
        out = capsys.readouterr().out
        assert "2026-12-01 11:00  2002" in out
        assert states(shell)["R2"] == "booked"
    assert "None of them was cancelled. Add --yes to cancel them." in out
    # The file was finished before: the same command does only what is left.
    assert shell.run("reservations", later, complete=DAY, yes=True) == importing.DONE
    assert "1 reservations cancelled" in capsys.readouterr().out
    assert states(shell) == {"R1": "booked", "R2": "cancelled_early"}
    assert shell.run("reservations", later, complete=DAY, yes=True) == importing.DONE
    assert "every reservation of ours is in the file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "text", "days", "code", "said"),
    [
        ("visits", "chart_no,arrived_at\n", DAY, 2, "only a file of reservations can be complete"),
        ("reservations", ONLY_ONE, "tomorrow", 2, "these are no two days"),
        ("reservations", ONLY_ONE, "2026-12-02..2026-12-01", 2, "these are no two days"),
        ("reservations", ONLY_ONE + "R3,3,never\n", DAY, 1, "1 rows could not be read"),
        ("reservations", ONLY_ONE, "2027-01-01..2027-01-02", 1, "no reservation of these days"),
    ],
)
def test_a_file_that_cannot_be_complete_cancels_nothing(
    shell: Shell, capsys: pytest.CaptureFixture[str], kind: str, text: str, days: str, code: int, said: str
) -> None:
    shell.run("reservations", shell.file("first.csv", RESERVED))
    assert shell.run(kind, shell.file("later.csv", text), complete=days, yes=True) == code
    assert said in capsys.readouterr().err
    assert states(shell)["R2"] == "booked"


def test_the_profile_of_the_branch_reads_its_file_without_being_named(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "예약번호,차트번호,예약일시,상태\nA,1,2026.12.01 10:00,부도\n"
    assert shell.run("reservations", shell.file("export.csv", text.encode("cp949"))) == importing.DONE
    assert "read as chart-reservations" in capsys.readouterr().out
    assert states(shell) == {"A": "no_show"}


FHIR = (
    '{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"C1"}]}\n'
    '{"resourceType":"Observation","id":"o"}\n'
    '{"resourceType":"Encounter","id":"e1","status":"finished","class":{},'
    '"subject":{"reference":"Patient/p1"},"period":{"start":"2026-11-20T10:00:00+09:00"}}\n'
)
ANOTHER = FHIR.splitlines()[2].replace("e1", "e2").replace("11-20", "11-22")


def test_fhir_is_read_from_the_shell_and_known_again_by_its_ids(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = shell.file("export.ndjson.gz", gzip.compress(FHIR.encode()))
    assert shell.run("fhir", packed) == importing.ROWS_REFUSED
    out = capsys.readouterr().out.splitlines()
    assert 'export.ndjson.gz:2: resourceType "Observation": this resource is not read here' in out[0]
    assert "export.ndjson.gz: Patient: 1 fit, 0 do not." in out
    assert "export.ndjson.gz: Encounter: 1 fit, 0 do not." in out
    assert "export.ndjson.gz: Observation: 0 fit, 1 do not." in out
    assert (shell.folder / "export.ndjson.gz.problems.csv").exists()
    assert shell.run("fhir", shell.file("later.ndjson", ANOTHER)) == importing.DONE
    assert (shell.count(Patient), shell.count(Visit)) == (1, 2)
    assert shell.run("fhir", packed) == importing.ROWS_REFUSED
    assert (shell.count(Patient), shell.count(Visit)) == (1, 2)
    assert shell.run("fhir", shell.file("none.ndjson", "a,b\n")) == importing.FILE_REFUSED
    assert shell.run("fhir", packed, branch=None) == importing.FILE_REFUSED
    assert shell.run("fhir", packed, complete=DAY) == importing.FILE_REFUSED


def test_two_who_write_one_file_take_turns(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"V{n},{n},2026-11-01 10:00\n" for n in range(20))
    file = shell.file("visits.csv", "visit_no,chart_no,arrived_at\n" + rows)
    monkeypatch.setattr(writing, "whole_people", lambda rows, position, _: whole_people(rows, position, 3))
    begun: list[bool] = []

    def interrupted(db: Any, batch_id: int) -> int:
        if len(begun) < 1:
            begun.append(True)
            db.rollback()  # lets the other in before this step has written anything
            assert shell.run("visits", file) == importing.DONE
        return position_of(db, batch_id)

    monkeypatch.setattr(writing, "position_of", interrupted)
    assert shell.run("visits", file) == importing.DONE
    assert shell.count(Visit) == 20
    with reading(shell.engine) as db:
        batch = db.scalars(select(ImportBatch)).one()
    assert (batch.position, batch.changed) == (20, 20)
    capsys.readouterr()

"""The watched folder: taken once, told of once, moved away; also when the process dies over it."""

import asyncio
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import col

from bot import watching, writing
from bot.clock import FixedClock
from bot.filing import Stopped, Wake
from bot.postman import Postman
from bot.transaction import reading, step
from bot.watching import Watch
from bot.writing import whole_people
from crm_core.policy.policy import Policy
from crm_core.staff import actions as staff_actions
from crm_core.tables import ImportBatch, OutboxRow, StagedFile, Visit
from crm_core.tables.people import Role, Staff, StaffRole
from tests.bot.fake_channel import FakeChannel

VISITS = "visit_no,chart_no,arrived_at\nV1,1,2026-11-24 10:00\nV2,2,2026-11-24 11:00\n"


class Folder:
    """The folder, and a channel of the branch."""

    def __init__(self, root: Path, engine: Engine, policy: Policy, now: datetime) -> None:
        self.root, self.engine, self.policy, self.now = root, engine, policy, now
        self.inbox = root / "inbox"
        (self.inbox / "gangnam").mkdir(parents=True)
        self.channel = FakeChannel()
        self.wake = Wake()
        self.watch = self.another()

    def another(self) -> Watch:
        """What a new process begins with."""
        return Watch(self.engine, self.policy, FixedClock(self.now), self.inbox, self.wake)

    def drop(self, name: str, text: str | bytes) -> Path:
        path = self.inbox / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def looks(self, times: int = 2) -> int:
        return sum(self.watch.look() for _ in range(times))

    def bind(self, purpose: str = "digest", language: str = "ko") -> None:
        with step(self.engine) as db:
            staff_actions.bind_channel(
                db, branch="gangnam", purpose=purpose, platform="fake", address="#team", language=language
            )

    def deliver(self) -> list[tuple[str, str]]:
        postman = Postman(self.engine, self.policy, FixedClock(self.now), {"fake": self.channel})
        asyncio.run(postman.drain())
        return self.channel.seen

    def count(self, table: Any) -> int:
        with reading(self.engine) as db:
            return db.scalar(select(func.count()).select_from(table)) or 0

    def there(self) -> set[str]:
        return {str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file()}


@pytest.fixture
def folder(tmp_path: Path, engine: Engine, policy: Policy, now: datetime) -> Folder:
    return Folder(tmp_path / "imports", engine, policy, now)


def test_a_file_that_is_still_being_written_is_left_alone(folder: Folder) -> None:
    path = folder.drop("gangnam/visits.csv", VISITS)
    assert folder.watch.look() == 0
    path.write_text(VISITS + "V3,3,2026-11-24 12:00\n")
    assert folder.watch.look() == 0
    assert folder.watch.look() == 1
    assert folder.count(Visit) == 3


@pytest.mark.parametrize("name", [".hidden.csv", "~$visits.xlsx", "visits.csv.part", "elsewhere/visits.csv"])
def test_what_is_no_file_of_ours_stays(folder: Folder, name: str) -> None:
    (folder.inbox / "elsewhere").mkdir()
    folder.drop(name, VISITS)
    assert folder.looks(3) == 0
    assert folder.there() == {f"inbox/{name}"}


def test_rows_that_fit_are_written_and_one_card_says_what_came_of_it(folder: Folder) -> None:
    folder.bind()
    folder.drop("gangnam/visits.csv", VISITS + "V3,secret-7,never\n")
    assert folder.looks(4) == 1
    assert folder.count(Visit) == 2
    assert folder.there() == {"done/gangnam/visits.csv", "done/gangnam/visits.csv.problems.csv"}
    ((where, said),) = folder.deliver()
    assert where == "#team"
    assert "강남점 · visits.csv" in said
    assert "2줄을 읽었고 2줄이 새롭거나 바뀌었어요." in said
    assert "맞지 않아 올리지 않은 줄 1개" in said
    assert "visits.csv:4: arrived_at: 날짜가 아니에요" in said
    assert "never" not in said
    assert "자료 기준" in said
    problems = (folder.root / "done/gangnam/visits.csv.problems.csv").read_text(encoding="utf-8-sig")
    assert "V3,secret-7,never" in problems


def test_a_file_that_cannot_be_used_is_moved_aside_with_the_reason(folder: Folder) -> None:
    folder.bind(language="en")
    folder.drop("gangnam/x.csv", "a,b\n1,2\n")
    folder.drop("visits.csv", VISITS)  # of which branch?
    assert folder.looks() == 2
    assert folder.there() == {
        "refused/gangnam/x.csv",
        "refused/gangnam/x.csv.problems.csv",
        "refused/visits.csv",
        "refused/visits.csv.problems.csv",
    }
    said = [text for _, text in folder.deliver()]
    assert len(said) == 2
    assert "I cannot tell what is in “x.csv”" in said[0]
    assert "refused" in said[0]
    assert "which branch?" in said[1]
    problems = folder.root / "refused/gangnam/x.csv.problems.csv"
    assert "알 수 없어요" in problems.read_text(encoding="utf-8-sig")


def test_the_file_may_name_its_branch(folder: Folder) -> None:
    folder.drop(
        "visits.csv", VISITS.replace("\n", ",강남점\n").replace("arrived_at,강남점", "arrived_at,branch")
    )
    assert folder.looks() == 1
    assert folder.there() == {"done/visits.csv"}
    assert folder.count(Visit) == 2


def test_without_a_channel_the_lead_is_told_privately(folder: Folder) -> None:
    with step(folder.engine) as db:
        lead = staff_actions.add_staff(db, name="설가온", roles={Role.LEAD: ("gangnam",)})
        code = staff_actions.make_link_code(db, lead, folder.now)
    with step(folder.engine) as db:
        staff_actions.link_account(db, platform="fake", account="@lead", code=code, now=folder.now)
    folder.drop("gangnam/visits.csv", VISITS)
    assert folder.looks() == 1
    assert [where for where, _ in folder.deliver()] == ["@lead"]


def test_the_same_file_once_more_changes_nothing_and_says_so(folder: Folder) -> None:
    folder.bind(language="en")
    for hour in (1, 2):
        path = folder.drop("gangnam/visits.csv", VISITS)
        os.utime(path, (hour * 3600, hour * 3600))
        assert folder.looks() == 1
    said = [text for _, text in folder.deliver()]
    assert "2 rows read, 2 new or changed." in said[0]
    assert "imported already" in said[1]
    assert folder.count(ImportBatch) == 1
    assert len([name for name in folder.there() if name.startswith("done/gangnam/visits")]) == 2


def test_killed_between_two_steps_it_goes_on(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.bind()
    monkeypatch.setattr(writing, "whole_people", lambda rows, position, _: whole_people(rows, position, 1))
    folder.drop("gangnam/visits.csv", VISITS + "V3,3,2026-11-24 10:00\n")
    folder.wake.stop.set()
    with pytest.raises(Stopped):
        folder.looks()
    assert folder.count(Visit) == 1
    assert folder.deliver() == []
    folder.wake.stop.clear()
    folder.watch = folder.another()
    assert folder.looks() == 1
    assert folder.count(Visit) == 3
    ((_, said),) = folder.deliver()
    assert "3줄" in said
    assert folder.there() == {"done/gangnam/visits.csv"}


def test_killed_before_it_was_moved_it_is_only_moved(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def dies(*_: object) -> None:
        raise Killed

    folder.bind()
    folder.drop("gangnam/visits.csv", VISITS)
    with monkeypatch.context() as patch:
        patch.setattr(watching.Watch, "_move", dies)
        with pytest.raises(Killed):
            folder.looks()
    assert folder.there() == {"inbox/gangnam/visits.csv"}
    folder.watch = folder.another()
    assert folder.looks() == 1
    assert folder.there() == {"done/gangnam/visits.csv"}
    assert len(folder.deliver()) == folder.count(StagedFile) == 1


def test_a_fhir_file_is_told_in_one_card(folder: Folder) -> None:
    folder.bind(language="en")
    patient = {"resourceType": "Patient", "id": "p1"}
    came = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-11-20"},
    }
    text = "\n".join(map(json.dumps, (patient, came, {"resourceType": "Device", "id": "d"})))
    folder.drop("gangnam/export.ndjson", text)
    assert folder.looks() == 1
    ((_, said),) = folder.deliver()
    assert "2 rows read, 2 new or changed." in said
    assert "export.ndjson:3: resourceType" in said
    assert folder.count(Visit) == 1


def test_one_bad_file_does_not_hold_up_the_others(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: Watch, source: Any, found: Any) -> Any:
        if found.path.name == "a.csv":
            raise RuntimeError
        return read(self, source, found)

    read = watching.Watch._read
    monkeypatch.setattr(watching.Watch, "_read", breaks)
    folder.drop("gangnam/a.csv", VISITS)
    folder.drop("gangnam/visits.csv", VISITS)
    folder.watch.look()
    with pytest.raises(RuntimeError):
        folder.watch.look()
    assert folder.watch.look() == 1
    assert folder.there() == {"inbox/gangnam/a.csv", "done/gangnam/visits.csv"}


def test_nothing_is_posted_of_a_file_twice(folder: Folder) -> None:
    folder.bind()
    folder.bind("imports")
    folder.drop("gangnam/visits.csv", VISITS)
    folder.looks(5)
    with reading(folder.engine) as db:
        once = db.scalars(select(col(OutboxRow.once)).where(col(OutboxRow.once).startswith("file:"))).all()
    assert len(once) == 1


def test_nobody_gets_a_role_through_the_folder(folder: Folder) -> None:
    folder.drop("gangnam/staff.csv", "staff_no,name,role\nS9,이사장,director\n")
    assert folder.looks() == 1
    assert folder.count(Staff) == folder.count(StaffRole) == 0
    assert "refused/gangnam/staff.csv" in folder.there()

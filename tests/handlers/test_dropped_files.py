"""A CSV dropped into chat: previewed, written once, for one's own branches only."""

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from sqlmodel import Session, col

from bot.terminal import printed
from crm_core.errors import NotAllowed, OtherBranch, StaleButton
from crm_core.policy.policy import Policy
from crm_core.staff import actions as staff_actions
from crm_core.staff.access import Person, person_of
from crm_core.tables import AuditRow, Reservation, StagedFile
from crm_core.tables.facts import ReservationState
from crm_core.tables.imports import FileState
from crm_core.tables.people import Role
from handlers.imports import (
    ApplyComplete,
    ApplyFile,
    AskComplete,
    PreviewFile,
    ShowFile,
    apply_complete,
    apply_file,
    ask_complete,
    preview_file,
    show_file,
)
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.reply import Buttons, Reply
from tests.handlers.asking import buttons_of

RESERVATIONS = """reservation_no,chart_no,starts_at,branch,status
R1,<b>&*_🙂,2026-11-20 15:30,gangnam,arrived
R2,200,2026-12-01 14:00,gangnam,booked
R3,300,2026-13-01,gangnam,booked
"""


def somebody(db: Session, *roles: tuple[Role, str]) -> Person:
    held: dict[Role, tuple[str, ...]] = {}
    for role, branch in roles:
        held[role] = (*held.get(role, ()), branch)
    return person_of(db, staff_actions.add_staff(db, name="somebody", roles=held))


@pytest.fixture
def context(db: Session, policy: Policy, now: datetime) -> Context:
    return Context(db, somebody(db, (Role.LEAD, "gangnam")), policy, now, language("en"), private=True)


def drop(context: Context, text: str, name: str = "export.csv", encoding: str = "utf-8") -> Reply:
    holding = replace(context, uploads=((name, text.encode(encoding)),))
    return preview_file(PreviewFile(name), holding)


def button(reply: Reply) -> ApplyFile:
    for block in reply.blocks:
        if isinstance(block, Buttons):
            command = block.rows[0][0].command
            assert isinstance(command, ApplyFile)
            return command
    raise AssertionError(printed(reply))


def reservations(db: Session) -> int:
    found: int = db.scalars(select(func.count()).select_from(Reservation)).one()
    return found


def test_a_preview_says_what_fits_and_what_does_not_and_writes_nothing(context: Context) -> None:
    said = printed(drop(context, RESERVATIONS))
    assert "2 rows fit, 1 do not" in said
    assert "there is no month 13" in said
    assert reservations(context.db) == 0


def test_the_button_writes_it_once(context: Context) -> None:
    press = button(drop(context, RESERVATIONS))
    assert "2 rows read, 2 new or changed" in printed(apply_file(press, context))
    assert reservations(context.db) == 2
    with pytest.raises(StaleButton):
        apply_file(press, context)
    again = button(drop(context, RESERVATIONS))
    assert "imported already" in printed(apply_file(again, context))
    kept = context.db.scalars(select(StagedFile)).all()
    assert [file.content for file in kept] == ["", ""]


def test_korean_bytes_and_korean_words_are_read(context: Context) -> None:
    korean = replace(context, language=language("ko"))
    said = printed(drop(korean, RESERVATIONS.replace("<b>&*_🙂", "똠방"), encoding="cp949"))
    assert "2줄 올리기" in said
    assert "13" in said


@pytest.mark.parametrize("text", ["", "hello", "a,b,c\n1,2,3\n", "\0\1\2"])
def test_what_is_no_file_of_ours_gets_one_sentence(context: Context, text: str) -> None:
    reply = drop(context, text)
    assert len(reply.blocks) == 1
    assert printed(reply)


@pytest.mark.parametrize(("code", "said"), [("en", "I am reading it"), ("ko", "읽고 있어요")])
def test_a_large_file_waits_for_the_worker_and_its_card_lives(context: Context, code: str, said: str) -> None:
    rows = "\n".join(f"R{n},{n},2026-11-20 15:30" for n in range(2001))
    speaking = replace(context, language=language(code))
    reply = drop(speaking, f"reservation_no,chart_no,starts_at\n{rows}\n")
    assert said in printed(reply)
    assert isinstance(reply.shows, ShowFile)
    assert reply.about == f"file:{reply.shows.file_id}"
    assert reservations(context.db) == 0
    kept = context.db.scalars(select(StagedFile)).one()
    assert (kept.state, kept.kind, kept.rows) == (FileState.WAITING, "", None)
    other = replace(context, person=somebody(context.db, (Role.LEAD, "gangnam")))
    with pytest.raises(StaleButton):
        show_file(reply.shows, other)


def test_a_workbook_is_dropped_like_any_other_file(context: Context) -> None:
    book = Workbook()
    sheet = book.create_sheet("예약", 0)
    for row in csv.reader(RESERVATIONS.splitlines()):
        sheet.append(row)
    saved = io.BytesIO()
    book.save(saved)
    holding = replace(context, uploads=(("export.xlsx", saved.getvalue()),))
    reply = preview_file(PreviewFile("export.xlsx"), holding)
    assert "2 rows fit, 1 do not" in printed(reply)
    assert "2 rows read, 2 new or changed" in printed(apply_file(button(reply), context))


def test_fhir_is_for_the_shell(context: Context) -> None:
    assert "python -m bot import fhir FILE" in printed(drop(context, "{}", "export.ndjson"))


ALL = """reservation_no,chart_no,starts_at,branch
R1,1,2026-12-01 15:30,gangnam
R2,secret-2002,2026-12-02 14:00,gangnam
R3,3,2026-12-03 14:00,gangnam
"""
WITHOUT_R2 = ALL.replace("R2,secret-2002,2026-12-02 14:00,gangnam\n", "")


def all_of_them(reply: Reply) -> AskComplete:
    (found,) = [one.command for one in buttons_of(reply) if isinstance(one.command, AskComplete)]
    return found


@pytest.mark.parametrize(
    ("code", "listed", "cancelled"),
    [
        ("en", "1 reservations of ours are not in the file.", "1 reservations cancelled"),
        ("ko", "우리 예약 1건이 파일에 없어요.", "예약 1건을 취소로 바꿨어요"),
    ],
)
def test_a_complete_file_shows_what_is_missing_before_anything_is_cancelled(
    context: Context, code: str, listed: str, cancelled: str
) -> None:
    context = replace(context, language=language(code))
    apply_file(button(drop(context, ALL)), context)
    asked = ask_complete(all_of_them(drop(context, WITHOUT_R2)), context)
    assert listed in printed(asked)
    assert "…2002" in printed(asked)
    assert "secret" not in printed(asked)
    assert state_of(context.db, "R2") is ReservationState.BOOKED
    only, whole = (one.command for one in buttons_of(asked))
    assert isinstance(only, ApplyFile)
    assert isinstance(whole, ApplyComplete)
    assert cancelled in printed(apply_complete(whole, context))
    assert state_of(context.db, "R2") is ReservationState.CANCELLED_EARLY
    with pytest.raises(StaleButton):
        apply_complete(whole, context)
    audited = [(row.what, row.count) for row in context.db.scalars(select(AuditRow))]
    assert ("cancelled_by_complete_file", 1) in audited


def test_a_complete_file_may_still_be_imported_without_cancelling(context: Context) -> None:
    apply_file(button(drop(context, ALL)), context)
    asked = ask_complete(all_of_them(drop(context, WITHOUT_R2)), context)
    apply_file(button(asked), context)
    assert state_of(context.db, "R2") is ReservationState.BOOKED


def test_nothing_missing_or_not_readable_offers_no_cancelling(context: Context) -> None:
    apply_file(button(drop(context, ALL)), context)
    whole = ask_complete(all_of_them(drop(context, ALL + "R4,4,2026-12-03 14:00,gangnam\n")), context)
    broken = ask_complete(all_of_them(drop(context, WITHOUT_R2 + "R4,4,never,gangnam\n")), context)
    assert "every reservation of ours is in the file" in printed(whole)
    assert "1 rows could not be read" in printed(broken)
    for reply in (whole, broken):
        assert not [one for one in buttons_of(reply) if isinstance(one.command, ApplyComplete)]


def state_of(db: Session, number: str) -> ReservationState:
    return db.scalars(select(Reservation).where(col(Reservation.number) == number)).one().state


def test_rows_of_another_branch_are_not_for_this_person(context: Context) -> None:
    with pytest.raises(OtherBranch):
        drop(context, RESERVATIONS.replace("gangnam", "haeundae"))


def test_only_an_administrator_says_who_works_here(context: Context) -> None:
    text = "staff_no,name,role\nS9,me,director\n"
    with pytest.raises(NotAllowed):
        drop(context, text, "staff.csv")


def test_nobody_presses_the_button_of_somebody_elses_file(context: Context) -> None:
    press = button(drop(context, RESERVATIONS))
    other = replace(context, person=somebody(context.db, (Role.LEAD, "gangnam")))
    with pytest.raises(StaleButton):
        apply_file(press, other)


def test_a_file_is_forgotten_after_a_day(context: Context) -> None:
    press = button(drop(context, RESERVATIONS))
    with pytest.raises(StaleButton):
        apply_file(press, replace(context, now=context.now + timedelta(days=1, minutes=1)))

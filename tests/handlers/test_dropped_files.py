"""A CSV dropped into chat: previewed, written once, for one's own branches only."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlmodel import Session

from bot.terminal import printed
from crm_core.errors import NotAllowed, OtherBranch, StaleButton
from crm_core.policy.policy import Policy
from crm_core.staff import actions as staff_actions
from crm_core.staff.access import Person, person_of
from crm_core.tables import Reservation, StagedFile
from crm_core.tables.people import Role
from handlers.imports import ApplyFile, PreviewFile, apply_file, preview_file
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.reply import Buttons, Reply

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


def test_a_file_too_large_for_chat_names_the_shell_command(context: Context) -> None:
    rows = "\n".join(f"R{n},{n},2026-11-20 15:30" for n in range(2001))
    said = printed(drop(context, f"reservation_no,chart_no,starts_at\n{rows}\n"))
    assert "python -m bot import reservations FILE" in said


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

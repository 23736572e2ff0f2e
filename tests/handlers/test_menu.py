"""The menu: roles are checked in one place, parts can be switched off, words open commands."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlmodel import Session

from crm_core.errors import NotAllowed, NotUnderstood
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.people import Role
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.words import Words
from handlers.menu import MENU, WIRE, find_typed, typed_names


def asked(db: Session, policy: Policy, now: datetime, *roles: Role) -> Context:
    person = Person(None, "somebody", frozenset((role, "gangnam") for role in roles))
    return Context(db, person, policy, now, language("en"), private=True, menu=MENU)


@pytest.mark.parametrize(
    "text", ["/calls", "calls", "/전화", "오늘전화", "/CALLS", "／calls", "/calls@dasi_bot", "  /calls  "]
)
def test_a_command_is_opened_by_any_of_its_words(text: str) -> None:
    found = find_typed(text)
    assert found is not None
    assert found[0].name == "calls"


def test_no_two_commands_share_a_word() -> None:
    words = [word.casefold() for item in MENU if item.name for word in (item.name, *item.korean)]
    assert len(words) == len(set(words))
    assert len(typed_names()) == len(
        [w for item in MENU if item.name and item.read for w in (item.name, *item.korean)]
    )


def test_an_administrator_gets_no_patient_and_no_figure_by_that_role_alone(
    db: Session, policy: Policy, now: datetime
) -> None:
    context = asked(db, policy, now, Role.ADMINISTRATOR)
    for item in MENU:
        if item.name in ("help", "language", "link", "import") or Role.ADMINISTRATOR in item.roles:
            continue
        with pytest.raises(NotAllowed):
            item.give(object(), context)


def test_what_is_switched_off_is_no_command_and_in_no_help(
    db: Session, policy: Policy, now: datetime
) -> None:
    without = replace(policy, modules=policy.modules - {"calls"})
    context = replace(asked(db, without, now, Role.COORDINATOR), policy=without)
    item, rest = find_typed("/calls") or pytest.fail("there is no /calls")
    assert item.read is not None
    command = item.read(Words(rest, now.date(), without))
    with pytest.raises(NotUnderstood):
        WIRE.item_of(command).give(command, context)
    help_item = next(one for one in MENU if one.name == "help")
    shown = help_item.give(help_item.command(), context)
    assert "/calls" not in str(shown.blocks)
    assert "/reservations" in str(shown.blocks)


def test_help_says_every_command_of_a_person_once_in_their_language(
    db: Session, policy: Policy, now: datetime
) -> None:
    context = replace(asked(db, policy, now, Role.DIRECTOR), language=language("ko"))
    item = next(one for one in MENU if one.name == "help")
    lines = [line for block in item.give(item.command(), context).blocks for line in str(block).split("\\n")]
    for one in MENU:
        if one.name and not one.hidden and context.person.has(one.roles):
            assert sum(f"/{one.korean[0]} – " in line for line in lines) == 1, one.name


def test_help_with_a_word_says_all_about_that_command(db: Session, policy: Policy, now: datetime) -> None:
    context = asked(db, policy, now, Role.DIRECTOR)
    item = next(one for one in MENU if one.name == "help")
    said = str(item.give(item.command("퍼널"), context).blocks)
    assert "/전환" in said
    assert "/calls" not in said

"""Command ⇄ text."""

import dataclasses
import typing
from datetime import date
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import StaleButton
from handlers.menu import MENU, WIRE
from handlers.wire import EARLIEST, LARGEST, LATEST, LONGEST


def values(kind: Any) -> st.SearchStrategy[Any]:
    options = typing.get_args(kind) or (kind,)
    choices: list[st.SearchStrategy[Any]] = []
    for option in options:
        if option is type(None):
            choices.append(st.none())
        elif option is bool:
            choices.append(st.booleans())
        elif option is int:
            choices.append(st.integers(0, LARGEST))
        elif option is date:
            choices.append(st.dates(EARLIEST, LATEST))
        elif isinstance(option, type) and issubclass(option, StrEnum):
            choices.append(st.sampled_from(list(option)))
        else:
            optional = type(None) in options
            text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
            choices.append(text.filter(bool) if optional else text)
    return st.one_of(choices)


@st.composite
def commands(draw: st.DrawFn) -> Any:
    item = draw(st.sampled_from(MENU))
    kinds = typing.get_type_hints(item.command)
    return item.command(**{f.name: draw(values(kinds[f.name])) for f in dataclasses.fields(item.command)})


@given(commands())
def test_what_was_written_is_read_back(command: Any) -> None:
    item, found = WIRE.decode(WIRE.encode(command))
    assert found == command
    assert item is WIRE.item_of(command)


@given(st.text(max_size=80))
def test_any_other_text_is_a_stale_button(text: str) -> None:
    try:
        item, command = WIRE.decode(text)
    except StaleButton:
        return
    assert isinstance(command, item.command)


@pytest.mark.parametrize("text", ["", "1", "2.he", "1.zz", "1.he.a.b.c.d", "0.he.1", "1.la.%ff"])
def test_an_unknown_version_code_or_argument_is_a_stale_button(text: str) -> None:
    with pytest.raises(StaleButton):
        WIRE.decode(text)


def test_a_button_too_long_for_a_platform_is_refused_where_it_is_made() -> None:
    command = next(item.command for item in MENU if item.name == "help")
    with pytest.raises(ValueError, match="longer than"):
        WIRE.button(command("x" * LONGEST))


def test_codes_are_two_letters_and_never_shared() -> None:
    codes = [item.code for item in MENU]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 2 for code in codes)

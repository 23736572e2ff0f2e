"""Command ⇄ text: `1.<code>.<arguments>`, for buttons (64 bytes at most) and the outbox.

A press is trusted no more than typed words: ids may be guessed, and nothing follows from them.
"""

import dataclasses
import types
import typing
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import quote, unquote

from crm_core.errors import StaleButton
from handlers.language.menu_item import MenuItem
from handlers.language.reply import Command

VERSION = "1"
LONGEST = 64
LARGEST = 2**31 - 1  # of an id in either database
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)  # periods around them must fit a calendar
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Wire:
    """Encodes and decodes the commands of a menu."""

    def __init__(self, items: tuple[MenuItem[Any], ...]) -> None:
        self._by_code = {item.code: item for item in items}
        self._by_type = {item.command: item for item in items}
        if len(self._by_code) != len(items):
            raise ValueError("two commands of the menu share a code")

    def item_of(self, command: Command) -> MenuItem[Any]:
        return self._by_type[type(command)]

    def encode(self, command: Command) -> str:
        """The wire form. Trailing empty arguments are left out."""
        item = self._by_type[type(command)]
        parts = [_written(getattr(command, f.name)) for f in dataclasses.fields(command)]
        while parts and parts[-1] == "":
            parts.pop()
        return ".".join((VERSION, item.code, *parts))

    def button(self, command: Command) -> str:
        """The wire form for a button; ValueError when a platform could not carry it."""
        text = self.encode(command)
        if len(text.encode()) > LONGEST:
            raise ValueError(f"a button of {type(command).__name__} is longer than {LONGEST} bytes")
        return text

    def decode(self, text: str) -> tuple[MenuItem[Any], Command]:
        """The menu item and its command; StaleButton when it is not, or no longer, one of ours."""
        version, _, rest = text.partition(".")
        code, *parts = rest.split(".")
        item = self._by_code.get(code)
        if version != VERSION or item is None:
            raise StaleButton
        fields = dataclasses.fields(item.command)
        if len(parts) > len(fields):
            raise StaleButton
        kinds = typing.get_type_hints(item.command)
        values: dict[str, Any] = {}
        for field_, part in zip(fields, parts, strict=False):
            values[field_.name] = _read(part, kinds[field_.name])
        for field_ in fields[len(parts) :]:
            values[field_.name] = _read("", kinds[field_.name])
        return item, item.command(**values)


def _written(value: Any) -> str:
    match value:
        case None | "" | False:
            return ""
        case True:
            return "1"
        case StrEnum():
            return value.value
        case int():
            return _base36(value)
        case date():
            return _base36(value.toordinal())
        case str():
            return quote(value, safe="").replace(".", "%2E")
        case _:
            raise TypeError(f"no wire form for {type(value).__name__}")


def _read(part: str, kind: Any) -> Any:
    options = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    optional = type(None) in options
    inner = next(option for option in options if option is not type(None))
    try:
        if part == "" and optional:
            return None
        if inner is bool:
            return part == "1"
        if inner is int:
            return _number(part)
        if inner is date:
            return _day(part)
        if isinstance(inner, type) and issubclass(inner, StrEnum):
            return inner(part)
        return _text(part)
    except (ValueError, OverflowError):
        raise StaleButton from None


def _number(part: str) -> int:
    number = int(part, 36) if part else 0
    if abs(number) > LARGEST:
        raise ValueError("no row has such an id")
    return number


def _day(part: str) -> date:
    day = date.fromordinal(int(part, 36))
    if not EARLIEST <= day <= LATEST:
        raise ValueError("no clinic has such a day")
    return day


def _text(part: str) -> str:
    text = unquote(part, errors="strict")
    if "\0" in text:
        raise ValueError("PostgreSQL keeps no NUL")
    return text


def _base36(number: int) -> str:
    if number < 0:
        return "-" + _base36(-number)
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if number == 0:
            return digits

"""A submitted form made into a command, and what is wrong with which field."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from crm_core.errors import CrmError, NotUnderstood
from handlers.language.reply import Command
from handlers.language.words import nearest, read_day

LONGEST_TEXT = 1000


def fill(command: Command, values: Mapping[str, str], today: date) -> tuple[Command, dict[str, CrmError]]:
    """The command with its answers, and what is wrong with which field."""
    kinds = typing.get_type_hints(type(command))
    filled: dict[str, Any] = {}
    problems: dict[str, CrmError] = {}
    for name, text in values.items():
        if name not in kinds:
            problems[name] = NotUnderstood("argument", name)
            continue
        try:
            filled[name] = _value(text, kinds[name], today)
        except CrmError as problem:
            problems[name] = problem
    return dataclasses.replace(command, **filled), problems


def _value(text: str, kind: Any, today: date) -> Any:
    options = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    inner = next(option for option in options if option is not type(None))
    text = text.strip()
    if not text and type(None) in options:
        return None
    if inner is date:
        day = read_day(text, today)
        if day is None:
            raise NotUnderstood("date", text)
        return day
    if inner is int:
        if not text.lstrip("-").isdigit():
            raise NotUnderstood("argument", text)
        return int(text)
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        if text not in set(inner):
            raise NotUnderstood("argument", text, nearest(text, [choice.value for choice in inner]))
        return inner(text)
    if len(text) > LONGEST_TEXT:
        raise NotUnderstood("argument", text[:20] + "…")
    return text

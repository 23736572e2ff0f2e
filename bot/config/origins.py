"""Where each value of the policy comes from: a line of the file, a default, or a library."""

from collections.abc import Iterator
from datetime import date, time
from enum import Enum
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from bot.config.document import Document
from bot.config.models import FileModel
from bot.config.problems import Path, dotted
from crm_core.policy.branch import Hours
from crm_core.policy.policy import Policy


def lines_of(file: FileModel, document: Document, policy: Policy) -> list[tuple[str, str, str]]:
    """(path, value, origin) of every value, in the order of the file's shape."""
    found = [
        (dotted(path), said, f"{document.file}:{line}" if line else "default")
        for path, said, line in (
            (path, _said(value), document.lines.get(path)) for path, value in _leaves((), file)
        )
    ]
    library = f"holidays {version('holidays')}"
    for slug, branch in policy.branches.items():
        days = branch.holidays
        years = f", {min(days).year}–{max(days).year}" if days else ""
        found.append((f"branches.{slug}.holidays", f"{len(days)} days{years}", library))
    return found


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if value is None and path[-2:-1] == ("hours",):
        yield path, "closed"
    elif isinstance(value, BaseModel):
        for name, inner in value:
            yield from _leaves((*path, name), inner)
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves((*path, key.isoformat() if isinstance(key, date) else key), inner)
    elif isinstance(value, list) and any(isinstance(item, BaseModel) for item in value):
        for number, inner in enumerate(value):
            yield from _leaves((*path, number), inner)
    else:
        yield path, value


def _said(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return str(value).lower()
        case Enum():
            return str(value.value)
        case time():
            return f"{value:%H:%M}"
        case Hours():
            lunch = f" lunch {_said(value.lunch)}" if value.lunch else ""
            return f"{value.opens:%H:%M}–{value.closes:%H:%M}{lunch}"
        case tuple():
            return "–".join(_said(part) for part in value)
        case list() | dict():
            return ", ".join(_said(part) for part in value) or "–"
        case _:
            return str(value)

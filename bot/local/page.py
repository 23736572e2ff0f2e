"""The page and its messages as HTML. Every value is escaped by the template; nothing is markup."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.local.channel import DASI
from bot.local.visitor import Persona, Place, Visitor
from crm_core.policy.policy import Policy
from crm_core.tables.chat import LocalMessage
from handlers.language import figures
from handlers.menu import MENU
from handlers.page_words import channel_title, clock_line, hours_line, page_texts, role_line

HERE = Path(__file__).parent
STATIC = HERE / "static"
_QUICK = ("calls", "next", "inquiry", "digest", "funnel", "reservations", "closing", "help", "language")
_QUICK_SHOWN = 6
_CLOSE_SECONDS = 300
_PHONE_WIDTH = 38
_PHONE_NUMBERS = 44
_PHONE_TWO_LINES = 56
_PAIR = 2
_FEW = 3
_GAP = 2
_WIDE_FROM = 0x1100  # Hangul and what stands behind it is twice as wide
_KIB = 1024


@dataclass(frozen=True)
class Shown:
    """A message as the template takes it."""

    id: int | None
    author: str
    mine: bool
    dasi: bool
    initial: str
    body: Mapping[str, Any]
    clock: str
    moment: str
    day: str
    edited: bool
    withdrawn: bool
    version: str
    newest_day: bool = False
    follows: bool = False


class Pages:
    """Renders for a visitor, at a moment."""

    def __init__(self, policy: Policy, token: str) -> None:
        self._policy = policy
        self._token = token
        self._env = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.filters["file_size"] = _file_size
        self._env.filters["is_wide"] = _is_wide
        self._version = _version_of(STATIC)

    def page(
        self,
        visitor: Visitor,
        rows: list[LocalMessage],
        *,
        now: datetime,
        mark: str,
        unread: Mapping[str, int],
        more: bool,
        facts: str,
    ) -> str:
        words = page_texts(visitor.language)
        return self._env.get_template("page.html").render(
            words=words,
            words_json=words,
            visitor=visitor,
            token=self._token,
            version=self._version,
            mark=mark,
            more=more,
            messages=self._messages(visitor, rows),
            places=self._place_list(visitor, unread),
            title=self._title(visitor.place, visitor),
            personas=[self._persona(persona, visitor) for persona in visitor.personas],
            me=self._persona(visitor.persona, visitor),
            clock=self.clock(visitor, now),
            hours=hours_line(visitor.branch, now, visitor.language),
            facts=facts,
            branch=visitor.branch.name(visitor.language.code),
            clinic=self._policy.name.en if visitor.language.code == "en" else self._policy.name.ko,
            commands=self._commands(visitor),
            quick=self._quick(visitor),
        )

    def messages(self, visitor: Visitor, rows: list[LocalMessage], *, more: bool) -> str:
        """The log's content, as when the page is opened."""
        return self._env.get_template("log.html").render(
            words=page_texts(visitor.language),
            visitor=visitor,
            messages=self._messages(visitor, rows),
            title=self._title(visitor.place, visitor),
            me=self._persona(visitor.persona, visitor),
            more=more,
        )

    def message(self, visitor: Visitor, row: LocalMessage) -> str:
        return self._env.get_template("message.html").render(
            words=page_texts(visitor.language), visitor=visitor, message=self._shown(visitor, row)
        )

    def note(self, visitor: Visitor, body: Mapping[str, Any]) -> str:
        """Words that only this visitor sees and nobody keeps."""
        return self._env.get_template("note.html").render(
            words=page_texts(visitor.language),
            visitor=visitor,
            body=body,
            open_url=visitor.url(body["open"]) if body.get("open") else "",
        )

    def dialog(self, visitor: Visitor, body: Mapping[str, Any]) -> str:
        """The inside of a dialog that asks something."""
        return self._env.get_template("asked.html").render(
            words=page_texts(visitor.language), visitor=visitor, body=body
        )

    def clock(self, visitor: Visitor, now: datetime) -> dict[str, str]:
        local = visitor.branch.local(now)
        return {
            "text": clock_line(visitor.branch, now, visitor.language),
            "local": f"{local:%Y-%m-%dT%H:%M}",
            "hours": hours_line(visitor.branch, now, visitor.language),
        }

    def _messages(self, visitor: Visitor, rows: list[LocalMessage]) -> list[Shown]:
        return [self._shown(visitor, row, before) for before, row in pairwise([None, *rows]) if row]

    def _shown(self, visitor: Visitor, row: LocalMessage, before: LocalMessage | None = None) -> Shown:
        branch, speech = visitor.branch, visitor.language
        author = self._author(row.author, visitor)
        day = branch.today(row.at)
        new_day = before is None or branch.today(before.at) != day
        close = before is not None and (row.at - before.at).total_seconds() < _CLOSE_SECONDS
        return Shown(
            id=row.id,
            author=author,
            mine=row.author == visitor.persona.author,
            dasi=row.author == DASI,
            initial=author[:1],
            body=json.loads(row.body),
            clock=figures.clock(row.at, branch),
            moment=figures.staff_moment(row.at, branch, speech),
            day=figures.staff_day(day, speech),
            edited=row.edited_at is not None,
            withdrawn=row.withdrawn_at is not None,
            version=f"{row.edited_at:%H%M%S%f}" if row.edited_at else "0",
            newest_day=new_day,
            follows=bool(not new_day and close and before and before.author == row.author),
        )

    def _author(self, author: str, visitor: Visitor) -> str:
        words = page_texts(visitor.language)
        if author == DASI:
            return words["app"]
        known = (p for p in visitor.personas if p.author == author and p.person)
        persona = next(known, None)
        return persona.person.name if persona and persona.person else words["somebody_unknown"]

    def _title(self, place: Place, visitor: Visitor) -> str:
        if place.private:
            return page_texts(visitor.language)["with_dasi"]
        return channel_title(place.purposes, visitor.language)

    def _place_list(self, visitor: Visitor, unread: Mapping[str, int]) -> list[dict[str, Any]]:
        return [
            {
                "address": place.address,
                "url": visitor.url(place.address),
                "title": self._title(place, visitor),
                "branch": self._policy.branch(place.branch).name(visitor.language.code)
                if place.branch
                else "",
                "private": place.private,
                "here": place == visitor.place,
                "unread": min(unread.get(place.address, 0), 99),
            }
            for place in visitor.places
        ]

    def _persona(self, persona: Persona, visitor: Visitor) -> dict[str, Any]:
        words = page_texts(visitor.language)
        person = persona.person
        name = person.name if person else words["somebody_unknown"]
        return {
            "account": persona.account,
            "name": name,
            "known": person is not None,
            "initial": name[:1] if person else "?",
            "role": role_line(person, self._policy, visitor.language) if person else words["unknown_role"],
            "language": (person.language if person else None) or self._policy.language,
            "here": persona == visitor.persona,
        }

    def _commands(self, visitor: Visitor) -> list[dict[str, Any]]:
        """What this visitor may type, in both languages."""
        person, speech = visitor.persona.person, visitor.language
        return [
            {
                "name": _word(item.name, item.korean, speech.code),
                "words": [item.name, *item.korean],
                "summary": speech.say(item.summary),
                "example": item.example,
            }
            for item in MENU
            if item.name and item.read is not None and not item.hidden and person and person.has(item.roles)
        ]

    def _quick(self, visitor: Visitor) -> list[str]:
        allowed = {entry["words"][0]: entry["name"] for entry in self._commands(visitor)}
        return [f"/{allowed[name]}" for name in _QUICK if name in allowed][:_QUICK_SHOWN]


def _word(name: str, korean: tuple[str, ...], code: str) -> str:
    return korean[0] if code == "ko" and korean else name


def _is_wide(table: Mapping[str, Any]) -> bool:
    """Whether a table does not fit across a phone: its widest cells, side by side, in widths of a digit.
    Words of a few columns may stand in two lines, numbers do not; two columns always fit."""
    if len(table["columns"]) <= _PAIR:
        return False
    lines = [table["columns"], *table["rows"]]
    columns = zip(*lines, strict=False)
    width = sum(max(_width(cell) for cell in cells) + _GAP for cells in columns)
    if len(table["columns"]) > _FEW:
        return width > _PHONE_WIDTH
    return width > (_PHONE_NUMBERS if len(table.get("numeric", ())) > 1 else _PHONE_TWO_LINES)


def _width(text: str) -> int:
    return sum(2 if ord(letter) > _WIDE_FROM else 1 for letter in text)


def _file_size(size: int) -> str:
    return f"{size / _KIB / _KIB:.1f} MB" if size > _KIB * _KIB else f"{max(size / _KIB, 0.1):.1f} KB"


def _version_of(folder: Path) -> str:
    """A mark that changes whenever one of the page's own files does."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]

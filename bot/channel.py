"""The port: what the process asks of a chat platform, and what it hears from one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from handlers.language.language import Language
from handlers.language.reply import Reply


@dataclass(frozen=True)
class Typed:
    text: str


@dataclass(frozen=True)
class Pressed:
    """A button of a message, by its wire form."""

    data: str
    message_id: str


@dataclass(frozen=True)
class Submitted:
    """A form: the wire form of its command, and the answers by field name."""

    data: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Uploaded:
    name: str
    content: bytes


Act = Typed | Pressed | Submitted | Uploaded


@dataclass(frozen=True)
class Incoming:
    """Something a person did. `key` is the platform's own and never used twice."""

    platform: str
    key: str
    account: str  # the platform's id of the person
    address: str  # the channel or private chat it happened in
    private: bool
    act: Act
    language: str | None = None


@dataclass(frozen=True)
class Answer:
    """What is to be shown to the asker. `staff_id` is None when the account is not linked."""

    reply: Reply
    language: Language
    staff_id: int | None
    errors: Mapping[str, str] | None = None  # by field of the submitted form: it stays open
    refused: bool = False  # nothing was done: what was typed or filled in is still wanted


@dataclass(frozen=True)
class Sent:
    message_id: str


@dataclass(frozen=True)
class NotSent:
    """The platform certainly has not taken it: refused, not reached, or told to wait."""

    why: str
    retry_after: timedelta | None = None
    for_good: bool = False


@dataclass(frozen=True)
class Unknown:
    """Nobody can say whether it arrived; it is never simply sent again."""

    why: str


Delivery = Sent | NotSent | Unknown

Hear = Callable[[Incoming], Awaitable[Answer | None]]


class Channel(Protocol):
    """A chat platform. No library's own retries run around these calls."""

    @property
    def platform(self) -> str: ...

    async def listen(self, hear: Hear) -> None:
        """Hands everything heard to `hear` until cancelled."""
        ...

    async def say(self, address: str, reply: Reply, language: Language, key: str) -> Delivery: ...

    async def amend(self, address: str, message_id: str, reply: Reply, language: Language) -> Delivery: ...

    async def withdraw(self, address: str, message_id: str) -> Delivery: ...

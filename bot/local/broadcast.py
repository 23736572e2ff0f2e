"""What happened on the page's messages, told to every open page, with a memory for those that reconnect."""

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

REMEMBERED = 500


class Kind(StrEnum):
    MESSAGE = "message"  # a new message
    CHANGED = "changed"  # a message says something else, or nothing any more
    NOTE = "note"  # words to one person, that are not kept
    CLOCK = "clock"  # the demo clock was moved


@dataclass(frozen=True)
class Event:
    """Something to show. `account` is the only one who may see it; None is everybody at the place."""

    mark: str
    kind: Kind
    place: str
    message_id: int | None = None
    account: str | None = None
    body: Mapping[str, Any] | None = None


Queue = asyncio.Queue[Event | None]


class Broadcaster:
    """In one process and on one event loop. A mark is the place in the stream, known to this process only."""

    def __init__(self) -> None:
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._recent: deque[Event] = deque(maxlen=REMEMBERED)
        self._queues: set[Queue] = set()

    @property
    def mark(self) -> str:
        """Where the stream stands now."""
        return f"{self._epoch}-{self._number}"

    def publish(
        self,
        kind: Kind,
        place: str,
        *,
        message_id: int | None = None,
        account: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        self._number += 1
        event = Event(self.mark, kind, place, message_id, account, body)
        self._recent.append(event)
        for queue in self._queues:
            queue.put_nowait(event)

    def follow(self, since: str) -> tuple[Queue, bool]:
        """What came after a mark and all that will come; False when too much was missed to say."""
        queue: Queue = asyncio.Queue()
        missed = self._missed(since)
        for event in missed or ():
            queue.put_nowait(event)
        self._queues.add(queue)
        return queue, missed is not None

    def leave(self, queue: Queue) -> None:
        self._queues.discard(queue)

    def close(self) -> None:
        """Every stream ends."""
        for queue in self._queues:
            queue.put_nowait(None)

    def _missed(self, since: str) -> list[Event] | None:
        epoch, _, number = since.partition("-")
        if epoch != self._epoch or not number.isdigit() or int(number) > self._number:
            return None
        count = self._number - int(number)
        if count > len(self._recent):
            return None
        return list(self._recent)[len(self._recent) - count :]

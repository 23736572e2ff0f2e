"""A chat platform that keeps what it was told in a list, and fails when it is told to."""

import asyncio
from dataclasses import dataclass, field

from bot.channel import Delivery, Hear, Sent
from handlers.language.language import Language
from handlers.language.reply import Reply


@dataclass
class FakeChannel:
    """What people see is `seen`; `outcomes` are given back before anything is taken."""

    platform: str = "fake"
    seen: list[tuple[str, str]] = field(default_factory=list)
    amended: list[tuple[str, str]] = field(default_factory=list)
    outcomes: list[Delivery | Exception] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def listen(self, hear: Hear) -> None:
        await asyncio.Event().wait()

    async def say(self, address: str, reply: Reply, language: Language, key: str) -> Delivery:
        if self.outcomes:
            outcome = self.outcomes.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            if not isinstance(outcome, Sent):
                return outcome
        self.seen.append((address, reply.text))
        self.keys.append(key)
        return Sent(str(len(self.seen)))

    async def amend(self, address: str, message_id: str, reply: Reply, language: Language) -> Delivery:
        self.amended.append((message_id, reply.text))
        return Sent(message_id)

    async def withdraw(self, address: str, message_id: str) -> Delivery:
        return Sent(message_id)

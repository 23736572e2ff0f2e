"""The port onto the local page: messages are rows, and open pages are told at once."""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol, assert_never

from sqlalchemy import Engine

from bot.channel import (
    Answer,
    Delivery,
    Hear,
    Incoming,
    NotSent,
    Pressed,
    Sent,
    Submitted,
    Typed,
    Uploaded,
)
from bot.clock import Clock
from bot.local.broadcast import Broadcaster, Kind
from bot.local.render import Body, Draw, draw, has_form, is_words, to_body, words_body
from bot.transaction import reading, step
from crm_core.errors import NotSaved
from crm_core.local_chat import actions, queries
from crm_core.outbox.actions import changed_at
from crm_core.staff.actions import speak_in_channels
from handlers.language.language import Language
from handlers.language.reply import Reply, Where
from handlers.page_words import page_text

PLATFORM = "local"
DASI = "dasi"
_SOON = timedelta(seconds=1)


class Shown(Protocol):
    def __call__(self, answer: Answer, *, platform: str, address: str, message_id: str) -> None: ...


@dataclass
class Outcome:
    """What the page itself shows to whoever did something, besides the messages that came of it."""

    toast: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    dialog: Body | None = None
    privately: bool = False  # the answer stands in the asker's private chat
    kept: bool = True  # what was typed stands in the chat now
    refused: bool = False  # nothing was done


class LocalChannel:
    """The local page as a chat platform. Places: "#calls-gangnam", and "@12" for a private chat."""

    platform = PLATFORM

    def __init__(self, engine: Engine, clock: Clock, shown: Shown, draw: Draw = draw) -> None:
        self.broadcaster = Broadcaster()
        self._engine = engine
        self._clock = clock
        self._shown = shown
        self._draw = draw
        self._drawing = ThreadPoolExecutor(1, thread_name_prefix="drawing")
        self._hear: Hear | None = None
        self._listening = asyncio.Event()
        with reading(engine) as db:
            self.born_after = queries.newest_id(db)

    async def listen(self, hear: Hear) -> None:
        self._hear = hear
        self._listening.set()
        await asyncio.Event().wait()

    async def say(self, address: str, reply: Reply, language: Language, key: str) -> Delivery:
        try:
            first = await self._put(address, DASI, await self._body(reply, language), key)
            for number, more in enumerate(reply.also):
                await self._put(address, DASI, await self._body(more, language), f"{key}.{number}")
        except NotSaved:
            return NotSent("database", retry_after=_SOON)
        return Sent(str(first))

    async def amend(self, address: str, message_id: str, reply: Reply, language: Language) -> Delivery:
        body = json.dumps(await self._body(reply, language), ensure_ascii=False)
        now = self._clock.now()

        def change() -> bool:
            with step(self._engine) as db:
                return actions.amend(db, int(message_id), place=address, body=body, now=now)

        return await self._change(address, message_id, change)

    async def withdraw(self, address: str, message_id: str) -> Delivery:
        now = self._clock.now()

        def change() -> bool:
            with step(self._engine) as db:
                return actions.withdraw(db, int(message_id), place=address, now=now)

        return await self._change(address, message_id, change)

    async def _change(self, address: str, message_id: str, change: Callable[[], bool]) -> Delivery:
        if not message_id.isdigit():
            return NotSent("no such message", for_good=True)
        try:
            changed = await asyncio.to_thread(change)
        except NotSaved:
            return NotSent("database", retry_after=_SOON)
        if not changed:
            return NotSent("no such message", for_good=True)
        self.broadcaster.publish(Kind.CHANGED, address, message_id=int(message_id))
        return Sent(message_id)

    async def speak(self, code: str) -> None:
        """The channels of the page speak this language from now on; what stands there is said anew."""
        now = self._clock.now()

        def change() -> None:
            with step(self._engine) as db:
                addresses = speak_in_channels(db, PLATFORM, code)
                changed_at(db, PLATFORM, addresses, now)

        await asyncio.to_thread(change)

    async def act(self, incoming: Incoming, author: str, message_id: str | None = None) -> Outcome:
        """Hears what a person did and shows the answers. `message_id` is the message that was pressed."""
        if incoming.private:
            await self._echo(incoming, author)
        await self._listening.wait()
        assert self._hear is not None
        answer = await self._hear(incoming)
        outcome = Outcome(refused=answer is not None and answer.refused)
        if answer is None:
            if not incoming.private:
                await self._echo(incoming, author)
            return outcome
        if answer.errors:
            outcome.errors = answer.errors
            return outcome
        await self._echo_in_channel(incoming, author, answer.reply, outcome)
        for reply in (answer.reply, *answer.reply.also):
            await self._show(replace(answer, reply=reply), incoming, message_id, outcome)
        return outcome

    async def _echo_in_channel(self, incoming: Incoming, author: str, reply: Reply, outcome: Outcome) -> None:
        """Typed in a channel, words stand there only when everybody there may read the answer."""
        if incoming.private or not isinstance(incoming.act, Typed):
            return
        if reply.where is Where.PRIVATE:
            await self._echo(replace(incoming, address=incoming.account), author)
        elif reply.where is Where.NOTICE:
            outcome.kept = False
        elif not has_form(reply):
            await self._echo(incoming, author)

    async def _echo(self, incoming: Incoming, author: str) -> None:
        match incoming.act:
            case Typed(text):
                said = text
            case Uploaded(name):
                said = f"📎 {name}"
            case Pressed() | Submitted():
                return
            case _:
                assert_never(incoming.act)
        body: Body = {"blocks": [{"kind": "text", "text": said, "tone": "plain"}], "text": said}
        await self._put(incoming.address, author, body, f"said:{incoming.key}")

    async def _show(
        self, answer: Answer, incoming: Incoming, message_id: str | None, outcome: Outcome
    ) -> None:
        reply, asked_in_dialog = answer.reply, isinstance(incoming.act, Pressed) or not incoming.private
        if reply.where is Where.NOTICE and is_words(reply):
            outcome.toast = "\n".join(filter(None, (outcome.toast, reply.text)))
            return
        body = await self._body(reply, answer.language)
        if has_form(reply) and asked_in_dialog and reply.where is not Where.IN_PLACE:
            outcome.dialog = body
            return
        if reply.where is Where.NOTICE:
            self._note(incoming, body)
            return
        try:
            address, shown_id = await self._stand(reply, body, incoming, message_id)
            await asyncio.to_thread(
                self._shown, answer, platform=PLATFORM, address=address, message_id=str(shown_id)
            )
        except NotSaved:  # what was asked for has happened: its words are shown, if only once
            self._note(incoming, body)
            return
        if address != incoming.address:
            outcome.privately = True
            sent = page_text("sent_privately", answer.language)
            self._note(incoming, words_body(sent, answer.language) | {"open": address})

    async def _stand(
        self, reply: Reply, body: Body, incoming: Incoming, message_id: str | None
    ) -> tuple[str, int]:
        """Where the reply stands now, and as which message."""
        if reply.where is Where.IN_PLACE and message_id and message_id.isdigit():
            text = json.dumps(body, ensure_ascii=False)
            number, now, place = int(message_id), self._clock.now(), incoming.address

            def change() -> bool:
                with step(self._engine) as db:
                    return actions.amend(db, number, place=place, body=text, now=now)

            if await asyncio.to_thread(change):
                self.broadcaster.publish(Kind.CHANGED, place, message_id=number)
                return place, number
        address = incoming.account if reply.where is Where.PRIVATE else incoming.address
        return address, await self._put(address, DASI, body, None)

    def _note(self, incoming: Incoming, body: Body) -> None:
        """Words at the place where something was done, that only the doer sees and nobody keeps."""
        self.broadcaster.publish(Kind.NOTE, incoming.address, account=incoming.account, body=body)

    async def _body(self, reply: Reply, language: Language) -> Body:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._drawing, to_body, reply, language, self._draw)

    async def _put(self, place: str, author: str, body: Body, key: str | None) -> int:
        text = json.dumps(body, ensure_ascii=False)
        now = self._clock.now()

        def put() -> tuple[int, bool]:
            with step(self._engine) as db:
                return actions.say(db, place=place, author=author, body=text, now=now, outbox_key=key)

        message_id, new = await asyncio.to_thread(put)
        if new:
            self.broadcaster.publish(Kind.MESSAGE, place, message_id=message_id)
        return message_id

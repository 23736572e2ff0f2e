"""What a visitor does on the page: says, presses, fills in, uploads, moves the clock, becomes somebody."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channel import Act, Incoming, Pressed, Submitted, Typed, Uploaded
from bot.clock import Clock
from bot.local.broadcast import Kind
from bot.local.channel import PLATFORM, LocalChannel, Outcome
from bot.local.looking import Looking
from bot.local.moments import LONGEST_DAYS, NotAMoment, target
from bot.local.page import Pages
from bot.local.visitor import Visitor
from crm_core.errors import NotSaved
from crm_core.policy.policy import Policy
from handlers.basics import Speak
from handlers.language.language import CODES
from handlers.menu import WIRE
from handlers.page_words import page_text

MEGABYTE = 1024 * 1024
UPLOAD_MEGABYTES = 32
LONGEST_BODY = 256 * 1024
LONGEST_TEXT = 1000
_LONGEST_NAME = 120
_TICK = 0.4


class TooLarge(ValueError):
    """More was sent than is taken."""


class Doing:
    """Everything that changes something. The guard has seen to it that our own page asks."""

    def __init__(
        self,
        policy: Policy,
        clock: Clock,
        channel: LocalChannel,
        pages: Pages,
        looking: Looking,
        move_clock: Callable[[datetime], Awaitable[object]],
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._channel = channel
        self._pages = pages
        self._looking = looking
        self._move_clock = move_clock
        self._moving = asyncio.Lock()

    async def say(self, request: Request) -> Response:
        asked, visitor = await self._asked(request)
        text = str(asked.get("text", ""))
        if not text.strip():
            return self._toast(visitor, "no_words")
        if len(text) > LONGEST_TEXT:
            return self._toast(visitor, "too_long", letters=LONGEST_TEXT)
        return await self._act(visitor, asked, Typed(text))

    async def press(self, request: Request) -> Response:
        asked, visitor = await self._asked(request)
        message_id = str(asked.get("message_id", ""))
        return await self._act(visitor, asked, Pressed(str(asked.get("data", "")), message_id), message_id)

    async def submit(self, request: Request) -> Response:
        asked, visitor = await self._asked(request)
        given = asked.get("values")
        values = {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
        act = Submitted(str(asked.get("data", "")), values)
        return await self._act(visitor, asked, act, str(asked.get("message_id", "")))

    async def upload(self, request: Request) -> Response:
        """A file goes to the private chat, wherever it was dropped: it may be full of patients."""
        visitor = await self._looking.visitor(request)
        try:
            content = await _body(request, UPLOAD_MEGABYTES * MEGABYTE)
        except TooLarge:
            return self._toast(visitor, "too_large", megabytes=UPLOAD_MEGABYTES, status=413)
        if not content:
            return self._toast(visitor, "empty_file")
        name = request.query_params.get("name", "")[-_LONGEST_NAME:].rsplit("/")[-1].rsplit("\\")[-1]
        asked = {"key": request.query_params.get("key", ""), "in": visitor.persona.account}
        private = await self._looking.visitor(request, {"as": visitor.persona.account, **asked})
        response = await self._act(private, asked, Uploaded(name or "file", content))
        if visitor.place.private:
            return response
        return JSONResponse({"go": visitor.url(visitor.persona.account)})

    async def clock(self, request: Request) -> Response:
        asked, visitor = await self._asked(request)
        if self._moving.locked():
            return self._toast(visitor, "already_moving", status=409)
        async with self._moving:
            try:
                to = target(str(asked.get("to", "")), visitor.branch, self._policy, self._clock.now())
            except NotAMoment as why:
                return self._toast(visitor, str(why), days=LONGEST_DAYS)
            ticking = asyncio.ensure_future(self._tick())
            try:
                await self._move_clock(to)
            except NotSaved:
                return self._toast(visitor, "not_saved", status=503)
            finally:
                ticking.cancel()
            self._channel.broadcaster.publish(Kind.CLOCK, "")
        now = self._pages.clock(visitor, self._clock.now())
        said = page_text("moved", visitor.language, when=now["text"])
        return JSONResponse({"toast": said, "clock": now})

    async def persona(self, request: Request) -> Response:
        """Becomes somebody, or speaks another language as whom one is."""
        asked, visitor = await self._asked(request)
        account, code = visitor.persona.account, str(asked.get("language", ""))
        answer: dict[str, Any] = {}
        spoken = None
        if code in CODES:
            if visitor.persona.person is None:
                spoken = code
            else:
                answer = await self._speak(visitor, code)
        place = visitor.place.address if account == str(asked.get("as", "")) else account
        response = JSONResponse(answer | {"go": "/?" + urlencode({"as": account, "in": place})})
        self._looking.remember(response, account, place, request, spoken)
        return response

    async def _speak(self, visitor: Visitor, code: str) -> dict[str, Any]:
        press = Pressed(WIRE.button(Speak(code)), "")
        incoming = self._incoming(visitor, {}, press, private=True)
        outcome = await self._channel.act(incoming, visitor.persona.author)
        await self._channel.speak(code)
        return {"toast": outcome.toast}

    async def _asked(self, request: Request) -> tuple[dict[str, Any], Visitor]:
        try:
            asked = json.loads(await _body(request, LONGEST_BODY))
        except (TooLarge, ValueError):
            asked = None
        if not isinstance(asked, dict):
            asked = {}
        return asked, await self._looking.visitor(request, asked)

    async def _act(
        self, visitor: Visitor, asked: dict[str, Any], act: Act, message_id: str | None = None
    ) -> Response:
        if str(asked.get("in", "")) != visitor.place.address:
            return self._toast(visitor, "not_your_place", status=403)
        incoming = self._incoming(visitor, asked, act, private=visitor.place.private)
        try:
            outcome = await self._channel.act(incoming, visitor.persona.author, message_id)
        except NotSaved:
            return self._toast(visitor, "not_saved", status=503)
        return JSONResponse(self._outcome(visitor, outcome))

    def _incoming(self, visitor: Visitor, asked: dict[str, Any], act: Act, *, private: bool) -> Incoming:
        account = visitor.persona.account
        key = str(asked.get("key", ""))
        known = len(key) == 32 and key.isalnum()  # a random UUID of the page's
        return Incoming(
            platform=PLATFORM,
            key=f"{account}:{key if known else secrets.token_hex(16)}",
            account=account,
            address=account if private else visitor.place.address,
            private=private,
            act=act,
            language=visitor.language.code,
        )

    def _outcome(self, visitor: Visitor, outcome: Outcome) -> dict[str, Any]:
        private = visitor.persona.account
        return {
            "toast": outcome.toast,
            "errors": dict(outcome.errors),
            "dialog": self._pages.dialog(visitor, outcome.dialog) if outcome.dialog else "",
            "kept": outcome.kept,
            "refused": outcome.refused,
            "privately": visitor.url(private) if outcome.privately else "",
        }

    def _toast(self, visitor: Visitor, key: str, status: int = 200, **values: object) -> Response:
        said = page_text(key, visitor.language, **values)
        return JSONResponse({"toast": said, "kept": False}, status_code=status)

    async def _tick(self) -> None:
        """Open pages watch the clock run while it is moved."""
        while True:
            await asyncio.sleep(_TICK)
            self._channel.broadcaster.publish(Kind.CLOCK, "")


async def _body(request: Request, limit: int) -> bytes:
    """The request's body; TooLarge as soon as it is more than the limit."""
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > limit:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)

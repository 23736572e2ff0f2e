"""What the page asks for: itself, its messages, their pictures and files, and the stream of what happens."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from bot.clock import Clock
from bot.local.broadcast import Event, Kind, Queue
from bot.local.channel import LocalChannel
from bot.local.page import Pages
from bot.local.render import file_of, picture_of
from bot.local.visitor import Visitor, Visitors
from bot.transaction import reading
from crm_core.errors import NotSaved
from crm_core.local_chat import queries
from crm_core.policy.policy import Policy
from crm_core.tables.chat import LocalMessage
from handlers.facts_until import FILE_NAMES, until_sentence
from handlers.language.menu_item import Context

SHOWN = 60
HEARTBEAT = 15.0
_COOKIE_SECONDS = 30 * 24 * 3600
_PLAIN_FILE = "application/octet-stream"
_FILE_TYPES = frozenset({"text/csv", "application/pdf", _PLAIN_FILE})


class Looking:
    """Answers what is only read. Every look says as whom, and sees that person's places alone."""

    def __init__(
        self,
        engine: Engine,
        policy: Policy,
        clock: Clock,
        channel: LocalChannel,
        pages: Pages,
        visitors: Visitors,
        port: int,
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._clock = clock
        self._channel = channel
        self._pages = pages
        self._visitors = visitors
        self._cookie = f"dasi_{port}"
        self._read: dict[tuple[str, str], int] = {}

    async def page(self, request: Request) -> Response:
        mark = self._channel.broadcaster.mark  # before the rows: better told twice than never
        visitor = await self.visitor(request)
        rows, more = await run_in_threadpool(self._rows, visitor, None)
        unread = await run_in_threadpool(self._unread, visitor, rows)
        facts = await run_in_threadpool(self._facts, visitor)
        html = self._pages.page(
            visitor, rows, now=self._clock.now(), mark=mark, unread=unread, more=more, facts=facts
        )
        response = HTMLResponse(html, headers={"content-language": visitor.language.code})
        self.remember(response, visitor.persona.account, visitor.place.address, request)
        return response

    async def log(self, request: Request) -> Response:
        """The messages before one, or all there is to show now."""
        visitor = await self.visitor(request)
        before = request.query_params.get("before", "")
        rows, more = await run_in_threadpool(self._rows, visitor, int(before) if before.isdigit() else None)
        return HTMLResponse(
            self._pages.messages(visitor, rows, more=more),
            headers={"x-dasi-mark": self._channel.broadcaster.mark},
        )

    async def picture(self, request: Request) -> Response:
        row = await self._message(request)
        png = picture_of(json.loads(row.body), request.path_params["index"]) if row else None
        if png is None:
            return PlainTextResponse("There is no such picture.\n", status_code=404)
        return Response(png, media_type="image/png", headers={"cache-control": "private, max-age=3600"})

    async def file(self, request: Request) -> Response:
        row = await self._message(request)
        found = file_of(json.loads(row.body), request.path_params["index"]) if row else None
        if found is None:
            return PlainTextResponse("There is no such file.\n", status_code=404)
        name, media_type, content = found
        return Response(
            content,
            media_type=media_type if media_type in _FILE_TYPES else _PLAIN_FILE,
            headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"},
        )

    async def events(self, request: Request) -> Response:
        """What happens from a mark on, as server-sent events for one visitor at one place."""
        visitor = await self.visitor(request)
        since = request.headers.get("last-event-id") or request.query_params.get("since", "")
        return StreamingResponse(
            self._stream(visitor, since),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def visitor(self, request: Request, asked: dict[str, Any] | None = None) -> Visitor:
        """Who looks, by the request's words, else by its cookie."""
        account, place, spoken = (request.cookies.get(self._cookie, "") + "||").split("|")[:3]
        given = request.query_params if asked is None else asked
        account = str(given.get("as") or account)
        place = str(given.get("in") or place)
        return await run_in_threadpool(self._visitors.look, account, place, spoken)

    def remember(
        self, response: Response, account: str, place: str, request: Request, spoken: str | None = None
    ) -> None:
        """The next visit begins here."""
        if spoken is None:
            spoken = (request.cookies.get(self._cookie, "") + "||").split("|")[2]
        response.set_cookie(
            self._cookie,
            f"{account}|{place}|{spoken}",
            max_age=_COOKIE_SECONDS,
            httponly=True,
            samesite="strict",
        )

    def _rows(self, visitor: Visitor, before: int | None) -> tuple[list[LocalMessage], bool]:
        """The messages to show, and whether there are earlier ones."""
        with reading(self._engine) as db:
            rows = queries.messages(db, visitor.place.address, before=before, limit=SHOWN + 1)
        return rows[-SHOWN:], len(rows) > SHOWN

    def _unread(self, visitor: Visitor, rows: list[LocalMessage]) -> dict[str, int]:
        account, here = visitor.persona.account, visitor.place.address
        if rows:
            self._read[account, here] = rows[-1].id or 0
        unread: dict[str, int] = {}
        with reading(self._engine) as db:
            for place in visitor.places:
                if place != visitor.place:
                    seen = self._read.get((account, place.address), self._channel.born_after)
                    unread |= queries.count_since(db, [place.address], seen)
        return unread

    def _facts(self, visitor: Visitor) -> str:
        """How far the clinic's facts reach; nothing for somebody unknown."""
        person = visitor.persona.person
        if person is None:
            return ""
        with reading(self._engine) as db:
            context = Context(
                db=db,
                person=person,
                policy=self._policy,
                now=self._clock.now(),
                language=visitor.language,
                private=True,
            )
            return until_sentence(context, (visitor.branch.slug,), FILE_NAMES)

    async def _message(self, request: Request) -> LocalMessage | None:
        """The message asked for, when it stands at a place of the visitor."""
        visitor = await self.visitor(request)
        row = await run_in_threadpool(self._find, request.path_params["message_id"])
        if row is None or row.place not in {place.address for place in visitor.places}:
            return None
        return None if row.withdrawn_at else row

    def _find(self, message_id: int) -> LocalMessage | None:
        with reading(self._engine) as db:
            return queries.message(db, message_id)

    async def _stream(self, visitor: Visitor, since: str) -> AsyncIterator[str]:
        queue, complete = self._channel.broadcaster.follow(since)
        try:
            yield "retry: 2000\n\n"
            if not complete:
                yield _sse("reload", {}, self._channel.broadcaster.mark)
            async for event in self._beating(queue):
                text = await self._told(visitor, event)
                if text:
                    yield text
        finally:
            self._channel.broadcaster.leave(queue)

    async def _beating(self, queue: Queue) -> AsyncIterator[Event]:
        """The events, and the time of day when there were none for a while."""
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), HEARTBEAT)
            except TimeoutError:
                event = Event(self._channel.broadcaster.mark, Kind.CLOCK, "")
            if event is None:
                return
            yield event

    async def _told(self, visitor: Visitor, event: Event) -> str:
        """The event as this visitor may see it; empty when it is none of theirs."""
        if event.kind is Kind.CLOCK:
            return _sse("clock", self._pages.clock(visitor, self._clock.now()), event.mark)
        if event.account is not None and event.account != visitor.persona.account:
            return ""
        if event.place not in {place.address for place in visitor.places}:
            return ""
        if event.kind is Kind.NOTE:
            if event.place != visitor.place.address or event.body is None:
                return ""
            html = self._pages.note(visitor, event.body)
            return _sse("note", {"id": secrets.token_hex(4), "html": html}, event.mark)
        return await self._message_told(visitor, event)

    async def _message_told(self, visitor: Visitor, event: Event) -> str:
        try:
            row = await run_in_threadpool(self._find, event.message_id or 0)
        except NotSaved:  # the database was busy: the page asks again for everything
            return _sse("reload", {}, event.mark)
        if row is None:
            return ""
        data: dict[str, Any] = {"id": row.id, "place": row.place, "dasi": row.author == "dasi"}
        if row.place == visitor.place.address:
            data["html"] = self._pages.message(visitor, row)
            data["follows"] = False
            key = (visitor.persona.account, row.place)
            self._read[key] = max(self._read.get(key, 0), row.id or 0)
        return _sse(event.kind.value, data, event.mark)


def _sse(kind: str, data: dict[str, Any], mark: str) -> str:
    return f"event: {kind}\nid: {mark}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"

"""The web application of the local page: what is asked for and done, and the stream of what happens."""

import asyncio
import contextlib
import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from importlib import resources
from typing import Any

import uvicorn
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.clock import Clock
from bot.local.channel import LocalChannel
from bot.local.doing import Doing
from bot.local.guard import HEADERS, Guard
from bot.local.looking import Looking
from bot.local.page import STATIC, Pages
from bot.local.visitor import Visitors
from crm_core.policy.policy import Policy

MoveClock = Callable[[datetime], Awaitable[object]]
_GRACE_SECONDS = 3
_FOREVER = "public, max-age=31536000, immutable"
_FONT = "NotoSansKR-Regular.otf"


def create(
    *,
    engine: Engine,
    policy: Policy,
    clock: Clock,
    channel: LocalChannel,
    move_clock: MoveClock,
    port: int,
) -> Starlette:
    """The page on a port of this machine. `move_clock` brings the demo clock to a later moment."""
    token = secrets.token_urlsafe(24)
    pages = Pages(policy, token)
    visitors = Visitors(engine, policy)
    looking = Looking(engine, policy, clock, channel, pages, visitors, port)
    doing = Doing(policy, clock, channel, pages, looking, move_clock)

    app = Starlette(
        routes=[
            Route("/", looking.page),
            Route("/log", looking.log),
            Route("/events", looking.events),
            Route("/message/{message_id:int}/picture/{index:int}.png", looking.picture),
            Route("/message/{message_id:int}/file/{index:int}", looking.file),
            Route("/say", doing.say, methods=["POST"]),
            Route("/press", doing.press, methods=["POST"]),
            Route("/submit", doing.submit, methods=["POST"]),
            Route("/upload", doing.upload, methods=["POST"]),
            Route("/clock", doing.clock, methods=["POST"]),
            Route("/persona", doing.persona, methods=["POST"]),
            Route(f"/font/{_FONT}", _font),
            Route("/favicon.ico", _icon),
            Mount("/static", _OwnFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, port=port, token=token)],
        exception_handlers={Exception: _failed},
    )
    app.state.loopback_only = True
    app.state.close = channel.broadcaster.close
    return app


class _OwnFiles(StaticFiles):
    """Our own files; the page names them with their version, so a browser may keep them."""

    def file_response(self, *args: Any, **named: Any) -> Response:
        response = super().file_response(*args, **named)
        response.headers["cache-control"] = _FOREVER
        return response


def _font(_request: Request) -> Response:
    """Noto Sans KR (OFL) from its package: Korean looks the same on every machine."""
    with resources.as_file(resources.files("pylopdf_fonts_ko") / _FONT) as file:
        return FileResponse(file, media_type="font/otf", headers={"cache-control": _FOREVER})


def _failed(_request: Request, _problem: Exception) -> Response:
    """Starlette answers a failure outside of all middleware, so this answer brings its headers along."""
    return PlainTextResponse("Something went wrong; it is in the log.\n", status_code=500, headers=HEADERS)


def _icon(_request: Request) -> Response:
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


class _Server(uvicorn.Server):
    """Leaves the signals to the process, which stops everything in its order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: Starlette, host: str, port: int) -> None:
    """Serves until cancelled. OSError when the port is taken; ValueError for the page beyond loopback."""
    if getattr(app.state, "loopback_only", False) and not ipaddress.ip_address(host).is_loopback:
        raise ValueError("the local page is for this machine only")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    config = uvicorn.Config(
        app,
        log_level="warning",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config)
    running = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(running)
    finally:
        server.should_exit = True
        close = getattr(app.state, "close", None)
        if close is not None:
            close()
        await running
        listening.close()

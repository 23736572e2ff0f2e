"""A minimal clinic on the local page: four people, two branches, a real server on loopback."""

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.clock import FixedClock
from bot.dispatcher import Dispatcher
from bot.local import app
from bot.local.channel import LocalChannel
from bot.transaction import step
from crm_core.staff import actions as staff
from crm_core.tables.people import Role
from handlers.language.language import Language
from handlers.language.reply import Chart, Reply
from tests.clinic import policy
from tests.databases import open_test_engine

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4"
    b"\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84\x00\x00\x00\x00IEND\xaeB`\x82"
)
PEOPLE: tuple[tuple[str, dict[Role, tuple[str, ...]], str], ...] = (
    ("이수진", {Role.COORDINATOR: ("gangnam",)}, "ko"),
    ("Emily Han", {Role.DESK: ("gangnam",)}, "en"),
    ("박준호", {Role.DIRECTOR: ("*",)}, "ko"),
    ("최해운", {Role.COORDINATOR: ("haeundae",)}, "ko"),
)
SUJIN, EMILY, DIRECTOR, BUSAN = "@1", "@2", "@3", "@4"


def drawn(chart: Chart, language: Language) -> bytes:
    """What stands for a picture in tests of the page."""
    return PNG


def settle(engine: Engine, now: datetime) -> None:
    """The staff, their accounts and the channels of both branches."""
    with step(engine) as db:
        for name, roles, language in PEOPLE:
            person = staff.add_staff(db, name=name, roles=roles, language=language)
            assert person.id is not None
            staff.bind_account(db, staff_id=person.id, platform="local", account=f"@{person.id}", now=now)
        for branch in policy().branches:
            for purpose in ("digest", "calls", "reservations"):
                staff.bind_channel(
                    db,
                    branch=branch,
                    purpose=purpose,
                    platform="local",
                    address=f"#{purpose}-{branch}",
                    language="ko",
                )


@dataclass
class Clinic:
    """A page that is being served."""

    port: int
    engine: Engine
    clock: FixedClock
    channel: LocalChannel
    loop: asyncio.AbstractEventLoop
    moved: list[datetime]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, address: str, reply: Reply, language: Language, key: str) -> str:
        """Something Dasi says by itself; the id of the message."""
        said = self.channel.say(address, reply, language, key)
        sent = asyncio.run_coroutine_threadsafe(said, self.loop).result(10)
        return str(getattr(sent, "message_id", ""))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


async def _serve(clinic: Clinic, dispatcher: Dispatcher, ready: threading.Event, stop: asyncio.Event) -> None:
    async def move(to: datetime) -> None:
        await asyncio.sleep(0.05)
        clinic.moved.append(to)
        clinic.clock.moment = to

    page = app.create(
        engine=clinic.engine,
        policy=policy(),
        clock=clinic.clock,
        channel=clinic.channel,
        move_clock=move,
        port=clinic.port,
    )
    tasks = [
        asyncio.ensure_future(clinic.channel.listen(dispatcher.hear)),
        asyncio.ensure_future(app.serve(page, "127.0.0.1", clinic.port)),
    ]
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", clinic.port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            break
    ready.set()
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def clinic(tmp_path: Path, sqlite_template: Path, now: datetime) -> Iterator[Clinic]:
    """The page of a fresh clinic, served until the test ends."""
    file = tmp_path / "page.db"
    shutil.copyfile(sqlite_template, file)
    engine = open_test_engine(f"sqlite:///{file}")
    settle(engine, now)
    clock = FixedClock(now)
    dispatcher = Dispatcher(engine, policy(), clock)
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()
    channel = LocalChannel(engine, clock, dispatcher.shown, drawn)
    running = Clinic(free_port(), engine, clock, channel, loop, [])

    def run() -> None:
        loop.run_until_complete(_serve(running, dispatcher, ready, stop))

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(20)
    yield running
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)
    loop.close()
    engine.dispose()

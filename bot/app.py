"""Where everything concrete meets: the process, with or without the local page."""

import asyncio
import contextlib
import signal
import webbrowser
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

from bot import log
from bot.channel import Answer, Channel, Incoming
from bot.clock import DemoClock
from bot.dispatcher import Dispatcher
from bot.filing import Filing, Wake
from bot.opened import Opened, keep_clock
from bot.postman import Postman
from bot.scheduler import Scheduler, again_and_again
from bot.watching import Watch

FILING_SECONDS = 1.0
LOOK_SECONDS = 10.0  # a file that is the same at two looks has been left there whole


class Process:
    """The clinics plugged into the chats and the clock."""

    def __init__(
        self,
        opened: Opened,
        channels: Mapping[str, Channel],
        dispatcher: Dispatcher,
        inbox: Path | None = None,
    ) -> None:
        self.opened = opened
        self.channels = channels
        self.dispatcher = dispatcher
        self.postman = Postman(opened.engine, opened.policy, opened.clock, channels)
        self.scheduler = Scheduler(opened.engine, opened.policy, opened.clock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._files = Wake(self._wake)
        self.filing = Filing(opened.engine, opened.policy, opened.clock, self._files)
        self.watch = Watch(opened.engine, opened.policy, opened.clock, inbox, self._files) if inbox else None

    async def run(self, *others: Awaitable[None]) -> None:
        """Runs everything until one part ends or the process is asked to stop."""
        self._loop = asyncio.get_running_loop()
        parts = [
            self.postman.run(),
            self.scheduler.run(self.postman.wake),
            again_and_again("filing", self.filing.work, FILING_SECONDS),
            *([again_and_again("watched folder", self.watch.look, LOOK_SECONDS)] if self.watch else []),
            *(channel.listen(self.hear) for channel in self.channels.values()),
            *others,
        ]
        tasks = [asyncio.ensure_future(part) for part in parts]
        stop = asyncio.ensure_future(_asked_to_stop())
        done, _ = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        self._files.stop.set()
        for task in [stop, *tasks]:
            task.cancel()
        await asyncio.gather(stop, *tasks, return_exceptions=True)
        for task in done:
            if task is not stop:
                task.result()

    def _wake(self) -> None:
        """Called from the threads that write files: there may be something to deliver."""
        if self._loop is not None and not self._files.stop.is_set():
            self._loop.call_soon_threadsafe(self.postman.wake)

    async def hear(self, incoming: Incoming) -> Answer | None:
        """What a channel hears; whatever it caused to be said goes out at once."""
        answer = await self.dispatcher.hear(incoming)
        self.postman.wake()
        return answer

    async def move_clock(self, to: datetime) -> list[datetime]:
        """The demo clock goes to a later moment through every wake-up on the way."""
        clock = self.opened.clock
        if not isinstance(clock, DemoClock):
            raise TypeError("only a demo's clock can be moved")
        moments = await self.scheduler.walk(clock, to, self.postman.drain)
        await asyncio.to_thread(keep_clock, self.opened, clock.now())
        return moments


async def _asked_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()


def run_real(opened: Opened) -> None:
    """`run`: clock, health and every configured channel."""
    from bot import health
    from bot.local.app import serve

    dispatcher = Dispatcher(opened.engine, opened.policy, opened.clock)
    process = Process(opened, {}, dispatcher, opened.config.import_inbox)
    host, _, port = opened.config.health_bind.rpartition(":")
    log.say("running", health=opened.config.health_bind, channels=sorted(process.channels))
    asyncio.run(process.run(serve(health.create(opened.engine, opened.clock), host, int(port))))


def run_demo(opened: Opened, *, port: int, browser: bool, say: Callable[[str], None]) -> None:
    """`demo`: the sample clinic and its page on loopback."""
    from bot.local import app
    from bot.local.channel import LocalChannel

    async def main() -> None:
        dispatcher = Dispatcher(opened.engine, opened.policy, opened.clock)
        channel = LocalChannel(opened.engine, opened.clock, dispatcher.shown)
        process = Process(opened, {channel.platform: channel}, dispatcher)
        page = app.create(
            engine=opened.engine,
            policy=opened.policy,
            clock=opened.clock,
            channel=channel,
            move_clock=process.move_clock,
            port=port,
        )
        address = f"http://127.0.0.1:{port}"
        say(f"Dasi is at {address} — stop it with Ctrl-C")
        if browser:
            with contextlib.suppress(webbrowser.Error):
                webbrowser.open(address)
        await process.run(app.serve(page, "127.0.0.1", port))
        await asyncio.to_thread(keep_clock, opened, opened.clock.now())

    asyncio.run(main())

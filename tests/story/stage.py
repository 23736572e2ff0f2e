"""A running demo and a browser in front of it; what is said must be seen."""

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

CHROMIUM_WORDS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 45_000
START_SECONDS = 60
BETWEEN_TAPS_MS = 600
PRESSES = 3


class NotMet(AssertionError):
    """A sentence of the story is not true."""


def chromium() -> str | None:
    """The browser on this machine, None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_demo(database: Path, log: Path, config: Path = Path("config.yaml")) -> Iterator[str]:
    """`python -m bot demo` on a sample of its own; gives its address."""
    port = free_port()
    words = ["demo", "--config", str(config), "--no-browser", "--port", str(port)]
    words += ["--database", str(database)]
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "bot", *words], stdout=out, stderr=out)
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise NotMet(f"the demo ended at once with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)  # noqa: TID251  (nothing to wait on: another process opens the port)
        else:
            return
    raise NotMet("the demo did not open its port")


@contextmanager
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        raise NotMet("there is no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=CHROMIUM_WORDS)
        yield opened
        opened.close()


@dataclass
class Told:
    """The sentences of one play: what was said, when, and whether it was so."""

    began: float = field(default_factory=time.monotonic)
    failed: list[str] = field(default_factory=list)

    def say(self, who: str, sentence: str, saw: str = "") -> None:
        seconds = time.monotonic() - self.began
        shown = re.sub(r"\s+", " ", saw).strip()[:110]
        print(
            f"  {seconds:6.1f}s  {who:<12} {sentence}" + (f"\n{'':22}→ {shown}" if shown else ""), flush=True
        )

    def must(self, true: bool, sentence: str) -> None:
        if not true:
            raise NotMet(sentence)


class Seat:
    """One person in front of the page."""

    def __init__(self, page: Page, address: str, pictures: Path, prefix: str) -> None:
        self.page = page
        self._address = address
        self._pictures = pictures
        self._prefix = prefix

    def sit_down(self, account: str, place: str | None = None) -> None:
        """As this account, at its private chat or at a channel."""
        where = (place or account).replace("#", "%23").replace("@", "%40")
        self.page.goto(f"{self._address}/?as={account.replace('@', '%40')}&in={where}")
        self.page.locator("#log").wait_for()

    def arrive(self) -> None:
        self.page.goto(self._address)
        self.page.locator("#log").wait_for()

    def become(self, name: str, place: str | None = None) -> None:
        """Takes the seat of a member of staff, at their private chat or at a channel."""
        link = self.page.locator("a.persona").filter(has_text=name).first.get_attribute("href") or ""
        account = re.search(r"as=%40(\d+)", link)
        if account is None:
            raise NotMet(f"there is nobody called {name} to be")
        self.sit_down(f"@{account[1]}", place)

    def speak(self, code: str) -> None:
        """Changes the language of whoever sits here; presses again when a busy machine did not save it."""
        for _ in range(PRESSES):
            self.page.evaluate("document.getElementById('who-dialog').showModal()")
            button = self.page.locator(f"#who-dialog [data-language={code}]")
            if button.get_attribute("aria-pressed") == "true":
                return
            with self.page.expect_navigation():
                button.click()
            self.page.locator("#log").wait_for()
        if self.page.locator(f"html[lang={code}]").count() == 0:
            raise NotMet(f"the page does not speak {code}")

    def tomorrow(self) -> None:
        """Moves the clock to tomorrow morning, as a visitor does."""
        self.page.evaluate("document.getElementById('clock-dialog').showModal()")
        self.page.locator("#clock-dialog [data-clock-to=morning]").click()

    def more_than(self, count: int) -> None:
        """Waits until more messages than before stand here."""
        self.page.wait_for_function(
            "count => document.querySelectorAll('#log article.message').length > count",
            arg=count,
            timeout=START_SECONDS * 1000,
        )

    def show(self, card: Locator) -> None:
        card.evaluate("card => card.scrollIntoView({block: 'center'})")

    def messages(self) -> Locator:
        return self.page.locator("#log article.message")

    def last(self) -> Locator:
        return self.messages().last

    def write(self, text: str) -> Locator:
        """Types into the composer; gives the answer that follows."""
        before = self.messages().count()
        self.page.locator("#words").fill(text)
        self.page.locator("#words").press("Enter")
        answer = self.page.locator("#log article.message.dasi").last
        self.page.wait_for_function(
            "before => document.querySelectorAll('#log article.message').length >= before + 2",
            arg=before,
            timeout=PATIENCE_MS,
        )
        return answer

    def press(self, card: Locator, label: str) -> None:
        """Presses a button of a card by its words, no faster than a person: the page takes a second tap at
        once on the same spot for a double tap."""
        self.page.wait_for_timeout(BETWEEN_TAPS_MS)
        card.get_by_role("button", name=label, exact=False).first.click(timeout=PATIENCE_MS)

    def sees(self, where: Locator, text: str) -> str:
        """Waits until the words are there; gives the whole text."""
        try:
            where.filter(has_text=text).first.wait_for(timeout=PATIENCE_MS)
        except Exception as problem:
            seen = where.first.inner_text() if where.count() else "(nothing)"
            raise NotMet(f"expected “{text}”, saw: {seen[:300]}") from problem
        return where.filter(has_text=text).first.inner_text()

    def picture(self, name: str) -> None:
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._pictures / f"{self._prefix}-{name}.png")

    def fits(self) -> bool:
        """Whether nothing makes the page scroll sideways."""
        wide: bool = self.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        return wide

"""People who work in the chat while a file is imported: what they press, and how long they wait."""

import re
import time
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Thread

from bot.channel import Answer, Incoming, Pressed, Typed
from bot.clock import SystemClock
from bot.dispatcher import Dispatcher
from handlers.inquiry_commands import AnswerInquiry
from handlers.language.reply import Buttons, Reply
from handlers.menu import WIRE
from tests.story.stage import NotMet
from tests.story_data.clinic import Clinic

LONGEST = 2.0  # seconds that a person waits for an answer, at the most
BETWEEN_SECONDS = 0.8
PLATFORM = "story"
COORDINATORS, DIRECTORS = ("이새롬", "노을", "채우리"), ("한바다", "배고운")
"""Several, because nobody is let press more than twenty times a minute."""


@dataclass
class Staff:
    """Linked as staff are: a code from the shell, written to the bot."""

    clinic: Clinic
    dispatcher: Dispatcher = field(init=False)
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    rounds: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(self.clinic.engine, self.clinic.policy, SystemClock())
        for role, names in (("coordinator", COORDINATORS), ("director", DIRECTORS)):
            for name in names:
                said = self.clinic.run("staff", "add", name, "--role", role, "--branch", "gangnam")
                code = re.search(r"/link \S+", said.out)
                if code is None:
                    raise NotMet(f"staff add says: {said.out}{said.err}")
                self.does(name, Typed(code[0]))

    def does(self, name: str, act: Typed | Pressed) -> Reply:
        """What a person reads who types or presses something; NotMet when it was not done."""
        incoming = Incoming(PLATFORM, str(next(self.numbers)), f"@{name}", f"@{name}", True, act, "ko")
        answer: Answer | None = self.dispatcher.work(incoming)
        if answer is None or answer.refused:
            raise NotMet(f"{name} did {act}, and reads: {answer.reply.text if answer else 'nothing'}")
        return answer.reply


@dataclass
class Presses(Thread):
    """Notes an inquiry, presses that it was answered, asks for a funnel: over and over until stopped."""

    staff: Staff
    took: list[tuple[str, float]] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(name="presses", daemon=True)
        self._over = Event()

    def __hash__(self) -> int:
        return id(self)

    def __enter__(self) -> "Presses":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.is_set():
            self.round()

    def round(self) -> None:
        """Each of the three presses once."""
        turn = next(self.staff.rounds)
        coordinator, director = COORDINATORS[turn % 3], DIRECTORS[turn % 2]
        phone = f"010-77{turn % 100:02d}-{1000 + turn:04d}"
        try:
            card = self._timed("/inquiry", coordinator, Typed(f"/inquiry 오늘이 {phone} 카카오톡 보톡스"))
            self._timed("[answered]", coordinator, Pressed(_button(card), "1"))
            self._timed("/funnel", director, Typed("/funnel 2025-03"))
        except NotMet as problem:
            self.trouble.append(str(problem))

    def _timed(self, what: str, name: str, act: Typed | Pressed) -> Reply:
        began = time.monotonic()
        try:
            return self.staff.does(name, act)
        finally:
            self.took.append((what, time.monotonic() - began))
            self._over.wait(BETWEEN_SECONDS)

    def told(self) -> str:
        """How many there were and how long the longest of each took."""
        longest: dict[str, float] = {}
        for what, seconds in self.took:
            longest[what] = max(seconds, longest.get(what, 0))
        each = ", ".join(f"{what} ≤ {seconds:.2f} s" for what, seconds in longest.items())
        return f"{len(self.took)} presses, {each}"

    def longest(self) -> float:
        return max((seconds for _, seconds in self.took), default=0.0)


def _button(card: Reply) -> str:
    """What the button “answered” of an inquiry's card sends."""
    for block in card.blocks:
        if isinstance(block, Buttons):
            for button in (button for row in block.rows for button in row):
                if isinstance(button.command, AnswerInquiry):
                    return WIRE.button(button.command)
    raise NotMet(f"there is no button to say that it was answered: {card.text}")

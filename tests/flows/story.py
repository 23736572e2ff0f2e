"""A branch whose days are lived through in chat and in files, each deed in a step of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from bot.terminal import printed
from bot.transaction import step
from crm_core.imports.actions import Applied
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.people import Role
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.reply import Button, Buttons, Command, Reply
from handlers.menu import MENU, WIRE, read_typed
from tests.clinic import policy
from tests.crm_core.hand_made import Clinic
from tests.crm_core.imports.files import imported

T = TypeVar("T")


@dataclass
class Story:
    """`now` moves only when the story says so."""

    engine: Engine
    now: datetime
    branch: str = "gangnam"
    policy: Policy = field(default_factory=policy)

    def staff(self, name: str, *roles: Role) -> Person:
        return self.does(lambda db: self.clinic(db).staff(name, *roles))

    def started(self) -> "Story":
        self.does(lambda db: self.clinic(db).started())
        return self

    def clinic(self, db: Session) -> Clinic:
        return Clinic(db, self.policy, self.now, self.branch)

    def does(self, deed: Callable[[Session], T]) -> T:
        with step(self.engine) as db:
            return deed(db)

    def at(self, day: date, clock: time = time(11)) -> None:
        """The clock stands there from now on."""
        self.now = self.policy.branch(self.branch).at(day, clock)

    def later(self, **passed: int) -> None:
        self.now += timedelta(**passed)

    def imports(self, kind: str, text: str) -> Applied:
        return imported(self.engine, kind, text, self.now, branch=self.branch)

    def gives(
        self, who: Person, what: str | Command, *, code: str = "en", as_json: bool = False, **context: Any
    ) -> Reply:
        """Typed words, or a command as a button carries it."""
        now = context.pop("now", None) or self.now
        with step(self.engine) as db:
            asked = Context(
                db=db,
                person=who,
                policy=self.policy,
                now=now,
                language=language(code),
                private=context.pop("private", True),
                menu=MENU,
                as_json=as_json,
                **context,
            )
            if isinstance(what, str):
                found = read_typed(what, asked.today(), self.policy)
                assert found is not None
                item, command = found
            else:
                item, command = WIRE.decode(WIRE.button(what))
            return item.give(command, asked)

    def reads(self, who: Person, what: str | Command, **context: Any) -> str:
        return printed(self.gives(who, what, **context))

    def data(self, who: Person, what: str, **context: Any) -> dict[str, Any]:
        data = self.gives(who, what, as_json=True, **context).data
        assert data is not None
        return dict(data)

    def presses(self, who: Person, reply: Reply, label: str, **context: Any) -> Reply:
        """The first button whose words begin so."""
        found = next(one for one in buttons(reply) if one.label.startswith(label))
        return self.gives(who, found.command, **context)


def buttons(reply: Reply) -> list[Button]:
    return [one for block in reply.blocks if isinstance(block, Buttons) for row in block.rows for one in row]

"""Types and presses as a member of staff would, and reads what comes back."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from bot.terminal import printed
from crm_core.staff.access import Person
from crm_core.tables.records import AuditRow
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.reply import Button, Buttons, Command, Reply
from handlers.menu import MENU, WIRE, read_typed
from tests.crm_core.hand_made import Clinic


@dataclass(frozen=True)
class Asker:
    """A person at a keyboard; `private` is False in a staff channel."""

    clinic: Clinic
    person: Person
    code: str = "en"
    private: bool = True
    as_json: bool = False

    @property
    def context(self) -> Context:
        clinic = self.clinic
        return Context(
            db=clinic.db,
            person=self.person,
            policy=clinic.policy,
            now=clinic.now,
            language=language(self.code),
            private=self.private,
            menu=MENU,
            as_json=self.as_json,
        )

    def types(self, text: str) -> Reply:
        found = read_typed(text, self.clinic.today, self.clinic.policy)
        assert found is not None
        item, command = found
        return item.give(command, self.context)

    def presses(self, command: Command) -> Reply:
        """A press reaches us as the text that stood on the button."""
        item, decoded = WIRE.decode(WIRE.button(command))
        return item.give(decoded, self.context)

    def reads(self, text: str) -> str:
        return printed(self.types(text))

    def data(self, text: str) -> dict[str, Any]:
        found = replace(self, as_json=True).types(text).data
        assert found is not None
        return dict(found)

    def in_korean(self) -> "Asker":
        return replace(self, code="ko")

    def in_channel(self) -> "Asker":
        return replace(self, private=False)

    def audited(self) -> list[tuple[str, str | None, int | None, int | None]]:
        """(action, what, patient, count) of every row this person left, in order."""
        self.clinic.db.flush()
        rows = self.clinic.db.scalars(
            select(AuditRow).where(col(AuditRow.staff_id) == self.person.staff_id).order_by(col(AuditRow.id))
        )
        return [(row.action, row.what, row.patient_id, row.count) for row in rows]


def buttons_of(reply: Reply) -> list[Button]:
    return [
        button for block in reply.blocks if isinstance(block, Buttons) for row in block.rows for button in row
    ]


def button(reply: Reply, label: str) -> Button:
    return next(one for one in buttons_of(reply) if one.label == label)

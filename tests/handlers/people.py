"""Who asks a handler, and how the answer reads."""

from datetime import datetime

from bot.terminal import printed
from crm_core.staff.access import Person, channel_person
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.reply import Button, Buttons, Command, Reply
from handlers.menu import WIRE
from tests.crm_core.hand_made import Clinic


def asks(
    clinic: Clinic, person: Person, *, code: str = "en", private: bool = True, now: datetime | None = None
) -> Context:
    """Somebody asks, privately or in a channel of the clinic's branch."""
    return Context(
        db=clinic.db,
        person=person,
        policy=clinic.policy,
        now=now or clinic.now,
        language=language(code),
        private=private,
        channel_branch=None if private else clinic.branch,
        as_json=private,
    )


def in_channel(clinic: Clinic, *, code: str = "en", now: datetime | None = None) -> Context:
    """A post into a channel of the clinic's branch."""
    return asks(clinic, channel_person(clinic.policy, clinic.branch), code=code, private=False, now=now)


def buttons(reply: Reply) -> list[Button]:
    """Every button; each must fit a platform's wire."""
    found = [b for block in reply.blocks if isinstance(block, Buttons) for row in block.rows for b in row]
    for button in found:
        WIRE.button(button.command)
    return found


def labels(reply: Reply) -> list[str]:
    return [button.label for button in buttons(reply)]


def press(reply: Reply, label: str, context: Context) -> Reply:
    """Presses the first button with a label, through the wire and the menu's roles."""
    command: Command = next(button.command for button in buttons(reply) if button.label == label)
    item, decoded = WIRE.decode(WIRE.button(command))
    assert decoded == command
    return item.give(decoded, context)


def text(reply: Reply) -> str:
    return printed(reply)

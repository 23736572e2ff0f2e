"""The menu: every command a member of staff can give. A command costs one file and one line here."""

from dataclasses import replace
from datetime import date
from typing import Any, NoReturn

from crm_core.errors import NotUnderstood, StaleButton
from crm_core.policy.policy import Policy
from handlers import (
    basics,
    call_card,
    caller,
    calls,
    churn_rates,
    churners,
    closing,
    cohort_map,
    differences,
    digest,
    export,
    funnel,
    imports,
    inquiries,
    kpi,
    lifts,
    manuals,
    merging,
    noshow,
    outcomes,
    patients,
    recapture,
    reservations,
    reserve,
    stages,
)
from handlers.language.menu_item import MenuItem
from handlers.language.reply import Command
from handlers.language.words import Words, nearest, tidy
from handlers.wire import Wire

_PARTS: tuple[tuple[str, tuple[MenuItem[Any], ...]], ...] = (
    ("", basics.ITEMS),
    ("calls", calls.ITEMS),
    ("calls", call_card.ITEMS),
    ("calls", outcomes.ITEMS),
    ("calls", lifts.ITEMS),
    ("calls", churners.ITEMS),
    ("", patients.ITEMS),
    ("", merging.ITEMS),
    ("", differences.ITEMS),
    ("calls", caller.ITEMS),
    ("calls", manuals.ITEMS),
    ("", imports.ITEMS),
    ("inquiries", inquiries.ITEMS),
    ("reservations", reservations.ITEMS),
    ("reservations", reserve.ITEMS),
    ("", stages.ITEMS),
    ("closing", closing.ITEMS),
    ("digest", digest.ITEMS),
    ("funnel", funnel.ITEMS),
    ("funnel", noshow.ITEMS),
    ("funnel", kpi.ITEMS),
    ("funnel", cohort_map.ITEMS),
    ("funnel", churn_rates.ITEMS),
    ("funnel", recapture.ITEMS),
    ("", export.ITEMS),
)
"""Each command family with the module of config.yaml that it belongs to; "" is always there."""

MENU: tuple[MenuItem[Any], ...] = tuple(
    replace(item, module=module) for module, items in _PARTS for item in items
)

WIRE = Wire(MENU)


def typed_names() -> dict[str, MenuItem[Any]]:
    """Every word that opens a command, in English and Korean."""
    return {
        word.casefold(): item
        for item in MENU
        if item.read is not None and item.name
        for word in (item.name, *item.korean)
    }


def find_typed(text: str) -> tuple[MenuItem[Any], str] | None:
    """The item a typed text opens and the words after it; None when it opens nothing and is no command.
    NotUnderstood("command") when it begins with a slash and nothing is called so."""
    words = tidy(text)
    slash = words.startswith("/")
    first, _, rest = words.removeprefix("/").strip().partition(" ")
    name = first.partition("@")[0].casefold()
    names = typed_names()
    if name in names:
        return names[name], rest
    if slash:
        raise NotUnderstood("command", f"/{first}", tuple(f"/{near}" for near in nearest(name, names)))
    return None


def read_typed(text: str, today: date, policy: Policy) -> tuple[MenuItem[Any], Command] | None:
    """The command a typed text gives, with its item; None when it is no command.

    NotUnderstood and Missing say what is wrong with it."""
    found = find_typed(text)
    if found is None:
        return None
    item, rest = found
    if item.read is None:
        raise StaleButton
    command = item.read(Words(rest, today, policy))
    return WIRE.item_of(command), command


def not_a_command(text: str) -> NoReturn:
    """Plain words in a private chat: nobody else will answer them, so say what can be asked."""
    word = tidy(text)[:40]
    first = word.partition(" ")[0].casefold()
    raise NotUnderstood("command", word, tuple(f"/{near}" for near in nearest(first, typed_names())))


def uploaded(name: str, content: bytes) -> tuple[MenuItem[Any], Command]:  # noqa: ARG001
    """The command that a dropped file gives."""
    command = imports.PreviewFile(name)
    return WIRE.item_of(command), command

"""Writes docs/commands.md from the menu: `python -m bot.reference`; a test keeps it true."""

from pathlib import Path

from handlers.errors import ROLE_NAMES
from handlers.language.language import language
from handlers.menu import MENU

PAGE = Path("docs/commands.md")


def commands_page() -> str:
    """The page of every command, in both languages."""
    korean = language("ko")
    lines = [
        "# Commands",
        "",
        "Made from the menu (`handlers/menu.py`) by `make docs`. A command is typed with or without a slash,",
        "in English or Korean. A period is `today`, `last week`, `this month`, `2026-10`, `last 90 days`,",
        "`2026-10-01..2026-10-15`, 오늘, 지난주, 이번 달 … A patient is a chart number, a name or",
        "the last digits of a phone; such a command typed in a channel is answered privately.",
        "",
        "| command | Korean | what it does | 하는 일 | example | who |",
        "|---|---|---|---|---|---|",
    ]
    for item in MENU:
        if not item.name:
            continue
        roles = [role for role in ROLE_NAMES if role in item.roles]
        who = "everybody" if len(roles) == len(ROLE_NAMES) else ", ".join(ROLE_NAMES[role] for role in roles)
        words = " · ".join(item.korean)
        lines.append(
            f"| `/{item.name}` | {words} | {item.summary} | {korean.say(item.summary)} "
            f"| `{item.example}` | {who} |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")

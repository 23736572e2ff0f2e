"""Writes docs/commands.md from the menu and docs/kpis.md from the catalogue; a test keeps them true.

`python -m bot.reference`, or `make docs`.
"""

from pathlib import Path

from bot.clock import SystemClock
from bot.config import load
from crm_core.kpi.kpi import Viewpoint
from crm_core.policy.policy import Policy
from handlers.errors import ROLE_NAMES
from handlers.kpi_commands import LISTED
from handlers.kpi_texts import ASKS, COUNTED, CUTS, OF_NUMBER, RIPE, TITLES, VIEWPOINTS
from handlers.kpi_words import days_of
from handlers.language.language import language
from handlers.menu import MENU

PAGE = Path("docs/commands.md")
KPI_PAGE = Path("docs/kpis.md")


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


def kpis_page(policy: Policy) -> str:
    """The page of every number, in both languages; the days are those of the policy given."""
    english, korean, days = language("en"), language("ko"), days_of(policy)
    lines = [
        "# Numbers",
        "",
        "Made from the catalogue (`crm_core/kpi/catalogue.py`) by `make docs`. `/kpi` shows all of them,",
        "`/kpi <name>` one. Who is not old enough yet, and whoever is in no part of a number, is counted",
        "and shown beside it. A rate has its 95 % interval (Wilson), and is for orientation only with fewer",
        "than 30 cases. Earlier periods are seen at the same age. A cut has *not recorded* as a value of",
        "its own. The days are those of `config.yaml`.",
    ]
    for viewpoint in Viewpoint:
        title = VIEWPOINTS[viewpoint]
        lines += ["", f"## {title} · {korean.say(title)}"]
        for kpi in LISTED:
            if kpi.viewpoint is not viewpoint:
                continue
            said = OF_NUMBER.get(kpi.slug, COUNTED[kpi.slug])
            cuts = ", ".join(f"`by {cut.value}` {korean.say(CUTS[cut])}" for cut in kpi.cuts)
            lines += ["", f"### {TITLES[kpi.slug]} · {korean.say(TITLES[kpi.slug])}", ""]
            lines += [f"`{kpi.slug}`, {kpi.unit.value} · {ASKS[kpi.slug]} {korean.say(ASKS[kpi.slug])}", ""]
            lines += [f"- {english.say(said, **days)}", f"- {korean.say(said, **days)}"]
            ripe = RIPE[kpi.ripe]
            lines.append(f"- Counts {english.say(ripe, **days)} · {korean.say(ripe, **days)}")
            lines += [f"- Cuts: {cuts}"] if cuts else []
    return "\n".join([*lines, ""])


def write() -> None:
    """Both pages, with the days of the configuration as it is delivered."""
    PAGE.write_text(commands_page(), encoding="utf-8")
    policy = load(Path("config.yaml"), {}, SystemClock().now().date()).policy
    KPI_PAGE.write_text(kpis_page(policy), encoding="utf-8")


if __name__ == "__main__":
    write()

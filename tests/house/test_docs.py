"""Pages that are made from the code say what the code says."""

from pathlib import Path

from bot.reference import commands_page, kpis_page
from crm_core.policy.policy import Policy

ROOT = Path(__file__).parents[2]


def test_the_page_of_commands_is_made_from_the_menu() -> None:
    written = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert written == commands_page(), "run: make docs"


def test_the_page_of_numbers_is_made_from_the_catalogue(policy: Policy) -> None:
    written = (ROOT / "docs/kpis.md").read_text(encoding="utf-8")
    assert written == kpis_page(policy), "run: make docs"

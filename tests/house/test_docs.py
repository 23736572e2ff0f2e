"""Pages that are made from the code say what the code says."""

from pathlib import Path

from bot.reference import commands_page

ROOT = Path(__file__).parents[2]


def test_the_page_of_commands_is_made_from_the_menu() -> None:
    written = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert written == commands_page(), "run: make docs"

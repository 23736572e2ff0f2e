"""A file dropped into chat. Files are read in the shell today; the sentence says how."""

from dataclasses import dataclass

from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Reply, Text


@dataclass(frozen=True)
class PreviewFile:
    name: str


def preview_file(command: PreviewFile, context: Context) -> Reply:
    """Nothing of the file is kept."""
    said = context.say(
        "Files are not read from chat yet, so nothing of “{name}” was kept. On Dasi's machine: "
        "python -m bot import KIND FILE.",
        name=command.name[:80],
    )
    return Reply((Text(said),))


ITEMS = (MenuItem(code="pf", command=PreviewFile, answer=preview_file, reads_only=True),)

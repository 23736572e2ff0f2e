"""A dropped file: what it would change, and the button that does it."""

from dataclasses import dataclass
from typing import Any

from handlers.language.menu_item import MenuItem


@dataclass(frozen=True)
class PreviewFile:
    name: str


ITEMS: tuple[MenuItem[Any], ...] = ()

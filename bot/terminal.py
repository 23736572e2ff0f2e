"""A reply as text for a terminal: columns that align with Korean widths, no colours needed."""

import unicodedata
from typing import assert_never

from handlers.language.reply import (
    Block,
    Buttons,
    Facts,
    File,
    Form,
    Heading,
    Picture,
    Reply,
    Table,
    Text,
)


def printed(reply: Reply) -> str:
    """The whole reply as lines of text."""
    parts = [_block(block) for block in reply.blocks]
    parts += [printed(other) for other in reply.also]
    return "\n\n".join(part for part in parts if part)


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return f"{_plain(text)}\n{'─' * width(text)}"
        case Text(text):
            return _plain(text)
        case Facts(pairs):
            widest = max((width(label) for label, _ in pairs), default=0)
            return "\n".join(f"{_set(_plain(a), widest)}  {_plain(b)}" for a, b in pairs)
        case Table():
            return _table(block)
        case Picture(alt=alt):
            return f"[{_plain(alt)}]"
        case File(name=name, content=content):
            return f"[{_plain(name)}, {len(content):,} bytes]"
        case Buttons(rows):
            return "\n".join("  ".join(f"[{_plain(b.label)}]" for b in row) for row in rows)
        case Form(title=title, fields=fields):
            return "\n".join([_plain(title), *(f"  {_plain(field.label)}: …" for field in fields)])
        case _:
            assert_never(block)


def _table(table: Table) -> str:
    lines = [table.columns, *table.rows]
    cells = [[_plain(cell) for cell in line] for line in lines]
    widths = [max(width(line[n]) for line in cells) for n in range(len(table.columns))]
    rows = [
        "  ".join(_set(cell, widths[n], right=n in table.numeric) for n, cell in enumerate(line)).rstrip()
        for line in cells
    ]
    rows.insert(1, "  ".join("─" * w for w in widths))
    return "\n".join(([table.caption] if table.caption else []) + rows)


def width(text: str) -> int:
    """How many columns of a terminal a text takes: two for Korean and other wide letters."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _set(text: str, columns: int, *, right: bool = False) -> str:
    space = " " * max(0, columns - width(text))
    return space + text if right else text + space


def _plain(text: str) -> str:
    # A name must not be able to move the cursor or colour the screen.
    return "".join(c for c in text if c == "\n" or c.isprintable())

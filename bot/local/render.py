"""A reply as the page keeps and shows it: plain values, its pictures drawn."""

import base64
from collections.abc import Callable
from typing import Any, assert_never

from handlers.language.language import Language
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Chart,
    Facts,
    Field,
    File,
    Form,
    Heading,
    Picture,
    Reply,
    Table,
    Text,
)
from handlers.menu import WIRE

Body = dict[str, Any]
Draw = Callable[[Chart, Language], bytes]

_PNG_SIZE = slice(16, 24)


def draw(chart: Chart, language: Language) -> bytes:
    """The PNG of a chart, by the drawing thread alone; the library behind it is loaded on first use."""
    from handlers import pictures

    if not isinstance(chart, pictures.AnyChart):
        raise TypeError(type(chart).__name__)
    return pictures.draw(chart, language)


def to_body(reply: Reply, language: Language, draw: Draw = draw) -> Body:
    """The reply as JSON values; buttons and forms carry the wire form of their command."""
    blocks = [_block(block, language, draw) for block in reply.blocks]
    return {"language": language.code, "blocks": blocks, "text": reply.text}


def words_body(text: str, language: Language) -> Body:
    """Plain words as a body."""
    return {"language": language.code, "blocks": [_text(Text(text))], "text": text}


def has_form(reply: Reply) -> bool:
    return any(isinstance(block, Form) for block in reply.blocks)


def is_words(reply: Reply) -> bool:
    """Whether it is nothing but words, which may pass as a short notice."""
    return all(isinstance(block, Text | Heading) for block in reply.blocks)


def picture_of(body: Body, index: int) -> bytes | None:
    """The PNG of the picture at a position among a body's blocks."""
    content = _content(body, index, "picture")
    return None if content is None else base64.b64decode(content)


def file_of(body: Body, index: int) -> tuple[str, str, bytes] | None:
    """Name, media type and content of the file at a position among a body's blocks."""
    content = _content(body, index, "file")
    if content is None:
        return None
    block = body["blocks"][index]
    return block["name"], block["media_type"], base64.b64decode(content)


def _content(body: Body, index: int, kind: str) -> str | None:
    blocks = body.get("blocks", [])
    if not 0 <= index < len(blocks) or blocks[index]["kind"] != kind:
        return None
    return str(blocks[index]["content"])


def _block(block: Block, language: Language, draw: Draw) -> Body:
    match block:
        case Heading(text):
            return {"kind": "heading", "text": text}
        case Text():
            return _text(block)
        case Facts(pairs):
            return {"kind": "facts", "pairs": [list(pair) for pair in pairs]}
        case Table():
            return _table(block)
        case Picture(chart, alt):
            return _picture(draw(chart, language), alt)
        case File():
            return _file(block)
        case Buttons(rows):
            return {"kind": "buttons", "rows": [[_button(button) for button in row] for row in rows]}
        case Form():
            return _form(block)
        case _:
            assert_never(block)


def _text(block: Text) -> Body:
    return {"kind": "text", "text": block.text, "tone": block.tone.value}


def _table(block: Table) -> Body:
    return {
        "kind": "table",
        "columns": list(block.columns),
        "rows": [list(row) for row in block.rows],
        "numeric": sorted(block.numeric),
        "caption": block.caption,
        "plain": block.plain,
    }


def _picture(png: bytes, alt: str) -> Body:
    size = png[_PNG_SIZE]
    return {
        "kind": "picture",
        "alt": alt,
        "width": int.from_bytes(size[:4]),
        "height": int.from_bytes(size[4:]),
        "content": base64.b64encode(png).decode(),
    }


def _file(block: File) -> Body:
    return {
        "kind": "file",
        "name": block.name,
        "media_type": block.media_type,
        "size": len(block.content),
        "content": base64.b64encode(block.content).decode(),
    }


def _button(button: Button) -> Body:
    return {
        "label": button.label,
        "data": WIRE.button(button.command),
        "style": button.style.value,
        "hint": button.hint,
    }


def _form(form: Form) -> Body:
    return {
        "kind": "form",
        "title": form.title,
        "data": WIRE.encode(form.command),
        "fields": [_field(field) for field in form.fields],
        "submit": form.submit,
    }


def _field(field: Field) -> Body:
    return {
        "name": field.name,
        "label": field.label,
        "kind": field.kind.value,
        "choices": [list(choice) for choice in field.choices],
        "required": field.required,
        "hint": field.hint,
        "value": field.value,
        "earliest": field.earliest.isoformat() if field.earliest else "",
        "latest": field.latest.isoformat() if field.latest else "",
        "longest": field.longest,
    }

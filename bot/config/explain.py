"""What pydantic found, in the words of somebody who edits config.yaml."""

from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails
from rapidfuzz import fuzz, process

from bot.config.document import Document
from bot.config.models import FileModel
from bot.config.problems import Path

Schema = dict[str, Any]
REASONS = {
    "greater_than_equal": "too small",
    "less_than_equal": "too large",
    "string_too_short": "empty",
    "string_too_long": "too long",
    "string_pattern_mismatch": "not of the right form",
    "literal_error": "not known",
    "enum": "not known",
    "too_short": "empty",
}


def explain(document: Document, errors: Iterable[ErrorDetails]) -> None:
    """Notes every error in the document, each with what would be right."""
    schema = FileModel.model_json_schema()
    for error in errors:
        path: Path = tuple(part for part in error["loc"] if part != "[key]")
        of_key = error["type"] == "extra_forbidden" or error["loc"][-1:] == ("[key]",)
        document.mistake(path, _said(error, path, schema), of_key=of_key)


def nearest(word: str, known: Iterable[str]) -> str:
    """`write "botox"` where a known word is near, else the known words."""
    names = sorted(known)
    found = process.extractOne(word, names, scorer=fuzz.ratio, score_cutoff=60)
    return f'write "{found[0]}"' if found else f"known are {', '.join(names) or 'none'}"


def _said(error: ErrorDetails, path: Path, schema: Schema) -> str:
    kind = error["type"]
    if kind == "dasi":
        return str(error["ctx"]["said"])
    if kind == "extra_forbidden":
        around = _at(schema, path[:-1]).get("properties", {})
        return f"unknown key; {nearest(str(path[-1]), around)}"
    here = _at(schema, path)
    if kind == "missing":
        return f"is missing; {_right(schema, here)}"
    if error["loc"][-1:] == ("[key]",):
        return "not a name for a key; write a–z, 0–9 and _ and begin with a letter"
    return f"{REASONS.get(kind, 'not this kind of value')}; {_right(schema, here)}"


def _resolved(schema: Schema, part: Schema) -> Schema:
    if "$ref" in part:
        return _resolved(schema, schema["$defs"][part["$ref"].rpartition("/")[2]])
    choices: list[Schema] = part.get("anyOf", [])
    for choice in choices:
        if choice.get("type") != "null":
            return _resolved(schema, choice)
    return part


def _at(schema: Schema, path: Path) -> Schema:
    found = _resolved(schema, schema)
    for part in path:
        if isinstance(part, int):
            inner = found.get("items", {})
        else:
            by_pattern: list[Any] = list(found.get("patternProperties", {}).values())
            extra = found.get("additionalProperties") or (by_pattern or [{}])[0]
            inner = found.get("properties", {}).get(part, extra)
        found = _resolved(schema, inner if isinstance(inner, dict) else {})
    return found


def _right(schema: Schema, part: Schema) -> str:
    if "const" in part:
        return f"write {part['const']}"
    if "enum" in part:
        return f"write one of {', '.join(str(word) for word in part['enum'])}"
    if "examples" in part:
        return f"write {part['examples'][0]}"
    match part.get("type"):
        case "integer" | "number":
            low, high = part.get("minimum"), part.get("maximum")
            whole = "whole number" if part["type"] == "integer" else "number"
            return f"write a {whole} from {low} to {high}"
        case "boolean":
            return "write true or false"
        case "array":
            item = _right(schema, _resolved(schema, part.get("items", {})))
            return f"write a list, [a, b]; of each item: {item.removeprefix('write ')}"
        case "object" if part.get("properties"):
            return f"write the keys {', '.join(part['properties'])} under it"
        case "object":
            return "write keys with values under it"
        case _ if part.get("pattern"):
            return f"write a text of the form {part['pattern']}"
        case _:
            return "write a text (in quotes where it is a number)"

"""YAML as plain values with the line of every key, in YAML 1.2: 10:30 and Yes are texts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from bot.config.problems import ConfigError, Path, Problem, dotted

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


@dataclass
class Document:
    """A file that could be read: its plain values, and the line of every key and item by path."""

    file: str
    data: Plain = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the key or item at `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def value(self, path: Path) -> Plain:
        """What is written at `path`; None where nothing is."""
        found = self.data
        for part in path:
            if isinstance(found, dict) and isinstance(part, str):
                found = found.get(part)
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                return None
        return found

    def keys(self, *path: str) -> list[str]:
        """The keys written under `path`, readable or not."""
        found = self.value(path)
        return list(found) if isinstance(found, dict) else []

    def leaves(self) -> Iterator[tuple[Path, Plain]]:
        """Every written value that holds no other one."""
        for path in self.lines:
            found = self.value(path)
            if not isinstance(found, list | dict):
                yield path, found

    def mistake(self, path: Path, said: str, *, of_key: bool = False) -> None:
        """Notes what is wrong at a path; the value is quoted unless the key itself is wrong."""
        value = None if of_key else self.value(path)
        quoted = "" if value is None or isinstance(value, list | dict) else f' "{_short(value)}"'
        where = dotted(path) or "the file"
        self.problems.append(Problem(self.file, self.line(path), f"{where}{quoted}: {said}"))


class _Loader(yaml.SafeLoader):
    """SafeLoader with the words of YAML 1.2: no `Yes`, no sexagesimals, dates or aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            said = "a reference (*name) to another place; write the value out"
            raise yaml.composer.ComposerError(problem=said, problem_mark=mark)
        return super().compose_node(parent, index)


_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]{1,3})?")

_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", f"{_INT.pattern}$", list("-+0123456789")),
    ("float", f"{_FLOAT.pattern}$", list("-+.0123456789")),
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def parse(file: str, text: str) -> Document:
    """The document in `text`; mistakes that leave something to read are in its `problems`.

    Raises ConfigError where it is no YAML at all.
    """
    document = Document(file, None, {(): 1})
    try:
        node = _Loader(text).get_single_node()
        document.data = _plain(node, (), document) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = error.problem or error.context
        raise _unreadable(file, line, f"{what}; indent with spaces and quote texts") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _unreadable(file, line, "a character that is not allowed; delete it") from None
    except RecursionError:
        raise _unreadable(file, 1, "nested too deeply; nothing here needs more than 8") from None
    return document


def _unreadable(file: str, line: int, why: str) -> ConfigError:
    return ConfigError([Problem(file, line, f"this is not YAML as Dasi reads it: {why}")])


def _plain(node: yaml.Node, path: Path, into: Document) -> Plain:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, into)
    if isinstance(node, yaml.SequenceNode):
        items: list[Plain] = []
        for number, item in enumerate(node.value):
            into.lines[(*path, number)] = item.start_mark.line + 1
            items.append(_plain(item, (*path, number), into))
        return items
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: Path, into: Document) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        here = (*path, str(key.value))
        if not isinstance(key, yaml.ScalarNode):
            said = f"{dotted(path) or 'the file'}: a key must be one word, not a list or a mapping"
            into.problems.append(Problem(into.file, line, said))
        elif here in into.lines:
            said = f"{dotted(here)}: written twice, first in line {into.lines[here]}; delete one"
            into.problems.append(Problem(into.file, line, said))
        else:
            into.lines[here] = line
            found[str(key.value)] = _plain(value, here, into)
    return found


def _scalar(node: yaml.Node) -> Plain:
    text = str(node.value)
    match node.tag.rpartition(":")[2]:
        case "bool":
            return text.casefold() == "true"
        case "int" if _INT.fullmatch(text):
            return int(text)
        case "float" if _FLOAT.fullmatch(text):
            return float(text)
        case "null":
            return None
        case _:
            return text


def _short(value: str | int | float | bool) -> str:
    text = str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:39]}…"

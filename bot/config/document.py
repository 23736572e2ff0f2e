"""YAML as plain values, with the line of every key; YAML 1.2 words, so that 10:30 and Yes are texts."""

import re
from dataclasses import dataclass, field

import yaml

from bot.config.problems import ConfigError, Path, Problem, dotted

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


@dataclass
class Document:
    """`lines` and `values` are by path: where a value stands, and what it is (None: not a leaf)."""

    file: str
    data: Plain
    lines: dict[Path, int] = field(default_factory=dict)
    keys: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the key or item at `path`, or of the nearest thing around it."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path, 1)

    def has(self, path: Path) -> bool:
        return path in self.keys

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


class _Loader(yaml.SafeLoader):
    """SafeLoader with the words of YAML 1.2: no `Yes`, no sexagesimal 10:30, no dates, no aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(
                problem="a reference (*name) to another place; write the value out", problem_mark=mark
            )
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def parse(file: str, text: str) -> Document:
    """The document in `text`; mistakes that leave something to read are in its `problems`.

    Raises ConfigError where it is no YAML at all.
    """
    document = Document(file, None, {}, {(): 1})
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
    return ConfigError(file, [Problem(line, f"this is not YAML as Dasi reads it: {why}")])


def _plain(node: yaml.Node, path: Path, into: Document) -> Plain:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, into)
    if isinstance(node, yaml.SequenceNode):
        items: list[Plain] = []
        for number, item in enumerate(node.value):
            into.keys[(*path, number)] = item.start_mark.line + 1
            items.append(_plain(item, (*path, number), into))
        return items
    return _scalar(node)


def _mapping(
    node: yaml.MappingNode, path: Path, into: Document
) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            said = f"{dotted(path) or 'the file'}: a key must be one word, not a list or a mapping"
            into.problems.append(Problem(line, said))
            continue
        name = str(key.value)
        here = (*path, name)
        if name in found:
            said = f"{dotted(here)}: written twice, first in line {into.keys[here]}; delete one"
            into.problems.append(Problem(line, said))
            continue
        into.keys[here] = line
        found[name] = _plain(value, here, into)
    return found


def _scalar(node: yaml.Node) -> Plain:
    text = str(node.value)
    match node.tag.rpartition(":")[2]:
        case "bool":
            return text.casefold() == "true"
        case "int" if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
            return int(text)
        case "float" if re.fullmatch(r"[-+0-9.eE]{1,40}", text):
            return float(text)
        case "null":
            return None
        case _:
            return text

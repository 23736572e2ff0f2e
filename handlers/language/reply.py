"""What is said, as plain values. Only `bot/` knows how a block looks on a platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Protocol


class Command(Protocol):
    """A small frozen dataclass in the imperative: typed, pressed, submitted or uploaded."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Chart(Protocol):
    """What a picture shows, as values; `handlers.pictures.draw` makes the PNG after the step."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Tone(StrEnum):
    PLAIN = "plain"
    HINT = "hint"  # small print: how it is counted, facts until
    QUOTE = "quote"  # words to say on the phone, or what the patient said
    WARNING = "warning"


class Style(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Text:
    """Lines of plain text. Nothing in it is markup on any platform."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Facts:
    """Label and value, in pairs."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells; `numeric` names the columns (from 0) that are set to the right. `plain`: a list whose
    cells say themselves what they are, so that on a phone they need no column's name."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    caption: str = ""
    plain: bool = False


@dataclass(frozen=True)
class Picture:
    """A chart with its alternative text; `alt` says what the picture shows, in one sentence."""

    chart: Chart
    alt: str


@dataclass(frozen=True)
class File:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Button:
    """A label and the command it gives. `hint` stands under the label where there is room."""

    label: str
    command: Command
    style: Style = Style.PLAIN
    hint: str = ""


@dataclass(frozen=True)
class Buttons:
    """Rows of buttons, the safe one first."""

    rows: tuple[tuple[Button, ...], ...]


class FieldKind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """A question of a form; its name is a field of the form's command."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    choices: tuple[tuple[str, str], ...] = ()  # value, label
    required: bool = True
    hint: str = ""
    value: str = ""
    earliest: date | None = None
    latest: date | None = None
    longest: int = 200


@dataclass(frozen=True)
class Form:
    """A command without the answers, and the questions that fill it."""

    title: str
    command: Command
    fields: tuple[Field, ...]
    submit: str


Block = Heading | Text | Facts | Table | Picture | File | Buttons | Form


class Where(StrEnum):
    """Where an answer is shown."""

    HERE = "here"  # a new message where it was asked
    IN_PLACE = "in_place"  # the message whose button was pressed becomes this
    PRIVATE = "private"  # a new message only the asker sees
    NOTICE = "notice"  # a short notice to the asker that does not stay


@dataclass(frozen=True)
class Reply:
    """An answer, or a post. `about` and `shows` make it a living card: when the facts about that
    change, `shows` is answered again in its place. `data` is the answer of `ask --json`."""

    blocks: tuple[Block, ...]
    where: Where = Where.HERE
    about: str | None = None
    shows: Command | None = None
    data: Mapping[str, Any] | None = None
    also: "tuple[Reply, ...]" = field(default=())

    @property
    def text(self) -> str:
        """The words of the reply without its buttons, for notifications and the shell."""
        lines: list[str] = []
        for block in self.blocks:
            match block:
                case Heading(text) | Text(text):
                    lines.append(text)
                case Facts(pairs):
                    lines += [f"{label}: {value}" for label, value in pairs]
                case Picture(alt=alt):
                    lines.append(alt)
                case Form(title=title):
                    lines.append(title)
                case File(name=name):
                    lines.append(name)
                case Table() | Buttons():
                    pass
        return "\n".join(lines)


def notice(text: str) -> Reply:
    """A short notice to the asker alone."""
    return Reply((Text(text),), where=Where.NOTICE)

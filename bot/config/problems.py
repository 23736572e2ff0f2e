"""What is wrong with a configuration: each mistake with its file, line, key and remedy."""

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]


def dotted(path: Path) -> str:
    """`branches.gangnam.hours.mon`, `reminders.steps[1].at`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake; `line` is 0 where there is no line to name (the environment)."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.text}"


class ConfigError(Exception):
    """Every mistake found in one reading, by line; str() is one line a mistake."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

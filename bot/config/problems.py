"""What is wrong with a configuration: each mistake with its file, line, key and remedy."""

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
    """One mistake; `line` is 0 where a file has no line to name."""

    line: int
    text: str


class ConfigError(Exception):
    """Every mistake found in one reading of a file, in the order of its lines."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """`config.yaml:41: branches.gangnam.hours.mon "25:00": …`, one line a mistake."""
        return [f"{self.file}:{p.line or 1}: {p.text}" for p in self.problems]

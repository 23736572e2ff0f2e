"""What reading a changed config.yaml says."""

from pathlib import Path

import pytest

from bot.config import Config, ConfigError, load
from tests.clinic import ROOT, TODAY

SOURCE = (ROOT / "config.yaml").read_text("utf-8")


class Told:
    """Reads the repository's file with one thing changed, and tells what was said."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, text: str, **env: str) -> Config:
        self.path.write_text(text, "utf-8")
        return load(self.path, env, TODAY)

    def about(self, *changes: tuple[str, str]) -> list[str]:
        text = SOURCE
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        return self.of(text)

    def of(self, text: str, **env: str) -> list[str]:
        with pytest.raises(ConfigError) as raised:
            self.load(text, **env)
        return str(raised.value).splitlines()

    def lines(self, text: str) -> list[int] | None:
        """The lines of the mistakes, None where there is none; any other exception passes."""
        try:
            self.load(text)
        except ConfigError as error:
            return [problem.line for problem in error.problems]
        return None

"""What tests of the process share."""

from pathlib import Path

import pytest

from tests.bot.told import Told


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "config.yaml")

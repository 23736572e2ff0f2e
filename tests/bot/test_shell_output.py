"""What the shell does when nobody reads on."""

import subprocess
import sys
from pathlib import Path

from tests.clinic import ROOT


def test_a_reader_that_has_read_enough_gets_no_traceback() -> None:
    asked = subprocess.Popen(
        [sys.executable, "-m", "bot", "config", "schema"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asked.stdout is not None
    assert asked.stderr is not None
    asked.stdout.close()
    said = asked.stderr.read()
    asked.stderr.close()
    assert asked.wait(timeout=60) == 1
    assert said == b""


def test_the_files_of_an_answer_can_be_saved(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    words = ["-m", "bot", "ask", "/export funnel last month", "--demo", "--database", str(tmp_path / "s.db")]
    done = subprocess.run(
        [sys.executable, *words, "--save", str(folder)], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    saved = sorted(file.suffix for file in folder.iterdir())
    assert saved == [".csv", ".xlsx"]
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())

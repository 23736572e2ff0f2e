"""What the shell does when nobody reads on."""

import subprocess
import sys

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

"""`make` alone is the table of contents of the house."""

import re
import shutil
import subprocess

import pytest

from tests.house.files import ROOT, read

MAKEFILE = read("Makefile")
PROMISED = [
    "setup",
    "demo",
    "run",
    "test",
    "check",
    "lint",
    "lock",
    "bench",
    "story",
    "story-data",
    "pictures",
    "clean",
]


@pytest.mark.parametrize("target", PROMISED)
def test_each_promised_target_has_its_line_in_help(target: str) -> None:
    assert re.search(rf"^{target}:.*## \S", MAKEFILE, re.MULTILINE)


def test_each_line_of_help_is_a_target_and_never_a_file() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)) == set(phony[1].split())


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_make_alone_prints_the_comments_of_the_targets() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in PROMISED:
        assert f"make {target} " in said


def test_ci_runs_make_check_and_lets_nothing_be_skipped() -> None:
    script = read(".ci/run")
    assert script.startswith("#!/usr/bin/env bash")
    assert "set -euo pipefail" in script
    assert "CI=true" in script
    assert script.rstrip().endswith("exec make check </dev/null")
    assert "export DASI_REQUIRE_ALL := 1" in MAKEFILE

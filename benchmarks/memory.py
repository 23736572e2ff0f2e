"""Bar 13: what the process needs, ready and idle; after pictures; for a question at each size."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from threading import Event
from time import monotonic

import psutil

from benchmarks.clinic import Clinic
from benchmarks.timing import Line
from crm_core.privacy import Vault

IDLE_LIMIT = 130
PICTURES_LIMIT = 250
FLAT = 5
KPI_LIMIT = 25
QUESTIONS = 200
_SETTLES = 5.0
_STARTS_WITHIN = 60.0
_MIB = 1024 * 1024
_NONE = "an absolute limit"


def idle(root: Path, folder: Path) -> Line:
    """`python -m bot run` on an empty SQLite file, five seconds after /healthz first answers."""
    port = _free_port()
    settings = {
        "DATA_KEY": Vault.new_key(),
        "DATABASE_URL": f"sqlite:///{folder / 'idle.db'}",
        "HEALTH_BIND": f"127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "bot", "run"]
    with (folder / "run.log").open("w") as log:
        process = subprocess.Popen(command, cwd=root, env=os.environ | settings, stdout=log, stderr=log)
        try:
            _wait_until_ready(process, port)
            Event().wait(_SETTLES)
            memory = psutil.Process(process.pid).memory_info().rss / _MIB
        finally:
            process.terminate()
            process.wait(20)
    return Line("13 run, idle", "–", f"{memory:.0f} MiB", f"≤ {IDLE_LIMIT} MiB", memory <= IDLE_LIMIT, _NONE)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    end = monotonic() + _STARTS_WITHIN
    while monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except OSError:
            Event().wait(0.2)
    raise AssertionError("the bot did not become ready")


def pictures(root: Path, folder: Path) -> list[Line]:
    """A picture for each of 200 questions on the sample clinic, in a process of its own."""
    sample = str(folder / "sample.db")
    made = [sys.executable, "-m", "bot", "demo", "--seed-only", "--database", sample]
    subprocess.run(made, cwd=root, check=True, stdout=subprocess.DEVNULL)
    seen = _said(root, ["pictures", "config.yaml", sample, str(QUESTIONS)], {})
    peak, grown = max(seen.values()), seen[str(QUESTIONS)] - seen[str(QUESTIONS // 2)]
    print(f"  MiB after so many pictures: {', '.join(f'{n}: {mib:.0f}' for n, mib in seen.items())}")
    size = f"{QUESTIONS} questions"
    return [
        Line(
            "13 pictures", size, f"{peak:.0f} MiB", f"≤ {PICTURES_LIMIT} MiB", peak <= PICTURES_LIMIT, _NONE
        ),
        Line("13 flat, last half", size, f"{grown:+.1f} MiB", f"≤ +{FLAT} MiB", grown <= FLAT, "itself"),
    ]


def kpi(root: Path, clinic: Clinic) -> Line:
    """What the month's funnel adds to a process that has its database open."""
    seen = _said(root, ["kpi", "config.yaml", clinic.url], {"DATA_KEY": clinic.vault_key})
    grown = seen["after"] - seen["before"]
    limit = f"≤ +{KPI_LIMIT} MiB"
    return Line(
        "13 a KPI query", f"{clinic.patients:,}", f"{grown:+.1f} MiB", limit, grown <= KPI_LIMIT, "itself"
    )


def _said(root: Path, words: list[str], settings: dict[str, str]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.asked", *words],
        cwd=root,
        env=os.environ | settings,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found

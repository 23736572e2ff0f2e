"""`make story-data`: a clinic's whole history in, killed twice, in again, and the funnel counted anew.

Plays through the real process on SQLite and PostgreSQL, prints what each person saw and when, leaves
pictures in docs/pictures, and exits 1 when a sentence of the story is not met.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import REQUIRE_ALL, TEMPLATE, NoPostgres, fresh_postgres, migrated, postgres_server
from tests.story.stage import NotMet, Told, chromium
from tests.story_data import chat, real_files
from tests.story_data.clinic import Clinic, configuration
from tests.story_data.made import ROWS, export
from tests.story_data.play import Export, play

SQLITE, POSTGRES, FILES, CHAT = PLAYS = ("sqlite", "postgres", "files", "chat")


def main() -> int:
    """0 when every sentence of every play was met."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.story_data", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the export in total")
    parser.add_argument("--only", choices=PLAYS, action="append", help="not the whole story")
    args = parser.parse_args()
    wanted = args.only or PLAYS
    results: dict[str, bool | None] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = None
        if {SQLITE, POSTGRES} & set(wanted):
            made = _make(folder, args.rows)
        for play_ in wanted:
            print(f"\n{play_}", flush=True)
            results[play_] = _played(play_, folder, made)
    said = ", ".join(
        f"{name} {'skipped' if met is None else 'passed' if met else 'FAILED'}"
        for name, met in results.items()
    )
    print(f"\nstory-data: {said}")
    return 1 if False in results.values() else 0


def _make(folder: Path, rows: int) -> Export:
    began = time.monotonic()
    made = Export.write(folder, export(rows))
    total = sum(map(len, made.rows.values()))
    said = f"{total:,} rows in {len(made.files)} files, {len(made.mistakes)} mistakes planted among them"
    print(f"the chart program exports {said} ({time.monotonic() - began:.0f} s)")
    for one in made.mistakes:
        print(f"  {one.file}:{one.line} {one.column}: {one.sort}")
    return made


def _played(name: str, folder: Path, made: Export | None) -> bool | None:
    """Whether a play was met; None where this machine cannot play it."""
    told = Told()
    try:
        _PLAYS[name](folder, made, told)
    except NotMet as problem:
        print(f"  NOT MET: {problem}")
        return False
    except _Skipped as why:
        print(f"  skipped: {why}")
        return False if why.installable and os.environ.get(REQUIRE_ALL) == "1" else None
    return True


class _Skipped(Exception):
    """This machine lacks what the play needs; what can be installed is a failure where all is required."""

    def __init__(self, why: str, *, installable: bool = True) -> None:
        super().__init__(why)
        self.installable = installable


def _on_sqlite(folder: Path, made: Export | None, told: Told) -> None:
    assert made is not None
    with _clinic(f"sqlite:///{folder}/story.db", folder) as clinic:
        play(clinic, made, folder, told)


def _on_postgres(folder: Path, made: Export | None, told: Told) -> None:
    assert made is not None
    try:
        with postgres_server() as server:
            server.create(TEMPLATE)
            migrated(server.url(TEMPLATE))
            with fresh_postgres(server, "dasi_story") as url, _clinic(url, folder) as clinic:
                play(clinic, made, folder, told)
    except NoPostgres as why:
        raise _Skipped(str(why)) from why


def _real_files(folder: Path, _: Export | None, told: Told) -> None:
    if not real_files.DATA.is_dir():
        raise _Skipped("the public files are not beside this repository", installable=False)
    real_files.play(folder, told)


def _in_chat(folder: Path, _: Export | None, told: Told) -> None:
    if chromium() is None:
        raise _Skipped("there is no Chromium on this machine (on Debian: apt-get install chromium)")
    chat.play(folder, told)


@contextmanager
def _clinic(url: str, folder: Path) -> Iterator[Clinic]:
    clinic = Clinic(url, configuration(folder))
    try:
        yield clinic
    finally:
        clinic.close()


_PLAYS: dict[str, Callable[[Path, Export | None, Told], None]] = {
    SQLITE: _on_sqlite,
    POSTGRES: _on_postgres,
    FILES: _real_files,
    CHAT: _in_chat,
}

if __name__ == "__main__":
    sys.exit(main())

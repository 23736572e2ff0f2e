"""The local page: a file dropped into the chat, written by its button, and a director's numbers of it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from handlers.language.language import language
from tests.clinic import ROOT
from tests.story.stage import NotMet, Seat, Told, browser, running_demo
from tests.story.words import DIRECTOR
from tests.story_data import same
from tests.story_data.clinic import configuration
from tests.story_data.made import export
from tests.story_data.play import Export

PICTURES = Path("docs/pictures")
PREFIX = "ko-data"
PHONE = (390, 844)
ROWS = 3_000
MONTH = "2024-03"
"""Long before the first day of the sample clinic: what is counted of it was imported."""

DROPPED = "consults"
"""A workbook, small enough to be written at once."""


def play(folder: Path, told: Told) -> None:
    """Dropped, shown, written, counted; NotMet at the first sentence that is not true."""
    here = folder / "chat"
    here.mkdir()
    config, database = configuration(here), here / "chat.db"
    made = Export.write(here, export(ROWS))
    sample = ["--config", str(config), "--database", str(database)]
    _bot("demo", *sample, "--seed-only")
    first, *others = (kind for kind in made.files if kind != DROPPED)
    _bot("import", first, str(made.files[first]), *sample, "--demo", codes=(1,))
    with browser() as chromium, running_demo(database, here / "chat.log", config) as address:
        seat = _seat(chromium, address)
        _drop(seat, made, told)
        for kind in others:
            _bot("import", kind, str(made.files[kind]), *sample, "--demo", codes=(1,))
        told.say("the shell", "imports the other files while the page is open")
        answer = json.loads(_bot("ask", f"/funnel {MONTH}", *sample, "--demo", "--json", "--at", same.AT))
        found = same.whole(same.of_period(made.journeys, MONTH), answer)
        told.must(not found, f"the funnel of {MONTH}: {found[:5]}")
        _numbers(seat, answer, told)
        seat.page.close()


def _bot(*words: str, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode not in codes:
        raise NotMet(f"{' '.join(words[:2])} ends with {done.returncode}: {done.stderr[-300:]}")
    return done.stdout


def _seat(chromium: Browser, address: str) -> Seat:
    page = chromium.new_page(
        viewport={"width": PHONE[0], "height": PHONE[1]},
        locale="ko",
        device_scale_factor=1,
        reduced_motion="reduce",
    )
    seat = Seat(page, address, PICTURES, PREFIX)
    seat.arrive()
    seat.become(DIRECTOR)
    seat.speak("ko")
    seat.become(DIRECTOR)
    return seat


def _drop(seat: Seat, made: Export, told: Told) -> None:
    say = language("ko").say
    file, mistakes = made.files[DROPPED], made.of(DROPPED)
    fit = f"{len(made.rows[DROPPED]) - len(mistakes):,}"
    seat.page.set_input_files("#file", file)
    card = say("{fit} rows fit, {not_fit} do not.", fit=fit, not_fit=str(len(mistakes)))
    text = seat.sees(seat.messages(), card)
    for one in mistakes:
        told.must(f"{file.name}:{one.line}: {one.column}" in text, f"the card names line {one.line}: {text}")
    told.say(DIRECTOR, f"drops {file.name} into the chat and sees what fits and what does not", text)
    told.must(seat.fits(), "nothing scrolls sideways")
    seat.picture("1-preview")
    seat.press(seat.messages().filter(has_text=card).last, say("Import {rows} rows", rows=fit))
    done = say("{rows} rows read, {changed} new or changed.", rows=fit, changed=fit)
    text = seat.sees(seat.messages(), done)
    told.say(DIRECTOR, "presses the button: it is written", text)
    seat.picture("2-written")


def _numbers(seat: Seat, answer: dict[str, Any], told: Told) -> None:
    funnel = seat.write(f"/퍼널 {MONTH}")
    picture = funnel.locator("img")
    picture.wait_for()
    text = funnel.inner_text()
    for part in ("new", "returning"):
        counted = " → ".join(rf"\S+ {stage['count']:,}" for stage in answer[part]["stages"])
        told.must(re.search(counted, text) is not None, f"{part}: {counted} is shown: {text[:400]}")
    told.say(DIRECTOR, f"asks for the funnel of {MONTH}", text)
    seat.show(picture)
    seat.picture("3-funnel")
    numbers = seat.write(f"/지표 {MONTH}")
    told.say(DIRECTOR, f"asks for every number of {MONTH}", numbers.inner_text())
    told.must(seat.fits(), "nothing scrolls sideways")
    seat.show(numbers)
    seat.picture("4-kpi")

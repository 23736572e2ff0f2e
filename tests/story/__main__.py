"""`make story`: claim → outcome → undo → an inquiry booked → the numbers → tomorrow morning.

In both languages and both sizes.

Plays through the real process in Chromium, prints what each person saw and when, leaves pictures in
docs/pictures, and exits 1 when a sentence of the story is not met.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.story.stage import BETWEEN_TAPS_MS, NotMet, Seat, Told, browser, running_demo
from tests.story.words import COLLEAGUE, COORDINATOR, DIRECTOR, words

PICTURES = Path("docs/pictures")
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
LANGUAGES = ("ko", "en")
BRANCH = "gangnam"


def main() -> int:
    """0 when every sentence of every play was met."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.db"
        seed = [sys.executable, "-m", "bot", "demo", "--seed-only", "--database", str(made)]
        subprocess.run(seed, check=True, stdout=subprocess.DEVNULL)
        with browser() as chromium:
            for code in LANGUAGES:
                for size, (width, height) in SIZES.items():
                    database = Path(folder) / f"{code}-{size}.db"
                    shutil.copyfile(made, database)
                    print(f"\n{code} at {width}×{height}")
                    log = Path(folder) / f"{code}-{size}.log"
                    failed += not _play(chromium, database, log, code, size)
    print(f"\nstory: {len(LANGUAGES) * len(SIZES) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _play(chromium: Browser, database: Path, log: Path, code: str, size: str) -> bool:
    told = Told()
    width, height = SIZES[size]
    page = chromium.new_page(
        viewport={"width": width, "height": height},
        locale=code,
        device_scale_factor=1,
        reduced_motion="reduce",
    )
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        with running_demo(database, log) as address:
            seat = Seat(page, address, PICTURES, f"{code}-{size}")
            _story(seat, told, code)
            told.must(not errors, f"the page's script makes no mistake: {errors[:1]}")
    except NotMet as problem:
        print(f"  NOT MET: {problem}")
        seat_picture = PICTURES.parent.parent / "var" / f"story-{code}-{size}.png"
        seat_picture.parent.mkdir(exist_ok=True)
        page.screenshot(path=seat_picture)
        print(log.read_text()[-1500:])
        return False
    finally:
        page.close()
    return True


def _story(seat: Seat, told: Told, code: str) -> None:
    w = words(code)
    seat.arrive()
    for name in (COORDINATOR, COLLEAGUE, DIRECTOR):
        seat.become(name)
        seat.speak(code)
    _the_list_is_there(seat, told, w)
    _two_taps(seat, told, w)
    _undo(seat, told, w)
    _denial_is_asked_once_more(seat, told, w)
    _one_tap(seat, told, w)
    _inquiry_answered_and_booked(seat, told, w)
    _funnel(seat, told, code)
    _numbers(seat, told, code)
    _tomorrow_morning(seat, told, w)
    _a_stranger(seat, told, w)


def _the_list_is_there(seat: Seat, told: Told, w: dict[str, str]) -> None:
    seat.become(COORDINATOR, f"#calls-{BRANCH}")
    text = seat.sees(seat.messages(), "☎")
    told.must("010-" not in text, "the channel shows no number")
    told.say(COORDINATOR, "reads today's list in the channel, masked", text)
    told.must(seat.fits(), "nothing scrolls sideways")
    seat.picture("1-list")


def _two_taps(seat: Seat, told: Told, w: dict[str, str]) -> None:
    seat.become(COORDINATOR)
    seat.write("/next")
    card = seat.last()
    told.say(COORDINATOR, "asks for the next one to call", card.inner_text())
    seat.press(card, w["claim"])
    text = seat.sees(seat.last(), w["clinic_phone"])
    told.must("010-" in text, "the number is there for the one who calls")
    told.say(COORDINATOR, "takes the card: the number and the first words", text)
    seat.picture("2-card")
    seat.press(seat.last(), w["passive"])
    text = seat.sees(seat.last(), w["passive_name"])
    told.say(COORDINATOR, "one tap: how they took it", text)
    seat.press(seat.last(), w["done"])
    seat.sees(seat.last(), "✅")
    told.say(COORDINATOR, "second tap: done")
    seat.picture("3-logged")
    seat.become(COLLEAGUE, f"#calls-{BRANCH}")
    text = seat.sees(seat.messages(), f"✓ {COORDINATOR}")
    told.say(COLLEAGUE, "sees it on the living list in the channel", text)


def _undo(seat: Seat, told: Told, w: dict[str, str]) -> None:
    seat.become(COORDINATOR)
    seat.press(seat.messages().filter(has_text="✅").last, w["undo"])
    seat.sees(seat.page.locator("#toasts"), w["undone"])
    told.say(COORDINATOR, "takes it back", w["undone"])
    text = seat.sees(seat.messages(), w["clinic_phone"])
    told.say(COORDINATOR, "has the card again, as it was", text)
    seat.picture("4-undone")


def _denial_is_asked_once_more(seat: Seat, told: Told, w: dict[str, str]) -> None:
    seat.press(seat.messages().filter(has_text=w["clinic_phone"]).last, w["denial"])
    text = seat.sees(seat.messages(), w["denial_ask"])
    told.say(COORDINATOR, "presses a denial and is asked once more", text)
    seat.press(seat.messages().filter(has_text=w["denial_ask"]).last, w["back"])
    seat.sees(seat.messages(), w["clinic_phone"])
    told.say(COORDINATOR, "goes back; nothing was written")


def _one_tap(seat: Seat, told: Told, w: dict[str, str]) -> None:
    seat.press(seat.messages().filter(has_text=w["clinic_phone"]).last, w["no_answer"])
    text = seat.sees(seat.messages(), f"✅ {w['no_answer']}")
    told.say(COORDINATOR, "nobody answers: one tap", text)
    before = seat.messages().count()
    seat.press(seat.messages().filter(has_text=f"✅ {w['no_answer']}").last, w["next"])
    seat.more_than(before)
    seat.sees(seat.last(), w["claim"])
    told.say(COORDINATOR, "and the next one is there", seat.last().inner_text())


def _inquiry_answered_and_booked(seat: Seat, told: Told, w: dict[str, str]) -> None:
    chart = re.search(r"\b\d{6}\b", seat.last().inner_text())
    told.must(chart is not None, "the card says whose chart it is")
    assert chart is not None
    seat.write(f"/inquiry {chart[0]} kakao botox")
    text = seat.sees(seat.last(), w["answer_me"])
    told.say(COORDINATOR, "writes an inquiry of that patient down", text)
    seat.press(seat.last(), w["answer_me"])
    seat.sees(seat.last(), COORDINATOR)
    seat.press(seat.last(), w["answered"])
    seat.sees(seat.last(), "✅")
    told.say(COORDINATOR, "takes and answers it: two taps", seat.last().inner_text())
    seat.press(seat.last(), w["book"])
    seat.sees(seat.last(), w["free_times"])
    told.must(seat.fits(), "nothing scrolls sideways")
    seat.page.wait_for_timeout(BETWEEN_TAPS_MS)
    seat.last().locator("[data-press]").first.click()
    text = seat.sees(seat.last(), w["booked"])
    told.must(chart[0] in text, "the answer says whose reservation it is")
    told.say(COORDINATOR, "books the first free time: one tap", text)
    seat.picture("8-booked")


def _funnel(seat: Seat, told: Told, code: str) -> None:
    seat.become(DIRECTOR)
    seat.write("/funnel this month" if code == "en" else "/퍼널 이번 달")
    picture = seat.last().locator("img")
    picture.wait_for()
    told.must(bool(picture.get_attribute("alt")), "the picture says what it shows")
    told.say(DIRECTOR, "asks for the funnel of this month", seat.last().inner_text())
    told.must(seat.fits(), "nothing scrolls sideways")
    seat.show(picture)
    seat.picture("5-funnel")


def _numbers(seat: Seat, told: Told, code: str) -> None:
    seat.write("/kpi" if code == "en" else "/지표")
    text = seat.sees(seat.last(), "📐")
    told.must("%" in text, "the numbers are there")
    told.say(DIRECTOR, "asks for every number", text)
    seat.write("/kpi return by cohort" if code == "en" else "/지표 재내원율 코호트별")
    picture = seat.last().locator("img")
    picture.wait_for()
    told.must(bool(picture.get_attribute("alt")), "the map says what it shows")
    told.say(DIRECTOR, "asks who returns, by the month of treatment", seat.last().inner_text())
    told.must(seat.fits(), "nothing scrolls sideways")
    seat.show(picture)
    seat.picture("9-cohorts")


def _tomorrow_morning(seat: Seat, told: Told, w: dict[str, str]) -> None:
    seat.become(COORDINATOR, f"#digest-{BRANCH}")
    before = seat.messages().count()
    seat.tomorrow()
    seat.more_than(before)
    told.say("the clock", "goes to tomorrow morning; the digest is there", seat.last().inner_text())
    seat.picture("6-digest")
    seat.become(COORDINATOR, f"#calls-{BRANCH}")
    lists = seat.messages().filter(has_text="☎")
    told.must(lists.count() > 1, "tomorrow's list stands in the channel, below today's")
    told.say(COORDINATOR, "reads the new list", seat.last().inner_text())
    seat.picture("7-new-list")


def _a_stranger(seat: Seat, told: Told, w: dict[str, str]) -> None:
    seat.sit_down("@guest")
    told.must(seat.page.locator("[data-place^='#']").count() == 0, "a stranger sees no channel")
    seat.write("/funnel this month")
    text = seat.last().inner_text()
    told.must(any(word in text for word in ("/link", "/연결")), "a stranger is told how to be linked")
    told.must("→" not in text, "a stranger learns no number")
    told.say("a stranger", "learns only how to be linked", text)


if __name__ == "__main__":
    sys.exit(main())

"""The page in Chromium, at a phone's and a desk's size: by mouse, by keyboard alone, and by axe."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_core_python
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.channel import Answer, Incoming
from handlers.basics import Speak
from handlers.language.language import language
from handlers.language.reply import Button, Buttons, Reply, Text
from tests.bot.local.conftest import EMILY, SUJIN, Clinic
from tests.bot.local.test_render import every_block
from tests.databases import absent

pytestmark = pytest.mark.browser

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESK = (390, 844), (1280, 800)
SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
KOREAN, ENGLISH = language("ko"), language("en")
AXE = (Path(axe_core_python.__path__[0]) / "axe.min.js").read_text()
SMALL = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, [role=option]")]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest(".hidden, .skip"))
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44)
  .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll("body *")]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1
    && !["visible", "hidden", "clip"].includes(getComputedStyle(e).overflowX) && e.tagName !== "INPUT")
  .map(e => e.outerHTML.slice(0, 90))
  .concat(document.documentElement.scrollWidth > innerWidth ? ["the page itself"] : [])
  .concat([...document.querySelectorAll("#log *")]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 90)))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        absent("no Chromium here (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=SWITCHES)
        yield started
        started.close()


@contextmanager
def opened(
    browser: Browser, clinic: Clinic, account: str, size: tuple[int, int], **options: Any
) -> Iterator[Page]:
    """The account's private chat; any mistake on the console or a foreign request fails the test."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    page = context.new_page()
    page.set_default_timeout(10_000)
    wrong: list[str] = []
    page.on("pageerror", lambda problem: wrong.append(str(problem)))
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("request", lambda asked: None if asked.url.startswith(clinic.url) else wrong.append(asked.url))
    page.goto(f"{clinic.url}/?as=%40{account[1:]}&in=%40{account[1:]}")
    yield page
    assert wrong == []
    context.close()


def sound(page: Page) -> None:
    """Axe finds nothing serious, nothing is smaller than a thumb, nothing scrolls sideways."""
    page.evaluate(AXE + ";0")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert len(found["passes"]) > 10
    wrong = [v for v in found["violations"] if v["impact"] in ("serious", "critical", "moderate")]
    assert [(v["id"], [node["target"] for node in v["nodes"]]) for v in wrong] == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate(SIDEWAYS) == []


def fill(clinic: Clinic, account: str) -> None:
    speech = ENGLISH if account == EMILY else KOREAN
    clinic.post(account, Reply(every_block("김지영")), speech, f"blocks{account}")
    clinic.post(account, Reply(every_block("A" * 60 + " <b>&*_ 🦷")), speech, f"long{account}")


@SIZES
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("account", [SUJIN, EMILY], ids=["ko", "en"])
def test_every_view_is_sound(
    browser: Browser, clinic: Clinic, size: tuple[int, int], account: str, scheme: str
) -> None:
    fill(clinic, account)
    with opened(browser, clinic, account, size, color_scheme=scheme, reduced_motion="reduce") as page:
        assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"Noto Sans KR\"'))")
        sound(page)
        page.fill("#words", "/")
        expect(page.locator("#suggestions li").first).to_be_visible()
        sound(page)
        page.fill("#words", "")
        if size == PHONE:
            page.click("#open-side")
            sound(page)
        page.click(".me")
        sound(page)
        page.keyboard.press("Escape")
        if size == PHONE:
            page.keyboard.press("Escape")
        page.click(".clock-chip")
        sound(page)
        page.keyboard.press("Escape")


@SIZES
def test_a_question_is_typed_and_its_answer_announced(
    browser: Browser, clinic: Clinic, size: tuple[int, int]
) -> None:
    with opened(browser, clinic, EMILY, size) as page:
        log = page.get_by_role("log")
        assert log.get_attribute("aria-live") == "polite"
        page.fill("#words", "/help")
        page.keyboard.press("Enter")
        expect(log.get_by_text("What I can do for you").first).to_be_visible()
        expect(page.locator("#words")).to_have_value("")


def test_the_keyboard_alone_suffices(browser: Browser, clinic: Clinic) -> None:
    with opened(browser, clinic, EMILY, DESK) as page:
        words = page.locator("#words")
        expect(words).to_be_focused()
        page.keyboard.type("/la")
        expect(page.locator("#suggestions li")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(words).to_have_value("/language ")
        page.keyboard.press("Enter")
        korean = page.get_by_role("log").get_by_role("button", name="한국어")
        expect(korean).to_be_visible()
        for _ in range(30):
            page.keyboard.press("Shift+Tab")
            if korean.evaluate("e => e === document.activeElement"):
                break
        expect(korean).to_be_focused()
        assert korean.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        expect(page.get_by_role("log").get_by_text("이제부터")).to_be_visible()


def test_tab_goes_through_the_whole_page_and_out_again(browser: Browser, clinic: Clinic) -> None:
    fill(clinic, SUJIN)
    with opened(browser, clinic, SUJIN, DESK) as page:
        seen: list[str] = []
        for _ in range(120):
            page.keyboard.press("Tab")
            seen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
        assert any('class="skip"' in one for one in seen)
        assert any('class="me"' in one for one in seen)
        assert sum('id="words"' in one for one in seen) >= 2  # once around and again: nothing traps


def test_dialogs_take_the_focus_and_give_it_back(browser: Browser, clinic: Clinic) -> None:
    with opened(browser, clinic, SUJIN, PHONE) as page:
        page.focus(".clock-chip")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.evaluate("document.activeElement.closest('dialog') !== null")
        page.keyboard.press("Escape")
        expect(page.locator(".clock-chip")).to_be_focused()
        page.focus("#open-side")
        page.keyboard.press("Enter")
        expect(page.locator("#close-side")).to_be_focused()
        assert page.locator("#talk").evaluate("e => e.inert")
        page.keyboard.press("Escape")
        expect(page.locator("#open-side")).to_be_focused()


def test_a_form_says_in_its_fields_what_is_missing(browser: Browser, clinic: Clinic) -> None:
    clinic.post(EMILY, Reply(every_block("code")[-1:]), ENGLISH, "form")
    with opened(browser, clinic, EMILY, DESK) as page:
        form = page.get_by_role("log").locator("form")
        form.get_by_role("combobox").select_option("")
        form.get_by_role("button").click()
        expect(form.locator("[aria-invalid=true]").first).to_be_focused()
        assert "Please fill this in." in form.inner_text()
        form.locator("input[type=date]").fill("2020-01-01")
        form.get_by_role("button").click()
        assert "Choose a day from 2026-11-26 to 2027-01-01." in form.inner_text()


def test_the_clock_is_moved_and_what_it_brings_arrives(browser: Browser, clinic: Clinic) -> None:
    with opened(browser, clinic, SUJIN, DESK) as page:
        page.locator(".side [data-clock-to=morning]").click()
        expect(page.locator(".clock-chip")).to_contain_text("11/26(목) 09:31")
        expect(page.get_by_text("지금은 11/26(목) 09:31이에요.")).to_be_visible()
        clinic.post("#digest-gangnam", Reply((Text("아침 브리핑이에요"),)), KOREAN, "digest")
        link = page.locator("[data-place='#digest-gangnam']")
        expect(link.locator(".badge")).to_be_visible()
        link.click()
        expect(page.get_by_role("log").get_by_text("아침 브리핑이에요")).to_be_visible()


def test_a_changed_card_keeps_the_focus_of_whoever_is_on_it(browser: Browser, clinic: Clinic) -> None:
    fill(clinic, SUJIN)
    with opened(browser, clinic, SUJIN, DESK) as page:
        button = page.locator("[data-press]").first
        button.focus()
        change = clinic.channel.amend(SUJIN, "1", Reply(every_block("박준호")), KOREAN)
        asyncio.run_coroutine_threadsafe(change, clinic.loop).result(10)
        expect(page.locator("#m1 .heading").first).to_have_text("박준호")
        assert page.evaluate("document.activeElement.closest('#m1') !== null")


def test_a_dropped_file_and_another_person(browser: Browser, clinic: Clinic, tmp_path: Path) -> None:
    file = tmp_path / "patients.csv"
    file.write_text("chart_no,name\n1,x\n")
    with opened(browser, clinic, SUJIN, PHONE) as page:
        page.set_input_files("#file", file)
        expect(page.get_by_role("log").get_by_text("📎 patients.csv")).to_be_visible()
        page.click("#open-side")
        page.click(".me")
        page.get_by_role("link", name="Emily Han").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("log").get_by_text("patients.csv")).to_have_count(0)


def test_a_slow_answer_says_that_it_is_being_worked_on(browser: Browser, clinic: Clinic) -> None:
    done = asyncio.Event()

    async def slowly(_incoming: Incoming) -> Answer | None:
        await done.wait()
        return Answer(Reply((Text("Here it is."),)), ENGLISH, 2)

    clinic.loop.call_soon_threadsafe(setattr, clinic.channel, "_hear", slowly)
    with opened(browser, clinic, EMILY, PHONE) as page:
        working = page.locator("#working")
        page.fill("#words", "/help")
        page.keyboard.press("Enter")
        expect(working).to_have_text("Working on it…")
        clinic.loop.call_soon_threadsafe(done.set)
        expect(page.get_by_role("log").get_by_text("Here it is.")).to_be_visible()
        expect(working).to_have_text("")


def test_the_second_tap_of_a_double_tap_presses_nothing(browser: Browser, clinic: Clinic) -> None:
    clinic.post(EMILY, Reply((Buttons(((Button("한국어", Speak("ko")),),)),)), ENGLISH, "button")
    with opened(browser, clinic, EMILY, PHONE) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_role("log").get_by_role("button").dblclick()
        expect(page.get_by_role("log").get_by_text("이제부터")).to_be_visible()
        assert [url for url in asked if url.endswith("/press")] == [f"{clinic.url}/press"]

"""Every text a person reads exists in every language, and fits its places."""

import string
from importlib import resources

import pytest
from babel.messages.extract import extract_from_dir

from crm_core import errors
from handlers.errors import sayable
from handlers.language.language import catalogue, language
from handlers.menu import MENU

KEYWORDS = {"say": None, "N_": None, "many": (1, 2)}


def texts() -> set[str]:
    """Every English text in the code of handlers/."""
    found: set[str] = set()
    folder = str(resources.files("handlers"))
    for _file, _line, message, _comments, _context in extract_from_dir(
        folder, [("**.py", "python")], keywords=KEYWORDS
    ):
        found.update([message] if isinstance(message, str) else message[:1])
    return {text for text in found if text}


def places(text: str) -> set[str]:
    return {name.partition("!")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_text_has_a_korean_translation() -> None:
    korean = catalogue("ko")
    missing = sorted(text for text in texts() if text not in korean or not korean[text].string)
    assert missing == []


def test_a_translation_has_the_places_of_its_text() -> None:
    wrong = []
    for message in catalogue("ko"):
        if not message.id:
            continue
        english = message.id if isinstance(message.id, str) else message.id[1]
        korean = message.string if isinstance(message.string, str) else (message.string or ("",))[-1]
        if places(english) != places(korean):
            wrong.append(english)
    assert wrong == []


def test_no_korean_particle_that_changes_with_the_last_sound_follows_a_place() -> None:
    changing = ("은 ", "는 ", "이 ", "가 ", "을 ", "를 ", "과 ", "와 ", "으로 ", "로 ")
    wrong = [
        message.string
        for message in catalogue("ko")
        if isinstance(message.string, str)
        and any("}" + particle in message.string + " " for particle in changing)
    ]
    assert wrong == []


def test_every_error_has_a_sentence() -> None:
    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    ours = {kind for kind in below(errors.CrmError) if kind.__module__ == "crm_core.errors"}
    assert ours - {errors.CrmError} == sayable()


@pytest.mark.parametrize("code", ["ko", "en"])
def test_every_command_of_the_menu_says_what_it_does(code: str) -> None:
    speech = language(code)
    for item in MENU:
        if item.name:
            assert speech.say(item.summary)
            assert item.korean
            assert item.example.startswith("/")


def test_a_language_we_do_not_speak_is_the_default_one() -> None:
    assert language("fr").code == "ko"
    assert language(None).code == "ko"
    assert language("en-GB").code == "en"

"""What a reply becomes: plain values, then HTML in which nothing a person wrote is markup."""

import base64
import json
from datetime import date, datetime
from functools import cache
from html import unescape
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local.page import Pages, _is_wide
from bot.local.render import file_of, has_form, is_words, picture_of, to_body
from bot.local.visitor import Persona, Place, Visitor
from crm_core.staff.access import Person
from crm_core.tables.chat import LocalMessage
from crm_core.tables.people import Role
from handlers.basics import ShowHelp, Speak
from handlers.language.language import language
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Facts,
    Field,
    FieldKind,
    File,
    Form,
    Heading,
    Picture,
    Reply,
    Style,
    Table,
    Text,
    Tone,
)
from tests.bot.local.conftest import PNG, drawn
from tests.clinic import policy

NOW = datetime(2026, 11, 25, 9, tzinfo=ZoneInfo("Asia/Seoul"))
KOREAN = language("ko")


def every_block(word: str = "김지영") -> tuple[Block, ...]:
    """One block of each kind, with a word somebody wrote in every place that takes one."""
    return (
        Heading(word),
        Text(word, tone=Tone.QUOTE),
        Facts(((word, word),)),
        Table((word, "2"), ((word, "1"), ("b", word)), numeric=frozenset({1}), caption=word),
        Picture(ShowHelp(), alt=word),
        File(word or "file", "text/csv", b"a,b\n"),
        Buttons(((Button(word, Speak("ko"), Style.DANGER, hint=word),),)),
        Form(
            word,
            Speak(),
            (
                Field("code", word, FieldKind.CHOICE, ((word, word),), hint=word, value=word),
                Field("note", word, FieldKind.LONG_TEXT, required=False, value=word),
                Field("day", word, FieldKind.DATE, earliest=date(2026, 11, 26), latest=date(2027, 1, 1)),
                Field("text", word, value=word),
            ),
            word,
        ),
    )


class Read(HTMLParser):
    """The tags of a page, its words and the values of its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def visitor() -> Visitor:
    persona = Persona("@1", Person(1, "이수진", frozenset({(Role.COORDINATOR, "gangnam")}), "ko"))
    place = Place("@1")
    return Visitor(persona, place, (place,), (persona,), KOREAN, policy().branch("gangnam"))


@cache
def pages() -> Pages:
    return Pages(policy(), "token")


def html_of(body: dict[str, Any], author: str = "dasi") -> str:
    row = LocalMessage(id=7, place="@1", author=author, body=json.dumps(body), at=NOW)
    return pages().message(visitor(), row)


def test_every_block_becomes_plain_values_and_back() -> None:
    body = to_body(Reply(every_block()), KOREAN, drawn)
    assert json.loads(json.dumps(body, ensure_ascii=False)) == body
    kinds = [block["kind"] for block in body["blocks"]]
    assert kinds == ["heading", "text", "facts", "table", "picture", "file", "buttons", "form"]
    assert picture_of(body, 4) == PNG
    assert body["blocks"][4]["width"] == 1
    assert file_of(body, 5) == ("김지영", "text/csv", b"a,b\n")
    assert body["blocks"][6]["rows"][0][0]["data"] == "1.la.ko"
    assert body["blocks"][7]["data"] == "1.la"
    assert body["blocks"][7]["fields"][2]["earliest"] == "2026-11-26"


@pytest.mark.parametrize("index", [-1, 3, 99])
def test_what_is_no_picture_and_no_file_is_nothing(index: int) -> None:
    body = to_body(Reply(every_block()), KOREAN, drawn)
    assert picture_of(body, index) is None
    assert file_of(body, index) is None
    assert picture_of({}, 0) is None


def test_words_alone_may_pass_as_a_notice() -> None:
    assert is_words(Reply((Heading("a"), Text("b"))))
    assert not is_words(Reply((Text("a"), Buttons(()))))
    assert has_form(Reply(every_block()))
    assert not has_form(Reply(every_block()[:-1]))


def test_every_block_is_shown() -> None:
    html = html_of(to_body(Reply(every_block()), KOREAN, drawn))
    read = Read(html)
    for tag in ("h3", "dl", "table", "caption", "img", "button", "form", "select", "textarea"):
        assert tag in read.tags
    assert 'data-press="1.la.ko"' in html
    assert "/message/7/picture/4.png?as=%401" in html
    assert 'min="2026-11-26"' in html
    assert base64.b64encode(PNG).decode() not in html


PLAIN = Read(html_of(to_body(Reply(every_block("a")), KOREAN, drawn)))
NAMES = st.one_of(
    st.just("<b>&*_ 🦷"),
    st.just("</script><script>alert(1)</script>"),
    st.just("\" onmouseover='x' data-press=\"1.la.en"),
    st.just("{{ 7*7 }}{% raw %}"),
    st.just("김*영 <img src=x onerror=y> 😀"),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30),
)


@given(NAMES)
def test_no_name_ever_becomes_markup(name: str) -> None:
    html = html_of(to_body(Reply(every_block(name)), KOREAN, drawn))
    read = Read(html)
    assert read.tags == PLAIN.tags
    assert read.names == PLAIN.names
    assert name in "".join(read.words)
    assert name in unescape(html)


@given(NAMES)
def test_what_a_person_typed_is_never_markup(text: str) -> None:
    body = {"blocks": [{"kind": "text", "text": text, "tone": "plain"}], "text": text}
    read = Read(html_of(body, author="staff:1"))
    assert {"script", "img", "b"}.isdisjoint(read.tags)
    assert text in "".join(read.words)


def test_a_message_in_another_language_says_so() -> None:
    english = to_body(Reply((Text("Hello"),)), language("en"), drawn)
    assert ' lang="en"' in html_of(english)
    assert " lang=" not in html_of(to_body(Reply((Text("안녕하세요"),)), KOREAN, drawn))


def test_a_table_that_does_not_fit_a_phone_is_stacked_there() -> None:
    narrow = {"columns": ["접점", "인원", "전환"], "rows": [["문의", "84", "62%"]]}
    two_lines = {
        "columns": ["", "환자", "왜 오늘"],
        "rows": [["⑦", "이명수 님 100455", "색소레이저 145일 지남"]],
    }
    wide = {
        "columns": ["명령", "한국어로", "하는 일", "예"],
        "rows": [["/help", "도움말", "제가 도와드릴 수 있는 일", "/help"]],
    }
    assert not _is_wide(narrow)
    assert not _is_wide(two_lines)
    assert _is_wide(wide)
    assert not _is_wide({"columns": ["a"], "rows": []})
    assert not _is_wide(
        {"columns": ["지표", ""], "rows": [["금액 동의율", "58% (2,249만 원 ÷ 3,848만 원) (2026년 10월)"]]}
    )


def test_numbers_that_would_touch_on_a_phone_are_stacked() -> None:
    row = ["예약→내원", "84% (67/80) +2", "98% (143/146) +23"]
    table = {"columns": ["단계", "신환", "구환"], "rows": [row], "numeric": [1, 2]}
    assert _is_wide(table)
    assert not _is_wide({**table, "rows": [["예약→내원", "84% / 86%", "98% / 94%"]]})


def test_a_message_that_was_taken_back_shows_nothing_of_what_it_said() -> None:
    row = LocalMessage(id=7, place="@1", author="dasi", body="{}", at=NOW, withdrawn_at=NOW)
    assert "거둔 메시지예요." in pages().message(visitor(), row)

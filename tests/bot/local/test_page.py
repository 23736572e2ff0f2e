"""The page as its visitors find it: who sees which place, what is said, moved, uploaded and told."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.local import doing
from bot.local.moments import NotAMoment, target
from handlers.basics import Speak
from handlers.language.language import language
from handlers.language.reply import Button, Buttons, File, Form, Picture, Reply, Text
from tests.bot.local.browsing import Visit
from tests.bot.local.conftest import BUSAN, DIRECTOR, EMILY, PNG, SUJIN, Clinic
from tests.bot.local.test_render import every_block
from tests.clinic import policy

KOREAN = language("ko")
SEOUL = ZoneInfo("Asia/Seoul")
GANGNAM = policy().branch("gangnam")


def told(lines: Iterator[str], kind: str) -> dict[str, object]:
    """The data of the next event of a kind in a stream."""
    for line in lines:
        if line == f"event: {kind}":
            next(lines)
            found: dict[str, object] = json.loads(next(lines).removeprefix("data: "))
            return found
    raise AssertionError(f"no {kind}")


def test_everybody_finds_the_channels_of_their_branches_and_their_own_chat(clinic: Clinic) -> None:
    with Visit(clinic, SUJIN) as sujin, Visit(clinic, BUSAN) as busan, Visit(clinic, DIRECTOR) as director:
        assert sujin.html.count("%23calls-gangnam") >= 1
        assert "haeundae" not in sujin.html
        assert "%23calls-haeundae" in busan.html
        assert "%23calls-gangnam" not in busan.html
        assert "%23calls-gangnam" in director.html
        assert "%23calls-haeundae" in director.html


def test_the_page_speaks_the_language_of_whoever_looks(clinic: Clinic) -> None:
    with Visit(clinic, SUJIN) as sujin, Visit(clinic, EMILY) as emily:
        assert '<html lang="ko">' in sujin.html
        assert "상담실장" in sujin.html
        assert "아침 브리핑" in sujin.html
        assert '<html lang="en">' in emily.html
        assert "Morning digest" in emily.html
        assert "Wed 25 Nov 09:00" in emily.html


def test_somebody_unknown_learns_how_to_be_linked_and_nothing_else(clinic: Clinic) -> None:
    clinic.post("#calls-gangnam", Reply((Text("김지영 님 카드"),)), KOREAN, "p1")
    with Visit(clinic, "@guest", "#calls-gangnam") as guest:
        assert "김지영" not in guest.html
        assert "%23calls-gangnam" not in guest.html
        assert guest.post("/say", text="/help").status_code == 403
        guest.place = "@guest"
        for text in ("/help", "안녕하세요", "/language en"):
            guest.post("/say", text=text)
        assert guest.log().count("/연결 코드") == 3
        guest.post("/persona", language="en")
        assert '<html lang="en">' in guest.look()


def test_an_account_that_is_none_becomes_the_first_coordinator(clinic: Clinic) -> None:
    with Visit(clinic, "@999") as visit:
        assert 'data-as="@1"' in visit.html


def test_a_place_of_others_is_neither_read_nor_written(clinic: Clinic) -> None:
    number = clinic.post(
        BUSAN, Reply((Picture(Speak(), "그림"), File("a.csv", "text/csv", b"x"))), KOREAN, "p1"
    )
    with Visit(clinic, SUJIN, BUSAN) as visit:
        assert 'data-in="@1"' in visit.html
        assert visit.post("/say", text="/help").status_code == 403
        assert visit.client.get(f"/message/{number}/picture/0.png?as=@1").status_code == 404
        assert visit.client.get(f"/message/{number}/file/1?as=@1").status_code == 404
    with Visit(clinic, BUSAN) as own:
        picture = own.client.get(f"/message/{number}/picture/0.png?as=@4")
        assert picture.content == PNG
        assert picture.headers["content-type"] == "image/png"
        file = own.client.get(f"/message/{number}/file/1?as=@4")
        assert file.content == b"x"
        assert file.headers["content-disposition"].startswith("attachment")


def test_a_file_is_never_shown_as_a_page(clinic: Clinic) -> None:
    evil = File('<b>"&.html', "text/html", b"<script>alert(1)</script>")
    number = clinic.post(SUJIN, Reply((evil,)), KOREAN, "p1")
    with Visit(clinic, SUJIN) as visit:
        file = visit.client.get(f"/message/{number}/file/0?as=@1")
        assert file.headers["content-type"] == "application/octet-stream"
        assert file.headers["content-disposition"].startswith(
            "attachment; filename*=UTF-8''%3Cb%3E%22%26.html"
        )


def test_words_are_answered_and_told_to_every_open_page(clinic: Clinic) -> None:
    with Visit(clinic, EMILY) as visit, httpx.Client(base_url=clinic.url, timeout=10) as other:
        mark = visit.html.split('data-mark="')[1].split('"')[0]
        query = {"as": EMILY, "in": EMILY, "since": mark}
        with other.stream("GET", "/events", params=query) as stream:
            lines = stream.iter_lines()
            answer = visit.post("/say", text="/help").json()
            assert answer["kept"]
            assert "/help" in str(told(lines, "message")["html"])
            assert "What I can do for you" in str(told(lines, "message")["html"])


def test_a_stream_goes_on_where_it_broke_off(clinic: Clinic) -> None:
    mark = clinic.channel.broadcaster.mark
    clinic.post("#calls-gangnam", Reply((Text("하나"),)), KOREAN, "p1")
    seen = clinic.channel.broadcaster.mark
    clinic.post("#calls-gangnam", Reply((Text("둘"),)), KOREAN, "p2")
    with httpx.Client(base_url=clinic.url, timeout=10) as client:
        query = {"as": SUJIN, "in": "#calls-gangnam", "since": mark}
        with client.stream("GET", "/events", params=query, headers={"Last-Event-ID": seen}) as stream:
            assert "둘" in str(told(stream.iter_lines(), "message")["html"])
        with client.stream("GET", "/events", params=query) as stream:
            assert "하나" in str(told(stream.iter_lines(), "message")["html"])
        with client.stream("GET", "/events", params=query, headers={"Last-Event-ID": "old-7"}) as stream:
            assert told(stream.iter_lines(), "reload") == {}


def test_what_happens_elsewhere_is_counted_and_not_shown(clinic: Clinic) -> None:
    mark = clinic.channel.broadcaster.mark
    clinic.post(BUSAN, Reply((Text("부산의 비밀"),)), KOREAN, "p1")
    clinic.post("#digest-gangnam", Reply((Text("아침 브리핑이에요"),)), KOREAN, "p2")
    with Visit(clinic, SUJIN) as visit:
        assert 'data-badge="1"' in visit.html
        with visit.client.stream(
            "GET", "/events", params={"as": SUJIN, "in": SUJIN, "since": mark}
        ) as stream:
            event = told(stream.iter_lines(), "message")
        assert event["place"] == "#digest-gangnam"
        assert "html" not in event
        visit.place = "#digest-gangnam"
        assert "아침 브리핑이에요" in visit.look()
        visit.place = SUJIN
        assert 'data-badge="1"' not in visit.look()


def test_pressing_and_filling_in_go_the_same_way_as_typing(clinic: Clinic) -> None:
    clinic.post(EMILY, Reply(every_block()), language("en"), "p1")
    with Visit(clinic, EMILY) as visit:
        visit.post("/press", data="1.la.ko", message_id="1")
        assert '<html lang="ko">' in visit.look()
        visit.post("/submit", data="1.la", values={"code": "en"}, message_id="1")
        assert '<html lang="en">' in visit.look()
        stale = visit.post("/press", data="9.zz.1", message_id="1").json()
        assert stale["toast"] == "That button is out of date. Write the command again."
        assert stale["refused"]
        wrong = visit.post("/submit", data="1.la", values={"nonsense": "en"}).json()
        assert list(wrong["errors"]) == ["nonsense"]


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'{"text": 3}', b'{"values": []}', b"\xff\xfe"])
def test_a_request_that_makes_no_sense_breaks_nothing(clinic: Clinic, body: bytes) -> None:
    with Visit(clinic, SUJIN) as visit:
        for path in ("/say", "/press", "/submit", "/clock", "/persona"):
            assert visit.client.post(path, content=body, headers=visit.headers).status_code < 500


def test_empty_and_endless_words_get_one_sentence(clinic: Clinic) -> None:
    with Visit(clinic, EMILY) as visit:
        assert visit.post("/say", text="  ").json()["toast"] == "There is nothing to send."
        assert "1000 letters" in visit.post("/say", text="가" * 1001).json()["toast"]
        assert visit.post("/say", text="가" * 300_000).status_code in (200, 403)
        assert 'class="message' not in visit.log()


def test_a_file_goes_to_the_private_chat_wherever_it_is_dropped(clinic: Clinic) -> None:
    with Visit(clinic, SUJIN, "#calls-gangnam") as visit:
        answer = visit.upload("../../환자 <b>.csv", b"chart_no,name\n1,x\n").json()
        assert answer["go"] == "/?as=%401&in=%401"
        assert "환자" not in visit.log()
        visit.place = SUJIN
        assert "📎 환자 &lt;b&gt;.csv" in visit.log()


def test_a_file_that_is_too_large_or_empty_gets_one_sentence(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doing, "UPLOAD_MEGABYTES", 1)
    with Visit(clinic, EMILY) as visit:
        large = visit.upload("big.csv", b"x" * (1024 * 1024 + 1))
        assert large.status_code == 413
        assert large.json()["toast"].startswith("The file is larger than 1 MB.")
        query = {"as": EMILY, "in": EMILY, "name": "a.csv"}
        parts = (b"x" * 100_000 for _ in range(12))  # sent in parts, without saying how large it is
        chunked = visit.client.post("/upload", params=query, content=parts, headers=visit.headers)
        assert chunked.status_code == 413
        assert visit.upload("empty.csv", b"").json()["toast"] == "The file is empty."
        assert 'class="message' not in visit.log()


def test_the_clock_moves_to_the_minute_after_the_morning_digest(clinic: Clinic) -> None:
    with Visit(clinic, EMILY) as visit:
        answer = visit.post("/clock", to="morning").json()
        assert clinic.moved == [datetime(2026, 11, 26, 9, 31, tzinfo=SEOUL)]
        assert answer["clock"]["text"] == "Thu 26 Nov 09:31"
        assert answer["toast"] == "It is Thu 26 Nov 09:31 now."
        assert visit.post("/clock", to="2026-11-26 09:00").json()["toast"].startswith("The clock only goes")
        assert visit.post("/clock", to="never").json()["toast"].startswith("I could not read that time")
        assert len(clinic.moved) == 1


@pytest.mark.parametrize(
    ("wanted", "now", "expected"),
    [
        ("morning", "2026-11-28T12:00", "2026-11-30T09:31"),  # Saturday to Monday
        ("hour", "2026-11-25T23:30", "2026-11-26T00:30"),
        ("closing", "2026-11-25T12:00", "2026-11-25T19:00"),
        ("closing", "2026-11-28T23:00", "2026-11-30T19:00"),
        ("2026-11-27T10:15", "2026-11-25T12:00", "2026-11-27T10:15"),
        ("2026-11-27T10:15+00:00", "2026-11-25T12:00", "2026-11-27T19:15"),
    ],
)
def test_where_the_clock_goes(wanted: str, now: str, expected: str) -> None:
    moment = target(wanted, GANGNAM, policy(), datetime.fromisoformat(now).replace(tzinfo=SEOUL))
    local = GANGNAM.local(moment)
    hours = GANGNAM.hours_on(local.date())
    if wanted == "closing" and hours:
        assert (local.hour, local.minute) == (hours.closes.hour, hours.closes.minute)
        assert f"{local:%Y-%m-%d}" == expected[:10]
        return
    if wanted == "morning" and hours:
        assert GANGNAM.opening(local.date()) == moment + timedelta(minutes=29)
        assert f"{local:%Y-%m-%d}" == expected[:10]
        return
    assert f"{local:%Y-%m-%dT%H:%M}" == expected


@pytest.mark.parametrize(
    ("wanted", "why"),
    [("", "no_moment"), ("x", "no_moment"), ("2026-11-25T08:00", "only_forward"), ("2027-11-25", "too_far")],
)
def test_where_the_clock_cannot_go(wanted: str, why: str) -> None:
    with pytest.raises(NotAMoment, match=why):
        target(wanted, GANGNAM, policy(), datetime(2026, 11, 25, 9, tzinfo=SEOUL))


def test_earlier_messages_come_page_by_page(clinic: Clinic) -> None:
    for number in range(63):
        clinic.post(SUJIN, Reply((Text(f"번호 {number}번"),)), KOREAN, f"p{number}")
    with Visit(clinic, SUJIN) as visit:
        assert "번호 62번" in visit.html
        assert "번호 2번" not in visit.html
        first = visit.html.split('data-earlier="')[1].split('"')[0]
        earlier = visit.client.get("/log", params={"as": SUJIN, "in": SUJIN, "before": first}).text
        assert "번호 2번" in earlier
        assert "번호 3번" not in earlier
        assert "data-earlier" not in earlier


def test_a_form_in_a_message_names_its_fields_once_each(clinic: Clinic) -> None:
    form = next(block for block in every_block() if isinstance(block, Form))
    for key in ("a", "b"):
        clinic.post(SUJIN, Reply((form, Buttons(((Button("x", Speak("ko")),),)))), KOREAN, key)
    with Visit(clinic, SUJIN) as visit:
        ids = [part.split('"')[0] for part in visit.html.split(' id="')[1:]]
        assert len(ids) == len(set(ids))
        labels = {part.split('"')[0] for part in visit.html.split('<label for="')[1:]}
        assert labels <= set(ids)


def test_the_korean_font_comes_from_its_package(clinic: Clinic) -> None:
    with Visit(clinic, SUJIN) as visit:
        font = visit.client.get("/font/NotoSansKR-Regular.otf")
        assert font.content[:4] == b"OTTO"
        assert "immutable" in font.headers["cache-control"]
        css = visit.client.get("/static/frame.css").text
        assert 'url("/font/NotoSansKR-Regular.otf")' in css

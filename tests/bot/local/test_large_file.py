"""A large file dropped on the page: the card there goes from reading to preview, to progress, to result."""

import asyncio
import html
import re

from bot.filing import Filing, Wake
from bot.postman import Postman
from tests.bot.local.browsing import Visit
from tests.bot.local.conftest import DIRECTOR, Clinic
from tests.clinic import policy

ROWS = 2100
LARGE = "visit_no,chart_no,arrived_at,branch\n" + "".join(
    f"V{n},{n},2026-11-24 10:00,gangnam\n" for n in range(ROWS)
)


def work(clinic: Clinic) -> None:
    """What the worker and the postman do in a running process."""
    Filing(clinic.engine, policy(), clinic.clock, Wake()).work()
    postman = Postman(clinic.engine, policy(), clinic.clock, {clinic.channel.platform: clinic.channel})
    asyncio.run_coroutine_threadsafe(postman.drain(), clinic.loop).result(30)


def test_the_card_on_the_page_follows_the_file(clinic: Clinic) -> None:
    with Visit(clinic, DIRECTOR) as visit:
        visit.upload("visits.csv", LARGE.encode())
        assert "큰 파일이라 읽고 있어요" in visit.log()
        work(clinic)
        log = visit.log()
        assert "맞는 줄 2,100개, 맞지 않는 줄 0개" in log
        (data,) = set(re.findall(r'data-press="(1\.af\.[^"]+)"', html.unescape(log)))
        message = re.findall(r'data-message="(\d+)"', log)[-1]
        visit.post("/press", data=data, message_id=message)
        assert "올리는 중: 2,100줄 중 0줄" in visit.log()
        work(clinic)
        assert "2,100줄을 읽었고 2,100줄이 새롭거나 바뀌었어요" in visit.log()
        assert "자료 기준" in visit.log()

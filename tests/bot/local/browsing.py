"""A visitor of the page without a browser: says what a browser of the page itself would say."""

import re
from typing import Any

import httpx

from tests.bot.local.conftest import Clinic


class Visit:
    """Somebody at a place of the page."""

    def __init__(self, clinic: Clinic, account: str, place: str | None = None) -> None:
        self.clinic = clinic
        self.account = account
        self.place = place or account
        self.client = httpx.Client(base_url=clinic.url, timeout=10)
        self.html = self.look()
        found = re.search(r'name="dasi-token" content="([^"]+)"', self.html)
        assert found
        self.headers = {
            "Origin": clinic.url,
            "Sec-Fetch-Site": "same-origin",
            "X-Dasi-Token": found.group(1),
        }

    def look(self) -> str:
        """The page as it is now."""
        answer = self.client.get("/", params={"as": self.account, "in": self.place})
        assert answer.status_code == 200
        return answer.text

    def post(self, path: str, **values: Any) -> httpx.Response:
        asked = {"as": self.account, "in": self.place, **values}
        return self.client.post(path, json=asked, headers=self.headers)

    def log(self) -> str:
        """The messages that stand here."""
        return self.client.get("/log", params={"as": self.account, "in": self.place}).text

    def upload(self, name: str, content: bytes) -> httpx.Response:
        query = {"as": self.account, "in": self.place, "name": name}
        return self.client.post("/upload", params=query, content=content, headers=self.headers)

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

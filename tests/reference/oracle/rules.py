"""What `config.yaml` says, read without the product: treatments, families, sources, hours."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

import holidays
import yaml

from tests.clinic import ROOT

STAGES = ("inquiry", "reservation", "visit", "consult", "agreement", "treatment")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Care:
    """A treatment as the policy knows it; an unknown one is a family of its own without a rule."""

    slug: str
    family: str
    due_after: int | None = None
    churned_after: int | None = None
    recommended_only: bool = False
    covered: bool = False
    check: bool = False
    course: dict[str, int] | None = None


@lru_cache(maxsize=1)
def config() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / "config.yaml").read_text("utf-8"), yaml.BaseLoader)
    return loaded


def patience(stage: str) -> timedelta:
    return timedelta(days=int(config()["patience"][stage]))


def days_of(section: str, key: str) -> int:
    return int(config()[section][key])


def plain(text: str) -> str:
    return "".join(text.casefold().split())


def _words(slug: str, entry: dict[str, Any]) -> list[str]:
    return [slug, *entry["name"].values(), *entry.get("aliases", [])]


@lru_cache(maxsize=1)
def _treatments() -> dict[str, Care]:
    known: dict[str, Care] = {}
    for slug, entry in config()["treatments"].items():
        family = config()["families"][entry["family"]]
        rule = entry.get("returns") or family.get("returns") or {}
        dated = "due_after" in rule
        course = {key: int(value) for key, value in entry.get("course", {}).items()}
        care = Care(
            slug,
            entry["family"],
            int(rule["due_after"]) if dated else None,
            int(rule["churned_after"]) if dated else None,
            rule.get("rule") == "recommended_only",
            entry.get("covered") == "true",
            entry.get("check") == "true",
            course or None,
        )
        for word in _words(slug, entry):
            known[plain(word)] = care
    for slug, entry in config()["families"].items():
        for word in _words(slug, entry):
            known.setdefault(plain(word), Care(slug, slug))
    return known


def care(text: str | None) -> Care | None:
    """The treatment of a cell; None of an empty one."""
    if not text:
        return None
    return _treatments().get(plain(text), Care(text, text))


def family(text: str | None) -> str | None:
    found = care(text)
    return found.family if found else None


def is_check(text: str | None) -> bool:
    found = care(text)
    return found is not None and found.check


@lru_cache(maxsize=1)
def _sources() -> dict[str, str]:
    return {plain(word): slug for slug, entry in config()["sources"].items() for word in _words(slug, entry)}


def source(text: str | None) -> str | None:
    return _sources().get(plain(text), text) if text else None


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("KR", years=year, categories=("public",)))


@cache
def opening(branch: str, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The stretches of a day in which a branch is open."""
    rules = config()["branches"][branch]
    written = rules["hours"][WEEKDAYS[day.weekday()][:3]]
    if day.isoformat() in rules["opened_days"]:
        written = rules["opened_days"][day.isoformat()]
    elif day.isoformat() in rules["closed_days"] or (
        rules["public_holidays"] == "closed" and day in _holidays(day.year)
    ):
        written = "closed"
    if written == "closed":
        return ()
    hours, _, lunch = written.partition(" lunch ")
    first, last = _span(hours, day)
    if not lunch:
        return ((first, last),)
    begin, end = _span(lunch, day)
    return ((first, begin), (end, last))


def _span(text: str, day: date) -> tuple[datetime, datetime]:
    first, last = (datetime.combine(day, time.fromisoformat(part)) for part in text.split("–"))
    return first, last


def opening_minutes(branch: str, begin: datetime, end: datetime) -> float:
    """Minutes between two moments in which the branch was open."""
    minutes, day = 0.0, begin.date()
    while day <= end.date():
        for first, last in opening(branch, day):
            minutes += max(0.0, (min(end, last) - max(begin, first)) / MINUTE)
        day += timedelta(days=1)
    return minutes

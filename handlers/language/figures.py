"""Numbers, days and money as a person reads them (wording.md §8.5)."""

from datetime import date, datetime

from crm_core.policy.branch import Branch
from handlers.language.language import Language

_WEEKDAYS = {"ko": "월화수목금토일", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_MAN = 10_000


def weekday(day: date, language: Language) -> str:
    return _WEEKDAYS[language.code][day.weekday()]


def staff_day(day: date, language: Language) -> str:
    """11/25(수), Wed 25 Nov: how staff read a day near now."""
    if language.code == "ko":
        return f"{day.month}/{day.day}({weekday(day, language)})"
    return f"{weekday(day, language)} {day.day} {day:%b}"


def staff_day_with_year(day: date, today: date, language: Language) -> str:
    """A day with its year when that is not this one."""
    if day.year == today.year:
        return staff_day(day, language)
    return f"{day:%Y}/{day.month}/{day.day}" if language.code == "ko" else f"{day.day} {day:%b %Y}"


def staff_moment(moment: datetime, branch: Branch, language: Language) -> str:
    """11/25(수) 15:30 on the branch's clock."""
    local = branch.local(moment)
    return f"{staff_day(local.date(), language)} {local:%H:%M}"


def clock(moment: datetime, branch: Branch) -> str:
    return f"{branch.local(moment):%H:%M}"


def share(value: float | None, language: Language) -> str:  # noqa: ARG001
    """A share as whole percent, "–" when nobody can say; one decimal below ten percent."""
    if value is None:
        return "–"
    percent = value * 100
    return f"{percent:.1f}%" if 0 < percent < 10 and round(percent) != percent else f"{percent:.0f}%"


def count(number: int) -> str:
    return f"{number:,}"


def money(amount: int, language: Language) -> str:
    """1,250,000원 / ₩1,250,000: whole won."""
    return f"{amount:,}원" if language.code == "ko" else f"₩{amount:,}"


def short_money(amount: int, language: Language) -> str:
    """125만 원 / ₩1.25M, for charts and cards."""
    if language.code == "ko":
        return f"{amount / _MAN:,.0f}만 원" if abs(amount) >= _MAN else f"{amount:,}원"
    return f"₩{amount / 1_000_000:.2f}M" if abs(amount) >= 1_000_000 else f"₩{amount:,}"


def days_between(first: date, last: date, language: Language) -> str:
    """11/1–11/22: a period as staff read it."""
    if first == last:
        return staff_day(first, language)
    if language.code == "ko":
        start = (
            f"{first.year}/{first.month}/{first.day}"
            if first.year != last.year
            else f"{first.month}/{first.day}"
        )
        return f"{start}–{last.month}/{last.day}"
    start = f"{first.day} {first:%b %Y}" if first.year != last.year else f"{first.day} {first:%b}"
    return f"{start} – {last.day} {last:%b}"

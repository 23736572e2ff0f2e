"""Pure readers of a cell with money or a number in it."""

import re
import unicodedata
from decimal import Decimal

from crm_core.imports.complaint import Problem
from crm_core.imports.fields import Reader, Reading, Unreadable

AMOUNT_EXAMPLE = "1,250,000"
LARGEST = 2_000_000_000  # what a column of a database holds

_MINUS = ("-", "−", "–", "△", "▲")
_AMOUNT = re.compile(r"-?\d+(?:\.\d+)?|-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_IN_UNITS = re.compile(r"(-?)((?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?e\d)+)(\d*|\d{1,3}(?:,\d{3})+)")
_UNIT = re.compile(r"([\d,.]+)e(\d)")


def _number(text: str, example: str, problem: Problem) -> Decimal:
    text = unicodedata.normalize("NFKC", text).replace(" ", "")
    if not _AMOUNT.fullmatch(text):
        raise Unreadable(problem, example)
    return Decimal(text.replace(",", ""))


def amount(text: str, reading: Reading) -> int:
    """Money in minor units: 1,250,000 · ₩1,250,000 · 125만원 in our words; never below zero."""
    minor = _minor(text, reading)
    if minor < 0:
        raise Unreadable(Problem.NEGATIVE, AMOUNT_EXAMPLE)
    return minor


def given_back(text: str, reading: Reading) -> int:
    """Money paid back in minor units: with or without a sign it is the same."""
    return abs(_minor(text, reading))


def _minor(text: str, reading: Reading) -> int:
    if text.isdecimal() and text.isascii() and len(text) < 10 and not reading.scale:
        return int(text)
    number = _money(text, reading)
    minor = number.scaleb(reading.scale)
    if minor != minor.to_integral_value():
        raise Unreadable(Problem.NOT_WHOLE, AMOUNT_EXAMPLE)
    if abs(minor) > LARGEST:
        raise Unreadable(Problem.TOO_LARGE, AMOUNT_EXAMPLE)
    return int(minor)


def _money(text: str, reading: Reading) -> Decimal:
    """The number of an amount without its currency; (1,000), -1,000 and △1,000 are below zero."""
    bare = "".join(unicodedata.normalize("NFKC", text).split())
    below = bare.startswith("(") and bare.endswith(")")
    bare = bare[1:-1] if below else bare
    for _ in range(2):  # -₩1,000 and ₩-1,000
        if bare.startswith(_MINUS):
            below, bare = not below, bare[1:]
        for sign in ("₩", "원", "$", "€", "¥", reading.policy.currency, reading.policy.currency.lower()):
            bare = bare.removeprefix(sign).removesuffix(sign)
    for word, ours in reading.words.get("amount", {}).items():
        bare = bare.replace(word, ours)
    number = _in_units(bare)
    if number is None:
        number = _number(bare, AMOUNT_EXAMPLE, Problem.NO_AMOUNT)
    return -number if below else number


def _in_units(text: str) -> Decimal | None:
    """1e8 2,000e4 500: parts in units that grow smaller, each part less than the unit before it,
    and none behind a broken one."""
    found = _IN_UNITS.fullmatch(text)
    if found is None:
        return None
    total, unit = Decimal(), Decimal("Infinity")
    parts = [(Decimal(digits.replace(",", "")), int(power)) for digits, power in _UNIT.findall(found[2])]
    parts.append((Decimal(found[3].replace(",", "") or 0), 0))
    for number, power in parts:
        worth = number.scaleb(power)
        broken = total != total.quantize(unit) if unit.is_finite() else False
        if worth >= unit or (worth and broken):
            raise Unreadable(Problem.NO_AMOUNT, AMOUNT_EXAMPLE)
        total, unit = total + worth, Decimal(1).scaleb(power)
    return total


def count_from(least: int) -> Reader:
    """A whole number of at least `least` and at most 10,000: sessions."""

    def read(text: str, reading: Reading) -> int:
        for word, ours in reading.words.get("count", {}).items():
            text = text.replace(word, ours)
        number = _number(text, "10", Problem.NOT_WHOLE)
        if number != number.to_integral_value():
            raise Unreadable(Problem.NOT_WHOLE, "10")
        if number < least:
            raise Unreadable(Problem.TOO_SMALL, "10", str(least))
        if number > 10_000:
            raise Unreadable(Problem.TOO_LARGE, "10")
        return int(number)

    return read

"""Telephone numbers: read once at the edge, kept in E.164."""

import re
import unicodedata
from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

_DIGITS = re.compile(r"\D+")
_MOBILE = re.compile(r"010[- .]?(\d{4})[- .]?(\d{4})")
_NOTES = re.compile(r"\([^()]*[^\W\d_][^()]*\)")  # (mother), (after 6); never the (02) of a number
_BETWEEN = re.compile(r"[/,;|#\n]+|[^\W\d_]+")  # marks, and words: whose it is, an extension
_TYPED = re.compile(r"[+\d\s().~\-‐-―]+")
_LOST_ZERO = re.compile(r"10\d{8}|1[16-9]\d{7,8}|2\d{8}|[3-6][1-5]\d{7,8}|70\d{8}")
_WITHOUT_AREA = re.compile(r"1[568]\d{6}|82[1-9]\d{7,9}")  # 1588-1234; 82-2-333-4444
_MOBILES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def read_phone(text: str, country: str = "KR") -> str | None:
    """A number in E.164, None when it is none. 010 numbers have 11 digits; Excel's lost zero is put back.

    Of several numbers in one cell the first mobile one, else the first; extensions and notes are dropped.
    """
    usual = _MOBILE.fullmatch(text) if country == "KR" else None
    if usual is not None:
        return f"+8210{usual[1]}{usual[2]}"
    first: str | None = None
    for number in _numbers(unicodedata.normalize("NFKC", text), country):
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if phonenumbers.number_type(number) in _MOBILES or written.startswith("+8210"):
            return written
        first = first or written
    return first


def _numbers(text: str, country: str) -> Iterator[PhoneNumber]:
    """What is a number among the parts of a cell, in their order."""
    for part in _BETWEEN.split(_NOTES.sub(" ", text)):
        part = part.strip(" .:~")
        number = _number(part, country) if _TYPED.fullmatch(part) else None
        if number is not None:
            yield number


def _number(text: str, country: str) -> PhoneNumber | None:
    digits = _DIGITS.sub("", text)
    if text.startswith("+"):
        return _possible(f"+{digits}", country)
    if country == "KR":
        if digits.startswith("82") and len(digits) == 12 and digits[2:4] == "10":
            return _possible(f"+{digits}", country)
        if digits == text and _LOST_ZERO.fullmatch(digits):
            digits = "0" + digits
        if not digits.startswith("0") and not _WITHOUT_AREA.fullmatch(digits):
            return None  # 2333-4444 may be 02-333-4444 or a number of any area
    if digits.startswith("00"):
        return _from_abroad(digits, country)
    return _possible(digits, country)


def _from_abroad(digits: str, country: str) -> PhoneNumber | None:
    """00 and a country, or the prefix of a carrier and a country: only where one of the two is a number."""
    read = (_possible(f"+{digits[2:]}", country), _possible(digits, country))
    valid = [number for number in read if number is not None and phonenumbers.is_valid_number(number)]
    return valid[0] if len(valid) == 1 else None


def _possible(text: str, country: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    national = str(number.national_number)
    if number.country_code == 82 and (national.startswith("0") or number.italian_leading_zero):
        return None  # what is left of a number cut short
    if number.country_code == 82 and national.startswith("10") and len(national) != 10:
        return None
    if number.country_code == 82 and len(national) < 8:
        return None  # without the code of its area nobody can be called
    return number


def last_four(phone: str) -> str:
    return _DIGITS.sub("", phone)[-4:]


def spoken_phone(phone: str, country: str = "KR") -> str:
    """The number as people of the country write it: 010-2345-1234."""
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return phone
    home = phonenumbers.region_code_for_number(number) == country
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)

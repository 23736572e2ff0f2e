"""Telephone numbers: read once at the edge, kept in E.164."""

import re

import phonenumbers

_DIGITS = re.compile(r"\D+")


def read_phone(text: str, country: str = "KR") -> str | None:
    """A number in E.164, None when it is none. 010 numbers have 11 digits; Excel's lost zero is put back."""
    text = text.strip()
    digits = _DIGITS.sub("", text)
    if country == "KR" and not text.startswith("+") and len(digits) == 10 and digits.startswith("10"):
        text = "0" + digits
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if e164.startswith("+820"):  # what is left of a number cut short
        return None
    if e164.startswith("+8210") and len(e164) != len("+821012345678"):
        return None
    return e164


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

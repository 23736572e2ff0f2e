"""A language people read: English stands in the code, every other one in `handlers/locales`."""

from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from io import BytesIO
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CODES = ("ko", "en")
DEFAULT = "ko"


def N_(text: str) -> str:  # noqa: N802  (gettext's own name for "translated later")
    """Marks a text for translation where no language is known yet."""
    return text


@dataclass(frozen=True)
class Language:
    """What `say` returns is a sentence in this language, its places filled."""

    code: str

    def say(self, text: str, **values: Any) -> str:
        """The text in this language; `{places}` are filled with the values given."""
        said = _translations(self.code).gettext(text) if text else text
        return said.format(**values) if values else said

    def many(self, one: str, other: str, n: int, **values: Any) -> str:
        """`one` or `other` by count, where the language tells them apart; `{n}` is the count."""
        return _translations(self.code).ngettext(one, other, n).format(n=n, **values)


@cache
def language(code: str | None) -> Language:
    """The language of a code such as "ko" or "en-GB"; the default where we do not speak it."""
    short = (code or DEFAULT).split("-")[0].split("_")[0].lower()
    return Language(short if short in CODES else DEFAULT)


def catalogue(code: str) -> Catalog:
    """All translations of a language, from every .po file of its folder."""
    merged = Catalog(locale=code)
    folder = resources.files("handlers") / "locales" / code
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".po"):
            for message in read_po(BytesIO(file.read_bytes()), locale=code):
                if message.id and message.string:
                    merged.add(message.id, message.string, context=message.context)
    return merged


@cache
def _translations(code: str) -> NullTranslations:
    if code == "en":
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(code))
    compiled.seek(0)
    return GNUTranslations(compiled)

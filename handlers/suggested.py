"""A proposed mapping as a block of YAML that can be pasted under `imports:` of config.yaml."""

import json
import re
from collections.abc import Collection, Iterator

from crm_core.imports.suggest import Match, Suggestion, Sure
from handlers.language.language import N_, Language

_UNSURE = {
    Sure.ALIKE: N_("please check: the header is only alike"),
    Sure.SHAPE: N_("please check: only the values look like it"),
}
_PLAIN = re.compile(r"[A-Za-z가-힣][\w가-힣]*")


def profile_name(file: str, kind: str, taken: Collection[str]) -> str:
    """A name that config.yaml allows and does not have: from the file's name, else from the kind."""
    stem = re.sub(r"[^a-z0-9_-]+", "-", file.rpartition(".")[0].casefold()).strip("-_0123456789")
    base = stem[:36] if stem and stem[0].isalpha() else f"chart-{kind}"
    return next(name for n in range(1, 10_000) if (name := base if n == 1 else f"{base}-{n}") not in taken)


def yaml_block(language: Language, file: str, found: Suggestion, name: str) -> Iterator[str]:
    """The lines, comments about everything unsure among them."""
    say = language.say
    yield "  # " + say("Paste this under imports: in config.yaml, then:")
    typed = json.dumps(_on_one_line(file), ensure_ascii=False)
    yield f"  #   python -m bot import {found.kind} {typed} --mapping {name}"
    for header in found.lacking:
        yield "  # " + say("{header} is needed and no column looks like it: write it below.", header=header)
    yield f"  {name}:"
    yield f"    kind: {found.kind}"
    yield "    columns:" if found.matches else "    columns: {}"
    for match in found.matches:
        unsure = f" # {say(_UNSURE[match.sure])}" if match.sure in _UNSURE else ""
        yield f"      {match.header}: {_scalar(match.theirs)}{unsure}"
    yield from _formats(language, found)
    for match in found.matches:
        yield from _values(language, match)
    if found.unused:
        unused = ", ".join(_on_one_line(header) for header in found.unused)
        yield "    # " + say("not used: {columns}", columns=unused)


def _formats(language: Language, found: Suggestion) -> Iterator[str]:
    formatted = [match for match in found.matches if match.formats]
    if formatted:
        yield "    formats:"
    for match in formatted:
        doubt = ""
        if len(match.formats) > 1:
            doubt = f" # {language.say('please check')}: " + language.say(
                "it may as well be {other}", other=" / ".join(match.formats[1:])
            )
        yield f"      {match.header}: {_scalar(match.formats[0])}{doubt}"


def _values(language: Language, match: Match) -> Iterator[str]:
    """Words that are none of ours: told, because only the clinic knows what they mean."""
    if not match.unknown:
        return
    yield "    # " + language.say(
        "{header} has words that are not known; their rows would be refused.", header=match.header
    )
    yield "    # " + language.say("Say what each means, without the # signs:")
    yield "    # values:"
    yield f"    #   {match.header}:"
    for word in match.unknown:
        yield f"    #     {_scalar(word)}: ?"


def _scalar(text: str) -> str:
    """A text as YAML: plain where nothing in it could be taken for more, else in quotes."""
    if _PLAIN.fullmatch(text) and text.casefold() not in ("true", "false", "null", "yes", "no", "on", "off"):
        return text
    return json.dumps(text, ensure_ascii=False)


def _on_one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())

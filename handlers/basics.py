"""/help, /language and /link: what everybody can do."""

from dataclasses import dataclass
from typing import Any

from crm_core.errors import Missing, NotAllowed, NotUnderstood
from crm_core.staff import actions
from handlers.language.language import CODES, N_, language
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Button, Buttons, Facts, Heading, Reply, Text, Tone
from handlers.language.words import Words, nearest

_LANGUAGE_NAMES = {"ko": "한국어", "en": "English"}
_LANGUAGE_WORDS = {
    "ko": "ko", "korean": "ko", "한국어": "ko", "한글": "ko",
    "en": "en", "english": "en", "영어": "en", "영문": "en",
}  # fmt: skip


_LAST_TOPIC = ("⚙", N_("Settings and help"))
_TOPICS: tuple[tuple[tuple[str, str], tuple[str, ...]], ...] = (
    (("☎", N_("Calling patients")), ("calls", "next", "log", "undo", "churners", "caller", "manual")),
    (
        ("📅", N_("Inquiries and the day's reservations")),
        ("inquiry", "reservations", "reserve", "stage", "closing"),
    ),
    (("👤", N_("One patient")), ("patient", "why")),
    (
        ("📊", N_("The clinic in numbers")),
        ("digest", "funnel", "kpi", "noshow", "churn", "recapture", "export"),
    ),
    (("🗂", N_("Files of the chart program")), ("import", "differences")),
    (_LAST_TOPIC, ("language", "help")),
)
"""What one wants to do, and the commands for it in the order of a day; an unnamed one stands in the last."""


@dataclass(frozen=True)
class ShowHelp:
    topic: str = ""


@dataclass(frozen=True)
class Speak:
    code: str = ""


def read_help(words: Words) -> ShowHelp:
    return ShowHelp(words.take_rest().removeprefix("/"))


def show_help(command: ShowHelp, context: Context) -> Reply:
    """What this person may ask for, by what they want to do; with a word, all about that command."""
    items = [
        item
        for item in context.menu
        if item.name
        and not item.hidden
        and item.is_offered(context.policy)
        and context.person.has(item.roles)
    ]
    about = [item for item in items if command.topic.casefold() in (item.name, *item.korean)]
    return Reply(tuple(_about(about[0], context) if about else _everything(items, context)))


def _everything(items: list[MenuItem[Any]], context: Context) -> list[Block]:
    say = context.say
    blocks: list[Block] = [Heading(say("What I can do for you"))]
    named = {name for _, names in _TOPICS for name in names}
    for topic, names in _TOPICS:
        of_topic = [item for item in items if item.name in names]
        of_topic.sort(key=lambda item: names.index(item.name))
        if topic == _LAST_TOPIC:
            of_topic += [item for item in items if item.name not in named]
        if of_topic:
            lines = [f"/{_word(item, context)} – {say(item.summary)}" for item in of_topic]
            blocks += [Heading(f"{topic[0]} {say(topic[1])}"), Text("\n".join(lines))]
    example = _word(next((item for item in items if item.name == "funnel"), items[0]), context)
    lines = [
        say("A period can be: today, last week, this month, 2026-10, last 90 days."),
        say("More about one of them: /help {command}", command=example),
    ]
    blocks.append(Text("\n".join(lines), tone=Tone.HINT))
    return blocks


def _about(item: MenuItem[Any], context: Context) -> list[Block]:
    say = context.say
    words = " · ".join(f"/{word}" for word in (item.name, *item.korean))
    pairs = ((say("Also called"), words), (say("Example"), item.example))
    hint = say("All commands: /help")
    return [
        Heading(f"/{_word(item, context)}"),
        Text(say(item.summary)),
        Facts(pairs),
        Text(hint, tone=Tone.HINT),
    ]


def _word(item: MenuItem[Any], context: Context) -> str:
    return item.korean[0] if context.language.code == "ko" and item.korean else item.name


def read_language(words: Words) -> Speak:
    wanted = words.take_rest().casefold()
    if wanted and wanted not in _LANGUAGE_WORDS:
        raise NotUnderstood("language", wanted, nearest(wanted, _LANGUAGE_WORDS) or ("한국어", "English"))
    return Speak(_LANGUAGE_WORDS.get(wanted, ""))


def speak(command: Speak, context: Context) -> Reply:
    if not command.code:
        buttons = tuple(Button(_LANGUAGE_NAMES[code], Speak(code)) for code in CODES)
        return Reply((Text(context.say("Which language shall I speak with you?")), Buttons((buttons,))))
    if command.code not in CODES:
        raise NotUnderstood("language", command.code, CODES)
    if context.person.staff_id is None:
        raise NotAllowed(("administrator",))
    actions.speak(context.db, context.person.staff_id, command.code)
    return Reply((Text(language(command.code).say("From now on I speak English with you.")),))


LINK_WORDS = ("link", "연결")


@dataclass(frozen=True)
class LinkAccount:
    """Handled before the menu: whoever writes it is not linked yet."""

    code: str = ""


def read_link(words: Words) -> LinkAccount:
    code = words.take_rest()
    if not code:
        raise Missing("code")
    return LinkAccount(code)


def already_linked(_command: LinkAccount, context: Context) -> Reply:
    return Reply((Text(context.say("This account is already yours, {name}.", name=context.person.name)),))


ITEMS = (
    MenuItem(
        name="help",
        code="he",
        command=ShowHelp,
        read=read_help,
        answer=show_help,
        summary=N_("What I can do for you"),
        example="/help",
        korean=("도움말",),
        reads_only=True,
    ),
    MenuItem(
        name="language",
        code="la",
        command=Speak,
        read=read_language,
        answer=speak,
        summary=N_("The language I speak with you"),
        example="/language 한국어",
        korean=("언어",),
    ),
    MenuItem(
        name="link",
        code="lk",
        command=LinkAccount,
        read=read_link,
        answer=already_linked,
        summary=N_("Bind this account to you with the administrator's code"),
        example="/link 1234-5678",
        korean=LINK_WORDS[1:],
        hidden=True,
    ),
)

"""/help, /language and /link: what everybody can do."""

from dataclasses import dataclass

from crm_core.errors import Missing, NotAllowed, NotUnderstood
from crm_core.staff import actions
from handlers.language.language import CODES, N_, language
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Button, Buttons, Heading, Reply, Table, Text, Tone
from handlers.language.words import Words, nearest

_LANGUAGE_NAMES = {"ko": "한국어", "en": "English"}
_LANGUAGE_WORDS = {
    "ko": "ko", "korean": "ko", "한국어": "ko", "한글": "ko",
    "en": "en", "english": "en", "영어": "en", "영문": "en",
}  # fmt: skip


@dataclass(frozen=True)
class ShowHelp:
    topic: str = ""


@dataclass(frozen=True)
class Speak:
    code: str = ""


def read_help(words: Words) -> ShowHelp:
    return ShowHelp(words.take_rest().removeprefix("/"))


def show_help(command: ShowHelp, context: Context) -> Reply:
    say = context.say
    items = [
        item
        for item in context.menu
        if item.name
        and not item.hidden
        and item.is_offered(context.policy)
        and context.person.has(item.roles)
    ]
    if command.topic:
        items = [i for i in items if command.topic.casefold() in (i.name, *i.korean)] or items
    rows = tuple(
        (
            f"/{item.name}",
            " · ".join(item.korean),
            say(item.summary),
            item.example,
        )
        for item in items
    )
    return Reply(
        (
            Heading(say("What I can do for you")),
            Table((say("Command"), say("In Korean"), say("What it does"), say("Example")), rows),
            Text(
                say("A period can be: today, last week, this month, 2026-10, last 90 days."), tone=Tone.HINT
            ),
        )
    )


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

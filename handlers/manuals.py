"""/manual: what to say, do and not do about a reason for staying away."""

from dataclasses import dataclass

from crm_core.errors import Missing, NotUnderstood
from crm_core.policy.policy import Cause, Policy
from crm_core.staff.access import CALLS
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Button, Buttons, Facts, Heading, Reply, Text, Tone
from handlers.language.words import Words, nearest

PER_ROW = 2


@dataclass(frozen=True)
class ShowManual:
    cause: str = ""


def read_manual(words: Words) -> ShowManual:
    """`/manual cost`, `/매뉴얼 비용`: a cause by its word in either language."""
    wanted = words.take_rest()
    return ShowManual(find_cause(words.policy, wanted).slug if wanted else "")


def find_cause(policy: Policy, text: str) -> Cause:
    """The cause somebody means; NotUnderstood names the nearest ones."""
    folded = "".join(text.split()).casefold()
    names = {
        "".join(name.split()).casefold(): cause
        for cause in policy.causes.values()
        for name in (cause.slug, cause.names.ko, cause.names.en)
    }
    if folded in names:
        return names[folded]
    starting = {cause.slug: cause for name, cause in names.items() if folded and folded in name}
    if len(starting) == 1:
        return next(iter(starting.values()))
    near = nearest(folded, names)
    raise NotUnderstood("cause", text, tuple(dict.fromkeys(names[word].names.ko for word in near)))


def manual_blocks(cause: Cause, context: Context) -> tuple[Block, ...]:
    """Say, do next, do not: as much as the clinic has written."""
    code, say = context.language.code, context.say
    pairs = (
        (say("Say"), cause.say.in_language(code)),
        (say("Do next"), cause.do_next.in_language(code)),
        (say("Do not"), cause.do_not.in_language(code)),
    )
    return (Facts(tuple((label, text) for label, text in pairs if text)),)


def show_manual(command: ShowManual, context: Context) -> Reply:
    policy, say = context.policy, context.say
    if not command.cause:
        choices = [
            Button(cause.names.in_language(context.language.code), ShowManual(cause.slug))
            for cause in policy.causes.values()
        ]
        rows = tuple(tuple(choices[n : n + PER_ROW]) for n in range(0, len(choices), PER_ROW))
        return Reply((Heading(say("Manual")), Text(say("What do they say?")), Buttons(rows)))
    if command.cause not in policy.causes:
        raise Missing("cause")
    cause = policy.causes[command.cause]
    return Reply(
        (
            Heading(f"{say('Manual')} · {cause.names.in_language(context.language.code)}"),
            *manual_blocks(cause, context),
            Text(
                say("Never: events, discounts, “you have not come”, “I see in your record”."), tone=Tone.HINT
            ),
        )
    )


ITEMS = (
    MenuItem(
        name="manual",
        code="ma",
        command=ShowManual,
        read=read_manual,
        answer=show_manual,
        summary=N_("What to say when somebody does not want to come"),
        example="/manual 비용",
        korean=("매뉴얼", "멘트"),
        roles=CALLS,
        reads_only=True,
    ),
)

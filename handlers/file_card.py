"""The living card of a file: what fits, how far it is written, what came of it."""

from collections.abc import Iterator

from crm_core.imports.filed.queries import Card
from crm_core.tables.imports import FileState
from handlers import imported
from handlers.complaints import complaint_line, refusal
from handlers.language import figures
from handlers.language.menu_item import Context
from handlers.language.reply import Block, Heading, Text, Tone


def blocks(card: Card, context: Context) -> Iterator[Block]:
    """Everything but the buttons. In a folder's card no cell is repeated: others read it too."""
    file, say = card.file, context.say
    branch = context.policy.branches.get(file.branch)
    name = file.name
    if file.origin is not None and branch is not None:
        place = branch.name_ko if context.language.code == "ko" else branch.name_en
        name = f"{place} · {name}"
    yield Heading(f"📎 {name}")
    match file.state:
        case FileState.WAITING:
            yield Text(say("A large file: I am reading it. What fits stands here in a moment."))
        case FileState.SHOWN:
            yield Text(_fit(card, context))
            yield from _complaints(card, context)
            yield Text(say("Nothing is written yet."), tone=Tone.HINT)
        case FileState.CONFIRMED:
            yield from _progress(card, context)
        case FileState.DONE:
            yield from _done(card, context)


def _progress(card: Card, context: Context) -> Iterator[Block]:
    counts = {"position": f"{card.position:,}", "rows": f"{card.file.rows or 0:,}"}
    yield Text(context.say("Writing: {position} of {rows} rows. You can go on working.", **counts))


def _done(card: Card, context: Context) -> Iterator[Block]:
    file, say = card.file, context.say
    if card.told.refusal is not None:
        yield Text(refusal(context.language, card.told.refusal), tone=Tone.WARNING)
        if file.origin is not None:
            yield Text(say("Nothing of it was written. The file lies in “refused” now."), tone=Tone.HINT)
        return
    if card.told.seen:
        yield Text(say("This very file was imported already: nothing changed."))
    else:
        counts = {"rows": f"{file.rows or 0:,}", "changed": f"{card.told.changed:,}"}
        yield Text(say("{rows} rows read, {changed} new or changed.", **counts))
    yield from _complaints(card, context)
    for name in card.told.staff:
        yield Text(imported.new_staff(context.language, name), tone=Tone.HINT)
    branch = context.policy.branches.get(file.branch)
    if card.facts_until is not None and branch is not None:
        when = figures.staff_moment(card.facts_until, branch, context.language)
        yield Text(say("Facts until {when}", when=when), tone=Tone.HINT)


def _fit(card: Card, context: Context) -> str:
    counts = {"fit": f"{card.file.rows or 0:,}", "not_fit": f"{card.file.refused:,}"}
    return context.say("{fit} rows fit, {not_fit} do not.", **counts)


def _complaints(card: Card, context: Context) -> Iterator[Block]:
    """The first complaints, and where all of them stand."""
    file, told = card.file, card.told
    if not told.total:
        return
    lines = [complaint_line(context.language, file.name, one) for one in told.complaints]
    if file.state is FileState.DONE:
        n = f"{file.refused:,}"
        lines.insert(0, context.say("{n} rows did not fit and were not written:", n=n))
    left = told.total - len(told.complaints)
    if file.origin is not None:
        lines.append(imported.more(context.language, left, f"{file.name}.problems.csv"))
    elif left:
        lines.append(imported.more(context.language, left, None))
    yield Text("\n".join(lines), tone=Tone.WARNING)

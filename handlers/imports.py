"""A file dropped into chat: what of it fits, and the button that writes it."""

from dataclasses import dataclass

from crm_core.errors import NotAllowed, OtherBranch, StaleButton
from crm_core.imports import actions
from crm_core.imports.complaint import FileRefused
from crm_core.imports.guess import guess
from crm_core.imports.stage import Staged, stage
from crm_core.staff import audit
from crm_core.tables.people import Role
from handlers import imported
from handlers.complaints import KOREAN, complaint_line, refusal
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Button, Buttons, Heading, Reply, Style, Text, Tone, Where

IMPORTERS = frozenset({Role.ADMINISTRATOR, Role.DIRECTOR, Role.LEAD})
MOST_ROWS = 2000  # one step must not keep the presses of others waiting
MOST_SHOWN = 10


@dataclass(frozen=True)
class PreviewFile:
    name: str


@dataclass(frozen=True)
class ApplyFile:
    file_id: int


def preview_file(command: PreviewFile, context: Context) -> Reply:
    """Reads and checks the whole file and writes nothing of it."""
    say = context.say
    data = next((content for name, content in context.uploads if name == command.name), None)
    if data is None:
        raise StaleButton
    try:
        found = guess(data, command.name, context.policy)
        if found is None:
            return _told(
                say(
                    "I cannot tell what is in “{name}”. Name it after its kind, e.g. reservations.csv.",
                    name=command.name,
                )
            )
        kind, mapping = found
        branch = _only_branch(context)
        staged = stage(data, kind, context.policy, KOREAN, branch=branch, mapping=mapping)
    except FileRefused as refused:
        return _told(f"{command.name}: {refusal(context.language, refused)}")
    _allowed(staged, context)
    if len(staged.rows) > MOST_ROWS:
        return _told(
            say(
                "“{name}” has {rows} rows; more than {most} are read on Dasi's machine: "
                "python -m bot import {kind} FILE.",
                name=command.name,
                rows=f"{len(staged.rows):,}",
                most=f"{MOST_ROWS:,}",
                kind=kind,
            )
        )
    blocks = _preview(command.name, staged, context)
    if staged.rows:
        kept = actions.keep_file(
            context.db,
            context.person,
            name=command.name,
            kind=kind,
            branch=branch,
            mapping=mapping,
            data=data,
            now=context.now,
        )
        label = say("Import {rows} rows", rows=f"{len(staged.rows):,}")
        blocks.append(Buttons(((Button(label, ApplyFile(kept), Style.PRIMARY),),)))
    return Reply(tuple(blocks))


def _told(text: str) -> Reply:
    return Reply((Text(text, tone=Tone.WARNING),))


def _only_branch(context: Context) -> str | None:
    """The branch of somebody who imports for one only: the file need not say it."""
    own = context.person.branches(IMPORTERS, context.policy)
    return own[0] if len(own) == 1 else None


def _allowed(staged: Staged, context: Context) -> None:
    """Rows of one's own branches only; who works here is for an administrator to say."""
    if staged.kind.name == "staff" and not context.person.has({Role.ADMINISTRATOR}):
        raise NotAllowed((Role.ADMINISTRATOR.value,))
    own = context.person.branches(IMPORTERS, context.policy)
    if any(row.branch and row.branch not in own for row in staged.rows):
        raise OtherBranch


def _preview(name: str, staged: Staged, context: Context) -> list[Block]:
    language = context.language
    blocks: list[Block] = [Heading(f"📎 {imported.fit(language, name, staged)}")]
    complaints = [one for row in staged.refused for one in row.complaints]
    if complaints:
        lines = [complaint_line(language, name, one) for one in complaints[:MOST_SHOWN]]
        if len(complaints) > MOST_SHOWN:
            lines.append(imported.more(language, len(complaints) - MOST_SHOWN, None))
        blocks.append(Text("\n".join(lines), tone=Tone.WARNING))
    notes = list(imported.notes(language, name, staged))
    if notes:
        blocks.append(Text("\n".join(notes), tone=Tone.HINT))
    blocks.append(Text(context.say("Nothing is written yet."), tone=Tone.HINT))
    return blocks


def apply_file(command: ApplyFile, context: Context) -> Reply:
    """Writes what fits, in one step; pressed again it says that the button is old."""
    row, data = actions.take_file(context.db, context.person, command.file_id, context.now)
    try:
        staged = stage(data, row.kind, context.policy, KOREAN, branch=row.branch or None, mapping=row.mapping)
    except FileRefused:
        raise StaleButton from None
    _allowed(staged, context)
    applied = actions.apply_whole(context.db, context.policy, staged, row, context.now)
    if applied is None:
        said = imported.seen_before(context.language, row.name)
    else:
        said = "\n".join(imported.done(context.language, row.name, len(staged.rows), applied))
        audit.record(
            context.db,
            context.person,
            "import",
            context.now,
            branch=row.branch or None,
            what=row.kind,
            count=applied.changed,
        )
    return Reply((Text(said),), where=Where.IN_PLACE)


ITEMS = (
    MenuItem(code="pf", command=PreviewFile, answer=preview_file, roles=IMPORTERS),
    MenuItem(code="af", command=ApplyFile, answer=apply_file, roles=IMPORTERS),
)

"""A file dropped into chat or found in the watched folder: what of it fits, and the buttons that write it."""

from dataclasses import dataclass
from datetime import date

from crm_core.errors import NotAllowed, OtherBranch, StaleButton
from crm_core.imports import actions
from crm_core.imports.complaint import FileRefused
from crm_core.imports.complete.actions import cancel_missing
from crm_core.imports.complete.queries import Missing, NotComplete, days_of, missing
from crm_core.imports.filed import actions as filed
from crm_core.imports.filed.queries import card_of, own_file
from crm_core.imports.guess import guess
from crm_core.imports.stage import Staged, stage
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff import audit
from crm_core.staff.access import Person
from crm_core.tables.imports import FileState, StagedFile
from crm_core.tables.people import Role
from handlers import file_card, imported
from handlers.complaints import KOREAN, complaint_line, refusal
from handlers.facts_until import until_sentence
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Block, Button, Buttons, Heading, Reply, Style, Text, Tone, Where
from handlers.language.words import Words

IMPORTERS = frozenset({Role.ADMINISTRATOR, Role.DIRECTOR, Role.LEAD})
_DAILY = ("reservations", "visits", "treatments")
MOST_ROWS = 2000  # one step must not keep the presses of others waiting
LARGEST_AT_ONCE = 256 * 1024  # bytes: what is read within a press
MOST_SHOWN = 10
FHIR_NAMES = (".ndjson", ".json", ".ndjson.gz", ".json.gz")


@dataclass(frozen=True)
class ShowImport:
    """How a file is given to Dasi, and how far its facts reach."""


@dataclass(frozen=True)
class PreviewFile:
    name: str


@dataclass(frozen=True)
class ShowFile:
    file_id: int


@dataclass(frozen=True)
class ApplyFile:
    file_id: int


@dataclass(frozen=True)
class AskComplete:
    """Suppose the file holds all reservations of its days: what of ours is missing in it?"""

    file_id: int


@dataclass(frozen=True)
class ApplyComplete:
    file_id: int
    first: date
    last: date


def read_import(words: Words) -> ShowImport:
    words.finish("argument", ())
    return ShowImport()


def show_import(_command: ShowImport, context: Context) -> Reply:
    say = context.say
    own = context.person.branches(IMPORTERS, context.policy)
    code = context.language.code
    lines = [
        f"{context.policy.branch(slug).name(code)} · {until_sentence(context, (slug,), _DAILY)}"
        for slug in own
    ]
    return Reply(
        (
            Heading("🗂 " + say("Files of the chart program")),
            Text(
                say(
                    "Drop a file of the chart program into this chat. I show what is in it first and write "
                    "nothing until you press."
                )
            ),
            Text("\n".join(lines)),
            Text(
                say(
                    "CSV or XLSX; the same file again changes nothing. Very large ones: python -m bot import."
                ),
                tone=Tone.HINT,
            ),
        )
    )


def preview_file(command: PreviewFile, context: Context) -> Reply:
    """Reads and checks the whole file and writes nothing of it; a large one is read by whoever works it."""
    say = context.say
    data = next((content for name, content in context.uploads if name == command.name), None)
    if data is None:
        raise StaleButton
    if command.name.casefold().endswith(FHIR_NAMES):
        return _told(say("FHIR files are read on Dasi's machine: python -m bot import fhir FILE."))
    if len(data) > LARGEST_AT_ONCE:
        return _read_later(command.name, data, context)
    try:
        found = guess(data, command.name, context.policy, only_branch(context.person, context.policy))
        if found is None:
            return _told(unknown_kind(context, command.name))
        kind, mapping = found
        branch = only_branch(context.person, context.policy)
        staged = stage(data, kind, context.policy, KOREAN, branch=branch, mapping=mapping)
    except FileRefused as refused:
        return _told(f"{command.name}: {refusal(context.language, refused)}")
    allowed(staged, context.person, context.policy)
    if len(staged.rows) > MOST_ROWS:
        return _read_later(command.name, data, context)
    blocks = _preview(command.name, staged, context)
    if staged.rows:
        kept = _keep(command.name, data, context, kind=kind, mapping=mapping, branch=branch)
        blocks.append(_buttons(kept, len(staged.rows), context, complete=kind == "reservations"))
    return Reply(tuple(blocks))


def _keep(
    name: str,
    data: bytes,
    context: Context,
    *,
    kind: str = "",
    mapping: str | None = None,
    branch: str | None = None,
) -> int:
    return actions.keep_file(
        context.db,
        context.person,
        name=name,
        kind=kind,
        branch=branch,
        mapping=mapping,
        data=data,
        now=context.now,
    )


def _read_later(name: str, data: bytes, context: Context) -> Reply:
    kept = _keep(name, data, context, branch=only_branch(context.person, context.policy))
    filed.read_later(context.db, kept)
    return show_file(ShowFile(kept), context)


def _told(text: str) -> Reply:
    return Reply((Text(text, tone=Tone.WARNING),))


def unknown_kind(context: Context, name: str) -> str:
    """What to do about a file that fits no kind."""
    return context.say(
        "I cannot tell what is in “{name}”. Name it after its kind, e.g. reservations.csv.", name=name
    )


def only_branch(person: Person, policy: Policy) -> str | None:
    """The branch of somebody who imports for one only: the file need not say it."""
    own = person.branches(IMPORTERS, policy)
    return own[0] if len(own) == 1 else None


def allowed(staged: Staged, person: Person, policy: Policy) -> None:
    """Rows of one's own branches only; who works here is for an administrator to say."""
    if staged.kind.name == "staff" and not person.has({Role.ADMINISTRATOR}):
        raise NotAllowed((Role.ADMINISTRATOR.value,))
    own = person.branches(IMPORTERS, policy)
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


def _buttons(file_id: int, rows: int, context: Context, *, complete: bool) -> Buttons:
    label = context.say("Import {rows} rows", rows=f"{rows:,}")
    row = [Button(label, ApplyFile(file_id), Style.PRIMARY)]
    if complete:
        row.append(Button(context.say("This is all of them"), AskComplete(file_id)))
    return Buttons((tuple(row),))


def show_file(command: ShowFile, context: Context) -> Reply:
    """The card of a file as it stands now; of a dropped one only to whoever dropped it."""
    card = card_of(context.db, command.file_id)
    if card is None:
        raise StaleButton
    if card.file.origin is None and card.file.by_staff_id != context.person.staff_id:
        raise StaleButton
    if card.file.origin is not None and card.file.branch not in _own(context):
        raise OtherBranch
    blocks = list(file_card.blocks(card, context))
    if card.file.state is FileState.SHOWN and card.file.rows:
        blocks.append(_buttons(command.file_id, card.file.rows, context, complete=False))
    about = filed.about(command.file_id) if card.file.state is not FileState.DONE else None
    shows = command if about else None
    return Reply(tuple(blocks), about=about, shows=shows)


def _own(context: Context) -> tuple[str, ...]:
    return context.person.branches(IMPORTERS, context.policy)


def apply_file(command: ApplyFile, context: Context) -> Reply:
    """Writes what fits: a small file in this step, a large one is handed on and its card tells how far."""
    known = card_of(context.db, command.file_id)
    if known is not None and known.file.rows is not None:
        filed.confirm(context.db, context.person, command.file_id, context.now)
        shown = show_file(ShowFile(command.file_id), context)
        return Reply(shown.blocks, where=Where.IN_PLACE, about=shown.about, shows=shown.shows)
    row, data = actions.take_file(context.db, context.person, command.file_id, context.now)
    staged = _staged(row, data, context)
    return Reply((Text(_apply(row, staged, context)),), where=Where.IN_PLACE)


def _staged(row: StagedFile, data: bytes, context: Context) -> Staged:
    try:
        staged = stage(data, row.kind, context.policy, KOREAN, branch=row.branch or None, mapping=row.mapping)
    except FileRefused:
        raise StaleButton from None
    allowed(staged, context.person, context.policy)
    return staged


def _apply(row: StagedFile, staged: Staged, context: Context) -> str:
    applied = actions.apply_whole(context.db, context.policy, staged, row, context.now)
    if applied is None:
        return imported.seen_before(context.language, row.name)
    audit.record(
        context.db,
        context.person,
        "import",
        context.now,
        branch=row.branch or None,
        what=row.kind,
        count=applied.changed,
    )
    return "\n".join(imported.done(context.language, row.name, len(staged.rows), applied))


def ask_complete(command: AskComplete, context: Context) -> Reply:
    """Which of our reservations the file does not hold on its days; nothing is written yet."""
    row, data = own_file(context.db, context.person, command.file_id, context.now)
    staged = _staged(row, data, context)
    span = days_of(staged)
    if row.kind != "reservations" or span is None:
        raise StaleButton
    days = Period(*span)
    try:
        found = missing(context.db, context.policy, staged, days, row.branch or None)
    except NotComplete as problem:
        blocks: list[Block] = [Text(imported.not_complete(context.language, problem), tone=Tone.WARNING)]
        blocks.append(_buttons(command.file_id, len(staged.rows), context, complete=False))
        return Reply(tuple(blocks), where=Where.IN_PLACE)
    return Reply(
        (
            Heading(f"📎 {row.name}"),
            Text(_listed(found, days, context)),
            _decide(command, days, found, context),
        ),
        where=Where.IN_PLACE,
    )


def _listed(found: list[Missing], days: Period, context: Context) -> str:
    """How many are missing, and which: the start and the end of the chart number."""
    span = {
        "first": figures.staff_day(days.first, context.language),
        "last": figures.staff_day(days.last, context.language),
    }
    if not found:
        return context.say("{first} – {last}: every reservation of ours is in the file.", **span)
    lines = [
        context.say("{first} – {last}: {n} reservations of ours are not in the file.", n=len(found), **span)
    ]
    for one in found[:MOST_SHOWN]:
        branch = context.policy.branch(one.branch)
        when = figures.staff_moment(one.starts_at, branch, context.language)
        lines.append(context.say("{when} · chart …{end}", when=when, end=(one.chart_no or "–")[-4:]))
    if len(found) > MOST_SHOWN:
        lines.append(imported.more(context.language, len(found) - MOST_SHOWN, None))
    lines.append(context.say("If the file holds all of these days, they are cancelled in the chart."))
    return "\n".join(lines)


def _decide(command: AskComplete, days: Period, found: list[Missing], context: Context) -> Buttons:
    only = Button(context.say("Import, cancel none"), ApplyFile(command.file_id), Style.PRIMARY)
    if not found:
        return Buttons(((only,),))
    label = context.say("Import, cancel {n}", n=len(found))
    whole = ApplyComplete(command.file_id, days.first, days.last)
    return Buttons(((only, Button(label, whole, Style.DANGER)),))


def apply_complete(command: ApplyComplete, context: Context) -> Reply:
    """Writes the file and cancels what it does not hold on its days, in one step."""
    row, data = actions.take_file(context.db, context.person, command.file_id, context.now)
    staged = _staged(row, data, context)
    said = [_apply(row, staged, context)]
    try:
        days = Period(command.first, command.last)
        found = missing(context.db, context.policy, staged, days, row.branch or None)
    except (NotComplete, ValueError):
        raise StaleButton from None
    ids = [one.reservation_id for one in found]
    cancelled = cancel_missing(context.db, context.policy, ids, context.now)
    audit.record(
        context.db,
        context.person,
        "import",
        context.now,
        branch=row.branch or None,
        what="cancelled_by_complete_file",
        count=cancelled,
    )
    said.append(imported.cancelled(context.language, cancelled))
    return Reply((Text("\n".join(said)),), where=Where.IN_PLACE)


ITEMS = (
    MenuItem(
        name="import",
        code="im",
        command=ShowImport,
        read=read_import,
        answer=show_import,
        summary=N_("Give me a file of the chart program"),
        example="/import",
        korean=("가져오기", "자료올리기"),
        roles=IMPORTERS,
        reads_only=True,
    ),
    MenuItem(code="pf", command=PreviewFile, answer=preview_file, roles=IMPORTERS),
    MenuItem(code="fl", command=ShowFile, answer=show_file, roles=IMPORTERS),
    MenuItem(code="af", command=ApplyFile, answer=apply_file, roles=IMPORTERS),
    MenuItem(code="fk", command=AskComplete, answer=ask_complete, roles=IMPORTERS),
    MenuItem(code="fm", command=ApplyComplete, answer=apply_complete, roles=IMPORTERS),
)

"""`ask`: a command typed in the shell, answered as in chat or as JSON."""

import getpass
import json
import sys
from pathlib import Path
from typing import Any
from typing import cast as as_type

from sqlmodel import Session

from bot.opened import CannotOpen, Opened
from bot.terminal import printed
from bot.transaction import reading, step
from crm_core.errors import CrmError
from crm_core.staff.access import Person, person_of, shell_person
from crm_core.staff.queries import active_staff
from crm_core.tables.people import Staff
from handlers import errors
from handlers.language.language import Language, language
from handlers.language.menu_item import Context
from handlers.language.reply import File, Picture, Reply
from handlers.menu import MENU, not_a_command, read_typed


def ask(
    opened: Opened,
    text: str,
    *,
    as_staff: str | None,
    as_json: bool,
    speech: str | None,
    save: Path | None = None,
) -> int:
    """Prints the answer, and puts its files and pictures into the folder `save`; 0, or 1 when the
    command could not be carried out."""
    person = _asker(opened, as_staff)
    spoken = language(speech or person.language or ("en" if as_staff is None else opened.policy.language))
    try:
        now = opened.clock.now()
        today = next(iter(opened.policy.branches.values())).today(now)
        item, command = read_typed(text, today, opened.policy) or not_a_command(text)
        door = reading if item.reads_only else step
        with door(opened.engine) as db:
            context = Context(
                db=db,
                person=person,
                policy=opened.policy,
                now=now,
                language=spoken,
                private=True,
                menu=MENU,
                as_json=as_json,
            )
            reply = item.give(command, context)
    except CrmError as problem:
        print(errors.sentence(problem, spoken, opened.policy, person), file=sys.stderr)
        return 1
    if as_json:
        data = (
            reply.data if reply.data is not None else {"v": 1, "command": item.name, "text": printed(reply)}
        )
        print(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        print(printed(reply))
    if save is not None:
        _save(reply, save, spoken)
    return 0


def _save(reply: Reply, folder: Path, spoken: Language) -> None:
    """The files of an answer by their own names, its pictures by number; readable by nobody else."""
    from handlers.pictures import draw  # matplotlib, only where a picture is wanted

    if not folder.is_dir():
        raise CannotOpen(f"{folder}: there is no such folder")
    pictures = 0
    for block in reply.blocks:
        match block:
            case File(name=name, content=content):
                path = folder / name
            case Picture(chart=chart):
                pictures += 1
                path = folder / f"picture-{pictures}.png"
                content = draw(as_type("Any", chart), spoken)
            case _:
                continue
        path.touch(mode=0o600)
        path.write_bytes(content)
        print(path, file=sys.stderr)


def _asker(opened: Opened, as_staff: str | None) -> Person:
    if as_staff is None:
        return shell_person(getpass.getuser())
    with reading(opened.engine) as db:
        staff = _staff_called(db, as_staff)
        return person_of(db, staff)


def _staff_called(db: Session, text: str) -> Staff:
    """A member of staff by number, name or id; CannotOpen names those there are."""
    everybody = active_staff(db)
    for staff in everybody:
        if text in (staff.number, staff.name, str(staff.id)):
            return staff
    names = ", ".join(staff.name for staff in everybody)
    raise CannotOpen(f'--as "{text}": nobody is called so. There are: {names}')

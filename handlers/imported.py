"""How an import is told at the shell: what fits, what does not, what is not known."""

from collections.abc import Iterator

from crm_core.imports.actions import Applied
from crm_core.imports.stage import Staged
from handlers.complaints import LONGEST_CELL
from handlers.language.language import N_, Language

MOST_PRINTED = 50
_UNKNOWN = {
    "treatment": N_('treatment "{name}" is not in config.yaml: a family of its own, no rule ({rows} rows)'),
    "source": N_('source "{name}" is not in config.yaml: kept as it is ({rows} rows)'),
    "cause": N_('cause "{name}" is not in config.yaml: kept as it is ({rows} rows)'),
    "family": N_('family "{name}" is not in config.yaml: kept as it is ({rows} rows)'),
}


def notes(language: Language, file: str, staged: Staged) -> Iterator[str]:
    """What was read but not used, and names that the policy does not have; once each."""
    if staged.ignored:
        columns = ", ".join(name[:LONGEST_CELL] for name in staged.ignored)
        yield f"{file}: " + language.say("columns not used: {columns}", columns=columns)
    for (what, name), rows in sorted(staged.unknown.items()):
        said = language.say(_UNKNOWN[what], name=name[:LONGEST_CELL], rows=rows)
        yield f"{file}: {said}"


def fit(language: Language, file: str, staged: Staged) -> str:
    """`412 rows fit, 3 do not.`"""
    counts = {"fit": f"{len(staged.rows):,}", "not_fit": f"{len(staged.refused):,}"}
    return f"{file}: " + language.say("{fit} rows fit, {not_fit} do not.", **counts)


def more(language: Language, left: int, written_to: str | None) -> str:
    """Where the complaints stand that were not printed."""
    if written_to is None:
        return language.say("{left} more are not shown.", left=f"{left:,}")
    return language.say("All complaints with their rows are in {file}.", file=written_to)


def dry(language: Language) -> str:
    return language.say("Dry run: nothing was written.")


def seen_before(language: Language, file: str) -> str:
    return f"{file}: " + language.say("this very file was imported already: nothing changed.")


def done(language: Language, file: str, rows: int, applied: Applied) -> Iterator[str]:
    """What was written, and the staff that had to be made for it."""
    counts = {"rows": f"{rows:,}", "changed": f"{applied.changed:,}"}
    yield f"{file}: " + language.say("{rows} rows read, {changed} new or changed.", **counts)
    for name in sorted(applied.new_staff):
        said = language.say(
            'staff "{name}" was not known: noted as inactive, without roles', name=name[:LONGEST_CELL]
        )
        yield f"{file}: {said}"


def no_such_file(language: Language, file: str) -> str:
    return f"{file}: " + language.say("there is no such file, or it cannot be read.")


def wrong_day(language: Language, text: str) -> str:
    return f'--until "{text}": ' + language.say("this is no past day; write 2026-11-25")


def many_files(language: Language, file: str) -> str:
    return f"{file}: " + language.say("the archive holds more than one CSV file. Unpack it first.")


def stopped(language: Language, position: int, rows: int) -> str:
    counts = {"position": f"{position:,}", "rows": f"{rows:,}"}
    return language.say(
        "The database did not answer in time. {position} of {rows} rows are saved;"
        " the same command goes on from there.",
        **counts,
    )

"""How an import is told, at the shell and in chat: what fits, what does not, what is not known."""

from collections import Counter
from collections.abc import Iterator

from crm_core.imports.actions import Applied
from crm_core.imports.complete.queries import Missing, NotComplete, by_branch
from crm_core.imports.fhir.shape import READ_HERE
from crm_core.imports.fhir.stage import RESOURCES, FhirFile
from crm_core.imports.stage import Staged
from crm_core.period import Period
from crm_core.policy.policy import Policy
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
        yield f"{file}: {new_staff(language, name)}"


def new_staff(language: Language, name: str) -> str:
    return language.say(
        'staff "{name}" was not known: noted as inactive, without roles', name=name[:LONGEST_CELL]
    )


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


def profile(language: Language, file: str, name: str) -> str:
    """Which profile of config.yaml the headers fit, when nobody named one."""
    return f"{file}: " + language.say("read as {name} (imports: in config.yaml).", name=name)


def fhir_counts(language: Language, file: str, found: FhirFile) -> Iterator[str]:
    """One line for each resource of the file: how many fit, how many do not."""
    fit_ = {RESOURCES[part.kind.name]: len(part.rows) for part in found.parts}
    said = Counter(found.seen)
    for name in sorted(said, key=lambda one: (one not in READ_HERE, one)):
        counts = {"fit": f"{fit_.get(name, 0):,}", "not_fit": f"{said[name] - fit_.get(name, 0):,}"}
        yield f"{file}: {name[:LONGEST_CELL]}: " + language.say("{fit} fit, {not_fit} do not.", **counts)
    if found.without_phone:
        n = f"{found.without_phone:,}"
        yield f"{file}: " + language.say("{n} patients have no telephone number that can be dialled.", n=n)


def complete_for_reservations(language: Language) -> str:
    return "--complete: " + language.say("only a file of reservations can be complete for some days.")


def wrong_days(language: Language, text: str) -> str:
    return f'--complete "{text}": ' + language.say("these are no two days; write 2026-12-01..2026-12-07")


def missing(language: Language, policy: Policy, found: list[Missing], days: Period) -> Iterator[str]:
    """How many of our reservations the file does not hold, and which, by chart number."""
    span = {"first": days.first.isoformat(), "last": days.last.isoformat()}
    if not found:
        yield language.say("{first} to {last}: every reservation of ours is in the file.", **span)
        return
    for slug, lines in by_branch(found).items():
        branch = policy.branch(slug)
        n = f"{len(lines):,}"
        yield language.say(
            "{branch}, {first} to {last}: {n} reservations of ours are not in the file:",
            branch=branch.name_ko if language.code == "ko" else branch.name_en,
            n=n,
            **span,
        )
        for one in lines[:MOST_PRINTED]:
            yield f"  {branch.local(one.starts_at):%Y-%m-%d %H:%M}  {one.chart_no or '–'}"
        if len(lines) > MOST_PRINTED:
            left = f"{len(lines) - MOST_PRINTED:,}"
            yield "  " + language.say("{left} more are not shown.", left=left)


def add_yes(language: Language) -> str:
    return language.say("None of them was cancelled. Add --yes to cancel them.")


def cancelled(language: Language, n: int) -> str:
    return language.say(
        "{n} reservations cancelled, because the complete file does not hold them.", n=f"{n:,}"
    )


def not_complete(language: Language, problem: NotComplete) -> str:
    """Why nothing is cancelled although the file was called complete."""
    if problem.refused:
        n = f"{problem.refused:,}"
        return language.say(
            "{n} rows could not be read, so the file is not complete: nothing is cancelled.", n=n
        )
    return language.say("The file has no reservation of these days: nothing is cancelled.")


def not_cancelled(language: Language) -> str:
    return language.say("The database did not answer in time. The same command cancels what is left.")

"""Checks of the export profiles under `imports:` against the headers of our own files."""

from collections.abc import Iterable, Mapping

from bot.config.document import Document
from bot.config.explain import nearest
from bot.config.models import ProfileModel
from bot.config.problems import Path
from crm_core.imports.kinds import CALL_KINDS, SEXES, STATUSES
from crm_core.policy.headers import HEADERS
from crm_core.tables.calls import Outcome, ResponseGroup
from crm_core.tables.facts import Decision, InquiryKind
from crm_core.tables.people import PatientStatus

WORDS: Mapping[tuple[str, str], Iterable[str]] = {
    ("patients", "sex"): SEXES,
    ("patients", "status"): tuple(PatientStatus),
    ("inquiries", "kind"): tuple(InquiryKind),
    ("reservations", "status"): STATUSES,
    ("consults", "decision"): tuple(Decision),
    ("calls", "kind"): CALL_KINDS,
    ("calls", "outcome"): tuple(Outcome),
    ("calls", "group"): tuple(ResponseGroup),
}


def check_profiles(document: Document, profiles: Mapping[str, ProfileModel], branches: Iterable[str]) -> None:
    """Notes unknown kinds, headers and branches, and required headers that nothing fills."""
    for name, profile in profiles.items():
        here: Path = ("imports", name)
        if profile.branch is not None and profile.branch not in branches:
            said = f"there is no such branch; {nearest(profile.branch, branches)}"
            document.mistake((*here, "branch"), said)
        if profile.kind not in HEADERS:
            said = f"no kind of file; {nearest(profile.kind, HEADERS)}"
            document.mistake((*here, "kind"), said)
        else:
            _headers(document, here, profile)
            _words(document, here, profile)
        _cells(document, here, profile)


def _headers(document: Document, here: Path, profile: ProfileModel) -> None:
    headers = HEADERS[profile.kind]
    for part, written in (("columns", profile.columns), ("constants", profile.constants)):
        for header in written:
            if header not in headers.all:
                said = f"no header of {profile.kind}; {nearest(header, headers.all)}"
                document.mistake((*here, part, header), said, of_key=True)
    for header in headers.required:
        if header not in profile.columns and header not in profile.constants:
            said = f"{header} is missing, and {profile.kind} need it; write {header}: their header"
            document.mistake((*here, "columns"), said)


def _words(document: Document, here: Path, profile: ProfileModel) -> None:
    """Our words that a mapping may give where only certain ones are read."""
    written: list[tuple[Path, str, str]] = [
        (("values", header, theirs), header, ours)
        for header, known in profile.values.items()
        for theirs, ours in known.items()
    ]
    written += [(("constants", header), header, ours) for header, ours in profile.constants.items()]
    for below, header, ours in written:
        words = WORDS.get((profile.kind, header))
        if words is not None and ours not in words:
            said = f"not a {header} of {profile.kind}; {nearest(ours, words)}"
            document.mistake((*here, *below), said)


def _cells(document: Document, here: Path, profile: ProfileModel) -> None:
    parts = (
        ("transforms", profile.transforms),
        ("formats", profile.formats),
        ("values", profile.values),
    )
    for part, written in parts:
        for header in written:
            if header not in profile.columns:
                said = f"not among its columns; {nearest(header, profile.columns)}"
                document.mistake((*here, part, header), said, of_key=True)
    ours_of: dict[str, str] = {}
    for header, theirs in profile.columns.items():
        first = ours_of.setdefault("".join(theirs.split()).casefold(), header)
        if first != header:
            said = f"their column is already our {first}; delete one of the two"
            document.mistake((*here, "columns", header), said)
    for header in profile.constants:
        if header in profile.columns:
            said = "also among its columns; delete one of the two"
            document.mistake((*here, "constants", header), said)
    for header, pattern in profile.formats.items():
        if "%" not in pattern:
            said = 'no form of a time (strptime); write "%Y-%m-%d %H:%M"'
            document.mistake((*here, "formats", header), said)

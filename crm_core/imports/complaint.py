"""What is wrong with a cell, a row or a whole file: facts; `handlers/complaints.py` says them."""

from dataclasses import dataclass
from enum import StrEnum

from crm_core.errors import CrmError


class Problem(StrEnum):
    MISSING = "missing"
    NO_DATE = "no_date"
    NO_MONTH = "no_month"
    NO_DAY = "no_day"
    NO_HOUR = "no_hour"
    NO_MINUTE = "no_minute"
    FAR_YEAR = "far_year"
    NO_AMOUNT = "no_amount"
    NEGATIVE = "negative"
    NOT_WHOLE = "not_whole"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"
    NO_PHONE = "no_phone"
    NOT_ONE_OF = "not_one_of"
    NO_LANGUAGE = "no_language"
    TOO_LONG = "too_long"
    CONTROL = "control"
    NO_BRANCH = "no_branch"
    TOO_MANY_CELLS = "too_many_cells"
    NO_CONVERSATION = "no_conversation"
    NO_PERSON = "no_person"
    SAME_AS = "same_as"
    NO_JSON = "no_json"
    OTHER_RESOURCE = "other_resource"
    OTHER_VERSION = "other_version"
    NOT_UNDERSTOOD = "not_understood"
    NOTHING_HAPPENED = "nothing_happened"
    NO_SUCH_PATIENT = "no_such_patient"


@dataclass(frozen=True)
class Complaint:
    """`value` is the cell as it was, None where it is private or where the row is meant as a whole.

    `detail` fills the sentence's place (a month, a line, the words that are known); `example` is
    something that would be right, "" where there is none.
    """

    line: int
    column: str
    value: str | None
    problem: Problem
    example: str
    detail: str = ""


class RefusedFor(StrEnum):
    EMPTY = "empty"
    NOT_TEXT = "not_text"
    LOCKED = "locked"
    DAMAGED = "damaged"
    BROKEN = "broken"
    MISSING_COLUMN = "missing_column"
    TWICE = "twice"
    NO_KIND = "no_kind"
    NO_MAPPING = "no_mapping"
    OTHER_KIND = "other_kind"
    WHICH_BRANCH = "which_branch"
    NO_BRANCH = "no_branch"
    NOT_FHIR = "not_fhir"
    OTHER_BUNDLE = "other_bundle"
    UNKNOWN_KIND = "unknown_kind"
    NOT_YOURS = "not_yours"
    MANY_FILES = "many_files"
    UNREADABLE = "unreadable"


@dataclass(unsafe_hash=True)
class FileRefused(CrmError):
    """Nothing of the file can be used. `what` fills the sentence, `found` is what there is instead."""

    why: RefusedFor
    what: str = ""
    found: tuple[str, ...] = ()
    line: int = 0

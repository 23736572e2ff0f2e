"""What is wrong with a file, in one sentence each; and the words of Korean exports for ours."""

from collections.abc import Mapping

from crm_core.imports.complaint import Complaint, FileRefused, Problem, RefusedFor
from crm_core.imports.fields import Words
from handlers.language.language import N_, Language

LONGEST_CELL = 60

_PROBLEMS: Mapping[Problem, str] = {
    Problem.MISSING: N_("this cell is empty, and {detail} need it"),
    Problem.NO_DATE: N_("this is no date"),
    Problem.NO_MONTH: N_("there is no month {detail}"),
    Problem.NO_DAY: N_("there is no day {detail}"),
    Problem.NO_HOUR: N_("there is no hour {detail}"),
    Problem.NO_MINUTE: N_("there is no minute {detail}"),
    Problem.FAR_YEAR: N_("the year {detail} is too far away"),
    Problem.NO_AMOUNT: N_("this is no amount"),
    Problem.NEGATIVE: N_("an amount is never below zero, and what was paid back stands in refund"),
    Problem.NOT_WHOLE: N_("this is no whole number"),
    Problem.TOO_LARGE: N_("this is too large"),
    Problem.TOO_SMALL: N_("this is less than {detail}"),
    Problem.NO_PHONE: N_("this is no telephone number"),
    Problem.NOT_ONE_OF: N_("this word is not known here (known: {detail})"),
    Problem.NO_LANGUAGE: N_("this is no language code"),
    Problem.TOO_LONG: N_("this is longer than {detail} letters"),
    Problem.CONTROL: N_("there is a character in it that cannot be stored"),
    Problem.NO_BRANCH: N_("there is no such branch (there are: {detail})"),
    Problem.TOO_MANY_CELLS: N_("the row has more cells than the header, maybe a comma without quotes"),
    Problem.NO_CONVERSATION: N_("a response group needs a connected call"),
    Problem.NO_PERSON: N_("this row needs a chart number, or a name and a phone"),
    Problem.SAME_AS: N_(
        "this row and line {detail} are one person, moment and treatment but differ: give each a number"
    ),
    Problem.NO_JSON: N_("this line is no JSON object"),
    Problem.OTHER_RESOURCE: N_("this resource is not read here (read are: {detail})"),
    Problem.OTHER_VERSION: N_("FHIR R4 does not write it like this: the file is of another version"),
    Problem.NOT_UNDERSTOOD: N_("this changes what the resource means, and it is not understood here"),
    Problem.NOTHING_HAPPENED: N_("with this status nothing has happened that would be kept"),
    Problem.NO_SUCH_PATIENT: N_(
        "this person is neither in the file nor in the clinic: import the Patient file first"
    ),
}

_REFUSALS: Mapping[RefusedFor, str] = {
    RefusedFor.EMPTY: N_("the file is empty. The first line names the columns."),
    RefusedFor.NOT_TEXT: N_(
        "line {line} is neither UTF-8 nor CP949. Save the file as CSV (UTF-8) and try again."
    ),
    RefusedFor.LOCKED: N_("this workbook is locked with a password. Save it without one and try again."),
    RefusedFor.DAMAGED: N_("this workbook cannot be opened. Open it in Excel, save it anew and try again."),
    RefusedFor.BROKEN: N_("the file breaks off near line {line}: a quotation mark may be left open there."),
    RefusedFor.MISSING_COLUMN: N_('the column "{what}" is missing. Columns found: {found}.'),
    RefusedFor.TWICE: N_('the column "{what}" is there twice. Columns found: {found}.'),
    RefusedFor.NO_KIND: N_('there is no kind of file "{what}". There are: {found}.'),
    RefusedFor.NO_MAPPING: N_('there is no mapping "{what}" in config.yaml. There are: {found}.'),
    RefusedFor.OTHER_KIND: N_('the mapping "{what}" reads {found}.'),
    RefusedFor.WHICH_BRANCH: N_("which branch? Add --branch with one of: {found}."),
    RefusedFor.NO_BRANCH: N_('there is no branch "{what}". There are: {found}.'),
    RefusedFor.NOT_FHIR: N_("this is no FHIR file: line {line} is no resource in JSON."),
    RefusedFor.UNKNOWN_KIND: N_(
        "I cannot tell what is in “{what}”. Name it after its kind, e.g. reservations.csv."
    ),
    RefusedFor.NOT_YOURS: N_("there are rows of another branch in it, or it is a staff file."),
    RefusedFor.MANY_FILES: N_("the archive holds more than one file. Unpack it first."),
    RefusedFor.UNREADABLE: N_("the file cannot be read: it may be damaged, or too large."),
    RefusedFor.OTHER_BUNDLE: N_('a Bundle of type "{what}" is not read. Read are: {found}.'),
}

KOREAN: Words = {
    "clock": {
        "월요일": " ",
        "화요일": " ",
        "수요일": " ",
        "목요일": " ",
        "금요일": " ",
        "토요일": " ",
        "일요일": " ",
        "오전": " am ",
        "오후": " pm ",
        "년": "-",
        "월": "-",
        "일": " ",
        "시": ":",
        "분": " ",
    },
    "amount": {"억": "e8", "만": "e4", "천": "e3", "백": "e2"},
    "count": {"회차": "", "회": ""},
    "sex": {
        "여": "female",
        "여자": "female",
        "여성": "female",
        "f": "female",
        "w": "female",
        "남": "male",
        "남자": "male",
        "남성": "male",
        "m": "male",
        "기타": "other",
    },
    "language": {
        "한국어": "ko",
        "영어": "en",
        "중국어": "zh",
        "일본어": "ja",
        "베트남어": "vi",
        "태국어": "th",
        "러시아어": "ru",
        "몽골어": "mn",
        "korean": "ko",
        "english": "en",
        "chinese": "zh",
        "japanese": "ja",
    },
    "patients.status": {
        "정상": "active",
        "활성": "active",
        "일시중지": "paused",
        "임신": "paused",
        "해외": "abroad",
        "지점이동": "moved_branch",
        "전원": "moved_branch",
        "휴면": "inactive",
        "비활성": "inactive",
        "사망": "deceased",
    },
    "inquiries.kind": {
        "시술": "treatment",
        "시술문의": "treatment",
        "상담": "treatment",
        "상담문의": "treatment",
        "가격": "price",
        "가격문의": "price",
        "비용": "price",
        "비용문의": "price",
        "변경": "change",
        "예약변경": "change",
        "시술후문의": "aftercare",
        "불만": "complaint",
        "컴플레인": "complaint",
        "경과": "check",
        "경과확인": "check",
        "리터치": "retouch",
        "서류": "certificate",
        "진단서": "certificate",
        "확인서": "certificate",
        "스팸": "spam",
    },
    "reservations.status": {
        "신청": "requested",
        "예약신청": "requested",
        "접수대기": "requested",
        "예약": "booked",
        "예약완료": "booked",
        "예약확정": "booked",
        "내원": "arrived",
        "도착": "arrived",
        "접수": "arrived",
        "완료": "completed",
        "시술완료": "completed",
        "진료완료": "completed",
        "수납완료": "completed",
        "이동": "moved",
        "변경": "moved",
        "예약변경": "moved",
        "취소": "cancelled",
        "예약취소": "cancelled",
        "canceled": "cancelled",
        "사전취소": "cancelled_early",
        "당일취소": "cancelled_late",
        "노쇼": "no_show",
        "부도": "no_show",
        "예약부도": "no_show",
        "미내원": "no_show",
        "병원취소": "cancelled_by_clinic",
        "귀가": "left",
        "안내": "informed",
        "안내완료": "informed",
        "내원확인": "confirmed",
        "변경요청": "change_asked",
        "취소요청": "cancel_asked",
    },
    "decision": {
        "예": "yes",
        "동의": "yes",
        "전체동의": "yes",
        "y": "yes",
        "일부": "part",
        "일부동의": "part",
        "부분동의": "part",
        "아니오": "no",
        "아니요": "no",
        "미동의": "no",
        "거절": "no",
        "n": "no",
        "보류": "pending",
        "고민": "pending",
        "부적합": "not_suitable",
        "시술불가": "not_suitable",
    },
    "covered": {
        "급여": "yes",
        "예": "yes",
        "y": "yes",
        "o": "yes",
        "true": "yes",
        "1": "yes",
        "비급여": "no",
        "아니오": "no",
        "아니요": "no",
        "n": "no",
        "x": "no",
        "false": "no",
        "0": "no",
    },
    "calls.kind": {
        "리콜": "recall",
        "재내원": "recall",
        "확인": "confirmation",
        "예약확인": "confirmation",
        "내원확인": "confirmation",
        "노쇼": "no_show",
        "해피콜": "happy",
    },
    "outcome": {
        "연결": "connected",
        "통화": "connected",
        "통화완료": "connected",
        "부재": "no_answer",
        "부재중": "no_answer",
        "통화중": "busy",
        "결번": "wrong_number",
        "번호오류": "wrong_number",
        "번호문제": "wrong_number",
        "다시전화": "call_later",
        "나중에": "call_later",
        "재통화": "call_later",
        "치료종결": "treatment_complete",
        "종결": "treatment_complete",
    },
    "group": {
        "적극적긍정": "positive_affirmation",
        "적극긍정": "positive_affirmation",
        "소극적긍정": "negative_affirmation",
        "소극긍정": "negative_affirmation",
        "소극적부정": "negative_denial",
        "소극부정": "negative_denial",
        "적극적부정": "positive_denial",
        "적극부정": "positive_denial",
    },
}
"""Words that Korean chart programs write, by column → ours (`clock`: inside a date)."""


def complaint_line(language: Language, file: str, complaint: Complaint) -> str:
    """`reservations.csv:1703: starts_at "2026-13-01": there is no month 13; write 2026-12-01 14:00`."""
    problem = language.say(_PROBLEMS[complaint.problem], detail=complaint.detail)
    if complaint.example:
        problem = language.say("{problem}; write {example}", problem=problem, example=complaint.example)
    where = complaint.column
    if complaint.value is not None:
        where += f' "{_shown(complaint.value)}"'
    return f"{file}:{complaint.line}: {where + ': ' if where else ''}{problem}"


def _shown(value: str) -> str:
    """A cell on one line, no longer than a person reads."""
    value = "".join(c if c.isprintable() else " " for c in value)
    value = " ".join(value.split())
    return value if len(value) <= LONGEST_CELL else value[:LONGEST_CELL] + "…"


def refusal(language: Language, refused: FileRefused) -> str:
    """Why nothing of a file can be used, and what to do."""
    found = ", ".join(_shown(word) for word in refused.found) or "–"
    return language.say(_REFUSALS[refused.why], what=_shown(refused.what), found=found, line=refused.line)

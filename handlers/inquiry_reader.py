"""Reads `/inquiry 김지영 010-1234-5678 카카오톡 보톡스`: the words come in any order."""

import re
from collections.abc import Iterable

from rapidfuzz import fuzz

from crm_core.errors import NotUnderstood
from crm_core.phone import read_phone
from crm_core.policy.policy import Policy
from crm_core.tables.facts import InquiryKind
from handlers.branches import take_branch
from handlers.inquiry_commands import ShowInquiries, TakeInquiry
from handlers.language.words import Words, nearest

LEAST_LETTERS = 3  # a shorter word of ours stands in many a name: 지인 in 김지인
LIKE, LIKE_LATIN = 66, 80  # of 100: one of three syllables is wrong, one letter of five
_PHONE = re.compile(r"^\+?[\d().-]+$")
_LEAST_DIGITS = 8
_MINE = ("me", "mine", "나", "내가", "제가")
_KINDS: dict[InquiryKind, tuple[str, ...]] = {
    InquiryKind.TREATMENT: ("시술", "상담"),
    InquiryKind.PRICE: ("가격", "비용"),
    InquiryKind.CHANGE: ("변경", "예약변경"),
    InquiryKind.AFTERCARE: ("사후", "시술후"),
    InquiryKind.COMPLAINT: ("불만", "컴플레인"),
    InquiryKind.CHECK: ("경과", "경과확인"),
    InquiryKind.RETOUCH: ("리터치",),
    InquiryKind.CERTIFICATE: ("서류", "진단서", "증명서"),
    InquiryKind.SPAM: ("스팸",),
}


def read_inquiry(words: Words) -> ShowInquiries | TakeInquiry:
    """Without words the list, also of a named branch; else an inquiry.

    NotUnderstood for a number that is none, and for a word that is nearly a source or a treatment.
    """
    branch = take_branch(words)
    if not words.left:
        return ShowInquiries(branch)
    policy = words.policy
    phone = _take_phone(words, policy.country)
    source = words.take_run(lambda text: _known(policy.source_slug(text), policy.sources))
    treatment = words.take_run(lambda text: treatment_named(policy, text))
    kind = words.take_run(_kind)
    mine = words.take_run(lambda text: text if text.casefold() in _MINE else None)
    who, note = _who_and_rest(words, policy)
    return TakeInquiry(
        branch,
        who,
        phone,
        source or "",
        treatment or "",
        InquiryKind(kind) if kind else None,
        note,
        mine is not None,
    )


def treatment_named(policy: Policy, text: str) -> str | None:
    """The slug of a treatment, else of a family, by slug, name or alias; None when it is neither."""
    slug = policy.treatment_slug(text)
    if slug in policy.treatments:
        return slug
    for family, known in policy.families.items():
        if _folded(text) in map(_folded, (family, known.names.ko, known.names.en)):
            return family
    return None


def source_named(policy: Policy, text: str) -> str:
    """The slug of a source; NotUnderstood("source") with the nearest ones."""
    slug = policy.source_slug(text)
    if slug not in policy.sources:
        raise NotUnderstood("source", text, nearest(text, _names(policy)))
    return slug


def phone_named(text: str, country: str) -> str:
    """The number in E.164; NotUnderstood("phone")."""
    phone = read_phone(text, country)
    if phone is None:
        raise NotUnderstood("phone", text[:20])
    return phone


def has_digit(text: str) -> bool:
    """A name has none; a chart number has."""
    return any(letter.isdigit() for letter in text)


def _take_phone(words: Words, country: str) -> str:
    """A number in one word or in several (010 1234 5678)."""

    def number(text: str) -> str | None:
        parts = text.split()
        if not all(_PHONE.match(part) for part in parts):
            return None
        digits = sum(letter.isdigit() for letter in text)
        split = len(parts) > 1 or any(mark in text for mark in "-.+") or text.startswith("0")
        if digits < _LEAST_DIGITS or not split:
            return None
        phone_named(text, country)
        return text

    return words.take_run(number) or ""


def _kind(text: str) -> str | None:
    word = _folded(text).removesuffix("문의")
    for kind, names in _KINDS.items():
        if word in (kind.value, *names):
            return kind.value
    return None


def _who_and_rest(words: Words, policy: Policy) -> tuple[str, str]:
    """A chart number, else the name (several words where it is written in Latin letters), and the rest."""
    left = words.left
    for word in left:
        _nearly(word, policy)
    charts = [word for word in left if has_digit(word)]
    if charts:
        left.remove(charts[0])
        return charts[0].removeprefix("#"), ""
    names = 0
    while names < len(left) and (names == 0 or (left[0].isascii() and left[names].isascii())):
        names += 1
    who = " ".join(left[:names]).removesuffix("님")
    return who, " ".join(left[names:])


def _nearly(word: str, policy: Policy) -> None:
    """A slip of the finger is asked back, not kept as a name or a note."""
    if has_digit(word) or len(word) < LEAST_LETTERS:
        return
    least = LIKE_LATIN if word.isascii() else LIKE
    for what, names in (("source", _names(policy)), ("treatment", _treatments(policy))):
        long = [name for name in names if len(name) >= LEAST_LETTERS]
        near = [name for name in long if fuzz.ratio(_folded(word), _folded(name)) >= least]
        if near:
            raise NotUnderstood(what, word, nearest(word, near) or tuple(near[:LEAST_LETTERS]))


def _names(policy: Policy) -> list[str]:
    return [
        name
        for source in policy.sources.values()
        for name in (source.names.ko, source.names.en, *source.aliases)
    ]


def _treatments(policy: Policy) -> list[str]:
    return [name for one in policy.treatments.values() for name in (one.names.ko, one.names.en, *one.aliases)]


def _known(slug: str, known: Iterable[str]) -> str | None:
    return slug if slug in known else None


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()

"""What a patient's day is called, and amounts as people type them."""

import re
import unicodedata

from crm_core.errors import NotUnderstood
from crm_core.tables.facts import Decision
from handlers.language.language import N_
from handlers.language.words import Words

DECISION_NAMES = {
    Decision.YES: N_("Agreed"),
    Decision.PART: N_("Agreed in part"),
    Decision.PENDING: N_("Undecided"),
    Decision.NO: N_("Declined"),
    Decision.NOT_SUITABLE: N_("Not suitable (doctor's decision)"),
}
LARGEST = 2_000_000_000  # what a column of a database holds
ARRIVED, CONSULTED, TREATED = "arrived", "consulted", "treated"
_STEPS = {
    ARRIVED: ("arrived", "내원", "도착"),
    CONSULTED: ("consulted", "상담"),
    TREATED: ("treated", "시술"),
    Decision.YES.value: ("agreed", "yes", "동의"),
    Decision.PART.value: ("part", "일부", "일부동의"),
    Decision.NO.value: ("declined", "no", "미동의"),
    Decision.NOT_SUITABLE.value: ("unsuitable", "불가", "시술불가"),
}
_STEP_WORDS = {word: step for step, words in _STEPS.items() for word in words}
_AMOUNT = re.compile(r"^(?:(\d+)만)?(?:(\d)천)?(\d+)?$")
_MAN, _CHEON = 10_000, 1_000


def read_amount(text: str) -> int | None:
    """1,250,000 · 125만 · 30만 5천원 · ₩300,000 in whole won; None when empty; NotUnderstood("amount")."""
    bare = "".join(unicodedata.normalize("NFKC", text).split()).replace(",", "")
    bare = bare.removeprefix("₩").removesuffix("원")
    if not bare:
        return None
    match = _AMOUNT.match(bare)
    if match is None:
        raise NotUnderstood("amount", text)
    man, cheon, rest = (int(part or 0) for part in match.groups())
    amount = man * _MAN + cheon * _CHEON + rest
    if amount > LARGEST:
        raise NotUnderstood("amount", text)
    return amount


def take_step(words: Words) -> tuple[str, str]:
    """The step that stands behind the patient, with its amount: `김지영 동의 30만`; or before: `도착 0432`;
    "" where none does."""
    left = words.left
    for place in range(len(left) - 1, 0, -1):
        step = _STEP_WORDS.get(left[place].casefold())
        if step is None:
            continue
        amount = read_amount(" ".join(left[place + 1 :]))
        del left[place:]
        return step, "" if amount is None else str(amount)
    step = _STEP_WORDS.get(left[0].casefold()) if len(left) > 1 else None
    if step is None:
        return "", ""
    del left[0]
    return step, ""

"""What a patient's day is called, and amounts as people type them."""

import re
import unicodedata

from crm_core.errors import NotUnderstood
from crm_core.tables.facts import Decision
from handlers.language.language import N_

DECISION_NAMES = {
    Decision.YES: N_("Agreed"),
    Decision.PART: N_("Agreed in part"),
    Decision.PENDING: N_("Undecided"),
    Decision.NO: N_("Declined"),
    Decision.NOT_SUITABLE: N_("Not suitable (doctor's decision)"),
}
LARGEST = 2_000_000_000  # what a column of a database holds
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

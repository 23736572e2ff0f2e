"""Which row of the chart is the one that was written in chat. Pure.

The same patient and local day; then the nearest time for a reservation, the same treatment or family for
a consult or treatment, the same amount for a payment. Each row is matched once, the surest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crm_core.policy.policy import Policy

Key = tuple[str, str]  # (book, number)


@dataclass(frozen=True)
class Written:
    """A row that was written in chat and that the chart has not named yet."""

    row_id: int
    number: str
    patient_id: int
    on: date
    at: datetime
    treatment: str | None = None
    amount: int | None = None
    treatment_no: str | None = None
    is_live: bool = True


def pairs(
    policy: Policy, stem: str, written: Sequence[Written], coming: Mapping[Key, Mapping[str, Any]]
) -> dict[int, Key]:
    """The chart's row of each row written in chat, by the latter's id."""
    ranked = []
    for one in written:
        for key, values in coming.items():
            rank = _rank(policy, stem, one, values)
            if rank is not None:
                ranked.append((rank, one.row_id, key))
    found: dict[int, Key] = {}
    for _, row_id, key in sorted(ranked, key=lambda each: (*each[0], each[1], each[2])):
        if row_id not in found and key not in found.values():
            found[row_id] = key
    return found


def superseded(
    written: Sequence[Written], matched: Mapping[int, Key], coming: Mapping[Key, Mapping[str, Any]]
) -> set[int]:
    """Payments written in chat that one payment of the chart is the sum of: they go, but for the one it
    has taken the place of."""
    gone: set[int] = set()
    for row_id, key in matched.items():
        one = next(each for each in written if each.row_id == row_id)
        together = [each for each in written if (each.patient_id, each.on) == (one.patient_id, one.on)]
        if len(together) > 1 and sum(each.amount or 0 for each in together) == coming[key].get("amount"):
            gone |= {each.row_id for each in together if each.row_id != row_id}
    return gone


def _rank(policy: Policy, stem: str, one: Written, values: Mapping[str, Any]) -> tuple[int, float] | None:
    """How sure it is, the smaller the surer; None where it is another row."""
    if values["patient_id"] != one.patient_id or values[f"{stem}_on"] != one.on:
        return None
    apart = abs((values[f"{stem}_at"] - one.at).total_seconds())
    if "amount" in values and "treatment_no" in values:
        return _rank_payment(one, values)
    if stem == "starts":
        return int(not one.is_live), apart
    if "treatment" in values:
        return _rank_treatment(policy, one, values["treatment"], apart)
    return 0, apart


def _rank_payment(one: Written, values: Mapping[str, Any]) -> tuple[int, float]:
    names = values["treatment_no"]
    if names is not None and names == one.treatment_no:
        return 0, 0
    return (1 if values["amount"] == one.amount else 2), 0


def _rank_treatment(
    policy: Policy, one: Written, treatment: str | None, apart: float
) -> tuple[int, float] | None:
    if one.treatment == treatment:
        return 0, apart
    if one.treatment is None or treatment is None:
        return 2, apart
    return (1, apart) if policy.family_of(one.treatment) == policy.family_of(treatment) else None

"""The clinic's own share of returns, as the order of ⑦ uses it; counted by `actions.keep_shares`."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.churn.reasons import Band, Chance, Reaction
from crm_core.kpi.kpi import Share
from crm_core.policy.policy import Policy
from crm_core.tables.calls import ReturnShare

ALL = ""
NO_REACTION = "none"


@dataclass(frozen=True)
class Shares:
    """(family, band, reaction) → returned of cases; "" counts them all."""

    counted: Mapping[tuple[str, str, str], Share]
    minimum: int

    def chance(self, family: str, band: Band, reaction: Reaction | None) -> Chance | None:
        """The share of family, band and last reaction; below the minimum the family's, else the clinic's.

        None only where the clinic has no case at all.
        """
        word = reaction_word(reaction)
        for key, of, enough in (
            ((family, band.value, word), "reaction", self.minimum),
            ((family, ALL, ALL), "family", self.minimum),
            ((ALL, ALL, ALL), "clinic", 1),
        ):
            share = self.counted.get(key)
            if share is not None and share.denominator >= enough and share.value is not None:
                return Chance(share.value, share.denominator, of)
        return None


def reaction_word(reaction: Reaction | None) -> str:
    """The response group of the last conversation, or that there was none."""
    return reaction.group.value if reaction and reaction.group else NO_REACTION


def shares(db: Session, policy: Policy) -> Shares:
    """The shares as last counted; a few dozen rows whatever the clinic's size."""
    rows = db.execute(
        select(
            col(ReturnShare.family),
            col(ReturnShare.band),
            col(ReturnShare.reaction),
            col(ReturnShare.cases),
            col(ReturnShare.returned),
        )
    )
    counted = {(row[0], row[1], row[2]): Share(row[4], row[3]) for row in rows}
    return Shares(counted, policy.calls.minimum_cases)

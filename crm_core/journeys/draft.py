"""A journey while it is folded."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from crm_core.tables.facts import Decision
from crm_core.tables.journey import STAGES, Stage

AGREED = (Decision.YES, Decision.PART)
REFUSED = (Decision.NO, Decision.NOT_SUITABLE)
STOPPED_BY_DOCTOR = "stopped_by_doctor"


class Held(NamedTuple):
    """A consult of a journey with the answer known so far."""

    key: str
    at: datetime
    staff_id: int | None
    decision: Decision
    proposed_amount: int | None
    agreed_amount: int | None = None
    treatment: str | None = None

    @property
    def agreed(self) -> int | None:
        """The amount agreed to; None where nobody can say."""
        if self.decision not in AGREED:
            return 0
        if self.agreed_amount is None and self.decision is Decision.YES:
            return self.proposed_amount
        return self.agreed_amount


class Evidence(NamedTuple):
    """What may mean agreement: a yes, or a payment (`numbered` when it names what it is for)."""

    at: datetime
    on: date
    staff_id: int | None = None
    yes: bool = False
    numbered: bool = False


@dataclass
class Draft:
    """What is known of a journey so far. Fields hold only immutable values, so a copy is shallow."""

    branch: str
    entry: Stage
    is_new: bool
    first_at: datetime
    first_on: date
    last_at: datetime
    source: str | None = None
    inquiry_at: datetime | None = None
    asked_at: datetime | None = None  # the last inquiry
    reservation_at: datetime | None = None
    reserved_until: datetime | None = None
    visit_at: datetime | None = None
    visit_passed_at: datetime | None = None  # by a visit, or by what implies one
    consult_at: datetime | None = None
    consult_on: date | None = None
    agreement_at: datetime | None = None
    agreed_same_day: bool = False
    treatment_at: datetime | None = None
    treatment_on: date | None = None
    by_clinic_at: datetime | None = None
    unsuitable_at: datetime | None = None
    declined_at: datetime | None = None
    closed_at: datetime | None = None
    closed_why: str | None = None
    last_treatment_on: date | None = None
    return_due_on: date | None = None
    came_for: frozenset[str] = frozenset()
    decided_for: frozenset[str] = frozenset()
    payers: frozenset[str] = frozenset()
    staff: tuple[int | None, ...] = (None,) * len(STAGES)
    bookings: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    courses: tuple[str, ...] = ()

    def copy(self) -> "Draft":
        twin = object.__new__(Draft)
        twin.__dict__.update(self.__dict__)
        return twin

    @property
    def families(self) -> frozenset[str]:
        return self.came_for | self.decided_for

    @property
    def payer(self) -> str | None:
        """Who pays: the insurance, the patient, both; None where nothing says."""
        return "both" if len(self.payers) > 1 else next(iter(self.payers), None)

    def name_payer(self, covered: bool | None) -> None:
        if covered is not None:
            self.payers |= {"covered" if covered else "non_covered"}

    @property
    def amounts(self) -> tuple[int | None, int | None]:
        """(proposed, agreed) over the plans whose amounts are known; a plan is a treatment proposed, by its
        last version, and whoever agrees without a number agrees to the whole of it."""
        plans = {held.treatment: held for held in sorted(self.held, key=lambda held: (held.at, held.key))}
        known = [
            (held.proposed_amount, agreed)
            for held in plans.values()
            if held.proposed_amount is not None
            and held.decision is not Decision.NOT_SUITABLE
            and (agreed := held.agreed) is not None
        ]
        if not known:
            return None, None
        return sum(proposed for proposed, _ in known), sum(agreed for _, agreed in known)

    @property
    def reservation_passed_at(self) -> datetime | None:
        if self.reservation_at is None or self.visit_passed_at is None:
            return self.reservation_at or self.visit_passed_at
        return min(self.reservation_at, self.visit_passed_at)

    @property
    def stopped_at(self) -> datetime | None:
        return self.closed_at if self.closed_why == STOPPED_BY_DOCTOR else None

    @property
    def is_declined(self) -> bool:
        return bool(self.held) and all(held.decision in REFUSED for held in self.held)

    def name_staff(self, stage: Stage, staff_id: int | None) -> None:
        place = STAGES.index(stage)
        self.staff = (*self.staff[:place], staff_id, *self.staff[place + 1 :])

    def settle_consults(self, at: datetime) -> None:
        """What the consults and payments known at `at` mean together (reading 5)."""
        refused = any(held.decision in REFUSED for held in self.held)
        found = [e for e in self.evidence if self._agrees(e, refused)]
        if self.consult_at is None:
            found = []
        best = min(found, key=lambda e: (self._agreed_at(e), not e.yes), default=None)
        if found:
            self.last_at = max(self.last_at, *(self._agreed_at(one) for one in found))
        if best is None:
            self.agreement_at, self.agreed_same_day = None, False
        else:
            self.agreement_at = self._agreed_at(best)
            self.agreed_same_day = best.on == self.consult_on
            self.name_staff(Stage.AGREEMENT, best.staff_id)
        declined = self.is_declined
        self.declined_at = (self.declined_at or at) if declined else None
        unsuitable = (
            best is None
            and bool(self.held)
            and max(self.held, key=lambda held: (held.at, held.key)).decision is Decision.NOT_SUITABLE
        )
        self.unsuitable_at = (self.unsuitable_at or at) if unsuitable else None

    def _agrees(self, evidence: Evidence, refused: bool) -> bool:
        if evidence.yes:
            return True
        if self.consult_on is None or evidence.on < self.consult_on:
            return False
        return evidence.numbered or not refused

    def _agreed_at(self, evidence: Evidence) -> datetime:
        return max(evidence.at, self.consult_at or evidence.at)

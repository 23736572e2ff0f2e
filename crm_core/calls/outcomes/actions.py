"""Logs a call and what follows from it; undo and correction take it back with all it caused."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.calls.actions import card_now, card_of, is_taken, open_card, staff_name, workable
from crm_core.calls.standing.actions import (
    find_phones,
    keep_promises,
    possible_day,
    refuse,
    withdraw_refusals,
)
from crm_core.calls.today import section_now
from crm_core.churn.eligibility import judge
from crm_core.churn.reasons import Eligibility
from crm_core.errors import (
    AlreadyLogged,
    ClaimedByOther,
    DateNotPossible,
    DenialNeedsConfirmation,
    Missing,
    NoSuchCard,
    NotAllowed,
    NothingToUndo,
    NotUnderstood,
    OtherBranch,
    StaleButton,
    TooLateToUndo,
)
from crm_core.outbox import actions as outbox
from crm_core.policy.policy import Policy
from crm_core.staff import audit
from crm_core.staff.access import CALLS, Person
from crm_core.tables.calls import (
    DENIALS,
    NOT_CONNECTED,
    Call,
    CallCard,
    CallKind,
    LegalClass,
    Outcome,
    ResponseGroup,
    Section,
)
from crm_core.tables.people import Patient

_RECALL = CallKind.RECALL, LegalClass.OUTREACH
_KINDS = {
    Section.PROMISED: (CallKind.PROMISED, LegalClass.OWN),
    Section.UNDECIDED: (CallKind.UNDECIDED, LegalClass.OUTREACH),
    Section.MID_COURSE: (CallKind.MID_COURSE, LegalClass.CARE),
}


@dataclass(frozen=True)
class Said:
    """What came of a call, as it was pressed. `confirmed`: a denial was asked once more."""

    outcome: Outcome
    group: ResponseGroup | None = None
    promised_on: date | None = None
    family: str | None = None
    confirmed: bool = False


@dataclass(frozen=True)
class Logged:
    """The row that stands now and its card; `repeated` when the same press came twice."""

    call: Call
    card: CallCard
    repeated: bool = False


def log_outcome(
    db: Session,
    policy: Policy,
    person: Person,
    said: Said,
    now: datetime,
    *,
    card_id: int | None = None,
    patient_id: int | None = None,
    press_key: str | None = None,
) -> Logged:
    """Writes the outcome of a call on a card, or on a patient's card of today (`/log`).

    An outcome on a free card claims it. A repeated `press_key` gives back what it made. Raises
    ClaimedByOther, AlreadyLogged, DenialNeedsConfirmation, Missing ("group", "date"),
    DateNotPossible, NotUnderstood ("family"), and what `claim` raises.
    """
    before = _pressed(db, person, press_key)
    if before is not None:
        return before
    if card_id is None:
        if patient_id is None:
            raise Missing("patient")
        card_id = open_card(db, policy, person, patient_id, now).id
    if card_id is None:
        raise NoSuchCard
    card_id = card_now(db, policy, person, card_id, now)
    workable(db, policy, person, card_id)
    card = db.get_one(CallCard, card_id, populate_existing=True, with_for_update=True)
    _free_for(db, card, person, now)
    today = policy.branch(card.branch).today(now)
    check(policy, said, today)
    standing = judge(db, policy, [card.patient_id], today, now)[card.patient_id]
    patient = db.get_one(Patient, card.patient_id)
    card.section = section_now(card, standing)
    call = _row(patient, card, standing, person, said, today, now)
    call.press_key = press_key
    return _write(db, policy, person, call, card, now)


def check(policy: Policy, said: Said, today: date) -> None:
    """Whether an outcome can be written at all; nothing leads from *not connected* to a group."""
    if said.outcome is Outcome.CONNECTED and said.group is None:
        raise Missing("group")
    if said.outcome is not Outcome.CONNECTED and said.group is not None:
        raise NotUnderstood("outcome", said.outcome.value)
    if said.group in DENIALS and not said.confirmed:
        raise DenialNeedsConfirmation(said.group.value if said.group else "")
    if said.outcome is Outcome.CALL_LATER and said.promised_on is None:
        raise Missing("date")
    if said.promised_on is not None:
        if said.group in DENIALS or said.outcome in NOT_CONNECTED:
            raise NotUnderstood("date", said.promised_on.isoformat())
        why = possible_day(said.promised_on, today)
        if why is not None:
            raise DateNotPossible(said.promised_on, why)
    if said.family is not None and said.family not in policy.families:
        raise NotUnderstood("family", said.family)


def undo(db: Session, policy: Policy, person: Person, now: datetime, *, call_id: int | None = None) -> Call:
    """Takes back one's own call with all it caused: within ten minutes, or on the same working day.

    Without `call_id` the last one. NothingToUndo, NotAllowed (somebody else's), TooLateToUndo: after
    that it is a request to a director. The row stays, marked as taken back.
    """
    call = _last_of(db, person) if call_id is None else db.get(Call, call_id)
    if call is None or call.taken_back_at is not None:
        raise NothingToUndo
    _own_and_young(policy, person, call, now)
    card = _take_back(db, person, call, now)
    if card is not None:
        _open_again(card, person, policy, now)
        _show(db, card, now)
    audit.record(db, person, "undo", now, patient_id=call.patient_id, branch=call.branch, what=_word(call))
    return call


def correct(
    db: Session,
    policy: Policy,
    person: Person,
    call_id: int,
    said: Said,
    now: datetime,
    *,
    press_key: str | None = None,
) -> Logged:
    """A new row in place of one's own of the same working day; both stay. Raises as undo and log do."""
    before = _pressed(db, person, press_key)
    if before is not None:
        return before
    old = db.get(Call, call_id, with_for_update=True)
    if old is None or old.taken_back_at is not None:
        raise StaleButton
    _own_and_young(policy, person, old, now)
    today = policy.branch(old.branch).today(now)
    check(policy, said, today)
    card = _take_back(db, person, old, now)
    if card is None:
        raise NoSuchCard
    standing = judge(db, policy, [old.patient_id], today, now)[old.patient_id]
    patient = db.get_one(Patient, old.patient_id)
    call = _row(patient, card, standing, person, said, today, old.called_at)
    call.called_on, call.kind, call.legal_class = old.called_on, old.kind, old.legal_class
    call.family = said.family or old.family
    call.band, call.cause, call.note = old.band, old.cause, old.note
    call.replaces_id, call.press_key = old.id, press_key
    card.done_at = None
    return _write(db, policy, person, call, card, now)


def set_cause(db: Session, policy: Policy, person: Person, call_id: int, cause: str, now: datetime) -> Call:
    """Why they do not come, offered afterwards. NotUnderstood("cause") for one the policy lacks."""
    call = _followable(db, policy, person, call_id)
    if cause not in policy.causes:
        raise NotUnderstood("cause", cause, tuple(policy.causes))
    call.cause = cause
    return _followed(db, person, call, f"cause:{cause}", now)


def set_note(db: Session, policy: Policy, person: Person, call_id: int, note: str, now: datetime) -> Call:
    """The note of a call, written as if the patient may read it; empty takes it away."""
    call = _followable(db, policy, person, call_id)
    call.note = note.strip() or None
    return _followed(db, person, call, "note", now)


def set_call_back_date(
    db: Session, policy: Policy, person: Person, call_id: int, day: date, now: datetime
) -> Call:
    """A date to call after an affirmation: a promise. DateNotPossible, StaleButton after a denial."""
    call = _followable(db, policy, person, call_id)
    if call.outcome in NOT_CONNECTED or call.response_group in DENIALS:
        raise StaleButton
    why = possible_day(day, policy.branch(call.branch).today(now))
    if why is not None:
        raise DateNotPossible(day, why)
    call.promised_on, call.promise_kept, call.next_step = day, False, "call_back"
    return _followed(db, person, call, "call_back", now)


def done(db: Session, policy: Policy, person: Person, call_id: int, now: datetime) -> Call:
    """Nothing more follows from this call."""
    call = _followable(db, policy, person, call_id)
    call.next_step = "done"
    return _followed(db, person, call, "done", now)


def _pressed(db: Session, person: Person, press_key: str | None) -> Logged | None:
    if press_key is None:
        return None
    call = db.scalars(select(Call).where(col(Call.press_key) == press_key)).one_or_none()
    if call is None:
        return None
    if call.staff_id != person.staff_id:
        raise StaleButton
    card = card_of(db, call.branch, call.called_on, call.patient_id)
    if card is None:
        raise NoSuchCard
    return Logged(call, card, repeated=True)


def _free_for(db: Session, card: CallCard, person: Person, now: datetime) -> None:
    if card.done_at is not None:
        call = db.get(Call, card.call_id) if card.call_id is not None else None
        by = staff_name(db, call.staff_id if call else card.claimed_by_id) or ""
        raise AlreadyLogged(by, card.done_at)
    if is_taken(card, person, now) and card.claimed_at is not None:
        raise ClaimedByOther(staff_name(db, card.claimed_by_id) or "", card.claimed_at)


def _row(
    patient: Patient,
    card: CallCard,
    standing: Eligibility,
    person: Person,
    said: Said,
    today: date,
    at: datetime,
) -> Call:
    kind, legal_class = _KINDS.get(card.section, _RECALL)
    family = said.family or standing.about or card.family
    seen = next((one for one in standing.families if one.family == family), None)
    return Call(
        book=patient.book,
        number=f"dasi-{uuid.uuid4().hex}",
        patient_id=card.patient_id,
        contact_id=standing.contact_id,
        branch=card.branch,
        called_at=at,
        called_on=today,
        staff_id=person.staff_id,
        kind=kind,
        legal_class=legal_class,
        outcome=said.outcome,
        response_group=said.group,
        family=family,
        band=seen.band.value if seen else None,
        promised_on=said.promised_on,
        source="chat",
    )


def _write(db: Session, policy: Policy, person: Person, call: Call, card: CallCard, now: datetime) -> Logged:
    db.add(call)
    db.flush()
    if call.contact_id is None:
        # Somebody answered at a number we had given up: what they said holds for that number too.
        find_phones(db, [call.patient_id])
        db.refresh(call)
    card.call_id = call.id
    card.claimed_by_id, card.claimed_at = person.staff_id, card.claimed_at or now
    if call.response_group in DENIALS or call.outcome is Outcome.WRONG_NUMBER:
        refuse(db, call, now)
    else:
        outbox.withdraw(db, f"patient:{call.patient_id}", now, legal_class=LegalClass.OUTREACH)
    db.flush()
    keep_promises(db, [call.patient_id])
    if call.outcome in NOT_CONNECTED and _still_callable(db, policy, call, now):
        card.skipped_at = now
        card.claimed_by_id = card.claimed_at = card.claimed_until = None
    else:
        card.done_at = now
    audit.record(db, person, "log", now, patient_id=call.patient_id, branch=call.branch, what=_word(call))
    _show(db, card, now)
    return Logged(call, card)


def _still_callable(db: Session, policy: Policy, call: Call, now: datetime) -> bool:
    """Nobody answered: the card waits for another time of the day, unless no number is left."""
    if call.outcome is not Outcome.WRONG_NUMBER:
        return True
    today = policy.branch(call.branch).today(now)
    return judge(db, policy, [call.patient_id], today, now)[call.patient_id].contact_id is not None


def _own_and_young(policy: Policy, person: Person, call: Call, now: datetime) -> None:
    if call.source == "import" or call.staff_id != person.staff_id:
        raise NotAllowed(("director",))
    same_day = policy.branch(call.branch).today(now) == call.called_on
    minutes = policy.calls.undo_minutes
    if not same_day and now - call.called_at > timedelta(minutes=minutes):
        raise TooLateToUndo(minutes)


def _last_of(db: Session, person: Person) -> Call | None:
    return db.scalars(
        select(Call)
        .where(
            col(Call.staff_id) == person.staff_id,
            col(Call.taken_back_at).is_(None),
            col(Call.source) == "chat",
        )
        .order_by(col(Call.called_at).desc(), col(Call.id).desc())
        .limit(1)
    ).one_or_none()


def _take_back(db: Session, person: Person, call: Call, now: datetime) -> CallCard | None:
    call.taken_back_at, call.taken_back_by_id = now, person.staff_id
    db.flush()
    withdraw_refusals(db, call, person, now)
    db.flush()
    keep_promises(db, [call.patient_id])
    return card_of(db, call.branch, call.called_on, call.patient_id)


def _open_again(card: CallCard, person: Person, policy: Policy, now: datetime) -> None:
    card.done_at = card.skipped_at = card.call_id = None
    card.claimed_by_id, card.claimed_at = person.staff_id, now
    card.claimed_until = now + timedelta(minutes=policy.calls.claim_minutes)


def _followable(db: Session, policy: Policy, person: Person, call_id: int) -> Call:
    call = db.get(Call, call_id)
    if call is None or call.taken_back_at is not None:
        raise StaleButton
    if call.branch not in person.branches(CALLS, policy):
        raise OtherBranch
    return call


def _followed(db: Session, person: Person, call: Call, what: str, now: datetime) -> Call:
    db.flush()
    audit.record(db, person, "log", now, patient_id=call.patient_id, branch=call.branch, what=what)
    outbox.changed(db, f"patient:{call.patient_id}", now)
    outbox.changed(db, f"day:{call.branch}:{call.called_on}", now)
    return call


def _word(call: Call) -> str:
    return (call.response_group or call.outcome).value


def _show(db: Session, card: CallCard, now: datetime) -> None:
    outbox.changed(db, f"patient:{card.patient_id}", now)
    outbox.changed(db, f"day:{card.branch}:{card.day}", now)

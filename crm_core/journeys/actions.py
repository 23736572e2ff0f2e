"""Rewrites the journeys of everybody whose facts were touched, in the step that touches them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, inspect, or_, select, update
from sqlmodel import Session, SQLModel, col

from crm_core.bulk import insert_many
from crm_core.journeys import load
from crm_core.journeys.events import Rules
from crm_core.journeys.link import JourneyFold, link
from crm_core.policy.policy import Policy
from crm_core.sql import among, chunks
from crm_core.tables.journey import STAGES, Journey, JourneyPast
from crm_core.tables.people import Patient, Prospect

Row = dict[str, Any]
AT_ONCE = 5_000  # people, so that a rebuild of everybody fits into memory


def refold(db: Session, policy: Policy, *, patients: Collection[int], prospects: Collection[int] = ()) -> int:
    """Folds all events of these people anew and replaces their journeys; how many there are now.

    Whoever referred one of the patients has the referral noted too. A patient whose referrer was
    changed is given together with the former referrer.
    """
    count = 0
    for ids in chunks(sorted(set(patients)), AT_ONCE):
        _forget(db, ids, _became(db, ids))
        count += _write(db, policy, {"patient_id": load.people(db, ids)})
    for ids in chunks(sorted(set(prospects)), AT_ONCE):
        _forget(db, (), ids)
        count += _write(db, policy, {"prospect_id": load.prospects(db, ids)})
    _note_referrals(db, policy, sorted(set(patients)))
    return count


def _became(db: Session, ids: Collection[int]) -> list[int]:
    """The prospects that have become one of these patients."""
    rows = select(col(Prospect.id)).where(among(db, col(Prospect.patient_id), ids))
    return [owner for owner in db.scalars(rows) if owner is not None]


def _forget(db: Session, patients: Collection[int], prospects: Collection[int]) -> None:
    connection = db.connection()
    for table in (Journey, JourneyPast):
        for owner, ids in ((col(table.patient_id), patients), (col(table.prospect_id), prospects)):
            if ids:
                connection.execute(delete(table).where(among(db, owner, ids)))


def _write(db: Session, policy: Policy, people: dict[str, dict[int, load.Person]]) -> int:
    today: list[Row] = []
    past: list[Row] = []
    rules = Rules(policy)
    for owner_column, found in people.items():
        for owner, person in found.items():
            if not person.events:
                continue
            linked = link(
                person.events,
                policy,
                first_visit_on=person.first_visit_on,
                source=person.source,
                rules=rules,
            )
            today += [{**_row(fold), owner_column: owner} for fold in linked.journeys]
            past += [
                {**_row(fold), owner_column: owner, "known_until": fold.known_until} for fold in linked.past
            ]
    _insert(db, Journey, today)
    _insert(db, JourneyPast, past)
    return len(today)


def _insert(db: Session, table: type[SQLModel], rows: list[Row]) -> None:
    insert_many(db, table, rows)


def _row(fold: JourneyFold) -> Row:
    draft = fold.draft
    last = max(draft.held, key=lambda held: (held.at, held.key), default=None)
    proposed, agreed = draft.amounts
    row: Row = {
        "number": fold.number,
        "branch": draft.branch,
        "source": fold.source,
        "families": "|".join(fold.families) or None,
        "entry": draft.entry,
        "is_new": draft.is_new,
        "known_from": fold.known_from,
        "first_at": draft.first_at,
        "first_on": draft.first_on,
        "last_at": fold.last_at,
        "inquiry_at": draft.inquiry_at,
        "reservation_at": draft.reservation_at,
        "reservation_passed_at": draft.reservation_passed_at,
        "reserved_until": draft.reserved_until,
        "visit_at": draft.visit_at,
        "visit_passed_at": draft.visit_passed_at,
        "consult_at": draft.consult_at,
        "agreement_at": draft.agreement_at,
        "treatment_at": draft.treatment_at,
        "agreed_same_day": draft.agreed_same_day,
        "by_clinic_at": draft.by_clinic_at,
        "unsuitable_at": draft.unsuitable_at,
        "declined_at": draft.declined_at,
        "stopped_at": draft.stopped_at,
        "last_treatment_on": draft.last_treatment_on,
        "return_due_on": draft.return_due_on,
        "returned_at": fold.returned_at,
        "referral_due_on": fold.referral_due_on,
        "came_for": "|".join(sorted(draft.came_for)) or None,
        "decided_for": "|".join(sorted(draft.decided_for)) or None,
        "outcome": last.decision.value if last else None,
        "proposed_amount": proposed,
        "agreed_amount": agreed,
        "payer": draft.payer,
        "closed_by_hand_at": draft.closed_at,
        "closed_why": draft.closed_why,
    }
    for stage, staff_id in zip(STAGES, draft.staff, strict=True):
        row[f"{stage.value}_staff_id"] = staff_id
    return row


def _note_referrals(db: Session, policy: Policy, touched: list[int]) -> None:
    """Referral: a patient naming this one had the first contact within the days after the treatment."""
    referrers: set[int] = set()
    for ids in chunks(touched, AT_ONCE):
        named = select(col(Patient.referred_by_id)).where(
            among(db, col(Patient.id), ids), col(Patient.referred_by_id).is_not(None)
        )
        naming = select(col(Patient.referred_by_id)).where(among(db, col(Patient.referred_by_id), ids))
        for statement in (named, naming):
            referrers.update(owner for owner in db.scalars(statement) if owner is not None)
    within = timedelta(policy.patience.referral)
    for ids in chunks(sorted(referrers)):
        contacts = _first_contacts(db, ids)
        for table in (Journey, JourneyPast):
            _update_referrals(db, table, ids, contacts, within)


def _first_contacts(db: Session, referrers: Iterable[int]) -> dict[int, list[datetime]]:
    rows = db.execute(
        select(col(Patient.referred_by_id), col(Journey.first_at))
        .join(Journey, col(Journey.patient_id) == col(Patient.id))
        .where(col(Patient.referred_by_id).in_(referrers), col(Journey.number) == 1)
    )
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    for referrer, first_at in rows:
        found[referrer].append(first_at)
    return found


def _update_referrals(
    db: Session,
    table: type[Journey] | type[JourneyPast],
    referrers: Iterable[int],
    contacts: dict[int, list[datetime]],
    within: timedelta,
) -> None:
    treated = select(
        col(table.id), col(table.patient_id), col(table.treatment_at), col(table.referred_at)
    ).where(
        col(table.patient_id).in_(referrers),
        or_(col(table.treatment_at).is_not(None), col(table.referred_at).is_not(None)),
    )
    changed = []
    for key, owner, treated_at, referred_at in db.execute(treated):
        found = min(
            (
                at
                for at in contacts.get(owner, ())
                if treated_at is not None and treated_at <= at <= treated_at + within
            ),
            default=None,
        )
        if found != referred_at:
            changed.append({"key": key, "found": found})
    if changed:
        core = inspect(table).local_table
        statement = update(core).where(core.c.id == bindparam("key"))
        db.execute(statement.values(referred_at=bindparam("found")), changed)

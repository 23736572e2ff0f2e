"""Who may be called today, decided and explained in one place (product.md §3, readings 7, 13–17).

`decide` is pure; `eligibility` asks it about one patient, `due_list` and `churners` about many.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.churn.attempts import last_reaction, open_promise, reached, tries, tries_since
from crm_core.churn.chances import Shares, shares
from crm_core.churn.facts import PastCall, PatientFacts, Phone, gather
from crm_core.churn.ledger import LedgerLine
from crm_core.churn.reasons import Band, Eligibility, FamilyDue, Promise, Reason, Tries, Why
from crm_core.churn.treatments import past_lines
from crm_core.errors import NoSuchPatient
from crm_core.policy.policy import Policy, WithoutConsent
from crm_core.tables.calls import Episode, Outcome, Section
from crm_core.tables.people import Patient, PatientStatus, Relation

ADULT_AT = 14
NO_NEED = "no_need"
_RELATIONS = {
    Relation.SELF: 0,
    Relation.GUARDIAN: 1,
    Relation.FAMILY: 2,
    Relation.AGENCY: 3,
}
_CALLABLE = (Band.DUE, Band.LAPSED)


def eligibility(db: Session, policy: Policy, patient_id: int, now: datetime) -> Eligibility:
    """The decision about one patient on the local day of the patient's branch; NoSuchPatient.

    It also says NOT_STARTED where the branch has not started, which stops no `eligible`.
    """
    branch = db.execute(select(col(Patient.branch)).where(col(Patient.id) == patient_id)).scalar_one_or_none()
    if branch is None:
        raise NoSuchPatient
    day = policy.branch(branch).today(now)
    lines = past_lines(db, policy, tuple(policy.branches), day, now, [patient_id])
    return judge(db, policy, [patient_id], day, now, lines=lines)[patient_id]


def judge(
    db: Session,
    policy: Policy,
    patients: list[int],
    day: date,
    now: datetime,
    *,
    lines: dict[int, list[LedgerLine]] | None = None,
) -> dict[int, Eligibility]:
    """The decision about each of the patients on a local day."""
    known = shares(db, policy)
    started = started_branches(db, now)
    return {
        facts.patient_id: decide(facts, policy, day, known, started)
        for facts in gather(db, policy, patients, day, now, lines=lines)
    }


def started_branches(db: Session, now: datetime) -> frozenset[str]:
    """The branches whose director has pressed start."""
    rows = db.execute(select(col(Episode.branch)).where(col(Episode.started_at) <= now))
    return frozenset(row[0] for row in rows)


def decide(
    facts: PatientFacts, policy: Policy, day: date, known: Shares, started: frozenset[str]
) -> Eligibility:
    """The rules, from the facts alone. Everything that speaks against a call is said, not the first."""
    card, others = families_on(facts, day)
    promise = open_promise(facts.calls, facts.last_visit_on, facts.booked_since)
    if promise is None:
        tried = tries(facts.calls, facts.last_visit_on, policy.calls, day)
    else:
        tried = tries_since(facts.calls, promise, policy.calls, day)
    phone, stops = contact_of(facts, day)
    reasons = _of_person(facts, day) + stops + _own_denial(facts, stops)
    lacking = _of_consent(facts, policy, day, phone)
    hidden = lacking if policy.calls.without_consent is WithoutConsent.HIDE else []
    spent = _of_budget(facts, policy, phone) if phone is not None else []
    told = _of_calls(facts, policy, day, promise, tried)
    section = None
    if _keeps(promise, tried, day) and not reasons:
        section = Section.PROMISED
    elif facts.asks:
        section = Section.INQUIRIES
    elif not (reasons or told or facts.booked_on):
        section = _midway(facts, policy, day, outreach=not (spent or hidden))
    if not card:
        reasons += _nothing_due(others, day)
    reasons += _of_days(facts, policy, day)
    if section is not None:
        on = promise.on if promise is not None and section is Section.PROMISED else None
        told = [Reason(Why.IN_HIGHER_SECTION, on=on, word=section)]
    reasons += told + spent + hidden
    eligible = not reasons
    branch = _branch_of(facts, section, (*card, *others))
    if branch not in started:
        reasons += [Reason(Why.NOT_STARTED, word=branch)]
    if facts.may_have_come_on is not None:
        reasons += [Reason(Why.FACTS_MISSING, on=facts.may_have_come_on)]
    reaction = last_reaction(facts.calls)
    care = section is Section.MID_COURSE
    return Eligibility(
        patient_id=facts.patient_id,
        day=day,
        branch=branch,
        eligible=eligible,
        section=section or (Section.RECALL if eligible else None),
        families=card,
        others=others,
        reasons=tuple(reasons),
        notes=tuple(lacking) if policy.calls.without_consent is WithoutConsent.ASK and not care else (),
        contact_id=phone.contact_id if phone else None,
        vip=facts.vip,
        owner_id=facts.owner_id,
        value=facts.value,
        value_is_visits=facts.value_is_visits,
        chance=known.chance(card[0].family, card[0].band, reaction) if card else None,
        tries=tried,
        promise=promise,
        reaction=reaction,
        pending=facts.pending,
        gap=facts.gap,
    )


def _keeps(promise: Promise | None, tried: Tries, day: date) -> bool:
    """Whether a promise is to be kept today: it is due, and trying for it is not at rest."""
    if promise is None or promise.on > day:
        return False
    return not tried.tried_out and tried.resting_until is None


def _midway(facts: PatientFacts, policy: Policy, day: date, *, outreach: bool) -> Section | None:
    """④ or ⑤ where nothing speaks against a call. ⑤ is care: it needs no consent and spends no budget.

    Who was here since the consult or the session has been spoken to. A call that connected after the
    consult ends ④: what follows is the date that was promised, or nothing.
    """
    here = _of_visit(facts, policy, day)
    pending = facts.pending
    if outreach and pending is not None and day in pending.call_days:
        came = facts.last_visit_on is not None and facts.last_visit_on > pending.held_on
        spoke = any(reached(call) and call.at >= pending.held_at for call in facts.calls)
        if not (spoke or (came and here)):
            return Section.UNDECIDED
    if facts.gap is not None and not here:
        return Section.MID_COURSE
    return None


def _branch_of(facts: PatientFacts, section: Section | None, families: tuple[FamilyDue, ...]) -> str:
    """The branch that owns the card: of the consult, of the last session, else of the first family."""
    if section is Section.UNDECIDED and facts.pending is not None:
        return facts.pending.branch
    if section is Section.MID_COURSE and facts.gap is not None:
        return facts.gap.branch
    return families[0].branch if families else facts.branch


def band_of(line: LedgerLine, day: date) -> Band:
    """Due from `due_on` to `churned_on`, lapsed to `lapsed_until`, long gone after it."""
    if day < line.due_on:
        return Band.NOT_YET
    if day <= line.churned_on:
        return Band.DUE
    return Band.LAPSED if day <= line.lapsed_until else Band.LONG_GONE


def families_on(facts: PatientFacts, day: date) -> tuple[tuple[FamilyDue, ...], tuple[FamilyDue, ...]]:
    """(due and lapsed families that may be called about, the others), the most valuable first."""
    card: list[FamilyDue] = []
    others: list[FamilyDue] = []
    for line in facts.lines:
        closed = _closed(line, facts.calls, day)
        band = band_of(line, day)
        seen = FamilyDue(
            line.family,
            band,
            line.branch,
            line.treatment,
            line.last_on,
            line.due_on,
            line.churned_on,
            line.lapsed_until,
            (day - line.due_on).days,
            line.recommended,
            line.own_rhythm_days,
            line.own_rhythm_n,
            line.worth,
            line.times,
            closed,
        )
        (card if closed is None and band in _CALLABLE else others).append(seen)
    if len(card) > 1:
        card.sort(key=_most_valuable)
    if len(others) > 1:
        others.sort(key=_most_valuable)
    return tuple(card), tuple(others)


def _most_valuable(one: FamilyDue) -> tuple[int, int, int, str]:
    return -one.worth, -one.times, one.days_over, one.family


def _closed(line: LedgerLine, calls: list[PastCall], day: date) -> Reason | None:
    """Why a family is not called about: paid sessions left, or closed by word until a new treatment."""
    if line.course_until is not None and line.course_until >= day:
        until = None if line.course_until.year == date.max.year else line.course_until
        return Reason(Why.COURSE_RUNNING, until=until, family=line.family)
    for call in calls:
        if call.on < line.last_on or call.family != line.family:
            continue
        if call.outcome is Outcome.TREATMENT_COMPLETE:
            return Reason(Why.TREATMENT_COMPLETE, on=call.on, family=line.family)
        if call.cause == NO_NEED and reached(call):
            return Reason(Why.NO_NEED, on=call.on, family=line.family)
    return None


def contact_of(facts: PatientFacts, day: date) -> tuple[Phone | None, list[Reason]]:
    """The phone to call, or why there is none; a refusal of that phone is not evaded by another."""
    if not facts.phones:
        return None, [Reason(Why.NO_PHONE)]
    phones = facts.phones
    if is_minor(facts.birth_date, day):
        phones = [phone for phone in phones if phone.relation is Relation.GUARDIAN]
        if not phones:
            return None, [Reason(Why.NO_GUARDIAN)]
    usable = [phone for phone in phones if _wrong(phone) is None]
    if not usable:
        wrong = max(at for at in map(_wrong, phones) if at is not None)
        return None, [Reason(Why.WRONG_NUMBER, on=wrong.date())]
    best = min(usable, key=lambda p: (_RELATIONS[p.relation], not p.preferred, p.contact_id))
    stops = [
        Reason(Why.DENIED, on=at.date(), word=group.value if group else None)
        for kind, at, group in best.refusals
        if kind == "denial"
    ][:1]
    if any(kind == "deceased" for kind, _, _ in best.refusals):
        stops.append(Reason(Why.DECEASED_PHONE))
    if best.stopped_at is not None:
        stops.append(Reason(Why.STOPPED, on=best.stopped_at.date()))
    return best, stops


def is_minor(birth_date: str | None, day: date) -> bool:
    """Under 14 on the day; without a birth date nobody is."""
    if birth_date is None or int(birth_date[:4]) < day.year - ADULT_AT:
        return False
    born = date.fromisoformat(birth_date)
    had_birthday = (day.month, day.day) >= (born.month, born.day)
    return day.year - born.year - (not had_birthday) < ADULT_AT


def _wrong(phone: Phone) -> datetime | None:
    told = (at for kind, at, _ in phone.refusals if kind == "wrong_number")
    return phone.wrong_on or next(told, None)


def _of_person(facts: PatientFacts, day: date) -> list[Reason]:
    if facts.merged:
        return [Reason(Why.STATUS, word="merged")]
    if facts.status is PatientStatus.ACTIVE:
        return []
    over = facts.paused_until is not None and facts.paused_until < day
    if facts.status is PatientStatus.PAUSED and over:
        return []
    return [Reason(Why.STATUS, word=facts.status.value, until=facts.paused_until)]


def _own_denial(facts: PatientFacts, stops: list[Reason]) -> list[Reason]:
    """A denial in a conversation about this patient stands, also when the phone has changed since."""
    if any(stop.why is Why.DENIED for stop in stops):
        return []
    return [Reason(Why.DENIED, on=on, word=group.value) for on, group in facts.denials][-1:]


def _nothing_due(others: tuple[FamilyDue, ...], day: date) -> list[Reason]:
    reasons = [one.closed for one in others if one.closed is not None]
    reasons += [
        Reason(Why.LONG_GONE, on=one.last_on, family=one.family)
        for one in others
        if one.closed is None and one.band is Band.LONG_GONE
    ]
    coming = [one.due_on for one in others if one.band is Band.NOT_YET and one.due_on > day]
    if coming or not reasons:
        reasons.append(Reason(Why.NOTHING_DUE, on=min(coming, default=None)))
    return reasons


def _of_days(facts: PatientFacts, policy: Policy, day: date) -> list[Reason]:
    reasons = []
    if facts.booked_on is not None:
        reasons.append(Reason(Why.HAS_RESERVATION, on=facts.booked_on))
    return reasons + _of_visit(facts, policy, day)


def _of_visit(facts: PatientFacts, policy: Policy, day: date) -> list[Reason]:
    last = facts.last_visit_on
    if last is not None and (day - last).days <= policy.calls.quiet_after_visit_days:
        return [Reason(Why.RECENT_VISIT, on=last)]
    return []


def _of_calls(
    facts: PatientFacts,
    policy: Policy,
    day: date,
    promise: Promise | None,
    tried: Tries,
) -> list[Reason]:
    """What earlier calls say: a promise, the rest after a conversation, the rest after trying."""
    reasons = []
    if promise is not None:
        reasons.append(Reason(Why.PROMISED, on=promise.on))
    last, seen = last_reaction(facts.calls), facts.last_visit_on
    if promise is None and last is not None and (seen is None or last.on > seen):
        until = last.on + timedelta(policy.calls.connected_rest_days)
        if day < until:
            reasons.append(Reason(Why.RESTING, until=until, n=0))
    if tried.tried_out:
        reasons.append(Reason(Why.TRIED_OUT, n=tried.rounds, on=tried.last_on))
    elif tried.resting_until is not None:
        reasons.append(Reason(Why.RESTING, until=tried.resting_until, n=tried.days))
    return reasons


def _of_budget(facts: PatientFacts, policy: Policy, phone: Phone) -> list[Reason]:
    n = facts.reached.get(phone.contact_id, 0)
    if n < policy.calls.budget:
        return []
    return [Reason(Why.BUDGET, n=n, days=policy.calls.budget_days)]


def _of_consent(facts: PatientFacts, policy: Policy, day: date, phone: Phone | None) -> list[Reason]:
    """Outreach needs a recorded consent to advertising or a treatment here within `consent_days`."""
    treated = facts.treated_on
    if treated is not None and (day - treated).days <= policy.calls.consent_days:
        return []
    if phone is None or facts.consents.get(phone.contact_id, False):
        return []
    return [Reason(Why.NO_CONSENT, on=treated)]


def value_parts(one: Eligibility) -> Mapping[str, float | int | None]:
    """The parts of the order of ⑦, for the card that says why."""
    return {
        "value": one.value,
        "share": one.chance.share if one.chance else None,
        "cases": one.chance.cases if one.chance else None,
        "days_over": one.families[0].days_over if one.families else None,
    }

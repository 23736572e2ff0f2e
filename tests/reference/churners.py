"""`/churners` over again: who may be called for a due or lapsed family (product.md §3)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from crm_core.phone import read_phone
from crm_core.policy.policy import Policy, WithoutConsent
from crm_core.policy.rules import RuleKind
from tests.reference.clinic import Call, Clinic, Treatment
from tests.reference.facts import Person, day_of, people_at, plain
from tests.reference.fold import fold

DENIALS = ("negative_denial", "positive_denial")
REACHED = ("connected", "call_later", "treatment_complete")
TRIED = ("no_answer", "busy")
ADULT = 14


@dataclass(frozen=True)
class Why:
    """The first reason that keeps a patient off the list, `listed` where none does."""

    chart_no: str
    branch: str | None  # of the most recent due or lapsed family; None where there is no such family
    reason: str
    bands: dict[str, str]


def recall_calls(person: Person) -> list[Call]:
    return [call for call in person.calls if (call.kind or "recall") == "recall"]


def band(person: Person, family: str, today: date) -> str | None:
    """due, lapsed or long_gone of one family today; None where nothing is to be said."""
    dates = dates_of(person, family)
    if dates is None:
        return None
    due_on, churned_on = dates
    if today < due_on:
        return None
    if today <= churned_on:
        return "due"
    lapsed = timedelta(days=person.policy.calls.lapsed_days)
    return "lapsed" if today <= churned_on + lapsed else "long_gone"


def last_treatment(person: Person, family: str) -> Treatment:
    rows = [
        row
        for row in person.treatments
        if person.family(row.treatment) == family and not person.is_check(row.treatment)
    ]
    return max(rows, key=lambda row: (person.moment(row.done_at), row.treatment_no or ""))


def dates_of(person: Person, family: str) -> tuple[date, date] | None:
    """(first day of due, last day of due) by the rule of the family's last treatment."""
    last, calls = last_treatment(person, family), person.policy.calls
    if last.recommended_on is not None:
        before = timedelta(days=calls.recommended_before)
        after = timedelta(days=calls.recommended_after)
        return last.recommended_on - before, last.recommended_on + after
    slug = person.policy.treatment_slug(last.treatment)
    rule = person.policy.rule_of(slug)
    days = person.policy.days_of(slug)
    if rule is None or rule.kind is not RuleKind.DAYS or days is None:
        return None
    last_on = day_of(last.done_at)
    return last_on + timedelta(days=days[0]), last_on + timedelta(days=days[1])


def families(person: Person) -> set[str]:
    found = {person.family(row.treatment) for row in person.treatments if not person.is_check(row.treatment)}
    return {family for family in found if family}


def bands(person: Person, now: datetime) -> dict[str, str]:
    """The bands of the families that may be called for: no running course, no closed family."""
    running = {
        person.family(course.treatment) for course in person.courses if person.sessions_left(course, now)
    }
    found = {}
    for family in families(person) - running:
        here = band(person, family, now.date())
        if here and not is_closed(person, family):
            found[family] = here
    return found


def is_closed(person: Person, family: str) -> bool:
    """Treatment complete or no need was said about the family since its last treatment."""
    last = person.moment(last_treatment(person, family).done_at)
    return any(
        person.moment(call.called_at) >= last
        and call.family
        and slug_of_family(person.policy, call.family) == family
        and (call.outcome == "treatment_complete" or call.cause == "no_need")
        for call in recall_calls(person)
    )


def slug_of_family(policy: Policy, text: str) -> str:
    for slug, family in policy.families.items():
        if text in (slug, family.names.ko, family.names.en):
            return slug
    return policy.family_of(policy.treatment_slug(text)) or text


# ── the phone that would be called ───────────────────────────────────────────────────────────────


def phone_of(person: Person, everybody: Sequence[Person], today: date) -> str | None:
    """The patient's own phone, under 14 the guardian's."""
    row = person.row
    if row is None:
        return None
    if row.birth_date is not None and age(row.birth_date, today) < ADULT:
        guardians = [
            other.row
            for other in everybody
            if other.row
            and other.key[0] == person.key[0]
            and other.row.guardian_of == row.chart_no
            and other.row.phone
        ]
        return read_phone(guardians[0].phone or "") if guardians else None
    return read_phone(row.phone) if row.phone else None


def age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@dataclass(frozen=True)
class Phones:
    """What holds for a phone in the whole group."""

    blocked: frozenset[str]
    reached: dict[str, list[date]]


def phones_at(everybody: Sequence[Person], now: datetime) -> Phones:
    blocked: set[str] = set()
    reached: dict[str, list[date]] = defaultdict(list)
    for person in everybody:
        phone = phone_of(person, everybody, now.date())
        if phone is None:
            continue
        if person.row and person.row.status == "deceased":
            blocked.add(phone)
        for call in person.calls:
            if call.group in DENIALS or call.outcome == "wrong_number":
                blocked.add(phone)
        for call in recall_calls(person):
            if call.outcome in REACHED:
                reached[phone].append(day_of(call.called_at))
    return Phones(frozenset(blocked), reached)


# ── the rules ────────────────────────────────────────────────────────────────────────────────────


def has_open_promise(person: Person, now: datetime) -> bool:
    """A promised call-back that no later connected call, visit or reservation has settled."""
    for call in recall_calls(person):
        if call.promised_on is None:
            continue
        called = plain(call.called_at)
        later = [
            other
            for other in recall_calls(person)
            if plain(other.called_at) > called and other.outcome in REACHED
        ]
        visited = any(day > called.date() for day in person.visit_days(now))
        booked = any(row.made_at is not None and plain(row.made_at) > called for row in person.reservations)
        if not (later or visited or booked):
            return True
    return False


def is_live(person: Person, today: date, now: datetime) -> bool:
    """A reservation still requested or booked, today or later."""
    return any(
        day_of(row.starts_at) >= today and person.state(row, now) in ("requested", "booked")
        for row in [*person.reservations, *person.ahead]
    )


def rests(person: Person, now: datetime) -> bool:
    """Not tried again: after a talk, after three days of trying, after two rounds (§3, attempts)."""
    rules, today = person.policy.calls, now.date()
    last_visit = max(person.visit_days(now), default=date.min)
    calls = [call for call in recall_calls(person) if day_of(call.called_at) > last_visit]
    talks = [day_of(call.called_at) for call in calls if call.outcome in REACHED]
    if talks and (today - max(talks)).days < rules.connected_rest_days:
        return True
    tried = sorted({day_of(call.called_at) for call in calls if call.outcome in TRIED})
    if len(tried) >= rules.attempt_days * rules.rounds:
        return True
    full = len(tried) >= rules.attempt_days and len(tried) % rules.attempt_days == 0
    return full and (today - tried[-1]).days < rules.rest_days


def consents(person: Person, now: datetime) -> bool:
    if person.policy.calls.without_consent is not WithoutConsent.HIDE:
        return True
    if person.row and person.row.ad_consent_at and plain(person.row.ad_consent_at) <= now:
        return True
    since = now.date() - timedelta(days=person.policy.calls.consent_days)
    return any(day_of(row.done_at) >= since for row in person.treatments)


def reason(person: Person, phone: str | None, phones: Phones, now: datetime) -> str:
    """The first rule that keeps a patient off the list."""
    today, rules = now.date(), person.policy.calls
    if not {"due", "lapsed"} & set(bands(person, now).values()):
        return "no family is due or lapsed"
    if person.row is None or (person.row.status or "active") != "active":
        return "not active"
    if phone is None:
        return "no phone"
    if phone in phones.blocked:
        return "refused, wrong number or deceased"
    if is_live(person, today, now):
        return "live reservation"
    visits = person.visit_days(now)
    if visits and (today - max(visits)).days <= rules.quiet_after_visit_days:
        return "visited lately"
    if has_open_promise(person, now):
        return "call-back promised"
    if rests(person, now):
        return "resting"
    lately = [day for day in phones.reached[phone] if (today - day).days < rules.budget_days]
    if len(lately) >= rules.budget:
        return "budget used"
    return "listed" if consents(person, now) else "no consent"


# ── who stands higher on today's list (reading 16) ───────────────────────────────────────────────


def waits_for_an_answer(person: Person, now: datetime) -> bool:
    """②: asked within the patience of an inquiry, and neither booked, came nor was spoken to since."""
    for inquiry in person.inquiries:
        kind, asked = inquiry.kind or "treatment", person.moment(inquiry.received_at)
        if kind == "spam" or (now.date() - asked.date()).days > person.policy.patience.inquiry:
            continue
        booked = any(row.made_at and asked <= person.moment(row.made_at) for row in person.reservations)
        came = any(person.moment(row.arrived_at) >= asked for row in person.visits)
        spoke = any(person.moment(row.called_at) >= asked and row.outcome in REACHED for row in person.calls)
        if kind not in ("treatment", "price", "change") or not (booked or came or spoke):
            return True
    return False


def is_undecided_today(person: Person, now: datetime) -> bool:
    """④: a call day of the last consult, which is pending in a journey with nothing decided since."""
    if not person.consults:
        return False
    last = max(person.consults, key=lambda row: person.moment(row.held_at))
    if person.decision(last, now) != "pending":
        return False
    branch, held_on = person.policy.branch(last.branch), day_of(last.held_at)
    days = {branch.next_open_day(held_on + timedelta(days=n - 1)) for n in person.policy.calls.undecided_days}
    journey = next(one for one in fold(person, now) if last in one.consults)
    return now.date() in days and not journey.treatments and journey.agreement_at(now) is None


def misses_a_session(person: Person, now: datetime) -> bool:
    """⑤: paid sessions left, and the last one longer ago than the course allows."""
    for course in person.courses:
        known = person.policy.treatments.get(person.policy.treatment_slug(course.treatment))
        if known is None or known.course is None or not person.sessions_left(course, now):
            continue
        sessions = [day_of(row.done_at) for row in person.treatments if row.course_no == course.course_no]
        family = [
            day_of(row.done_at)
            for row in person.treatments
            if row.course_no is None
            and person.family(row.treatment) == known.family
            and not person.is_check(row.treatment)
            and day_of(row.done_at) >= course.bought_on
        ]
        last = max(sessions or family or [course.bought_on])
        if (now.date() - last).days > known.course.gap_after:
            return True
    return False


def stands_higher(person: Person, now: datetime) -> bool:
    """Of somebody whom nothing keeps off ⑦."""
    return (
        waits_for_an_answer(person, now) or is_undecided_today(person, now) or misses_a_session(person, now)
    )


def churners(clinic: Clinic, now: datetime, policy: Policy) -> list[Why]:
    """Every patient and why they are on the list or not; `now` is the branches' wall clock."""
    everybody = people_at(clinic, now, policy)
    phones = phones_at(everybody, now)
    found = []
    for person in everybody:
        if person.key[0] == "prospect":
            continue
        phone = phone_of(person, everybody, now.date())
        why = reason(person, phone, phones, now)
        if why == "listed" and stands_higher(person, now):
            why = "in a higher section"
        found.append(Why(person.key[1], person.branch, why, bands(person, now)))
    return found


def listed(
    clinic: Clinic, now: datetime, policy: Policy, branches: frozenset[str] = frozenset()
) -> list[str]:
    """The chart numbers of `/churners` for these branches (none named: all), sorted."""
    return sorted(
        why.chart_no
        for why in churners(clinic, now, policy)
        if why.reason == "listed" and (not branches or why.branch in branches)
    )

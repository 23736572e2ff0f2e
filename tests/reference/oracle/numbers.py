"""The numbers of `/kpi` that count inquiries, visits, reservations, journeys, calls and money."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from tests.reference.clinic import Inquiry, Treatment
from tests.reference.oracle.cases import Case, Count, Value, common, patient_source, weekday
from tests.reference.oracle.consults import COUNTS as CONSULTS
from tests.reference.oracle.funnel import (
    CUTS,
    Days,
    Seen,
    cancelled_by_clinic,
    first_contacts,
    in_pair,
    referred,
    returned,
    ripe_from,
)
from tests.reference.oracle.journeys import ONE_INQUIRY, Journey
from tests.reference.oracle.losses import COUNTS as LOSSES
from tests.reference.oracle.people import CAME, CONTACTS, Person, day
from tests.reference.oracle.recalls import COUNTS as RECALLS
from tests.reference.oracle.rules import STAGES, care, family, is_check, opening_minutes, source

BY_WORD = ("referral", "family", "staff_referral")


# Inquiries


def counted_inquiries(person: Person) -> list[tuple[Inquiry, str | None]]:
    """A person's inquiries and why one does not count."""
    found: list[tuple[Inquiry, str | None]] = []
    last: datetime | None = None
    for row in sorted(
        person.inquiries, key=lambda row: (person.sorted_at(row.received_at), row.inquiry_no or "")
    ):
        moment = person.sorted_at(row.received_at)
        if row.kind == "spam":
            found.append((row, "spam"))
        elif row.kind not in CONTACTS:
            found.append((row, "other_inquiry"))
        else:
            again = last is not None and moment - last <= ONE_INQUIRY
            found.append((row, "asked_again" if again else None))
            last = moment
    return found


def inquiry_cuts(row: Inquiry) -> dict[str, Iterable[Value]]:
    on = day(row.received_at)
    return {
        "branch": [row.branch],
        "coordinator": [row.staff],
        "treatment": [family(row.treatment)],
        "source": [source(row.source)],
        "weekday": [weekday(on)],
    }


def inquiries(seen: Seen, days: Days) -> list[Case]:
    return [
        Case(1, 0, out, inquiry_cuts(row))
        for person in seen.people
        for row, out in counted_inquiries(person)
        if day(row.received_at) in days
    ]


def response_minutes(seen: Seen, days: Days) -> list[float]:
    """Opening minutes to the first answer, of each inquiry that had one."""
    found = []
    for person in seen.people:
        for row, out in counted_inquiries(person):
            received, answer = row.received_at, row.answered_at
            if day(received) not in days or out not in (None, "asked_again"):
                continue
            if isinstance(received, datetime) and isinstance(answer, datetime):
                found.append(opening_minutes(row.branch, received, answer))
    return found


# Journeys


def journey_cuts(journey: Journey, stage: str) -> dict[str, Iterable[Value]]:
    cuts: dict[str, Iterable[Value]] = {by: list(values(journey, stage)) for by, values in CUTS.items()}
    return cuts | {"weekday": [weekday(journey.began.date())]}


def pair_of(earlier: str) -> Count:
    later = STAGES[STAGES.index(earlier) + 1]

    def count(seen: Seen, days: Days) -> list[Case]:
        cases = []
        for journey in seen.cohort(days):
            cuts = journey_cuts(journey, earlier)
            if in_pair(journey, earlier):
                out = None if ripe_from(journey, earlier) <= seen.now else "too_early"
                cases.append(Case(later in journey.passed(), 1, out, cuts))
            elif earlier == "reservation" and cancelled_by_clinic(journey):
                cases.append(Case(out="cancelled_by_clinic", cuts=cuts))
        return cases

    return count


def inquiry_to_reservation(seen: Seen, days: Days) -> list[Case]:
    others = [case for case in inquiries(seen, days) if case.out]
    return pair_of("inquiry")(seen, days) + others


def return_(seen: Seen, days: Days) -> list[Case]:
    return outcome(seen, days, returned)


def referral(seen: Seen, days: Days) -> list[Case]:
    return outcome(seen, days, referred)


def outcome(seen: Seen, days: Days, judged: object) -> list[Case]:
    assert callable(judged)
    return [
        Case(verdict, 1, None, journey_cuts(journey, "treatment"))
        for found in seen.of_person
        for journey in found
        if journey.treatments()
        for verdict in [judged(seen, found, journey, days)]
        if verdict is not None
    ]


# Reservations

OUTS = {"cancelled_by_clinic": "cancelled_by_clinic", "booked": "unmarked", "requested": "unmarked"}


def reservations(state: str) -> Count:
    """Each chain of moves once at its last date, of the days that are over."""

    def count(seen: Seen, days: Days) -> list[Case]:
        cases = []
        for person in seen.people:
            for row in person.reservations:
                on = row.starts.date()
                if row.state == "moved" or on not in days or on >= seen.now.date():
                    continue
                what = "arrived" if row.state in CAME else row.state
                out = OUTS.get(what)
                if what == "cancelled_early" and state != "cancelled_early":
                    out = "cancelled_early"
                cuts: dict[str, Iterable[Value]] = {
                    "weekday": [weekday(on)],
                    "branch": [person.branch],
                    "treatment": [family(row.row.treatment)],
                    "doctor": [row.row.doctor],
                    "coordinator": [row.row.staff],
                }
                cases.append(Case(what == state, 1, out, cuts))
        return cases

    return count


# Visits and new patients


def is_new_on(person: Person, on: date) -> bool:
    first = person.first_visit()
    return first is None or first >= on


def visits(seen: Seen, days: Days) -> list[Case]:
    return [
        Case(1, 0, None, common(person, on) | {"new": ["new" if is_new_on(person, on) else "returning"]})
        for person in seen.people
        for on in person.days_here()
        if on in days
    ]


def new_patients(seen: Seen, days: Days) -> list[Case]:
    return [Case(1, 0, None, common(person, on)) for person, on in firsts(seen, days)]


def firsts(seen: Seen, days: Days) -> list[tuple[Person, date]]:
    found = [(person, person.first_visit()) for person in seen.people]
    return [(person, first) for person, first in found if first and first in days]


def referral_share(seen: Seen, days: Days) -> list[Case]:
    return [Case(by_word(person), 1, None, common(person, on)) for person, on in firsts(seen, days)]


def by_word(person: Person) -> bool:
    patient = person.patient
    return patient is not None and (bool(patient.referred_by) or patient_source(person) in BY_WORD)


def covered(row: Treatment) -> bool:
    known = care(row.treatment)
    return row.covered if row.covered is not None else known is not None and known.covered


def return_new(seen: Seen, days: Days) -> list[Case]:
    """New patients here again within 90 days; who came for covered care alone is out."""
    cases = []
    for person, first in firsts(seen, days):
        until = first + timedelta(days=90)
        rows = [row for row in person.treatments if day(row.done_at) == first]
        again = any(first < on <= until for on in person.days_here())
        out = "too_early" if until > seen.now.date() else None
        if rows and all(covered(row) for row in rows):
            out = "covered_care"
        cases.append(Case(again, 1, out, common(person, first)))
    return cases


def referrers(seen: Seen, days: Days) -> list[Case]:
    """Patients treated in the period who were named by somebody new since its first day."""
    cases = []
    for person in seen.people:
        rows = [row for row in person.treatments if not is_check(row.treatment)]
        if any(day(row.done_at) in days for row in rows):
            named = any(contact.date() >= days.first for contact in first_contacts(seen, person))
            cases.append(Case(named, 1, None, common(person)))
    return cases


# Money and calls


def revenue(seen: Seen, days: Days) -> list[Case]:
    cases = []
    for person in seen.people:
        for row in person.payments:
            if day(row.paid_at) not in days:
                continue
            insured = None if row.covered is None else "covered" if row.covered else "non_covered"
            cuts: dict[str, Iterable[Value]] = {
                "branch": [person.branch],
                "insured": [insured],
                "weekday": [weekday(day(row.paid_at))],
            }
            cases.append(Case(row.amount - (row.refund or 0), 0, None, cuts))
    return cases


def per_patient(seen: Seen, days: Days) -> list[Case]:
    visitors = [
        Case(0, 1, None, {"branch": [person.branch]})
        for person in seen.people
        if any(on in days for on in person.days_here())
    ]
    return revenue(seen, days) + visitors


SPOKE = ("connected", "call_later", "treatment_complete")


def connect_rate(seen: Seen, days: Days) -> list[Case]:
    return [
        Case(
            row.outcome in SPOKE,
            1,
            None,
            {"branch": [row.branch], "coordinator": [row.staff], "weekday": [weekday(day(row.called_at))]},
        )
        for person in seen.people
        for row in person.calls
        if day(row.called_at) in days
    ]


def group_mix(seen: Seen, days: Days) -> list[Case]:
    """The two affirmations of the connected recall calls with a group."""
    cases = []
    for person in seen.people:
        for row in person.calls:
            if day(row.called_at) not in days or row.kind not in (None, "recall") or row.outcome not in SPOKE:
                continue
            out = row.outcome if row.outcome != "connected" else None
            cuts: dict[str, Iterable[Value]] = {
                "branch": [row.branch],
                "coordinator": [row.staff],
                "weekday": [weekday(day(row.called_at))],
                "group": [row.group],
            }
            cases.append(Case(row.group in ("positive_affirmation", "negative_affirmation"), 1, out, cuts))
    return cases


COUNTS: dict[str, Count] = {
    "inquiries": inquiries,
    "inquiry_to_reservation": inquiry_to_reservation,
    "new_patients": new_patients,
    "referral_share": referral_share,
    "visit_rate": pair_of("reservation"),
    "show_rate": reservations("arrived"),
    "no_show": reservations("no_show"),
    "late_cancel": reservations("cancelled_late"),
    "early_cancel": reservations("cancelled_early"),
    "visits": visits,
    "treated": pair_of("agreement"),
    "return": return_,
    "return_new": return_new,
    "connect_rate": connect_rate,
    "group_mix": group_mix,
    "referral": referral,
    "referrers": referrers,
    "revenue": revenue,
    "per_patient": per_patient,
    **CONSULTS,
    **LOSSES,
    **RECALLS,
}

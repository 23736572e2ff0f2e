"""The random clinic with what numbers need beside: money, courses, answers, calls that brought somebody."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from tests.reference.clinic import (
    Call,
    Clinic,
    Consult,
    Course,
    Inquiry,
    Moment,
    Payment,
    Reservation,
    Treatment,
    Visit,
)
from tests.reference.random_clinic import random_clinic

DOCTORS = ("D1", "D2", None)
GROUPS = ("positive_affirmation", "negative_affirmation", "negative_affirmation", "negative_denial", None)
CAUSES = ("forgot", "cost", "no_need", "no_time", None, None)
IN_COURSES = (
    "laser_toning",
    "레이저토닝",
    "acne",
    "여드름",
    "제모",
    "hair_removal",
    "skin_booster",
    "skin_care",
)


def rich_clinic(seed: int, patients: int, today: date) -> Clinic:
    """A random clinic and, of a second dice with the same seed, the facts that money and calls leave."""
    clinic, random = random_clinic(seed, patients, today), Random(f"rich {seed}")
    clinic.inquiries = [answered(row, random, today) for row in clinic.inquiries]
    clinic.reservations = [replace(row, doctor=random.choice(DOCTORS)) for row in clinic.reservations]
    clinic.consults = [with_amounts(row, random) for row in clinic.consults]
    clinic.treatments = [with_doctor(row, random) for row in clinic.treatments]
    sell_courses(clinic, random, today)
    clinic.payments = [with_refund(row, random) for row in clinic.payments]
    pay_more(clinic, random)
    clinic.payments = [numbered(row, number, clinic.payments) for number, row in enumerate(clinic.payments)]
    for row in list(clinic.treatments):
        if random.random() < 0.5:
            call_back(clinic, random, today, row)
    return clinic


def day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def answered(row: Inquiry, random: Random, today: date) -> Inquiry:
    """Most are answered within minutes or days; some on the day, without a time."""
    if random.random() < 0.3:
        return row
    if not isinstance(row.received_at, datetime) or random.random() < 0.1:
        return replace(row, answered_at=day(row.received_at))
    at = row.received_at + timedelta(minutes=random.choice((3, 20, 90, 600, 1500, 4000)))
    return replace(row, answered_at=at if at.date() < today else None)


def with_amounts(row: Consult, random: Random) -> Consult:
    if random.random() < 0.3:
        return row
    proposed = random.choice((100_000, 300_000, 1_200_000))
    agreed = {"yes": proposed, "part": proposed // 2}.get(row.decision or "")
    return replace(row, proposed_amount=proposed, agreed_amount=agreed if random.random() < 0.9 else None)


def with_doctor(row: Treatment, random: Random) -> Treatment:
    covered = random.choice((True, False, False, None, None))
    amount = random.choice((None, 50_000, 200_000))
    return replace(row, doctor=random.choice(DOCTORS), covered=covered, amount=row.amount or amount)


def sell_courses(clinic: Clinic, random: Random, today: date) -> None:
    """Some treatments of a family sold in sessions were the first of a course; more sessions follow."""
    rows: list[Treatment] = []
    for number, row in enumerate(clinic.treatments):
        if row.course_no or row.treatment not in IN_COURSES or random.random() < 0.3:
            rows.append(row)
            continue
        sessions, came = random.randint(2, 5), 0
        on, course_no = day(row.done_at), f"KX{number}"
        rows.append(replace(row, course_no=course_no, session_no=1))
        while came + 1 < sessions and random.random() < 0.7:
            came += 1
            on += timedelta(days=random.randint(5, 50))
            if on >= today:
                break
            at = datetime.combine(on, time(random.randint(10, 17), 20))
            rows.append(
                replace(
                    row, treatment_no=f"TX{number}-{came}", done_at=at, course_no=course_no,
                    session_no=came + 1, recommended_on=None,
                )
            )  # fmt: skip
            if random.random() < 0.5:
                visit = Visit(f"VX{number}-{came}", row.chart_no, row.branch, at - timedelta(minutes=9))
                clinic.visits.append(visit)
        until = day(row.done_at) + timedelta(days=random.choice((60, 120, 365)))
        valid = until if random.random() < 0.7 else None
        bought = day(row.done_at) - timedelta(days=random.choice((0, 0, 0, 3)))
        used = random.choice((None, None, 1, sessions))
        clinic.courses.append(
            Course(course_no, row.chart_no, row.branch, row.treatment, bought, sessions, used, valid, 600_000)
        )
        paid = Payment(f"PX{number}", row.chart_no, row.branch, row.done_at, 600_000, course_no=course_no)
        clinic.payments.append(paid)
    clinic.treatments = rows


def with_refund(row: Payment, random: Random) -> Payment:
    covered, refunded = random.choice((True, False, None, None)), random.random() < 0.12
    if row.payment_no is None:  # two of one moment may differ in nothing
        return row
    row = replace(row, covered=covered)
    return replace(row, refund=row.amount // random.choice((1, 2, 5))) if refunded else row


def numbered(row: Payment, number: int, rows: list[Payment]) -> Payment:
    """A row without a number gets one where another pays the same at the same moment."""
    what = (row.branch, row.chart_no, row.paid_at, row.course_no, row.treatment_no)
    same = [
        other
        for other in rows
        if (other.branch, other.chart_no, other.paid_at, other.course_no, other.treatment_no) == what
    ]
    return replace(row, payment_no=f"PN{number}") if len(same) > 1 and not row.payment_no else row


def pay_more(clinic: Clinic, random: Random) -> None:
    """Treatments paid later, and refunds that stand alone."""
    paid = {row.treatment_no for row in clinic.payments}
    for number, row in enumerate(list(clinic.treatments)):
        if random.random() < 0.15 and row.treatment_no and row.treatment_no not in paid:
            clinic.payments.append(
                Payment(
                    f"PY{number}", row.chart_no, row.branch, row.done_at, random.choice((70_000, 180_000)),
                    treatment_no=row.treatment_no, covered=row.covered,
                )
            )  # fmt: skip
        if random.random() < 0.05:
            at = row.done_at + timedelta(days=2)
            clinic.payments.append(Payment(f"PZ{number}", row.chart_no, row.branch, at, 0, 30_000))


def call_back(clinic: Clinic, random: Random, today: date, row: Treatment) -> None:
    """A recall call around the time when somebody should be back; some come after it."""
    on = day(row.done_at) + timedelta(days=random.choice((40, 70, 95, 130, 160, 190, 230)))
    number = f"LX{len(clinic.calls)}"
    at = datetime.combine(on, time(random.randint(10, 18), random.randint(0, 59)))
    if on >= today:
        return
    outcome = random.choice(("connected", "connected", "connected", "no_answer", "busy", "call_later"))
    group = random.choice(GROUPS) if outcome == "connected" else None
    cause = random.choice(CAUSES) if outcome == "connected" else None
    staff = random.choice(("S1", "S2", None))
    clinic.calls.append(
        Call(
            number,
            row.chart_no,
            row.branch,
            at,
            outcome,
            staff,
            random.choice(("recall", None)),
            group,
            cause,
        )
    )
    if random.random() < 0.5:
        come_back(clinic, random, today, row, at)


def come_back(clinic: Clinic, random: Random, today: date, row: Treatment, called: datetime) -> None:
    """A visit some days after a call, booked before or after it, paid or not."""
    then = called + timedelta(days=random.randint(1, 70), hours=random.choice((0, 0, 1)))
    then = datetime.combine(then.date(), time(random.randint(10, 18), 5))
    if then.date() >= today:
        return
    tag = f"{len(clinic.treatments)}-{len(clinic.visits)}"
    if random.random() < 0.6:
        made = called + timedelta(days=random.choice((-2, 0)), minutes=5)
        clinic.reservations.append(
            Reservation(
                f"RX{tag}", row.chart_no, row.branch, then, min(made, then), row.treatment,
                random.choice(("S1", "S2")), "arrived",
            )
        )  # fmt: skip
    clinic.visits.append(Visit(f"VY{tag}", row.chart_no, row.branch, then))
    if random.random() < 0.3:
        clinic.consults.append(
            Consult(f"CX{tag}", row.chart_no, row.branch, then, row.treatment, "S1", "yes")
        )
    if random.random() < 0.8:
        again = replace(
            row, treatment_no=f"TY{tag}", done_at=then + timedelta(minutes=30), course_no=None,
            session_no=None, recommended_on=None, amount=random.choice((None, 0, 90_000)),
        )  # fmt: skip
        clinic.treatments.append(again)
        if random.random() < 0.6:
            clinic.payments.append(Payment(f"PW{tag}", row.chart_no, row.branch, then, 90_000))

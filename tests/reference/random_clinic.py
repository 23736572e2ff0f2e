"""Random people living random lives at a clinic, told as rows of the ten files."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from tests.clinic import policy
from tests.reference.clinic import Clinic, Consult, Inquiry, Patient, Reservation, Staff, Treatment, Visit
from tests.reference.facts import day_of
from tests.reference.lives import BRANCHES, SOURCES, STATUSES, YEAR, Life


def written_phone(number: int, random: Random) -> str:
    digits = f"{number:08d}"
    return random.choice(
        (
            f"010-{digits[:4]}-{digits[4:]}",
            f"010{digits}",
            f"+82 10 {digits[:4]} {digits[4:]}",
            f"10{digits}",
        )
    )


def live(clinic: Clinic, random: Random, today: date, number: int) -> None:
    """One patient: who they are, and what they did."""
    branch = random.choice(BRANCHES)
    twin = number > 1 and random.random() < 0.05  # the same chart number in the other book
    others = {row.chart_no for row in clinic.patients if row.branch == branch}
    chart_no = f"{number - 1:05d}" if twin else f"{number:05d}"
    if chart_no in others:
        chart_no = f"{number:05d}"
    phone: str | None = written_phone(20_000_000 + number * 37, random)
    if random.random() < 0.12:
        phone = random.choice([None, *(row.phone for row in clinic.patients[-8:])])
    began = today - timedelta(days=random.randint(0, YEAR))
    life = Life(clinic, random, today, branch, chart_no, f"김환자{number}", phone, began)
    known = [row for row in clinic.patients if row.branch == branch]
    born = date(today.year - random.randint(16, 70), random.randint(1, 12), random.randint(1, 28))
    guards = None
    if known and phone and random.random() < 0.04:
        guards = child_of(clinic, random, today, life, number)
    clinic.patients.append(
        Patient(
            chart_no,
            branch,
            life.name,
            phone,
            born if life.chance(0.8) else None,
            source=random.choice((*SOURCES, None, None)),
            first_visit_on=began + timedelta(days=random.randint(-200, 40)) if life.chance(0.3) else None,
            referred_by=random.choice(known).chart_no if known and life.chance(0.25) else None,
            guardian_of=guards,
            status=random.choice((*STATUSES, "active")) if life.chance(0.1) else None,
            ad_consent_at=began if life.chance(0.5) else None,
        )
    )
    for _ in range(random.choice((0, 1, 1, 2, 3, 4))):
        life.episode()
        if not life.wait(3, 150):
            break
    treated = any(row.chart_no == chart_no and row.branch == branch for row in clinic.treatments)
    for _ in range(random.choice((0, 1, 2, 3, 6) if treated else (0, 0, 0, 1))):
        life.call()


def child_of(clinic: Clinic, random: Random, today: date, parent: Life, number: int) -> str:
    """A child under fourteen without a phone whose guardian is the patient being born."""
    chart_no = f"9{number:05d}"
    birthday = today - timedelta(days=random.randint(2000, 4500))
    clinic.patients.append(Patient(chart_no, parent.branch, f"김아이{number}", None, birthday))
    day = today - timedelta(days=random.randint(60, 300))
    child = Life(clinic, random, today, parent.branch, chart_no, f"김아이{number}", None, day)
    child.treat("acne", child.clock(day))
    return chart_no


def strangers(clinic: Clinic, random: Random, today: date, count: int) -> None:
    """Prospects; some use a patient's phone under another name, some ask at both branches."""
    for number in range(count):
        on = today - timedelta(days=random.randint(0, YEAR))
        phone = written_phone(80_000_000 + number * 11, random)
        shared = [row.phone for row in clinic.patients if row.phone]
        if shared and random.random() < 0.2:
            phone = random.choice(shared)
        branch = random.choice(BRANCHES)
        life = Life(clinic, random, today, branch, "", f"이문의{number}", phone, on)
        for _ in range(random.choice((1, 1, 2, 3))):
            at = life.sometimes_day(life.clock(life.on))
            source = random.choice((*SOURCES, None))
            treatment = life.treatment_or_none()
            if life.fresh(str(at)):
                clinic.inquiries.append(
                    Inquiry(
                        life.number("I"),
                        at,
                        branch,
                        name=life.name,
                        phone=phone,
                        source=source,
                        treatment=treatment,
                        staff=life.staff(),
                    )
                )
            if not life.wait(0, 12):
                break


def random_clinic(seed: int, patients: int, today: date) -> Clinic:
    """A clinic of two branches that nobody would make up; the same seed is the same clinic."""
    assert set(BRANCHES) <= set(policy().branches)
    random = Random(seed)
    clinic = Clinic()
    clinic.staff += [
        Staff("S1", "박실장", "coordinator", "gangnam"),
        Staff("S2", "최실장", "coordinator", "haeundae"),
        Staff("S3", "정데스크", "desk", "gangnam"),
        Staff("D1", "오원장", "director", "gangnam,haeundae"),
        Staff("D2", "한원장", "director", "haeundae"),
    ]
    for number in range(1, patients + 1):
        live(clinic, random, today, number)
    strangers(clinic, random, today, patients // 6)
    days = days_here(clinic)
    clinic.reservations = [believable(row, days) for row in clinic.reservations]
    return clinic


def days_here(clinic: Clinic) -> set[tuple[str, str, date]]:
    rows: list[Visit | Consult | Treatment]
    rows = [*clinic.visits, *clinic.consults, *clinic.treatments]
    return {(row.branch, row.chart_no, day_of_row(row)) for row in rows}


def believable(reservation: Reservation, days: set[tuple[str, str, date]]) -> Reservation:
    """Nobody missed or cancelled a reservation on the very day on which they were there."""
    day = day_of(reservation.starts_at)
    here = (reservation.branch, reservation.chart_no, day) in days
    status, at = reservation.status or "booked", reservation.status_at
    ended = status == "no_show" or status.startswith("cancelled")
    if here and ended and (at is None or day_of(at) >= day):
        return replace(reservation, status=None, status_at=None)
    return reservation


def day_of_row(row: Visit | Consult | Treatment) -> date:
    match row:
        case Visit():
            return day_of(row.arrived_at)
        case Consult():
            return day_of(row.held_at)
        case Treatment():
            return day_of(row.done_at)

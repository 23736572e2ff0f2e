"""Rows of a file become rows of ours, on both databases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import Session, SQLModel

from bot.transaction import reading, step
from crm_core.imports.actions import finish, open_batch
from crm_core.tables import (
    Call,
    Consent,
    Contact,
    ContactLink,
    Episode,
    FactsUntil,
    Inquiry,
    Journey,
    OutboxRow,
    Patient,
    Payment,
    Prospect,
    RecallDue,
    Refusal,
    Reservation,
    Staff,
    StaffRole,
    TreatmentDone,
    Visit,
)
from crm_core.tables.calls import LegalClass, ResponseGroup
from crm_core.tables.facts import ReservationState
from crm_core.tables.people import Relation, Role
from tests.clinic import policy
from tests.crm_core.imports.files import imported, staged

RESERVATIONS = "reservation_no,chart_no,starts_at,treatment,doctor,status\n"


def all_of(db: Session, table: type[SQLModel]) -> list[Any]:
    return list(db.scalars(select(table)))


def only(engine: Engine, table: type[SQLModel]) -> Any:
    with reading(engine) as db:
        (row,) = all_of(db, table)
    return row


def count(engine: Engine, table: type[SQLModel]) -> int:
    with reading(engine) as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def test_the_same_file_again_changes_nothing(engine: Engine, now: datetime) -> None:
    files = {
        "patients": (
            "chart_no,name,phone,birth_date,ad_consent_at\n1,김하나,010-1111-2222,1990-01-01,2026-01-05\n"
        ),
        "reservations": RESERVATIONS + "9,1,2026-11-20 14:00,보톡스,김원장,arrived\n",
        "visits": "chart_no,arrived_at\n1,2026-11-20 14:01\n",
        "consults": "chart_no,held_at,decision,proposed_amount,staff\n1,2026-11-20 14:05,yes,300000,이실장\n",
        "treatments": "chart_no,done_at,treatment,amount\n1,2026-11-20 14:30,보톡스,300000\n",
        "courses": "course_no,chart_no,treatment,bought_on,sessions\nC1,1,토닝,2026-11-20,10\n",
        "payments": "chart_no,paid_at,amount\n1,2026-11-20 15:00,300000\n",
        "calls": (
            "chart_no,called_at,outcome,group,note\n1,2026-11-01 11:00,connected,positive_affirmation,ok\n"
        ),
        "inquiries": "received_at,name,phone,treatment\n2026-11-10 10:00,박둘,01033334444,보톡스\n",
        "staff": "staff_no,name,role,branches\n1,이실장,coordinator,gangnam\n",
    }
    for kind, text in files.items():
        assert imported(engine, kind, text, now).changed == 1, kind
    for kind, text in files.items():
        again = imported(engine, kind, text, now + timedelta(days=1))
        assert (again.changed, again.patients) == (0, set()), kind


def test_a_known_number_replaces_the_row_and_an_empty_cell_erases_nothing(
    engine: Engine, now: datetime
) -> None:
    imported(engine, "reservations", RESERVATIONS + "9,1,2026-12-01 14:00,보톡스,김원장,\n", now)
    assert only(engine, Reservation).state is ReservationState.BOOKED
    imported(engine, "reservations", RESERVATIONS + "9,1,2026-12-02 15:00,,,no_show\n", now)
    row = only(engine, Reservation)
    assert (row.starts_on, row.state) == (date(2026, 12, 2), ReservationState.NO_SHOW)
    assert (row.treatment, row.doctor) == ("botox", "김원장")
    imported(engine, "reservations", RESERVATIONS + "9,1,2026-12-02 15:00,,,\n", now)
    assert only(engine, Reservation).state is ReservationState.NO_SHOW


def test_a_row_whose_chart_number_was_corrected_leaves_the_first_patients_journeys(
    engine: Engine, now: datetime
) -> None:
    imported(engine, "reservations", RESERVATIONS + "9,1,2026-11-01 14:00,,,\n", now)
    applied = imported(engine, "reservations", RESERVATIONS + "9,2,2026-11-01 14:00,,,\n", now)
    assert len(applied.patients) == 2
    patients = only(engine, Journey).patient_id
    with reading(engine) as db:
        assert db.get_one(Patient, patients).chart_no == "2"


def test_a_fact_without_a_number_is_known_by_patient_moment_and_treatment(
    engine: Engine, now: datetime
) -> None:
    header = "chart_no,done_at,treatment,amount\n"
    imported(engine, "treatments", header + "1,2026-11-01 10:00,보톡스,100\n", now)
    imported(engine, "treatments", header + "1,2026-11-01 10:00,botox,200\n", now)
    assert only(engine, TreatmentDone).amount == 200
    imported(engine, "treatments", header + "1,2026-11-01 10:00,필러,200\n1,2026-11-02,보톡스,1\n", now)
    assert count(engine, TreatmentDone) == 3


def test_a_row_of_an_unknown_patient_makes_one_known_by_the_chart_number_alone(
    engine: Engine, now: datetime
) -> None:
    imported(engine, "visits", "chart_no,arrived_at\n7,2026-11-01 10:00\n", now)
    patient = only(engine, Patient)
    assert (patient.book, patient.chart_no, patient.branch, patient.name) == ("gangnam", "7", "gangnam", None)
    imported(engine, "patients", "chart_no,name\n7,김하나\n", now)
    assert only(engine, Patient).name == "김하나"


def test_the_same_chart_number_in_another_branchs_book_is_another_patient(
    engine: Engine, now: datetime
) -> None:
    for branch in ("gangnam", "haeundae"):
        imported(engine, "visits", "visit_no,chart_no,arrived_at\nV1,7,2026-11-01\n", now, branch=branch)
    assert count(engine, Patient) == count(engine, Visit) == 2


def test_facts_are_folded_and_the_ledger_is_kept(engine: Engine, now: datetime) -> None:
    imported(engine, "treatments", "chart_no,done_at,treatment\n1,2026-05-01 10:00,보톡스\n", now)
    assert only(engine, Journey).treatment_at == datetime(2026, 5, 1, 1, tzinfo=UTC)
    assert only(engine, RecallDue).family == "botox"
    assert only(engine, Patient).last_visit_on == date(2026, 5, 1)


def test_importing_posts_nothing_and_starts_nobody(engine: Engine, now: datetime) -> None:
    imported(engine, "treatments", "chart_no,done_at,treatment\n1,2026-05-01 10:00,보톡스\n", now)
    assert count(engine, OutboxRow) == count(engine, Episode) == 0


def test_money_paid_and_paid_back(engine: Engine, now: datetime) -> None:
    text = (
        'payment_no,chart_no,paid_at,amount,refund\nP1,1,2026-11-01,"1,250,000원",\nP2,1,2026-11-02,0,50000\n'
    )
    imported(engine, "payments", text, now)
    with reading(engine) as db:
        assert sorted((p.amount, p.refund) for p in all_of(db, Payment)) == [(0, 50_000), (1_250_000, 0)]


def test_a_phone_becomes_a_contact_of_the_patient(engine: Engine, now: datetime) -> None:
    imported(engine, "patients", "chart_no,name,phone\n1,A,010-1111-2222\n2,B,01011112222\n", now)
    assert only(engine, Contact).address == "+821011112222"
    with reading(engine) as db:
        assert {(link.relation, link.preferred) for link in all_of(db, ContactLink)} == {
            (Relation.SELF, True)
        }
    imported(engine, "patients", "chart_no,phone\n1,010-9999-8888\n", now)
    with reading(engine) as db:
        first = db.scalars(select(Patient).where(Patient.chart_no == "1")).one()  # type: ignore[arg-type]
        links = {
            db.get_one(Contact, link.contact_id).address[-4:]: link.preferred
            for link in all_of(db, ContactLink)
            if link.patient_id == first.id
        }
    assert links == {"2222": False, "8888": True}
    again = imported(engine, "patients", "chart_no,birth_date\n1,1990-01-01\n", now)
    assert again.changed == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_child_is_reached_through_the_guardian(
    engine: Engine, now: datetime, order: tuple[int, int]
) -> None:
    rows = ("10,엄마,010-1111-2222,1985-01-01,11\n", "11,아이,010-3333-4444,2018-05-05,\n")
    for n in order:
        imported(engine, "patients", "chart_no,name,phone,birth_date,guardian_of\n" + rows[n], now)
    with reading(engine) as db:
        names = {p.id: p.chart_no for p in all_of(db, Patient)}
        phones = {c.id: c.address[-4:] for c in all_of(db, Contact)}
        links = {
            (names[k.patient_id], phones[k.contact_id], k.relation, k.preferred)
            for k in all_of(db, ContactLink)
        }
    assert links == {
        ("10", "2222", Relation.SELF, True),
        ("11", "2222", Relation.GUARDIAN, True),
        ("11", "4444", Relation.GUARDIAN, True),
    }


def test_a_consent_to_advertising_is_noted_once(engine: Engine, now: datetime) -> None:
    text = "chart_no,phone,ad_consent_at\n1,01011112222,2026-01-05\n"
    imported(engine, "patients", text, now)
    imported(engine, "patients", text + "2,,2026-01-05\n", now)
    consent = only(engine, Consent)
    assert (consent.kind, consent.given) == ("ads", True)


INQUIRY = "inquiry_no,received_at,name,phone,chart_no\nQ1,2026-11-10 10:00,박 둘,01033334444,\n"
CHART = "chart_no,name,phone\n7,박둘,010-3333-4444\n"


@pytest.mark.parametrize("order", [("inquiries", "patients"), ("patients", "inquiries")])
def test_a_prospect_becomes_the_patient_when_phone_and_name_agree(
    engine: Engine, now: datetime, order: tuple[str, str]
) -> None:
    for kind in order:
        imported(engine, kind, {"inquiries": INQUIRY, "patients": CHART}[kind], now)
    inquiry, patient, journey = only(engine, Inquiry), only(engine, Patient), only(engine, Journey)
    assert (inquiry.patient_id, inquiry.prospect_id) == (patient.id, None)
    assert (journey.patient_id, journey.prospect_id) == (patient.id, None)


def test_a_prospect_stays_one_when_only_the_phone_agrees(engine: Engine, now: datetime) -> None:
    imported(engine, "inquiries", INQUIRY, now)
    imported(engine, "patients", CHART.replace("박둘", "최셋"), now)
    assert only(engine, Inquiry).prospect_id == only(engine, Prospect).id
    imported(engine, "inquiries", INQUIRY.replace(",\n", ",7\n"), now)
    assert (only(engine, Inquiry).patient_id, only(engine, Inquiry).prospect_id) == (
        only(engine, Patient).id,
        None,
    )
    imported(engine, "inquiries", INQUIRY, now)
    assert only(engine, Inquiry).patient_id == only(engine, Patient).id


CALL = "call_no,chart_no,called_at,kind,outcome,group\n"


@pytest.mark.parametrize("order", [("calls", "patients"), ("patients", "calls")])
def test_a_denial_holds_the_phone_whichever_file_came_first(
    engine: Engine, now: datetime, order: tuple[str, str]
) -> None:
    calls = CALL + "1,7,2026-10-01 11:00,recall,연결,소극적 부정\n"
    for kind in order:
        imported(engine, kind, {"calls": calls, "patients": CHART}[kind], now)
    refusal = only(engine, Refusal)
    assert (refusal.kind, refusal.response_group) == ("denial", ResponseGroup.NEGATIVE_DENIAL)
    assert refusal.address_blind == only(engine, Contact).address_blind
    assert only(engine, Call).legal_class is LegalClass.OUTREACH
    imported(engine, "calls", calls.replace("소극적 부정", "소극적 긍정"), now)
    assert count(engine, Refusal) == 0


def test_a_wrong_number_stops_the_contact_and_excludes_nobody(engine: Engine, now: datetime) -> None:
    imported(engine, "patients", CHART, now)
    imported(engine, "calls", CALL + "1,7,2026-10-01 11:00,recall,wrong_number,\n", now)
    assert only(engine, Contact).wrong_number_at is not None
    assert only(engine, Refusal).kind == "wrong_number"


@pytest.mark.parametrize(
    ("kind", "legal_class"),
    [
        ("", LegalClass.OUTREACH),
        ("confirmation", LegalClass.OWN),
        ("no_show", LegalClass.OWN),
        ("happy", LegalClass.CARE),
    ],
)
def test_the_class_of_a_call_is_that_of_its_kind(
    engine: Engine, now: datetime, kind: str, legal_class: LegalClass
) -> None:
    imported(engine, "calls", CALL + f"1,7,2026-10-01 11:00,{kind},no_answer,\n", now)
    assert only(engine, Call).legal_class is legal_class


def test_facts_that_name_unknown_staff_make_an_inactive_one_without_roles(
    engine: Engine, now: datetime
) -> None:
    text = "chart_no,held_at,staff\n1,2026-11-01,이실장\n2,2026-11-01,이 실장\n"
    assert imported(engine, "consults", text, now).new_staff == {"이실장"}
    assert only(engine, Staff).active is False
    imported(engine, "staff", "staff_no,name,role,branches\nS1,이실장,coordinator,gangnam\n", now)
    assert (only(engine, Staff).number, only(engine, Staff).active) == ("S1", True)
    imported(engine, "staff", "staff_no,name,role,branches\nS1,이실장,desk,gangnam\n", now)
    assert only(engine, StaffRole).role is Role.DESK
    text = "chart_no,held_at,staff\n3,2026-11-01,S1\n"
    assert imported(engine, "consults", text, now).new_staff == set()


def _finish(engine: Engine, text: str, now: datetime, until: date | None = None) -> datetime:
    read = staged("visits", text)
    imported(engine, "visits", text, now)
    with step(engine) as db:
        batch = open_batch(db, read, "visits.csv", "gangnam", None, now)
        assert batch.id is not None
        finish(db, policy(), read, batch.id, now, until)
    until_row: datetime = only(engine, FactsUntil).until
    return until_row


def test_facts_until_is_the_end_of_the_last_day_and_never_goes_back(engine: Engine, now: datetime) -> None:
    header = "chart_no,arrived_at\n"
    zone = policy().branch("gangnam").tz
    assert _finish(engine, header + "1,2026-11-03 10:00\n", now) == datetime(2026, 11, 4, tzinfo=zone)
    assert _finish(engine, header + "1,2026-11-01\n", now) == datetime(2026, 11, 4, tzinfo=zone)
    late = _finish(engine, header + "1,2026-11-02\n", now, date(2026, 11, 20))
    assert late == datetime(2026, 11, 21, tzinfo=zone)
    assert _finish(engine, header + "2,2027-01-02\n", now) == now.astimezone(UTC)


def test_a_slice_never_tears_a_patient_apart(engine: Engine, now: datetime) -> None:
    text = "chart_no,arrived_at\n" + "".join(f"{n % 2},2026-10-{n:02}\n" for n in range(1, 21))
    assert imported(engine, "visits", text, now).changed == 20
    assert count(engine, Patient) == 2

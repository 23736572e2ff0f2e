"""FHIR R4: what is read, as which row, and how the rest is refused by name."""

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from bot.transaction import step
from crm_core.imports.complaint import FileRefused, Problem, RefusedFor
from crm_core.imports.fhir.actions import remember_ids
from crm_core.imports.fhir.queries import known_persons
from crm_core.imports.fhir.read import read_fhir
from crm_core.imports.fhir.stage import FhirFile, stage_fhir
from crm_core.patients.actions import ensure_patients
from crm_core.tables import FhirPerson
from handlers.complaints import KOREAN
from tests.clinic import policy

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [
        {"value": "no chart"},
        {"type": {"coding": [{"code": "MR"}]}, "value": "C-1"},
    ],
    "name": [{"use": "nickname", "text": "하나"}, {"family": "김", "given": ["하나"]}],
    "telecom": [
        {"system": "email", "value": "hana@example.org"},
        {"system": "phone", "value": "02-555-0100"},
        {"system": "phone", "value": "010-1111-2222", "use": "mobile"},
    ],
    "gender": "female",
    "birthDate": "1990-05-01",
    "communication": [{"language": {"coding": [{"code": "ko"}]}}],
    "address": [{"city": "서울", "line": ["1"]}],
}
APPOINTMENT: dict[str, Any] = {
    "resourceType": "Appointment",
    "id": "a1",
    "status": "booked",
    "start": "2026-12-01T05:00:00Z",
    "created": "2026-11-20",
    "minutesDuration": 30,
    "serviceType": [{"text": "보톡스"}],
    "participant": [
        {"actor": {"reference": "Practitioner/7", "display": "이원장"}, "status": "accepted"},
        {"actor": {"reference": "Patient/p1"}, "status": "accepted"},
    ],
}
ENCOUNTER: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "Patient/p1"},
    "period": {"start": "2026-11-20T23:30:00-05:00"},
}
PROCEDURE: dict[str, Any] = {
    "resourceType": "Procedure",
    "id": "r1",
    "status": "completed",
    "code": {"coding": [{"display": "Ultrasound of the knee"}]},
    "subject": {"reference": "https://fhir.example.org/Patient/p1/_history/2"},
    "performedDateTime": "2026-11-20",
}
STRANGER = {"reference": "Patient/nobody"}


def lines(*resources: Any) -> bytes:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in resources).encode()


def bundle(*resources: dict[str, Any], kind: str = "collection") -> bytes:
    entries = [{"resource": one} for one in resources]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


def read(data: bytes, known: dict[str, str] | None = None) -> FhirFile:
    return stage_fhir(read_fhir(data, "KR"), known or {}, policy(), KOREAN, "gangnam")


def cells(file: FhirFile, kind: str) -> dict[str, Any]:
    (part,) = [part for part in file.parts if part.kind.name == kind]
    return part.values(part.rows[0])


def problem(file: FhirFile) -> tuple[int, str, Problem]:
    (row,) = file.all_refused
    (one,) = row.complaints
    assert one.line == row.line
    return row.line, one.column, one.problem


@pytest.mark.parametrize("wrap", [lines, bundle])
def test_each_resource_becomes_a_row_of_ours(wrap: Any) -> None:
    file = read(wrap(ENCOUNTER, APPOINTMENT, PATIENT, PROCEDURE))
    assert file.all_refused == []
    assert [part.kind.name for part in file.parts] == ["patients", "reservations", "visits", "treatments"]
    patient = cells(file, "patients")
    assert (patient["chart_no"], patient["name"], patient["phone"]) == ("C-1", "김하나", "+821011112222")
    assert (patient["sex"], patient["language"], patient["residence"]) == ("female", "ko", "서울")
    reserved = cells(file, "reservations")
    assert (reserved["chart_no"], reserved["reservation_no"], reserved["doctor"]) == ("C-1", "a1", "이원장")
    assert reserved["starts_at"].at.isoformat() == "2026-12-01T14:00:00+09:00"
    assert reserved["treatment"] == "botox"
    visit = cells(file, "visits")["arrived_at"]
    assert visit.on.isoformat() == "2026-11-21"  # half past eleven at night there is the next noon here
    done = cells(file, "treatments")
    assert (done["treatment"], done["done_at"].timed) == ("Ultrasound of the knee", False)
    assert file.ids == {"p1": "C-1"}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("proposed", "requested"),
        ("pending", "requested"),
        ("booked", "booked"),
        ("arrived", "arrived"),
        ("checked-in", "arrived"),
        ("fulfilled", "completed"),
        ("cancelled", "cancelled_early"),
        ("noshow", "no_show"),
    ],
)
def test_the_status_of_an_appointment_is_a_state(status: str, state: str) -> None:
    file = read(lines(PATIENT, APPOINTMENT | {"status": status}))
    assert cells(file, "reservations")["state"] == state


def test_what_the_clinic_called_off_is_not_the_patients_doing() -> None:
    reason = {"coding": [{"code": "prov-pers"}]}
    file = read(lines(PATIENT, APPOINTMENT | {"status": "cancelled", "cancelationReason": reason}))
    assert cells(file, "reservations")["state"] == "cancelled_by_clinic"


@pytest.mark.parametrize(
    ("resource", "column", "why"),
    [
        ({"resourceType": "Observation", "id": "o"}, "resourceType", Problem.OTHER_RESOURCE),
        ({"id": "o"}, "resourceType", Problem.MISSING),
        ("{not json", "", Problem.NO_JSON),
        ("[1]", "", Problem.NO_JSON),
        (
            APPOINTMENT | {"serviceCategory": {"coding": []}},
            "Appointment.serviceCategory",
            Problem.OTHER_VERSION,
        ),
        (ENCOUNTER | {"class": [{"coding": []}]}, "Encounter.class", Problem.OTHER_VERSION),
        (
            PROCEDURE | {"occurrenceDateTime": "2026-11-20"},
            "Procedure.occurrenceDateTime",
            Problem.OTHER_VERSION,
        ),
        (PATIENT | {"id": "p2", "animal": {}}, "Patient.animal", Problem.OTHER_VERSION),
        (ENCOUNTER | {"modifierExtension": []}, "Encounter.modifierExtension", Problem.NOT_UNDERSTOOD),
        (ENCOUNTER | {"status": "planned"}, "Encounter.status", Problem.NOTHING_HAPPENED),
        (PROCEDURE | {"status": "not-done"}, "Procedure.status", Problem.NOTHING_HAPPENED),
        (APPOINTMENT | {"status": "entered-in-error"}, "Appointment.status", Problem.NOTHING_HAPPENED),
        (APPOINTMENT | {"start": ""}, "Appointment.start", Problem.MISSING),
        (ENCOUNTER | {"subject": {}}, "Encounter.subject", Problem.MISSING),
        (
            ENCOUNTER | {"subject": {"reference": "Patient/nobody"}},
            "Encounter.subject",
            Problem.NO_SUCH_PATIENT,
        ),
        (APPOINTMENT | {"participant": []}, "Appointment.participant", Problem.MISSING),
        (PROCEDURE | {"performedDateTime": "2026-13-01"}, "Procedure.performed", Problem.NO_MONTH),
        (PATIENT | {"id": "p2", "birthDate": "1990"}, "Patient.birthDate", Problem.NO_DATE),
    ],
)
def test_anything_else_is_refused_by_name_and_line(resource: Any, column: str, why: Problem) -> None:
    file = read(lines(PATIENT, "", resource))
    assert problem(file) == (3, column, why)
    assert sum(len(part.rows) for part in file.parts) == 1


def test_a_refused_row_keeps_the_line_as_it_was() -> None:
    raw = json.dumps(PROCEDURE | {"performedDateTime": "then"})
    (row,) = read(lines(PATIENT, raw)).all_refused
    assert row.cells == (raw,)


def test_facts_of_a_patient_that_was_refused_are_refused_too() -> None:
    file = read(lines(PATIENT | {"birthDate": "soon"}, ENCOUNTER))
    assert [row.complaints[0].problem for row in file.all_refused] == [
        Problem.NO_DATE,
        Problem.NO_SUCH_PATIENT,
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", RefusedFor.EMPTY),
        (b"chart_no,name\n1,a\n", RefusedFor.NOT_FHIR),
        (b'{"a": 1}', RefusedFor.NOT_FHIR),
        (b"\xff\xff", RefusedFor.NOT_FHIR),
        (bundle(PATIENT, kind="history"), RefusedFor.OTHER_BUNDLE),
    ],
)
def test_what_is_no_fhir_file_is_refused_whole(data: bytes, why: RefusedFor) -> None:
    with pytest.raises(FileRefused) as refused:
        read(data)
    assert refused.value.why is why


@pytest.mark.parametrize(
    ("change", "cell", "value"),
    [
        ({"deceasedDateTime": "2020-01-01"}, "status", "deceased"),
        ({"deceasedBoolean": False}, "status", None),
        ({"active": False}, "status", "inactive"),
        ({"identifier": []}, "chart_no", "p1"),
        ({"gender": "unknown"}, "sex", None),
        ({"name": [{"use": "official", "family": "Doe", "given": ["Jane", "Q"]}]}, "name", "Jane Q Doe"),
        (
            {"telecom": [{"system": "phone", "value": "202-555-0143"}], "address": [{"country": "US"}]},
            "phone",
            "+12025550143",
        ),
        ({"telecom": [{"system": "phone", "value": "call me"}]}, "phone", None),
    ],
)
def test_what_a_patient_says_of_itself(change: dict[str, Any], cell: str, value: str | None) -> None:
    assert cells(read(lines(PATIENT | change)), "patients").get(cell) == value


def test_patients_that_nobody_can_call_are_counted() -> None:
    assert read(lines(PATIENT, PATIENT | {"id": "p2", "identifier": [], "telecom": []})).without_phone == 1


def test_a_bundle_may_name_its_patient_by_the_address_of_the_entry() -> None:
    nameless = {key: value for key, value in PATIENT.items() if key != "id"}
    entries = [
        {"fullUrl": "urn:uuid:11", "resource": nameless},
        {"fullUrl": "urn:uuid:12", "resource": ENCOUNTER | {"subject": {"reference": "urn:uuid:11"}}},
    ]
    written = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    file = read(json.dumps(written).encode())
    assert cells(file, "visits")["chart_no"] == "C-1"


def test_persons_of_earlier_files_are_found_by_id_and_by_chart_number(engine: Engine, now: datetime) -> None:
    with step(engine) as db:
        ensure_patients(db, {("gangnam", "C-1"): "gangnam", ("gangnam", "C-2"): "gangnam"}, now)
        remember_ids(db, "gangnam", {"p1": "C-1"})
        remember_ids(db, "gangnam", {"p1": "C-1"})
    with step(engine) as db:
        assert len(db.scalars(select(col(FhirPerson.resource_id))).all()) == 1
        known = known_persons(db, "gangnam", {"p1", "C-2", "nobody"})
        assert known == {"p1": "C-1", "C-2": "C-2"}
        assert known_persons(db, "haeundae", {"p1", "C-2"}) == {}
    file = read(lines(ENCOUNTER), known)
    assert cells(file, "visits")["chart_no"] == "C-1"

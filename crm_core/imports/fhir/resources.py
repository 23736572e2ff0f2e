"""A resource → the cells of a row of ours. Whom it is about comes back as a reference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crm_core.imports.complaint import Problem
from crm_core.imports.fhir.shape import Json, Wrong, codes, concept, objects, text, within
from crm_core.phone import read_phone
from crm_core.tables.people import PatientStatus

Cells = dict[str, str]

_APPOINTMENTS = {
    "proposed": "requested",
    "pending": "requested",
    "booked": "booked",
    "arrived": "arrived",
    "checked-in": "arrived",
    "fulfilled": "completed",
    "cancelled": "cancelled",
    "noshow": "no_show",
}
_BY_THE_CLINIC = ("prov", "maint", "meds-inc")
_CAME = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished"})
_DONE = frozenset({"completed"})
_GENDERS = frozenset({"female", "male", "other"})


@dataclass(frozen=True)
class Found:
    """One resource that can be read. `person` is a reference, None for a patient; `id` the resource's."""

    line: int
    raw: str
    kind: str  # of our files
    id: str
    cells: Cells
    person: str | None = None
    chart_no: str | None = None  # where a logical reference names it


def _patient(resource: Json, country: str) -> Cells:
    address = next(iter(objects(resource, "address")), {})
    cells = {
        "chart_no": _chart_no(resource),
        "name": _name(objects(resource, "name")),
        "phone": _phone(objects(resource, "telecom"), text(address, "country"), country),
        "birth_date": text(resource, "birthDate"),
        "sex": text(resource, "gender") if text(resource, "gender") in _GENDERS else "",
        "language": _language(objects(resource, "communication")),
        "residence": " ".join(filter(None, (text(address, "state"), text(address, "city")))),
        "status": "",
    }
    if resource.get("deceasedBoolean") is True or "deceasedDateTime" in resource:
        cells["status"] = PatientStatus.DECEASED.value
    elif resource.get("active") is False:
        cells["status"] = PatientStatus.INACTIVE.value
    return cells


def _chart_no(resource: Json) -> str:
    """The medical record number, else the resource's own id."""
    for identifier in objects(resource, "identifier"):
        if "MR" in codes(within(identifier, "type")) and text(identifier, "value"):
            return text(identifier, "value")
    return text(resource, "id")


def _name(names: list[Json]) -> str:
    """The official name, else the first: its text, else family and given as its language writes them."""
    names = [name for name in names if text(name, "use") not in ("old", "nickname", "anonymous")]
    names.sort(key=lambda name: text(name, "use") != "official")
    for name in names:
        if text(name, "text"):
            return text(name, "text")
        family = text(name, "family")
        found = name.get("given")
        given = [" ".join(g.split()) for g in found if isinstance(g, str)] if isinstance(found, list) else []
        if family and all("가" <= letter <= "힣" for letter in family + "".join(given)):
            return family + "".join(given)
        if family or given:
            return " ".join((*given, family)).strip()
    return ""


def _phone(telecom: list[Json], abroad: str, country: str) -> str:
    """The first number that can be dialled, the mobile one first; "" where there is none."""
    region = abroad.upper() if len(abroad) == 2 and abroad.isascii() and abroad.isalpha() else country
    dialled = [
        one for one in telecom if text(one, "system") in ("phone", "sms") and text(one, "use") != "old"
    ]
    dialled.sort(key=lambda one: text(one, "use") != "mobile")
    for one in dialled:
        number = read_phone(text(one, "value"), region)
        if number is not None:
            return number
    return ""


def _language(spoken: list[Json]) -> str:
    spoken = sorted(spoken, key=lambda one: one.get("preferred") is not True)
    for one in spoken:
        for coding in objects(within(one, "language"), "coding"):
            if text(coding, "code"):
                return text(coding, "code")
    return ""


def _appointment(resource: Json) -> Cells:
    status = _status("Appointment", resource, _APPOINTMENTS)
    reason = within(resource, "cancelationReason")
    if status == "cancelled" and any(code.startswith(_BY_THE_CLINIC) for code in codes(reason)):
        state = "cancelled_by_clinic"
    else:
        state = _APPOINTMENTS[status]
    services = [concept(one) for one in objects(resource, "serviceType")]
    return {
        "reservation_no": text(resource, "id"),
        "starts_at": _needed("Appointment.start", text(resource, "start")),
        "made_at": text(resource, "created"),
        "treatment": next(filter(None, services), ""),
        "doctor": _practitioner(objects(resource, "participant"), "actor"),
        "status": state,
    }


def _encounter(resource: Json) -> Cells:
    _status("Encounter", resource, _CAME)
    return {
        "visit_no": text(resource, "id"),
        "arrived_at": _needed("Encounter.period.start", text(within(resource, "period"), "start")),
        "doctor": _practitioner(objects(resource, "participant"), "individual"),
    }


def _procedure(resource: Json) -> Cells:
    _status("Procedure", resource, _DONE)
    done_at = text(resource, "performedDateTime") or text(within(resource, "performedPeriod"), "start")
    return {
        "treatment_no": text(resource, "id"),
        "done_at": _needed("Procedure.performed", done_at),
        "treatment": _needed("Procedure.code", concept(within(resource, "code"))),
        "doctor": _practitioner(objects(resource, "performer"), "actor"),
    }


def _status(kind: str, resource: Json, known: Mapping[str, str] | frozenset[str]) -> str:
    status = _needed(f"{kind}.status", text(resource, "status"))
    if status not in known:
        raise Wrong(f"{kind}.status", Problem.NOTHING_HAPPENED, status)
    return status


def _needed(path: str, value: str) -> str:
    if not value:
        raise Wrong(path, Problem.MISSING, None, path.partition(".")[0])
    return value


def _practitioner(participants: list[Json], name: str) -> str:
    """The name of the first practitioner among the participants."""
    for one in participants:
        actor = within(one, name)
        if text(actor, "reference").rpartition("/")[0].endswith("Practitioner") or text(
            actor, "reference"
        ).startswith("Practitioner?"):
            return text(actor, "display")
    return ""


_FACTS: Mapping[str, tuple[str, Callable[[Json], Cells]]] = {
    "Appointment": ("reservations", _appointment),
    "Encounter": ("visits", _encounter),
    "Procedure": ("treatments", _procedure),
}


def read_resource(resource: Json, kind: str, line: int, raw: str, country: str) -> Found:
    """The row that a resource of a checked shape makes; Wrong when something needed is not there."""
    own_id = _needed(f"{kind}.id", text(resource, "id"))
    if kind == "Patient":
        return Found(line, raw, "patients", own_id, _patient(resource, country))
    ours, read = _FACTS[kind]
    cells = read(resource)
    subject = _subject(kind, resource)
    logical = within(subject, "identifier")
    return Found(
        line,
        raw,
        ours,
        own_id,
        cells,
        person=person_key(text(subject, "reference")),
        chart_no=text(logical, "value") or None,
    )


def _subject(kind: str, resource: Json) -> Json:
    """The reference to the patient; Wrong when nobody is named."""
    if kind != "Appointment":
        subject = within(resource, "subject")
        if not text(subject, "reference") and not text(within(subject, "identifier"), "value"):
            raise Wrong(f"{kind}.subject", Problem.MISSING, None, kind)
        return subject
    for one in objects(resource, "participant"):
        actor = within(one, "actor")
        kinds = (text(actor, "type"), text(actor, "reference").rpartition("/")[0].rpartition("/")[2])
        if "Patient" in kinds or text(actor, "reference").startswith("urn:uuid:"):
            return actor
    raise Wrong("Appointment.participant", Problem.MISSING, None, kind)


def person_key(reference: str) -> str:
    """`Patient/12`, a full address of it, or `urn:uuid:…` → the id that is meant."""
    bare = reference.partition("/_history/")[0]
    return bare.rpartition("/")[2].removeprefix("urn:uuid:")

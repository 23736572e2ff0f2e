"""What a resource of FHIR R4 looks like where we read it; any other shape is said, never guessed at."""

from collections.abc import Mapping
from typing import Any

from crm_core.imports.complaint import Problem

Json = Mapping[str, Any]

_TEXT, _LIST, _OBJECT, _FLAG = str, list, dict, bool
_PARTS: Mapping[str, Mapping[str, type]] = {
    "Patient": {
        "id": _TEXT,
        "active": _FLAG,
        "identifier": _LIST,
        "name": _LIST,
        "telecom": _LIST,
        "gender": _TEXT,
        "birthDate": _TEXT,
        "address": _LIST,
        "deceasedBoolean": _FLAG,
        "deceasedDateTime": _TEXT,
        "communication": _LIST,
    },
    "Appointment": {
        "id": _TEXT,
        "status": _TEXT,
        "cancelationReason": _OBJECT,
        "serviceCategory": _LIST,
        "serviceType": _LIST,
        "start": _TEXT,
        "created": _TEXT,
        "participant": _LIST,
    },
    "Encounter": {
        "id": _TEXT,
        "status": _TEXT,
        "class": _OBJECT,
        "subject": _OBJECT,
        "participant": _LIST,
        "period": _OBJECT,
    },
    "Procedure": {
        "id": _TEXT,
        "status": _TEXT,
        "code": _OBJECT,
        "subject": _OBJECT,
        "performer": _LIST,
        "performedDateTime": _TEXT,
        "performedPeriod": _OBJECT,
    },
}
_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "Patient": ("animal",),
    "Appointment": ("subject", "cancellationReason", "indication", "incomingReferral"),
    "Encounter": ("actualPeriod", "admission", "patient", "incomingReferral"),
    "Procedure": ("occurrenceDateTime", "occurrencePeriod", "notDone", "notPerformed", "context"),
}
"""Elements that only other versions of FHIR have."""

_CHANGES_THE_MEANING = ("implicitRules", "modifierExtension")
READ_HERE = tuple(_PARTS)


class Wrong(Exception):
    """A resource that is not read; `path` is the element to look at, `value` what stands there."""

    def __init__(self, path: str, problem: Problem, value: str | None = None, detail: str = "") -> None:
        super().__init__(problem.value)
        self.path, self.problem, self.value, self.detail = path, problem, value, detail


def check_shape(kind: str, resource: Json) -> None:
    """Raises Wrong when the resource is none of ours, not as R4 writes it, or means something else."""
    if kind not in _PARTS:
        raise Wrong("resourceType", Problem.OTHER_RESOURCE, kind, ", ".join(READ_HERE))
    for name in _CHANGES_THE_MEANING:
        if name in resource:
            raise Wrong(f"{kind}.{name}", Problem.NOT_UNDERSTOOD)
    for name in _ELSEWHERE[kind]:
        if name in resource:
            raise Wrong(f"{kind}.{name}", Problem.OTHER_VERSION)
    for name, wanted in _PARTS[kind].items():
        if name in resource and not isinstance(resource[name], wanted):
            raise Wrong(f"{kind}.{name}", Problem.OTHER_VERSION)


def objects(parts: Json, name: str) -> list[Json]:
    """The objects of a list; what is none of them is left out."""
    found = parts.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def within(parts: Json, *path: str) -> Json:
    """The object at the end of a path, an empty one where there is none."""
    for name in path:
        found = parts.get(name)
        parts = found if isinstance(found, dict) else {}
    return parts


def text(parts: Json, name: str) -> str:
    """A text on one line, "" where there is none."""
    found = parts.get(name)
    return " ".join(found.split()) if isinstance(found, str) else ""


def concept(parts: Json) -> str:
    """The words of a CodeableConcept: its text, else the display or code of its first coding."""
    said = text(parts, "text")
    if said:
        return said
    codings = objects(parts, "coding")
    named = next((text(one, "display") for one in codings if text(one, "display")), "")
    return named or next((text(one, "code") for one in codings if text(one, "code")), "")


def codes(parts: Json) -> set[str]:
    """The codes of a CodeableConcept."""
    return {text(one, "code") for one in objects(parts, "coding")} - {""}

"""Bytes of NDJSON or of a Bundle → rows by kind, and complaints about every resource that is none."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_core.imports.complaint import Complaint, FileRefused, Problem, RefusedFor
from crm_core.imports.fhir.resources import Found, read_resource
from crm_core.imports.fhir.shape import Wrong, check_shape, objects, text
from crm_core.imports.stage import RefusedRow

_BUNDLES = frozenset({"batch", "collection", "searchset", "transaction"})


@dataclass(frozen=True)
class Source:
    """What a file holds, before anybody is looked up. `seen` counts resources by their own name."""

    found: list[Found] = field(repr=False)
    refused: list[RefusedRow] = field(repr=False)
    seen: Mapping[str, int]

    @property
    def persons(self) -> set[str]:
        """The ids and chart numbers that rows refer to."""
        named = {one.person for one in self.found} | {one.chart_no for one in self.found}
        return {name for name in named if name}


@dataclass(frozen=True)
class _Entry:
    line: int
    raw: str
    resource: Any


def read_fhir(data: bytes, country: str) -> Source:
    """Every resource of a file; of a Bundle, `line` is the number of the entry.

    FileRefused when this is neither JSON nor NDJSON.
    """
    found: list[Found] = []
    refused: list[RefusedRow] = []
    seen: Counter[str] = Counter()
    for entry in _entries(data):
        kind = ""
        try:
            kind = _kind_of(entry.resource)
            seen[kind] += 1
            check_shape(kind, entry.resource)
            found.append(read_resource(entry.resource, kind, entry.line, entry.raw, country))
        except Wrong as wrong:
            refused.append(refused_row(entry.line, entry.raw, wrong))
    return Source(found, refused, dict(seen))


def refused_row(line: int, raw: str, wrong: Wrong) -> RefusedRow:
    complaint = Complaint(line, wrong.path, wrong.value, wrong.problem, "", wrong.detail)
    return RefusedRow(line, (raw,), (complaint,))


def _kind_of(resource: Any) -> str:
    if not isinstance(resource, dict):
        raise Wrong("", Problem.NO_JSON)
    kind = text(resource, "resourceType")
    if not kind:
        raise Wrong("resourceType", Problem.MISSING, None, "FHIR")
    return kind


def _entries(data: bytes) -> Iterator[_Entry]:
    try:
        written = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(RefusedFor.NOT_FHIR, line=data.count(b"\n", 0, error.start) + 1) from None
    if not written.strip():
        raise FileRefused(RefusedFor.EMPTY)
    try:
        whole = json.loads(written)
    except (ValueError, RecursionError):
        yield from _lines(written)
        return
    if not isinstance(whole, dict) or "resourceType" not in whole:
        raise FileRefused(RefusedFor.NOT_FHIR, line=1)
    if whole["resourceType"] == "Bundle":
        yield from _bundle(whole)
    else:
        yield _Entry(1, json.dumps(whole, ensure_ascii=False), whole)


def _bundle(bundle: Mapping[str, Any]) -> Iterator[_Entry]:
    if text(bundle, "type") not in _BUNDLES:
        raise FileRefused(RefusedFor.OTHER_BUNDLE, text(bundle, "type"), tuple(sorted(_BUNDLES)))
    for number, entry in enumerate(objects(bundle, "entry"), 1):
        resource = entry.get("resource")
        raw = json.dumps(resource, ensure_ascii=False)
        if isinstance(resource, dict) and not text(resource, "id"):
            # A transaction names what has no id yet by the entry's address alone.
            resource = {**resource, "id": text(entry, "fullUrl").removeprefix("urn:uuid:")}
        yield _Entry(number, raw, resource)


def _lines(written: str) -> Iterator[_Entry]:
    first = True
    for number, line in enumerate(written.split("\n"), 1):
        raw = line.strip()
        if not raw:
            continue
        try:
            resource = json.loads(raw)
        except (ValueError, RecursionError):
            resource = None
        if first and not (isinstance(resource, dict) and "resourceType" in resource):
            raise FileRefused(RefusedFor.NOT_FHIR, line=number)
        first = False
        yield _Entry(number, raw, resource)

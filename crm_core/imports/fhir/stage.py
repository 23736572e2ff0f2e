"""Rows of a FHIR file, checked by the same readers as every other file of the chart."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from crm_core.imports.complaint import Complaint, FileRefused, Problem, RefusedFor
from crm_core.imports.fhir.read import Source, refused_row
from crm_core.imports.fhir.resources import Found
from crm_core.imports.fhir.shape import Wrong
from crm_core.imports.fields import Words
from crm_core.imports.kinds import KINDS
from crm_core.imports.stage import RefusedRow, Staged, stage
from crm_core.policy.policy import Policy

RESOURCES: Mapping[str, str] = {
    "patients": "Patient",
    "reservations": "Appointment",
    "visits": "Encounter",
    "treatments": "Procedure",
}
"""Our kind → the resource that it is read from, in the order in which they are written."""

_ELEMENTS = {
    "chart_no": "identifier",
    "birth_date": "birthDate",
    "phone": "telecom",
    "sex": "gender",
    "residence": "address",
    "language": "communication",
    "starts_at": "start",
    "made_at": "created",
    "arrived_at": "period.start",
    "done_at": "performed",
}


@dataclass(frozen=True)
class FhirFile:
    """The kinds of a file in the order in which they are written; `refused` belong to no kind.

    `ids` are the patients of the file whose chart number is not their id: id → chart number.
    """

    parts: tuple[Staged, ...]
    refused: list[RefusedRow] = field(repr=False)
    ids: Mapping[str, str] = field(repr=False)
    seen: Mapping[str, int]
    without_phone: int

    @property
    def all_refused(self) -> list[RefusedRow]:
        """Every line that was refused, in the order of the file."""
        return sorted([*self.refused, *(row for part in self.parts for row in part.refused)])


def stage_fhir(
    source: Source, known: Mapping[str, str], policy: Policy, words: Words, branch: str | None
) -> FhirFile:
    """Checks every row; `known` are persons of the clinic by resource id (or chart number) → chart number.

    A row about somebody who is neither in the file nor in the clinic is refused.
    """
    if not source.seen:
        raise FileRefused(RefusedFor.NOT_FHIR, line=1)
    patients = [one for one in source.found if one.kind == "patients"]
    parts = [_staged("patients", patients, policy, words, branch)] if patients else []
    unfit = {row.line for part in parts for row in part.refused}
    fitting = [one for one in patients if one.line not in unfit]
    own = {one.id: one.cells["chart_no"] for one in fitting}
    charts = {**known, **{chart: chart for chart in own.values()}, **own}
    refused = list(source.refused)
    for kind in RESOURCES:
        rows = [one for one in source.found if one.kind == kind and kind != "patients"]
        if rows:
            parts.append(_staged(kind, _about_somebody(rows, charts, refused), policy, words, branch))
    return FhirFile(
        parts=tuple(parts),
        refused=refused,
        ids={one.id: one.cells["chart_no"] for one in fitting if one.id != one.cells["chart_no"]},
        seen=source.seen,
        without_phone=sum(not one.cells["phone"] for one in fitting),
    )


def _about_somebody(
    rows: Iterable[Found], charts: Mapping[str, str], refused: list[RefusedRow]
) -> list[Found]:
    found = []
    for one in rows:
        chart = charts.get(one.person or "") or charts.get(one.chart_no or "")
        if chart is None:
            path = "participant" if one.kind == "reservations" else "subject"
            wrong = Wrong(f"{RESOURCES[one.kind]}.{path}", Problem.NO_SUCH_PATIENT, one.person)
            refused.append(refused_row(one.line, one.raw, wrong))
        else:
            found.append(replace(one, cells={**one.cells, "chart_no": chart}))
    return found


def _staged(kind: str, rows: list[Found], policy: Policy, words: Words, branch: str | None) -> Staged:
    """The rows through the reader of every file, told by their lines in this one."""
    lines = dict(enumerate(rows, 2))
    staged = stage(_as_csv(kind, rows), kind, policy, words, branch=branch)
    return replace(
        staged,
        header=("resource",),
        rows=[row._replace(line=lines[row.line].line) for row in staged.rows],
        refused=[
            RefusedRow(
                lines[row.line].line,
                (lines[row.line].raw,),
                tuple(_told(kind, one, lines[row.line].line) for one in row.complaints),
            )
            for row in staged.refused
        ],
    )


def _told(kind: str, complaint: Complaint, line: int) -> Complaint:
    element = _ELEMENTS.get(complaint.column, complaint.column)
    return replace(complaint, line=line, column=f"{RESOURCES[kind]}.{element}")


def _as_csv(kind: str, rows: Collection[Found]) -> bytes:
    written = io.StringIO()
    headers = [header for header in KINDS[kind].readers if any(header in one.cells for one in rows)]
    headers = headers or list(KINDS[kind].required)
    table = csv.writer(written)
    table.writerow(headers)
    table.writerows([one.cells.get(header, "") for header in headers] for one in rows)
    return written.getvalue().encode()

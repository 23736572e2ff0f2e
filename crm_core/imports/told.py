"""What is kept of a file for its card: why it was refused, its first complaints, what was written."""

import json
from dataclasses import asdict, dataclass, replace

from crm_core.imports.check import RefusedRow
from crm_core.imports.complaint import Complaint, FileRefused, Problem, RefusedFor

MOST = 10


@dataclass(frozen=True)
class Told:
    """`complaints` are the first few of `total`; `staff` are names that nobody had."""

    refusal: FileRefused | None = None
    complaints: tuple[Complaint, ...] = ()
    total: int = 0
    changed: int = 0
    seen: bool = False
    staff: tuple[str, ...] = ()

    def written(self, changed: int, staff: set[str], *, seen: bool) -> "Told":
        return replace(self, changed=changed, staff=tuple(sorted(staff)), seen=seen)

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def told_of(refused: list[RefusedRow], *, masked: bool) -> Told:
    """The first complaints; `masked` for a card that others see too: without what stood in the cells."""
    every = [one for row in refused for one in row.complaints]
    first = [replace(one, value=None) if masked else one for one in every[:MOST]]
    return Told(complaints=tuple(first), total=len(every))


def read_told(text: str | None) -> Told:
    """What `as_json` wrote; an empty one for nothing."""
    if not text:
        return Told()
    found = json.loads(text)
    refusal = found["refusal"]
    complaints = (Complaint(**{**one, "problem": Problem(one["problem"])}) for one in found["complaints"])
    return Told(
        refusal=FileRefused(
            RefusedFor(refusal["why"]), refusal["what"], tuple(refusal["found"]), refusal["line"]
        )
        if refusal
        else None,
        complaints=tuple(complaints),
        total=found["total"],
        changed=found["changed"],
        seen=found["seen"],
        staff=tuple(found["staff"]),
    )

"""What kind of file this is, when nobody said: by its name, else by the columns that fit best."""

from crm_core.imports.columns import plan_of
from crm_core.imports.complaint import FileRefused
from crm_core.imports.fields import folded
from crm_core.imports.kinds import KINDS, Kind
from crm_core.imports.table import read_table
from crm_core.policy.policy import ExportProfile, Policy

Guess = tuple[str, str | None]
"""A kind, and the mapping of config.yaml under which its columns fit; None for our own headers."""


def guess(data: bytes, name: str, policy: Policy) -> Guess | None:
    """The kind whose columns fit: the one the file is named after, else the one with the most columns.

    None when no kind fits. FileRefused when this is no table at all.
    """
    choices: list[tuple[Kind, str | None, ExportProfile | None]] = [
        *((kind, None, None) for kind in KINDS.values()),
        *((KINDS[profile.kind], slug, profile) for slug, profile in policy.mappings.items()),
    ]
    stem = folded(name.rpartition(".")[0] or name)
    fitting: list[tuple[bool, int, Guess]] = []
    for kind, mapping, profile in choices:
        theirs = profile.columns.values() if profile else kind.readers
        table = read_table(data, frozenset(map(folded, theirs)))
        try:
            plan = plan_of(kind, table.header, profile)
        except FileRefused:
            continue
        fitting.append((kind.name in stem, len(plan.columns), (kind.name, mapping)))
    return max(fitting, key=lambda one: one[:2])[2] if fitting else None

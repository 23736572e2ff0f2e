"""A file is read and checked whole before anything of it is written: bytes → rows and complaints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any

from crm_core.imports import fields
from crm_core.imports.check import Check, RefusedRow, identifying
from crm_core.imports.columns import plan_of
from crm_core.imports.complaint import FileRefused, RefusedFor
from crm_core.imports.fields import Words
from crm_core.imports.kept import Keeper, Row, Rows
from crm_core.imports.kinds import KINDS, Kind
from crm_core.imports.rows import branch_names
from crm_core.imports.table import Source, pieces_of, read_table, size_of
from crm_core.policy.policy import ExportProfile, Policy

__all__ = ["RefusedRow", "Row", "Staged", "fingerprint", "identifying", "stage"]

READER_VERSION = 2
"""Counted up when a file would be read otherwise than before, so that it may be imported again."""


@dataclass(frozen=True)
class Staged:
    """What a file says. `unknown` counts the rows of names that the policy does not have."""

    kind: Kind
    fingerprint: str
    header: tuple[str, ...]
    ignored: tuple[str, ...]
    keys: tuple[str, ...]
    rows: Sequence[Row] = field(repr=False)
    refused: list[RefusedRow] = field(repr=False)
    unknown: Mapping[tuple[str, str], int]
    last_days: Mapping[str, date]

    def values(self, row: Row) -> dict[str, Any]:
        """The cells of a row by our headers; those that were empty are left out."""
        return {k: v for k, v in zip(self.keys, row.values, strict=True) if v is not None}


def stage(
    data: Source,
    kind: str,
    policy: Policy,
    words: Words,
    *,
    branch: str | None = None,
    mapping: str | None = None,
) -> Staged:
    """Reads and checks every row; rows of one person stand together, in the order of the file.

    Raises FileRefused when nothing of the file can be used.
    """
    if kind not in KINDS:
        raise FileRefused(RefusedFor.NO_KIND, kind, tuple(KINDS))
    profile = _profile(policy, mapping, kind)
    named = branch or (profile.branch if profile else None)
    if named is not None:
        found = branch_names(policy).get(fields.folded(named))
        if found is None:
            raise FileRefused(RefusedFor.NO_BRANCH, named, tuple(policy.branches))
        named = found
    table = read_table(data, *_wanted(KINDS[kind], profile))
    plan = plan_of(KINDS[kind], table.header, profile)
    if named is None and len(policy.branches) == 1:
        named = next(iter(policy.branches))
    if named is None and "branch" not in plan.headers and kind != "staff":
        raise FileRefused(RefusedFor.WHICH_BRANCH, found=tuple(policy.branches))
    keeper = Keeper(size_of(data))
    check = Check(KINDS[kind], policy, words, plan, named, profile, keeper=keeper, typed=table.typed)
    check.take_all(table.records())
    return Staged(
        kind=KINDS[kind],
        fingerprint=fingerprint(data, policy, named, profile),
        header=table.header,
        ignored=plan.ignored,
        keys=check.keys,
        rows=Rows(keeper, check.read_again),
        refused=check.refused,
        unknown=dict(check.unknown),
        last_days=check.last_days,
    )


def fingerprint(data: Source, policy: Policy, branch: str | None, profile: ExportProfile | None) -> str:
    """The file and everything that decides how it is read: branch, mapping, names of the policy."""
    digest = blake2b(digest_size=20)
    for piece in pieces_of(data):
        digest.update(piece)
    named: tuple[Mapping[str, Any], ...] = (
        policy.treatments,
        policy.sources,
        policy.causes,
        policy.families,
        policy.roles,
    )
    names = [
        [(slug, thing.names, getattr(thing, "aliases", ())) for slug, thing in sorted(things.items())]
        for things in named
    ]
    zones = [(slug, place.zone, place.book) for slug, place in sorted(policy.branches.items())]
    shape = sorted(vars(profile).items()) if profile else None
    said = [(key, sorted(v.items()) if isinstance(v, Mapping) else v) for key, v in shape or ()]
    digest.update(repr((READER_VERSION, branch, said, names, zones, policy.late_cancel_hours)).encode())
    return digest.hexdigest()


def _profile(policy: Policy, mapping: str | None, kind: str) -> ExportProfile | None:
    if mapping is None:
        return None
    profile = policy.mappings.get(mapping)
    if profile is None:
        raise FileRefused(RefusedFor.NO_MAPPING, mapping, tuple(policy.mappings))
    if profile.kind != kind:
        raise FileRefused(RefusedFor.OTHER_KIND, mapping, (profile.kind,))
    return profile


def _wanted(kind: Kind, profile: ExportProfile | None) -> tuple[frozenset[str], frozenset[str]]:
    """The headers to look for, and those that must be there (folded)."""
    theirs = profile.columns if profile else {name: name for name in kind.readers}
    constants = profile.constants if profile else {}
    required = [theirs.get(name, name) for name in kind.required if name not in constants]
    return frozenset(map(fields.folded, theirs.values())), frozenset(map(fields.folded, required))

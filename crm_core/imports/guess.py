"""What kind of file this is and which profile reads it, when nobody said: told by name and headers."""

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core.imports.columns import plan_of
from crm_core.imports.complaint import FileRefused, RefusedFor
from crm_core.imports.fields import folded
from crm_core.imports.kinds import KINDS, Kind
from crm_core.imports.rows import branch_names
from crm_core.imports.table import Source, read_table
from crm_core.policy.policy import ExportProfile, Policy

Guess = tuple[str, str | None]
"""A kind, and the mapping of config.yaml under which its columns fit; None for our own headers."""


@dataclass(frozen=True)
class _Fit:
    """One way to read a file, and how well it fits; the better one is the larger."""

    named: bool  # the file is named after the kind
    columns: int
    own_branch: bool
    kind: str
    profile: ExportProfile | None

    @property
    def rank(self) -> tuple[bool, int, bool]:
        return self.named, self.columns, self.own_branch


def guess(data: Source, name: str, policy: Policy, branch: str | None = None) -> Guess | None:
    """The kind whose columns fit: the one the file is named after, else the one with the most columns.

    A profile of another branch than `branch` is not looked at. None when no kind fits. FileRefused when
    this is no table at all, or when it fits the profiles of several branches and none was named.
    """
    stem = folded(name.rpartition(".")[0] or name)
    choices: list[tuple[Kind, ExportProfile | None]] = [
        *((kind, None) for kind in KINDS.values()),
        *((KINDS[profile.kind], profile) for profile in policy.mappings.values()),
    ]
    found = _best(data, choices, policy, branch, stem)
    return (found.kind, found.profile.name if found.profile else None) if found else None


def profile_for(data: Source, kind: str, policy: Policy, branch: str | None = None) -> str | None:
    """The profile that reads a file of this kind; None for our own headers, and when nothing fits."""
    if kind not in KINDS:
        return None
    profiles = (profile for profile in policy.mappings.values() if profile.kind == kind)
    found = _best(data, [(KINDS[kind], None), *((KINDS[kind], one) for one in profiles)], policy, branch)
    return found.profile.name if found and found.profile else None


def _best(
    data: Source,
    choices: Iterable[tuple[Kind, ExportProfile | None]],
    policy: Policy,
    branch: str | None,
    stem: str = "",
) -> _Fit | None:
    own = branch_names(policy).get(folded(branch)) if branch else None
    choices = [(kind, one) for kind, one in choices if not (own and one and one.branch not in (None, own))]
    wanted = {folded(word) for kind, one in choices for word in _headers(kind, one)}
    header = read_table(data, frozenset(wanted)).header
    fitting = [
        _Fit(
            kind.name in stem,
            columns,
            own is not None and one is not None and one.branch == own,
            kind.name,
            one,
        )
        for kind, one in choices
        if (columns := _columns(kind, header, one))
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda fit: fit.rank)
    equal = [fit for fit in fitting if fit.rank == best.rank and fit.kind == best.kind and fit.profile]
    branches = {fit.profile.branch for fit in equal if fit.profile}
    if best.profile and len(branches) > 1:
        raise FileRefused(RefusedFor.WHICH_BRANCH, found=tuple(sorted(b for b in branches if b)))
    return best


def _headers(kind: Kind, profile: ExportProfile | None) -> Iterable[str]:
    return profile.columns.values() if profile else kind.readers


def _columns(kind: Kind, header: tuple[str, ...], profile: ExportProfile | None) -> int:
    """How many columns of a file are read under a profile; 0 where it does not fit."""
    try:
        return len(plan_of(kind, header, profile).columns)
    except FileRefused:
        return 0

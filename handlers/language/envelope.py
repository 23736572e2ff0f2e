"""What stands around every answer of `ask --json` (product.md §7): a contract, its words never change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_core.period import Period
from handlers.language.menu_item import Context

VERSION = 1


def envelope(
    context: Context,
    *,
    command: str,
    branches: Sequence[str],
    period: Period,
    facts_until: datetime | None,
    view: str | None = None,
    rows: Sequence[Mapping[str, Any]] = (),
    cut: Mapping[str, Any] | None = None,
    definitions: Mapping[str, str] | None = None,
    clip: bool = True,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The answer as plain values. `command` is the menu's name without its slash, `facts_until` the
    oldest of the kinds used (never later than as-of), `more` what this command says beyond the common
    keys. `clip` cuts `period.to` at as-of; a list of days to come keeps them."""
    branch = context.policy.branch(branches[0] if branches else next(iter(context.policy.branches)))
    shown = period.clipped(branch.today(context.now)) if clip else period
    until = min(facts_until, context.now) if facts_until else None
    return {
        "v": VERSION,
        "command": command,
        "as_of": branch.local(context.now).isoformat(),
        "facts_until": branch.local(until).isoformat() if until else None,
        "zone": branch.zone,
        "scope": {"branches": list(branches)},
        "period": {"from": shown.first.isoformat(), "to": shown.last.isoformat()},
        "view": view,
        "rows": list(rows),
        "cut": dict(cut) if cut else None,
        "definitions": dict(definitions or {}),
        **(more or {}),
    }

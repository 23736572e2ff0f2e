"""The clinic every test works in: the policy of the repository's own config.yaml."""

from datetime import date
from functools import lru_cache
from pathlib import Path

from bot.config import load
from crm_core.policy.policy import Policy

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 23)


@lru_cache(maxsize=1)
def policy() -> Policy:
    """The policy of config.yaml as it is read on Monday 23 November 2026."""
    return load(ROOT / "config.yaml", {}, TODAY).policy

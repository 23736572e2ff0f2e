"""A clinic whose stories cross many parts, on both kinds of database."""

from tests.handlers.conftest import clinic, coordinator, other_branch

__all__ = ["clinic", "coordinator", "other_branch"]

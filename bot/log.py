"""Structured log lines without personal data: words of ours, ids and types, never texts."""

import json
import logging
import sys
import traceback
from typing import Any

_LOGGER = logging.getLogger("dasi")


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = {"at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname}
        return json.dumps({**line, "event": record.getMessage(), **fields}, ensure_ascii=False)


def set_up(level: str = "INFO") -> None:
    """Log lines go to standard error as JSON; other libraries may only warn."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _LOGGER.setLevel(level)


def say(event: str, **fields: object) -> None:
    """One line. Fields are ids, counts and words of ours."""
    _LOGGER.info(event, extra={"fields": fields})


def trouble(event: str, problem: BaseException | None = None, **fields: object) -> None:
    """One line about something that went wrong: the kind of problem and where, not its text, which may
    quote a patient."""
    if problem is not None:
        frames = traceback.extract_tb(problem.__traceback__)[-6:]
        fields["problem"] = type(problem).__name__
        fields["where"] = [f"{f.filename.rsplit('/', 2)[-1]}:{f.lineno} {f.name}" for f in frames]
    _LOGGER.error(event, extra={"fields": fields})

"""Liveness and a few counts for whoever watches the process; nothing about a patient."""

import json
from datetime import datetime

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.clock import Clock
from bot.transaction import reading
from crm_core.errors import NotSaved
from crm_core.inbox.queries import waiting_count
from crm_core.outbox.queries import waiting
from crm_core.runs.queries import last_finished
from crm_core.tables.chat import OutboxState


def counts(engine: Engine, now: datetime) -> dict[str, float]:
    """Waiting rows, the age in seconds of the oldest that is due, unknown deliveries, age of the last run."""
    with reading(engine) as db:
        outbox = waiting(db, now)
        heard = waiting_count(db)
        last_run = last_finished(db)
    return {
        "dasi_inbox_waiting": heard,
        "dasi_outbox_pending": outbox.by_state.get(OutboxState.PENDING, 0),
        "dasi_outbox_oldest_seconds": (now - outbox.oldest_due).total_seconds() if outbox.oldest_due else 0,
        "dasi_outbox_unknown": outbox.by_state.get(OutboxState.UNKNOWN, 0),
        "dasi_outbox_failed": outbox.by_state.get(OutboxState.FAILED, 0),
        "dasi_last_job_seconds": (now - last_run).total_seconds() if last_run else -1,
    }


def create(engine: Engine, clock: Clock) -> Starlette:
    """GET /healthz (JSON, 503 when the database does not answer) and GET /metrics (Prometheus text)."""

    def healthz(_request: Request) -> Response:
        try:
            body, status = {"ok": True} | counts(engine, clock.now()), 200
        except NotSaved:
            body, status = {"ok": False}, 503
        return Response(json.dumps(body), status_code=status, media_type="application/json")

    def metrics(_request: Request) -> Response:
        try:
            found = counts(engine, clock.now())
        except NotSaved:
            return PlainTextResponse("dasi_up 0\n", status_code=503)
        lines = [f"# TYPE {name} gauge\n{name} {value:g}" for name, value in found.items()]
        return PlainTextResponse("\n".join(["dasi_up 1", *lines, ""]))

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", metrics)])

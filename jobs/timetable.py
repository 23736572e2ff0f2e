"""The timetable: every job. A job costs one file and one line here."""

from jobs.audit_seal import AUDIT_SEAL
from jobs.churner_list import CHURNER_LIST
from jobs.closing_card import CLOSING_CARD
from jobs.job import Job
from jobs.morning_digest import MORNING_DIGEST
from jobs.unanswered_inquiries import UNANSWERED_INQUIRIES
from jobs.upcoming_reservations import UPCOMING_RESERVATIONS

TIMETABLE: tuple[Job, ...] = (
    AUDIT_SEAL,
    MORNING_DIGEST,
    CHURNER_LIST,
    UPCOMING_RESERVATIONS,
    CLOSING_CARD,
    UNANSWERED_INQUIRIES,
)


def job_named(name: str) -> Job | None:
    return next((job for job in TIMETABLE if job.name == name), None)

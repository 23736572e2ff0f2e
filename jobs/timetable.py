"""The timetable: every job. A job costs one file and one line here."""

from jobs.audit_seal import AUDIT_SEAL
from jobs.job import Job

TIMETABLE: tuple[Job, ...] = (AUDIT_SEAL,)


def job_named(name: str) -> Job | None:
    return next((job for job in TIMETABLE if job.name == name), None)

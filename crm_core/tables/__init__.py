"""Every kind of row. Time is aware on both databases; a fact keeps its moment and its local date."""

from crm_core.tables.calls import Call, CallCard, DayList, Episode, Refusal
from crm_core.tables.chat import (
    Account,
    ChannelBinding,
    InboxRow,
    LocalMessage,
    OutboxCover,
    OutboxRow,
    Posting,
)
from crm_core.tables.facts import (
    Consult,
    Course,
    Inquiry,
    Payment,
    Reservation,
    TreatmentDone,
    Visit,
)
from crm_core.tables.imports import FactsUntil, ImportBatch, JobRun, PolicyChange, SourceDifference
from crm_core.tables.journey import Journey, JourneyCorrection, JourneyFamily, RecallDue
from crm_core.tables.people import (
    Book,
    Consent,
    Contact,
    ContactLink,
    Patient,
    PatientMerge,
    Prospect,
    Staff,
    StaffRole,
)
from crm_core.tables.records import AuditRow, AuditSeal, DeliveryAttempt, Sample

__all__ = [
    "Account",
    "AuditRow",
    "AuditSeal",
    "Book",
    "Call",
    "CallCard",
    "ChannelBinding",
    "Consent",
    "Consult",
    "Contact",
    "ContactLink",
    "Course",
    "DayList",
    "DeliveryAttempt",
    "Episode",
    "FactsUntil",
    "ImportBatch",
    "InboxRow",
    "Inquiry",
    "JobRun",
    "Journey",
    "JourneyCorrection",
    "JourneyFamily",
    "LocalMessage",
    "OutboxCover",
    "OutboxRow",
    "Patient",
    "PatientMerge",
    "Payment",
    "PolicyChange",
    "Posting",
    "Prospect",
    "RecallDue",
    "Refusal",
    "Reservation",
    "Sample",
    "SourceDifference",
    "Staff",
    "StaffRole",
    "TreatmentDone",
    "Visit",
]

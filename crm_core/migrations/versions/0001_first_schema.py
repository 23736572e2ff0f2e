"""The first schema: every table, in the order of their references."""

import sqlalchemy as sa
from alembic import op

from crm_core.privacy import Sealed
from crm_core.tables.columns import Moment
from crm_core.tables.journey import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sealed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("on"),
    )
    op.create_table("book", sa.Column("slug", sa.String(), nullable=False), sa.PrimaryKeyConstraint("slug"))
    op.create_table(
        "channel_binding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("branch", "purpose", "platform", "address"),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("address", Sealed(), nullable=False),
        sa.Column("address_blind", sa.LargeBinary(), nullable=False),
        sa.Column("last_four_blind", sa.LargeBinary(), nullable=True),
        sa.Column("wrong_number_at", Moment(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("preference", sa.String(), nullable=True),
        sa.Column("stopped_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "address_blind"),
    )
    op.create_index("ix_contact_last_four", "contact", ["last_four_blind"], unique=False)
    op.create_table(
        "day_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("fixed_at", Moment(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("long_gone", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("branch", "day"),
    )
    op.create_table(
        "facts_until",
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("branch", "kind"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("update_key", sa.String(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("platform", "update_key"),
    )
    op.create_index("ix_inbox_waiting", "inbox", ["state", "received_at"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("logical_date", sa.Date(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.Column("said", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("job", "branch", "logical_date"),
    )
    op.create_table(
        "local_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("body", Sealed(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.Column("outbox_key", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("outbox_key"),
    )
    op.create_index("ix_local_place", "local_message", ["place", "id"], unique=False)
    op.create_table(
        "return_share",
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("reaction", sa.String(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("family", "band", "reaction"),
    )
    op.create_table(
        "sample",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("today", sa.Date(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("clock_at", Moment(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "source_difference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("row_key", sa.String(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("ours", Sealed(), nullable=True),
        sa.Column("theirs", Sealed(), nullable=True),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("link_code_blind", sa.LargeBinary(), nullable=True),
        sa.Column("link_code_until", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("address", Sealed(), nullable=False),
        sa.Column("address_blind", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("linked_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("platform", "address_blind"),
    )
    op.create_index(op.f("ix_account_staff_id"), "account", ["staff_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("by_staff_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_staff_id"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_consent_contact_id"), "consent", ["contact_id"], unique=False)
    op.create_table(
        "episode",
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("started_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["started_by_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("branch"),
    )
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=True),
        sa.Column("mapping", sa.String(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.Column("by_staff_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "fingerprint"),
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("chart_no", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("name", Sealed(), nullable=True),
        sa.Column("name_blind", sa.LargeBinary(), nullable=True),
        sa.Column("birth_date", Sealed(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("residence", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("first_visit_on", sa.Date(), nullable=True),
        sa.Column("referred_by_id", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("vip", sa.Boolean(), nullable=False),
        sa.Column("preference", sa.String(), nullable=True),
        sa.Column("preferred_time", sa.String(), nullable=True),
        sa.Column("last_visit_on", sa.Date(), nullable=True),
        sa.Column("paid_24m", sa.Integer(), nullable=False),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book"],
            ["book.slug"],
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["referred_by_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "chart_no"),
    )
    op.create_index(op.f("ix_patient_branch"), "patient", ["branch"], unique=False)
    op.create_index("ix_patient_name", "patient", ["name_blind"], unique=False)
    op.create_index(op.f("ix_patient_referred_by_id"), "patient", ["referred_by_id"], unique=False)
    op.create_table(
        "policy_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by_staff_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "posting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("branch", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("posted_at", Moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("platform", "address", "message_id"),
    )
    op.create_index("ix_posting_about", "posting", ["about"], unique=False)
    op.create_table(
        "staffrole",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("staff_id", "role", "branch"),
    )
    op.create_table(
        "staged_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("mapping", sa.String(), nullable=True),
        sa.Column("content", Sealed(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by_staff_id", sa.Integer(), nullable=True),
        sa.Column("applied_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("branch", sa.String(), nullable=True),
        sa.Column("what", sa.String(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_day", "audit", ["on", "id"], unique=False)
    op.create_index("ix_audit_patient", "audit", ["patient_id"], unique=False)
    op.create_table(
        "call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("called_at", Moment(), nullable=False),
        sa.Column("called_on", sa.Date(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("legal_class", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("response_group", sa.String(length=32), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("family", sa.String(), nullable=True),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("promise_kept", sa.Boolean(), nullable=False),
        sa.Column("next_step", sa.String(), nullable=True),
        sa.Column("note", Sealed(), nullable=True),
        sa.Column("press_key", sa.String(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("taken_back_at", Moment(), nullable=True),
        sa.Column("taken_back_by_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["call.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["taken_back_by_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "number", name="uq_call_number"),
        sa.UniqueConstraint("press_key", name="uq_call_press"),
    )
    op.create_index("ix_call_contact", "call", ["contact_id", "response_group"], unique=False)
    op.create_index("ix_call_day", "call", ["branch", "called_on"], unique=False)
    op.create_index("ix_call_patient", "call", ["patient_id", "called_at"], unique=False)
    op.create_index("ix_call_promise", "call", ["branch", "promised_on"], unique=False)
    op.create_table(
        "consult",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("held_at", Moment(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("timed", sa.Boolean(), nullable=False),
        sa.Column("treatment", sa.String(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("proposed_amount", sa.Integer(), nullable=True),
        sa.Column("agreed_amount", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "number", name="uq_consult_number"),
    )
    op.create_index("ix_consult_day", "consult", ["branch", "held_on"], unique=False)
    op.create_index(op.f("ix_consult_patient_id"), "consult", ["patient_id"], unique=False)
    op.create_table(
        "contactlink",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=32), nullable=False),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("confirmed_at", Moment(), nullable=True),
        sa.Column("wrong_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("contact_id", "patient_id"),
    )
    op.create_index(op.f("ix_contactlink_patient_id"), "contactlink", ["patient_id"], unique=False)
    op.create_table(
        "course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("treatment", sa.String(), nullable=False),
        sa.Column("bought_at", Moment(), nullable=False),
        sa.Column("bought_on", sa.Date(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("paid", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "number", name="uq_course_number"),
    )
    op.create_index(op.f("ix_course_patient_id"), "course", ["patient_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("once", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("posting_id", sa.Integer(), nullable=True),
        sa.Column("branch", sa.String(), nullable=True),
        sa.Column("legal_class", sa.String(length=32), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("not_before", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("sending_at", Moment(), nullable=True),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
        ),
        sa.ForeignKeyConstraint(
            ["posting_id"],
            ["posting.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("once"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("ix_outbox_about", "outbox", ["about", "state"], unique=False)
    op.create_index("ix_outbox_due", "outbox", ["state", "not_before", "priority"], unique=False)
    op.create_index("ix_outbox_lease", "outbox", ["state", "lease_until"], unique=False)
    op.create_table(
        "patientmerge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("by_staff_id", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("reversed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_staff_id"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["kept_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("paid_at", Moment(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("timed", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("refund", sa.Integer(), nullable=False),
        sa.Column("covered", sa.Boolean(), nullable=True),
        sa.Column("course_no", sa.String(), nullable=True),
        sa.Column("treatment_no", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "number", name="uq_payment_number"),
    )
    op.create_index("ix_payment_day", "payment", ["branch", "paid_on"], unique=False)
    op.create_index(op.f("ix_payment_patient_id"), "payment", ["patient_id"], unique=False)
    op.create_table(
        "prospect",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("name", Sealed(), nullable=True),
        sa.Column("name_blind", sa.LargeBinary(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_prospect_branch"), "prospect", ["branch"], unique=False)
    op.create_index(op.f("ix_prospect_contact_id"), "prospect", ["contact_id"], unique=False)
    op.create_index(op.f("ix_prospect_patient_id"), "prospect", ["patient_id"], unique=False)
    op.create_table(
        "recall_due",
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("treatment", sa.String(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("churned_on", sa.Date(), nullable=False),
        sa.Column("lapsed_until", sa.Date(), nullable=False),
        sa.Column("recommended", sa.Boolean(), nullable=False),
        sa.Column("own_rhythm_days", sa.Integer(), nullable=True),
        sa.Column("own_rhythm_n", sa.Integer(), nullable=False),
        sa.Column("course_until", sa.Date(), nullable=True),
        sa.Column("worth", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("patient_id", "family"),
    )
    op.create_index("ix_recall_churned", "recall_due", ["branch", "churned_on"], unique=False)
    op.create_index("ix_recall_due", "recall_due", ["branch", "due_on", "lapsed_until"], unique=False)
    op.create_index("ix_recall_gone", "recall_due", ["branch", "patient_id", "lapsed_until"], unique=False)
    op.create_table(
        "reservation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("timed", sa.Boolean(), nullable=False),
        sa.Column("made_at", Moment(), nullable=True),
        sa.Column("treatment", sa.String(), nullable=True),
        sa.Column("doctor", sa.String(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_at", Moment(), nullable=True),
        sa.Column("state_by_id", sa.Integer(), nullable=True),
        sa.Column("state_why", sa.String(), nullable=True),
        sa.Column("answer", sa.String(length=32), nullable=False),
        sa.Column("answer_at", Moment(), nullable=True),
        sa.Column("moved_to", sa.String(), nullable=True),
        sa.Column("deposit", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["state_by_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "number", name="uq_reservation_number"),
    )
    op.create_index("ix_reservation_day", "reservation", ["branch", "starts_on", "state"], unique=False)
    op.create_index("ix_reservation_patient", "reservation", ["patient_id", "starts_on"], unique=False)
    op.create_table(
        "treatment_done",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("done_at", Moment(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("timed", sa.Boolean(), nullable=False),
        sa.Column("treatment", sa.String(), nullable=False),
        sa.Column("doctor", sa.String(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("course_no", sa.String(), nullable=True),
        sa.Column("session_no", sa.Integer(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("covered", sa.Boolean(), nullable=True),
        sa.Column("recommended_on", sa.Date(), nullable=True),
        sa.Column("note", Sealed(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "number", name="uq_treatment_number"),
    )
    op.create_index("ix_treatment_day", "treatment_done", ["branch", "done_on"], unique=False)
    op.create_index(op.f("ix_treatment_done_course_no"), "treatment_done", ["course_no"], unique=False)
    op.create_index("ix_treatment_patient", "treatment_done", ["patient_id", "done_on"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("arrived_at", Moment(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("timed", sa.Boolean(), nullable=False),
        sa.Column("doctor", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "number", name="uq_visit_number"),
    )
    op.create_index("ix_visit_day", "visit", ["branch", "arrived_on"], unique=False)
    op.create_index("ix_visit_patient", "visit", ["patient_id", "arrived_on"], unique=False)
    op.create_table(
        "call_card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("on_list", sa.Boolean(), nullable=False),
        sa.Column("family", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("claimed_by_id", sa.Integer(), nullable=True),
        sa.Column("claimed_at", Moment(), nullable=True),
        sa.Column("claimed_until", Moment(), nullable=True),
        sa.Column("skipped_at", Moment(), nullable=True),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("done_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["call.id"],
        ),
        sa.ForeignKeyConstraint(
            ["claimed_by_id"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("branch", "day", "patient_id"),
    )
    op.create_index("ix_card_claimed", "call_card", ["claimed_by_id", "claimed_until"], unique=False)
    op.create_index("ix_card_patient", "call_card", ["patient_id", "day"], unique=False)
    op.create_table(
        "delivery_attempt",
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("process", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbox_id"],
            ["outbox.id"],
        ),
        sa.PrimaryKeyConstraint("outbox_id", "attempt"),
    )
    op.create_table(
        "inquiry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("prospect_id", sa.Integer(), nullable=True),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("timed", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("treatment", sa.String(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["prospect_id"],
            ["prospect.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("book", "number", name="uq_inquiry_number"),
    )
    op.create_index("ix_inquiry_day", "inquiry", ["branch", "received_on"], unique=False)
    op.create_index(op.f("ix_inquiry_patient_id"), "inquiry", ["patient_id"], unique=False)
    op.create_index(op.f("ix_inquiry_prospect_id"), "inquiry", ["prospect_id"], unique=False)
    op.create_table(
        "journey",
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("prospect_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("families", sa.String(), nullable=True),
        sa.Column("entry", sa.String(length=32), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("known_from", Instant(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("inquiry_at", Instant(), nullable=True),
        sa.Column("reservation_at", Instant(), nullable=True),
        sa.Column("reservation_passed_at", Instant(), nullable=True),
        sa.Column("reserved_until", Instant(), nullable=True),
        sa.Column("visit_at", Instant(), nullable=True),
        sa.Column("visit_passed_at", Instant(), nullable=True),
        sa.Column("consult_at", Instant(), nullable=True),
        sa.Column("agreement_at", Instant(), nullable=True),
        sa.Column("treatment_at", Instant(), nullable=True),
        sa.Column("agreed_same_day", sa.Boolean(), nullable=False),
        sa.Column("by_clinic_at", Instant(), nullable=True),
        sa.Column("unsuitable_at", Instant(), nullable=True),
        sa.Column("declined_at", Instant(), nullable=True),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("last_treatment_on", sa.Date(), nullable=True),
        sa.Column("return_due_on", sa.Date(), nullable=True),
        sa.Column("returned_at", Instant(), nullable=True),
        sa.Column("referral_due_on", sa.Date(), nullable=True),
        sa.Column("referred_at", Instant(), nullable=True),
        sa.Column("came_for", sa.String(), nullable=True),
        sa.Column("decided_for", sa.String(), nullable=True),
        sa.Column("inquiry_staff_id", sa.Integer(), nullable=True),
        sa.Column("reservation_staff_id", sa.Integer(), nullable=True),
        sa.Column("visit_staff_id", sa.Integer(), nullable=True),
        sa.Column("consult_staff_id", sa.Integer(), nullable=True),
        sa.Column("agreement_staff_id", sa.Integer(), nullable=True),
        sa.Column("treatment_staff_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("closed_by_hand_at", Instant(), nullable=True),
        sa.Column("closed_why", sa.String(), nullable=True),
        sa.Column("proposed_amount", sa.Integer(), nullable=True),
        sa.Column("agreed_amount", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["prospect_id"],
            ["prospect.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_journey_funnel",
        "journey",
        [
            "branch",
            "is_new",
            "entry",
            "first_on",
            "known_from",
            "reservation_passed_at",
            "visit_passed_at",
            "consult_at",
            "agreement_at",
            "treatment_at",
            "reserved_until",
            "by_clinic_at",
            "unsuitable_at",
            "declined_at",
            "stopped_at",
            "closed_by_hand_at",
            "agreed_same_day",
            "first_at",
            "source",
            "families",
        ],
        unique=False,
    )
    op.create_index("ix_journey_patient", "journey", ["patient_id"], unique=False)
    op.create_index("ix_journey_prospect", "journey", ["prospect_id"], unique=False)
    op.create_index(
        "ix_journey_referral",
        "journey",
        ["branch", "referral_due_on", "is_new", "referred_at", "known_from", "treatment_at"],
        unique=False,
    )
    op.create_index(
        "ix_journey_return",
        "journey",
        ["branch", "return_due_on", "is_new", "returned_at", "known_from"],
        unique=False,
    )
    op.create_table(
        "journey_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("prospect_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by_staff_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_staff_id"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["prospect_id"],
            ["prospect.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_journey_correction_patient_id"), "journey_correction", ["patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_journey_correction_prospect_id"), "journey_correction", ["prospect_id"], unique=False
    )
    op.create_table(
        "journey_past",
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("prospect_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("families", sa.String(), nullable=True),
        sa.Column("entry", sa.String(length=32), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("known_from", Instant(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("inquiry_at", Instant(), nullable=True),
        sa.Column("reservation_at", Instant(), nullable=True),
        sa.Column("reservation_passed_at", Instant(), nullable=True),
        sa.Column("reserved_until", Instant(), nullable=True),
        sa.Column("visit_at", Instant(), nullable=True),
        sa.Column("visit_passed_at", Instant(), nullable=True),
        sa.Column("consult_at", Instant(), nullable=True),
        sa.Column("agreement_at", Instant(), nullable=True),
        sa.Column("treatment_at", Instant(), nullable=True),
        sa.Column("agreed_same_day", sa.Boolean(), nullable=False),
        sa.Column("by_clinic_at", Instant(), nullable=True),
        sa.Column("unsuitable_at", Instant(), nullable=True),
        sa.Column("declined_at", Instant(), nullable=True),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("last_treatment_on", sa.Date(), nullable=True),
        sa.Column("return_due_on", sa.Date(), nullable=True),
        sa.Column("returned_at", Instant(), nullable=True),
        sa.Column("referral_due_on", sa.Date(), nullable=True),
        sa.Column("referred_at", Instant(), nullable=True),
        sa.Column("came_for", sa.String(), nullable=True),
        sa.Column("decided_for", sa.String(), nullable=True),
        sa.Column("inquiry_staff_id", sa.Integer(), nullable=True),
        sa.Column("reservation_staff_id", sa.Integer(), nullable=True),
        sa.Column("visit_staff_id", sa.Integer(), nullable=True),
        sa.Column("consult_staff_id", sa.Integer(), nullable=True),
        sa.Column("agreement_staff_id", sa.Integer(), nullable=True),
        sa.Column("treatment_staff_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("closed_by_hand_at", Instant(), nullable=True),
        sa.Column("closed_why", sa.String(), nullable=True),
        sa.Column("proposed_amount", sa.Integer(), nullable=True),
        sa.Column("agreed_amount", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("known_until", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["prospect_id"],
            ["prospect.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_journey_past_funnel", "journey_past", ["branch", "first_on", "known_until"], unique=False
    )
    op.create_index("ix_journey_past_patient", "journey_past", ["patient_id"], unique=False)
    op.create_index("ix_journey_past_prospect", "journey_past", ["prospect_id"], unique=False)
    op.create_index(
        "ix_journey_past_referral", "journey_past", ["branch", "referral_due_on", "known_until"], unique=False
    )
    op.create_index(
        "ix_journey_past_return", "journey_past", ["branch", "return_due_on", "known_until"], unique=False
    )
    op.create_table(
        "outbox_covers",
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbox_id"],
            ["outbox.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["reservation.id"],
        ),
        sa.PrimaryKeyConstraint("outbox_id", "reservation_id"),
        sa.UniqueConstraint("reservation_id", "on", "step"),
    )
    op.create_table(
        "refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_blind", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("response_group", sa.String(length=32), nullable=True),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("lifted_at", Moment(), nullable=True),
        sa.Column("lifted_by_id", sa.Integer(), nullable=True),
        sa.Column("lift_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["call.id"],
        ),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_refusal_call_id"), "refusal", ["call_id"], unique=False)
    op.create_index("ix_refusal_phone", "refusal", ["address_blind"], unique=False)
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_index("ix_refusal_phone", table_name="refusal")
    op.drop_index(op.f("ix_refusal_call_id"), table_name="refusal")
    op.drop_table("refusal")
    op.drop_table("outbox_covers")
    op.drop_index("ix_journey_past_return", table_name="journey_past")
    op.drop_index("ix_journey_past_referral", table_name="journey_past")
    op.drop_index("ix_journey_past_prospect", table_name="journey_past")
    op.drop_index("ix_journey_past_patient", table_name="journey_past")
    op.drop_index("ix_journey_past_funnel", table_name="journey_past")
    op.drop_table("journey_past")
    op.drop_index(op.f("ix_journey_correction_prospect_id"), table_name="journey_correction")
    op.drop_index(op.f("ix_journey_correction_patient_id"), table_name="journey_correction")
    op.drop_table("journey_correction")
    op.drop_index("ix_journey_return", table_name="journey")
    op.drop_index("ix_journey_referral", table_name="journey")
    op.drop_index("ix_journey_prospect", table_name="journey")
    op.drop_index("ix_journey_patient", table_name="journey")
    op.drop_index("ix_journey_funnel", table_name="journey")
    op.drop_table("journey")
    op.drop_index(op.f("ix_inquiry_prospect_id"), table_name="inquiry")
    op.drop_index(op.f("ix_inquiry_patient_id"), table_name="inquiry")
    op.drop_index("ix_inquiry_day", table_name="inquiry")
    op.drop_table("inquiry")
    op.drop_table("delivery_attempt")
    op.drop_index("ix_card_patient", table_name="call_card")
    op.drop_index("ix_card_claimed", table_name="call_card")
    op.drop_table("call_card")
    op.drop_index("ix_visit_patient", table_name="visit")
    op.drop_index("ix_visit_day", table_name="visit")
    op.drop_table("visit")
    op.drop_index("ix_treatment_patient", table_name="treatment_done")
    op.drop_index(op.f("ix_treatment_done_course_no"), table_name="treatment_done")
    op.drop_index("ix_treatment_day", table_name="treatment_done")
    op.drop_table("treatment_done")
    op.drop_index("ix_reservation_patient", table_name="reservation")
    op.drop_index("ix_reservation_day", table_name="reservation")
    op.drop_table("reservation")
    op.drop_index("ix_recall_gone", table_name="recall_due")
    op.drop_index("ix_recall_due", table_name="recall_due")
    op.drop_index("ix_recall_churned", table_name="recall_due")
    op.drop_table("recall_due")
    op.drop_index(op.f("ix_prospect_patient_id"), table_name="prospect")
    op.drop_index(op.f("ix_prospect_contact_id"), table_name="prospect")
    op.drop_index(op.f("ix_prospect_branch"), table_name="prospect")
    op.drop_table("prospect")
    op.drop_index(op.f("ix_payment_patient_id"), table_name="payment")
    op.drop_index("ix_payment_day", table_name="payment")
    op.drop_table("payment")
    op.drop_table("patientmerge")
    op.drop_index("ix_outbox_lease", table_name="outbox")
    op.drop_index("ix_outbox_due", table_name="outbox")
    op.drop_index("ix_outbox_about", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_course_patient_id"), table_name="course")
    op.drop_table("course")
    op.drop_index(op.f("ix_contactlink_patient_id"), table_name="contactlink")
    op.drop_table("contactlink")
    op.drop_index(op.f("ix_consult_patient_id"), table_name="consult")
    op.drop_index("ix_consult_day", table_name="consult")
    op.drop_table("consult")
    op.drop_index("ix_call_promise", table_name="call")
    op.drop_index("ix_call_patient", table_name="call")
    op.drop_index("ix_call_day", table_name="call")
    op.drop_index("ix_call_contact", table_name="call")
    op.drop_table("call")
    op.drop_index("ix_audit_patient", table_name="audit")
    op.drop_index("ix_audit_day", table_name="audit")
    op.drop_table("audit")
    op.drop_table("staged_file")
    op.drop_table("staffrole")
    op.drop_index("ix_posting_about", table_name="posting")
    op.drop_table("posting")
    op.drop_table("policy_change")
    op.drop_index(op.f("ix_patient_referred_by_id"), table_name="patient")
    op.drop_index("ix_patient_name", table_name="patient")
    op.drop_index(op.f("ix_patient_branch"), table_name="patient")
    op.drop_table("patient")
    op.drop_table("import_batch")
    op.drop_table("episode")
    op.drop_index(op.f("ix_consent_contact_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_account_staff_id"), table_name="account")
    op.drop_table("account")
    op.drop_table("staff")
    op.drop_table("source_difference")
    op.drop_table("sample")
    op.drop_table("return_share")
    op.drop_index("ix_local_place", table_name="local_message")
    op.drop_table("local_message")
    op.drop_table("job_run")
    op.drop_index("ix_inbox_waiting", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("facts_until")
    op.drop_table("day_list")
    op.drop_index("ix_contact_last_four", table_name="contact")
    op.drop_table("contact")
    op.drop_table("channel_binding")
    op.drop_table("book")
    op.drop_table("audit_seal")
    # ### end Alembic commands ###

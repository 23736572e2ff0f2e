"""Journeys as cases: from one stage to the next, and the outcomes of treated journeys (product.md §5).

The same conditions as `/funnel`, so a pair says the same there and here.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import and_, case, exists, literal, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col

from crm_core.journeys.events import CONTACT_KINDS
from crm_core.journeys.steps import ONE_INQUIRY
from crm_core.kpi.conditions import PAIRS, AsOf, Table, Which
from crm_core.kpi.counts import (
    TABLES,
    JourneyCut,
    OutcomeKind,
    Seen,
    cut_column,
    is_ripe_for,
    outcome_columns,
)
from crm_core.kpi.kpi import KpiCut
from crm_core.kpi.rows import HIT, MISS, NOTHING, YOUNG, Ask, SqlRows, as_text, family_of, within_days
from crm_core.tables.facts import NO_INQUIRY, Inquiry, InquiryKind
from crm_core.tables.journey import Stage

_LEFT = {Stage.RESERVATION: "cancelled_by_clinic", Stage.AGREEMENT: "stopped_by_doctor"}
JOURNEY_CUTS = (*(cut for cut in KpiCut if cut.value in set(JourneyCut)), KpiCut.WEEKDAY)


def _value(table: Table, stage: Stage, ask: Ask) -> Any:
    """As `/funnel` cuts; coordinators by the staff of the stage's first event (reading 9)."""
    if ask.by is None or ask.by is KpiCut.WEEKDAY:
        return NOTHING
    return cut_column(table, JourneyCut(ask.by.value), stage, ask.now)


def _pair(stage: Stage) -> Callable[[Ask], Any]:
    """The journeys of the period's first contacts that passed a stage, by what became of them."""
    following = dict(PAIRS)[stage]

    def statement(ask: Ask) -> Any:
        found = []
        for table in TABLES:
            as_of = AsOf.moment(table, ask.now, ask.policy.patience)
            part = case(
                (and_(as_of.ripe(stage), as_of.passed(following)), literal(HIT)),
                (as_of.ripe(stage), literal(MISS)),
                (as_of.in_pair(stage), literal(YOUNG)),
                else_=literal(_LEFT.get(stage, YOUNG)),
            )
            found.append(
                select(
                    col(table.patient_id).label("patient_id"),
                    col(table.first_on).label("day"),
                    _value(table, stage, ask).label("value"),
                    part.label("part"),
                ).where(
                    col(table.branch).in_(ask.branches),
                    col(table.first_on).between(ask.period.first, ask.period.last),
                    as_of.known,
                    col(table.entry).in_(as_of.entries(stage, Which.COUNT)),
                    as_of.passed(stage),
                )
            )
        if stage is Stage.INQUIRY:
            found += [_no_contacts(ask), _repeats(ask)]
        return union_all(*found)

    return statement


def _inquiries(ask: Ask, part: Any, *, contact: bool) -> Any:
    values: dict[KpiCut | None, Any] = {
        KpiCut.BRANCH: col(Inquiry.branch),
        KpiCut.SOURCE: col(Inquiry.channel),
        KpiCut.TREATMENT: family_of(ask.policy, col(Inquiry.treatment)),
        KpiCut.COORDINATOR: col(Inquiry.staff_id),
    }
    kind, none = col(Inquiry.kind), _is_none(ask)
    return select(
        col(Inquiry.patient_id).label("patient_id"),
        col(Inquiry.received_on).label("day"),
        values.get(ask.by, NOTHING).label("value"),
        part.label("part"),
    ).where(
        col(Inquiry.branch).in_(ask.branches),
        col(Inquiry.received_on).between(ask.period.first, ask.period.last),
        col(Inquiry.received_at) <= ask.now,
        and_(kind.in_(CONTACT_KINDS), ~none) if contact else or_(kind.not_in(CONTACT_KINDS), none),
    )


def _is_none(ask: Ask, table: type[Inquiry] = Inquiry) -> Any:
    """Closed by hand as a duplicate, spam or a mistake: no inquiry of its own."""
    return and_(
        col(table.closed_why).is_not(None),
        col(table.closed_why).in_(NO_INQUIRY),
        col(table.closed_at) <= ask.now,
    )


def _contacts(ask: Ask) -> Any:
    """Inquiries of the period about a treatment or its price; asked on three channels it is one inquiry."""
    others = _no_contacts(ask)
    part = case((_asked_before(ask), literal("asked_again")), else_=literal(HIT))
    return union_all(_inquiries(ask, part, contact=True), others)


def _repeats(ask: Ask) -> Any:
    """Inquiries that ask once more: they belong to the one before."""
    return _inquiries(ask, literal("asked_again"), contact=True).where(_asked_before(ask))


def _asked_before(ask: Ask) -> Any:
    """Whether the same person had asked within seven days before (product.md §5)."""
    other = aliased(Inquiry)
    same = or_(
        col(other.patient_id) == col(Inquiry.patient_id), col(other.prospect_id) == col(Inquiry.prospect_id)
    )
    earlier = or_(
        col(other.received_at) < col(Inquiry.received_at),
        and_(col(other.received_at) == col(Inquiry.received_at), col(other.id) < col(Inquiry.id)),
    )
    return exists().where(
        same,
        earlier,
        within_days(ask.db, col(other.received_at), col(Inquiry.received_at), ONE_INQUIRY.days),
        col(other.kind).in_(CONTACT_KINDS),
        ~_is_none(ask, other),
    )


def _no_contacts(ask: Ask) -> Any:
    """Inquiries that open no journey: about an appointment, after a treatment, spam …"""
    part = case(
        (_is_none(ask), as_text(col(Inquiry.closed_why))),
        (col(Inquiry.kind) == InquiryKind.SPAM, literal("spam")),
        else_=literal("other_inquiry"),
    )
    return _inquiries(ask, part, contact=False)


def _outcome(kind: OutcomeKind) -> Callable[[Ask], Any]:
    """The treated journeys that became ripe in the period, reached or not (reading 8)."""

    def statement(ask: Ask) -> Any:
        seen = Seen(ask.branches, ask.period.clipped(ask.today), ask.now, ask.policy)
        found = []
        for table in TABLES:
            due_on, reached_at = outcome_columns(table, kind)
            found.append(
                select(
                    col(table.patient_id).label("patient_id"),
                    due_on.label("day"),
                    _value(table, Stage.TREATMENT, ask).label("value"),
                    case((reached_at <= ask.now, literal(HIT)), else_=literal(MISS)).label("part"),
                ).where(
                    col(table.branch).in_(ask.branches),
                    due_on.between(seen.period.first, min(seen.period.last, ask.today)),
                    is_ripe_for(table, kind, seen),
                    seen.as_of(table).known,
                )
            )
        return union_all(*found)

    return statement


INQUIRY_CUTS = (
    KpiCut.BRANCH,
    KpiCut.COORDINATOR,
    KpiCut.TREATMENT,
    KpiCut.SOURCE,
    KpiCut.WEEKDAY,
)
INQUIRIES = SqlRows(_contacts)
FROM_INQUIRY = SqlRows(_pair(Stage.INQUIRY))
FROM_RESERVATION = SqlRows(_pair(Stage.RESERVATION))
FROM_AGREEMENT = SqlRows(_pair(Stage.AGREEMENT))
RETURNS = SqlRows(_outcome(OutcomeKind.RETURN))
REFERRALS = SqlRows(_outcome(OutcomeKind.REFERRAL))

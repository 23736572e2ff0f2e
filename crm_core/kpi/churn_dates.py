"""Treatments with the day after which their family lapses, as SQL: the rules of `ledger_lines` for many.

The stored ledger knows the newest dates alone; a question about a month long past is answered from
the treatments of then, through the index on their day.
"""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    Date,
    DateTime,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from crm_core.churn.conditions import standing_call
from crm_core.kpi.rows import Ask, checks, family_of, plus_days
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.tables.calls import Call, Outcome
from crm_core.tables.columns import Moment
from crm_core.tables.facts import CAME, LIVE, Course, Reservation, ReservationState, TreatmentDone

_NO_DATE = "0000-00-00"
_DATE = len(_NO_DATE)


def rule_days(policy: Policy) -> dict[int, list[str]]:
    """Days after which a family lapses → the treatments of which that is the rule."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for slug, one in policy.treatments.items():
        days = policy.days_of(slug)
        if days is not None and not one.check:
            found[days[1]].append(slug)
    return dict(found)


def longest_rule(policy: Policy) -> int:
    return max(rule_days(policy), default=0)


def age_at_lapse(policy: Policy, treatment: Any) -> Any:
    """The days of a treatment's rule, nothing where it has none."""
    whens = {slug: days for days, slugs in rule_days(policy).items() for slug in slugs}
    return case(whens, value=treatment, else_=null()) if whens else null()


def churn_date(ask: Ask, table: Any = TreatmentDone) -> Any:
    """The last day on which the family is due: a recommended date replaces the rule (product.md §3)."""
    after = ask.policy.calls.recommended_after
    return case(
        (col(table.recommended_on).is_not(None), plus_days(ask.db, col(table.recommended_on), after)),
        else_=plus_days(ask.db, col(table.done_on), age_at_lapse(ask.policy, col(table.treatment))),
    )


def lapsing(ask: Ask, first: date, last: date) -> Any:
    """The treatments whose churn date lies between two days: one range of the index for each rule.

    A patient stands once for each family, with the last of them. Columns: patient_id, family,
    branch, doctor, staff_id, done_on, churn_on.
    """
    after = ask.policy.calls.recommended_after
    ranges = [
        and_(
            col(TreatmentDone.treatment).in_(slugs),
            col(TreatmentDone.recommended_on).is_(None),
            col(TreatmentDone.done_on).between(first - timedelta(days), last - timedelta(days)),
        )
        for days, slugs in rule_days(ask.policy).items()
    ]
    recommended = col(TreatmentDone.recommended_on)
    ranges.append(
        and_(
            recommended.is_not(None),
            recommended.between(first - timedelta(after), last - timedelta(after)),
        )
    )
    found = [
        select(
            col(TreatmentDone.patient_id).label("patient_id"),
            family_of(ask.policy, col(TreatmentDone.treatment)).label("family"),
            col(TreatmentDone.branch).label("branch"),
            col(TreatmentDone.doctor).label("doctor"),
            col(TreatmentDone.staff_id).label("staff_id"),
            col(TreatmentDone.done_on).label("done_on"),
            churn_date(ask).label("churn_on"),
        ).where(
            col(TreatmentDone.branch).in_(ask.branches),
            one,
            col(TreatmentDone.done_at) <= ask.now,
            col(TreatmentDone.treatment).not_in(checks(ask.policy)),
            ~_later_that_day(ask),
        )
        for one in ranges
    ]
    each = union_all(*found).subquery()
    place = func.row_number().over(
        partition_by=(each.c.patient_id, each.c.family), order_by=each.c.done_on.desc()
    )
    ranked = select(each, place.label("place")).subquery()
    return select(ranked).where(ranked.c.place == 1).subquery().c


def _later_that_day(ask: Ask) -> Any:
    """Another treatment of the family followed on the same day: its rule counts."""
    other = aliased(TreatmentDone)
    mine = TreatmentDone
    return exists().where(
        col(other.patient_id) == col(mine.patient_id),
        col(other.done_on) == col(mine.done_on),
        family_of(ask.policy, col(other.treatment)) == family_of(ask.policy, col(mine.treatment)),
        col(other.treatment).not_in(checks(ask.policy)),
        col(other.done_at) <= ask.now,
        or_(
            col(other.done_at) > col(mine.done_at),
            and_(col(other.done_at) == col(mine.done_at), col(other.number) > col(mine.number)),
        ),
    )


def last_lines(ask: Ask, day: date) -> Any:
    """The ledger as it was on the morning of a day: for each patient and family the last treatment.

    Columns: patient_id, churn_on, longest (days of a rule). Families whose last treatment is older than
    any rule are left out: they are lapsed; so are those whose treatment is complete.
    """
    newest = _newest(ask, day)
    family = family_of(ask.policy, newest.treatment)
    place = func.row_number().over(partition_by=(newest.patient_id, family), order_by=newest.key.desc())
    ranked = select(newest.patient_id, newest.treatment, newest.key, place.label("place")).subquery().c
    each = (
        select(
            ranked.patient_id,
            _churn_of(ask, ranked).label("churn_on"),
            age_at_lapse(ask.policy, ranked.treatment).label("longest"),
        )
        .where(ranked.place == 1, ~_cured(ask, ranked))
        .subquery()
        .c
    )
    return (
        select(
            each.patient_id,
            type_coerce(func.max(each.churn_on), Date).label("churn_on"),
            func.max(each.longest).label("longest"),
        )
        .where(each.churn_on.is_not(None))
        .group_by(each.patient_id)
        .subquery()
        .c
    )


def _newest(ask: Ask, day: date) -> Any:
    """The last treatment of each kind that a patient had before a day: patient_id, treatment, key."""
    # One text for each treatment that sorts by its moment: the greatest of a group is found without
    # ordering every row, in a quarter of the time of a window over all of them.
    key = _joined(
        col(TreatmentDone.done_on),
        col(TreatmentDone.done_at),
        col(TreatmentDone.number),
        func.coalesce(cast(col(TreatmentDone.recommended_on), String), _NO_DATE),
    )
    return (
        select(
            col(TreatmentDone.patient_id).label("patient_id"),
            col(TreatmentDone.treatment).label("treatment"),
            func.max(key).label("key"),
        )
        .where(
            col(TreatmentDone.branch).in_(tuple(ask.policy.branches)),
            col(TreatmentDone.done_on) >= day - timedelta(longest_rule(ask.policy)),
            col(TreatmentDone.done_on) < day,
            col(TreatmentDone.done_at) <= ask.now,
            col(TreatmentDone.treatment).not_in(checks(ask.policy)),
        )
        .group_by(col(TreatmentDone.patient_id), col(TreatmentDone.treatment))
        .subquery()
        .c
    )


def _cured(ask: Ask, row: Any) -> Any:
    """The treatment of the family was complete by the patient's word or ours: its best result, no churn."""
    return exists().where(
        col(Call.patient_id) == row.patient_id,
        col(Call.family) == family_of(ask.policy, row.treatment),
        col(Call.outcome) == Outcome.TREATMENT_COMPLETE,
        col(Call.called_on) >= _date(ask.db, func.substr(row.key, 1, _DATE)),
        *standing_call(ask.now),
    )


def _joined(*columns: Any) -> Any:
    joined: Any = cast(columns[0], String)
    for column in columns[1:]:
        joined = joined.concat(" ").concat(cast(column, String))
    return joined


def _churn_of(ask: Ask, row: Any) -> Any:
    """The churn date from a key: it begins with the day done and ends with the recommended date."""
    done, wanted = func.substr(row.key, 1, _DATE), func.substr(row.key, func.length(row.key) - _DATE + 1)
    after = ask.policy.calls.recommended_after
    given = func.nullif(wanted, _NO_DATE)
    return case(
        (wanted != _NO_DATE, plus_days(ask.db, _date(ask.db, given), after)),
        else_=plus_days(ask.db, _date(ask.db, done), age_at_lapse(ask.policy, row.treatment)),
    )


def _date(db: Session, text: Any) -> Any:
    return cast(text, Date) if db.get_bind().dialect.name == "postgresql" else type_coerce(text, Date)


def treated_between(ask: Ask, row: Any, *when: Any, rules_only: bool = False) -> Any:
    """Whether the patient of a line had a treatment of its family; `when` are conditions on its day."""
    other = aliased(TreatmentDone)
    more = (
        [col(other.treatment).in_([slug for slugs in rule_days(ask.policy).values() for slug in slugs])]
        if rules_only
        else [family_of(ask.policy, col(other.treatment)) == row.family]
    )
    return exists().where(
        col(other.patient_id) == row.patient_id,
        col(other.done_at) <= ask.now,
        col(other.treatment).not_in(checks(ask.policy)),
        *(condition(col(other.done_on)) for condition in when),
        *more,
    )


def end_of(db: Session, day: Any, branch: Branch, near: date) -> Any:
    """The moment at which a day ends on the branch's clock; `near` says which of its summer times."""
    if db.get_bind().dialect.name == "postgresql":
        midnight = func.timezone(branch.zone, cast(plus_days(db, day, 1), DateTime()))
        return type_coerce(midnight, Moment())
    local = datetime.combine(near, time(), branch.tz)
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    return type_coerce(func.datetime(day, "+1 day", f"{-minutes} minutes"), Moment())


def booked_on(ask: Ask, row: Any) -> Any:
    """A live reservation on the line's churn date, as it was on the evening of that day."""
    end = end_of(ask.db, row.churn_on, ask.policy.branch(ask.branches[0]), ask.period.first)
    made = func.coalesce(col(Reservation.made_at), col(Reservation.starts_at))
    missed = and_(
        col(Reservation.state) == ReservationState.NO_SHOW,
        col(Reservation.starts_on) > row.churn_on,
        col(Reservation.state_at).is_(None),
    )
    return exists().where(
        col(Reservation.patient_id) == row.patient_id,
        col(Reservation.starts_on) >= row.churn_on,
        made < end,
        or_(col(Reservation.state).in_((*LIVE, *CAME)), missed, col(Reservation.state_at) >= end),
    )


def course_running(ask: Ask, row: Any, *, any_family: bool = False, on: date | None = None) -> Any:
    """Sessions of the family, or of any, were left on the churn date, or on a day (reading 7): it could not
    lapse."""
    day = row.churn_on if on is None else on
    done = TreatmentDone
    of_course = and_(
        col(done.patient_id) == col(Course.patient_id),
        col(done.course_no) == col(Course.number),
        col(done.done_at) <= ask.now,
    )
    known = select(func.count()).select_from(done).where(of_course).correlate_except(done).scalar_subquery()
    later = (
        select(func.count())
        .select_from(done)
        .where(of_course, col(done.done_on) > day)
        .correlate_except(done)  # the line stands two levels above
        .scalar_subquery()
    )
    used = case((col(Course.used) > known, col(Course.used)), else_=known)
    return exists().where(
        col(Course.patient_id) == row.patient_id,
        *([] if any_family else [family_of(ask.policy, col(Course.treatment)) == row.family]),
        col(Course.bought_on) <= day,
        or_(col(Course.valid_until).is_(None), col(Course.valid_until) >= day),
        col(Course.sessions) > used - later,
    )

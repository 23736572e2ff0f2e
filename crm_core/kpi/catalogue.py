"""Every number Dasi knows, by the key of its name. A KPI costs one entry here and its file."""

from crm_core.kpi import (
    appointments,
    call_rows,
    churn_rates,
    confirmations,
    decisions,
    pairs,
    recall,
    referrers,
    response_time,
    revenue,
    visits,
)
from crm_core.kpi.kpi import Kpi, KpiCut, Ripe, Unit, Viewpoint
from crm_core.tables.journey import Stage

_JOURNEYS = ("inquiries", "reservations", "visits", "consults", "treatments")
_RESERVATIONS = ("reservations", "visits")
_HERE = ("reservations", "visits", "consults", "treatments")
_CALLS = ("calls", "visits", "consults", "treatments")

INQUIRIES = Kpi(
    "inquiries",
    Unit.COUNT,
    pairs.INQUIRIES,
    viewpoint=Viewpoint.BOOKING,
    kinds=("inquiries",),
    cuts=pairs.INQUIRY_CUTS,
)
INQUIRY_TO_RESERVATION = Kpi(
    "inquiry_to_reservation",
    Unit.SHARE,
    pairs.FROM_INQUIRY,
    viewpoint=Viewpoint.BOOKING,
    ripe=Ripe.PATIENCE,
    kinds=_JOURNEYS,
    cuts=pairs.JOURNEY_CUTS,
    view="cohort",
)
RESPONSE_TIME = Kpi(
    "response_time",
    Unit.MINUTES,
    response_time.RESPONSE_TIME,
    viewpoint=Viewpoint.BOOKING,
    kinds=("inquiries",),
    cuts=response_time.CUTS,
)
NEW_PATIENTS = Kpi(
    "new_patients",
    Unit.COUNT,
    visits.NEW_PATIENTS,
    viewpoint=Viewpoint.BOOKING,
    kinds=_HERE,
    cuts=(KpiCut.BRANCH, KpiCut.SOURCE, KpiCut.WEEKDAY),
)
REFERRAL_SHARE = Kpi(
    "referral_share",
    Unit.SHARE,
    visits.REFERRED_NEW,
    viewpoint=Viewpoint.BOOKING,
    kinds=_HERE,
    cuts=(KpiCut.BRANCH, KpiCut.SOURCE, KpiCut.WEEKDAY),
)
VISIT_RATE = Kpi(
    "visit_rate",
    Unit.SHARE,
    pairs.FROM_RESERVATION,
    viewpoint=Viewpoint.VISIT,
    ripe=Ripe.PATIENCE,
    kinds=_JOURNEYS,
    cuts=pairs.JOURNEY_CUTS,
    view="cohort",
)
SHOW_RATE = Kpi(
    "show_rate",
    Unit.SHARE,
    appointments.RESERVATIONS,
    hit=(appointments.ARRIVED,),
    base=appointments.BASE,
    viewpoint=Viewpoint.VISIT,
    ripe=Ripe.DAY_CLOSED,
    kinds=_RESERVATIONS,
    cuts=appointments.CUTS,
)
NO_SHOW = Kpi(
    "no_show",
    Unit.SHARE,
    appointments.RESERVATIONS,
    hit=(appointments.NO_SHOW,),
    base=appointments.BASE,
    viewpoint=Viewpoint.VISIT,
    ripe=Ripe.DAY_CLOSED,
    kinds=_RESERVATIONS,
    cuts=appointments.CUTS,
)
LATE_CANCEL = Kpi(
    "late_cancel",
    Unit.SHARE,
    appointments.RESERVATIONS,
    hit=(appointments.LATE,),
    base=appointments.BASE,
    viewpoint=Viewpoint.VISIT,
    ripe=Ripe.DAY_CLOSED,
    kinds=_RESERVATIONS,
    cuts=appointments.CUTS,
)
EARLY_CANCEL = Kpi(
    "early_cancel",
    Unit.SHARE,
    appointments.RESERVATIONS,
    hit=(appointments.EARLY,),
    base=(*appointments.BASE, appointments.EARLY),
    viewpoint=Viewpoint.VISIT,
    ripe=Ripe.DAY_CLOSED,
    kinds=_RESERVATIONS,
    cuts=appointments.CUTS,
)
CONFIRM_RATE = Kpi(
    "confirm_rate",
    Unit.SHARE,
    confirmations.CONFIRMED,
    viewpoint=Viewpoint.VISIT,
    ripe=Ripe.APPOINTMENT,
    kinds=("reservations",),
)
VISITS = Kpi(
    "visits",
    Unit.COUNT,
    visits.VISITS,
    viewpoint=Viewpoint.VISIT,
    kinds=_HERE,
    cuts=visits.CUTS,
)
CONSULT_RATE = Kpi(
    "consult_rate",
    Unit.SHARE,
    visits.CONSULTS,
    viewpoint=Viewpoint.DECISION,
    ripe=Ripe.AT_ONCE,
    kinds=_HERE,
    cuts=visits.CUTS,
)
AGREEMENT_SAME_DAY = Kpi(
    "agreement_same_day",
    Unit.SHARE,
    decisions.AGREED_SAME_DAY,
    viewpoint=Viewpoint.DECISION,
    kinds=("consults", "payments"),
    cuts=decisions.CUTS,
)
AGREEMENT = Kpi(
    "agreement",
    Unit.SHARE,
    decisions.AGREED,
    viewpoint=Viewpoint.DECISION,
    ripe=Ripe.DECISION,
    kinds=("consults", "payments"),
    cuts=decisions.CUTS,
)
AGREEMENT_AMOUNT = Kpi(
    "agreement_amount",
    Unit.SHARE,
    decisions.AGREED_AMOUNT,
    viewpoint=Viewpoint.DECISION,
    ripe=Ripe.DECISION,
    kinds=("consults",),
    cuts=decisions.CUTS,
)
TREATED = Kpi(
    "treated",
    Unit.SHARE,
    pairs.FROM_AGREEMENT,
    viewpoint=Viewpoint.DECISION,
    ripe=Ripe.PATIENCE,
    kinds=_JOURNEYS,
    cuts=pairs.JOURNEY_CUTS,
    view="cohort",
)
COURSE_COMPLETION = Kpi(
    "course_completion",
    Unit.SHARE,
    decisions.COURSES,
    viewpoint=Viewpoint.DECISION,
    ripe=Ripe.COURSE_END,
    kinds=("courses", "treatments"),
    cuts=decisions.COURSE_CUTS,
)
RETURN = Kpi(
    "return",
    Unit.SHARE,
    pairs.RETURNS,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.CHURN_DATE,
    kinds=_JOURNEYS,
    cuts=pairs.JOURNEY_CUTS,
)
RETURN_NEW = Kpi(
    "return_new",
    Unit.SHARE,
    visits.NEW_BACK,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.NEW_RETURN,
    kinds=_HERE,
    cuts=(KpiCut.BRANCH, KpiCut.SOURCE, KpiCut.WEEKDAY),
)
CHURN_FAMILY = Kpi(
    "churn_family",
    Unit.SHARE,
    churn_rates.FAMILIES,
    hit=(churn_rates.LAPSED, churn_rates.LATE),
    base=(churn_rates.LAPSED, churn_rates.LATE, churn_rates.BACK, churn_rates.BOOKED),
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.CHURN_DATE,
    kinds=_HERE,
    cuts=churn_rates.FAMILY_CUTS,
)
CHURN_PATIENT = Kpi(
    "churn_patient",
    Unit.SHARE,
    churn_rates.PATIENTS,
    base=("hit", "miss", churn_rates.BOOKED),
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.MONTH_CLOSED,
    kinds=_HERE,
    cuts=churn_rates.PATIENT_CUTS,
)
RECALL_SUCCESS = Kpi(
    "recall_success",
    Unit.SHARE,
    recall.RECALLED,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.ATTRIBUTION,
    kinds=_CALLS,
    cuts=recall.CUTS,
)
RECAPTURE = Kpi(
    "recapture",
    Unit.SHARE,
    recall.RECAPTURED,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.ATTRIBUTION,
    kinds=_CALLS,
    cuts=recall.CUTS,
)
RECALL_SAME = Kpi(
    "recall_success_same_family",
    Unit.SHARE,
    recall.RECALLED_SAME,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.ATTRIBUTION,
    kinds=_CALLS,
    cuts=recall.CUTS,
    unlisted=True,
)
RECAPTURE_SAME = Kpi(
    "recapture_same_family",
    Unit.SHARE,
    recall.RECAPTURED_SAME,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.ATTRIBUTION,
    kinds=_CALLS,
    cuts=recall.CUTS,
    unlisted=True,
)
BROUGHT = Kpi(
    "recall_revenue",
    Unit.MONEY,
    recall.BROUGHT,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.ATTRIBUTION,
    kinds=("calls", "payments"),
    cuts=recall.CUTS,
    unlisted=True,
)
NATURAL_RETURN = Kpi(
    "natural_return",
    Unit.SHARE,
    churn_rates.NATURAL_RETURNS,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.ATTRIBUTION,
    kinds=_CALLS,
    cuts=churn_rates.FAMILY_CUTS,
)
CONNECT_RATE = Kpi(
    "connect_rate",
    Unit.SHARE,
    call_rows.DIALLED,
    viewpoint=Viewpoint.RELATION,
    kinds=("calls",),
    cuts=call_rows.CUTS,
)
GROUP_MIX = Kpi(
    "group_mix",
    Unit.SHARE,
    call_rows.REACTIONS,
    hit=call_rows.YES,
    base=(*call_rows.GROUPS, call_rows.NO_GROUP),
    viewpoint=Viewpoint.RELATION,
    kinds=("calls",),
    cuts=(KpiCut.GROUP, *call_rows.CUTS),
    mix=KpiCut.GROUP,
)
REFERRAL = Kpi(
    "referral",
    Unit.SHARE,
    pairs.REFERRALS,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.REFERRAL,
    kinds=_JOURNEYS,
    cuts=pairs.JOURNEY_CUTS,
)
REFERRERS = Kpi(
    "referrers",
    Unit.SHARE,
    referrers.TREATED_PATIENTS,
    viewpoint=Viewpoint.RELATION,
    kinds=_JOURNEYS,
    cuts=referrers.CUTS,
)
GROWTH = Kpi(
    "growth",
    Unit.FACTOR,
    churn_rates.GROWTH,
    hit=churn_rates.GROWN,
    base=(churn_rates.STAYED, churn_rates.LOST),
    viewpoint=Viewpoint.BASIS,
    ripe=Ripe.MONTH_CLOSED,
    kinds=_HERE,
    cuts=churn_rates.PATIENT_CUTS,
)
REVENUE = Kpi(
    "revenue",
    Unit.MONEY,
    revenue.REVENUE,
    viewpoint=Viewpoint.BASIS,
    kinds=("payments",),
    cuts=revenue.CUTS,
)
PER_PATIENT = Kpi(
    "per_patient",
    Unit.MONEY,
    revenue.PER_PATIENT,
    viewpoint=Viewpoint.BASIS,
    ripe=Ripe.MONTH_CLOSED,
    kinds=("payments", "visits"),
    cuts=revenue.PER_PATIENT_CUTS,
)

CATALOGUE: tuple[Kpi, ...] = (
    INQUIRIES,
    INQUIRY_TO_RESERVATION,
    RESPONSE_TIME,
    NEW_PATIENTS,
    REFERRAL_SHARE,
    VISIT_RATE,
    SHOW_RATE,
    NO_SHOW,
    LATE_CANCEL,
    EARLY_CANCEL,
    CONFIRM_RATE,
    VISITS,
    CONSULT_RATE,
    AGREEMENT_SAME_DAY,
    AGREEMENT,
    AGREEMENT_AMOUNT,
    TREATED,
    COURSE_COMPLETION,
    RETURN,
    RETURN_NEW,
    CHURN_FAMILY,
    CHURN_PATIENT,
    RECALL_SUCCESS,
    RECAPTURE,
    RECALL_SAME,
    RECAPTURE_SAME,
    BROUGHT,
    NATURAL_RETURN,
    CONNECT_RATE,
    GROUP_MIX,
    REFERRAL,
    REFERRERS,
    GROWTH,
    REVENUE,
    PER_PATIENT,
)

OF_STAGE: dict[Stage, Kpi] = {
    Stage.RESERVATION: INQUIRY_TO_RESERVATION,
    Stage.VISIT: VISIT_RATE,
    Stage.CONSULT: CONSULT_RATE,
    Stage.AGREEMENT: AGREEMENT,
    Stage.TREATMENT: TREATED,
}

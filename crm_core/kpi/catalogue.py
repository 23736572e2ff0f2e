"""Every number Dasi knows, by the key of its name. A KPI costs one entry here and its file."""

from crm_core.kpi import appointments, pairs
from crm_core.kpi.kpi import Kpi, Ripe, Unit, Viewpoint
from crm_core.tables.journey import Stage

_JOURNEYS = ("inquiries", "reservations", "visits", "consults", "treatments")

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
CONSULT_RATE = Kpi("consult_rate", Unit.SHARE)
AGREEMENT = Kpi("agreement", Unit.SHARE)
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
AGREEMENT_SAME_DAY = Kpi("agreement_same_day", Unit.SHARE)
RETURN = Kpi(
    "return",
    Unit.SHARE,
    pairs.RETURNS,
    viewpoint=Viewpoint.RELATION,
    ripe=Ripe.CHURN_DATE,
    kinds=_JOURNEYS,
    cuts=pairs.JOURNEY_CUTS,
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
_RESERVATIONS = ("reservations", "visits")
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
    up_is_good=False,
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
    up_is_good=False,
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
    up_is_good=None,
)

CATALOGUE: tuple[Kpi, ...] = (
    INQUIRY_TO_RESERVATION,
    VISIT_RATE,
    CONSULT_RATE,
    AGREEMENT,
    TREATED,
    AGREEMENT_SAME_DAY,
    RETURN,
    REFERRAL,
    NO_SHOW,
    LATE_CANCEL,
    SHOW_RATE,
    EARLY_CANCEL,
)

OF_STAGE: dict[Stage, Kpi] = {
    Stage.RESERVATION: INQUIRY_TO_RESERVATION,
    Stage.VISIT: VISIT_RATE,
    Stage.CONSULT: CONSULT_RATE,
    Stage.AGREEMENT: AGREEMENT,
    Stage.TREATMENT: TREATED,
}

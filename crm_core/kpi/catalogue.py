"""Every number Dasi knows, by the key of its name. A KPI costs one line here and its file."""

from crm_core.kpi.kpi import Kpi, Unit
from crm_core.tables.journey import Stage

INQUIRY_TO_RESERVATION = Kpi("inquiry_to_reservation", Unit.SHARE)
VISIT_RATE = Kpi("visit_rate", Unit.SHARE)
CONSULT_RATE = Kpi("consult_rate", Unit.SHARE)
AGREEMENT = Kpi("agreement", Unit.SHARE)
TREATED = Kpi("treated", Unit.SHARE)
AGREEMENT_SAME_DAY = Kpi("agreement_same_day", Unit.SHARE)
RETURN = Kpi("return", Unit.SHARE)
REFERRAL = Kpi("referral", Unit.SHARE)
NO_SHOW = Kpi("no_show", Unit.SHARE)
LATE_CANCEL = Kpi("late_cancel", Unit.SHARE)
SHOW_RATE = Kpi("show_rate", Unit.SHARE)
EARLY_CANCEL = Kpi("early_cancel", Unit.SHARE)

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

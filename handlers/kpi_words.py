"""What the numbers are called, and how each is counted, in the reader's language."""

from crm_core.kpi.catalogue import CATALOGUE
from crm_core.kpi.conditions import Which
from crm_core.kpi.kpi import Kpi
from crm_core.tables.journey import Stage
from handlers.language.language import N_
from handlers.language.menu_item import Context

STAGE_NAMES = {
    Stage.INQUIRY: N_("Inquiry"),
    Stage.RESERVATION: N_("Reservation"),
    Stage.VISIT: N_("Visit"),
    Stage.CONSULT: N_("Consult"),
    Stage.AGREEMENT: N_("Agreed"),
    Stage.TREATMENT: N_("Treated"),
}
TITLES = {
    "inquiry_to_reservation": N_("Inquiry to reservation"),
    "visit_rate": N_("Reservation to visit"),
    "consult_rate": N_("Visit to consult"),
    "agreement": N_("Agreement rate"),
    "treated": N_("Agreement to treatment"),
    "agreement_same_day": N_("Same-day agreement rate"),
    "return": N_("Return rate"),
    "referral": N_("Referral"),
    "no_show": N_("No-show rate"),
    "late_cancel": N_("Late cancellation rate"),
    "show_rate": N_("Show rate"),
    "early_cancel": N_("Timely cancellation rate"),
}
COUNTED = {
    "inquiry_to_reservation": N_(
        "Of the journeys that began with an inquiry at least {inquiry} days ago, those that went on to a "
        "reservation or came without one."
    ),
    "visit_rate": N_(
        "Of the journeys with a reservation whose last date reserved is at least {reservation} days past, "
        "those that came. Cancelled by the clinic is out."
    ),
    "consult_rate": N_(
        "Of the journeys that came at least {visit} day ago, those with a consult. Treated without a "
        "consult stands beside."
    ),
    "agreement": N_(
        "Of the journeys consulted at least {consult} days ago, those that agreed in full or in part, or "
        "paid. Not suitable is out."
    ),
    "treated": N_(
        "Of the journeys that agreed at least {agreement} days ago, those treated. Stopped by the doctor "
        "is out."
    ),
    "agreement_same_day": N_(
        "Of the journeys consulted, those that agreed on the day of the consult. Not suitable is out."
    ),
    "return": N_(
        "Of the treated journeys whose churn date fell in the period, those whose patient came for a "
        "consult or treatment of a next journey by then."
    ),
    "referral": N_(
        "Of the journeys treated {referral} days before a day of the period, those whose patient was "
        "named by somebody who first came within these days."
    ),
    "no_show": N_(
        "No-shows ÷ (arrived + no-show + cancelled late), over reservations whose day is over. A moved "
        "reservation counts once, at its last date."
    ),
    "late_cancel": N_("Cancelled late ÷ (arrived + no-show + cancelled late)."),
    "show_rate": N_("Arrived ÷ (arrived + no-show + cancelled late)."),
    "early_cancel": N_("Cancelled in time ÷ (arrived + no-show + cancelled late + cancelled in time)."),
}
PART_NAMES = {
    Which.LOST: N_("left here"),
    Which.OPEN: N_("still open"),
    Which.CONVERTED: N_("went on"),
    Which.PENDING: N_("undecided"),
    Which.DECLINED: N_("declined"),
    Which.NOT_SUITABLE: N_("not suitable"),
    Which.NOT_RECORDED: N_("no agreement recorded"),
    Which.WITHOUT_CONSULT: N_("treated without consult"),
}


def title(kpi: Kpi, context: Context) -> str:
    return context.say(TITLES[kpi.slug])


def counted(kpi: Kpi, context: Context) -> str:
    """One sentence that says what is divided by what."""
    patience = context.policy.patience
    days = {
        "inquiry": patience.inquiry,
        "reservation": patience.reservation,
        "visit": patience.visit,
        "consult": patience.consult,
        "agreement": patience.agreement,
        "referral": patience.referral,
    }
    return context.say(COUNTED[kpi.slug], **days)


def definitions(kpis: tuple[Kpi, ...], context: Context) -> dict[str, str]:
    """How each of these numbers is counted, by its key."""
    return {kpi.slug: counted(kpi, context) for kpi in CATALOGUE if kpi in kpis}


def stage_name(stage: Stage, context: Context) -> str:
    return context.say(STAGE_NAMES[stage])


def pair_name(earlier: Stage, stage: Stage, context: Context) -> str:
    """문의→예약."""
    return f"{stage_name(earlier, context)}→{stage_name(stage, context)}"

"""What the numbers are called, and how each is counted, in the reader's language."""

from crm_core.kpi.catalogue import CATALOGUE
from crm_core.kpi.conditions import Which
from crm_core.kpi.kpi import Kpi
from crm_core.policy.policy import Policy
from crm_core.tables.journey import Stage
from handlers.kpi_texts import COUNTED, OF_NUMBER, TITLES
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
    """One sentence that says what is divided by what, as `/funnel` and `/noshow` count."""
    return context.say(COUNTED[kpi.slug], **days_of(context.policy))


def counted_as_number(kpi: Kpi, context: Context) -> str:
    """The same of the number of `/kpi`, which for some is not the pair of the funnel."""
    text = OF_NUMBER.get(kpi.slug, COUNTED[kpi.slug])
    return context.say(text, **days_of(context.policy))


def days_of(policy: Policy) -> dict[str, int]:
    """The days of the policy that definitions name."""
    patience = policy.patience
    return {
        "inquiry": patience.inquiry,
        "reservation": patience.reservation,
        "visit": patience.visit,
        "consult": patience.consult,
        "agreement": patience.agreement,
        "referral": patience.referral,
        "attribution": policy.calls.attribution_days,
    }


def definitions(kpis: tuple[Kpi, ...], context: Context) -> dict[str, str]:
    """How each of these numbers is counted, by its key."""
    return {kpi.slug: counted(kpi, context) for kpi in CATALOGUE if kpi in kpis}


def stage_name(stage: Stage, context: Context) -> str:
    return context.say(STAGE_NAMES[stage])


def pair_name(earlier: Stage, stage: Stage, context: Context) -> str:
    """문의→예약."""
    return f"{stage_name(earlier, context)}→{stage_name(stage, context)}"

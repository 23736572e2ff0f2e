"""How a patient is named: in full privately, masked where others read along."""

from datetime import date

from crm_core.patients.queries import FoundPatient
from crm_core.privacy import masked_chart, masked_name
from crm_core.tables.people import PatientStatus, Relation
from handlers.language.language import N_
from handlers.language.menu_item import Context

SEXES = {"female": N_("F"), "male": N_("M")}
STATUS_NAMES = {
    PatientStatus.PAUSED: N_("Paused"),
    PatientStatus.ABROAD: N_("Lives abroad"),
    PatientStatus.MOVED_BRANCH: N_("Moved to another branch"),
    PatientStatus.INACTIVE: N_("Inactive"),
    PatientStatus.DECEASED: N_("Deceased"),
}
RELATIONS = {
    Relation.SELF: N_("own"),
    Relation.GUARDIAN: N_("guardian"),
    Relation.FAMILY: N_("family"),
    Relation.AGENCY: N_("agency"),
}


def is_masked(context: Context) -> bool:
    """Whether others read along and the policy wants names masked there."""
    return not context.private and context.policy.masked_channels


def shown_name(who: FoundPatient, context: Context) -> str:
    """The name as it may be read here, with the form of address of the language."""
    if not who.name:
        return context.say("no name")
    return context.say("{name}", name=masked_name(who.name) if is_masked(context) else who.name)


def shown_chart(who: FoundPatient, context: Context) -> str:
    """The chart number as it may be read here."""
    return masked_chart(who.chart_no) if is_masked(context) else who.chart_no


def name_and_chart(who: FoundPatient, context: Context) -> str:
    return f"{shown_name(who, context)} ({shown_chart(who, context)})"


def age_on(born: date, today: date) -> int:
    """Whole years, as Korean law counts them since 2023 (만 나이)."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def age_and_sex(who: FoundPatient, context: Context) -> str:
    """“age 38 F”: what is known of the two; "" when nothing is."""
    say = context.say
    parts = []
    if who.birth_date is not None:
        parts.append(say("age {age}", age=age_on(who.birth_date, context.today(who.branch))))
    if who.sex in SEXES:
        parts.append(say(SEXES[who.sex]))
    return " ".join(parts)


def tell_apart(who: FoundPatient, context: Context, *, with_branch: bool) -> str:
    """Name, birth year and the end of the chart number: enough to choose between several."""
    parts = [shown_name(who, context)]
    if who.birth_date is not None:
        parts.append(str(who.birth_date.year))
    parts.append(masked_chart(who.chart_no))
    if with_branch:
        parts.append(context.policy.branch(who.branch).name(context.language.code))
    return " · ".join(parts)

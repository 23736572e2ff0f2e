"""From an inquiry to a reservation: a prospect gets a chart number, then the free times are shown."""

from crm_core.errors import NotUnderstood, StaleButton
from crm_core.inquiries.answering.turns import INQUIRERS
from crm_core.inquiries.charts import LONGEST, enrol, known_by
from crm_core.patients.queries import of_id
from crm_core.tables.facts import Inquiry
from handlers.inquiry_card import row_of
from handlers.inquiry_commands import AskChart, EnrolAsker, JoinInquiry, ShowInquiry
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Button, Buttons, Field, Form, Reply, Text, Where
from handlers.patient_words import tell_apart
from handlers.reserve import open_reserve
from handlers.reserve_commands import OpenReserve


def ask_chart(command: AskChart, context: Context) -> Reply:
    """The form that asks for the chart number, to the asker alone."""
    say = context.say
    _row(command.inquiry_id, context)
    field = Field(
        "chart",
        say("Chart number"),
        hint=say("A reservation needs a chart number. Open the chart first."),
        longest=LONGEST,
    )
    form = Form(say("Book"), EnrolAsker(command.inquiry_id), (field,), say("Next"))
    return Reply((form,), where=Where.PRIVATE)


def enrol_asker(command: EnrolAsker, context: Context) -> Reply:
    """A new number is the prospect's from now on; of a known one it is asked whether it is they."""
    db, policy, person, now = context.db, context.policy, context.person, context.now
    row = _row(command.inquiry_id, context)
    chart = command.chart.strip().removeprefix("#")
    if not chart:
        raise NotUnderstood("patient", "–")
    known = known_by(db, policy, row, chart)
    if known is not None:
        who = of_id(db, person, policy, known)
        yes = Button(tell_apart(who, context, with_branch=False), JoinInquiry(command.inquiry_id, who.id))
        back = Button(context.say("Back"), ShowInquiry(command.inquiry_id))
        ask = context.say("Is it one of these patients? Press, and the inquiry is theirs.")
        return Reply((Text(ask), Buttons(((yes,), (back,)))), where=Where.PRIVATE)
    row = enrol(db, policy, person, row, chart, now)
    assert row.patient_id is not None
    treatment = row.treatment if row.treatment in policy.treatments else ""
    return open_reserve(OpenReserve(row.patient_id, row.branch, treatment=treatment or ""), context)


def _row(inquiry_id: int, context: Context) -> Inquiry:
    """The inquiry of a prospect; StaleButton when it is a patient's by now, OtherBranch."""
    row = row_of(inquiry_id, context)
    if row.patient_id is not None:
        raise StaleButton
    return row


ITEMS = (
    MenuItem(code="qb", command=AskChart, answer=ask_chart, roles=INQUIRERS),
    MenuItem(code="qn", command=EnrolAsker, answer=enrol_asker, roles=INQUIRERS, about_patient=True),
)

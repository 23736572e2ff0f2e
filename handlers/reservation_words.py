"""What reservations are called, and how one stands on a card."""

from crm_core.privacy import masked_chart, masked_name
from crm_core.reservations.queries import DayCounts, Line
from crm_core.tables.facts import Answer, ReservationState
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context
from handlers.patient_words import is_masked

STATE_NAMES = {
    ReservationState.REQUESTED: N_("Requested"),
    ReservationState.BOOKED: N_("Booked"),
    ReservationState.ARRIVED: N_("Arrived"),
    ReservationState.COMPLETED: N_("Completed"),
    ReservationState.MOVED: N_("Moved"),
    ReservationState.CANCELLED_EARLY: N_("Cancelled in time"),
    ReservationState.CANCELLED_LATE: N_("Cancelled late"),
    ReservationState.NO_SHOW: N_("No-show"),
    ReservationState.CANCELLED_BY_CLINIC: N_("Changed by the clinic"),
    ReservationState.LEFT: N_("Left before being seen"),
}
ANSWER_NAMES = {
    Answer.INFORMED: N_("Informed"),
    Answer.CONFIRMED: N_("Confirmed by the patient"),
    Answer.CHANGE_ASKED: N_("Change asked"),
    Answer.CANCEL_ASKED: N_("Cancellation asked"),
}


def shown_patient(name: str | None, chart_no: str, context: Context) -> str:
    """Name and chart number: in full privately, masked where others read along."""
    name = name or context.say("(no name)")
    if is_masked(context):
        name, chart_no = masked_name(name), masked_chart(chart_no)
    return context.say("{name} {chart}", name=name, chart=chart_no)


def shown_state(line: Line, context: Context) -> str:
    """One word: what became of it, else what the patient answered, else booked."""
    if line.is_unmarked:
        return context.say("Unmarked")
    if line.is_open and line.answer in ANSWER_NAMES:
        return context.say(ANSWER_NAMES[line.answer])
    return context.say(STATE_NAMES[line.state])


def shown_time(line: Line, context: Context) -> str:
    """15:30, or a dash where the chart gave the day alone."""
    return figures.clock(line.starts_at, context.policy.branch(line.branch)) if line.timed else "–"


def shown_treatment(line: Line, context: Context) -> str:
    """The family, which says enough in a team channel; a dash where none is recorded."""
    family = context.policy.family_of(line.treatment)
    return context.policy.family_name(family, context.language.code) if family else "–"


def count_line(counts: DayCounts, context: Context) -> str:
    """“Reservations 32 · arrived 26 · no-show 1 …”: what is zero is left out."""
    say = context.say
    still_open = 0 if counts.unmarked or counts.open == counts.total else counts.open
    parts = [say("Reservations {n}", n=figures.count(counts.total))]
    parts += [
        say(text, n=figures.count(n))
        for text, n in (
            (N_("new {n}"), counts.new),
            (N_("arrived {n}"), counts.came),
            (N_("no-show {n}"), counts.no_show),
            (N_("cancelled late {n}"), counts.cancelled_late),
            (N_("open {n}"), still_open),
            (N_("unmarked {n}"), counts.unmarked),
            (N_("moved or cancelled in time {n}"), counts.away),
        )
        if n
    ]
    return " · ".join(parts)

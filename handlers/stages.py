"""/stage: the desk's day with one patient, from arrived to treated, each step with its way back."""

from dataclasses import replace
from typing import Any

from crm_core.errors import Missing, NotUnderstood
from crm_core.patients.queries import FoundPatient
from crm_core.reservations.openings import likely_treatment
from crm_core.reservations.queries import CLOSERS
from crm_core.staff import audit
from crm_core.staff.access import CALLS
from crm_core.stages import actions
from crm_core.stages.actions import Treatment
from crm_core.stages.queries import (
    TREATERS,
    CourseLeft,
    Flow,
    doctor_key,
    flow_of,
    is_only_doctor,
    staff_with,
)
from crm_core.tables.desk import DeskEntry
from crm_core.tables.facts import Decision
from crm_core.tables.people import Role
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Command,
    Field,
    FieldKind,
    Form,
    Reply,
    Text,
    Where,
)
from handlers.language.words import Words
from handlers.patients import pick, typed_patient
from handlers.stage_commands import (
    Arrive,
    AskAgreed,
    AskClose,
    AskConsult,
    AskTreated,
    CloseJourney,
    Decide,
    RecordAgreed,
    RecordConsult,
    RecordTreated,
    ShowStage,
    UndoStage,
)
from handlers.stage_screen import stage_blocks, treatment_name
from handlers.stage_words import ARRIVED, CONSULTED, DECISION_NAMES, TREATED, read_amount, take_step

ALL = CLOSERS | TREATERS
_COURSE, _TREATMENT = "course:", "treatment:"


def read_stage(words: Words) -> ShowStage:
    """`/stage <patient> [arrived | consulted | agreed 300,000 | declined … | treated]`."""
    step, amount = take_step(words)
    return ShowStage(step=step, amount=amount, patient=typed_patient(words))


def show_stage(command: ShowStage, context: Context) -> Reply:
    """What is known of the day, and only the steps that can follow."""
    context = replace(context, private=True)
    who = pick(
        command.patient_id,
        command.patient,
        lambda patient_id: replace(command, patient_id=patient_id, patient=""),
        context,
    )
    if isinstance(who, Reply):
        return who
    branch = command.branch or who.branch
    if command.step:
        return replace(_typed_step(command, who.id, branch, context), where=Where.HERE)
    flow = _look(who.id, branch, context)
    blocks = stage_blocks(flow, who, context)
    return Reply(blocks, where=Where.IN_PLACE if command.turn else Where.HERE)


def _typed_step(command: ShowStage, patient_id: int, branch: str, context: Context) -> Reply:
    """Roles are checked as for a press: the typed command is open to more than each step is."""
    step: Command
    if command.step == ARRIVED:
        step = Arrive(patient_id, branch)
    elif command.step == CONSULTED:
        step = AskConsult(patient_id, branch)
    elif command.step == TREATED:
        step = AskTreated(patient_id, branch)
    else:
        pending = flow_of(context.db, context.policy, patient_id, branch, context.now).pending
        if pending is None or pending.id is None:
            return Reply((Text(context.say("There is no undecided consult.")),))
        step = RecordAgreed(pending.id, Decision(command.step), command.amount)
    item = next(one for one in ITEMS if one.command is type(step))
    return item.give(step, context)


def arrive(command: Arrive, context: Context) -> Reply:
    branch = _branch(command.patient_id, command.branch, context)
    actions.arrive(context.db, context.policy, context.person, command.patient_id, branch, context.now)
    return _shown(command.patient_id, branch, context, turn=True)


def ask_consult(command: AskConsult, context: Context) -> Reply:
    say, db = context.say, context.db
    branch = _branch(command.patient_id, command.branch, context)
    flow = _look(command.patient_id, branch, context)
    known = flow.reservation.treatment if flow.reservation else None
    wanted = known or likely_treatment(db, context.policy, command.patient_id) or ""
    people = staff_with(db, CALLS, branch)
    own = str(context.person.staff_id or "")
    choices = tuple((str(one.id), one.name) for one in people)
    fields = (
        _choice("treatment", say("Treatment"), _treatments(context), wanted, context),
        _choice("staff", say("Consulted by"), choices, own if own in dict(choices) else "", context),
        _amount("proposed", say("Amount proposed"), None, context),
    )
    command_ = RecordConsult(command.patient_id, command.branch)
    return Reply((Form(say("Consulted"), command_, fields, say("Save")),), where=Where.PRIVATE)


def record_consult(command: RecordConsult, context: Context) -> Reply:
    branch = _branch(command.patient_id, command.branch, context)
    actions.consult(
        context.db,
        context.policy,
        context.person,
        command.patient_id,
        branch,
        context.now,
        treatment=_slug(command.treatment, context) or None,
        staff_id=_consulted_by(command.staff, branch, context),
        proposed=read_amount(command.proposed),
    )
    return _shown(command.patient_id, branch, context)


def _consulted_by(said: str, branch: str, context: Context) -> int | None:
    """One of those whom the form offers, else whoever writes it down."""
    offered = {str(one.id): one.id for one in staff_with(context.db, CALLS, branch)}
    return offered.get(said, context.person.staff_id)


def decide(command: Decide, context: Context) -> Reply:
    entry = actions.decide(
        context.db, context.policy, context.person, command.consult_id, command.decision, context.now
    )
    return _after(entry, context, turn=True)


def ask_agreed(command: AskAgreed, context: Context) -> Reply:
    say = context.say
    asked = RecordAgreed(command.consult_id, command.decision)
    field = _amount("agreed", say("Amount agreed"), None, context)
    return Reply(
        (Form(say(DECISION_NAMES[command.decision]), asked, (field,), say("Save")),), where=Where.PRIVATE
    )


def record_agreed(command: RecordAgreed, context: Context) -> Reply:
    entry = actions.decide(
        context.db,
        context.policy,
        context.person,
        command.consult_id,
        command.decision,
        context.now,
        read_amount(command.agreed),
    )
    return _after(entry, context)


def ask_treated(command: AskTreated, context: Context) -> Reply:
    """Courses with sessions left stand first; a doctor writes only what was done."""
    say, db, policy = context.say, context.db, context.policy
    branch = _branch(command.patient_id, command.branch, context)
    flow = _look(command.patient_id, branch, context)
    courses = tuple((f"{_COURSE}{one.number}", _session(one, context)) for one in flow.courses)
    kinds = tuple((f"{_TREATMENT}{slug}", name) for slug, name in _treatments(context))
    likely = _likely(flow, context)
    fields = [_choice("what", say("Treatment"), (*courses, *kinds), likely, context)]
    if not is_only_doctor(context.person, policy, branch):
        doctors = staff_with(db, (Role.DOCTOR, Role.DIRECTOR), branch)
        known = flow.reservation.doctor if flow.reservation else None
        choices = (("", say("not recorded")), *((doctor_key(one), one.name) for one in doctors))
        value = known if known in dict(choices) else ""
        fields.append(
            Field("doctor", say("Doctor"), FieldKind.CHOICE, choices, required=False, value=value or "")
        )
        due = flow.agreed.agreed_amount if flow.agreed is not None and not flow.paid else None
        fields.append(_amount("paid", say("Amount paid"), due, context))
    asked = RecordTreated(command.patient_id, command.branch)
    return Reply((Form(say("Record a treatment"), asked, tuple(fields), say("Save")),), where=Where.PRIVATE)


def _likely(flow: Flow, context: Context) -> str:
    """What is probably done now: a session of the course that the day is for, else what was agreed."""
    policy = context.policy
    planned = flow.reservation.treatment if flow.reservation else None
    agreed = flow.agreed.treatment if flow.agreed else None
    wanted = agreed or planned or likely_treatment(context.db, policy, flow.patient_id)
    family = policy.family_of(wanted)
    for one in flow.courses:
        if agreed is None and (wanted is None or policy.family_of(one.treatment) == family):
            return f"{_COURSE}{one.number}"
    return f"{_TREATMENT}{wanted}" if wanted in policy.treatments else ""


def _session(one: CourseLeft, context: Context) -> str:
    return context.say(
        "{treatment}, session {n} of {total}",
        treatment=treatment_name(one.treatment, context),
        n=one.done + 1,
        total=one.sessions,
    )


def record_treated(command: RecordTreated, context: Context) -> Reply:
    db, policy = context.db, context.policy
    branch = _branch(command.patient_id, command.branch, context)
    course_no, treatment = None, ""
    if command.what.startswith(_COURSE):
        course_no = command.what.removeprefix(_COURSE)
        flow = flow_of(db, policy, command.patient_id, branch, context.now)
        treatment = next((one.treatment for one in flow.courses if one.number == course_no), "")
    else:
        treatment = _slug(command.what.removeprefix(_TREATMENT), context)
    if not treatment:
        raise NotUnderstood("treatment", command.what or "–")
    done = Treatment(treatment, course_no, command.doctor or None, read_amount(command.paid))
    actions.treat(db, policy, context.person, command.patient_id, branch, done, context.now)
    return _shown(command.patient_id, branch, context)


def ask_close(command: AskClose, context: Context) -> Reply:
    say, code = context.say, context.language.code
    choices = tuple((one.slug, one.names.in_language(code)) for one in context.policy.causes.values())
    field = _choice("why", say("Reason"), choices, "", context)
    asked = CloseJourney(command.patient_id, command.branch)
    return Reply((Form(say("Close the journey"), asked, (field,), say("Close it")),), where=Where.PRIVATE)


def close_journey(command: CloseJourney, context: Context) -> Reply:
    if command.why not in context.policy.causes:
        raise Missing("cause")
    branch = _branch(command.patient_id, command.branch, context)
    actions.close(
        context.db, context.policy, context.person, command.patient_id, branch, command.why, context.now
    )
    return _shown(command.patient_id, branch, context)


def undo_stage(command: UndoStage, context: Context) -> Reply:
    entry = actions.undo(context.db, context.policy, context.person, command.entry_id, context.now)
    said = Text(context.say("Taken back. The earlier entry is kept."))
    reply = _shown(entry.patient_id, entry.branch, context, turn=True)
    return replace(reply, blocks=(said, *reply.blocks))


def _after(entry: DeskEntry | None, context: Context, *, turn: bool = False) -> Reply:
    if entry is None:
        return Reply((Text(context.say("That is known already.")),), where=Where.NOTICE)
    return _shown(entry.patient_id, entry.branch, context, turn=turn)


def _shown(patient_id: int, branch: str, context: Context, *, turn: bool = False) -> Reply:
    return show_stage(ShowStage(patient_id, branch, turn), context)


def _look(patient_id: int, branch: str, context: Context) -> Flow:
    """What is known of the patient's day; whoever is shown it has looked."""
    db, now = context.db, context.now
    audit.record(db, context.person, "look", now, patient_id=patient_id, branch=branch, what="stage")
    return flow_of(db, context.policy, patient_id, branch, now)


def _branch(patient_id: int, branch: str, context: Context) -> str:
    """The branch said, else that which looks after the patient. NoSuchPatient, OtherBranch."""
    who = pick(patient_id, "", ShowStage, context)
    assert isinstance(who, FoundPatient)
    return branch or who.branch


def _treatments(context: Context) -> tuple[tuple[str, str], ...]:
    code = context.language.code
    return tuple((slug, one.names.in_language(code)) for slug, one in context.policy.treatments.items())


def _slug(text: str, context: Context) -> str:
    if text and text not in context.policy.treatments:
        raise NotUnderstood("treatment", text)
    return text


def _choice(
    name: str, label: str, choices: tuple[tuple[str, str], ...], value: str, context: Context
) -> Field:
    """A choice that nothing is chosen in unless it is likely: the first would be taken by mistake."""
    if not value:
        choices = (("", context.say("choose")), *choices)
    return Field(name, label, FieldKind.CHOICE, choices, value=value)


def _amount(name: str, label: str, value: int | None, context: Context) -> Field:
    return Field(
        name,
        label,
        required=False,
        hint=context.say("e.g. 300,000"),
        value=f"{value:,}" if value else "",
        longest=20,
    )


ITEMS: tuple[MenuItem[Any], ...] = (
    MenuItem(
        name="stage",
        code="sg",
        command=ShowStage,
        read=read_stage,
        answer=show_stage,
        summary=N_("Arrived, consulted, decided, treated: a patient's day"),
        example="/stage 김지영 동의 30만",
        korean=("단계", "접점이동"),
        roles=ALL,
        about_patient=True,
    ),
    MenuItem(code="sa", command=Arrive, answer=arrive, roles=CLOSERS, about_patient=True),
    MenuItem(code="sq", command=AskConsult, answer=ask_consult, roles=CALLS, about_patient=True),
    MenuItem(code="sp", command=RecordConsult, answer=record_consult, roles=CALLS, about_patient=True),
    MenuItem(code="sd", command=Decide, answer=decide, roles=CALLS, about_patient=True),
    MenuItem(code="sf", command=AskAgreed, answer=ask_agreed, roles=CALLS, reads_only=True),
    MenuItem(code="se", command=RecordAgreed, answer=record_agreed, roles=CALLS, about_patient=True),
    MenuItem(code="si", command=AskTreated, answer=ask_treated, roles=TREATERS, about_patient=True),
    MenuItem(code="sj", command=RecordTreated, answer=record_treated, roles=TREATERS, about_patient=True),
    MenuItem(code="sl", command=AskClose, answer=ask_close, roles=CALLS, reads_only=True),
    MenuItem(code="sm", command=CloseJourney, answer=close_journey, roles=CALLS, about_patient=True),
    MenuItem(code="su", command=UndoStage, answer=undo_stage, roles=ALL, about_patient=True),
)

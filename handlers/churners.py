"""/churners: everybody who may be called for a family due or lapsed, not cut, in the order of the list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from crm_core.calls.actions import has_started
from crm_core.churn.grades import Grade, grades
from crm_core.churn.queries import DueRow, churners, long_gone
from crm_core.churn.reasons import Band, FamilyDue
from crm_core.errors import NotUnderstood
from crm_core.patients.queries import names_of
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff import audit
from crm_core.staff.access import CALLS, Scope, scope_for
from handlers.branches import branches_for, take_branch
from handlers.call_json import KINDS, churners_data
from handlers.call_words import BAND_NAMES, family_line
from handlers.facts_until import missing_at, until_sentence
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Heading,
    Reply,
    Table,
    Text,
    Tone,
    Where,
)
from handlers.language.words import Words, nearest
from handlers.patient_words import name_and_chart
from handlers.patients import ShowPatient

PAGE = 10
PER_ROW = 5
FAMILIES_SHOWN = 6
_GRADES = {Grade.A: N_("grade A"), Grade.B: N_("grade B"), Grade.C: N_("grade C")}


@dataclass(frozen=True)
class ShowChurners:
    """⑦ of a branch, or of every branch the asker calls for; of one family, or of all."""

    family: str = ""
    branch: str = ""
    page: int = 0
    turn: bool = False  # a page turned, or a family chosen, in place


def read_churners(words: Words) -> ShowChurners:
    """`/churners [branch] [family]`."""
    branch = take_branch(words)
    wanted = words.take_rest()
    return ShowChurners(find_family(words.policy, wanted) if wanted else "", branch)


def find_family(policy: Policy, text: str) -> str:
    """The slug of a family by its own name or that of a treatment; NotUnderstood names the nearest."""
    folded = "".join(text.split()).casefold()
    families = {
        "".join(name.split()).casefold(): slug
        for slug, family in policy.families.items()
        for name in (slug, family.names.ko, family.names.en)
    }
    if folded in families:
        return families[folded]
    treatment = policy.treatments.get(policy.treatment_slug(text))
    if treatment is not None:
        return treatment.family
    near = dict.fromkeys(families[word] for word in nearest(folded, families))
    raise NotUnderstood("family", text, tuple(policy.families[slug].names.ko for slug in near))


def show_churners(command: ShowChurners, context: Context) -> Reply:
    branches = branches_for(command.branch, context, CALLS)
    found = {slug: _people(replace(command, branch=slug), context) for slug in branches}
    lists = [_one_list(replace(command, branch=slug), found[slug], context) for slug in branches]
    data = churners_data(found, command.family, context) if context.as_json else None
    return replace(lists[0], also=tuple(lists[1:]), data=data)


def _people(command: ShowChurners, context: Context) -> list[DueRow]:
    scope = _scope(command, context)
    day = scope.period.first
    return churners(context.db, scope, context.policy, day, context.now, command.family or None)


def _scope(command: ShowChurners, context: Context) -> Scope:
    day = context.today(command.branch)
    return scope_for(context.person, context.policy, Period(day, day), roles=CALLS, branch=command.branch)


def _one_list(command: ShowChurners, people: Sequence[DueRow], context: Context) -> Reply:
    say, code = context.say, context.language.code
    title = context.language.many("{n} person to bring back", "{n} people to bring back", len(people))
    about = [context.policy.branch(command.branch).name(code)]
    if command.family:
        about.append(context.policy.family_name(command.family, code))
    blocks: list[Block] = [Heading(" · ".join([title, *about]))]
    missing = missing_at(context, command.branch)
    if missing:
        blocks.append(Text(missing, tone=Tone.WARNING))
    if not has_started(context.db, command.branch):
        said = say("Calls have not started here: nobody is called before a director starts it.")
        blocks.append(Text(said, tone=Tone.WARNING))
    blocks.append(Text(_counts(command, people, context)))
    pages = max(1, -(-len(people) // PAGE))
    page = min(command.page, pages - 1)
    shown = people[page * PAGE : (page + 1) * PAGE]
    if shown:
        blocks += _page(shown, page, people, command, context)
    else:
        blocks.append(Text(say("Nobody is due or lapsed who may be called today.")))
    blocks.append(Text(until_sentence(context, (command.branch,), KINDS), tone=Tone.HINT))
    buttons = _buttons(replace(command, turn=True), people, page, pages, context)
    return Reply(
        (*blocks, buttons) if buttons.rows else tuple(blocks),
        where=Where.IN_PLACE if command.turn else Where.HERE,
    )


def _counts(command: ShowChurners, people: Sequence[DueRow], context: Context) -> str:
    """“Due 12 · lapsed 16 · long gone 3,210 kept apart”: each patient by the family asked for."""
    say = context.say
    bands = Counter(_family_of(one, command.family).band for one in people)
    parts = [f"{say(BAND_NAMES[band])} {figures.count(bands[band])}" for band in (Band.DUE, Band.LAPSED)]
    if not command.family:
        scope = _scope(command, context)
        gone = long_gone(context.db, scope, scope.period.first)
        parts.append(say("long gone {n}, kept apart", n=figures.count(gone)))
    return " · ".join(parts)


def _family_of(one: DueRow, family: str) -> FamilyDue:
    """The family asked for, else the most valuable one of the card."""
    return next((due for due in one.families if due.family == family), one.families[0])


def _page(
    shown: Sequence[DueRow], page: int, people: Sequence[DueRow], command: ShowChurners, context: Context
) -> list[Block]:
    """A page of people with why each stands where; whoever reads them privately is audited."""
    say, branch = context.say, command.branch
    if context.private:
        audit.record(
            context.db, context.person, "list", context.now, branch=branch, what="churners", count=len(shown)
        )
    names = names_of(context.db, [one.patient_id for one in shown])
    graded = grades(one.value for one in people)
    rows = tuple(
        (
            str(number),
            name_and_chart(names[one.patient_id], context),
            _due(one, command.family, context),
            _why_here(one, graded[one.value], context),
        )
        for number, one in enumerate(shown, page * PAGE + 1)
        for who in (names[one.patient_id],)
    )
    table = Table(
        ("", say("Patient"), say("Treatment"), say("Order")), rows, numeric=frozenset({0}), plain=True
    )
    explained = say(
        "Order: value (grade A for the dearest fifth, B to the half) times our own share of returns, "
        "then the least overdue."
    )
    return [table, Text(explained, tone=Tone.HINT)]


def _due(one: DueRow, family: str, context: Context) -> str:
    """“Botox: 12 days over (due) +1”."""
    line = family_line(_family_of(one, family), context)
    return line if len(one.families) == 1 else f"{line} +{len(one.families) - 1}"


def _why_here(one: DueRow, grade: Grade, context: Context) -> str:
    parts = [context.say(_GRADES[grade])]
    if one.chance is not None:
        share = figures.share(one.chance.share, context.language)
        parts.append(context.say("chance {share}", share=share))
    return " · ".join(parts)


def _buttons(
    command: ShowChurners, people: Sequence[DueRow], page: int, pages: int, context: Context
) -> Buttons:
    """People to open, other pages, and families to choose from. `command` already turns in place."""
    say, code = context.say, context.language.code
    start = page * PAGE
    opening = [
        Button(str(number), ShowPatient(one.patient_id))
        for number, one in enumerate(people[start : start + PAGE], start + 1)
    ]
    rows = [tuple(opening[n : n + PER_ROW]) for n in range(0, len(opening), PER_ROW)]
    turning = []
    if page > 0:
        turning.append(Button("← " + say("Previous"), replace(command, page=page - 1)))
    if page < pages - 1:
        turning.append(Button(say("More") + " →", replace(command, page=page + 1)))
    choosing = []
    if command.family:
        choosing.append(Button(say("All treatments"), replace(command, family="", page=0)))
    else:
        counted = Counter(due.family for one in people for due in one.families)
        choosing += [
            Button(
                f"{context.policy.family_name(slug, code)} {figures.count(n)}",
                replace(command, family=slug, page=0),
            )
            for slug, n in counted.most_common(FAMILIES_SHOWN)
        ]
    rows += [tuple(row) for row in (turning, choosing[:3], choosing[3:]) if row]
    return Buttons(tuple(rows))


ITEMS = (
    MenuItem(
        name="churners",
        code="ch",
        command=ShowChurners,
        read=read_churners,
        answer=show_churners,
        summary=N_("Who should be brought back, all of them"),
        example="/churners 보톡스",
        korean=("이탈", "이탈고객", "재내원"),
        roles=CALLS,
    ),
)

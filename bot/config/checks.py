"""What no type can say: values that are each well written and impossible together."""

from collections.abc import Callable, Iterable
from datetime import time
from string import Formatter

from bot.config.document import Document
from bot.config.explain import nearest
from bot.config.models import (
    AliasedModel,
    BranchModel,
    CourseModel,
    FileModel,
    ManualModel,
    NamesModel,
    ReturnModel,
    TreatmentModel,
)
from bot.config.problems import Path, dotted
from bot.config.profiles import check_profiles
from crm_core.policy.rules import RuleKind

EARLIEST, LATEST = time(8), time(21)
CAUSES = (
    "dissatisfied_service",
    "dissatisfied_result",
    "side_effect",
    "forgot",
    "too_far",
    "cost",
    "no_time",
    "no_slot",
    "staff_changed",
    "health_or_pregnancy",
    "no_need",
    "went_elsewhere",
    "other",
)
OUTCOMES = (
    "treatment_complete",
    "positive_affirmation",
    "negative_affirmation",
    "negative_denial",
    "positive_denial",
)
PLACES = ("name", "clinic", "staff", "days")


def check(document: Document, file: FileModel) -> None:
    """Notes every contradiction. `file` may lack the parts that could not be read."""
    for rule in CHECKS:
        rule(document, file)


def _branches(document: Document, file: FileModel) -> None:
    _unique(document, "branches", {s: _names_of(b) for s, b in file.branches.items()})
    for slug, branch in file.branches.items():
        if not any(hours for _, hours in branch.hours):
            said = "closed on all seven days; write the hours of the days it works"
            document.mistake(("branches", slug, "hours"), said)


def _families(document: Document, file: FileModel) -> None:
    for slug, family in file.families.items():
        _returns(document, ("families", slug, "returns"), family.returns)


def _treatments(document: Document, file: FileModel) -> None:
    families = document.keys("families")
    for slug, treatment in file.treatments.items():
        here: Path = ("treatments", slug)
        if treatment.family not in families:
            said = f"there is no such family; {nearest(treatment.family, families)}"
            document.mistake((*here, "family"), said)
        _returns(document, (*here, "returns"), treatment.returns)
        if treatment.course:
            _course(document, (*here, "course"), treatment.course)
    _unique(document, "treatments", {s: _names_of(t) for s, t in file.treatments.items()})


def _returns(document: Document, here: Path, rule: ReturnModel | None) -> None:
    if rule is None:
        return
    due, churned = rule.due_after, rule.churned_after
    if rule.rule is not RuleKind.DAYS:
        if due is not None or churned is not None:
            said = f"{rule.rule.value} has no days; delete due_after and churned_after"
            document.mistake((*here, "rule"), said)
    elif due is None or churned is None:
        missing = "churned_after" if due is not None else "due_after"
        said = f"{missing} is missing; write {{due_after: 150, churned_after: 180}}"
        document.mistake(here, said)
    elif due >= churned:
        said = f"not before churned_after {churned}; write a number below {churned}"
        document.mistake((*here, "due_after"), said)


def _course(document: Document, here: Path, course: CourseModel) -> None:
    first, last = course.interval_from, course.interval_to
    if first > last:
        said = f"longer than interval_to {last}; write a number up to {last}"
        document.mistake((*here, "interval_from"), said)
    if course.gap_after is not None and course.gap_after < last:
        said = f"a gap smaller than the interval; write {last + 7} (interval_to + 7) or more"
        document.mistake((*here, "gap_after"), said)
    if course.fewest is not None and (course.sessions is None or course.fewest > course.sessions):
        most = course.sessions or "not written"
        said = f"more than sessions, which is {most}; write the smaller number here"
        document.mistake((*here, "fewest"), said)


def _sources(document: Document, file: FileModel) -> None:
    _unique(document, "sources", {s: _names_of(m) for s, m in file.sources.items()})


def _roles(document: Document, file: FileModel) -> None:
    if "roles" in file.model_fields_set:
        _unique(document, "roles", {slug: _names_of(role) for slug, role in file.roles})


def _causes(document: Document, file: FileModel) -> None:
    written = document.keys("causes")
    for missing in (slug for slug in CAUSES if slug not in written):
        said = f'the cause "{missing}" is missing; write it: causes may be added, not dropped'
        document.mistake(("causes",), said)
    for slug, cause in file.causes.items():
        _manual(document, ("causes", slug), cause)


def _calls(document: Document, file: FileModel) -> None:
    if "calls" not in file.model_fields_set:
        return
    _texts(document, ("calls", "opening_words"), file.calls.opening_words)
    for slug, manual in file.calls.outcomes.items():
        here: Path = ("calls", "outcomes", slug)
        if slug not in OUTCOMES:
            document.mistake(here, f"no outcome has this manual; {nearest(slug, OUTCOMES)}")
        _manual(document, here, manual)


def _manual(document: Document, here: Path, manual: ManualModel) -> None:
    _texts(document, (*here, "say"), manual.say)
    _texts(document, (*here, "do_next"), manual.do_next)
    _texts(document, (*here, "do_not"), manual.do_not)


def _texts(document: Document, here: Path, names: NamesModel) -> None:
    for language, text in names:
        try:
            used = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
        except ValueError:
            document.mistake((*here, language), "a brace without its pair; write {name}")
            continue
        for name in used:
            if name not in PLACES:
                said = f"nothing fills {{{name}}}; write one of {{name}} {{clinic}} {{staff}} {{days}}"
                document.mistake((*here, language), said)


def _inquiries(document: Document, file: FileModel) -> None:
    branches = document.keys("branches")
    for slug in file.inquiries.of_branch:
        if slug not in branches:
            said = f"there is no such branch; {nearest(slug, branches)}"
            document.mistake(("inquiries", "of_branch", slug), said)


def _reminders(document: Document, file: FileModel) -> None:
    if "reminders" not in file.model_fields_set:
        return
    reminders = file.reminders
    first, last = reminders.hours
    if first < EARLIEST or last > LATEST:
        said = "outside 08:00–21:00, when the law allows no message; write 10:00–19:00"
        document.mistake(("reminders", "hours"), said)
    slugs: set[str] = set()
    days: set[int] = set()
    for number, step in enumerate(reminders.steps):
        here: Path = ("reminders", "steps", number)
        if not first <= step.at < last:
            said = f"outside the hours {first:%H:%M}–{last:%H:%M}; write a time within them"
            document.mistake((*here, "at"), said)
        if step.slug in slugs:
            document.mistake((*here, "slug"), "used by an earlier step; write another word")
        if step.days_before in days:
            document.mistake((*here, "days_before"), "an earlier step has the same day; delete one")
        slugs.add(step.slug)
        days.add(step.days_before)


def _names_of(model: BranchModel | TreatmentModel | AliasedModel) -> list[tuple[Path, str]]:
    """Every name of a thing with the place it stands at, below the thing's own key."""
    names: list[tuple[Path, str]] = [(("name", "ko"), model.name.ko)]
    if _folded(model.name.en) != _folded(model.name.ko):
        names.append((("name", "en"), model.name.en))
    aliases = [] if isinstance(model, BranchModel) else model.aliases
    return names + [(("aliases", number), alias) for number, alias in enumerate(aliases)]


def _unique(document: Document, section: str, names: dict[str, list[tuple[Path, str]]]) -> None:
    owners: dict[str, Path] = {_folded(slug): (section, slug) for slug in names}
    for slug, places in names.items():
        for below, name in places:
            here: Path = (section, slug, *below)
            owner = owners.setdefault(_folded(name), here)
            own_slug = owner == (section, slug) and below[0] == "name"
            if owner != here and not own_slug:
                said = f"already a name of {dotted(owner)} (line {document.line(owner)}); delete one"
                document.mistake(here, said)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _profiles(document: Document, file: FileModel) -> None:
    check_profiles(document, file.imports, document.keys("branches"))


CHECKS: Iterable[Callable[[Document, FileModel], None]] = (
    _branches,
    _families,
    _treatments,
    _sources,
    _roles,
    _causes,
    _calls,
    _inquiries,
    _reminders,
    _profiles,
)

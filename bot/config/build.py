"""From the file's shape to the frozen policy the rooms to the right know."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from bot.config import models
from bot.config.holidays import public_holidays
from crm_core.policy import branch as branches
from crm_core.policy import policy as policies
from crm_core.policy.rules import CourseRule, Family, Names, ReturnRule, Treatment

T = TypeVar("T")
SHARED_BOOK = "group"


def build(file: models.FileModel, today: date) -> policies.Policy:
    """The policy of a file without mistakes; public holidays in the years around `today`."""
    group = file.group
    return policies.Policy(
        version=file.version,
        name=_names(group.name),
        records=group.records,
        one_book=group.chart_books == "shared",
        country=group.country,
        currency=group.currency,
        branches=_frozen({s: _branch(s, b, file, today) for s, b in file.branches.items()}),
        families=_frozen({slug: _family(slug, f) for slug, f in file.families.items()}),
        treatments=_frozen({slug: _treatment(slug, t) for slug, t in file.treatments.items()}),
        causes=_frozen({slug: _cause(slug, c) for slug, c in file.causes.items()}),
        sources=_frozen({slug: _source(slug, s) for slug, s in file.sources.items()}),
        patience=policies.Patience(**file.patience.model_dump()),
        calls=_calls(file.calls),
        reminders=_reminders(file.reminders),
        late_cancel_hours=file.reservations.late_cancel_hours,
        digest_minutes_before_opening=file.digest.minutes_before_opening,
        masked_channels=group.masked_channels,
        language=group.language,
        modules=frozenset(file.modules),
        mappings=_frozen({name: _profile(name, p) for name, p in file.imports.items()}),
        opening_words=_names(file.calls.opening_words),
        outcome_manuals=_frozen({s: _manual(s, m) for s, m in file.calls.outcomes.items()}),
        roles=_frozen(_roles(file.roles)),
        inquiries=policies.InquiryRules(
            file.inquiries.minutes, _frozen(file.inquiries.of_branch), file.inquiries.in_turn
        ),
    )


def _frozen(values: dict[str, T]) -> Mapping[str, T]:
    return MappingProxyType(values)


def _names(names: models.NamesModel) -> Names:
    return Names(names.ko, names.en)


def _branch(slug: str, model: models.BranchModel, file: models.FileModel, today: date) -> branches.Branch:
    week = model.hours
    off = model.public_holidays == "closed"
    country = model.country or file.group.country
    return branches.Branch(
        slug=slug,
        name_ko=model.name.ko,
        name_en=model.name.en,
        zone=model.zone,
        week=(week.mon, week.tue, week.wed, week.thu, week.fri, week.sat, week.sun),
        holidays=public_holidays(country, today) if off else frozenset(),
        closed_days=frozenset(model.closed_days),
        opened_days=MappingProxyType(dict(model.opened_days)),
        phone=model.phone,
        place=model.place,
        way=model.way,
        at_once=model.at_once,
        book=SHARED_BOOK if file.group.chart_books == "shared" else slug,
        truth=_truth(file.group.truth, model.truth),
    )


def _truth(*models_: models.TruthModel) -> Mapping[str, str]:
    """The group's word, then the branch's own."""
    said: dict[str, str] = {}
    for model in models_:
        said |= {kind: source for kind, source in model.model_dump().items() if source is not None}
    return _frozen(said)


def _rule(model: models.ReturnModel | None) -> ReturnRule | None:
    return ReturnRule(model.rule, model.due_after, model.churned_after) if model else None


def _family(slug: str, model: models.FamilyModel) -> Family:
    return Family(slug, _names(model.name), _rule(model.returns))


def _course(model: models.CourseModel | None) -> CourseRule | None:
    if model is None:
        return None
    gap = model.gap_after or model.interval_to + 7
    return CourseRule(model.sessions or 0, model.interval_from, model.interval_to, gap, model.fewest)


def _treatment(slug: str, model: models.TreatmentModel) -> Treatment:
    return Treatment(
        slug=slug,
        names=_names(model.name),
        family=model.family,
        rule=_rule(model.returns),
        course=_course(model.course),
        minutes=model.minutes,
        covered=model.covered,
        check=model.check,
        aliases=tuple(model.aliases),
        diagnoses=tuple(model.diagnoses),
        care=model.care,
    )


def _manual(slug: str, model: models.ManualModel, red_flag: bool = False) -> policies.Cause:
    say, do_next, do_not = (_names(n) for n in (model.say, model.do_next, model.do_not))
    return policies.Cause(slug, _names(model.name), say, do_next, do_not, red_flag)


def _cause(slug: str, model: models.CauseModel) -> policies.Cause:
    return _manual(slug, model, model.red_flag)


def _source(slug: str, model: models.AliasedModel) -> policies.Source:
    return policies.Source(slug, _names(model.name), tuple(model.aliases))


def _roles(model: models.RolesModel) -> dict[str, policies.Role]:
    found: Iterable[tuple[str, models.AliasedModel]] = iter(model)
    return {slug: policies.Role(slug, _names(r.name), tuple(r.aliases)) for slug, r in found}


def _calls(model: models.CallsModel) -> policies.CallRules:
    values = model.model_dump(exclude={"opening_words", "outcomes", "undecided_days"})
    return policies.CallRules(**values, undecided_days=tuple(sorted(set(model.undecided_days))))


def _reminders(model: models.RemindersModel) -> policies.Reminders:
    steps = (policies.ReminderStep(s.slug, s.days_before, s.at, s.reconfirms) for s in model.steps)
    ordered = tuple(sorted(steps, key=lambda step: -step.days_before))
    return policies.Reminders(ordered, model.hours, model.online_change_until, model.expires_before_hours)


def _profile(name: str, model: models.ProfileModel) -> policies.ExportProfile:
    return policies.ExportProfile(
        name=name,
        kind=model.kind,
        columns=_frozen(model.columns),
        values=_frozen({header: _frozen(known) for header, known in model.values.items()}),
        constants=_frozen(model.constants),
        transforms=_frozen(model.transforms),
        formats=_frozen(model.formats),
        zone=model.zone,
        branch=model.branch,
    )

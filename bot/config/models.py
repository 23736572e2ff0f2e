"""The shape of config.yaml; lives only while the file is read, then crm_core.policy stays."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.config.values import (
    Clock,
    Count,
    Country,
    Currency,
    Day,
    DayHours,
    Days,
    OpenHours,
    Phone,
    ProfileName,
    Slug,
    Span,
    Words,
    Zone,
)
from crm_core.policy.policy import Records, Transform, WithoutConsent
from crm_core.policy.rules import RuleKind


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class NamesModel(Strict):
    ko: Words
    en: Words


Source = Literal["import", "chat"]


class TruthModel(Strict):
    """Which source counts where a file and the chat differ; a branch may say otherwise for itself."""

    reservations: Source | None = None
    consults: Source | None = None
    treatments: Source | None = None
    payments: Source | None = None


class GroupModel(Strict):
    name: NamesModel
    country: Country = Field("KR", description="whose public holidays count, ISO 3166")
    currency: Currency = Field("KRW", description="ISO 4217; amounts are in its smallest unit")
    language: Literal["ko", "en"] = Field("ko", description="until somebody chooses with /language")
    records: Annotated[Records, Field(strict=False)] = Field(
        Records.SEPARATE, description="separate: group roles see numbers of all, names of none"
    )
    chart_books: Literal["per_branch", "shared"] = Field(
        "per_branch", description="who gives out chart numbers"
    )
    masked_channels: bool = Field(True, description="channels show 홍*동 and 010-****-1234")
    truth: TruthModel = Field(TruthModel(), description="by kind: import (the default) or chat")


class WeekModel(Strict):
    mon: DayHours
    tue: DayHours
    wed: DayHours
    thu: DayHours
    fri: DayHours
    sat: DayHours
    sun: DayHours


class BranchModel(Strict):
    name: NamesModel
    zone: Zone
    country: Country | None = Field(None, description="where it is not the group's")
    hours: WeekModel
    public_holidays: Literal["closed", "open"] = "closed"
    closed_days: list[Day] = []
    opened_days: dict[Day, OpenHours] = {}
    phone: Phone
    place: Words
    way: Words
    at_once: Count = Field(description="patients treated at the same time")
    truth: TruthModel = Field(TruthModel(), description="where it is not the group's")


class ReturnModel(Strict):
    rule: Annotated[RuleKind, Field(strict=False)] = RuleKind.DAYS
    due_after: Days | None = None
    churned_after: Days | None = None


class CourseModel(Strict):
    sessions: Annotated[int, Field(ge=1, le=100)] | None = None
    fewest: Annotated[int, Field(ge=1, le=100)] | None = None
    interval_from: Days
    interval_to: Days
    gap_after: Days | None = Field(None, description="default: interval_to + 7")


class FamilyModel(Strict):
    name: NamesModel
    returns: ReturnModel | None = None


class TreatmentModel(Strict):
    name: NamesModel
    family: Slug
    returns: ReturnModel | None = Field(None, description="where it is not the family's")
    course: CourseModel | None = None
    minutes: Annotated[int, Field(ge=5, le=480)]
    covered: bool = False
    check: bool = False
    care: bool = False
    aliases: list[Words] = []
    diagnoses: list[Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}(\.[0-9]{1,2})?$")]] = []


class ManualModel(Strict):
    name: NamesModel
    say: NamesModel
    do_next: NamesModel
    do_not: NamesModel


class CauseModel(ManualModel):
    red_flag: bool = False


class AliasedModel(Strict):
    name: NamesModel
    aliases: list[Words] = []


class RolesModel(Strict):
    desk: AliasedModel
    coordinator: AliasedModel
    lead: AliasedModel
    doctor: AliasedModel
    director: AliasedModel
    group: AliasedModel
    administrator: AliasedModel


class PatienceModel(Strict):
    inquiry: Days = 14
    reservation: Days = 14
    visit: Days = 1
    consult: Days = 30
    agreement: Days = 60
    referral: Days = 180


class CallsModel(Strict):
    per_coordinator: Annotated[int, Field(ge=1, le=200)] = 15
    claim_minutes: Annotated[int, Field(ge=1, le=480)] = 30
    undo_minutes: Annotated[int, Field(ge=1, le=480)] = 10
    attempt_days: Annotated[int, Field(ge=1, le=30)] = 3
    rest_days: Days = 30
    rounds: Annotated[int, Field(ge=1, le=10)] = 2
    connected_rest_days: Days = 30
    budget: Annotated[int, Field(ge=1, le=30)] = 2
    budget_days: Days = 30
    quiet_after_visit_days: Days = 14
    lapsed_days: Days = 180
    follow_up_days: Days = 14
    undecided_days: Annotated[list[Days], Field(min_length=1)] = [1, 3, 14]
    recommended_before: Days = 14
    recommended_after: Days = 30
    attribution_days: Days = 60
    confirmation_per_day: Annotated[int, Field(ge=0, le=200)] = 10
    holdout_share: Annotated[float, Field(ge=0, le=0.5, strict=False)] = 0.0
    consent_days: Days = 183
    without_consent: Annotated[WithoutConsent, Field(strict=False)] = WithoutConsent.ASK
    value_months: Annotated[int, Field(ge=1, le=120)] = 24
    minimum_cases: Count = 30
    opening_words: NamesModel
    outcomes: dict[Slug, ManualModel] = {}


class StepModel(Strict):
    slug: Slug
    days_before: Annotated[int, Field(ge=1, le=30)]
    at: Clock
    reconfirms: bool


class RemindersModel(Strict):
    steps: list[StepModel]
    hours: Span
    online_change_until: Clock
    expires_before_hours: Annotated[int, Field(ge=1, le=24)] = 3


class ReservationsModel(Strict):
    late_cancel_hours: Annotated[int, Field(ge=1, le=168)] = 24


class InquiriesModel(Strict):
    minutes: Annotated[
        int,
        Field(ge=1, le=10_000, description="opening minutes until a lead is told that nobody has answered"),
    ] = 15
    of_branch: dict[Slug, Annotated[int, Field(ge=1, le=10_000)]] = {}
    in_turn: Annotated[bool, Field(description="a new inquiry is given to a coordinator in turn")] = True


class DigestModel(Strict):
    minutes_before_opening: Annotated[int, Field(ge=0, le=240)] = 30


class ProfileModel(Strict):
    kind: str
    branch: Slug | None = None
    zone: Zone | None = None
    columns: dict[str, Words]
    transforms: dict[str, Annotated[Transform, Field(strict=False)]] = {}
    formats: dict[str, Words] = {}
    values: dict[str, dict[str, str]] = {}
    constants: dict[str, Words] = {}


Module = Literal["calls", "inquiries", "funnel", "reservations", "closing", "digest"]


class FileModel(Strict):
    version: Literal[1]
    group: GroupModel
    modules: list[Module]
    roles: RolesModel
    branches: Annotated[dict[Slug, BranchModel], Field(min_length=1)]
    families: dict[Slug, FamilyModel]
    treatments: dict[Slug, TreatmentModel]
    sources: dict[Slug, AliasedModel]
    causes: dict[Slug, CauseModel]
    patience: PatienceModel
    calls: CallsModel
    reservations: ReservationsModel
    reminders: RemindersModel
    digest: DigestModel
    inquiries: InquiriesModel = InquiriesModel()
    imports: dict[ProfileName, ProfileModel] = {}

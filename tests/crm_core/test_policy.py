"""The repository's policy holds the starting values, and answers what the rooms ask of it."""

from dataclasses import FrozenInstanceError, fields
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.policy.branch import Hours
from crm_core.policy.headers import HEADERS
from crm_core.policy.policy import Records, Transform, WithoutConsent
from crm_core.policy.rules import RuleKind
from tests.clinic import policy

GANGNAM = policy().branch("gangnam")
HAEUNDAE = policy().branch("haeundae")
DAYS = st.dates(date(2016, 1, 1), date(2035, 12, 31))


class TestReturnRules:
    @pytest.mark.parametrize(
        ("name", "days"),
        [
            ("보톡스", (150, 180)),
            ("보톡스 이마·미간·눈가", (105, 150)),
            ("이마보톡스", (105, 150)),
            ("사각턱 보톡스", (150, 180)),
            ("스킨보톡스", (75, 105)),
            ("레이저토닝", (60, 90)),
            ("Laser Toning", (60, 90)),
            ("필러", (270, 365)),
            ("슈링크", (150, 240)),
            ("울쎄라", (330, 420)),
            ("리쥬란", (150, 210)),
            ("여드름", (60, 90)),
            ("스케일링", (35, 60)),
            ("탈모", (35, 60)),
            ("제모", None),
            ("점 제거", None),
            ("아토피", None),
            ("처음 듣는 시술", None),
        ],
    )
    def test_are_the_starting_values(self, name: str, days: tuple[int, int] | None) -> None:
        assert policy().days_of(policy().treatment_slug(name)) == days

    def test_say_why_nothing_is_due_by_age(self) -> None:
        kinds = {slug: rule.kind for slug in policy().treatments if (rule := policy().rule_of(slug))}
        assert kinds["hair_removal"] is RuleKind.NO_RECALL
        assert kinds["removal"] is RuleKind.NO_RECALL
        assert kinds["medical"] is RuleKind.RECOMMENDED_ONLY

    def test_are_never_due_after_they_have_churned(self) -> None:
        pairs = [days for slug in policy().treatments if (days := policy().days_of(slug))]
        assert all(due < churned for due, churned in pairs)

    def test_an_unknown_treatment_is_a_family_of_its_own(self) -> None:
        assert policy().treatment_slug(" 새 시술 ") == "새 시술"
        assert policy().family_of("새 시술") == "새 시술"
        assert policy().family_name("새 시술", "ko") == "새 시술"
        assert policy().family_of(None) is None

    def test_every_treatment_belongs_to_a_family_and_only_checks_are_checks(self) -> None:
        assert {t.family for t in policy().treatments.values()} == set(policy().families)
        checks = {slug for slug, t in policy().treatments.items() if t.check}
        assert checks == {"follow_up_check", "retouch"}


class TestCourses:
    @pytest.mark.parametrize(
        ("slug", "fewest", "sessions", "interval", "gap"),
        [
            ("laser_toning", None, 10, (7, 14), 21),
            ("skin_booster", None, 3, (21, 35), 42),
            ("hair_removal", 5, 10, (28, 42), 56),
            ("acne", 5, 10, (14, 14), 28),
            ("skin_care", 5, 10, (7, 14), 28),
            ("hair_loss", None, 0, (28, 28), 42),
        ],
    )
    def test_are_the_starting_values(
        self, slug: str, fewest: int | None, sessions: int, interval: tuple[int, int], gap: int
    ) -> None:
        course = policy().treatments[slug].course
        assert course is not None
        assert (course.fewest, course.sessions, course.gap_after) == (fewest, sessions, gap)
        assert (course.interval_from, course.interval_to) == interval

    def test_there_are_no_others(self) -> None:
        assert len([t for t in policy().treatments.values() if t.course]) == 6


def test_patience_is_the_starting_values() -> None:
    patience = policy().patience
    said = [getattr(patience, f.name) for f in fields(patience)]
    assert said == [14, 14, 1, 30, 60, 180]


def test_call_rules_are_the_starting_values() -> None:
    calls = policy().calls
    assert (calls.per_coordinator, calls.claim_minutes, calls.undo_minutes) == (15, 30, 10)
    assert (calls.attempt_days, calls.rest_days, calls.rounds) == (3, 30, 2)
    assert (calls.budget, calls.budget_days, calls.connected_rest_days) == (2, 30, 30)
    assert (calls.quiet_after_visit_days, calls.lapsed_days) == (14, 180)
    assert (calls.follow_up_days, calls.undecided_days) == (14, (1, 3, 14))
    assert (calls.recommended_before, calls.recommended_after) == (14, 30)
    assert (calls.attribution_days, calls.confirmation_per_day) == (60, 10)
    assert (calls.holdout_share, calls.consent_days) == (0.0, 183)
    assert calls.without_consent is WithoutConsent.ASK
    assert (calls.value_months, calls.minimum_cases) == (24, 30)


def test_the_group_keeps_records_and_chart_numbers_apart() -> None:
    assert policy().records is Records.SEPARATE
    assert not policy().one_book
    assert (GANGNAM.book, HAEUNDAE.book) == ("gangnam", "haeundae")
    assert (policy().country, policy().currency, policy().language) == ("KR", "KRW", "ko")
    assert policy().masked_channels


def test_reminders_are_d3_and_d1_at_half_past_ten() -> None:
    reminders = policy().reminders
    said = [(step.slug, step.days_before, step.at, step.reconfirms) for step in reminders.steps]
    assert said == [("d3", 3, time(10, 30), False), ("d1", 1, time(10, 30), True)]
    assert reminders.hours == (time(10), time(19))
    assert (reminders.online_change_until, reminders.expires_before_hours) == (time(17), 3)
    assert (policy().late_cancel_hours, policy().digest_minutes_before_opening) == (24, 30)


class TestManuals:
    def test_every_cause_of_the_product_has_one_in_both_languages(self) -> None:
        assert len(policy().causes) == 13
        for manual in (*policy().causes.values(), *policy().outcome_manuals.values()):
            for names in (manual.names, manual.say, manual.do_next, manual.do_not):
                assert names.ko.strip()
                assert names.en.strip()
                assert not any("가" <= sign <= "힣" for sign in names.en), names.en

    def test_only_a_side_effect_is_a_red_flag(self) -> None:
        assert {slug for slug, cause in policy().causes.items() if cause.red_flag} == {"side_effect"}

    def test_nobody_is_told_to_speak_of_events_or_records(self) -> None:
        said = [m.say.ko for m in (*policy().causes.values(), *policy().outcome_manuals.values())]
        for words in (*said, policy().opening_words.ko):
            assert not any(word in words for word in ("이벤트", "할인", "안 오셔서", "기록 보니까"))

    def test_of_an_outcome_is_found_beside_those_of_causes(self) -> None:
        found = policy().manual("negative_denial")
        assert found is not None
        assert found.do_not.ko == "이유 묻기"
        assert policy().manual("forgot") is policy().causes["forgot"]
        assert policy().manual("unheard_of") is None


class TestNames:
    def test_sources_are_found_by_every_word_for_them(self) -> None:
        assert len(policy().sources) == 19
        words = ("카톡", "카카오톡 채널", "kakaotalk channel", "kakao")
        assert {policy().source_slug(word) for word in words} == {"kakao"}
        assert policy().source_slug(" 전단지 ") == "전단지"

    def test_roles_are_found_by_what_the_clinic_calls_them(self) -> None:
        assert set(policy().roles) == {
            "desk", "coordinator", "lead", "doctor", "director", "group", "administrator"
        }  # fmt: skip
        assert policy().role_slug("상담실장") == "coordinator"
        assert policy().role_slug("대표 원장") == "director"
        assert policy().role_slug("경비") == "경비"

    def test_are_in_the_reader_s_language(self) -> None:
        assert policy().treatment_name("skin_botox", "en") == "Skin Botox"
        assert policy().family_name("acne", "ko") == "여드름"
        assert GANGNAM.name("en") == "Gangnam"
        assert policy().name.in_language("ko") == "다시피부과"


class TestABranch:
    def test_works_late_on_its_night_clinic_and_pauses_for_lunch(self) -> None:
        friday = GANGNAM.hours_on(date(2026, 11, 27))
        assert friday == Hours(time(10), time(21), (time(13), time(14)))

    def test_is_closed_on_sundays_and_its_own_days(self) -> None:
        assert not GANGNAM.is_open(date(2026, 11, 29))
        assert not GANGNAM.is_open(date(2026, 12, 31))
        assert HAEUNDAE.is_open(date(2026, 12, 31))

    @pytest.mark.parametrize(
        "day",
        [
            date(2026, 2, 16),  # the day before Seollal
            date(2026, 2, 17),
            date(2026, 2, 18),
            date(2026, 3, 2),  # substitute for 1 March, a Sunday (대체공휴일)
            date(2026, 5, 25),  # substitute for Buddha's birthday
            date(2016, 2, 10),  # substitute in the sample's past
            date(2027, 2, 9),  # substitute for Seollal
        ],
    )
    def test_is_closed_on_public_and_substitute_holidays(self, day: date) -> None:
        assert not GANGNAM.is_open(day)

    def test_an_opened_day_wins_over_the_holiday_of_that_branch_alone(self) -> None:
        hangul_day = date(2026, 10, 9)
        assert GANGNAM.hours_on(hangul_day) == Hours(time(10), time(16))
        assert not HAEUNDAE.is_open(hangul_day)

    def test_opens_at_the_moment_its_wall_clock_says(self) -> None:
        assert GANGNAM.opening(date(2026, 11, 23)) == datetime(2026, 11, 23, 1, tzinfo=UTC)
        assert GANGNAM.closing(date(2026, 11, 29)) is None
        assert GANGNAM.today(datetime(2026, 11, 22, 15, tzinfo=UTC)) == date(2026, 11, 23)

    @given(day=DAYS)
    def test_finds_its_open_days_with_none_skipped(self, day: date) -> None:
        after, before = GANGNAM.next_open_day(day), GANGNAM.last_open_day(day)
        assert before < day < after
        assert GANGNAM.is_open(after)
        assert GANGNAM.is_open(before)
        around = GANGNAM.open_days(before, after)
        assert around == 2 + GANGNAM.is_open(day)

    @given(day=DAYS, length=st.integers(0, 60), cut=st.integers(0, 60))
    def test_counts_open_days_of_a_period_as_the_sum_of_its_parts(
        self, day: date, length: int, cut: int
    ) -> None:
        last, middle = day + timedelta(length), day + timedelta(min(cut, length))
        parts = HAEUNDAE.open_days(day, middle) + HAEUNDAE.open_days(middle + timedelta(1), last)
        assert parts == HAEUNDAE.open_days(day, last)


class TestExportProfiles:
    def test_the_no_show_file_is_mapped(self) -> None:
        profile = policy().mappings["noshow-vitoria"]
        assert profile.kind == "reservations"
        assert profile.columns["chart_no"] == "PatientId"
        assert profile.values["status"] == {"Yes": "no_show", "No": "arrived"}
        assert profile.transforms["chart_no"] is Transform.DIGITS
        assert profile.transforms["starts_at"] is Transform.DATE_ONLY

    def test_fill_every_required_header_of_their_kind(self) -> None:
        for profile in policy().mappings.values():
            assert set(HEADERS[profile.kind].required) <= {*profile.columns, *profile.constants}

    def test_there_are_ten_kinds_and_each_may_name_a_branch(self) -> None:
        assert len(HEADERS) == 10
        assert all("branch" in headers.all for headers in HEADERS.values())


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        policy().version = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        policy().treatments["x"] = policy().treatments["botox"]  # type: ignore[index]

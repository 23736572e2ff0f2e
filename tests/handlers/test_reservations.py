"""/reservations as it reads, in a channel and privately, in both languages."""

import json
from datetime import date, time, timedelta

import pytest

from crm_core.errors import NotAllowed, NotUnderstood, OtherBranch
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.facts import Answer, ReservationState
from crm_core.tables.people import Role
from handlers.language.reply import Reply, Table, Where
from handlers.language.words import Words
from handlers.reservations import PAGE, ShowReservations, read_reservations, show_reservations
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import audited, booked
from tests.handlers.people import asks, in_channel, labels, press, text


def rows(reply: Reply) -> tuple[tuple[str, ...], ...]:
    return next(block.rows for block in reply.blocks if isinstance(block, Table))


@pytest.mark.parametrize(
    ("said", "branch", "first", "last"),
    [
        ("", "", date(2026, 11, 25), date(2026, 11, 25)),
        ("tomorrow", "", date(2026, 11, 26), date(2026, 11, 26)),
        ("내일", "", date(2026, 11, 26), date(2026, 11, 26)),
        ("강남 다음 주", "gangnam", date(2026, 11, 30), date(2026, 12, 6)),
        ("haeundae 11/30", "haeundae", date(2026, 11, 30), date(2026, 11, 30)),
    ],
)
def test_branch_and_period_are_read_in_both_languages(
    policy: Policy, said: str, branch: str, first: date, last: date
) -> None:
    words = Words(said, date(2026, 11, 25), policy)
    assert read_reservations(words) == ShowReservations(branch, first, last)


def test_a_wrong_period_gets_the_nearest_ones(policy: Policy) -> None:
    with pytest.raises(NotUnderstood) as told:
        read_reservations(Words("tomorow", date(2026, 11, 25), policy))
    assert told.value.what == "period"


def test_a_channel_reads_masked_names_and_no_look_is_audited(clinic: Clinic) -> None:
    booked(clinic, clinic.patient(name="홍길동"), time(14, 30), treatment="botox", answer=Answer.CONFIRMED)
    reply = show_reservations(ShowReservations(clinic.branch), in_channel(clinic, code="ko"))
    ((clock, who, new, treatment, state),) = rows(reply)
    assert (clock, new, treatment, state) == ("14:30", "신환", "보톡스", "내원 확인")
    assert who.startswith("홍*동 님 …")
    assert "홍길동" not in text(reply)
    assert ("list", "reservations") not in audited(clinic.db)


def test_privately_the_name_stands_in_full_and_the_look_is_audited(clinic: Clinic) -> None:
    booked(clinic, clinic.patient(name="<b>&*_ 😀"), time(14, 30))
    reply = show_reservations(ShowReservations(), asks(clinic, clinic.coordinator()))
    assert rows(reply)[0][1].startswith("<b>&*_ 😀 C-")
    assert ("list", "reservations") in audited(clinic.db)


def test_a_group_role_reads_numbers_and_no_names(clinic: Clinic) -> None:
    booked(clinic, clinic.patient(name="홍길동"), time(14, 30))
    group = Person(None, "g", frozenset({(Role.GROUP, "*")}))
    reply = show_reservations(ShowReservations(clinic.branch), asks(clinic, group))
    assert "Reservations 1" in text(reply)
    assert not [block for block in reply.blocks if isinstance(block, Table)]
    assert reply.data is not None
    assert reply.data["patients"] == []


def test_a_foreign_branch_and_an_administrator_get_nothing(clinic: Clinic) -> None:
    with pytest.raises(OtherBranch):
        show_reservations(ShowReservations("haeundae"), asks(clinic, clinic.coordinator()))
    admin = Person(None, "a", frozenset({(Role.ADMINISTRATOR, "*")}))
    with pytest.raises(NotAllowed):
        show_reservations(ShowReservations(), asks(clinic, admin))


@pytest.mark.parametrize(
    ("days", "title"),
    [(0, "오늘 예약"), (1, "내일 예약"), (3, "3일 뒤 예약"), (2, "예약")],
)
def test_the_title_says_how_far_ahead_the_day_is(clinic: Clinic, days: int, title: str) -> None:
    day = clinic.ago(-days)
    reply = show_reservations(ShowReservations(clinic.branch, day, day), in_channel(clinic, code="ko"))
    assert text(reply).startswith(f"📅 {title} · 강남점 · 11/")


def test_a_day_is_a_living_card_whose_pages_turn_in_place(clinic: Clinic) -> None:
    for n in range(PAGE + 2):
        booked(clinic, clinic.patient(), time(10 + n // 4, n % 4 * 15))
    context = in_channel(clinic)
    first = show_reservations(ShowReservations(clinic.branch), context)
    assert first.about == f"reservations:{clinic.branch}:{clinic.today.isoformat()}"
    assert first.shows == ShowReservations(clinic.branch, clinic.today, clinic.today)
    assert (len(rows(first)), labels(first)) == (PAGE, ["More →"])
    second = press(first, "More →", context)
    assert (len(rows(second)), labels(second), second.where) == (2, ["← Previous"], Where.IN_PLACE)


def test_a_longer_period_names_the_days_and_is_no_living_card(clinic: Clinic) -> None:
    booked(clinic, clinic.patient(), time(10), clinic.ago(-1))
    asked = ShowReservations(clinic.branch, clinic.today, clinic.ago(-6))
    reply = show_reservations(asked, asks(clinic, clinic.coordinator()))
    assert rows(reply)[0][0] == "Thu 26 Nov 10:00"
    assert (reply.about, reply.shows) == (None, None)


def test_json_tells_the_states_and_whom_by_chart_number(clinic: Clinic) -> None:
    patient = clinic.patient(name="홍길동")
    booked(clinic, patient, time(10), clinic.ago(1), treatment="botox")
    booked(clinic, patient, time(10), clinic.ago(1), state=ReservationState.CANCELLED_EARLY)
    day = clinic.ago(1)
    reply = show_reservations(ShowReservations(clinic.branch, day, day), asks(clinic, clinic.director()))
    data = json.loads(json.dumps(reply.data))
    assert {"v", "command", "as_of", "facts_until", "zone", "scope", "period", "rows"} <= set(data)
    assert data["period"] == {"from": day.isoformat(), "to": day.isoformat()}
    assert {(row["state"], row["count"]) for row in data["rows"]} == {("unmarked", 1), ("cancelled_early", 1)}
    first = data["patients"][0]
    assert (first["reasons"], first["family"], first["unmarked"]) == (["unmarked"], "botox", True)
    assert "홍길동" not in json.dumps(data, ensure_ascii=False)


def test_two_branches_are_two_cards(clinic: Clinic) -> None:
    director = Person(None, "d", frozenset({(Role.DIRECTOR, "*")}))
    reply = show_reservations(ShowReservations(), asks(clinic, director))
    assert [one.about for one in (reply, *reply.also)] == [
        f"reservations:{slug}:{(clinic.today + timedelta(0)).isoformat()}" for slug in clinic.policy.branches
    ]

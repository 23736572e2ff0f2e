"""/kpi, /churn and /recapture as they read, open and answer as JSON."""

from datetime import time

import pytest

from crm_core.errors import NotUnderstood
from crm_core.kpi.catalogue import CATALOGUE
from crm_core.kpi.kpi import Unit
from crm_core.tables.calls import Outcome, ResponseGroup
from crm_core.tables.facts import ReservationState
from crm_core.tables.people import Role
from handlers.kpi_commands import LISTED, OpenKpi, ShowKpi, ShowKpis
from handlers.kpi_texts import ASKS, COUNTED, SYNONYMS, TITLES
from handlers.language.reply import Where
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker, button, buttons_of


@pytest.fixture
def director(clinic: Clinic) -> Asker:
    return Asker(clinic, clinic.director())


def reservations(clinic: Clinic) -> None:
    """Five came, two did not, one called it off in time; all twelve days ago."""
    states = [ReservationState.COMPLETED] * 5 + [ReservationState.NO_SHOW] * 2
    for state in (*states, ReservationState.CANCELLED_EARLY):
        clinic.booked(clinic.patient(), -12, state=state, made_at=clinic.at(clinic.ago(20)))


def test_every_number_is_named_asked_and_defined() -> None:
    slugs = {kpi.slug for kpi in CATALOGUE}
    assert slugs <= set(TITLES) & set(ASKS) & set(COUNTED)
    assert {kpi.slug for kpi in LISTED} <= set(SYNONYMS)
    assert all(kpi.source is not None and kpi.kinds for kpi in CATALOGUE)


@pytest.mark.parametrize(
    ("typed", "slug", "by"),
    [
        ("/kpi no-show last month by weekday", "no_show", "weekday"),
        ("/지표 노쇼율 지난달 지점별", "no_show", "branch"),
        ("/kpi 당일 동의율 지난달", "agreement_same_day", ""),
        ("/kpi 당일동의율", "agreement_same_day", ""),
        ("/kpi 재방문률 10월", "return", ""),
        ("/kpi 객단가", "per_patient", ""),
        ("/kpi 계약률 실장별", "agreement", "coordinator"),
        ("/kpi recapture by group", "recapture", "group"),
        ("/kpi revenu", "revenue", ""),
    ],
)
def test_a_number_is_understood_by_its_names(director: Asker, typed: str, slug: str, by: str) -> None:
    from handlers.menu import read_typed

    found = read_typed(typed, director.clinic.today, director.clinic.policy)
    assert found is not None
    command = found[1]
    assert isinstance(command, ShowKpi)
    assert (command.kpi, command.by) == (slug, by)


def test_a_word_that_may_mean_several_is_asked_back(director: Asker) -> None:
    with pytest.raises(NotUnderstood) as said:
        director.types("/kpi 재진율")
    assert said.value.what == "kpi"
    assert said.value.nearest
    with pytest.raises(NotUnderstood) as cut:
        director.types("/kpi no-show by cause")
    assert cut.value.what == "cut"


def test_a_number_says_its_base_its_interval_and_what_is_out(clinic: Clinic, director: Asker) -> None:
    reservations(clinic)
    text = director.reads("/kpi no-show last 30 days")
    assert "29%* (2/7)" in text
    assert "95% interval" in text
    assert "Not counted: cancelled in time 1" in text
    assert "Small number, for orientation only (7)" in text
    assert "No-shows ÷ (arrived + no-show + cancelled late)" in text
    korean = director.in_korean().reads("/지표 노쇼율 최근 30일")
    assert "29%* (2/7)" in korean
    assert "계산에서 뺀 것: 사전 취소 1" in korean
    assert "건수가 적어 참고만 하세요(7건)" in korean


def test_the_people_behind_are_as_many_and_the_look_is_audited(clinic: Clinic, director: Asker) -> None:
    reservations(clinic)
    reply = director.types("/kpi no-show last 30 days")
    opened = director.presses(button(reply, "Show the people (2)").command)
    assert "counted 2" in opened.text
    others = director.presses(button(reply, "Show the others (5)").command)
    assert "in the base, not counted 5" in others.text
    assert [row[1:] for row in director.audited()][-2:] == [
        ("kpi:no_show:hit", None, 2),
        ("kpi:no_show:rest", None, 5),
    ]


def test_every_button_fits(clinic: Clinic, director: Asker) -> None:
    from handlers.menu import WIRE

    for kpi in LISTED:
        reply = director.types(f"/kpi {kpi.slug} last month")
        for one in buttons_of(reply):
            assert WIRE.button(one.command)
        longest = ShowKpi("haeundae", clinic.ago(60), clinic.ago(30), kpi.slug, "coordinator")
        assert WIRE.decode(WIRE.button(longest))[1] == longest
        asked = OpenKpi("haeundae", clinic.ago(60), clinic.ago(30), kpi.slug, "rest", 40, turn=True)
        assert WIRE.decode(WIRE.button(asked))[1] == asked


def test_no_small_cell_and_no_amount_is_shown_where_others_read_along(
    clinic: Clinic, director: Asker
) -> None:
    clinic.booked(clinic.patient(), -12, state=ReservationState.NO_SHOW)
    who = clinic.patient()
    clinic.visited(who, 12)
    clinic.paid(who, 12, 300_000)
    channel = director.in_channel()
    assert "fewer than 5" in channel.reads("/kpi no-show last 30 days")
    everything = channel.reads("/kpi last 30 days")
    assert "Revenue" not in everything
    assert "Amounts are shown to you alone" in everything
    assert channel.types("/kpi revenue last 30 days").where is Where.PRIVATE
    assert "₩300,000" in director.reads("/kpi revenue last 30 days")
    assert channel.types("/kpi connected by coordinator").where is Where.PRIVATE


def test_a_coordinator_sees_only_the_own_line(clinic: Clinic, coordinator: Asker) -> None:
    other = clinic.staff("다른실장", Role.COORDINATOR)
    for staff_id in (coordinator.person.staff_id, other.staff_id):
        clinic.called(clinic.patient(), 3, Outcome.CONNECTED, staff_id=staff_id)
    text = coordinator.reads("/kpi connected last 30 days by coordinator")
    assert coordinator.person.name in text
    assert other.name not in text
    assert other.name in Asker(clinic, clinic.director()).reads("/kpi connected last 30 days by coordinator")


def test_without_data_a_number_says_why_and_is_null(clinic: Clinic, director: Asker) -> None:
    assert "No payment data, so no amounts" in director.reads("/kpi per patient")
    assert "수납 자료가 없어 금액은 보여 드릴 수 없어요" in director.in_korean().reads("/kpi 객단가")
    row = director.data("/kpi per patient")["rows"][0]
    assert (row["value"], row["why"], row["unit"]) == (None, "no_payments", "money")
    clinic.db.flush()


def test_the_catalogue_shows_every_number_in_its_viewpoint(clinic: Clinic, director: Asker) -> None:
    reservations(clinic)
    text = director.reads("/kpi this month")
    for name in ("Get the booking", "Get the visit", "Get the decision", "Keep and refer", "No-show rate"):
        assert name in text
    data = director.data("/kpi this month")
    assert [row["kpi"] for row in data["rows"]] == [kpi.slug for kpi in LISTED]
    assert set(data["definitions"]) == {kpi.slug for kpi in LISTED}
    assert isinstance(director.presses(ShowKpis()).text, str)


def test_a_row_has_the_keys_of_the_contract(clinic: Clinic, director: Asker) -> None:
    reservations(clinic)
    data = director.data("/kpi no-show last 30 days by weekday")
    assert data["cut"] == {"by": "weekday", "value": None}
    (row,) = data["rows"]
    assert row["kpi"] == "no_show"
    assert (row["numerator"], row["denominator"], row["unit"]) == (2, 7, Unit.SHARE.value)
    assert row["out"] == {"cancelled_early": 1}
    assert row["low"] < row["value"] < row["high"]


def test_churn_says_both_rates_and_late_returns(clinic: Clinic, director: Asker) -> None:
    for back in (None, 5):
        who = clinic.patient()
        clinic.treated(who, 200)  # the churn date was twenty days ago
        if back is not None:
            clinic.treated(who, back)
    text = director.reads("/churn last 30 days")
    assert "Lapse rate per family 100%* (2/2)" in text
    assert "Patient churn rate 100%* (2/2)" in text
    assert "came back late, within 90 days: 1" in text
    assert "늦은 재내원(90일 안) 1명" in director.in_korean().reads("/이탈률 최근 30일")
    rows = director.data("/churn last 30 days")["rows"]
    assert [(row["kpi"], row["cut"]) for row in rows] == [
        ("churn_patient", None),
        ("churn_family", None),
        ("churn_family", "botox"),
    ]


def test_recapture_says_both_measures_and_natural_return(clinic: Clinic, director: Asker) -> None:
    group = ResponseGroup.NEGATIVE_AFFIRMATION
    for since, back in ((300, 80), (300, None), (270, None)):
        who = clinic.patient()
        clinic.treated(who, since)
        clinic.called(who, 100, Outcome.CONNECTED, group, clock=time(10))
        if back is not None:
            clinic.treated(who, back)
    period = f"{clinic.ago(110)}..{clinic.ago(90)}"
    text = director.reads(f"/recapture {period} by group")
    assert "Recapture rate (lapsed) 50%* (1/2)" in text
    assert "Recall success (due) 0%* (0/1)" in text
    assert "Passive affirmation" in text
    assert "재유치율(이탈 환자) 50%* (1/2)" in director.in_korean().reads(f"/재유치 {period}")
    rows = {row["kpi"]: row for row in director.data(f"/recapture {period}")["rows"]}
    assert (rows["recapture"]["numerator"], rows["recapture"]["denominator"]) == (1, 2)
    assert rows["recapture_same_family"]["value"] == 0.5
    young = director.reads("/recapture today")
    assert "Nobody to count in this period." in young


def test_recapture_without_a_period_is_of_calls_old_enough(clinic: Clinic, director: Asker) -> None:
    data = director.data("/recapture")
    assert data["period"] == {"from": "2026-08-01", "to": "2026-08-31"}  # today is 25 November

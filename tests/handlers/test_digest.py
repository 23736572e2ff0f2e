"""The digest: twenty seconds, no scrolling, nothing that is not known."""

import json
from datetime import time, timedelta

import pytest

from crm_core.calls.actions import fix_list
from crm_core.errors import NotAllowed, NotUnderstood
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.facts import ReservationState
from crm_core.tables.imports import FactsUntil
from crm_core.tables.people import Role
from handlers.digest import MOST_POINTS, ShowDigest, read_digest, show_digest
from handlers.language.words import Words
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import booked
from tests.handlers.people import asks, in_channel, labels, press, text

LINES = 14
"""What a phone shows at once, without the buttons."""


def known_until(clinic: Clinic, days_ago: int, *kinds: str) -> None:
    branch = clinic.policy.branch(clinic.branch)
    for kind in kinds:
        until = branch.at(clinic.ago(days_ago - 1), time(0))
        clinic.db.merge(FactsUntil(branch=clinic.branch, kind=kind, until=until))
    clinic.db.flush()


def test_it_reads_in_twenty_seconds_in_korean(clinic: Clinic) -> None:
    known_until(clinic, 1, "reservations", "visits", "consults")
    booked(clinic, clinic.patient(), time(11))
    clinic.treated(clinic.patient(), 170)
    came = clinic.patient()
    clinic.visited(came, 1)
    booked(clinic, clinic.patient(), time(11), clinic.ago(1))
    fix_list(clinic.db, clinic.policy, clinic.branch, clinic.today, clinic.now)
    reply = show_digest(ShowDigest(clinic.branch), in_channel(clinic, code="ko"))
    said = [line for line in text(reply).splitlines() if line.strip() and not line.startswith("─")]
    assert said[0] == "☀ 아침 브리핑 · 강남점 11/25(수)"
    assert said[1:] == [
        "오늘 예약 1건(신환 1)",
        "확인이 필요한 예약 1건",
        "오늘 연락드릴 분 1분",
        "어제: 내원 1 · 노쇼 0 · 당일취소 0",
        "11/24(화) 미처리 예약 1건을 표시해 주세요",
        "특별히 급한 일은 없어요",
        "자료 기준 11/24(화)",
        "[예약]  [전화]  [미처리 표시]",
    ]
    assert len(said) <= LINES


def test_a_missing_file_is_named_first(clinic: Clinic) -> None:
    known_until(clinic, 1, "reservations")
    known_until(clinic, 4, "visits")
    english = text(show_digest(ShowDigest(clinic.branch), in_channel(clinic)))
    korean = text(show_digest(ShowDigest(clinic.branch), in_channel(clinic, code="ko")))
    assert english.splitlines()[3] == "No visit data since Sat 21 Nov. Upload it and the list is rebuilt."
    assert (
        korean.splitlines()[3]
        == "내원 자료가 11/21(토) 이후로 없어요. 새로 올려 주시면 명단을 다시 만들게요."
    )


def test_a_late_one_says_so_and_a_typed_one_is_never_late(clinic: Clinic) -> None:
    noon = clinic.at(clinic.today, time(12))
    posted = show_digest(ShowDigest(clinic.branch, clinic.today, posted=True), in_channel(clinic, now=noon))
    typed = show_digest(ShowDigest(clinic.branch), in_channel(clinic, now=noon))
    assert "The digest is late: it was due at 09:30." in text(posted)
    assert "late:" not in text(typed)


def test_the_list_is_fixed_from_digest_time_on_and_not_before(clinic: Clinic) -> None:
    clinic.treated(clinic.patient(), 170)
    early = show_digest(ShowDigest(clinic.branch), in_channel(clinic, now=clinic.at(clinic.today, time(7))))
    assert "To call today" not in text(early)
    due = show_digest(ShowDigest(clinic.branch), in_channel(clinic, now=clinic.at(clinic.today, time(9, 30))))
    assert "To call today: 1" in text(due)


def test_at_most_three_things_are_worth_a_look(clinic: Clinic) -> None:
    known_until(clinic, 1, "reservations", "visits", "consults")
    toning = clinic.policy.treatment_slug("레이저토닝")
    patient = clinic.patient()
    clinic.treated(patient, 170)
    booked(clinic, patient, time(11), treatment=toning, answer="change_asked")
    for days in (40, 80):
        booked(clinic, patient, time(11), clinic.ago(days), state=ReservationState.NO_SHOW)
    booked(clinic, clinic.patient(), time(11), clinic.ago(5))
    reply = show_digest(ShowDigest(clinic.branch), in_channel(clinic))
    assert text(reply).count("• ") == MOST_POINTS
    data = show_digest(ShowDigest(), asks(clinic, clinic.director())).data
    assert data is not None
    assert len(data["digests"][0]["points"]) == 4


def test_its_buttons_open_what_it_counts(clinic: Clinic) -> None:
    booked(clinic, clinic.patient(), time(11), clinic.ago(1))
    context = in_channel(clinic)
    reply = show_digest(ShowDigest(clinic.branch), context)
    assert labels(reply) == ["Reservations", "Calls", "Mark them"]
    assert "unmarked 1" in text(press(reply, "Mark them", context))
    assert text(press(reply, "Reservations", context)).startswith("📅 Today's reservations")


def test_a_closed_day_is_said(clinic: Clinic) -> None:
    branch = clinic.policy.branch(clinic.branch)
    closed = next(clinic.ago(-n) for n in range(10) if not branch.is_open(clinic.ago(-n)))
    reply = show_digest(ShowDigest(clinic.branch), in_channel(clinic, now=clinic.at(closed, time(11))))
    assert "The branch is closed today." in text(reply)


def test_group_reads_every_branch_and_the_administrator_none(clinic: Clinic) -> None:
    group = Person(None, "g", frozenset({(Role.GROUP, "*")}))
    reply = show_digest(ShowDigest(), asks(clinic, group))
    assert len((reply, *reply.also)) == len(clinic.policy.branches)
    assert "Calls" not in labels(reply)
    with pytest.raises(NotAllowed):
        show_digest(ShowDigest(), asks(clinic, Person(None, "a", frozenset({(Role.ADMINISTRATOR, "*")}))))


def test_json_has_a_row_for_each_count(clinic: Clinic) -> None:
    booked(clinic, clinic.patient(), time(11))
    reply = show_digest(ShowDigest(), asks(clinic, clinic.director()))
    data = json.loads(json.dumps(reply.data))
    counts = {row["kpi"]: row["value"] for row in data["rows"]}
    assert (counts["reservations"], counts["new"], counts["to_confirm"]) == (1, 1, 1)
    assert counts["inquiries"] is None
    assert data["period"] == {"from": clinic.today.isoformat(), "to": clinic.today.isoformat()}
    assert data["digests"][0]["last_open_day"] == (clinic.today - timedelta(1)).isoformat()


def test_the_branch_can_be_named_and_nothing_else(policy: Policy, clinic: Clinic) -> None:
    assert read_digest(Words("강남점", clinic.today, policy)) == ShowDigest("gangnam")
    with pytest.raises(NotUnderstood) as told:
        read_digest(Words("gangnm", clinic.today, policy))
    assert told.value.nearest == ("gangnam",)

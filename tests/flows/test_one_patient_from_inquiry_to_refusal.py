"""One patient's whole way through chat and files: the lists follow, and no moment knows the next one."""

from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from bot.transaction import step
from crm_core.tables.calls import Outcome, ResponseGroup
from crm_core.tables.facts import Consult, Decision, Payment, Reservation, TreatmentDone, Visit
from crm_core.tables.people import Patient, Role
from handlers.call_commands import ClaimCard, LogOutcome
from handlers.inquiry_commands import AnswerInquiry, ClaimInquiry, EnrolAsker
from handlers.stage_commands import Decide, RecordConsult, RecordTreated
from tests.flows.story import Story, buttons

ASKED = ("/funnel 2026-09", "/funnel activity 2026-09", "/kpi revenue 2026-09")
FILES = {
    "treatments": (
        "treatment_no,chart_no,done_at,treatment,course_no,session_no\nT1,0432,2026-09-18 14:30,리쥬란,K1,1\n"
    ),
    "payments": "payment_no,chart_no,paid_at,amount,course_no\nP1,0432,2026-09-18 14:40,900000,K1\n",
    "visits": "visit_no,chart_no,arrived_at\nV1,0432,2026-09-18 14:02\nV0,0432,2026-09-09 15:05\n",
    "consults": (
        "consult_no,chart_no,held_at,treatment,decision,decided_at,proposed_amount,agreed_amount\n"
        "C1,0432,2026-09-09 15:15,울쎄라,no,2026-09-18 14:07,1200000,\n"
        "C2,0432,2026-09-18 14:12,리쥬란,yes,2026-09-18 14:12,900000,900000\n"
    ),
}


class Told(Story):
    """A story that writes down what every moment was told."""

    def remember(self) -> None:
        said = {question: self.data(self.director, question) for question in ASKED}
        self.moments.append((self.now, said))

    def begin(self) -> "Told":
        self.moments: list[tuple[datetime, dict[str, Any]]] = []
        self.started()
        self.director = self.staff("도원장", Role.DIRECTOR)
        self.caller = self.staff("이실장", Role.COORDINATOR)
        self.desk = self.staff("정데스크", Role.DESK)
        return self

    def calls_of(self, who: str) -> list[str]:
        return [line for line in self.reads(self.caller, "/calls").splitlines() if who in line]

    def logs(self, group: ResponseGroup, *, confirmed: bool = False) -> None:
        card = buttons(self.gives(self.caller, "/next"))[0].command
        assert isinstance(card, ClaimCard)
        self.gives(self.caller, card)
        self.gives(self.caller, LogOutcome(card.card_id, Outcome.CONNECTED, group, confirmed))


@pytest.fixture
def told(engine: Engine, now: datetime) -> Told:
    return Told(engine, now.replace(month=9, day=7, hour=10, minute=5)).begin()


def test_the_lists_follow_and_no_moment_knows_the_next(told: Told) -> None:
    patient = _asks_and_books(told)
    _thinks_it_over(told, patient)
    _buys_a_course(told, patient)
    _stays_away_and_refuses(told)
    for then, said in told.moments:
        for question, answer in said.items():
            again = told.data(told.director, question, now=then)
            assert again | {"facts_until": None} == answer | {"facts_until": None}, (then, question)


def _asks_and_books(told: Told) -> int:
    told.gives(told.caller, "/inquiry 김지영 010-1234-5678 카카오톡 울쎄라")
    told.remember()
    told.later(minutes=5)
    told.gives(told.caller, ClaimInquiry(1))
    told.gives(told.caller, AnswerInquiry(1))
    told.gives(told.caller, EnrolAsker(1, "0432"))
    told.imports("patients", "chart_no,name,phone\n0432,김지영,010-1234-5678\n")
    told.remember()
    told.later(minutes=5)
    assert "Booked" in told.reads(told.caller, "/reserve 0432 9/9 15:00")
    told.remember()
    told.at(date(2026, 9, 8), time(9))
    told.imports(
        "reservations",
        "reservation_no,chart_no,starts_at,made_at,status\n"
        "R9,0432,2026-09-09 15:00,2026-09-07 10:15,booked\n",
    )
    told.remember()
    assert told.does(lambda db: list(db.scalars(select(col(Reservation.number))))) == ["R9"]
    return told.does(lambda db: db.scalars(select(col(Patient.id))).one()) or 0


def _thinks_it_over(told: Told, patient: int) -> None:
    told.at(date(2026, 9, 9), time(15, 5))
    told.gives(told.desk, "/stage 0432 도착")
    told.remember()
    told.later(minutes=10)
    told.gives(told.caller, RecordConsult(patient, "gangnam", "lifting_tightening", "", "1,200,000"))
    told.remember()
    on_list = {}
    for day in (10, 11, 12):
        told.at(date(2026, 9, day), time(10, 30))
        on_list[day] = bool(told.calls_of("김지영"))
        told.remember()
    assert on_list == {10: True, 11: False, 12: True}
    told.later(minutes=5)
    told.logs(ResponseGroup.POSITIVE_AFFIRMATION)
    told.later(minutes=5)
    assert "예약했어요" in told.reads(told.caller, "/예약변경 9/18 오후2시 0432 리쥬란", code="ko")
    told.remember()


def _buys_a_course(told: Told, patient: int) -> None:
    told.at(date(2026, 9, 18), time(14, 2))
    told.gives(told.desk, "/stage 0432 도착")
    told.later(minutes=5)
    consult = told.does(lambda db: db.scalars(select(col(Consult.id))).one()) or 0
    told.gives(told.caller, Decide(consult, Decision.NO))
    told.later(minutes=5)
    told.gives(told.caller, RecordConsult(patient, "gangnam", "skin_booster", "", "90만"))
    told.gives(told.caller, "/stage 0432 동의 90만")
    told.remember()
    told.later(minutes=5)
    told.imports(
        "courses",
        "course_no,chart_no,treatment,bought_on,sessions,paid\nK1,0432,리쥬란,2026-09-18,3,900000\n",
    )
    told.gives(told.caller, RecordTreated(patient, "gangnam", "course:K1", "", "90만"))
    told.at(date(2026, 9, 19), time(10))
    told.remember()
    for kind, text in FILES.items():
        told.imports(kind, text)
    for source in (Visit.source, Consult.source, TreatmentDone.source, Payment.source):
        with step(told.engine) as db:
            assert set(db.scalars(select(col(source)))) == {"import"}
    assert len(told.does(lambda db: list(db.scalars(select(TreatmentDone))))) == 1
    told.remember()


def _stays_away_and_refuses(told: Told) -> None:
    told.at(date(2026, 10, 30), time(10, 30))
    assert not told.calls_of("김지영")
    told.at(date(2026, 10, 31), time(10, 30))
    assert told.calls_of("김지영")
    told.remember()
    told.logs(ResponseGroup.NEGATIVE_DENIAL, confirmed=True)
    told.remember()
    for day in (date(2026, 11, 30), date(2027, 6, 1)):
        told.at(day, time(10, 30))
        assert not told.calls_of("김지영")
        assert "김지영" not in told.reads(told.caller, "/churners")
        assert "no contact" in told.reads(told.caller, "/why 0432")

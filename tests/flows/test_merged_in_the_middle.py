"""Charts are merged while somebody works on one of them."""

from datetime import date, datetime, time

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from crm_core.calls.actions import card_of
from crm_core.errors import AlreadyLogged
from crm_core.tables.calls import Call, Outcome, ResponseGroup
from crm_core.tables.facts import Reservation
from crm_core.tables.people import PatientStatus, Role
from handlers.call_commands import ClaimCard, LogOutcome
from handlers.merging_commands import MergeCharts, SplitCharts
from tests.flows.story import Story


class Two(Story):
    """이하나 has two charts, both lapsed and on today's list; 박둘 has one."""

    def begin(self) -> "Two":
        self.started()
        self.caller = self.staff("이실장", Role.COORDINATOR)
        self.desk = self.staff("정데스크", Role.DESK)

        def lapsed(db: Session) -> tuple[int, int]:
            clinic = self.clinic(db)
            kept, merged = (clinic.patient(name="이하나", chart_no=chart) for chart in ("A1", "B1"))
            for days, patient in ((200, kept), (210, merged)):
                clinic.treated(patient, days)
            return kept, merged

        self.kept, self.merged = self.does(lapsed)
        self.gives(self.caller, "/calls")
        return self

    def card(self, patient: int) -> int:
        found = self.does(lambda db: card_of(db, self.branch, self.now.date(), patient))
        assert found is not None
        return found.id or 0

    def calls(self) -> list[int]:
        return self.does(lambda db: list(db.scalars(select(col(Call.patient_id)))))


@pytest.fixture
def two(engine: Engine, now: datetime) -> Two:
    return Two(engine, now.replace(hour=10, minute=5)).begin()


def test_what_is_said_on_the_other_card_counts_for_the_kept_chart(two: Two) -> None:
    card = two.card(two.merged)
    two.gives(two.caller, ClaimCard(card))
    two.gives(two.desk, MergeCharts(two.kept, two.merged))
    two.gives(two.caller, LogOutcome(card, Outcome.CONNECTED, ResponseGroup.NEGATIVE_DENIAL, True))
    assert two.calls() == [two.kept]
    assert "Asked for no contact" in two.reads(two.caller, "/patient A1")
    two.later(days=1)
    assert "이하나" not in two.reads(two.caller, "/calls")
    assert "이하나" not in two.reads(two.caller, "/churners")


def test_the_merged_patient_is_not_called_twice_on_one_day(two: Two) -> None:
    kept, merged = two.card(two.kept), two.card(two.merged)
    two.gives(two.caller, LogOutcome(kept, Outcome.CONNECTED, ResponseGroup.POSITIVE_AFFIRMATION))
    two.gives(two.desk, MergeCharts(two.kept, two.merged))
    with pytest.raises(AlreadyLogged):
        two.gives(two.caller, ClaimCard(merged))
    assert two.calls() == [two.kept]


def test_a_booking_and_its_files_find_their_charts_before_and_after_the_way_back(two: Two) -> None:
    two.gives(two.caller, "/reserve B1 11/28 11:00")
    two.gives(two.desk, MergeCharts(two.kept, two.merged))
    two.later(minutes=20)
    two.imports("reservations", "reservation_no,chart_no,starts_at,status\nR1,B1,2026-11-28 11:00,booked\n")

    def rows() -> list[tuple[str, int]]:
        found = two.does(lambda db: list(db.scalars(select(Reservation))))
        return [(row.number, row.patient_id) for row in found]

    assert rows() == [("R1", two.kept)]
    two.gives(two.desk, SplitCharts(1))
    assert rows() == [("R1", two.merged)]
    assert "28 Nov 11:00" in two.reads(two.caller, "/patient B1")
    assert "28 Nov 11:00" not in two.reads(two.caller, "/patient A1")


def test_a_chart_of_somebody_who_died_stops_everything_for_the_kept_one(two: Two) -> None:
    def died(db: Session) -> int:
        return two.clinic(db).patient(name="이하나", chart_no="D1", status=PatientStatus.DECEASED)

    two.gives(two.desk, MergeCharts(two.kept, two.does(died)))
    assert "Deceased" in two.reads(two.caller, "/patient A1")
    two.at(date(2026, 11, 26), time(10))
    assert "A1" not in two.reads(two.caller, "/calls")


def test_nobody_is_their_own_guardian_or_the_reason_that_they_came(two: Two) -> None:
    two.imports("patients", "chart_no,name,phone,guardian_of,referred_by\n7,김셋,010-1111-2222,7,7\n")
    read = two.reads(two.caller, "/patient 7")
    assert "own" in read
    assert "guardian" not in read
    rows = two.data(two.staff("도원장", Role.DIRECTOR), "/kpi referrers 2026-11")["rows"]
    assert not rows[0]["numerator"]

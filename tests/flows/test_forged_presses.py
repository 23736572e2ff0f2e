"""Presses that no card of ours ever carried: each is refused in words, none is a failure of ours."""

from datetime import date

import pytest

from crm_core.errors import CrmError, NoSuchPatient, OtherBranch, StaleButton
from crm_core.tables.people import Role
from handlers.kpi_commands import ShowKpis
from handlers.menu import WIRE
from handlers.merging_commands import NotSame
from handlers.patients import ShowPatient
from handlers.stage_commands import Arrive, ShowStage
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker


@pytest.fixture
def everything(clinic: Clinic) -> Asker:
    """Somebody whom no role stops."""
    return Asker(clinic, clinic.staff("도유경", Role.DIRECTOR, Role.DESK))


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_an_id_that_no_row_can_have_is_a_stale_button(number: int) -> None:
    with pytest.raises(StaleButton):
        WIRE.decode(WIRE.encode(ShowPatient(number)))


def test_a_day_that_no_calendar_leads_to_is_a_stale_button() -> None:
    with pytest.raises(StaleButton):
        WIRE.decode(WIRE.encode(ShowKpis(first=date(1, 1, 1))))


def test_a_nul_that_postgresql_would_refuse_is_a_stale_button() -> None:
    with pytest.raises(StaleButton):
        WIRE.decode(WIRE.encode(ShowPatient(0, "김\0지영")))


def test_a_branch_that_there_is_not_is_another_branch(clinic: Clinic, everything: Asker) -> None:
    patient = clinic.patient()
    for command in (ShowKpis("nowhere"), ShowStage(patient, "nowhere"), Arrive(patient, "nowhere")):
        with pytest.raises(OtherBranch):
            everything.presses(command)


def test_a_period_that_ends_before_it_begins_is_a_stale_button(everything: Asker) -> None:
    with pytest.raises(StaleButton):
        everything.presses(ShowKpis(first=date(2026, 11, 2), last=date(2026, 11, 1)))


def test_nobody_is_told_apart_from_an_asker_who_is_not_there(clinic: Clinic, everything: Asker) -> None:
    with pytest.raises(NoSuchPatient):
        everything.presses(NotSame(clinic.patient(), prospect_id=4711))


def test_a_year_before_every_calendar_is_no_period(everything: Asker) -> None:
    with pytest.raises(CrmError):
        everything.types("/funnel 0001-01-01")

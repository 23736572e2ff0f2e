"""`/why` and the list say the same about every patient of the sample clinic (issue 2, line 6)."""

from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from shutil import copyfile
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from bot.transaction import reading, step
from crm_core.churn.eligibility import eligibility, judge
from crm_core.churn.queries import due_list, promised_list
from crm_core.period import Period
from crm_core.sample_clinic import populate
from crm_core.staff.access import system_scope
from crm_core.tables.calls import Section
from crm_core.tables.people import Patient
from tests.clinic import TODAY, policy
from tests.crm_core.test_sample_clinic import clinic
from tests.databases import open_test_engine

NOW = datetime.combine(TODAY, time(9, 5), ZoneInfo("Asia/Seoul"))


@pytest.fixture(scope="module")
def sample(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    file = tmp_path_factory.mktemp("sample") / "sample.db"
    copyfile(sqlite_template, file)
    engine = open_test_engine(f"sqlite:///{file}")
    with step(engine) as db:
        populate(db, policy(), clinic(), NOW, "key")
    with reading(engine) as db:
        yield db
    engine.dispose()


def everybody(sample: Session) -> list[int]:
    ids = sample.scalars(select(col(Patient.id)).order_by(col(Patient.id)))
    return [one for one in ids if one is not None]


def test_why_and_the_lists_agree_about_every_patient(sample: Session) -> None:
    scope = system_scope(policy(), Period(TODAY, TODAY))
    due = {one.patient_id: one for one in due_list(sample, scope, policy(), TODAY, NOW)}
    promised = {one.patient_id for one in promised_list(sample, scope, policy(), TODAY, NOW)}
    assert due
    assert promised
    assert not due.keys() & promised
    for patient, said in judge(sample, policy(), everybody(sample), TODAY, NOW).items():
        assert said.eligible == (patient in due), said
        assert (said.section is Section.PROMISED) == (patient in promised), said
        assert said.reasons or said == due[patient]


def test_asked_about_one_patient_the_answer_is_that_of_the_many(sample: Session) -> None:
    some = everybody(sample)[::40]
    many = judge(sample, policy(), some, TODAY, NOW)
    assert {one: eligibility(sample, policy(), one, NOW) for one in some} == many

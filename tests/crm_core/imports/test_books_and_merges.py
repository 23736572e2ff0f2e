"""Chart numbers belong to a book; what a file brings for a merged chart goes where the chart went."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from bot.transaction import reading, step
from crm_core.contacts.queries import phones_of
from crm_core.patients.merging.actions import merge, reverse
from crm_core.patients.queries import find
from crm_core.staff.access import Person
from crm_core.tables.facts import Inquiry, Visit
from crm_core.tables.journey import Journey
from crm_core.tables.people import Patient, Prospect, Role
from tests.clinic import policy
from tests.crm_core.imports.files import imported

VISITS = "visit_no,chart_no,arrived_at\n"
BOTH = Person(None, "shell", frozenset({(Role.DIRECTOR, "gangnam"), (Role.DIRECTOR, "haeundae")}))


def ids(engine: Engine) -> dict[tuple[str, str], int]:
    with reading(engine) as db:
        return {(one.book, one.chart_no): one.id or 0 for one in db.scalars(select(Patient))}


def visits(engine: Engine) -> dict[str, int]:
    with reading(engine) as db:
        return {one.number: one.patient_id for one in db.scalars(select(Visit))}


def journeys(engine: Engine) -> list[tuple[int | None, datetime]]:
    with reading(engine) as db:
        rows = db.scalars(select(Journey).order_by(col(Journey.patient_id), col(Journey.first_at)))
        return [(one.patient_id, one.first_at) for one in rows]


def test_one_number_in_two_books_is_two_people_in_files_and_in_chat(engine: Engine, now: datetime) -> None:
    for branch, name in (("gangnam", "김강남"), ("haeundae", "박해운")):
        imported(engine, "patients", f"chart_no,name\n0432,{name}\n", now, branch=branch)
        imported(engine, "visits", VISITS + f"{branch},0432,2026-11-20 14:00\n", now, branch=branch)
    known = ids(engine)
    assert visits(engine) == {
        "gangnam": known["gangnam", "0432"],
        "haeundae": known["haeundae", "0432"],
    }
    with reading(engine) as db:
        here = replace(BOTH, roles=frozenset({(Role.DESK, "gangnam")}))
        assert [one.name for one in find(db, here, policy(), "0432")] == ["김강남"]
        assert [one.name for one in find(db, BOTH, policy(), "0432")] == ["김강남", "박해운"]


def test_the_groups_one_book_knows_a_number_in_every_branch(
    engine: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = policy()
    branches = {slug: replace(one, book="group") for slug, one in known.branches.items()}
    shared = replace(known, one_book=True, branches=branches)
    monkeypatch.setattr("tests.crm_core.imports.files.policy", lambda: shared)
    imported(engine, "patients", "chart_no,name\n0432,김지영\n", now, branch="gangnam")
    imported(engine, "visits", VISITS + "1,0432,2026-11-20 14:00\n", now, branch="haeundae")
    assert list(ids(engine)) == [("group", "0432")]
    assert len(set(visits(engine).values())) == 1


def test_what_comes_for_a_merged_chart_counts_for_the_kept_one_and_returns(
    engine: Engine, now: datetime
) -> None:
    for number in ("A1", "A2"):
        imported(engine, "visits", VISITS + f"{number},{number},2026-11-01 10:00\n", now)
    known = ids(engine)
    kept, other = known["gangnam", "A1"], known["gangnam", "A2"]
    with step(engine) as db:
        made = merge(db, policy(), BOTH, kept, other, now).id
    assert made is not None
    late = VISITS + "late,A2,2026-11-20 10:00\nmine,A1,2026-11-21 10:00\n"
    imported(engine, "visits", late, now + timedelta(hours=1))
    assert set(visits(engine).values()) == {kept}
    assert {owner for owner, _ in journeys(engine)} == {kept}
    assert imported(engine, "visits", late, now + timedelta(hours=2)).changed == 0
    with step(engine) as db:
        reverse(db, policy(), BOTH, made, now + timedelta(hours=20))
    assert visits(engine) == {"A1": kept, "A2": other, "late": other, "mine": kept}
    assert {owner for owner, _ in journeys(engine)} == {kept, other}
    assert imported(engine, "visits", late, now + timedelta(hours=21)).changed == 0


def test_a_new_phone_of_a_merged_chart_serves_the_kept_one_and_returns(engine: Engine, now: datetime) -> None:
    imported(
        engine, "patients", "chart_no,name,phone\nA1,김지영,010-1111-0001\nA2,김지영,010-1111-0002\n", now
    )
    known = ids(engine)
    kept, other = known["gangnam", "A1"], known["gangnam", "A2"]

    def phones(patient: int) -> list[str]:
        with reading(engine) as db:
            return sorted(one.phone[-1] for one in phones_of(db, patient))

    with step(engine) as db:
        made = merge(db, policy(), BOTH, kept, other, now).id
    assert made is not None
    imported(engine, "patients", "chart_no,phone\nA2,010-1111-0003\n", now)
    assert phones(kept) == ["1", "2", "3"]
    with step(engine) as db:
        reverse(db, policy(), BOTH, made, now)
    assert (phones(kept), phones(other)) == (["1"], ["2", "3"])


def test_a_prospect_becomes_the_patient_when_phone_and_name_agree(engine: Engine, now: datetime) -> None:
    asked = "inquiry_no,received_at,name,phone,treatment\nI1,2026-11-10 10:00,박 둘,01033334444,보톡스\n"
    imported(engine, "inquiries", asked, now)
    imported(engine, "patients", "chart_no,name,phone\n7,박둘,010-3333-4444\n", now)
    with reading(engine) as db:
        assert db.scalars(select(Prospect)).one().patient_id == ids(engine)["gangnam", "7"]


def test_a_prospect_becomes_the_patient_whose_chart_number_a_later_file_gives(
    engine: Engine, now: datetime
) -> None:
    header = "inquiry_no,received_at,chart_no,name,phone,treatment\n"
    asked = "2026-11-10 10:00,,박둘,01033334444,보톡스"
    imported(engine, "inquiries", f"{header}I1,{asked}\nI2,{asked.replace('보톡스', '필러')}\n", now)
    imported(engine, "inquiries", f"{header}I1,2026-11-10 10:00,7,,,보톡스\n", now)
    patient = ids(engine)["gangnam", "7"]
    with reading(engine) as db:
        assert db.scalars(select(Prospect)).one().patient_id == patient
        assert {one.patient_id for one in db.scalars(select(Inquiry))} == {patient}


@pytest.mark.parametrize("person", ["박셋,010-3333-4444", "박둘,010-9999-8888"])
def test_a_prospect_stays_one_when_only_phone_or_only_name_agrees(
    engine: Engine, now: datetime, person: str
) -> None:
    asked = "inquiry_no,received_at,name,phone,treatment\nI1,2026-11-10 10:00,박둘,01033334444,보톡스\n"
    imported(engine, "inquiries", asked, now)
    imported(engine, "patients", f"chart_no,name,phone\n7,{person}\n", now)
    with reading(engine) as db:
        assert db.scalars(select(Prospect)).one().patient_id is None

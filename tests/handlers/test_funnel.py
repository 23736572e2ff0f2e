"""/funnel as it reads, opens its people, and answers in JSON; in both languages."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlmodel import Session

from crm_core.errors import NotAllowed, NotUnderstood, OtherBranch
from crm_core.kpi.conditions import Which
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.facts import Decision
from crm_core.tables.people import Role, Staff
from crm_core.tables.records import AuditRow
from handlers import pictures
from handlers.funnel import read_funnel, show_funnel
from handlers.funnel_commands import ChooseJourneys, OpenJourneys, ShowFunnel, part_of
from handlers.funnel_lists import choose_journeys, open_journeys
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.reply import Buttons, Picture, Reply, Table, Where
from handlers.language.words import Words
from handlers.menu import WIRE
from tests.crm_core.kpi.clinics import Clinic, at, scope, worked_example

DIRECTOR = Person(None, "도유경", frozenset({(Role.DIRECTOR, "*")}))


@pytest.fixture
def context(db: Session, policy: Policy) -> Context:
    """The ten journeys of definitions.md §1.2, asked about by a director when all are ripe."""
    worked_example(Clinic(db, policy))
    return Context(db, DIRECTOR, policy, at(120), language("en"), private=True)


@pytest.fixture
def asked(policy: Policy) -> ShowFunnel:
    period = scope(policy).period
    return ShowFunnel("", period.first, period.last)


def buttons(reply: Reply) -> dict[str, object]:
    return {
        button.label: button.command
        for block in reply.blocks
        if isinstance(block, Buttons)
        for row in block.rows
        for button in row
    }


def test_new_and_returning_stand_side_by_side(context: Context, asked: ShowFunnel) -> None:
    text = show_funnel(asked, context).text
    assert "New patients: Inquiry 5 → Reservation 4 → Visit 5 → Consult 5 → Agreed 3 → Treated 3" in text
    assert "Returning patients: Inquiry 0 → Reservation 3 → Visit 2" in text
    assert "Treated without consult 2" in text
    assert "no step has 30 journeys" in text


def test_the_table_says_of_how_many(context: Context, asked: ShowFunnel) -> None:
    table = next(b for b in show_funnel(asked, context).blocks if isinstance(b, Table))
    assert table.rows[0] == ("Inquiry→Reservation", "80%* (4/5)", "–")
    assert table.rows[2] == ("Visit→Consult", "100%* (5/5)", "–")


def test_it_reads_in_korean(context: Context, asked: ShowFunnel) -> None:
    reply = show_funnel(asked, replace(context, language=language("ko")))
    assert "신환: 문의 5 → 예약 4 → 내원 5 → 상담 5 → 동의 3 → 시술 3" in reply.text
    assert "상담 없이 시술 2" in reply.text


def test_the_json_is_the_contract(context: Context, asked: ShowFunnel) -> None:
    data = show_funnel(asked, context).data
    assert data is not None
    assert [line["stage"] for line in data["stages"]] == [
        "inquiry",
        "reservation",
        "visit",
        "consult",
        "agreement",
        "treatment",
    ]
    assert [line["count"] for line in data["stages"]] == [5, 7, 7, 5, 3, 5]
    assert [line["entered"] for line in data["stages"]] == [5, 3, 2, 0, 0, 0]
    assert data["stages"][0]["base"] is None
    assert data["stages"][2]["conversion"] == pytest.approx(5 / 7)
    assert data["stages"][2]["so_far"]["base"] == 7
    assert data["new"]["stages"][2]["base"] == 4
    assert (data["without_consult"], data["same_day_agreement"]["converted"]) == (2, 3)
    assert [one["outcome"] for one in data["outcomes"]] == ["return", "referral"]
    assert {"agreement", "visit_rate", "return"} <= set(data["definitions"])
    assert data["cut"] is None


def test_a_cut_says_its_values(context: Context, asked: ShowFunnel) -> None:
    reply = show_funnel(replace(asked, by="source"), context)
    assert reply.data is not None
    assert reply.data["cut"] == {"by": "source", "value": None}
    assert [cut["value"] for cut in reply.data["cuts"]] == [None]
    table = next(b for b in reply.blocks if isinstance(b, Table))
    assert table.rows[0][:2] == ("not recorded", "10")


@pytest.mark.parametrize("code", ["ko", "en"])
def test_the_picture_is_drawn_for_a_phone(context: Context, asked: ShowFunnel, code: str) -> None:
    spoken = replace(context, language=language(code))
    picture = next(b for b in show_funnel(asked, spoken).blocks if isinstance(b, Picture))
    png = pictures.draw(picture.chart, spoken.language)  # type: ignore[arg-type]
    width = int.from_bytes(png[16:20], "big")
    assert png.startswith(b"\x89PNG")
    assert width == 780
    assert picture.alt


def test_every_button_fits_a_platform(context: Context, asked: ShowFunnel) -> None:
    replies = [show_funnel(replace(asked, branch="haeundae", by="coordinator"), context)]
    replies.append(show_funnel(asked, context))
    replies.append(choose_journeys(ChooseJourneys("haeundae", asked.first, asked.last), context))
    replies.append(choose_journeys(ChooseJourneys("", asked.first, asked.last), context))
    for reply in replies:
        for command in buttons(reply).values():
            assert WIRE.decode(WIRE.button(command))[1] == command  # type: ignore[arg-type]


def test_a_number_opens_its_people_and_the_look_is_audited(context: Context, asked: ShowFunnel) -> None:
    command = buttons(show_funnel(asked, context))["See the undecided (1)"]
    assert isinstance(command, OpenJourneys)
    reply = open_journeys(command, context)
    table = next(b for b in reply.blocks if isinstance(b, Table))
    assert len(table.rows) == 1
    assert (table.rows[0][0], table.rows[0][3]) == ("1", "Consult")
    context.db.flush()
    audits = context.db.scalars(select(AuditRow)).all()
    assert [(row.action, row.what, row.count) for row in audits] == [("list", "funnel:consult:pending", 1)]


def test_every_number_offered_opens_as_many(context: Context, asked: ShowFunnel) -> None:
    offered = choose_journeys(ChooseJourneys("", asked.first, asked.last), context)
    opened = buttons(offered)
    assert opened
    for label, command in opened.items():
        assert isinstance(command, OpenJourneys)
        reply = open_journeys(command, context)
        number = int(label.rsplit(" ", 1)[1])
        assert f" {number} journey" in reply.text


def test_whoever_reads_numbers_only_opens_no_names(context: Context, asked: ShowFunnel) -> None:
    group = replace(context, person=Person(None, "g", frozenset({(Role.GROUP, "*")})))
    assert not any("See" in label for label in buttons(show_funnel(asked, group)))
    reply = open_journeys(OpenJourneys("", asked.first, asked.last, 3, part_of(Which.PENDING)), group)
    assert "not for you" in reply.text
    assert not context.db.scalars(select(AuditRow)).all()


def test_a_cut_by_person_is_never_said_aloud(context: Context, asked: ShowFunnel) -> None:
    aloud = replace(context, private=False)
    assert show_funnel(replace(asked, by="coordinator"), aloud).where is Where.PRIVATE
    assert show_funnel(asked, aloud).where is Where.HERE


def test_no_cell_under_five_is_said_in_a_channel(context: Context, asked: ShowFunnel) -> None:
    aloud = show_funnel(asked, replace(context, private=False))
    table = next(b for b in aloud.blocks if isinstance(b, Table))
    assert table.rows[1] == ("Reservation→Visit", "fewer than 5", "fewer than 5")


def test_staff_are_known_by_the_chart_programs_number(db: Session, policy: Policy, asked: ShowFunnel) -> None:
    clinic = Clinic(db, policy)
    staff = Staff(name="이실장", number="S7")
    db.add(staff)
    db.flush()
    who = clinic.patient()
    clinic.visit(who, 1)
    clinic.consult(who, 1, Decision.YES, staff_id=staff.id)
    clinic.fold()
    asker = Context(db, DIRECTOR, policy, at(9), language("en"), private=True)
    reply = show_funnel(replace(asked, by="coordinator"), asker)
    assert reply.data is not None
    assert {cut["value"] for cut in reply.data["cuts"]} == {"S7", None}
    assert "이실장" in {row[0] for b in reply.blocks if isinstance(b, Table) for row in b.rows}


def test_roles_and_branches_hold(context: Context, asked: ShowFunnel) -> None:
    coordinator = Person(1, "이", frozenset({(Role.COORDINATOR, "gangnam")}))
    with pytest.raises(OtherBranch):
        show_funnel(replace(asked, branch="haeundae"), replace(context, person=coordinator))
    administrator = Person(1, "a", frozenset({(Role.ADMINISTRATOR, "*")}))
    with pytest.raises(NotAllowed):
        show_funnel(asked, replace(context, person=administrator))


@pytest.mark.parametrize(
    ("said", "by", "branch"),
    [
        ("2026-10", "", ""),
        ("2026-10 by branch", "branch", ""),
        ("강남 2026-10 실장별", "coordinator", "gangnam"),
        ("2026-10 시술별", "treatment", ""),
        ("haeundae 2026-10 by source", "source", "haeundae"),
    ],
)
def test_words_are_read_in_both_languages(policy: Policy, said: str, by: str, branch: str) -> None:
    command = read_funnel(Words(said, date(2026, 11, 25), policy))
    assert (command.by, command.branch) == (by, branch)
    assert command.first == date(2026, 10, 1)


@pytest.mark.parametrize("said", ["by weather", "날씨별", "lst month"])
def test_an_unknown_word_is_named(policy: Policy, said: str) -> None:
    with pytest.raises(NotUnderstood):
        read_funnel(Words(said, date(2026, 11, 25), policy))


def test_a_cut_compares_its_values_in_a_picture(db: Session, policy: Policy, asked: ShowFunnel) -> None:
    clinic = Clinic(db, policy)
    for number in range(6):
        who = clinic.patient()
        clinic.inquiry(who, 1, channel=("phone", "kakao")[number % 2])
        if number % 2:
            clinic.reservation(who, 2, 4)
    clinic.fold()
    asker = Context(db, DIRECTOR, policy, at(60), language("ko"), private=True)
    picture = next(
        b for b in show_funnel(replace(asked, by="source"), asker).blocks if isinstance(b, Picture)
    )
    assert picture.alt == "문의→예약: 카카오톡 채널 100%*, 전화 0%*"
    aloud = show_funnel(replace(asked, by="source"), replace(asker, private=False))
    shown = next(b for b in aloud.blocks if isinstance(b, Picture))
    assert "카카오톡" not in shown.alt

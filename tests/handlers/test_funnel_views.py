"""/funnel beyond its first answer: what happened, two periods, money, lists of a cut and giving them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import Session

from crm_core.calls.actions import start
from crm_core.errors import NotAllowed, NotUnderstood, StaleButton
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.facts import Decision, Payment
from crm_core.tables.people import Role, Staff, StaffRole
from handlers import pictures
from handlers.funnel import read_funnel, show_funnel
from handlers.funnel_commands import ChooseJourneys, GiveJourneys, OpenJourneys, ShowFunnel, mark_of
from handlers.funnel_lists import choose_journeys, give_journeys, open_journeys
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.reply import Buttons, Picture, Reply, Table, Where
from handlers.language.words import Words
from handlers.menu import MENU, WIRE
from tests.crm_core.kpi.clinics import BRANCH, Clinic, at, scope, worked_example

DIRECTOR = Person(None, "도유경", frozenset({(Role.DIRECTOR, "*")}))


@pytest.fixture
def clinic(db: Session, policy: Policy) -> Clinic:
    return Clinic(db, policy)


@pytest.fixture
def ask(clinic: Clinic) -> Callable[..., Context]:
    def context(day: float = 120, code: str = "en", **options: object) -> Context:
        made = Context(clinic.db, DIRECTOR, clinic.policy, at(day), language(code), private=True, menu=MENU)
        return replace(made, **options)  # type: ignore[arg-type]

    return context


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


def table(reply: Reply) -> Table:
    return next(block for block in reply.blocks if isinstance(block, Table))


def test_what_happened_is_counted_and_not_divided(
    clinic: Clinic, ask: Callable[..., Context], asked: ShowFunnel
) -> None:
    worked_example(clinic)
    reply = show_funnel(replace(asked, activity=True), ask())
    assert (
        "New patients: Inquiry 5 · Reservation 4 · Visit 5 · Consult 5 · Agreed 3 · Treated 3" in reply.text
    )
    assert "%" not in reply.text
    assert reply.data is not None
    assert reply.data["view"] == "activity"
    assert [line["count"] for line in reply.data["stages"]] == [5, 7, 7, 5, 3, 5]
    assert all("conversion" not in line for line in reply.data["stages"])
    assert "발생일" in show_funnel(replace(asked, activity=True), ask(code="ko")).text


def test_the_other_view_is_one_button_away(
    clinic: Clinic, ask: Callable[..., Context], asked: ShowFunnel
) -> None:
    worked_example(clinic)
    happened = buttons(show_funnel(asked, ask()))["What happened in it"]
    assert happened == replace(asked, activity=True)
    assert buttons(show_funnel(replace(asked, activity=True), ask()))["Follow first contacts"] == asked


@pytest.mark.parametrize(
    ("said", "other", "by", "activity"),
    [
        ("2026-10 vs 2026-09", Period.month(2026, 9), "", False),
        ("강남 10월 대 9월 시술별", Period.month(2026, 9), "treatment", False),
        ("10월 9월 비교", Period.month(2026, 9), "", False),
        ("2026-10 by source vs 2026-09", Period.month(2026, 9), "source", False),
        ("10월 발생일 기준", None, "", True),
        ("2026-10 activity by patient", None, "new", True),
        ("10월 급여별", None, "insured", False),
        ("2026-10 by insurance", None, "insured", False),
        ("10월 신환별", None, "new", False),
    ],
)
def test_views_and_cuts_are_read(
    policy: Policy, said: str, other: Period | None, by: str, activity: bool
) -> None:
    command = read_funnel(Words(said, date(2026, 11, 25), policy))
    assert (command.first, command.against, command.by, command.activity) == (
        date(2026, 10, 1),
        other,
        by,
        activity,
    )


def test_a_comparison_without_a_second_period_is_refused(policy: Policy) -> None:
    with pytest.raises(NotUnderstood):
        read_funnel(Words("2026-10 vs tomato", date(2026, 11, 25), policy))


def test_two_periods_stand_side_by_side_at_one_age(clinic: Clinic, ask: Callable[..., Context]) -> None:
    for month, booked in ((0, 30), (30, 6)):
        for number in range(60):
            who = clinic.patient()
            clinic.inquiry(who, month)
            if number < booked:
                clinic.reservation(who, month + 1, month + 2)
    clinic.fold()
    command = ShowFunnel(
        "", date(2026, 10, 1), date(2026, 10, 31), "", False, date(2026, 9, 1), date(2026, 9, 30)
    )
    reply = show_funnel(command, ask(90))
    assert table(reply).rows[0] == ("Inquiry→Reservation", "10% / 50% ▼", "–")
    picture = next(block for block in reply.blocks if isinstance(block, Picture))
    assert "50% → 10% ▼" in picture.alt
    for code in ("ko", "en"):
        assert pictures.draw(picture.chart, language(code)).startswith(b"\x89PNG")  # type: ignore[arg-type]
    assert reply.data is not None
    against = reply.data["stages"][1]["against"]
    assert (against["here"]["converted"], against["there"]["converted"]) == (6, 30)


def test_money_is_said_with_payments_and_never_in_a_channel(
    clinic: Clinic, ask: Callable[..., Context], asked: ShowFunnel
) -> None:
    for day in range(6):
        who = clinic.patient()
        clinic.visit(who, day)
        clinic.consult(who, day, Decision.YES, proposed_amount=500_000, agreed_amount=250_000)
    clinic.fold()
    assert "No payment data, so no amounts" in show_funnel(asked, ask()).text
    clinic.add(Payment, clinic.patients[-1], 6, "paid", amount=250_000)
    clinic.fold()
    said = show_funnel(asked, ask()).text
    assert "Agreed of the amount proposed: 50% (₩1.50M / ₩3.00M)" in said
    aloud = show_funnel(asked, ask(private=False)).text
    assert "₩" not in aloud
    assert "Agreed within 30 days of the consult: 100%* (6/6)" in aloud
    data = show_funnel(asked, ask(as_json=True)).data
    assert data is not None
    assert data["agreed_amount"]["converted"] == 1_500_000
    assert data["agreed_within_30_days"]["base"] == 6


@pytest.mark.parametrize("by", ["source", "treatment", "new", "insured", "branch", "coordinator"])
@pytest.mark.parametrize("activity", [False, True])
def test_a_number_of_a_cut_opens_as_many(
    clinic: Clinic, ask: Callable[..., Context], asked: ShowFunnel, by: str, activity: bool
) -> None:
    worked_example(clinic)
    cut = replace(asked, by=by, activity=activity)
    choose = buttons(show_funnel(cut, ask()))["Show the people"]
    assert isinstance(choose, ChooseJourneys)
    opened = 0
    for value in buttons(choose_journeys(choose, ask())).values():
        assert isinstance(value, ChooseJourneys)
        for label, command in buttons(choose_journeys(value, ask())).items():
            assert WIRE.decode(WIRE.button(command))[1] == command  # type: ignore[arg-type]
            assert isinstance(command, OpenJourneys)
            number = int(label.rsplit(" ", 1)[1])
            assert f" {number} journey" in open_journeys(command, ask()).text
            opened += 1
    assert opened


def test_a_value_that_is_gone_is_out_of_date(
    clinic: Clinic, ask: Callable[..., Context], asked: ShowFunnel
) -> None:
    worked_example(clinic)
    gone = OpenJourneys("", asked.first, asked.last, by=2, value=mark_of("kakao"))
    with pytest.raises(StaleButton):
        open_journeys(gone, ask())


def lead(clinic: Clinic, name: str, role: Role) -> Person:
    staff = Staff(name=name, number=name)
    clinic.db.add(staff)
    clinic.db.flush()
    assert staff.id is not None
    clinic.db.add(StaffRole(staff_id=staff.id, role=role, branch=BRANCH))
    clinic.db.flush()
    return Person(staff.id, name, frozenset({(role, BRANCH)}))


def test_a_list_is_given_to_a_coordinator(
    clinic: Clinic, ask: Callable[..., Context], asked: ShowFunnel
) -> None:
    giver, taker = lead(clinic, "설가온", Role.LEAD), lead(clinic, "국소이", Role.COORDINATOR)
    worked_example(clinic)
    start(clinic.db, clinic.policy, DIRECTOR, BRANCH, at(40))
    context = ask(40, person=giver)
    offered = buttons(show_funnel(replace(asked, branch=BRANCH), context))
    opened = open_journeys(offered["See the undecided (1)"], context)  # type: ignore[arg-type]
    give = buttons(opened)["Give to a coordinator"]
    assert isinstance(give, GiveJourneys)
    whom = buttons(give_journeys(give, context))
    assert list(whom) == ["국소이", "설가온"]
    chosen = whom["국소이"]
    assert isinstance(chosen, GiveJourneys)
    assert chosen.staff == taker.staff_id
    assert WIRE.decode(WIRE.button(chosen))[1] == chosen
    done = give_journeys(chosen, context)
    assert "Nobody of these can be called today." in done.text
    assert "Not given: no phone 1" in done.text
    assert done.where is Where.HERE


def test_only_who_hands_calls_over_gives_a_list(
    clinic: Clinic, ask: Callable[..., Context], asked: ShowFunnel
) -> None:
    worked_example(clinic)
    context = ask(40, person=lead(clinic, "국소이", Role.COORDINATOR))
    pending = buttons(show_funnel(replace(asked, branch=BRANCH), context))["See the undecided (1)"]
    opened = open_journeys(pending, context)  # type: ignore[arg-type]
    assert "Give to a coordinator" not in buttons(opened)
    with pytest.raises(NotAllowed):
        WIRE.item_of(GiveJourneys()).give(GiveJourneys(BRANCH, asked.first, asked.last), context)


def test_who_pays_is_no_reason_to_compare_conversions(
    clinic: Clinic, ask: Callable[..., Context], asked: ShowFunnel
) -> None:
    for covered in (True, False):
        who = clinic.patient()
        clinic.inquiry(who, 1)
        clinic.visit(who, 2)
        clinic.treatment(who, 2, covered=covered)
    clinic.fold()
    reply = show_funnel(replace(asked, by="insured"), ask())
    assert [row[:2] for row in table(reply).rows] == [
        ("covered by insurance", "1"),
        ("not covered", "1"),
    ]
    assert "do not compare their conversions" in reply.text
    assert not any(isinstance(block, Picture) for block in reply.blocks)

"""What was planted in the sample clinic, counted in its rows, and how to find each again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from crm_core.kpi.kpi import Share
from crm_core.phone import last_four
from crm_core.policy.policy import Policy
from crm_core.sample_clinic.clinic import plan as plan_clinic
from crm_core.sample_clinic.life import MONDAY_NO_SHOW, NO_SHOW
from crm_core.sample_clinic.recall import RETURN_ALONE, RETURN_REACHED
from crm_core.sample_clinic.rows import ClinicPlan, ConsultRow
from crm_core.sample_clinic.truth import (
    MISSED,
    agreement,
    cases,
    gaps,
    marked,
    seollal,
)

DROP = -140
_SAYS = {
    "no_show": "of all reservations are no-shows",
    "no_show_on_mondays": "of Monday's reservations are no-shows",
    "loses_at_agreement": "of those consulted at haeundae agree since it began to lose at this stage",
    "steady_at_agreement": "of those consulted at gangnam agree in the same time",
    "recall_lift": "of the due patients who were reached by a call are back within 60 days",
    "family_on_one_phone": "patients, a family, share one phone",
    "minors": "children have no phone of their own: their mothers are called",
    "same_name": "patients have the same name",
    "from_abroad": "patients are from abroad",
    "paused": "patient is paused: a pregnancy",
    "leaver": "patients are owned by a coordinator who has left",
    "missed_middle": "paid courses were left in the middle",
    "payments": "payments",
    "refunds": "refunds",
    "unmarked_day": "reservations were never marked",
    "seollal": "reservations, visits, calls or inquiries on the days of Seollal",
    "promised_call_backs": "call-backs were promised for today",
}


@dataclass(frozen=True)
class PlantedFact:
    """One truth as it came out. Shares are counts of rows; `against` is what a difference is taken to.

    `target`: what was meant, per mille of the share (of the difference, where `against` is given), else
    a count. `count`: how many, where it is no share. `ask`: the command that shows it, `ask_before` the
    one that shows `against`; where there is none, `table` names where it can be read. `days`, `charts`:
    the days and chart numbers that it is about.
    """

    slug: str
    target: int | None = None
    share: Share | None = None
    against: Share | None = None
    count: int | None = None
    won: int | None = None
    ask: str | None = None
    ask_before: str | None = None
    table: str | None = None
    days: tuple[date, ...] = ()
    charts: tuple[str, ...] = ()

    @property
    def points(self) -> float | None:
        """The difference of the two shares as a fraction of one, None where there are not two."""
        if self.share is None or self.against is None:
            return None
        return (self.share.value or 0.0) - (self.against.value or 0.0)

    def line(self) -> str:
        """The fact in one line of English, for the terminal of who tries Dasi."""
        return " · ".join(part for part in (self._number(), self._when(), self._seen()) if part)

    def _number(self) -> str:
        says = _SAYS[self.slug]
        if self.share is None:
            won = f", {self.won:,} won" if self.won is not None else ""
            return f"{self.slug}: {self.count:,} {says}{won}"
        text = f"{self.slug}: {_percent(self.share)} {says}"
        if self.against is None or self.points is None:
            return text
        return f"{text}, {self.points * 100:+.1f} points against {_percent(self.against)}"

    def _when(self) -> str:
        return ", ".join(day.isoformat() for day in self.days)

    def _seen(self) -> str:
        asks = " and ".join(f'ask "{text}"' for text in (self.ask, self.ask_before) if text)
        few = f"charts {' '.join(self.charts[:4])}" if 0 < len(self.charts) <= 8 else ""
        table = f"tables {self.table}" if self.table else ""
        return " · ".join(part for part in (asks, table, few) if part)


def _percent(share: Share) -> str:
    return f"{(share.value or 0.0) * 100:.1f} % ({share.numerator:,} of {share.denominator:,})"


def facts(seed: int, today: date, policy: Policy) -> tuple[PlantedFact, ...]:
    """What is planted in the sample clinic of this seed and day."""
    return facts_of(plan_clinic(seed, today, policy), policy)


def facts_of(plan: ClinicPlan, policy: Policy) -> tuple[PlantedFact, ...]:
    """Every planted truth of a clinic that is already made."""
    return (
        *_no_shows(plan),
        *_funnel(plan),
        _lift(plan, policy),
        *_people(plan),
        *_money(plan, policy),
        *_days(plan, policy),
        *_promises(plan),
    )


def _span(first: date, last: date) -> str:
    return f"{first}..{last}"


def _no_shows(plan: ClinicPlan) -> tuple[PlantedFact, ...]:
    span = _span(plan.start, plan.today - timedelta(1))
    rows = marked(plan)
    mondays = [row for row in rows if row.starts_at.weekday() == 0]
    return tuple(
        PlantedFact(
            slug,
            target=target,
            share=Share(sum(row.state == MISSED for row in of), len(of)),
            ask=f"/noshow {span}{cut}",
        )
        for slug, target, of, cut in (
            ("no_show", NO_SHOW, rows, ""),
            ("no_show_on_mondays", MONDAY_NO_SHOW, mondays, " by weekday"),
        )
    )


def _funnel(plan: ClinicPlan) -> tuple[PlantedFact, ...]:
    since, last = plan.planted.loses_since, plan.today - timedelta(1)

    def of(branch: str, rows: Iterable[ConsultRow], *, after: bool) -> Share:
        return agreement(
            plan,
            [row for row in rows if row.branch == branch and (row.first_contact_on >= since) is after],
        )

    branches = sorted({row.branch for row in plan.patients})
    return tuple(
        PlantedFact(
            "loses_at_agreement" if branch == plan.planted.loses_branch else "steady_at_agreement",
            target=DROP if branch == plan.planted.loses_branch else 0,
            share=of(branch, plan.consults, after=True),
            against=of(branch, plan.consults, after=False),
            ask=f"/funnel {_span(since, last)} by branch",
            ask_before=f"/funnel {_span(plan.start, since - timedelta(1))} by branch",
            days=(since,),
        )
        for branch in reversed(branches)
    )


def _lift(plan: ClinicPlan, policy: Policy) -> PlantedFact:
    found = cases(plan, policy)
    reached = [case for case in found if case.reached]
    alone = [case for case in found if not case.reached]
    return PlantedFact(
        "recall_lift",
        target=RETURN_REACHED - RETURN_ALONE,
        share=Share(sum(case.returned for case in reached), len(reached)),
        against=Share(sum(case.returned for case in alone), len(alone)),
        table="treatment_done, visit, call, reservation",
    )


def _people(plan: ClinicPlan) -> tuple[PlantedFact, ...]:
    planted = plan.planted
    by_chart = {row.chart_no: row for row in plan.patients}
    phone = by_chart[planted.family[0]].phone or ""
    name = by_chart[planted.same_name[0]].name
    abroad = tuple(row.chart_no for row in plan.patients if row.language != "ko")
    owned = tuple(row.chart_no for row in plan.patients if row.owner == planted.leaver)
    paused = by_chart[planted.paused]
    return (
        PlantedFact(
            "family_on_one_phone",
            target=4,
            count=sum(row.phone == phone for row in plan.patients),
            ask=f"/caller {last_four(phone)}",
            charts=planted.family,
        ),
        PlantedFact("minors", target=2, count=len(planted.minors), ask=f"/why {planted.minors[0]}",
                    charts=planted.minors),
        PlantedFact("same_name", target=2, count=sum(row.name == name for row in plan.patients),
                    ask=f"/patient {name}", charts=planted.same_name),
        PlantedFact("from_abroad", count=len(abroad), ask=f"/patient {abroad[0]}", charts=abroad),
        PlantedFact("paused", target=1, count=sum(row.status == "paused" for row in plan.patients),
                    ask=f"/why {planted.paused}", charts=(planted.paused,),
                    days=(paused.paused_until,) if paused.paused_until else ()),
        PlantedFact("leaver", count=len(owned), table="staff, patient",
                    days=tuple(row.left_on for row in plan.staff if row.left_on)),
    )  # fmt: skip


def _money(plan: ClinicPlan, policy: Policy) -> tuple[PlantedFact, ...]:
    broken = gaps(plan, policy)
    refunds = [row for row in plan.payments if row.refund]
    return (
        PlantedFact("missed_middle", count=len(broken), table="course, treatment_done, reservation",
                    charts=tuple(row.chart_no for row in broken)),
        PlantedFact("payments", count=sum(row.amount > 0 for row in plan.payments),
                    won=sum(row.amount for row in plan.payments), table="payment"),
        PlantedFact("refunds", count=len(refunds), won=sum(row.refund for row in refunds), table="payment"),
    )  # fmt: skip


def _days(plan: ClinicPlan, policy: Policy) -> tuple[PlantedFact, ...]:
    planted = plan.planted
    day = planted.unmarked_on
    unmarked = [
        row
        for row in plan.reservations
        if row.state == "booked" and row.starts_at.date() == day and row.branch == planted.unmarked_branch
    ]
    closed = seollal(plan, policy)
    facts = [
        PlantedFact("unmarked_day", count=len(unmarked), ask=f"/noshow {_span(day, day)} by branch",
                    days=(day,), charts=tuple(row.chart_no for row in unmarked))
    ]  # fmt: skip
    if closed:
        on = set(closed)
        facts.append(
            PlantedFact(
                "seollal",
                target=0,
                count=sum(row.starts_at.date() in on for row in plan.reservations)
                + sum(row.at.date() in on for row in plan.visits)
                + sum(row.at.date() in on for row in plan.calls)
                + sum(row.at.date() in on for row in plan.inquiries),
                ask=f"/noshow {_span(closed[0], closed[-1])}",
                days=closed,
            )
        )
    return tuple(facts)


def _promises(plan: ClinicPlan) -> tuple[PlantedFact, ...]:
    """Call-backs that were promised for today, or for the open day before and not kept."""
    talked: dict[str, date] = {}
    for call in plan.calls:
        if call.kind == "recall" and call.outcome != "no_answer":
            talked[call.chart_no] = call.at.date()
    due = [
        call
        for call in plan.calls
        if call.promised_on is not None
        and plan.today - timedelta(6) <= call.promised_on <= plan.today
        and talked.get(call.chart_no) == call.at.date()
    ]
    return (
        PlantedFact("promised_call_backs", count=len(due), ask="/calls",
                    charts=tuple(call.chart_no for call in due)),
    )  # fmt: skip

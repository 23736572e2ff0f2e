"""What `agreement`, `courses` count, in the shape of the catalogue."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlmodel import Session

from crm_core.kpi.agreement import Counted, agreement_amounts, agreement_shares, same_day_shares
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.courses import course_completion
from crm_core.kpi.kpi import Figure, KpiCut, Unit
from crm_core.kpi.rows import Ask, Figured, Found, Value
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope

CUTS = tuple(cut for cut in KpiCut if cut.value in set(JourneyCut))
COURSE_CUTS = (KpiCut.BRANCH, KpiCut.SOURCE, KpiCut.TREATMENT, KpiCut.COORDINATOR)
_Counting = Callable[[Session, Scope, Policy, datetime, JourneyCut | None], Mapping[Value, Counted]]


def _counted(count: _Counting, *, money: bool = False) -> Figured:
    def figures(ask: Ask) -> dict[Value, Found]:
        by = JourneyCut(ask.by.value) if ask.by else None
        found = count(ask.db, ask.scope, ask.policy, ask.now, by)
        return {
            value: Found(
                Figure(
                    Unit.SHARE,
                    one.share.numerator,
                    one.share.denominator,
                    of=one.cases if money else None,
                ),
                one.out,
            )
            for value, one in found.items()
        }

    return Figured(figures)


AGREED = _counted(agreement_shares)
AGREED_SAME_DAY = _counted(same_day_shares)
AGREED_AMOUNT = _counted(agreement_amounts, money=True)
COURSES = _counted(course_completion)

"""The map of returns by month of treatment, as it is asked for."""

import pytest

from crm_core.errors import NotUnderstood
from handlers.charts import HeatMap
from handlers.language.reply import Picture
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker


@pytest.mark.parametrize("text", ["/kpi return by cohort", "/지표 재내원율 코호트별", "/kpi 재내원율 월별"])
def test_it_is_asked_for_in_both_languages(coordinator: Asker, text: str) -> None:
    data = coordinator.data(text)
    assert (data["command"], data["view"], len(data["rows"])) == ("kpi", "cohort", 12)


def test_a_month_with_nobody_treated_says_nothing(coordinator: Asker) -> None:
    rows = coordinator.data("/kpi return by cohort")["rows"]
    assert all(row["treated"] == 0 and set(row["value"]) == {None} for row in rows)


def test_the_picture_and_the_table_have_a_row_a_month(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 200)
    reply = coordinator.types("/kpi return by cohort")
    (chart,) = [block.chart for block in reply.blocks if isinstance(block, Picture)]
    assert isinstance(chart, HeatMap)
    assert [row.count for row in chart.rows].count("1") == 1
    assert "1" in coordinator.reads("/kpi return by cohort")


def test_no_other_number_has_cohorts(coordinator: Asker) -> None:
    with pytest.raises(NotUnderstood):
        coordinator.types("/kpi no_show by cohort")

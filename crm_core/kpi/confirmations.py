"""내원 확인율: confirmed ÷ reminders delivered on two-way channels; none are sent yet, so nobody can say."""

from collections.abc import Iterator

from crm_core.kpi.rows import Ask, Cases, Row


def _none(_ask: Ask) -> Iterator[Row]:
    return iter(())


CONFIRMED = Cases(_none, lambda _ask: "no_reminders")

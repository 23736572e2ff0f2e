"""The funnel as the process answers it, against the count of the rows."""

from collections.abc import Iterable
from typing import Any

from tests.story_data.counted import CUTS, STAGES, Journey, Numbers, count
from tests.story_data.names import NOW

AT = NOW.isoformat()


def of_period(journeys: Iterable[Journey], period: str) -> list[Journey]:
    """The journeys whose first contact is in a period: 2025-03, 2025-03-01..2025-03-31."""
    first, _, last = period.partition("..")
    return [one for one in journeys if first <= f"{one.first_at:%Y-%m-%d}"[: len(first)] <= (last or first)]


def answered(stages: list[dict[str, Any]]) -> Numbers:
    """The process's stages in the words of the count: a pair stands at its earlier stage."""
    numbers: Numbers = {}
    for place, stage in enumerate(stages):
        following = stages[place + 1] if place + 1 < len(stages) else None
        pair = following or {}
        so_far = pair.get("so_far") or {}
        numbers[stage["stage"]] = {
            "count": stage["count"],
            "entered": stage["entered"],
            "base": pair.get("base", 0),
            "converted": pair.get("converted", 0),
            "open": pair.get("open", 0),
            "so_base": so_far.get("base", 0),
            "so_converted": so_far.get("converted", 0),
        }
    return numbers


def differences(ours: Numbers, theirs: Numbers, where: str) -> list[str]:
    """Every number that is not the same, in words."""
    return [
        f"{where}: {stage} {name}: counted {number}, answered {theirs[stage][name]}"
        for stage in STAGES
        for name, number in ours[stage].items()
        if number != theirs[stage][name]
    ]


def whole(journeys: list[Journey], answer: dict[str, Any]) -> list[str]:
    """What differs in the funnel of all, of new and of returning patients, and in what stands beside."""
    found = []
    parts = {"all": (journeys, answer["stages"])}
    for name, is_new in (("new", True), ("returning", False)):
        parts[name] = ([one for one in journeys if one.is_new is is_new], answer[name]["stages"])
    for name, (some, stages) in parts.items():
        ours = count(some).get("") or count_of_none()
        found += differences(ours, answered(stages), name)
    without = sum(1 for one in journeys if one.treatments and not one.consults)
    if without != answer["without_consult"]:
        found.append(f"without a consult: counted {without}, answered {answer['without_consult']}")
    return found


def cut(journeys: list[Journey], by: str, answer: dict[str, Any]) -> list[str]:
    """What differs under a cut, value by value, and between the sum of the values and the whole."""
    ours = count(journeys, by)
    theirs = {cell["value"]: answered(cell["stages"]) for cell in answer["cuts"]}
    found = []
    for value in {*ours, *theirs}:
        mine, said = ours.get(value) or count_of_none(), theirs.get(value) or count_of_none()
        found += differences(mine, said, f"{by} {value}")
    if by == "treatment":  # whoever came for two stands under each, and once in the whole
        journeys = [one for one in journeys for _ in one.values(by, "")]
    summed = _added(theirs.values())
    return found + differences(count(journeys).get("") or count_of_none(), summed, f"sum over {by}")


def count_of_none() -> Numbers:
    return answered([{"stage": stage, "count": 0, "entered": 0} for stage in STAGES])


def _added(cells: Iterable[Numbers]) -> Numbers:
    total = count_of_none()
    for cell in cells:
        for stage, numbers in cell.items():
            for name, number in numbers.items():
                total[stage][name] += number
    return total


__all__ = ["AT", "CUTS", "cut", "of_period", "whole"]

"""Which profile reads a file is told by its headers; several branches may each have their own."""

from dataclasses import replace

import pytest

from crm_core.imports.complaint import FileRefused, RefusedFor
from crm_core.imports.guess import guess, profile_for
from crm_core.policy.policy import ExportProfile, Policy
from tests.clinic import policy


def profile(name: str, chart: str, moment: str, branch: str | None = None, **more: str) -> ExportProfile:
    columns = {"chart_no": chart, "starts_at": moment, **more}
    return ExportProfile(name, "reservations", columns, {}, {}, branch=branch)


def with_profiles(*profiles: ExportProfile) -> Policy:
    return replace(policy(), mappings={one.name: one for one in profiles})


OTHERS = with_profiles(
    profile("north", "고객번호", "예약시각", "gangnam"),
    profile("south", "회원번호", "예약시각", "haeundae"),
    profile("any", "차트", "일시"),
)
SAME = with_profiles(
    profile("north", "고객번호", "예약시각", "gangnam"),
    profile("south", "고객번호", "예약시각", "haeundae"),
)


@pytest.mark.parametrize(
    ("header", "branch", "name"),
    [
        ("고객번호,예약시각", None, "north"),
        ("회원번호,예약시각", None, "south"),
        ("차트,일시", "haeundae", "any"),
        ("chart_no,starts_at", None, None),
        ("고객번호,예약시각", "haeundae", None),
        ("nothing,known", None, None),
    ],
)
def test_the_headers_tell_the_profile(header: str, branch: str | None, name: str | None) -> None:
    data = f"{header}\n1,2026-12-01\n".encode()
    assert profile_for(data, "reservations", OTHERS, branch) == name
    assert profile_for(data, "visits", OTHERS, branch) is None


@pytest.mark.parametrize(("branch", "name"), [("gangnam", "north"), ("해운대점", "south")])
def test_of_equal_profiles_the_branchs_own_is_taken(branch: str, name: str) -> None:
    data = "고객번호,예약시각\n1,2026-12-01\n".encode()
    assert profile_for(data, "reservations", SAME, branch) == name
    assert guess(data, "export.csv", SAME, branch) == ("reservations", name)


def test_equal_profiles_of_several_branches_need_a_branch() -> None:
    with pytest.raises(FileRefused) as refused:
        guess("고객번호,예약시각\n1,2026-12-01\n".encode(), "export.csv", SAME)
    assert refused.value.why is RefusedFor.WHICH_BRANCH
    assert refused.value.found == ("gangnam", "haeundae")


def test_the_name_of_the_file_decides_between_kinds_that_both_fit() -> None:
    data = b"chart_no,arrived_at,starts_at\n1,2026-12-01,2026-12-01\n"
    assert guess(data, "visits.csv", policy()) == ("visits", None)
    assert guess(data, "reservations-2026.csv", policy()) == ("reservations", None)

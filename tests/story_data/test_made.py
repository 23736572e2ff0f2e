"""The made-up export: so many rows, and 37 mistakes that the importer finds where they stand."""

import shutil
from pathlib import Path

import pytest

from bot.config import load
from crm_core.imports.complaint import Problem
from crm_core.imports.stage import stage
from crm_core.policy.policy import Policy
from handlers.complaints import KOREAN
from tests.clinic import TODAY
from tests.story_data.clinic import configuration
from tests.story_data.counted import CUTS, count, journeys
from tests.story_data.made import export, right
from tests.story_data.names import ODD
from tests.story_data.planted import MISTAKES, Planted, planted
from tests.story_data.shapes import SHAPES, Row, texts, write

SIZE = 3_000

Rows = dict[str, list[Row]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    return export(SIZE)


@pytest.fixture(scope="module")
def files(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("story")
    return {kind: write(folder, kind, rows[kind]) for kind in SHAPES}


@pytest.fixture(scope="module")
def story_policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("config")
    policy = load(configuration(folder), {}, TODAY).policy
    shutil.rmtree(folder)
    return policy


def test_there_are_as_many_rows_as_asked_for_and_37_mistakes(rows: Rows) -> None:
    assert sum(map(len, rows.values())) == SIZE
    assert len(MISTAKES) == len(planted(rows)) == 37
    assert len({mistake.sort for mistake in MISTAKES}) > 25
    assert all(rows[kind] for kind in SHAPES)


def test_the_same_seed_is_the_same_clinic(rows: Rows) -> None:
    assert export(SIZE) == rows
    assert export(SIZE, seed=1) != rows


def test_what_is_written_is_of_cp949_and_not_of_euc_kr(files: dict[str, Path]) -> None:
    text = files["patients"].read_bytes()
    assert ODD.encode("cp949") in text
    with pytest.raises(UnicodeDecodeError):
        text.decode("euc-kr")


@pytest.mark.parametrize("kind", SHAPES)
def test_the_importer_refuses_the_planted_rows_and_no_other(
    kind: str, rows: Rows, files: dict[str, Path], story_policy: Policy
) -> None:
    with files[kind].open("rb") as file:
        staged = stage(file, kind, story_policy, KOREAN, mapping=f"story-{kind}")
    mistakes = [one for one in planted(rows) if one.kind == kind]
    assert [row.line for row in staged.refused] == [one.line for one in mistakes]
    assert len(staged.rows) == len(right(rows)[kind])
    for refused, mistake in zip(staged.refused, mistakes, strict=True):
        (complaint,) = refused.complaints
        assert complaint.column == mistake.column
        assert complaint.problem is not Problem.CONTROL


def test_a_mistake_stands_where_it_is_said_to(rows: Rows, files: dict[str, Path]) -> None:
    one: Planted = next(one for one in planted(rows) if one.sort == "an unknown state")
    lines = files["reservations"].read_text("cp949").splitlines()
    assert "글쎄요" in lines[one.line - 1]
    assert list(one.cells) == texts(
        SHAPES["reservations"], rows["reservations"][one.line - SHAPES["reservations"].first_line]
    )


def test_the_count_adds_up_over_the_values_of_a_cut(rows: Rows) -> None:
    found = journeys(right(rows))
    whole = count(found)[""]
    for by in CUTS:
        if by != "treatment":  # two families of one journey count under each
            cells = count(found, by).values()
            for stage_, numbers in whole.items():
                for name, number in numbers.items():
                    assert sum(cell[stage_][name] for cell in cells) == number
    assert whole["inquiry"]["converted"] < whole["inquiry"]["base"] < whole["inquiry"]["so_base"]

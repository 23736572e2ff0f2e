"""Any mutation of config.yaml is a ConfigError with a line, or a file that reads."""

import json
from functools import lru_cache
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import load
from tests.bot.told import SOURCE, Told
from tests.clinic import ROOT, TODAY

JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[str | int, ...]] = []
    for key, below in inner:
        found.append((*path, key))
        if isinstance(below, dict | list):
            found += _places(below, (*path, key))
    return found


@lru_cache(maxsize=1)
def _plain() -> Any:
    # BaseLoader reads texts only; numbers and truths are restored so that the file stays right.
    return _typed(yaml.load(SOURCE, Loader=yaml.BaseLoader))


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_typed(below) for below in value]
    if value in ("true", "false"):
        return value == "true"
    if value.isdigit() and not value.startswith("0"):
        return int(value)
    return float(value) if value == "0.0" else value


def _changed(value: Any, path: tuple[str | int, ...], change: str, junk: Any) -> Any:
    """A copy of `value` with the place at `path` dropped, renamed or replaced."""
    head, rest = path[0], path[1:]
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    found: list[tuple[Any, Any]] = []
    for key, below in items:
        if key != head:
            found.append((key, below))
        elif rest:
            found.append((key, _changed(below, rest, change, junk)))
        elif change == "replace":
            found.append((key, junk))
        elif change == "rename":
            found.append((f"{key}{junk}", below))
    return dict(found) if isinstance(value, dict) else [below for _, below in found]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_mutation_of_the_file_reads_or_is_a_config_error_with_a_line(
    data: st.DataObject, told: Told
) -> None:
    path = data.draw(st.sampled_from(_places(_plain())))
    change = data.draw(st.sampled_from(["drop", "rename", "replace"]))
    mutated = _changed(_plain(), path, change, data.draw(JUNK))
    text = json.dumps(mutated, ensure_ascii=False, indent=1)  # YAML too, and written faster
    lines = told.lines(text)
    assert lines is None or lines
    assert all(0 < line <= text.count("\n") + 1 for line in lines or ())


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(SOURCE)), length=st.integers(0, 60), junk=st.text(max_size=4))
def test_any_damage_to_the_text_reads_or_is_a_config_error_with_a_line(
    told: Told, at: int, length: int, junk: str
) -> None:
    junk = junk.encode("utf-8", "ignore").decode()
    text = SOURCE[:at] + junk + SOURCE[at + length :]
    lines = told.lines(text)
    assert lines is None or lines
    assert all(line > 0 for line in lines or ())


def test_the_unchanged_file_survives_the_round_trip_of_the_mutation_test(told: Told) -> None:
    text = yaml.safe_dump(_plain(), allow_unicode=True, sort_keys=False)
    assert told.load(text).policy == load(ROOT / "config.yaml", {}, TODAY).policy

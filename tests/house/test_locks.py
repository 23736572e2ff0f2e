"""Both locks name exact versions and hashes, no address, and what pyproject.toml asks for."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.files import locked, names_in, read

LOCKS = ("requirements.lock", "requirements-dev.lock")
PYPROJECT = tomllib.loads(read("pyproject.toml"))
RUN = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
DEV = [Requirement(text) for text in PYPROJECT["dependency-groups"]["dev"]]


@pytest.mark.parametrize("name", LOCKS)
def test_each_package_is_pinned_with_hashes(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z])", read(name))
    packages = [block for block in blocks if not block.startswith("#")]
    assert packages
    for block in packages:
        assert re.match(r"[a-z0-9.-]+(\[[a-z,]+\])?==[\w.]+( ; .+)? \\\n", block), block[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:60]


@pytest.mark.parametrize("name", LOCKS)
def test_no_address_stands_in_a_lock(name: str) -> None:
    assert not re.findall(r"\S+://\S+|^--?(?:index|extra|find|trusted|f\b|i\b).*", read(name), re.MULTILINE)


@pytest.mark.parametrize(("wanted", "name"), [(RUN, LOCKS[0]), (RUN + DEV, LOCKS[1])])
def test_a_lock_has_what_pyproject_asks_for(wanted: list[Requirement], name: str) -> None:
    pins = locked(name)
    for requirement in wanted:
        found = [pin for pin in pins if same(pin, requirement)]
        assert found, f"{requirement}: not in {name}; run make lock"
        for pin in found:
            version = str(pin.specifier).removeprefix("==")
            assert requirement.specifier.contains(version), f"{requirement}: {pin}; run make lock"


def test_developers_run_the_versions_that_the_clinic_runs() -> None:
    assert {str(pin) for pin in locked(LOCKS[0])} <= {str(pin) for pin in locked(LOCKS[1])}


def test_the_notice_names_each_package_that_is_installed_for_the_clinic() -> None:
    words = set(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", read("NOTICE")))
    assert not names_in(locked(LOCKS[0])) - words


def same(one: Requirement, other: Requirement) -> bool:
    return canonicalize_name(one.name) == canonicalize_name(other.name)

"""The image is not built here, so what can be wrong in its files is read from them."""

import re
import tomllib

import pytest
import yaml

from tests.house.files import ROOT, read


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile and their words, comments left out and lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(word.upper(), rest.strip()) for word, rest in pairs]


DOCKERFILE = instructions(read("Dockerfile"))
COPIED = [path for word, rest in DOCKERFILE if word in {"COPY", "ADD"} for path in rest.split()[:-1]]


def admits(path: str) -> bool:
    """Whether .dockerignore, which shuts out everything first, lets a path in again."""
    return f"!{path.removeprefix('./')}" in read(".dockerignore").splitlines()


@pytest.mark.parametrize("path", COPIED)
def test_each_copied_path_exists_and_reaches_the_builder(path: str) -> None:
    assert (ROOT / path).exists()
    assert admits(path)


def test_the_rooms_and_the_settings_are_copied() -> None:
    needed = {"bot", "jobs", "handlers", "crm_core", "config.yaml", "requirements.lock"}
    assert needed <= set(COPIED)


def test_no_secret_and_no_data_are_copied() -> None:
    assert not {".", "./", ".env", "var", "imports"} & set(COPIED)
    assert not any(admits(path) for path in (".env", "var", "imports"))


def test_the_base_is_pinned_to_a_patch_version() -> None:
    bases = [rest for word, rest in DOCKERFILE if word == "FROM"]
    assert bases
    for base in bases:
        assert re.fullmatch(r"[\w/.-]+:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?", base)


def test_the_base_is_a_python_that_the_project_takes() -> None:
    base = next(rest for word, rest in DOCKERFILE if word == "FROM")
    least = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"]
    assert least == ">=3.11"
    assert base.startswith("python:3.11.")


def test_the_user_is_not_root() -> None:
    users = [rest for word, rest in DOCKERFILE if word == "USER"]
    assert users
    assert users[-1].split(":")[0] not in {"root", "0"}


def test_packages_are_installed_by_their_hashes() -> None:
    installs = [rest for word, rest in DOCKERFILE if word == "RUN" and "pip install" in rest]
    assert installs
    assert all("--require-hashes" in rest for rest in installs)


def test_the_command_is_the_bots_own() -> None:
    assert DOCKERFILE[-1] == ("CMD", '["python", "-m", "bot", "run"]')


def test_the_header_says_that_the_tests_do_not_build_it() -> None:
    assert "tests do not build it" in read("Dockerfile").split("FROM")[0]


def test_compose_is_the_bot_and_a_pinned_postgresql_with_health_checks() -> None:
    services = yaml.safe_load(read("compose.yaml"))["services"]
    assert set(services) == {"bot", "database"}
    assert re.fullmatch(r"postgres:\d+\.\d+[\w.-]*", services["database"]["image"])
    for service in services.values():
        assert service["healthcheck"]["test"][0] == "CMD"
        assert "ports" not in service
    assert services["bot"]["depends_on"]["database"]["condition"] == "service_healthy"


def test_compose_holds_no_secret() -> None:
    services = yaml.safe_load(read("compose.yaml"))["services"]
    for service in services.values():
        for name, value in service["environment"].items():
            if re.search("PASSWORD|KEY|TOKEN|SECRET", name):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value)
    assert not re.search(r"://[^/\s]*:[^/\s]*@", read("compose.yaml"))

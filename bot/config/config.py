"""One frozen Config out of config.yaml and the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr

from bot.config.build import build
from bot.config.models import FileModel
from bot.config.origins import lines_of
from bot.config.problems import ConfigError, Problem
from bot.config.reading import read
from crm_core.policy.policy import Policy

DEFAULT_DATABASE = "sqlite:///var/dasi.db"
DEFAULT_IMPORT_INBOX = "imports/inbox"
DEFAULT_HEALTH_BIND = "127.0.0.1:8080"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class Config:
    """Everything the process is told from outside; secrets do not show in its repr."""

    path: Path
    today: date
    policy: Policy = field(repr=False)
    database_url: str = field(repr=False)  # may hold a password
    data_key: SecretStr | None
    health_bind: str
    import_inbox: Path  # watched where it is a folder
    log_level: str


def load(path: Path, env: Mapping[str, str], today: date) -> Config:
    """The configuration in a file and an environment (see `environment`).

    Public holidays are known from 2015 to ten years after `today`. Raises ConfigError with every
    mistake of both.
    """
    wrong = _environment_mistakes(env)
    try:
        file, _ = read(path)
    except ConfigError as error:
        raise ConfigError([*error.problems, *wrong]) from None
    if wrong:
        raise ConfigError(wrong)
    key = env.get("DATA_KEY", "").strip()
    return Config(
        path=path,
        today=today,
        policy=build(file, today),
        database_url=_of(env, "DATABASE_URL", DEFAULT_DATABASE),
        data_key=SecretStr(key) if key else None,
        import_inbox=Path(_of(env, "IMPORT_INBOX", DEFAULT_IMPORT_INBOX)),
        health_bind=_of(env, "HEALTH_BIND", DEFAULT_HEALTH_BIND),
        log_level=_of(env, "LOG_LEVEL", "INFO").upper(),
    )


def environment(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """`.env` of a folder under the environment handed in: what stands in `env` wins."""
    written = dotenv_values(folder / ".env", interpolate=False)
    return {name: value for name, value in written.items() if value is not None} | dict(env)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of config.yaml."""
    return FileModel.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def policy_lines(config: Config) -> list[tuple[str, str, str]]:
    """(path, value, where it comes from) of every value of the policy; the file is read again.

    The origin is `config.yaml:41`, `default`, or the holidays library.
    """
    file, document = read(config.path)
    return lines_of(file, document, config.policy)


def _of(env: Mapping[str, str], name: str, default: str) -> str:
    return env.get(name, "").strip() or default


def _environment_mistakes(env: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the variables; none of their values is said, they may be secret."""
    url = _of(env, "DATABASE_URL", DEFAULT_DATABASE)
    bind = _of(env, "HEALTH_BIND", DEFAULT_HEALTH_BIND)
    found: list[Problem] = []
    if not re.match(r"sqlite:///\S|postgresql(\+psycopg)?://", url):
        said = "DATABASE_URL: no database Dasi can open; write sqlite:///var/dasi.db or postgresql://…"
        found.append(Problem("environment", 0, said))
    port = re.fullmatch(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})", bind)
    if port is None or not 0 < int(port[1]) < 65536:
        said = f"HEALTH_BIND: not an address and a port; write {DEFAULT_HEALTH_BIND}"
        found.append(Problem("environment", 0, said))
    if _of(env, "LOG_LEVEL", "INFO").upper() not in LEVELS:
        said = f"LOG_LEVEL: not a level; write one of {', '.join(LEVELS)}"
        found.append(Problem("environment", 0, said))
    return found

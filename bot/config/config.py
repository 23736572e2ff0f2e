"""One frozen Config out of config.yaml and the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr

from bot.config.build import build
from bot.config.document import parse
from bot.config.models import FileModel
from crm_core.policy.policy import Policy

DEFAULT_DATABASE = "sqlite:///var/dasi.db"
DEFAULT_HEALTH_BIND = "127.0.0.1:8080"


@dataclass(frozen=True)
class Config:
    """Everything the process is told from outside; secrets do not show in its repr."""

    path: Path
    policy: Policy
    database_url: str = field(repr=False)
    data_key: SecretStr | None
    health_bind: str
    log_level: str


def load(path: Path, env: Mapping[str, str], today: date) -> Config:
    document = parse(path.name, path.read_text("utf-8"))
    file = FileModel.model_validate(document.data)
    key = env.get("DATA_KEY", "").strip()
    return Config(
        path=path,
        policy=build(file, today),
        database_url=env.get("DATABASE_URL") or DEFAULT_DATABASE,
        data_key=SecretStr(key) if key else None,
        health_bind=env.get("HEALTH_BIND") or DEFAULT_HEALTH_BIND,
        log_level=env.get("LOG_LEVEL") or "INFO",
    )


def environment(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """`.env` of a folder under the environment handed in: what stands in `env` wins."""
    written = dotenv_values(folder / ".env", interpolate=False)
    return {k: v for k, v in written.items() if v is not None} | dict(env)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of config.yaml."""
    return FileModel.model_json_schema()


def policy_lines(config: Config) -> list[tuple[str, str, str]]:
    return []

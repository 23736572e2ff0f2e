"""config.yaml and the environment, read once into one frozen Config; says every mistake at once."""

from bot.config.config import Config, environment, json_schema, load, policy_lines
from bot.config.problems import ConfigError

__all__ = ["Config", "ConfigError", "environment", "json_schema", "load", "policy_lines"]

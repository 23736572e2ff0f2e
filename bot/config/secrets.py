"""A secret in config.yaml is refused, and never said back."""

import re

from bot.config.document import Document
from bot.config.problems import Path, Problem, dotted

TOKEN = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]{4,}"  # Slack bot and user tokens
    r"|xapp-[A-Za-z0-9-]{4,}"  # Slack app-level token
    r"|\b\d{5,12}:AA[A-Za-z0-9_-]{3,}|\b\d{8,12}:[A-Za-z0-9_-]{30,}"  # Telegram bot token
    r"|\w{2,20}(?:\+\w+)?://[^\s:/@]*:[^\s@/]+@"  # an address with a password in it
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
)
WORD = re.compile(r"[a-z]+|[가-힣]+")
NAMES = frozenset(
    {
        "token",
        "secret",
        "password",
        "passwd",
        "passphrase",
        "key",
        "apikey",
        "credential",
        "비밀번호",
        "토큰",
    }
)
REMEDY = "a secret; config.yaml is no place for it: write it into .env (see .env.example)"


def secrets_in(file: str, text: str) -> list[Problem]:
    """Tokens anywhere in the file, comments included, by line."""
    lines = enumerate(text.splitlines(), 1)
    return [Problem(file, number, f"this line holds {REMEDY}") for number, s in lines if TOKEN.search(s)]


def secret_keys(document: Document) -> list[Problem]:
    """Values under a key whose name says that it is a secret."""
    return [
        Problem(document.file, document.line(path), f"{dotted(path)} is {REMEDY}")
        for path, value in document.leaves()
        if value not in (None, "") and _named_secret(path)
    ]


def _named_secret(path: Path) -> bool:
    if path[:1] == ("imports",) and path[2:3] in (("values",), ("columns",)):
        return False
    words = (word for part in path if isinstance(part, str) for word in _words(part))
    return any(word in NAMES or word.removesuffix("s") in NAMES for word in words)


def _words(key: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key)
    return WORD.findall(spaced.casefold())


def without_secrets(problems: list[Problem], secret: list[Problem]) -> list[Problem]:
    """All mistakes, those that could say a secret back left out or blackened."""
    by_line = {problem.line: problem for problem in secret}
    rest = (p for p in problems if p.line not in by_line)
    kept = [*by_line.values(), *rest]
    return [Problem(p.file, p.line, TOKEN.sub("***", p.text)) for p in kept]

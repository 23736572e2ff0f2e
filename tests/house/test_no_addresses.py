"""No committed file names a package host or a path of somebody's machine."""

import re

import pytest

from tests.house.files import ROOT, committed

# Written so that this file does not name what it forbids.
HOSTS = re.compile(
    r"p[y]thonhosted\.org|p[y]pi\.org|registry\.n[p]mjs|d[e]b\.debian\.org|u[n]pkg\.com"
    r"|cdn\.j[s]delivr|--(?:extra-)?index-url[= ]\S*://"
)
PLACES = re.compile(r"(?<![\w.~:-])/(?:w[o]rk|t[m]p|o[p]t|r[o]ot|h[o]me)(?:/|\b(?!-))|[.]l[i]brary\b")
BINARY = {".png", ".jpg", ".xlsx", ".mo", ".pdf", ".ico", ".otf", ".woff2"}


def named(text: str) -> list[str]:
    """The package hosts and machine paths that a text names."""
    return HOSTS.findall(text) + PLACES.findall(text)


def test_no_committed_file_names_a_host_or_a_machine() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {word}"
        for file in committed()
        if file.suffix not in BINARY
        for word in named(file.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    ["https://pypi!org/simple", "see |work/main", "'|tmp/x.db'", "open('|root/.env')", "!library"],
)
def test_a_host_or_a_path_of_a_machine_is_found(text: str) -> None:
    assert named(text.replace("|", "/").replace("!", "."))


@pytest.mark.parametrize(
    "text", ["docs/work/notes", "/usr/lib/postgresql", "call /options", "/home-care", "s3://t/x"]
)
def test_other_words_are_left_alone(text: str) -> None:
    assert not named(text)

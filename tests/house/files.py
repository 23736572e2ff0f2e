"""The repository as its tests read it."""

import subprocess
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text()


def committed() -> list[Path]:
    """What is in the repository or would be with the next `git add`; ignored files are not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def locked(name: str) -> list[Requirement]:
    """The pinned packages of a lock file; one may stand there once per version of Python."""
    lines = (line for line in read(name).splitlines() if line and line[0] not in "# ")
    return [Requirement(line.removesuffix("\\").strip()) for line in lines]


def names_in(requirements: list[Requirement]) -> set[str]:
    return {str(canonicalize_name(requirement.name)) for requirement in requirements}

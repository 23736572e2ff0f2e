"""The staff of the sample clinic: invented people, one of whom has left."""

from datetime import date, timedelta
from random import Random

from crm_core.sample_clinic.rows import StaffRow

GANGNAM, HAEUNDAE = "gangnam", "haeundae"
BRANCHES = (GANGNAM, HAEUNDAE)
LEAVER = "S05"
LEFT_DAYS_AGO = 75

_PEOPLE = (
    ("S01", "도유경", (("director", GANGNAM), ("director", HAEUNDAE), ("doctor", GANGNAM))),
    ("S02", "마선우", (("group", "*"),)),
    ("S03", "표은결", (("administrator", "*"),)),
    ("S04", "설가온", (("lead", GANGNAM), ("coordinator", GANGNAM))),
    (LEAVER, "옥다빈", (("coordinator", GANGNAM),)),
    ("S06", "국소이", (("coordinator", GANGNAM),)),
    ("S07", "빈서율", (("coordinator", GANGNAM),)),
    ("S08", "탁이안", (("desk", GANGNAM),)),
    ("S09", "길나온", (("desk", GANGNAM),)),
    ("S10", "좌현도", (("doctor", GANGNAM),)),
    ("S11", "기루다", (("doctor", GANGNAM),)),
    ("S12", "석보미", (("lead", HAEUNDAE), ("coordinator", HAEUNDAE))),
    ("S13", "경하늘", (("coordinator", HAEUNDAE),)),
    ("S14", "피소담", (("desk", HAEUNDAE),)),
    ("S15", "견우진", (("desk", HAEUNDAE),)),
    ("S16", "복태오", (("doctor", HAEUNDAE),)),
    ("S17", "음세린", (("doctor", HAEUNDAE),)),
)


class Team:
    """Who works at a branch on a day."""

    def __init__(self, today: date, rng: Random) -> None:
        self._rng = rng
        self._there: dict[tuple[str, str, bool], list[str]] = {}
        self.left_on = today - timedelta(LEFT_DAYS_AGO)
        self.rows = tuple(
            StaffRow(number, name, roles, self.left_on if number == LEAVER else None)
            for number, name, roles in _PEOPLE
        )

    def one(self, role: str, branch: str, day: date) -> str:
        """The number of somebody with the role who works there on that day."""
        key = role, branch, day < self.left_on
        if key not in self._there:
            there = [row.number for row in self.rows if (role, branch) in row.roles]
            self._there[key] = [number for number in there if self.works(number, day)]
        return self._rng.choice(self._there[key])

    def works(self, number: str, day: date) -> bool:
        return number != LEAVER or day < self.left_on

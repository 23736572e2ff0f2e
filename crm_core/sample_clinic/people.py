"""The people of the sample clinic, those planted by hand among them."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from crm_core.policy.policy import Policy
from crm_core.sample_clinic.life import Life
from crm_core.sample_clinic.names import Names, foreigners

PATIENTS = 3200
KNOWN = {"gangnam": 880, "haeundae": 600}  # been here before the year began
NEW = {"gangnam": 985, "haeundae": 735}
REGULARS = 46  # of a hundred
SAME_NAME = "한지수"
FAMILY_NAMES = ("곽동원", "엄희경", "곽서진", "곽서우")
_GUARDIANS = (("천미란", "변하람", "female", 12), ("원소연", "차이준", "male", 9))
_RESERVED = frozenset({SAME_NAME, *FAMILY_NAMES, *(name for pair in _GUARDIANS for name in pair[:2])})
_SOURCES = (
    "phone 8 naver_booking 14 naver_talk 9 naver_place 13 kakao 9 instagram 12 website 4 gangnam_unni "
    "9 babitalk 4 yeoshin_ticket 4 blog_cafe 6 youtube 4 referral 13 family 4 staff_referral 1 "
    "signboard 5 other 1"
)
_AGES = ((15, 19, 4), (20, 24, 13), (25, 29, 19), (30, 34, 18), (35, 39, 14), (40, 44, 11), (45, 49, 8),
         (50, 54, 6), (55, 64, 5), (65, 74, 2))  # fmt: skip


@dataclass(frozen=True)
class Cast:
    """Everybody, and who was planted."""

    lives: tuple[Life, ...]
    family: tuple[Life, ...]
    minors: tuple[Life, ...]
    same_name: tuple[Life, ...]


class People:
    """Draws the people. Their chart numbers follow the order in which they first came."""

    def __init__(self, rng: Random, policy: Policy, start: date, today: date) -> None:
        self._rng, self._policy, self._start, self._today = rng, policy, start, today
        self.names = Names(rng, _RESERVED)

    def cast(self) -> Cast:
        lives: list[Life] = []
        for branch in KNOWN:
            lives += self._known(branch)
            lives += self._new(branch)
        family = self._family(lives)
        minors = self._minors(lives)
        twins = [
            life
            for life in lives
            if life.branch == "gangnam" and life.sex == "female" and life.age(self._today) > 20
        ]
        twins = [life for life in twins if not life.is_quiet][40:600:400]
        for life in twins:
            life.name, life.language = SAME_NAME, "ko"
        self._from_abroad([life for life in lives if not life.is_quiet and life not in twins])
        lives.sort(key=lambda life: (life.first_visit_on or life.begins_on, life.begins_on))
        for first, branch in enumerate(KNOWN, start=1):
            charts = iter(range(first * 100_000 + 1, first * 100_000 + 99_999))
            for life in lives:
                if life.branch == branch:
                    life.chart_no = str(next(charts))
        return Cast(tuple(lives), tuple(family), tuple(minors), tuple(twins))

    def person(self, branch: str, begins_on: date) -> Life:
        rng = self._rng
        sex = "female" if rng.randrange(100) < 76 else "male"
        first, last, _ = rng.choices(_AGES, [weight for *_, weight in _AGES])[0]
        born = begins_on - timedelta(rng.randrange(first * 366, last * 365 + 364))
        words = _SOURCES.split()
        source = rng.choices(words[::2], [int(weight) for weight in words[1::2]])[0]
        return Life(
            branch=branch,
            name=self.names.korean(sex, born.year),
            sex=sex,
            born=born,
            phone=self.names.phone(),
            residence=self.names.home(branch),
            begins_on=begins_on,
            source=source,
            is_regular=rng.randrange(100) < REGULARS,
        )

    def _known(self, branch: str) -> list[Life]:
        """Who was here before: they come again some time in the year, most of them early in it."""
        found = []
        for _ in range(KNOWN[branch]):
            span = self._rng.choices((40, 120, 250, 350), (46, 24, 17, 13))[0]
            life = self.person(branch, self._start + timedelta(self._rng.randrange(span)))
            life.first_visit_on = self._open(branch, self._start - timedelta(self._rng.randrange(40, 1400)))
            found.append(life)
        return found

    def _new(self, branch: str) -> list[Life]:
        """Who comes for the first time: evenly over the open days of the year."""
        days = [self._start + timedelta(n) for n in range((self._today - self._start).days)]
        days = [day for day in days if self._policy.branch(branch).is_open(day)]
        count = NEW[branch]
        return [self.person(branch, days[n * len(days) // count]) for n in range(count)]

    def _family(self, lives: list[Life]) -> list[Life]:
        """Four people on the mother's phone."""
        four = [life for life in lives if life.branch == "gangnam" and life.first_visit_on][100:104]
        phone = four[1].phone
        told = (
            (49, "male", "family"),
            (46, "female", "self"),
            (19, "female", "family"),
            (16, "male", "family"),
        )
        for life, name, (age, sex, relation) in zip(four, FAMILY_NAMES, told, strict=True):
            life.name, life.sex, life.relation, life.phone = name, sex, relation, phone
            life.born = self._start - timedelta(age * 365 + 100)
            life.source, life.is_quiet = "family", True
            life.residence = four[1].residence
        return four

    def _minors(self, lives: list[Life]) -> list[Life]:
        """Two children without a phone of their own: their mothers are called."""
        found = []
        branches = (lives[:400], [life for life in lives if life.branch == "haeundae"][:400])
        for (mother_name, name, sex, age), of in zip(_GUARDIANS, branches, strict=True):
            mother, child = of[200:202]
            mother.name, mother.sex, mother.guardian_of = mother_name, "female", child
            mother.born = self._start - timedelta(41 * 365)
            child.name, child.sex, child.phone, child.relation = name, sex, None, "guardian"
            child.born = self._start - timedelta(age * 365 + 30)
            child.residence, child.source = mother.residence, "family"
            child.wants = "acne" if age > 10 else "medical"
            mother.is_quiet = child.is_quiet = True
            found.append(child)
        return found

    def _from_abroad(self, lives: list[Life]) -> None:
        everybody = foreigners()
        step = len(lives) // len(everybody)
        for n, (name, language) in enumerate(everybody):
            life = lives[n * step + 7]
            life.name, life.language, life.source = name, language, "agency"
            life.sex = "male" if name in {"Jacob Lindqvist", "Oliver Brandt", "Liam O’Dell"} else "female"

    def _open(self, branch: str, day: date) -> date:
        return (
            day
            if self._policy.branch(branch).is_open(day)
            else self._policy.branch(branch).last_open_day(day)
        )

"""One person's years at the made-up clinic, told as rows of its chart program.

A life keeps to a few habits that let its journeys be counted without folding: whoever falls silent comes back
after more than a hundred days or never, and a treatment that is done with ends what led to it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random

from tests.story_data.names import (
    BRANCHES,
    CHECK,
    CONTACTS,
    COORDINATORS,
    DESK,
    NO_CONTACTS,
    NOW,
    SOURCES,
    TREATMENTS,
    Treatment,
)
from tests.story_data.shapes import Row, Value

SILENT_DAYS = 130


@dataclass
class Chart:
    """All rows so far, and the numbers that the chart program gives out."""

    random: Random
    rows: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _numbers: defaultdict[str, Iterator[int]] = field(default_factory=lambda: defaultdict(lambda: count(1)))

    def number(self, letter: str) -> str:
        return f"{letter}{next(self._numbers[letter]):07d}"

    def add(self, kind: str, /, **cells: Value) -> None:
        self.rows[kind].append(Row(cells))

    def size(self) -> int:
        return sum(map(len, self.rows.values()))


class Life:
    """What one person does at a branch; `chart_no` is empty for one who only asks."""

    def __init__(self, chart: Chart, branch: str, chart_no: str, name: str, phone: str | None) -> None:
        self.chart, self.random = chart, chart.random
        self.branch, self.chart_no, self.name, self.phone = branch, chart_no, name, phone
        self.here = BRANCHES[branch]
        self.seen: date | None = None
        self.asked = False

    # ── chances and moments ──────────────────────────────────────────────────────────────────────

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def later(self, at: datetime, first: int, last: int) -> datetime:
        """Some time of some day between so many days later."""
        day = at.date() + timedelta(self.random.randint(first, last))
        return self.on(day)

    def on(self, day: date) -> datetime:
        clock = time(self.random.randint(10, 17), self.random.choice((0, 10, 20, 30, 40, 50)))
        return datetime.combine(day, clock)

    def minutes(self, at: datetime, first: int, last: int) -> datetime:
        return at + timedelta(minutes=self.random.randint(first, last))

    def coordinator(self) -> str | None:
        return None if self.chance(0.08) else self.random.choice(COORDINATORS[self.branch])

    def desk(self) -> str | None:
        return None if self.chance(0.2) else DESK[self.branch]

    # ── the years ────────────────────────────────────────────────────────────────────────────────

    def live(self, at: datetime) -> None:
        """Journey after journey until today, or until the person stays away."""
        while at < NOW:
            treatment = self.random.choice(TREATMENTS)
            ended, booked = self.journey(at, treatment)
            while booked is not None:  # the next one was reserved before leaving
                arrived = self.minutes(booked, -10, 15)
                ended, booked = self.visit(arrived, treatment, consulted=0.2)
            if self.chance(0.35):
                return
            at = self.later(ended, SILENT_DAYS, SILENT_DAYS + 250)

    def only_ask(self, at: datetime) -> None:
        """A prospect: asks once or twice and is not seen again."""
        treatment = self.random.choice(TREATMENTS)
        self.inquire(at, treatment)
        if self.chance(0.2):
            self.inquire(self.later(at, 1, 3), treatment)

    def journey(self, at: datetime, treatment: Treatment) -> tuple[datetime, datetime | None]:
        """From the first contact to its end; and the start of what was booked on the way out."""
        entry = self.random.choices(("inquiry", "reservation", "visit"), (50, 30, 20))[0]
        if entry == "inquiry":
            self.inquire(at, treatment)
            if self.chance(0.15):
                at = self.later(at, 1, 3)
                self.inquire(at, treatment)
            if self.chance(0.3):
                return at, None
            at = self.later(at, 1, 9)
            if self.chance(0.15):
                return self.visit(at, treatment, consulted=0.75)
        if entry == "visit":
            return self.visit(at, treatment, consulted=0.75)
        return self.reserved(at, treatment)

    def reserved(self, at: datetime, treatment: Treatment) -> tuple[datetime, datetime | None]:
        """A reservation and what became of it; whoever missed or cancelled one may make another."""
        came, at = self.reserve(at, treatment)
        tries = 0
        while not came and tries < 2 and self.chance(0.35):
            came, at = self.reserve(self.later(at, 1, 9), treatment)
            tries += 1
        if not came:
            return at, None
        return self.visit(self.minutes(at, -10, 15), treatment, consulted=0.6)

    # ── its parts ────────────────────────────────────────────────────────────────────────────────

    def inquire(self, at: datetime, treatment: Treatment, kind: str | None = None) -> None:
        by_name = not self.chart_no or (not self.asked and self.phone is not None and self.chance(0.3))
        self.asked = True
        if at > NOW:
            return
        self.chart.add(
            "inquiries",
            inquiry_no=self.chart.number("I"),
            received_at=at,
            chart_no=None if by_name else self.chart_no,
            name=self.name if by_name else None,
            phone=self.phone if by_name else None,
            source=self.random.choice((*SOURCES, None)),
            kind=kind or self.random.choice(CONTACTS),
            treatment=treatment.word if self.chance(0.8) else None,
            staff=self.coordinator(),
            branch=self.here,
        )

    def reserve(self, made_at: datetime, treatment: Treatment) -> tuple[bool, datetime]:
        """Whether the person comes, and when they were to; else when it was called off."""
        starts_at = self.later(made_at, 1, 12)
        end = self.random.choices(("came", "no_show", "cancelled", "clinic", "moved"), (70, 11, 9, 3, 7))[0]
        between = made_at + (starts_at - made_at) * self.random.uniform(0.2, 0.9)
        between = between.replace(second=0, microsecond=0)
        match end:
            case "came":
                self.book(made_at, starts_at, treatment, *self.came())
                return True, starts_at
            case "no_show":
                closed = datetime.combine(starts_at.date(), time(19)) if self.chance(0.5) else None
                self.book(made_at, starts_at, treatment, "안옴", closed)
                return False, starts_at
            case "moved":
                following = self.chart.number("R")
                self.book(made_at, starts_at, treatment, "옮김", between, moved_to=following)
                next_at = self.later(starts_at, 1, 7)
                if self.chance(0.8):
                    self.book(between, next_at, treatment, *self.came(), number=following)
                    return True, next_at
                self.book(between, next_at, treatment, "안옴", None, number=following)
                return False, next_at
            case _:
                word = "취소함" if end == "cancelled" else "원내사정취소"
                self.book(made_at, starts_at, treatment, word, between)
                return False, between

    def came(self) -> tuple[str | None, None]:
        return self.random.choices(("다녀감", "수납까지", "예약됨", None), (50, 30, 10, 10))[0], None

    def book(
        self,
        made_at: datetime,
        starts_at: datetime,
        treatment: Treatment,
        status: str | None,
        status_at: datetime | None,
        *,
        moved_to: str | None = None,
        number: str | None = None,
    ) -> None:
        if made_at > NOW:
            return
        if (status_at or starts_at) > NOW:  # nobody knew yet
            status, status_at, moved_to = "예약됨", None, None
        self.chart.add(
            "reservations",
            reservation_no=number or self.chart.number("R"),
            chart_no=self.chart_no,
            starts_at=starts_at,
            made_at=made_at,
            treatment=treatment.word if self.chance(0.85) else None,
            staff=self.coordinator() if self.chance(0.5) else self.desk(),
            status=status,
            status_at=status_at,
            moved_to=moved_to,
            deposit=self.random.choice((None, None, None, 10_000, 30_000)),
            branch=self.here,
        )

    def visit(
        self, at: datetime, treatment: Treatment, *, consulted: float
    ) -> tuple[datetime, datetime | None]:
        """A day at the clinic; what it ends with."""
        self.arrive(at)
        if not treatment.covered and self.chance(consulted):
            return self.consult(self.minutes(at, 10, 20), treatment)
        if self.chance(0.85):
            return self.treat(self.minutes(at, 30, 50), treatment)
        return at, None

    def arrive(self, at: datetime) -> None:
        if at > NOW:
            return
        self.seen = self.seen or at.date()
        doctor = self.random.choice(("김원장", "이원장", None))
        self.chart.add(
            "visits",
            visit_no=self.chart.number("V"),
            chart_no=self.chart_no,
            arrived_at=at,
            doctor=doctor,
            branch=self.here,
        )

    def consult(self, held_at: datetime, treatment: Treatment) -> tuple[datetime, datetime | None]:
        answer = self.random.choices(
            ("동의", "일부동의", "미동의", "보류", "부적합", "나중에 동의"), (50, 8, 15, 16, 5, 6)
        )[0]
        decided_at = self.later(held_at, 1, 20) if answer == "나중에 동의" else None
        self._write_consult(held_at, treatment, answer, decided_at)
        paid_at = self.minutes(held_at, 6, 9)
        if answer in ("미동의", "부적합"):
            if self.chance(0.2):
                self.pay(paid_at, 10_000)
            return held_at, None
        if answer == "보류":
            if not self.chance(0.3):
                return held_at, None
            back_at = self.later(held_at, 3, 25)
            self.arrive(back_at)
            return self.treat(self.minutes(back_at, 30, 50), treatment)
        agreed_at = decided_at or held_at
        if decided_at is None and self.chance(0.6):
            return self.treat(self.minutes(held_at, 15, 40), treatment)
        if self.chance(0.5):
            return agreed_at, None
        return self.treat_later(agreed_at, treatment, on_the_spot=decided_at is None)

    def _write_consult(
        self, held_at: datetime, treatment: Treatment, answer: str, decided_at: datetime | None
    ) -> None:
        if held_at > NOW:
            return
        if decided_at is not None:
            answer = "동의" if decided_at <= NOW else "보류"
        proposed = treatment.price * self.random.randint(1, 3)
        agreed = {"동의": proposed, "일부동의": proposed // 2}.get(answer)
        self.chart.add(
            "consults",
            consult_no=self.chart.number("C"),
            chart_no=self.chart_no,
            held_at=held_at,
            treatment=treatment.word,
            staff=self.coordinator(),
            decision=answer,
            decided_at=decided_at if decided_at and decided_at <= NOW else None,
            proposed_amount=proposed,
            agreed_amount=agreed,
            branch=self.here,
        )

    def treat_later(
        self, agreed_at: datetime, treatment: Treatment, *, on_the_spot: bool
    ) -> tuple[datetime, datetime | None]:
        at = self.later(agreed_at, 2, 40)
        if on_the_spot and self.chance(0.5):
            self.book(self.minutes(agreed_at, 5, 8), at, treatment, *self.came())
        self.arrive(self.minutes(at, -10, -1))
        return self.treat(self.minutes(at, 20, 30), treatment)

    def treat(self, done_at: datetime, treatment: Treatment) -> tuple[datetime, datetime | None]:
        """A treatment, a course of them, sometimes another one beside it; and what follows."""
        if treatment.sessions and self.chance(0.5):
            return self.course(done_at, treatment), None
        number = self.write_treatment(done_at, treatment)
        if self.chance(0.05):
            beside = self.random.choice(TREATMENTS)
            self.write_treatment(self.minutes(done_at, 6, 9), beside)
        paid_at = self.minutes(done_at, 11, 14)
        if self.chance(0.8):
            covered = self.random.choice((None, "급여" if treatment.covered else "비급여"))
            self.pay(paid_at, treatment.price, covered, number if self.chance(0.6) else None)
        if self.chance(0.03):
            self.pay(self.later(done_at, 2, 9), 0, None, number, refund=treatment.price // 2)
        if self.chance(0.1):
            self.inquire(self.later(done_at, 1, 5), treatment, self.random.choice(NO_CONTACTS))
        if self.chance(0.1):
            self.check(self.later(done_at, 10, 18))
        if not self.chance(0.15):
            return done_at, None
        comes, starts_at = self.chance(0.8), self.later(done_at, 20, 100)
        self.book(
            self.minutes(done_at, 16, 25), starts_at, treatment, *(self.came() if comes else ("안옴", None))
        )
        return starts_at, starts_at if comes and starts_at < NOW else None

    def course(self, done_at: datetime, treatment: Treatment) -> datetime:
        """Sessions bought and used, not always all of them; its last day."""
        number = self.chart.number("K")
        sessions = treatment.sessions
        valid = done_at.date() + timedelta(sessions * treatment.apart + 40)
        if done_at <= NOW:
            self.chart.add(
                "courses",
                course_no=number,
                chart_no=self.chart_no,
                treatment=treatment.word,
                bought_on=done_at.date(),
                sessions=sessions,
                valid_until=valid,
                paid=treatment.price * sessions,
                branch=self.here,
            )
        self.write_treatment(done_at, treatment, number, 1)
        if self.chance(0.9):
            self.pay(self.minutes(done_at, 11, 14), treatment.price * sessions, "비급여", course_no=number)
        done = sessions if self.chance(0.6) else self.random.randint(1, sessions)
        at = done_at
        for session in range(2, done + 1):
            at = self.later(at, treatment.apart - 2, treatment.apart + 2)
            self.arrive(at)
            self.write_treatment(self.minutes(at, 20, 40), treatment, number, session)
        return max(at, datetime.combine(valid, time(18)))

    def write_treatment(
        self,
        done_at: datetime,
        treatment: Treatment,
        course_no: str | None = None,
        session: int | None = None,
    ) -> str | None:
        """Its number, None where the chart program gave none."""
        number = self.chart.number("T")
        if done_at > NOW:
            return number
        covered = "급여" if treatment.covered else self.random.choice(("비급여", None))
        self.chart.add(
            "treatments",
            treatment_no=number,
            chart_no=self.chart_no,
            done_at=done_at,
            treatment=treatment.word,
            staff=self.desk() if self.chance(0.5) else self.coordinator(),
            course_no=course_no,
            session_no=session,
            amount=treatment.price,
            covered=covered,
            branch=self.here,
        )
        return number

    def check(self, at: datetime) -> None:
        """A look at how it heals: no contact of a journey."""
        self.arrive(at)
        if at <= NOW:
            self.chart.add(
                "treatments",
                treatment_no=self.chart.number("T"),
                chart_no=self.chart_no,
                done_at=self.minutes(at, 10, 20),
                treatment=CHECK,
                staff=self.desk(),
                branch=self.here,
            )

    def pay(
        self,
        at: datetime,
        amount: int,
        covered: str | None = None,
        treatment_no: str | None = None,
        *,
        course_no: str | None = None,
        refund: int | None = None,
    ) -> None:
        if at > NOW:
            return
        own = self.chart.number("P")
        self.chart.add(
            "payments",
            payment_no=None if self.chance(0.05) else own,
            chart_no=self.chart_no,
            paid_at=at,
            amount=amount,
            refund=refund,
            covered=covered,
            course_no=course_no,
            treatment_no=treatment_no,
            branch=self.here,
        )

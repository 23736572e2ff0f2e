"""What a random patient does at a clinic, told as rows of the import files."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from tests.reference.clinic import (
    Call,
    Clinic,
    Consult,
    Course,
    Inquiry,
    Moment,
    Payment,
    Reservation,
    Treatment,
    Visit,
)

BRANCHES = ("gangnam", "haeundae")
STAFF = ("S1", "S2", "S3")
SOURCES = ("phone", "카카오톡", "인스타그램", "naver_talk", "지인 소개", "전단지")
KINDS = ("treatment", "price", "change", "aftercare", "complaint", "check", "retouch", "spam")
UNKNOWN = ("신비의 시술", "mystery beam")
CHECKS = ("follow_up_check", "리터치")
SINGLES = ("botox", "이마보톡스", "skin_botox", "필러", "슈링크", "울쎄라", "점제거", "진료", "관리")
COURSES = ("레이저토닝", "skin_booster", "제모", "acne")
STATUSES = ("paused", "abroad", "moved_branch", "inactive", "deceased")
CAUSES = ("forgot", "too_far", "cost", "no_time", "no_need", "other")
YEAR = 420  # how many days back a life begins


@dataclass
class Life:
    """Writes the rows of one patient; `on` walks forward through the days."""

    clinic: Clinic
    random: Random
    today: date
    branch: str
    chart_no: str
    name: str
    phone: str | None
    on: date
    used: set[tuple[object, ...]] = field(default_factory=set)
    expected: datetime | None = None  # when the last reservation starts

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def number(self, letter: str, always: bool = False) -> str | None:
        if not always and self.chance(0.3):
            return None
        total = sum(len(getattr(self.clinic, kind)) for kind in vars(self.clinic))
        return f"{letter}{total + 1}-{self.random.randrange(1000)}"

    def required(self, letter: str) -> str:
        return self.number(letter, always=True) or letter

    def staff(self) -> str | None:
        return self.random.choice((*STAFF, None))

    def clock(self, day: date, hour: int | None = None) -> datetime:
        hour = self.random.randint(10, 18) if hour is None else hour
        return datetime.combine(day, time(hour, self.random.randrange(60)))

    def sometimes_day(self, at: datetime, share: float = 0.15) -> Moment:
        """The moment, or its day alone as some programs export it."""
        return at.date() if self.chance(share) else at

    def fresh(self, *key: object) -> bool:
        """Whether a row without a number is still the only one of its kind, moment, treatment."""
        if key in self.used:
            return False
        self.used.add(key)
        return True

    def wait(self, shortest: int, longest: int) -> bool:
        """Days pass; False once they reach beyond today."""
        self.on += timedelta(days=self.random.randint(shortest, longest))
        return self.on <= self.today

    # ── what people do ───────────────────────────────────────────────────────────────────────────

    def treatment_or_none(self) -> str | None:
        pick = self.random.random()
        if pick < 0.25:
            return None
        if pick < 0.3:
            return self.random.choice(UNKNOWN)
        return self.random.choice((*SINGLES, *COURSES))

    def inquire(self, treatment: str | None) -> None:
        """One question, now and then on three channels within the week, now and then no journey."""
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            shift = timedelta(days=self.random.choice((0, 0, 1, 3, 6)))
            at = self.sometimes_day(self.clock(self.on + shift))
            if (self.on + shift) > self.today or not self.fresh("inquiry", str(at)):
                continue
            kind = self.random.choice(KINDS) if self.chance(0.2) else None
            known = self.phone is None or self.chance(0.7)
            self.clinic.inquiries.append(
                Inquiry(
                    self.number("I"),
                    at,
                    self.branch,
                    chart_no=self.chart_no if known else None,
                    name=None if known else self.name,
                    phone=None if known else self.phone,
                    source=self.random.choice((*SOURCES, None)),
                    kind=kind or self.random.choice(("treatment", None, "price")),
                    treatment=treatment if self.chance(0.8) else None,
                    staff=self.staff(),
                )
            )

    def reserve(self, treatment: str | None, days_ahead: int, comes: bool) -> date:
        """A reservation, perhaps moved once or twice, until its end; returns its last day."""
        made = self.clock(self.on, self.random.randint(9, 19))
        day = self.on + timedelta(days=days_ahead)
        number = self.required("R")
        for _ in range(self.random.choice((0, 0, 0, 0, 1, 2))):
            moved_on = self.on + timedelta(days=self.random.randint(0, max(0, (day - self.on).days)))
            moved_at = max(made, self.clock(moved_on, 9))
            if moved_at.date() > self.today:
                break
            after = self.required("R") + "m"
            self.clinic.reservations.append(
                Reservation(
                    number,
                    self.chart_no,
                    self.branch,
                    self.clock(day),
                    made,
                    treatment,
                    self.staff(),
                    "moved",
                    moved_at if self.chance(0.7) else None,
                    moved_to=after,
                )
            )
            number, made = after, moved_at
            day = moved_at.date() + timedelta(days=self.random.randint(1, 20))
        self.end_reservation(number, made, day, treatment, comes)
        return day

    def end_reservation(
        self, number: str, made: datetime, day: date, treatment: str | None, comes: bool
    ) -> None:
        at = self.clock(day)
        self.expected = at
        made = min(made, at - timedelta(hours=1))
        starts = self.sometimes_day(at, 0.05)
        status: str | None
        status_at: Moment | None = None
        if day > self.today:
            status = self.random.choice((None, "booked", "requested"))
        elif comes:
            status = self.random.choice(("arrived", "completed", "left", "booked", None))
            if status in ("arrived", "completed") and self.chance(0.4):
                status_at = self.clock(day, 19)
        else:
            status, status_at = self.miss(made, day)
        known = self.chance(0.85)
        self.clinic.reservations.append(
            Reservation(
                number,
                self.chart_no,
                self.branch,
                starts,
                self.sometimes_day(made, 0.1) if known else None,
                treatment,
                self.staff(),
                status,
                status_at,
            )
        )

    def miss(self, made: datetime, day: date) -> tuple[str | None, Moment | None]:
        """How a reservation ends without the patient."""
        status = self.random.choice(
            (
                "no_show",
                "cancelled",
                "cancelled_early",
                "cancelled_late",
                "cancelled_by_clinic",
                "booked",
                None,
            )
        )
        if status is None or status == "booked" or self.chance(0.4):
            return status, None
        if status == "no_show":
            return status, self.clock(day, 19)
        back = self.random.choice((0, 1, 1, 2, 5))
        return status, max(made, self.clock(day - timedelta(days=back), 9))

    def visit(self, treatment: str | None) -> None:
        """A day at the clinic: arrival, consult, treatment, payment, each with its own gaps."""
        at = self.clock(self.on)
        if self.expected is not None and self.expected.date() == self.on:
            at = self.expected + timedelta(minutes=self.random.randint(-15, 25))
        if self.chance(0.85):
            arrived = self.sometimes_day(at)
            if self.fresh("visit", str(arrived)):
                self.clinic.visits.append(Visit(self.number("V"), self.chart_no, self.branch, arrived))
        answer = self.consult(treatment, at) if self.chance(0.55) else "yes"
        will = answer in ("yes", "part") or (answer == "pending" and self.chance(0.1))
        if will and self.chance(0.75):
            wanted = treatment or self.random.choice(SINGLES)
            if wanted in COURSES and self.chance(0.7):
                self.course(wanted)
            else:
                self.treat(wanted, at)
        if self.chance(0.15):
            self.treat(self.random.choice(CHECKS), at)
        if self.chance(0.3):
            self.reserve(treatment if self.chance(0.7) else None, self.random.randint(1, 30), False)

    def consult(self, treatment: str | None, at: datetime) -> str:
        held = at + timedelta(minutes=self.random.randint(5, 40))
        answer = self.random.choice(("yes", "yes", "yes", "part", "no", "pending", "not_suitable"))
        later = self.chance(0.25)
        decided = None
        if later and answer != "pending":
            days = self.random.randint(0, 25)
            decided = self.clock(self.on + timedelta(days=days), 19)
        when = self.sometimes_day(held)
        if self.fresh("consult", str(when), treatment):
            self.clinic.consults.append(
                Consult(
                    self.number("C"),
                    self.chart_no,
                    self.branch,
                    when,
                    treatment,
                    self.staff(),
                    None if answer == "pending" and self.chance(0.3) else answer,
                    decided,
                )
            )
        if self.chance(0.2):
            self.pay(self.sometimes_day(held + timedelta(minutes=10)))
        return answer if decided is None else "pending"

    def pay(self, at: Moment, treatment_no: str | None = None, course_no: str | None = None) -> None:
        number = self.number("P")
        if number is None and not self.fresh("payment", str(at)):
            return
        if self.chance(0.05):
            amount, refund = 0, 50_000
        else:
            amount, refund = self.random.randint(1, 30) * 10_000, None
        self.clinic.payments.append(
            Payment(number, self.chart_no, self.branch, at, amount, refund, course_no, treatment_no)
        )

    def treat(
        self, treatment: str, at: datetime, course_no: str | None = None, session: int | None = None
    ) -> None:
        done = at + timedelta(minutes=self.random.randint(40, 90))
        when = self.sometimes_day(done)
        number = self.number("T")
        if not self.fresh("treatment", str(when), treatment):
            return
        recommended = None
        if treatment not in CHECKS and self.chance(0.1):
            recommended = self.on + timedelta(days=self.random.randint(20, 200))
        self.clinic.treatments.append(
            Treatment(
                number,
                self.chart_no,
                self.branch,
                when,
                treatment,
                self.staff(),
                course_no,
                session,
                recommended_on=recommended,
            )
        )
        if course_no is None and self.chance(0.5):
            self.pay(self.sometimes_day(done), treatment_no=number if self.chance(0.5) else None)

    def course(self, treatment: str) -> None:
        """Sessions bought on a day and mostly used on later ones."""
        number, sessions = self.required("K"), self.random.randint(2, 5)
        done = self.random.randint(0, sessions)
        bought_on, first = self.on, self.chance(0.5)
        if self.chance(0.6):
            self.pay(self.sometimes_day(self.clock(self.on, 19)), course_no=number)
        if first and done:
            self.treat(treatment, self.clock(self.on), number, 1)
        for session in range(2 if first else 1, done + 1):
            if not self.wait(5, 25):
                break
            if self.chance(0.4):
                self.clinic.visits.append(
                    Visit(self.required("V"), self.chart_no, self.branch, self.clock(self.on, 10))
                )
            self.treat(treatment, self.clock(self.on, 11), number, session)
            if self.chance(0.3):
                self.reserve(self.random.choice((treatment, None)), 7, False)
        used = self.random.choice((None, None, done, min(sessions, done + 1)))
        valid = self.random.choice((None, bought_on + timedelta(days=self.random.randint(20, 400))))
        self.clinic.courses.append(
            Course(number, self.chart_no, self.branch, treatment, bought_on, sessions, used, valid)
        )

    def episode(self) -> None:
        """From wanting something to wherever it ends."""
        treatment = self.treatment_or_none()
        if self.chance(0.6):
            self.inquire(treatment)
            if not self.wait(0, 18):
                return
        if self.chance(0.65):
            comes = self.chance(0.75)
            self.on = self.reserve(treatment, self.random.randint(0, 15), comes)
            if not comes or self.on > self.today:
                return
        if self.chance(0.85):
            self.visit(treatment)
            if self.chance(0.2) and self.wait(1, 20):
                self.visit(treatment)

    def call(self) -> None:
        """A call of the last months, mostly about coming back."""
        on = self.today - timedelta(days=self.random.randint(0, 100))
        kind = self.random.choice(("recall", None, "recall", "confirmation", "no_show", "happy"))
        outcome, group, cause, family, promised = self.said(on)
        if kind not in ("recall", None):
            group = cause = family = promised = None
            outcome = self.random.choice(("connected", "no_answer"))
        self.clinic.calls.append(
            Call(
                self.required("L"),
                self.chart_no,
                self.branch,
                self.clock(on),
                outcome,
                self.staff(),
                kind,
                group,
                cause,
                family,
                promised,
            )
        )

    def said(self, on: date) -> tuple[str, str | None, str | None, str | None, date | None]:
        pick = self.random.random()
        if pick < 0.45:
            return self.random.choice(("no_answer", "busy")), None, None, None, None
        if pick < 0.5:
            return "wrong_number", None, None, None, None
        if pick < 0.58:
            later = on + timedelta(days=self.random.randint(1, 40))
            return "call_later", None, None, None, later
        family = self.random.choice(("botox", "색소레이저", "filler", "skin_care"))
        if pick < 0.65:
            return "treatment_complete", None, None, family, None
        groups = ("positive_affirmation", "negative_affirmation") * 3
        group = self.random.choice((*groups, "negative_denial", "positive_denial"))
        if group.endswith("denial"):
            return "connected", group, None, None, None
        cause = self.random.choice((None, *CAUSES))
        promised = on + timedelta(days=self.random.randint(1, 60)) if self.chance(0.15) else None
        return "connected", group, cause, family, promised

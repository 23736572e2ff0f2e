"""What the sample clinic sells, for how much, and to whom: prices as they are usual, in won."""

from dataclasses import dataclass
from random import Random

from crm_core.policy.policy import Policy


@dataclass(frozen=True)
class Offer:
    """`sessions` of a course, 0 for a single treatment; `price` is that of the whole."""

    treatment: str
    price: int
    women: int
    men: int
    sessions: int = 0
    ages: tuple[int, int] = (18, 80)
    consult: bool = True


OFFERS = (
    Offer("botox_upper_face", 89_000, 13, 9, ages=(24, 80)),
    Offer("botox_jaw_trapezius", 120_000, 13, 9, ages=(20, 55)),
    Offer("botox", 69_000, 8, 7, ages=(22, 80)),
    Offer("skin_botox", 180_000, 5, 2, ages=(22, 60)),
    Offer("laser_toning", 990_000, 15, 8, sessions=10, ages=(24, 70)),
    Offer("filler", 330_000, 7, 3, ages=(22, 65)),
    Offer("lifting_hifu", 590_000, 7, 3, ages=(32, 75)),
    Offer("lifting_tightening", 1_890_000, 3, 1, ages=(38, 80)),
    Offer("skin_booster", 690_000, 8, 3, sessions=3, ages=(26, 70)),
    Offer("hair_removal", 350_000, 5, 12, sessions=5, ages=(18, 45)),
    Offer("acne", 390_000, 7, 10, sessions=5, ages=(10, 34)),
    Offer("skin_care", 270_000, 5, 3, sessions=5, ages=(18, 70)),
    Offer("skin_care", 490_000, 3, 1, sessions=10, ages=(18, 70)),
    Offer("hair_loss", 150_000, 1, 9, ages=(24, 60)),
    Offer("removal", 150_000, 6, 7, ages=(5, 80)),
    Offer("medical", 8_600, 7, 12, ages=(1, 90), consult=False),
)
CHECK = "follow_up_check"


class Shelf:
    """The offers whose treatment the policy knows, drawn by sex and age."""

    def __init__(self, policy: Policy, rng: Random) -> None:
        self._rng = rng
        self._offers = tuple(offer for offer in OFFERS if offer.treatment in policy.treatments)

    def draw(self, sex: str, age: int, *, consult: bool = False, other_than: str = "") -> Offer:
        """An offer that fits; with `consult`, one that is proposed in a consult."""
        of_age = [offer for offer in self._offers if offer.ages[0] <= age <= offer.ages[1]]
        fitting = [
            offer for offer in of_age if (offer.consult or not consult) and offer.treatment != other_than
        ] or of_age
        weights = [offer.women if sex == "female" else offer.men for offer in fitting]
        return self._rng.choices(fitting, weights)[0]

    def named(self, treatment: str) -> Offer:
        return next(offer for offer in self._offers if offer.treatment == treatment)

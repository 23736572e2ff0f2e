"""The headers of our own import files, by kind (product.md §6); the required ones stand first."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Headers:
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return self.required + self.optional


def _headers(required: str, optional: str) -> Headers:
    return Headers(tuple(required.split()), (*optional.split(), "branch"))


HEADERS: Mapping[str, Headers] = MappingProxyType(
    {
        "patients": _headers(
            "chart_no",
            "name phone birth_date sex language residence source first_visit_on referred_by"
            " guardian_of status ad_consent_at",
        ),
        "inquiries": _headers(
            "received_at",
            "inquiry_no chart_no name phone source kind treatment staff answered_at",
        ),
        "reservations": _headers(
            "chart_no starts_at",
            "reservation_no made_at treatment doctor staff status status_at moved_to deposit",
        ),
        "visits": _headers("chart_no arrived_at", "visit_no doctor"),
        "consults": _headers(
            "chart_no held_at",
            "consult_no treatment staff decision decided_at proposed_amount agreed_amount",
        ),
        "treatments": _headers(
            "chart_no done_at treatment",
            "treatment_no doctor course_no session_no amount covered staff recommended_on",
        ),
        "courses": _headers("course_no chart_no treatment bought_on sessions", "used valid_until paid"),
        "payments": _headers("chart_no paid_at amount", "payment_no refund covered course_no treatment_no"),
        "calls": _headers(
            "chart_no called_at outcome",
            "call_no staff kind group cause family promised_on note",
        ),
        "staff": _headers("staff_no name role", "branches"),
    }
)

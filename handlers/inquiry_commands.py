"""What can be asked for about inquiries."""

from dataclasses import dataclass

from crm_core.tables.facts import InquiryEnd, InquiryKind


@dataclass(frozen=True)
class ShowInquiries:
    """Who waits for an answer at a branch, or at every branch of the asker. `late`: told to a lead."""

    branch: str = ""
    page: int = 0
    turn: bool = False
    late: bool = False


@dataclass(frozen=True)
class AskInquiry:
    """The empty form."""

    branch: str = ""


@dataclass(frozen=True)
class TakeInquiry:
    """An inquiry as it was typed or filled in: every text is read when it is carried out.

    `who` is a name or a chart number. `mine`: whoever writes it answers it.
    """

    branch: str = ""
    who: str = ""
    phone: str = ""
    source: str = ""
    treatment: str = ""
    kind: InquiryKind | None = None
    note: str = ""
    mine: bool = False


@dataclass(frozen=True)
class ShowInquiry:
    inquiry_id: int


@dataclass(frozen=True)
class ClaimInquiry:
    inquiry_id: int


@dataclass(frozen=True)
class AnswerInquiry:
    inquiry_id: int


@dataclass(frozen=True)
class AskHandOver:
    inquiry_id: int


@dataclass(frozen=True)
class HandOverInquiry:
    inquiry_id: int
    staff_id: int


@dataclass(frozen=True)
class AskClose:
    inquiry_id: int


@dataclass(frozen=True)
class CloseInquiry:
    inquiry_id: int
    why: InquiryEnd


@dataclass(frozen=True)
class UndoInquiry:
    inquiry_id: int


@dataclass(frozen=True)
class AskChart:
    """A reservation needs a chart number: the form asks for the prospect's."""

    inquiry_id: int


@dataclass(frozen=True)
class EnrolAsker:
    """The form's answer: the prospect is, or becomes, the patient with this chart number."""

    inquiry_id: int
    chart: str = ""


@dataclass(frozen=True)
class JoinInquiry:
    """The prospect is this patient."""

    inquiry_id: int
    patient_id: int

"""What the desk can say of a patient's day: commands that other cards carry on their buttons too."""

from dataclasses import dataclass

from crm_core.tables.facts import Decision


@dataclass(frozen=True)
class ShowStage:
    """Where a patient stands today, and what can follow. By id from a button, else by what was typed.

    `step`: one step that was typed with it is written at once, or its form opened; `amount` goes with it.
    """

    patient_id: int = 0
    branch: str = ""
    turn: bool = False
    step: str = ""
    amount: str = ""
    patient: str = ""


@dataclass(frozen=True)
class Arrive:
    patient_id: int
    branch: str = ""


@dataclass(frozen=True)
class AskConsult:
    patient_id: int
    branch: str = ""


@dataclass(frozen=True)
class RecordConsult:
    """The form's answer; `staff` is an id, `proposed` an amount as people write it."""

    patient_id: int
    branch: str = ""
    treatment: str = ""
    staff: str = ""
    proposed: str = ""


@dataclass(frozen=True)
class Decide:
    consult_id: int
    decision: Decision


@dataclass(frozen=True)
class AskAgreed:
    """The form that asks for the amount agreed."""

    consult_id: int
    decision: Decision


@dataclass(frozen=True)
class RecordAgreed:
    consult_id: int
    decision: Decision
    agreed: str = ""


@dataclass(frozen=True)
class AskTreated:
    patient_id: int
    branch: str = ""


@dataclass(frozen=True)
class RecordTreated:
    """The form's answer; `what` is `course:<number>` or `treatment:<slug>`."""

    patient_id: int
    branch: str = ""
    what: str = ""
    doctor: str = ""
    paid: str = ""


@dataclass(frozen=True)
class AskClose:
    patient_id: int
    branch: str = ""


@dataclass(frozen=True)
class CloseJourney:
    patient_id: int
    branch: str = ""
    why: str = ""


@dataclass(frozen=True)
class UndoStage:
    entry_id: int

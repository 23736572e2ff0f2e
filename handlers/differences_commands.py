"""What can be asked for about facts of which a file and the chat say different things."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ShowDifferences:
    """Those of one's branches; with a patient, theirs."""

    patient_id: int = 0
    page: int = 0


@dataclass(frozen=True)
class SettleDifference:
    """`ours`: what was said in chat stands from now on; else what the file says."""

    difference_id: int
    ours: bool = False

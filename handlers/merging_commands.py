"""What can be asked for about two charts of one person, and about a patient's number."""

from dataclasses import dataclass

from crm_core.tables.people import Relation


@dataclass(frozen=True)
class ShowProposals:
    """The questions that wait; with a patient, those about them."""

    patient_id: int = 0
    page: int = 0


@dataclass(frozen=True)
class CompareCharts:
    """Two charts side by side, by id from a button, else by what was typed; the first is kept."""

    first_id: int = 0
    second_id: int = 0
    first: str = ""
    second: str = ""


@dataclass(frozen=True)
class MergeCharts:
    kept_id: int
    merged_id: int


@dataclass(frozen=True)
class SplitCharts:
    merge_id: int


@dataclass(frozen=True)
class JoinProspect:
    patient_id: int
    prospect_id: int


@dataclass(frozen=True)
class NotSame:
    patient_id: int
    other_id: int = 0
    prospect_id: int = 0


@dataclass(frozen=True)
class AskNumber:
    patient_id: int


@dataclass(frozen=True)
class SetNumber:
    """A form: the number, and whose it is."""

    patient_id: int
    phone: str = ""
    relation: Relation = Relation.SELF

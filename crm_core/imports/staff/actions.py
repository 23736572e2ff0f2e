"""Staff from a file of their own, and who is meant by a name or a number in another."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from crm_core.imports.stage import Row, Staged
from crm_core.privacy import folded_name
from crm_core.tables.people import Staff, StaffRole


class StaffNames:
    """Members of staff by their number or name; a name nobody has makes an inactive one without roles."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.ids: dict[str, int] = {}
        self.made: set[str] = set()
        self._by_name: dict[str, int] = {}
        self._by_number: dict[str, int] = {}
        rows = select(Staff).order_by(col(Staff.active), col(Staff.id).desc())
        for staff in db.scalars(rows):
            assert staff.id is not None
            self._by_name[folded_name(staff.name)] = staff.id
            if staff.number:
                self._by_number[staff.number] = staff.id

    def ensure(self, texts: Iterable[str]) -> None:
        for text in dict.fromkeys(texts):
            found = self._by_number.get(text) or self._by_name.get(folded_name(text))
            if found is None:
                made = Staff(name=text, active=False)
                self.db.add(made)
                self.db.flush()
                assert made.id is not None
                found = self._by_name[folded_name(text)] = made.id
                self.made.add(text)
            self.ids[text] = found


def write_staff(db: Session, staged: Staged, rows: Sequence[Row]) -> int:
    """Upserts staff; the rows of one number together are all the roles that person has."""
    changed = 0
    people: dict[str, dict[str, Any]] = {}
    for row in rows:
        cells = staged.values(row)
        known = people.setdefault(row.person, {"roles": set()})
        known["name"] = cells["name"]
        known["roles"] |= set(cells["roles"])
    for number, cells in people.items():
        staff = _staff_of(db, number, cells["name"])
        before = (staff.number, staff.name, staff.active)
        staff.number, staff.name, staff.active = number, cells["name"], True
        db.add(staff)
        db.flush()
        held = {
            (row.role, row.branch)
            for row in db.scalars(select(StaffRole).where(col(StaffRole.staff_id) == staff.id))
        }
        if held != cells["roles"]:
            db.execute(delete(StaffRole).where(col(StaffRole.staff_id) == staff.id))
            db.execute(
                insert(StaffRole),
                [{"staff_id": staff.id, "role": r, "branch": b} for r, b in sorted(cells["roles"])],
            )
        changed += before != (number, cells["name"], True) or held != cells["roles"]
    return changed


def _staff_of(db: Session, number: str, name: str) -> Staff:
    """Who has the number; else who was only known by the name or the number as a name."""
    found = db.scalars(select(Staff).where(col(Staff.number) == number)).first()
    if found is not None:
        return found
    nameless = select(Staff).where(col(Staff.number).is_(None)).order_by(col(Staff.id))
    wanted = {folded_name(name), folded_name(number)}
    for staff in db.scalars(nameless):
        if folded_name(staff.name) in wanted:
            return staff
    return Staff(name=name, active=False)

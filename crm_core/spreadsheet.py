"""Cells that are opened in a spreadsheet: no text of a patient or a file is taken for a formula there."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would calculate (OWASP: CSV injection)."""


def harmless(cell: str) -> str:
    """The text behind a ' where a spreadsheet would calculate it."""
    return "'" + cell if cell.startswith(FORMULA) else cell

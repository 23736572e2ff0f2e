"""Reservations: what a day looks like, and marking what became of each."""

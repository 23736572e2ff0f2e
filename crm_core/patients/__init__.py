"""Patients, their contacts and the prospects who become patients."""

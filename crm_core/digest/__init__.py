"""What the morning digest says: counts of today and of the last open day."""

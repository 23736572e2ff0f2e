"""A file declared to hold all reservations of some days: what it does not hold is cancelled there."""

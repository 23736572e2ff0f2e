"""Who should be back, who is lapsed, and who may be called about it."""

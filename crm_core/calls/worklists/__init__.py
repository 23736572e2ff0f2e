"""People handed to a member of staff to be called today."""

"""The story of a clinic's whole history: exported, imported, killed, imported again, counted."""

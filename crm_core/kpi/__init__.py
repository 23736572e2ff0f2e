"""The clinic's numbers: what they are, how they are counted, what they are out of what."""

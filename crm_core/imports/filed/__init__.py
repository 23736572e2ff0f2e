"""Files that take longer than a press may: read, confirmed and written by whoever works them."""

"""Two charts made one, and two again."""

"""Two charts of one person made one, and two again."""

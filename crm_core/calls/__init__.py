"""Today's calls: the list of a branch and day, who has which card, and what came of each call."""

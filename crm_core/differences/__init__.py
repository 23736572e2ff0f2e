"""Where a file and the chat say different things of one fact."""

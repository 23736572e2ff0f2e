"""Where a file and the chat differ."""

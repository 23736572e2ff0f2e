"""The rows of a file about what happened."""

"""The staff that a file has or names."""

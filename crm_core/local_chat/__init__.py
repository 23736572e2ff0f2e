"""The messages of the local chat page, and the people and channels it offers."""

"""The stories of the issues, played through the real process in a real browser."""

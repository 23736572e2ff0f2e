"""The chart's own row takes the place of what was written in chat."""

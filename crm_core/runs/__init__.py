"""The log of runs: a job runs once for a branch and logical date, whoever asks."""

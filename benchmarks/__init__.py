"""Measures Dasi beside a named baseline, in the same run: `python -m benchmarks`."""

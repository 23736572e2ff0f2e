"""The clinic in a browser page on this machine: no token, no network."""

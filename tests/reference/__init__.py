"""A slow second computation of Dasi's numbers, written from the definitions alone."""

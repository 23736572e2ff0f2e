"""What came of a call: written once, taken back or corrected while it is young, never erased."""

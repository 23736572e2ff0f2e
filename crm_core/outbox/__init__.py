"""What is to be said: planned in the step of its cause, taken back in the step of its change."""

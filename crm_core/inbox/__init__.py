"""What was heard, by the platform's own key, so that nothing is worked twice."""

"""What a person can ask for, and what they read: one file a command family."""

"""What the clock asks for: one file a job."""

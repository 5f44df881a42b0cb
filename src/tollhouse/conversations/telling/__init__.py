"""What a run tells, live or later, as the stream that a client reads."""

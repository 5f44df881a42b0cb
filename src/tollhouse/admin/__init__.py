"""Changes by operators and owners. Never on the hot path."""

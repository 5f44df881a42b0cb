"""The one place for money."""

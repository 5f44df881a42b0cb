"""The one place that calls providers."""

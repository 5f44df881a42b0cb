"""Tollhouse: one door to every model provider, exact about money."""

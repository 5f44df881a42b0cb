"""Tollhouse: one door to every model provider, exact about money."""

__version__ = "0.1.0"

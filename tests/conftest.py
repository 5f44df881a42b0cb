"""Fixtures that many rooms share."""

pytest_plugins = ["databases"]

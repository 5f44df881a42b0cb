"""Fixtures that many rooms share."""

from hypothesis import settings

pytest_plugins = ["databases", "houses", "gateways", "receivers"]

# A slow machine is no reason to fail: time is for benchmarks.
settings.register_profile("tollhouse", deadline=None)
settings.load_profile("tollhouse")

"""Reproducible measurements: what a request costs, beside nginx in the same run. `python -m benchmarks --help`."""

"""Reproducible measurements: what a request costs, beside nginx and the peers in the same run.

`python -m benchmarks --help` tells what can be measured. `plan` says what is wanted, `run` measures it in order, and
`report` makes a page of it; `cost`, `latency`, `memory`, `start` and `soak` are what is measured, one file each;
`gateways` and `peers` are who. `ground` is the ground they stand on: a cheap provider and a load generator in C.
"""

"""`python -m tollhouse.testing`: a wire provider in a process of its own."""

from __future__ import annotations

import argparse

from tollhouse.testing.process import run

_arguments = argparse.ArgumentParser(prog="tollhouse.testing", description=__doc__)
_arguments.add_argument("--port", type=int, default=0, help="0 takes a free one; it is printed first")
_arguments.add_argument("--keep-requests", type=int, default=None, help="remember only so many of the last requests")
_arguments.add_argument("--text", default=None, help="the answer to every unscripted request")
_arguments.add_argument("--until-stdin-ends", action="store_true", help="end when standard input does")

if __name__ == "__main__":
    run(**vars(_arguments.parse_args()))

"""Install the peers, or list them: `python -m benchmarks.peers`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.peers import PEERS
from benchmarks.peers.peer import FOLDER


def main(words: Sequence[str] | None = None) -> int:
    """Gives 1 when one could not be installed."""
    names = [peer.kind.name for peer in PEERS]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description="Install the gateways that Tollhouse is measured beside, each into an environment of its own, "
        f"or list which of them are there. They are kept in {FOLDER.parent.name}/{FOLDER.name}.",
    )
    parser.add_argument("deed", choices=("install", "list"), help="what to do")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all without any")
    arguments = parser.parse_args(words)
    if unknown := sorted(set(arguments.names) - set(names)):
        parser.error(f"there is no peer {', '.join(unknown)}: choose from {', '.join(names)}")
    chosen = [peer for peer in PEERS if not arguments.names or peer.kind.name in arguments.names]
    failed = []
    for peer in chosen:
        if arguments.deed == "install":
            sys.stderr.write(f"Installing {peer.kind.name}; this may take minutes.\n")
            try:
                peer.install()
            except (subprocess.CalledProcessError, OSError) as error:
                failed.append(peer.kind.name)
                sys.stderr.write(f"{peer.kind.name} could not be installed: {error}\n")
        sys.stdout.write(f"{peer.kind.name}: {peer.kind.absent() or 'installed'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

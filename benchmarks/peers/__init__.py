"""The other gateways that Tollhouse is measured beside, each installed in an environment of its own.

`python -m benchmarks.peers install` makes the environments; one that is not there is named as not run.
"""

from __future__ import annotations

from benchmarks.peers.litellm import LITELLM
from benchmarks.peers.peer import Peer
from benchmarks.peers.portkey import PORTKEY
from benchmarks.peers.routers import SMG, VLLM_ROUTER

PEERS: tuple[Peer, ...] = (VLLM_ROUTER, SMG, PORTKEY, LITELLM)

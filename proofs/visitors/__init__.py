"""Clients that others have made, in front of every dialect of providers: official SDKs, kits and agents.

    python -m proofs.visitors            installs them, and lets each do what it does
    python -m proofs.visitors codex      only this one

A second gateway plays the provider: the first asks it for the demo's models in each dialect in turn. So whatever a
client says is translated there and back by what is proven, and judged by code that is not ours.
"""

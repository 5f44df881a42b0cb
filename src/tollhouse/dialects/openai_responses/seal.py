"""Proofs of other providers, put where this dialect keeps its seals, so that they come back with the conversation.

A client of this dialect returns `encrypted_content` as it got it. What Anthropic signed and Google sealed rides in it
as `th1.` and base64: who made it, the signature, the seal, and the call whose thinking it proves, if any: calls have no
place for a proof, so it comes as thinking of its own before them. Only its maker is told of it again.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec

from tollhouse.dialects.openai_responses.carries import NAME

PREFIX: Final = "th1."


class Proof(msgspec.Struct, frozen=True, array_like=True):
    """What proves a piece of thinking, or that behind a call, to the dialect that made it."""

    made_by: str | None = None
    signature: str | None = None
    sealed: str | None = None
    call_id: str | None = None


_PROOF = msgspec.json.Decoder(Proof)


def wrap(proof: Proof) -> str | None:
    """The seal to show; this dialect's own is shown as it is, and no proof is no seal."""
    if proof.made_by == NAME:
        return proof.sealed
    if proof.signature is None and proof.sealed is None:
        return None
    return PREFIX + base64.urlsafe_b64encode(msgspec.json.encode(proof)).decode()


def unwrap(seal: str | None) -> Proof:
    """Whose proof a seal is: this dialect's own, unless it was wrapped here."""
    if not seal:
        return Proof()
    if seal.startswith(PREFIX):
        try:
            proof = _PROOF.decode(base64.b64decode(seal[len(PREFIX) :], b"-_", validate=True))
        except (binascii.Error, msgspec.DecodeError, ValueError):
            return Proof(NAME, None, seal)
        if wrap(proof) == seal:
            return proof
    return Proof(NAME, None, seal)


def is_foreign(seal: str) -> bool:
    """It is the proof of another dialect's provider, wrapped here."""
    return seal.startswith(PREFIX) and unwrap(seal).made_by != NAME

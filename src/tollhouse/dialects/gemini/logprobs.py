"""Log probabilities: Google's `logprobsResult`, and lists of tokens as `chat.LogprobsDelta` has them.

Gemini API reference, "LogprobsResult" (read 2026-11-22). The numbers that tokens have in the vocabulary are left out.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from tollhouse.dialects.json_body import is_null


class _Candidate(msgspec.Struct, rename="camel"):
    token: str = ""
    log_probability: float = 0.0


class _Candidates(msgspec.Struct):
    candidates: list[_Candidate] = []


class _Result(msgspec.Struct, rename="camel"):
    chosen_candidates: list[_Candidate] = []
    top_candidates: list[_Candidates] = []


class _Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[_Token] | None = None


class _Tokens(msgspec.Struct):
    content: list[_Token] | None = None


_RESULT = msgspec.json.Decoder(_Result)
_TOKENS = msgspec.json.Decoder(_Tokens)


def read_logprobs(raw: Raw) -> Raw | None:
    """`{"content": [{"token", "logprob", "bytes", "top_logprobs"}]}`; None when there are none that can be read."""
    if is_null(raw):
        return None
    try:
        result = _RESULT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    tops: list[_Candidates] = result.top_candidates or [_Candidates()] * len(result.chosen_candidates)
    content = [
        _say(chosen) | {"top_logprobs": [_say(each) for each in top.candidates]}
        for chosen, top in zip(result.chosen_candidates, tops, strict=False)
    ]
    return Raw(msgspec.json.encode({"content": content}))


def write_logprobs(raw: Raw) -> dict[str, Any] | None:
    """The same as Google says it; None when there is nothing it has words for."""
    try:
        tokens = _TOKENS.decode(raw).content or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    wire: dict[str, Any] = {"chosenCandidates": [_write(token) for token in tokens]}
    if any(token.top_logprobs for token in tokens):
        wire["topCandidates"] = [{"candidates": [_write(top) for top in token.top_logprobs or ()]} for token in tokens]
    return wire


def _say(candidate: _Candidate) -> dict[str, Any]:
    return {
        "token": candidate.token,
        "logprob": candidate.log_probability,
        "bytes": list(candidate.token.encode()),
    }


def _write(token: _Token) -> dict[str, Any]:
    return {"token": token.token, "logProbability": token.logprob}

"""The settings of guards: what is looked for in questions and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from tollhouse.settings.fields import COMMAS, Limit, Seconds, Table
from tollhouse.settings.live import Live
from tollhouse.settings.secret import SecretRef

TIGHTER = Live("from the next request on")
"""Of guards those may be changed whose default is the loosest that they can be: what is set there only tightens."""


class _GuardSettings(Table):
    mode: Annotated[Literal["off", "monitor", "enforce"], TIGHTER] = "off"
    """`monitor` writes down what is found and never does more, whatever happens to a guard."""
    deny: Annotated[tuple[str, ...], *COMMAS, TIGHTER] = ()
    """Words and phrases that are blocked, in any case and as whole words."""
    deny_patterns: Annotated[tuple[str, ...], *COMMAS, TIGHTER] = ()
    """Regular expressions that are blocked, in any case. Repeats have an end (`{1,40}`, not `+`); none looks around."""
    moderation_model: str | None = None
    """A model for `/v1/moderations`, such as `openai/omni-moderation-latest`; what it flags is blocked."""


class InputGuardSettings(_GuardSettings):
    """What is looked for in what is asked, before anything is held or sent."""

    max_chars: Annotated[Limit, TIGHTER] = None
    """Characters of all that is asked, or `none`."""
    personal_data: Annotated[Literal["off", "flag", "block", "redact"], TIGHTER] = "off"
    """Cards, IBANs, e-mail addresses, phone numbers and keys; `redact` tells providers placeholders instead."""


class OutputGuardSettings(_GuardSettings):
    """What is looked for in what is answered, before the client has it. Vectors and verdicts are not looked at."""

    canaries: Annotated[tuple[SecretRef, ...], *COMMAS] = ()
    """Texts of yours that must never be answered, as they are, backwards, in hexadecimal or base64; `env:VAR` each."""
    foreign_links: Annotated[bool, TIGHTER] = False
    """Block images, and links that carry much, which lead elsewhere than to `link_hosts`."""
    link_hosts: Annotated[tuple[str, ...], *COMMAS] = ()
    """Hosts that images and links may lead to, with their subdomains."""
    personal_data: Annotated[Literal["off", "flag", "block"], TIGHTER] = "off"
    """The same kinds; what was redacted in the question is put back and does not count."""
    hold_back_chars: int = Field(default=400, ge=256, le=20_000)
    """How far a stream stays behind its provider, in characters; twice as far where a model is asked."""


class GuardSettings(Table):
    """What is looked for in questions and answers. No guard is a security boundary: see [Guard prompts and
    answers](../how-to/guard-prompts.md)."""

    on_unavailable: Literal["block", "log"] = "block"
    """What becomes of what could not be judged: `block` answers 503, `log` lets it through."""
    deadline_s: Seconds = 5.0
    """For all guards of one side together, for each piece of a stream anew. Who is not done by then could not judge."""
    moderated_chars: PositiveInt = 200_000
    """The longest text that a moderation model is asked about; a longer one could not be judged."""
    input: InputGuardSettings = InputGuardSettings()
    output: OutputGuardSettings = OutputGuardSettings()

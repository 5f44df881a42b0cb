"""What this dialect is called: in requests that it has read, and in thinking that its providers have signed."""

from __future__ import annotations

from typing import Final

NAME: Final = "anthropic_messages"

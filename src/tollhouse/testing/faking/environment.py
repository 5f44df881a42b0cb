"""The variables by which SDKs find whom to ask."""

from __future__ import annotations

import os
from typing import Final

_HERE: Final = "127.0.0.1"


def pointing_to(root_url: str, key: str) -> dict[str, str]:
    """Point the SDKs of OpenAI, Anthropic and Google at an address of this machine, past any proxy.

    What else goes by no proxy stays so.
    """
    direct = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), _HERE)))
    return {
        "OPENAI_BASE_URL": f"{root_url}/v1",
        "OPENAI_API_BASE": f"{root_url}/v1",
        "OPENAI_API_KEY": key,
        "ANTHROPIC_BASE_URL": root_url,
        "ANTHROPIC_API_KEY": key,
        "GOOGLE_GEMINI_BASE_URL": root_url,
        "GEMINI_API_KEY": key,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }

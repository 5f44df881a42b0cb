"""What a field is called by who wrote the request, to tell him which of them is lost or refused.

Which turn it is in is not said: neighbouring turns of the model are one here, and the answers of tools come first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from tollhouse.dialects import chat

_SETTINGS: Final = {
    "frequency_penalty": "generationConfig.frequencyPenalty",
    "logprobs": "generationConfig.responseLogprobs",
    "max_output_tokens": "generationConfig.maxOutputTokens",
    "n": "generationConfig.candidateCount",
    "presence_penalty": "generationConfig.presencePenalty",
    "reasoning_budget_tokens": "generationConfig.thinkingConfig.thinkingBudget",
    "reasoning_effort": "generationConfig.thinkingConfig.thinkingLevel",
    "response_format": "generationConfig.responseSchema",
    "seed": "generationConfig.seed",
    "stop": "generationConfig.stopSequences",
    "temperature": "generationConfig.temperature",
    "tool_choice": "toolConfig.functionCallingConfig",
    "top_k": "generationConfig.topK",
    "top_p": "generationConfig.topP",
}
_IN_MESSAGE: Final = re.compile(r"messages\[(\d+)\](\.(?:content|tool_calls)\[\d+\])?(.*)")
_IN_TOOL: Final = re.compile(r"tools\[\d+\](.*)")


def paths_of(request: chat.ChatRequest) -> Callable[[str], str]:
    """Says paths of a request that this dialect has read, as `carry` has them, in the words of its client."""
    return partial(_path, request.messages)


def _path(messages: tuple[chat.Message, ...], path: str) -> str:
    if found := _IN_MESSAGE.fullmatch(path):
        turn = "systemInstruction" if messages[int(found[1])].role == "system" else "contents[]"
        return turn + (".parts[]" if found[2] else "") + found[3]
    if found := _IN_TOOL.fullmatch(path):
        return f"tools[].functionDeclarations[]{found[1]}"
    return _SETTINGS.get(path, path)

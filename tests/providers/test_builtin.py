"""Providers of other packages are found beside ours."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from tollhouse.dialects import (
    anthropic_messages,
    chat,
    openai_chat,
    openai_embeddings,
    openai_moderations,
    openai_responses,
)
from tollhouse.errors import InvalidRequest
from tollhouse.gateway.translate import translate
from tollhouse.providers import builtin

MODULE = """
from tollhouse.dialects import openai_chat
from tollhouse.providers.base import Provider

PROVIDER = Provider(name="{name}", dialect=openai_chat, base_url="https://api.example.com/v1")
"""


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, module: str, name: str, attribute: str = "PROVIDER"
) -> None:
    """Lay a package with an entry point where Python looks for them."""
    (folder / f"{module}.py").write_text(MODULE.format(name=name))
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[tollhouse.providers]\n{name} = {module}:{attribute}\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, module, raising=False)


def test_a_package_announces_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, module="tollhouse_test_acme", name="acme")
    assert builtin()["acme"].base_url == "https://api.example.com/v1"


def test_two_providers_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, module="tollhouse_test_twin", name="openai")
    with pytest.raises(ValueError, match="two providers are named 'openai'"):
        builtin()


def test_what_is_not_a_provider_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, module="tollhouse_test_odd", name="odd", attribute="openai_chat")
    with pytest.raises(TypeError, match="tollhouse_test_odd:openai_chat, announced as a provider named 'odd'"):
        builtin()


@pytest.mark.parametrize(
    ("name", "dialect", "address"),
    [
        ("deepseek", openai_chat, "https://api.deepseek.com/chat/completions"),
        ("deepseek", anthropic_messages, "https://api.deepseek.com/anthropic/v1/messages"),
        ("deepseek", openai_responses, "https://api.deepseek.com/responses"),
        ("groq", openai_responses, "https://api.groq.com/openai/v1/responses"),
        ("openrouter", openai_responses, "https://openrouter.ai/api/v1/responses"),
        ("xai", openai_responses, "https://api.x.ai/v1/responses"),
        ("openai", openai_embeddings, "https://api.openai.com/v1/embeddings"),
        ("openai", openai_moderations, "https://api.openai.com/v1/moderations"),
        ("mistral", openai_embeddings, "https://api.mistral.ai/v1/embeddings"),
        ("together", openai_embeddings, "https://api.together.ai/v1/embeddings"),
        ("fireworks", openai_embeddings, "https://api.fireworks.ai/inference/v1/embeddings"),
        ("openrouter", openai_embeddings, "https://openrouter.ai/api/v1/embeddings"),
        ("github", openai_embeddings, "https://models.github.ai/inference/embeddings"),
        ("ollama", openai_embeddings, "http://127.0.0.1:11434/v1/embeddings"),
    ],
)
def test_a_vendor_of_several_dialects_is_asked_in_each_at_its_address(name: str, dialect: ModuleType, address: str):
    provider = builtin()[name]
    assert provider.speaks(dialect)
    target = provider.target(dialect.target("m", stream=False), "m", {})
    assert provider.base_url.encode() + target == address.encode()


def test_deepseek_finds_the_key_where_either_dialect_has_it():
    headers = dict(builtin()["deepseek"].authorize("key", {}))
    assert headers == {b"authorization": b"Bearer key", b"x-api-key": b"key"}


def test_what_groq_refuses_is_not_asked_of_it():
    groq = builtin()["groq"]
    speaker = chat.Message(role="user", parts=(chat.TextPart("Hi"),), name="Ann")
    request = chat.ChatRequest(model="m", messages=(speaker,), dialect="openai_responses")
    translation = translate(request, openai_responses, groq)
    assert translation.lost == ("input[].name",)
    assert b"Ann" not in translation.body("m", cap=None, most_tokens=None)
    with pytest.raises(InvalidRequest, match="`include`"):
        translate(msgspec.structs.replace(request, logprobs=True), openai_responses, groq)

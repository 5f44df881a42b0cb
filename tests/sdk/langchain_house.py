"""A gateway before the scripted model for LangChain's standard tests, whose clients do not share its event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage

from gateways import Gateway, gateway_over
from sdk.scripted_model import CACHED_TOKENS, INPUT_TOKENS, OUTPUT_TOKENS, replies

MODEL, OTHER_MODEL = "acme/acme-1", "acme-2"
SECOND_MODEL = """
[providers.acme.models."acme-2"]
input_usd_per_million = "2.50"
output_usd_per_million = "10.00"
context_tokens = 128000
max_output_tokens = 16384
"""
DOWNLOADS = {".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-1.4\n", ".wav": b"RIFF\x04\x00\x00\x00WAVE"}

unclosed = pytest.mark.filterwarnings("ignore:unclosed resource <TCPTransport:ResourceWarning")
"""The suite never closes its asynchronous clients."""


class OverGateway:
    """What the suites share: one gateway for each class of tests, and no web.

    Attributes:
        upstream: the dialect that the provider speaks.
    """

    upstream: str
    gateway: Gateway

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _serve(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        with in_a_thread(tmp_path_factory.mktemp("house"), cls.upstream) as cls.gateway:
            yield

    @pytest.fixture(autouse=True)
    def _without_the_web(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The suite fetches its picture, its document and its sound from the web."""
        monkeypatch.setattr(httpx, "get", downloaded)
        monkeypatch.setenv("LANGCHAIN_TESTS_USER_AGENT", "tests")

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        """The scripted model always finds a part of the question in its cache, …"""
        model: BaseChatModel = self.chat_model_class(**self.chat_model_params)  # type: ignore[attr-defined]
        if not stream:
            return model.invoke("Hello")
        first, *more = model.stream("Hello")
        return sum(more, start=first)

    invoke_with_cache_creation_input = invoke_with_cache_read_input
    """… puts another into it, …"""

    invoke_with_reasoning_output = invoke_with_cache_read_input
    """… and thinks."""

    @pytest.mark.parametrize("stream", [False, True])
    def test_usage_is_what_the_provider_counted(self, stream: bool) -> None:
        usage = self.invoke_with_cache_read_input(stream=stream).usage_metadata
        assert (usage["input_tokens"], usage["output_tokens"]) == (INPUT_TOKENS, OUTPUT_TOKENS)
        assert usage["input_token_details"]["cache_read"] == CACHED_TOKENS

    def test_the_answer_ends_at_a_stop_sequence(self, model: BaseChatModel) -> None:
        assert model.invoke("hi", stop=["you"]).text.strip() == "Hello there, and how are"


def downloaded(url: str, **options: Any) -> httpx.Response:
    """A short file of the kind that was asked for."""
    return httpx.Response(200, content=DOWNLOADS[url[-4:]])


def counted(*parts: str) -> dict[str, list[str]]:
    """The parts of usage that are told, in whole answers and in streams."""
    return {"invoke": list(parts), "stream": list(parts)}


@contextmanager
def in_a_thread(folder: Path, dialect: str) -> Iterator[Gateway]:
    """A gateway whose event loop is another thread's."""
    opened: list[Gateway] = []
    is_open, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        try:
            async with gateway_over(folder, dialect=dialect, extra=SECOND_MODEL) as gateway:
                gateway.provider.always(replies)
                opened.append(gateway)
                is_open.set()
                await over.wait()
        finally:
            is_open.set()

    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="gateway")
    thread.start()
    is_open.wait()
    try:
        (gateway,) = opened
        yield gateway
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()

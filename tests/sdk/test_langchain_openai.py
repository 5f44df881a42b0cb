"""LangChain's standard tests for chat models, with its client for OpenAI over `/v1/chat/completions`.

`langchain_tests` says what an application that is written against LangChain may rely on. All of it is asked; what does
not apply is told by the suite's own properties.
"""

from __future__ import annotations

from typing import Any

import pytest
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from sdk.langchain_house import MODEL, OTHER_MODEL, OverGateway, counted, unclosed

pytestmark = [
    unclosed,
    # The client's own: it holds the parsed object where it declares none, …
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning"),
    # … and two of the suite's cases are asked in a way that it would rather not be asked.
    pytest.mark.filterwarnings("ignore:Received a Pydantic BaseModel V1 schema:UserWarning"),
    pytest.mark.filterwarnings("ignore:OpenAI may require a filename:UserWarning"),
]


class StandardTests(OverGateway, ChatModelIntegrationTests):
    """What holds over every upstream."""

    chat_model_class = ChatOpenAI
    model_override_value = OTHER_MODEL
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True
    supports_anthropic_inputs = True
    enable_vcr_tests = False  # nothing is recorded: the provider is scripted

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": MODEL,
            "base_url": f"{self.gateway.url}/v1",
            "api_key": self.gateway.person.token,
            "stream_usage": True,  # else the client asks for usage only at OpenAI's own address
        }


class TestOverAnthropic(StandardTests):
    """Every call is translated."""

    upstream = "anthropic_messages"
    supports_audio_inputs = False  # Anthropic's models do not hear
    supported_usage_metadata_details = counted("cache_read_input", "cache_creation_input")


@pytest.mark.slow
class TestOverOpenAI(StandardTests):
    """Every call passes in its own bytes."""

    upstream = "openai_chat"
    supports_audio_inputs = True
    supported_usage_metadata_details = counted("cache_read_input", "reasoning_output")

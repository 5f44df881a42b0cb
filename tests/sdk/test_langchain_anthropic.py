"""LangChain's standard tests for chat models, with its client for Anthropic over `/v1/messages`."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_tests.integration_tests import ChatModelIntegrationTests

from sdk.langchain_house import MODEL, OTHER_MODEL, OverGateway, counted, unclosed

pytestmark = unclosed


class StandardTests(OverGateway, ChatModelIntegrationTests):
    """What holds over every upstream."""

    chat_model_class = ChatAnthropic
    model_override_value = OTHER_MODEL
    supports_image_inputs = True
    supports_image_urls = True
    supports_image_tool_message = True
    supports_pdf_inputs = True
    supports_pdf_tool_message = True
    supports_anthropic_inputs = True
    supports_audio_inputs = False  # there is no sound in this dialect
    supports_json_mode = False  # nor JSON without a schema
    enable_vcr_tests = False  # nothing is recorded: the provider is scripted

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": MODEL, "base_url": self.gateway.url, "api_key": self.gateway.person.token}


class TestOverOpenAI(StandardTests):
    """Every call is translated."""

    upstream = "openai_chat"
    supported_usage_metadata_details = counted("cache_read_input")


@pytest.mark.slow
class TestOverAnthropic(StandardTests):
    """Every call passes in its own bytes."""

    upstream = "anthropic_messages"
    supported_usage_metadata_details = counted("cache_read_input", "cache_creation_input")

"""What vendors have said that their calls cost, against what our prices make of their counts."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from tollhouse.dialects import openai_chat
from tollhouse.dialects.chat import Usage
from tollhouse.money.amounts import whole_nanodollars
from tollhouse.money.prices import Price, cost_of, input_bound, most
from tollhouse.money.published import published_price
from tollhouse.providers.base import Provider
from wire.recordings import Recording, needs_recordings, recordings
from wire.vendors import PROVIDERS, heard

pytestmark = needs_recordings

TODAY = date(2026, 11, 22)
DISCOUNTED = ("moonshotai/kimi-k2.5", "openai/gpt-oss-120b")
"""Of several vendors behind OpenRouter, the one that served was cheaper than the published price."""
FEES = ("web-search", "file-annotation")
"""A search of the web, and the reading of a document: OpenRouter's own tools, which no published price has."""


def counted(provider: Provider, recording: Recording) -> Usage | None:
    if recording.is_stream:
        return heard(provider, [recording.answered])[1].usage
    return openai_chat.glance_answer(recording.answered).usage


def told(name: str) -> list[tuple[Recording, Usage]]:
    """The vendor's recordings that tell a cost, with what was counted."""
    answered = [
        one
        for one in recordings(name, path_end="/chat/completions")
        if one.asked and one.status == 200 and b'"cost' in one.answered and "error" not in one.case
    ]
    return [(one, usage) for one in answered if (usage := counted(PROVIDERS[name], one)) and usage.told_usd is not None]


def price_of(name: str, recording: Recording) -> Price | None:
    return published_price(PROVIDERS[name].priced_as or "", json.loads(recording.asked or b"{}")["model"], TODAY)


@pytest.mark.parametrize(("name", "at_least"), [("openrouter", 50), ("xai", 15)])
def test_our_price_comes_to_what_the_vendor_billed_to_the_nanodollar(name: str, at_least: int):
    compared = 0
    for recording, usage in told(name):
        price = price_of(name, recording)
        if price is None or usage.is_mended or any(word in recording.case for word in FEES):
            continue
        if json.loads(recording.asked or b"{}")["model"] in DISCOUNTED:
            continue
        assert usage.told_usd is not None
        assert cost_of(usage, price) == whole_nanodollars(usage.told_usd), str(recording)
        compared += 1
    assert compared >= at_least


@pytest.mark.parametrize("name", ["openrouter", "perplexity", "xai"])
def test_no_vendor_billed_more_than_would_have_been_held(name: str):
    provider, compared = PROVIDERS[name], 0
    for recording, usage in told(name):
        price = price_of(name, recording)
        if price is None or recording.asked is None or usage.told_usd is None:
            continue
        glance = openai_chat.glance_request(recording.asked)
        unseen = provider.unseen_tokens(glance.model, glance.has_tools, glance.tool_types)
        bound = input_bound(len(recording.asked), glance.message_count, unseen, None, glance.media)
        cap = glance.max_output_tokens or usage.output_tokens
        held = most(price.held_for(glance.service_tier, glance.searches), bound, cap, glance.n)
        assert whole_nanodollars(usage.told_usd) <= held, str(recording)
        compared += 1
    assert compared >= 5


def test_perplexity_tells_the_sum_of_its_parts():
    assert all(usage.told_usd and usage.told_usd > Decimal("0.005") for _, usage in told("perplexity"))
    assert len(told("perplexity")) >= 5

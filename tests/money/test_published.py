"""Published prices agree with the library that publishes them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot

from tollhouse.dialects.chat import Usage
from tollhouse.money.prices import Price, Rates, cost_of
from tollhouse.money.published import published_context, published_models, published_price

TODAY = date(2026, 11, 22)
MODELS = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-2024-08-06"),
    ("openai", "gpt-4.1-nano"),
    ("openai", "gpt-5.4"),
    ("openai", "gpt-5.6-sol"),
    ("openai", "gpt-6-luna"),
    ("openai", "gpt-audio"),
    ("openai", "text-embedding-3-small"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-opus-5-5"),
    ("google", "gemini-2.5-pro"),
    ("google", "gemini-2.5-flash"),
    ("mistral", "mistral-large-latest"),
    ("groq", "llama-3.3-70b-versatile"),
    ("perplexity", "sonar"),
    ("perplexity", "sonar-pro"),
    ("x-ai", "grok-4"),
    ("azure", "gpt-4o"),
]
USAGES = [
    Usage(input_tokens=19, output_tokens=10),
    Usage(input_tokens=100_000, output_tokens=2_000, input_cached_tokens=60_000),
    Usage(input_tokens=300_000, output_tokens=128_000, input_cached_tokens=1),
    Usage(input_tokens=1_000_000, output_tokens=7, input_cache_write_tokens=999),
    Usage(input_tokens=1_000, output_tokens=500, input_audio_tokens=900, output_audio_tokens=450),
    Usage(input_tokens=1_000, output_tokens=500, output_reasoning_tokens=400),
]


def their_cost(provider: str, model: str, usage: Usage, tier: str | None = None) -> Decimal:
    calculation = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.input_cached_tokens,
            cache_write_tokens=usage.input_cache_write_tokens,
            input_audio_tokens=usage.input_audio_tokens,
            output_audio_tokens=usage.output_audio_tokens,
            output_reasoning_tokens=usage.output_reasoning_tokens,
        ),
        model,
        provider_id=provider,
        genai_request_timestamp=datetime(2026, 11, 22, 12, tzinfo=UTC),
        price_context={"service_tier": tier} if tier else None,
    )
    return calculation.total_price * 10**9


def known(provider: str, model: str, day: date = TODAY, tier: str | None = None) -> Price:
    price = published_price(provider, model, day, tier)
    assert price is not None, f"{provider}/{model} has no price"
    return price


@pytest.mark.parametrize("usage", USAGES)
@pytest.mark.parametrize(("provider", "model"), MODELS)
def test_our_cost_is_theirs_rounded_up_to_a_nanodollar(provider: str, model: str, usage: Usage) -> None:
    assert 0 <= cost_of(usage, known(provider, model)) - their_cost(provider, model, usage) < 1


def test_a_published_quotient_is_charged_at_most_a_femtodollar_a_token_too_much() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=7, input_cache_write_tokens=999)
    excess = cost_of(usage, known("openrouter", "google/gemini-2.5-flash")) - their_cost(
        "openrouter", "google/gemini-2.5-flash", usage
    )
    assert 0 <= excess < 1 + Decimal(usage.input_cache_write_tokens) / 10**6


@pytest.mark.parametrize("tier", ["default", "flex", "priority", "fast", "no-such-tier"])
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5.4", "gpt-5.6-sol", "gpt-6-sol"])
def test_a_service_tier_costs_what_the_vendor_asks_for_it(model: str, tier: str) -> None:
    usage = Usage(input_tokens=300_000, input_cached_tokens=7, output_tokens=11)
    assert 0 <= cost_of(usage, known("openai", model, tier=tier)) - their_cost("openai", model, usage, tier) < 1


def test_a_price_that_changed_is_told_by_the_day() -> None:
    before, after = date(2025, 6, 9), date(2025, 6, 10)
    usage = Usage(input_tokens=1_000_000, output_tokens=0)
    assert cost_of(usage, known("openai", "o3", before)) == 10_000_000_000
    assert cost_of(usage, known("openai", "o3", after)) == 2_000_000_000
    assert known("openai", "o3", before).version != known("openai", "o3", after).version
    assert known("openai", "o3", after).version == known("openai", "o3", TODAY).version


def test_a_price_that_depends_on_the_hour_is_the_dearest_of_the_day() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    by_hour = [
        genai_prices.calc_price(
            genai_prices.Usage(input_tokens=1_000_000, output_tokens=1_000_000),
            "deepseek-v4-flash",
            provider_id="deepseek",
            genai_request_timestamp=midnight + timedelta(hours=hour),
        ).total_price
        for hour in range(24)
    ]
    assert min(by_hour) < max(by_hour)
    assert cost_of(usage, known("deepseek", "deepseek-v4-flash")) == max(by_hour) * 10**9


def test_a_price_names_its_source_model_and_tier() -> None:
    version = known("openai", "gpt-4o-2024-08-06", tier="priority").version
    assert version.startswith(f"genai-prices {genai_prices.__version__} openai/gpt-4o priority since ")


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "no-such-model"), ("no-such-vendor", "gpt-4o"), ("openai", "whisper-1"), ("openai", "gpt-image-1")],
)
def test_what_is_unknown_or_charged_by_something_else_than_tokens_has_no_price(provider: str, model: str) -> None:
    assert published_price(provider, model, TODAY) is None


def test_every_published_price_is_sound() -> None:
    priced = 0
    for vendor in get_snapshot().providers:
        for model in published_models(vendor.id):
            price = published_price(vendor.id, model, TODAY)
            if price is None:
                continue
            priced += 1
            starts = [tier.above_input_tokens for tier in price.tiers]
            assert starts == sorted(set(starts))
            for rates in (price, *(tier.rates for tier in price.tiers)):
                told = [getattr(rates, name) for name in Rates.__struct_fields__]
                assert all(rate is None or (type(rate) is int and rate >= 0) for rate in told)
    assert priced > 1_500


def test_models_and_their_windows_are_listed() -> None:
    assert "gpt-4o" in published_models("openai")
    assert published_models("no-such-vendor") == []
    assert published_context("openai", "gpt-4o-2024-11-20") == 128_000
    assert published_context("openai", "no-such-model") is None


def test_the_library_is_not_imported_before_prices_are_asked_for() -> None:
    script = "import sys, tollhouse.money.published; sys.exit('genai_prices' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_tiers_of_a_model_ride_with_its_price() -> None:
    price = known("openai", "gpt-5.4")
    assert price.on("priority").output > price.output > price.on("flex").output
    assert price.on("default") == price.on(None) == price.on("no-such-tier") == price
    assert price.on("priority") == known("openai", "gpt-5.4", tier="priority")


def test_what_stays_in_the_cache_for_an_hour_costs_more() -> None:
    price = known("anthropic", "claude-sonnet-4-5")
    for_minutes = Usage(input_tokens=1_000_000, input_cache_write_tokens=1_000_000, output_tokens=0)
    for_an_hour = Usage(
        input_tokens=1_000_000,
        input_cache_write_tokens=1_000_000,
        input_cache_write_1h_tokens=1_000_000,
        output_tokens=0,
    )
    # Anthropic, "Prompt caching", section "Pricing": 1.25 and 2 times the price of input.
    assert cost_of(for_minutes, price) * 8 == cost_of(for_an_hour, price) * 5
    assert price.dearest_input() == 2 * price.input


# --- fees ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "model", "fee"),
    [
        ("anthropic", "claude-opus-5-5", 10_000_000),
        ("openai", "gpt-5.4", 10_000_000),
        ("google", "gemini-3-flash-preview", 14_000_000),
        ("groq", "llama-3.3-70b-versatile", 0),
    ],
)
def test_a_search_costs_what_the_vendor_asks_for_it(provider: str, model: str, fee: int) -> None:
    price = known(provider, model)
    searched = Usage(input_tokens=19, output_tokens=10, web_searches=3)
    assert cost_of(searched, price) - cost_of(USAGES[0], price) == 3 * fee


def test_gemini_2_charges_a_call_that_searches_once() -> None:
    price = known("google", "gemini-2.5-flash")
    fees = [cost_of(Usage(input_tokens=19, output_tokens=10, web_searches=n), price) for n in (0, 1, 5)]
    assert [fee - fees[0] for fee in fees] == [0, 35_000_000, 35_000_000]


def test_a_search_of_files_costs_what_the_vendor_asks_for_it() -> None:
    price = known("openai", "gpt-5.4")
    searched = Usage(input_tokens=19, output_tokens=10, file_searches=2)
    assert cost_of(searched, price) - cost_of(USAGES[0], price) == 5_000_000


@pytest.mark.parametrize("model", ["gpt-4o-search-preview", "gpt-4o-mini-search-preview", "gpt-5-search-api"])
def test_a_model_that_searches_with_every_call_for_an_unpublished_fee_has_no_price(model: str) -> None:
    assert published_price("openai", model, TODAY) is None


@pytest.mark.parametrize(("provider", "model"), [("anthropic", "claude-opus-5-5"), ("openai", "gpt-5.4")])
def test_a_batch_costs_half(provider: str, model: str) -> None:
    price = known(provider, model)
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
    assert cost_of(usage, price.on("batch")) * 2 == cost_of(usage, price)

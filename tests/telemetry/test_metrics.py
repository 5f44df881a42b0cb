"""The metrics' page: what is counted, under which names, and that nobody can make it grow without end."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from finished_rows import finished_row
from tollhouse.telemetry import Finished, Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(version="1.2.3", providers={"acme": ["acme-1", "acme-2"]})


def row(**ending: Any) -> Finished:
    return finished_row(**{"provider": "acme", **ending})


def samples(metrics: Metrics) -> dict[str, float]:
    """`name{label="value"}` -> value, as Prometheus would read them."""
    return {
        sample.name + "".join(f"{{{key}={value}}}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def test_a_request_is_counted_once_with_its_tokens_and_cost(metrics: Metrics):
    metrics.observe_batch(
        [
            row(
                input_tokens=100,
                input_cached_tokens=40,
                output_tokens=7,
                input_cost=1_000,
                output_cost=500,
                cost_status="exact",
                response_time_us=300_000,
                first_token_us=60_000,
                upstream_us=299_800,
            )
        ]
    )
    found = samples(metrics)
    assert found["tollhouse_requests_total{outcome=ok}{provider=acme}{status=200}"] == 1
    assert found["tollhouse_tokens_total{direction=input}{kind=fresh}"] == 60
    assert found["tollhouse_tokens_total{direction=input}{kind=cached}"] == 40
    assert found["tollhouse_tokens_total{direction=output}{kind=generated}"] == 7
    assert found["tollhouse_cost_usd_total{priced=exact}"] == pytest.approx(0.0000015)
    assert found["tollhouse_unpriced_requests_total"] == 0
    assert found["tollhouse_request_duration_seconds_bucket{le=0.25}"] == 0
    assert found["tollhouse_request_duration_seconds_bucket{le=0.5}"] == 1
    assert found["tollhouse_request_duration_seconds_sum"] == pytest.approx(0.3)
    assert found["tollhouse_time_to_first_token_seconds_count"] == 1
    assert found["tollhouse_overhead_seconds_bucket{le=0.00025}"] == 1
    assert found["tollhouse_overhead_seconds_bucket{le=0.0001}"] == 0


def test_an_unpriced_request_is_counted_and_costs_nothing(metrics: Metrics):
    metrics.observe_batch([row(cost_status="unpriced"), row(cost_status=None)])
    found = samples(metrics)
    assert found["tollhouse_unpriced_requests_total"] == 1
    assert not [name for name in found if name.startswith("tollhouse_cost_usd_total")]


def test_names_that_callers_make_up_do_not_become_labels(metrics: Metrics):
    metrics.observe_batch([row(provider=f"made-up-{number}", status=404) for number in range(100)])
    metrics.observe_batch([row(provider=None, status=404)])
    found = samples(metrics)
    assert found["tollhouse_requests_total{outcome=ok}{provider=other}{status=404}"] == 100
    assert found["tollhouse_requests_total{outcome=ok}{provider=none}{status=404}"] == 1


def test_nobody_is_named(metrics: Metrics):
    metrics.observe_batch([row(model="model-canary")])
    assert b"canary" not in metrics.render()


def test_rejections_and_attempts_are_counted(metrics: Metrics):
    metrics.attempted("ok")
    metrics.attempted("provider_timeout")
    metrics.attempted("ok")
    metrics.observe_batch(
        [row(status=429, outcome="rate_limit_exceeded"), row(status=429, outcome="insufficient_quota")]
    )
    found = samples(metrics)
    assert found["tollhouse_upstream_attempts_total{outcome=ok}"] == 2
    assert found["tollhouse_upstream_attempts_total{outcome=provider_timeout}"] == 1
    assert found["tollhouse_ratelimit_rejections_total{scope=user}"] == 1
    assert found["tollhouse_budget_rejections_total"] == 1


def test_what_is_true_now_is_asked_at_the_scrape(metrics: Metrics):
    metrics.in_flight = lambda: 3
    metrics.tasks = lambda: 7
    metrics.held_nanodollars = 2_500_000_000
    found = samples(metrics)
    assert found["tollhouse_in_flight_requests"] == 3
    assert found["tollhouse_asyncio_tasks"] == 7
    assert found["tollhouse_budget_held_usd"] == pytest.approx(2.5)
    assert found["tollhouse_build_info{version=1.2.3}"] == 1


def test_a_value_on_a_bound_belongs_below_it(metrics: Metrics):
    metrics.observe_batch([row(response_time_us=1_000_000), row(response_time_us=700_000_000)])
    found = samples(metrics)
    assert found["tollhouse_request_duration_seconds_bucket{le=1.0}"] == 1
    assert found["tollhouse_request_duration_seconds_bucket{le=600.0}"] == 1
    assert found["tollhouse_request_duration_seconds_bucket{le=+Inf}"] == 2


def test_a_model_stands_as_the_worst_of_its_credentials_and_none_of_these_is_named(metrics: Metrics):
    metrics.breakers = lambda: [
        (("acme", "acme-1", "cred_canary"), 0),
        (("acme", "acme-1", "cred_other"), 2),
        (("acme", "acme-2", None), 1),
    ]
    found = samples(metrics)
    assert found["tollhouse_breaker_state{model=acme-1}{provider=acme}"] == 2
    assert found["tollhouse_breaker_state{model=acme-2}{provider=acme}"] == 1
    assert b"cred_" not in metrics.render()


def test_a_model_that_is_well_again_is_shown_as_closed(metrics: Metrics):
    metrics.breakers = lambda: [(("acme", "acme-1", None), 2)]
    metrics.render()
    metrics.breakers = tuple
    assert samples(metrics)["tollhouse_breaker_state{model=acme-1}{provider=acme}"] == 0


def test_models_that_callers_make_up_do_not_become_labels_either(metrics: Metrics):
    metrics.breakers = lambda: [((provider, f"m{n}", None), 1) for n in range(50) for provider in ("acme", "no such")]
    shown = {name: value for name, value in samples(metrics).items() if "breaker" in name}
    assert shown == {
        "tollhouse_breaker_state{model=other}{provider=acme}": 1,
        "tollhouse_breaker_state{model=other}{provider=other}": 1,
    }


def test_how_redis_is_doing_is_told_only_where_there_is_one(metrics: Metrics):
    assert not [name for name in samples(metrics) if "redis" in name]
    metrics.redis = lambda: (False, 3)
    found = samples(metrics)
    assert (found["tollhouse_redis_up"], found["tollhouse_redis_failures_total"]) == (0, 3)

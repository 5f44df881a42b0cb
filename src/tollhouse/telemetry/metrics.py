"""Metrics for Prometheus: plain numbers that the event loop adds to, and a page of text when somebody asks.

The client library's own counters take a lock and half a microsecond each. Ours are only ever touched by the event
loop's thread, so that an addition is one look into a dictionary; the library writes the page.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from tollhouse.errors import BudgetExhausted, Busy, TollhouseError
from tollhouse.telemetry.finished import Ended, Finished, Judged, cost_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of `Metrics.render`."""

Labels = tuple[str, ...]
Way = tuple[str, str, str | None]
"""Provider, model and credential."""

NOBODY: Mapping[str, Container[str]] = {}

TURNS = "turns"
"""The only queue there is."""

_NANO, _MICRO = 1e-9, 1e-6
_TOO_MANY = 429
_DURATIONS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_OVERHEADS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)


class Metrics(Collector):
    """All metrics of one process. Labels have few values: never a user, a token, a conversation, or what they made up.

    Attributes:
        in_flight: asked at each scrape for the number of requests being answered.
        tasks: likewise for the tasks of the event loop; a number that only grows is a leak.
        breakers: likewise for how providers, models and credentials stand that fail; the worse, the greater the number.
        redis: likewise for whether Redis does what it is asked, and how often it did not; None where there is none.
        spans_dropped: likewise for the spans that no collector has got.
        jobs_waiting: runs in the background that could begin and have not, over the whole store, a few seconds ago.
        jobs_oldest_wait_s: how long the first of them could have.
        held_nanodollars: money set aside in open holds, over the whole store, as it was a few seconds ago.
    """

    def __init__(self, *, version: str, providers: Mapping[str, Container[str]] = NOBODY) -> None:
        """Begin at zero.

        Args:
            version: ours, for `build_info`.
            providers: the names that the label `provider` may have, and the models of each for the label `model`; any
                other is `other`, since callers make them up.
        """
        self.in_flight: Callable[[], int] = int
        self.tasks: Callable[[], int] = int
        self.breakers: Callable[[], Iterable[tuple[Way, int]]] = tuple
        self.redis: Callable[[], tuple[bool, int]] | None = None
        self.spans_dropped: Callable[[], int] = int
        self.held_nanodollars = 0
        self.jobs_waiting = 0
        self.jobs_oldest_wait_s = 0.0
        self._version = version
        self._providers = providers
        self._standing: dict[Labels, int] = {}
        self._requests = _Counter("requests", "Requests answered", "provider", "outcome", "status")
        self._durations = _Histogram("request_duration_seconds", "First byte in to last byte out", _DURATIONS_S)
        self._first_tokens = _Histogram("time_to_first_token_seconds", "First byte in to first token", _DURATIONS_S)
        self._overheads = _Histogram("overhead_seconds", "What of the duration was ours", _OVERHEADS_S)
        self._attempts = _Counter("upstream_attempts", "Calls to providers", "outcome")
        self._tokens = _Counter("tokens", "Tokens, as providers count them", "direction", "kind")
        self._cost = _Counter("cost_usd", "What answers cost, in US dollars", "priced", unit=_NANO)
        self._unpriced = _Counter("unpriced_requests", "Requests whose price is unknown")
        self._rate_rejections = _Counter("ratelimit_rejections", "Requests over a limit", "scope")
        self._budget_rejections = _Counter("budget_rejections", "Requests that a budget did not cover")
        self._lookups = _Counter("cache_lookups", "Requests for which an earlier answer was looked for", "result")
        self._deliveries = _Counter("webhook_deliveries", "Attempts to deliver alerts", "outcome")
        self._verdicts = _Counter("guard_verdicts", "What guards said", "side", "guard", "verdict", "acts")
        self._jobs = _Counter("jobs_finished", "Runs in the background that ended", "outcome")
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def observe_batch(self, rows: Iterable[Finished]) -> None:
        """Count requests that have been answered."""
        for row in rows:
            ending = row.ending
            self._requests.add(1, self._provider(ending.provider), _known(ending.outcome), str(ending.status))
            self._durations.observe(ending.response_time_us * _MICRO)
            self._overheads.observe((ending.response_time_us - ending.upstream_us) * _MICRO)
            if ending.first_token_us is not None:
                self._first_tokens.observe(ending.first_token_us * _MICRO)
            self._count_tokens(ending)
            self._count_cost(ending)
            if ending.cache in _LOOKUPS:
                self._lookups.add(1, ending.cache)
            if ending.status == _TOO_MANY:
                self._count_rejection(ending.outcome)

    def refused(self, error: TollhouseError) -> None:
        """Somebody whom nobody knows was answered so; there is no row of it."""
        self._requests.add(1, "none", type(error).code, str(error.status))
        if error.status == _TOO_MANY:
            self._rate_rejections.add(1, "address")

    def attempted(self, outcome: str) -> None:
        """A call to a provider has ended; `outcome` is one of few words."""
        self._attempts.add(1, _known(outcome))

    def delivered(self, outcome: str) -> None:
        """An attempt to tell somebody has ended: `delivered`, `retried` or `failed`."""
        self._deliveries.add(1, outcome)

    def job_finished(self, outcome: str) -> None:
        """A run in the background has ended: `succeeded`, `failed` or `cancelled`."""
        self._jobs.add(1, outcome)

    def judged(self, told: Judged) -> None:
        """A guard has said what it thinks of what was asked, or answered."""
        opinion = told.opinion
        self._verdicts.add(1, told.side, opinion.by, opinion.verdict, "yes" if told.acts else "no")

    def render(self) -> bytes:
        """The page that Prometheus reads, in its text format 0.0.4."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Every metric as it stands now, for the registry."""
        yield self._requests.family()
        yield self._durations.family()
        yield self._first_tokens.family()
        yield self._overheads.family()
        yield _gauge("in_flight_requests", "Requests being answered", self.in_flight())
        yield _gauge("asyncio_tasks", "Tasks of the event loop", self.tasks())
        yield self._attempts.family()
        yield self._breaker_states()
        yield self._tokens.family()
        yield self._cost.family()
        yield self._unpriced.family()
        yield self._rate_rejections.family()
        yield self._budget_rejections.family()
        yield self._lookups.family()
        yield self._deliveries.family()
        yield self._jobs.family()
        yield CounterMetricFamily("tollhouse_spans_dropped", "Spans no collector has got", value=self.spans_dropped())
        if self.redis is not None:
            is_up, failures = self.redis()
            yield _gauge("redis_up", "Whether Redis answers and keeps what it is given", is_up)
            yield CounterMetricFamily("tollhouse_redis_failures", "Questions that Redis did not answer", value=failures)
        yield self._verdicts.family()
        yield _gauge("jobs_waiting", "Runs that could begin and have not", self.jobs_waiting, queue=TURNS)
        yield _gauge(
            "jobs_oldest_wait_seconds", "How long the first of them could have", self.jobs_oldest_wait_s, queue=TURNS
        )
        yield _gauge("budget_held_usd", "Set aside in open holds, in US dollars", self.held_nanodollars * _NANO)
        build = GaugeMetricFamily("tollhouse_build_info", "Which Tollhouse this is", labels=["version"])
        build.add_metric([self._version], 1)
        yield build

    def _breaker_states(self) -> GaugeMetricFamily:
        """The worst over all credentials. Who was ever shown, and is remembered no more, is closed."""
        standing = dict.fromkeys(self._standing, 0)
        for (provider, model, _), state in self.breakers():
            labels = self._provider(provider), model if model in self._providers.get(provider, ()) else "other"
            standing[labels] = max(standing.get(labels, 0), state)
        self._standing = standing
        meaning = "Whether a model is asked: 0 as ever, 1 one call at a time, 2 not for a while"
        family = GaugeMetricFamily("tollhouse_breaker_state", meaning, labels=["provider", "model"])
        for shown, state in standing.items():
            family.add_metric(shown, state)
        return family

    def _provider(self, name: str | None) -> str:
        if name is None:
            return "none"
        return name if name in self._providers else "other"

    def _count_tokens(self, ending: Ended) -> None:
        if ending.input_tokens:
            cached = ending.input_cached_tokens or 0
            self._tokens.add(ending.input_tokens - cached, "input", "fresh")
            self._tokens.add(cached, "input", "cached")
        if ending.output_tokens:
            self._tokens.add(ending.output_tokens, "output", "generated")

    def _count_rejection(self, outcome: str) -> None:
        if outcome == BudgetExhausted.code:
            self._budget_rejections.add(1)
        elif outcome == Busy.code:
            self._rate_rejections.add(1, "user")

    def _count_cost(self, ending: Ended) -> None:
        if ending.cost_status == "unpriced":
            self._unpriced.add(1)
        elif ending.cost_status is not None:
            self._cost.add(cost_of(ending) or 0, ending.cost_status)


def _known(outcome: str) -> str:
    """The word as a label: a provider that refuses a request does so in words of its own, without end."""
    return outcome if outcome in _OUTCOMES else "refused"


def _codes(kind: type[TollhouseError]) -> Iterator[str]:
    yield kind.code
    for narrower in kind.__subclasses__():
        yield from _codes(narrower)


_LOOKUPS = ("hit", "similar", "miss", "bypass")

_OUTCOMES = frozenset(_codes(TollhouseError)) | {"cancelled", "client_left", "gateway_stopped", "ok", "succeeded"}


class _Counter:
    """A number per set of labels that only grows; one without labels is there from the start, as zero."""

    def __init__(self, name: str, meaning: str, *labels: str, unit: float = 1) -> None:
        self._about = f"tollhouse_{name}", meaning
        self._labels = labels
        self._unit = unit
        self._values: defaultdict[Labels, int] = defaultdict(int, {} if labels else {(): 0})

    def add(self, amount: int, *labels: str) -> None:
        self._values[labels] += amount

    def family(self) -> CounterMetricFamily:
        family = CounterMetricFamily(*self._about, labels=self._labels)
        for labels, value in self._values.items():
            family.add_metric(labels, value * self._unit)
        return family


class _Histogram:
    """How often a value was at most so large; `bounds` rise, in seconds."""

    def __init__(self, name: str, meaning: str, bounds: tuple[float, ...]) -> None:
        self._about = f"tollhouse_{name}", meaning
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def family(self) -> HistogramMetricFamily:
        buckets, below = [], 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            below += count
            buckets.append((bound, below))
        family = HistogramMetricFamily(*self._about)
        family.add_metric([], buckets, self._sum)
        return family


def _gauge(name: str, meaning: str, value: float, **labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"tollhouse_{name}", meaning, labels=[*labels])
    family.add_metric([*labels.values()], value)
    return family

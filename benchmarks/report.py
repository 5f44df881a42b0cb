"""The page of a run: one table, ratios first, in the text of report.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import structs

from benchmarks import soak
from benchmarks.gateways.tollhouse import UNLEDGERED
from benchmarks.latency import RATE
from benchmarks.medians import ratio
from benchmarks.results import Conditions, Cost, Figures, Results, Soak
from benchmarks.shapes import BURST, EVENTS, PACED, SHAPES, SMALL, TRANSLATED, TRANSLATED_BURST

TEMPLATE = Path(__file__).with_suffix(".md")
NOTHING = ""
NOT_MEASURED = "not measured in this run"
QUICK = "\n\n**This was a quick run: it shows that everything can be measured, and its figures are rough.**"
FLOOR = "nginx"
OURS = "tollhouse"
TRANSLATING = "CPU us that translating from Messages to Chat Completions and back adds to"

Cell = Callable[[Figures], str]


def page(results: Results) -> str:
    """The whole page in Markdown."""
    return TEMPLATE.read_text(encoding="utf-8").format(
        table="\n".join(_table(results)) if results.gateways else f"This was {NOT_MEASURED}.",
        soak=_soak(results.soak) if results.soak else f"This was {NOT_MEASURED}.",
        absent="; ".join(results.absent.values()) or "none",
        database=results.database or f"PostgreSQL was {NOT_MEASURED}",
        **told(results.conditions),
    )


def told(conditions: Conditions) -> dict[str, object]:
    """The conditions, as templates name them."""
    return structs.asdict(conditions) | {"quick": QUICK if conditions.is_quick else ""}


def _table(results: Results) -> Iterator[str]:
    """Gateways are columns, figures are rows; a row that nobody has is left out."""
    yield f"| | {' | '.join(one.title for one in results.gateways)} |"
    yield f"|---|{'---:|' * len(results.gateways)}"
    for label, cell in _rows(results):
        cells = [cell(one) for one in results.gateways]
        if set(cells) != {NOTHING}:
            yield f"| {label} | {' | '.join(cells)} |"


def _rows(results: Results) -> Iterator[tuple[str, Cell]]:
    by_name = {one.name: one for one in results.gateways}
    for shape in SHAPES:
        yield f"**CPU, times nginx's**: {shape.name}", _times(shape.name, by_name.get(FLOOR))
    for shape in (SMALL, PACED):
        yield f"**Tollhouse's CPU on SQLite, times this one's**: {shape.name}", _share(shape.name, by_name.get(OURS))
    for shape in SHAPES:
        yield f"CPU us a request: {shape.name}", _cost(shape.name, _cpu)
    for shape in (SMALL, PACED):
        yield f"of that the ledger's: {shape.name}", _of_the_ledger(shape.name, by_name)
    for shape in SHAPES:
        yield f"CPU us a request in the database: {shape.name}", _cost(shape.name, _database_cpu)
    for shape in SHAPES:
        yield f"requests a second: {shape.name}", _cost(shape.name, lambda cost: f"{cost.per_second:,.0f}")
    yield f"{TRANSLATING} a request", _added(TRANSLATED.name, SMALL.name)
    yield f"{TRANSLATING} a stream of {EVENTS} events", _added(TRANSLATED_BURST.name, BURST.name)
    yield f"{TRANSLATING} an event of it", _added(TRANSLATED_BURST.name, BURST.name, EVENTS)
    yield f"added latency p50 / p99 ms, at {RATE} requests a second", _added_latency
    yield "idle memory MiB, RSS / PSS", _idle
    yield "memory after load MiB, RSS / PSS", _loaded
    yield "memory per live stream KiB", _per_stream
    yield "from start to first answer s", lambda one: NOTHING if one.start_s is None else f"{one.start_s:.2f}"


def _times(shape: str, floor: Figures | None) -> Cell:
    base = _cpu_of(floor, shape)
    return lambda one: _ratio_text(ratio(_cpu_of(one, shape), base))


def _share(shape: str, ours: Figures | None) -> Cell:
    own = _cpu_of(ours, shape)
    return lambda one: _ratio_text(ratio(own, _cpu_of(one, shape)))


def _of_the_ledger(shape: str, by_name: Mapping[str, Figures]) -> Cell:
    """The difference to the same build without a ledger."""

    def cell(one: Figures) -> str:
        whole, rest = _cpu_of(one, shape), _cpu_of(by_name.get(one.name + UNLEDGERED), shape)
        return NOTHING if whole is None or rest is None else f"{whole - rest:.1f}"

    return cell


def _ratio_text(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _cpu_of(one: Figures | None, shape: str) -> float | None:
    """What an answer costs; None when it was not measured, or errors were answered."""
    cost = one.cost.get(shape) if one else None
    return cost.cpu_us if cost and not cost.errors else None


def _cost(shape: str, text: Callable[[Cost], str]) -> Cell:
    def cell(one: Figures) -> str:
        cost = one.cost.get(shape)
        if cost is None:
            return NOTHING
        return f"{cost.errors} of {cost.answers} failed" if cost.errors else text(cost)

    return cell


def _cpu(cost: Cost) -> str:
    return f"{cost.cpu_us:,.1f}" if cost.cpu_us < 100 else f"{cost.cpu_us:,.0f}"


def _database_cpu(cost: Cost) -> str:
    return NOTHING if cost.database_cpu_us is None else f"{cost.database_cpu_us:,.1f}"


def _added(shape: str, plain: str, parts: int = 1) -> Cell:
    """What one shape costs more than another of the same run, divided by what it has parts."""

    def cell(one: Figures) -> str:
        cpu_us, plain_us = _cpu_of(one, shape), _cpu_of(one, plain)
        return NOTHING if cpu_us is None or plain_us is None else f"{(cpu_us - plain_us) / parts:,.1f}"

    return cell


def _added_latency(one: Figures) -> str:
    if one.latency is None:
        return NOTHING
    if one.latency.per_second < 0.9 * RATE:
        return f"answered {one.latency.per_second:.0f} a second only"
    return f"{one.latency.added_p50_us / 1000:.2f} / {one.latency.added_p99_us / 1000:.2f}"


def _idle(one: Figures) -> str:
    memory = one.footprint.idle if one.footprint else None
    return f"{memory.rss_mib:.0f} / {memory.pss_mib:.0f}" if memory else NOTHING


def _loaded(one: Figures) -> str:
    memory = one.footprint.loaded if one.footprint else None
    return f"{memory.rss_mib:.0f} / {memory.pss_mib:.0f}" if memory else NOTHING


def _per_stream(one: Figures) -> str:
    return f"{round(one.footprint.stream_kib)}" if one.footprint else NOTHING


def _soak(it: Soak) -> str:
    first, last = it.glimpses[len(it.glimpses) // 4], it.glimpses[-1]
    return (
        f"{it.seconds:g} seconds on SQLite at half of the peak: {it.rate:,.0f} unstreamed requests a second, "
        f"and {it.streams} paced\nstreams at any time. {it.answers:,} answers, of which {it.errors:,} failed; "
        f"p99 of the unstreamed {it.p99_us / 1000:.1f} ms.\n\n"
        f"| | after a quarter | at the end |\n|---|---:|---:|\n"
        f"| memory MiB, PSS | {first.memory_mib:.1f} | {last.memory_mib:.1f} |\n"
        f"| open files and sockets | {first.descriptors} | {last.descriptors} |\n"
        f"| asyncio tasks | {first.tasks} | {last.tasks} |\n\n"
        f"Verdict: **{soak.verdict(it)}**."
    )

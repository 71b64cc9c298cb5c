"""Goodput at and beyond the load that the server can bear, with deadlines."""

from __future__ import annotations

from typing import Any

from tests.bench_serving.context import NO_CACHE, Context, closed_loop
from tests.e2e.support import Server

CONCURRENCY = 8
# The deadline of a request, in medians of the saturated closed loop.
PATIENCE = 4
# Requests whose deadline had passed when they reached the server, which it does not accept.
EXPIRED_ON_ENTRY = {"reason": "expired_on_entry"}


def run(context: Context) -> dict[str, Any]:
    """First the closed loop's throughput, which is the saturating load, then Poisson arrivals at
    multiples of it. The peak is the best goodput of all."""
    effort = context.effort
    with context.serve("overload", context.models, *NO_CACHE) as server:
        flags = closed_loop(effort.saturation_seconds, CONCURRENCY, warm_up=1)
        saturated = context.bench(server, *flags)
        deadline_ms = PATIENCE * saturated["all"]["latency_ms"]["p50"]
        loads = [
            _open_loop(context, server, factor * saturated["throughput"], deadline_ms)
            for factor in effort.load_factors
        ]
    peak = max(saturated["throughput"], *(load["goodput"] for load in loads))
    twice = loads[-1]
    return {
        "goodput_share_at_2x": twice["goodput"] / peak,
        "deadline_miss_share": twice["missed"] / max(1, twice["admitted"]),
        "overload": {
            "saturated_per_second": saturated["throughput"],
            "deadline_ms": deadline_ms,
            "loads": loads,
        },
    }


def _open_loop(context: Context, server: Server, rate: float, deadline_ms: float) -> dict[str, Any]:
    on_entry = server.metric("nemf_jobs_dropped_total", **EXPIRED_ON_ENTRY)
    seconds = context.effort.load_seconds
    report = context.bench(
        server,
        *("--rate", str(rate), "--deadline-ms", str(deadline_ms)),
        *("--duration", str(seconds), "--warm-up", str(seconds / 5)),
    )
    group = report["all"]
    # The server's count includes the warm-up's, so this is at most what was never accepted.
    on_entry = server.metric("nemf_jobs_dropped_total", **EXPIRED_ON_ENTRY) - on_entry
    late = group["answers"] - group["within_deadline"]
    expired = group["errors"].get("DEADLINE_EXCEEDED", 0)
    missed = late + max(0, expired - int(on_entry))
    return {
        "rate": rate,
        "goodput": report["goodput"],
        "requests": group["requests"],
        "answers": group["answers"],
        "refused": group["refused"],
        "refused_with_pushback": group["refused_with_pushback"],
        "errors": group["errors"],
        "admitted": group["within_deadline"] + missed,
        "missed": missed,
        "expired_on_entry": int(on_entry),
        "latency_ms": group["latency_ms"],
    }

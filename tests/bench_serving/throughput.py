"""What a saturated server answers in a second, against the engine called in process."""

from __future__ import annotations

from typing import Any

from tests.bench_serving.context import NO_CACHE, Context, EngineProgram, closed_loop

CONCURRENCY = 8
# The engine is asked for one pair at a time and for as many as the server has; its best counts.
GROUPS = (1, CONCURRENCY)


def run(context: Context) -> dict[str, Any]:
    """Server and engine take turns; the order turns round from round to round. The same pairs,
    keypoints and options; the pair cache is off, so every request costs an encoder pass."""
    seconds = context.effort.round_seconds
    served: list[float] = []
    engine: dict[int, list[float]] = {group: [] for group in GROUPS}

    def ask_server() -> None:
        flags = closed_loop(seconds, CONCURRENCY, warm_up=min(2, seconds))
        served.append(context.bench(server, *flags)["throughput"])

    def ask_engine() -> None:
        for group in GROUPS:
            report = program.order("throughput", group, seconds / len(GROUPS))
            engine[group].append(report["pairs"] / report["seconds"])

    with (
        context.serve("throughput", context.models, *NO_CACHE) as server,
        EngineProgram(context, context.model) as program,
    ):
        for number in range(context.effort.rounds):
            turns = (ask_server, ask_engine) if number % 2 == 0 else (ask_engine, ask_server)
            for turn in turns:
                turn()
    best = max(sum(rates) for rates in engine.values())
    return {
        "throughput_share_of_engine": sum(served) / best,
        "throughput": {
            "server_per_second": served,
            "engine_per_second": {str(group): rates for group, rates in engine.items()},
            "concurrency": CONCURRENCY,
        },
    }

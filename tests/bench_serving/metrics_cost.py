"""What measuring requests and steps for /metrics costs of the throughput."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.bench_serving.context import Context, closed_loop

CONCURRENCY = 4


def run(context: Context) -> dict[str, Any]:
    """Two servers, of which one does not measure, take turns; the order turns round from round to
    round. The model is tiny and pairs are cached, so requests are as many, and what each of them
    costs weighs as much, as can be."""
    models = context.tiny_models("metrics-models")
    rates: dict[bool, list[float]] = {True: [], False: []}
    flags = closed_loop(context.effort.metrics_seconds, CONCURRENCY, warm_up=0.5)
    with (
        context.serve("metrics-on", models) as measuring,
        context.serve("metrics-off", models, "--no-record-metrics") as silent,
    ):
        for number in range(context.effort.metrics_rounds):
            turns = ((True, measuring), (False, silent))
            for measures, server in turns if number % 2 == 0 else turns[::-1]:
                rates[measures].append(context.bench(server, *flags)["throughput"])
    shares = np.array(rates[True]) / np.array(rates[False])
    return {
        "metrics_cost_share": float(1 - np.median(shares)),
        "metrics_cost": {
            "measuring_per_second": rates[True],
            "silent_per_second": rates[False],
            "standard_error": float(shares.std() / len(shares) ** 0.5),
        },
    }

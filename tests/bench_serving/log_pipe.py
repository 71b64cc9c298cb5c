"""How a log that nobody reads changes the latency of keypoints."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.bench_serving.context import Context, closed_loop
from tests.e2e.support import full_pipe


def run(context: Context) -> dict[str, Any]:
    """Two servers that log every request, one to a file and one to a full pipe, take turns; the
    order changes from round to round. The model is tiny and pairs are cached, so a request is short
    and the log's share of it is large."""
    models = context.tiny_models("log-models")
    p99: dict[bool, list[float]] = {True: [], False: []}
    flags = closed_loop(context.effort.metrics_seconds, 1, warm_up=0.5)
    with (
        full_pipe() as stderr,
        context.serve("log-file", models, log_level="info") as free,
        context.serve("log-pipe", models, log_level="info", stderr=stderr) as stalled,
    ):
        for number in range(context.effort.metrics_rounds):
            turns = ((True, stalled), (False, free))
            for is_stalled, server in turns if number % 2 == 0 else turns[::-1]:
                report = context.bench(server, *flags)
                p99[is_stalled].append(report["all"]["latency_ms"]["p99"])
    ratios = np.array(p99[True]) / np.array(p99[False])
    return {
        "log_pipe_p99_ratio": float(np.median(ratios)),
        "log_pipe": {
            "full_pipe_p99_ms": p99[True],
            "file_p99_ms": p99[False],
            "standard_error": float(ratios.std() / len(ratios) ** 0.5),
        },
    }

"""What the server adds to a request over what the engine needs for it."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np

from tests.bench_serving.context import PICTURE_SIZE, Context, closed_loop


def run(context: Context) -> dict[str, Any]:
    """One client, JPEG pairs, loopback: the client's latency less the queue, the encoder and the
    matching. What is left is the network, gRPC, decoding two pictures, validation and
    hand-overs."""
    path = context.work / "overhead.csv"
    with context.serve("overhead", context.tiny_models("overhead-models")) as server:
        flags = closed_loop(context.effort.overhead_seconds, 1, warm_up=1)
        context.bench(server, *flags, csv=path)
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["phase"] == "measured"]
    added = np.array([1000 * _added_seconds(row) for row in rows if row["code"] == "OK"])
    decode = np.array([1000 * float(row["decode"]) for row in rows if row["code"] == "OK"])
    return {
        "server_added_ms_p99": float(np.percentile(added, 99)),
        "server_added_ms": {
            "requests": len(added),
            "p50": float(np.percentile(added, 50)),
            "decode_p50": float(np.percentile(decode, 50)),
            "decode_p99": float(np.percentile(decode, 99)),
            "without_decode_p50": float(np.percentile(added - decode, 50)),
            "without_decode_p99": float(np.percentile(added - decode, 99)),
            "picture_size": list(PICTURE_SIZE),
        },
    }


def _added_seconds(row: dict[str, str]) -> float:
    total = float(row["finished"]) - float(row["started"])
    return total - sum(float(row[stage]) for stage in ("queue", "encode", "match"))

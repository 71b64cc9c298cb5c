"""How long keypoints wait while a dense flow runs."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from tests.bench_serving.context import NO_CACHE, Context, closed_loop
from tests.e2e.support import Server, wait_until

# A flow that is still busy at the end of the experiment.
ENDLESS_ITERATIONS = 1000
CHUNKS = 20  # over which the mean chunk is taken


def run(context: Context) -> dict[str, Any]:
    """One client asks for keypoints, one request after the other: of an idle server, then of one
    that computes a flow all the time."""
    effort = context.effort
    idle_csv, dense_csv = context.work / "idle.csv", context.work / "dense.csv"
    with context.serve("dense", context.models, *NO_CACHE) as server:
        idle = context.bench(server, *closed_loop(effort.idle_seconds, 1, 1), csv=idle_csv)
        flow = _start_flow(context, server)
        try:
            chunk_ms = 1000 * _mean_chunk_seconds(server)
            dense = context.bench(server, *closed_loop(effort.dense_seconds, 1, 1), csv=dense_csv)
            still_busy = server.active_flows() > 0
        finally:
            flow.cancel()
    if not still_busy:
        raise RuntimeError("the flow ended before the experiment did")
    return {
        "keypoint_p99_ms": {
            "idle": idle["all"]["latency_ms"]["p99"],
            "with_dense": dense["all"]["latency_ms"]["p99"],
        },
        "chunk_ms": chunk_ms,
        "dense": {
            "idle": idle["all"],
            "with_dense": dense["all"],
            "latencies_ms": {"idle": _latencies(idle_csv), "with dense": _latencies(dense_csv)},
        },
    }


def _start_flow(context: Context, server: Server):
    """A call that computes a flow over and over; it is being matched on return."""
    m = context.stubs.messages
    pictures = [path.read_bytes() for path in sorted(context.pictures.iterdir())[:2]]
    request = m.ComputeFlowRequest(
        query=m.Image(encoded=pictures[0]),
        reference=m.Image(encoded=pictures[1]),
        options=m.MatchOptions(preset=m.REFERENCE, patchmatch_iterations=ENDLESS_ITERATIONS),
    )
    call = context.stubs.services.CorrespondenceStub(server.channel).ComputeFlow(request)
    wait_until(lambda: server.active_flows() > 0)
    return call


def _mean_chunk_seconds(server: Server) -> float:
    """The mean time of a chunk of matching, while nothing but the flow is there."""
    name, labels = "nemf_stage_duration_seconds", {"stage": "match"}

    def read() -> tuple[float, float]:
        return server.metric(f"{name}_sum", **labels), server.metric(f"{name}_count", **labels)

    seconds, chunks = read()
    wait_until(lambda: read()[1] >= chunks + CHUNKS)
    later_seconds, later_chunks = read()
    return (later_seconds - seconds) / (later_chunks - chunks)


def _latencies(path: Path) -> list[float]:
    """Milliseconds of the measured answers."""
    with path.open() as file:
        return [
            1000 * (float(row["finished"]) - float(row["scheduled"]))
            for row in csv.DictReader(file)
            if row["phase"] == "measured" and row["code"] == "OK"
        ]

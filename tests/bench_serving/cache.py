"""The second keypoint of a pair, against the first."""

from __future__ import annotations

import itertools
import statistics
import time
from typing import Any

from tests.bench_serving.context import PICTURE_SIZE, Context


def run(context: Context) -> dict[str, Any]:
    """For each of some pairs asks for one keypoint, then for another one; the ratio of the medians
    of what the client waits."""
    m = context.stubs.messages
    pairs = context.effort.cached_pairs
    files = [path.read_bytes() for path in sorted(context.pictures.iterdir())]
    first, second = [], []
    with context.serve("cache", context.models) as server:
        stub = context.stubs.services.CorrespondenceStub(server.channel)

        def ask(query: bytes, reference: bytes, share: float) -> tuple[float, bool]:
            """Milliseconds of a request for one keypoint, and whether its pair was cached."""
            width, height = PICTURE_SIZE
            request = m.TransferKeypointsRequest(
                query=m.Image(encoded=query),
                reference=m.Image(encoded=reference),
                keypoints=[m.Point(x=share * (width - 1), y=share * (height - 1))],
            )
            start = time.perf_counter()
            cached = stub.TransferKeypoints(request).statistics.cached
            return 1000 * (time.perf_counter() - start), cached

        ask(files[-1], files[-2], 0.5)  # Connects.
        for query, reference in itertools.islice(itertools.pairwise(files), pairs):
            for times, share, expected in ((first, 0.3, False), (second, 0.6, True)):
                milliseconds, cached = ask(query, reference, share)
                if cached != expected:
                    raise RuntimeError(f"cached = {cached} where it should be {expected}")
                times.append(milliseconds)
    return {
        "cache_speedup": statistics.median(first) / statistics.median(second),
        "cache": {"first_ms": first, "second_ms": second},
    }

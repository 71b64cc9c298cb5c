"""New versions of a model, one after the other, under load."""

from __future__ import annotations

from typing import Any

from tests.bench_serving.context import Context
from tests.e2e.bundles import publish
from tests.e2e.reloads import MODEL, answers_of, run_reloads
from tests.e2e.support import Server, encode, photograph

POLLING = ("--model-poll-seconds", "0.05")


def run(context: Context) -> dict[str, Any]:
    """Every answer must come, and be that of exactly one version; see tests/e2e/reloads.py."""
    m = context.stubs.messages
    request = m.TransferKeypointsRequest(
        query=m.Image(encoded=encode(photograph(61, 47, seed=1), "JPEG")),
        reference=m.Image(encoded=encode(photograph(53, 71, seed=2), "JPEG")),
        keypoints=[m.Point(x=0, y=0), m.Point(x=30.25, y=20.5), m.Point(x=60, y=46)],
        options=m.MatchOptions(seed=7),
    )

    def serve(models) -> Server:
        return context.start("reload-answers", models)

    apart = context.work / "reload-answers"
    expected = answers_of(context.tiny, apart, serve, context.stubs, request)
    models = context.work / "reload-models"
    publish(context.tiny[1], models, MODEL, 1)
    with context.serve("reloads", models, *POLLING) as server:
        report = run_reloads(
            *(server, context.stubs, models, context.tiny, expected, request),
            context.effort.hot_reloads,
        )
    return {
        "hot_reloads": {"count": report.count, "failed": report.failed},
        "reloads": {
            "requests": report.requests,
            "failures": report.failures,
            "seconds": report.seconds,
        },
    }

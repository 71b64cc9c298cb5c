"""How many steps a cancelled job still gets."""

from __future__ import annotations

from typing import Any

from tests.bench_serving.context import Context, EngineProgram


def run(context: Context) -> dict[str, Any]:
    """Cancels flows in the server's scheduler over the real engine, at random moments, beside a
    flow that goes on; see cancel_steps.h."""
    with EngineProgram(context, context.tiny[0]) as program:
        report = program.order("cancel", context.effort.cancel_trials)
    return {"cancel_steps_max": report["max_steps"], "cancel": report}

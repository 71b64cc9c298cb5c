"""The bars, and how the results stand to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Results = dict[str, Any]


@dataclass(frozen=True)
class Bar:
    """One line of the table."""

    name: str
    measured: Callable[[Results], str]
    rule: str
    met: Callable[[Results], bool]


def _p99_excess(results: Results) -> float:
    p99 = results["keypoint_p99_ms"]
    return p99["with_dense"] - p99["idle"]


BARS = (
    Bar(
        "saturated throughput, share of the engine in process",
        lambda r: f"{r['throughput_share_of_engine']:.3f}",
        ">= 0.95",
        lambda r: r["throughput_share_of_engine"] >= 0.95,
    ),
    Bar(
        "goodput at twice the saturating load, share of the peak",
        lambda r: f"{r['goodput_share_at_2x']:.3f}",
        ">= 0.90",
        lambda r: r["goodput_share_at_2x"] >= 0.90,
    ),
    Bar(
        "keypoint p99 beside a dense flow, less idle p99",
        lambda r: (
            f"{_p99_excess(r):.0f} ms ({r['keypoint_p99_ms']['with_dense']:.0f}"
            f" - {r['keypoint_p99_ms']['idle']:.0f})"
        ),
        "<= one chunk, {chunk_ms:.0f} ms",
        lambda r: _p99_excess(r) <= r["chunk_ms"],
    ),
    Bar(
        "steps until a cancelled job leaves, at most",
        lambda r: str(r["cancel_steps_max"]),
        "<= 1",
        lambda r: r["cancel_steps_max"] <= 1,
    ),
    Bar(
        "admitted requests that miss their deadline",
        lambda r: f"{100 * r['deadline_miss_share']:.2f} %",
        "<= 1 %",
        lambda r: r["deadline_miss_share"] <= 0.01,
    ),
    Bar(
        "answers lost in SIGTERM cycles under load",
        lambda r: f"{r['sigterm_cycles']['lost']} in {r['sigterm_cycles']['count']}",
        "0",
        lambda r: r["sigterm_cycles"]["lost"] == 0,
    ),
    Bar(
        "requests failed in hot reloads under load",
        lambda r: f"{r['hot_reloads']['failed']} in {r['hot_reloads']['count']}",
        "0",
        lambda r: r["hot_reloads"]["failed"] == 0,
    ),
    Bar(
        "first keypoint of a pair, over the second",
        lambda r: f"{r['cache_speedup']:.1f}x",
        ">= 5x",
        lambda r: r["cache_speedup"] >= 5,
    ),
    Bar(
        "time the server adds to a JPEG pair, p99",
        lambda r: f"{r['server_added_ms_p99']:.2f} ms",
        "< 2 ms",
        lambda r: r["server_added_ms_p99"] < 2,
    ),
    Bar(
        "throughput that metrics cost",
        lambda r: (
            f"{100 * r['metrics_cost_share']:.1f} %"
            f" (+- {100 * r['metrics_cost']['standard_error']:.1f})"
        ),
        "< 1 %",
        lambda r: r["metrics_cost_share"] < 0.01,
    ),
    Bar(
        "keypoint p99 beside a full log pipe, over p99 without",
        lambda r: f"{r['log_pipe_p99_ratio']:.2f}x (+- {r['log_pipe']['standard_error']:.2f})",
        "<= 1.05x",
        lambda r: r["log_pipe_p99_ratio"] <= 1.05,
    ),
)


def table(results: Results) -> str:
    """A line for each bar: what it is about, what was measured, what it asks for, the verdict."""
    lines = []
    for bar in BARS:
        rule = bar.rule.format(**results)
        verdict = "met" if bar.met(results) else "MISSED"
        lines.append(f"{bar.name:<58} {bar.measured(results):>22}   {rule:<26} {verdict}")
    return "\n".join(lines)


def verdicts(results: Results) -> dict[str, bool]:
    return {bar.name: bar.met(results) for bar in BARS}

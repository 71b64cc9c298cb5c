"""Pictures of the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

WIDE = (7, 4)


def draw_all(results: dict[str, Any], out: Path) -> list[Path]:
    """Writes the plots into `out` and returns their paths."""
    plots = {
        "keypoint_latency.png": _draw_latency,
        "goodput.png": _draw_goodput,
        "cache.png": _draw_cache,
    }
    for name, draw in plots.items():
        figure, axes = plt.subplots(figsize=WIDE, layout="constrained")
        draw(results, axes)
        figure.savefig(out / name, dpi=120)
        plt.close(figure)
    return [out / name for name in plots]


def _draw_latency(results: dict[str, Any], axes: plt.Axes) -> None:
    for label, latencies in results["dense"]["latencies_ms"].items():
        ordered = np.sort(latencies)
        shares = np.arange(1, len(ordered) + 1) / len(ordered)
        axes.step(ordered, shares, where="post", label=f"{label} ({len(ordered)} requests)")
    axes.set(xscale="log", xlabel="keypoint latency, ms", ylabel="share of the requests")
    axes.set_title(f"Keypoints beside a dense flow; one chunk takes {results['chunk_ms']:.0f} ms")
    axes.grid(alpha=0.3)
    axes.legend()


def _draw_goodput(results: dict[str, Any], axes: plt.Axes) -> None:
    overload = results["overload"]
    saturated = overload["saturated_per_second"]
    rates = [load["rate"] for load in overload["loads"]]
    axes.plot(rates, [load["goodput"] for load in overload["loads"]], "o-", label="goodput")
    axes.plot(
        rates,
        [load["refused"] / max(1, load["requests"]) * load["rate"] for load in overload["loads"]],
        "s--",
        label="refused at once",
    )
    axes.axhline(saturated, color="grey", label="saturated throughput, closed loop")
    axes.set(xlabel="arrivals per second", ylabel="requests per second", xlim=0, ylim=0)
    axes.set_title(f"Goodput under Poisson load, deadline {overload['deadline_ms']:.0f} ms")
    axes.grid(alpha=0.3)
    axes.legend()


def _draw_cache(results: dict[str, Any], axes: plt.Axes) -> None:
    cache = results["cache"]
    pairs = np.arange(1, len(cache["first_ms"]) + 1)
    axes.bar(pairs - 0.2, cache["first_ms"], 0.4, label="first keypoint")
    axes.bar(pairs + 0.2, cache["second_ms"], 0.4, label="second keypoint")
    axes.set(xlabel="pair", ylabel="latency, ms", yscale="log")
    axes.set_title(f"The pair cache: {results['cache_speedup']:.1f} times faster")
    axes.legend()

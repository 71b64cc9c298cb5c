"""One picture a group of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402

GROUPS = ("field", "encoder", "keypoints", "flow", "memory", "hot")


def draw(report: dict[str, Any], folder: Path) -> None:
    """Writes <group>.png for every one of GROUPS."""
    for group in GROUPS:
        figure, axes = plt.subplots(1, 2, figsize=(10, 4))
        globals()[f"_draw_{group}"](report[group], *axes)
        figure.tight_layout()
        figure.savefig(folder / f"{group}.png", dpi=110)
        plt.close(figure)


def _bars(axis: Any, title: str, values: dict[str, float], log: bool = False) -> None:
    bars = axis.bar(list(values), list(values.values()), log=log)
    axis.bar_label(bars, fmt="%.3g")
    axis.set_title(title)


def _draw_field(field: dict[str, Any], left: Any, right: Any) -> None:
    kinds = {"plain": "plain_", "engine": "", "limit": "limit_"}
    rates = {
        f"{kind}\n{threads} thread(s)": one[f"{prefix}queries_per_second"]
        for threads, one in field["by_threads"].items()
        for kind, prefix in kinds.items()
    }
    _bars(left, "Field queries per second", rates, log=True)
    shares = {t: one["share_of_matmul_limit"] for t, one in field["by_threads"].items()}
    _bars(right, "Share of the matrix-product limit, by threads", shares)
    right.axhline(0.7, color="grey", linestyle="--")


def _draw_encoder(encoder: dict[str, Any], left: Any, right: Any) -> None:
    for axis, name, one in ((left, "published size", encoder), (right, "small", encoder["small"])):
        seconds = {"plain": one["plain_seconds"], "exported": one["seconds"]}
        _bars(axis, f"Encoder, {name}: seconds a pair", seconds)


def _draw_keypoints(keypoints: dict[str, Any], left: Any, right: Any) -> None:
    counts = [int(count) for count in keypoints if count.isdigit()]
    for axis, what in ((left, "queries"), (right, "seconds")):
        axis.loglog(counts, [keypoints[str(count)][what] for count in counts], "o-")
        power = keypoints[f"{what}_by_count_exponent"]
        axis.set_title(f"{what} by keypoints, REFERENCE: exponent {power:.2f}")
        axis.set_xlabel("keypoints")
        axis.grid(True, which="both", alpha=0.3)


def _draw_flow(flow: dict[str, Any], left: Any, right: Any) -> None:
    for name in ("REFERENCE", "BALANCED", "FAST"):
        runs = {int(side) ** 2: one[name] for side, one in flow["sides"].items()}
        left.loglog(list(runs), [run["seconds"] for run in runs.values()], "o-", label=name)
        measured = [run for run in runs.values() if not run["estimated"]]
        seconds = [run["seconds"] for run in measured]
        right.semilogx(seconds, [run["median_epe_px"] for run in measured], "o-", label=name)
    dis = flow["dis"]
    if dis:
        left.plot([dis["side"] ** 2], [dis["seconds"]], "k^", label="OpenCV DIS")
        right.plot([dis["seconds"]], [dis["median_epe_px"]], "k^", label="OpenCV DIS")
    left.set(title="Dense flow: seconds by pixels", xlabel="pixels", ylabel="s")
    right.set(title="Median end-point error, px, by seconds", xlabel="s", ylabel="px")
    left.legend()
    right.legend()


def _draw_memory(memory: dict[str, Any], left: Any, right: Any) -> None:
    side = memory["side"]
    stages = {
        "loaded": memory["loaded_peak_mib"],
        "encoded": memory["encoded_peak_mib"],
        f"flow {side} x {side}": memory[f"flow_{side}_peak_mib"],
    }
    _bars(left, "Peak memory so far, MiB, published size", stages)
    bar = 2.5e9 / 2**20
    _bars(right, "Share of 2.5 GB", {name: value / bar for name, value in stages.items()})
    right.axhline(1.0, color="grey", linestyle="--")


def _draw_hot(hot: dict[str, Any], left: Any, right: Any) -> None:
    values = {name: one["nanoseconds_an_item"] for name, one in hot.items()}
    field = {name.replace("/", "\n"): v for name, v in values.items() if name.startswith("Field")}
    others = {name: v for name, v in values.items() if not name.startswith("Field")}
    _bars(left, "Nanoseconds a query of the field, one thread", field)
    _bars(right, "Nanoseconds a point", others)
    for axis in (left, right):
        axis.tick_params(axis="x", labelrotation=30, labelsize=7)

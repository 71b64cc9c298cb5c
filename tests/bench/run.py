"""Measures the engine beside plain PyTorch; `make bench` runs it.

    python tests/bench/run.py [--quick] [--threads N] [--out build/bench]

Prints a table and writes report.json and one plot a group (PNG) into --out. All ratios are of
things that took turns in this run. --quick shows that it works, in less than a minute; its figures
mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "model"), str(Path(__file__).resolve().parent)]

import plots  # noqa: E402
import table  # noqa: E402
import torch  # noqa: E402
from measure_matching import measure_flow, measure_keypoints  # noqa: E402
from measure_model import measure_encoder, measure_field, measure_memory  # noqa: E402
from settings import Settings, full, quick  # noqa: E402

from bundles import random_model, write_bundle  # noqa: E402
from tests.e2e.bundles import newest  # noqa: E402


def measure_hot(settings: Settings, binaries: Path) -> dict[str, Any]:
    """Nanoseconds an item of each google-benchmark of nemf-bench-hot."""
    command = [str(binaries / "nemf-bench-hot"), "--benchmark_format=json"]
    command += [f"--benchmark_min_time={settings.hot_seconds}"]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    found = json.loads(out.stdout)["benchmarks"]
    return {one["name"]: {"nanoseconds_an_item": 1e9 / one["items_per_second"]} for one in found}


class Progress:
    """Says on stderr what begins, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, what: str) -> None:
        print(f"[{time.monotonic() - self._start:5.0f} s] {what}", file=sys.stderr, flush=True)


def measure(settings: Settings, binaries: Path, folder: Path, progress: Progress) -> dict[str, Any]:
    progress("exporting a model of the published size with random weights")
    model = random_model(settings.large)
    bundle = write_bundle(model, folder)
    report: dict[str, Any] = {}
    progress("field: the engine, plain PyTorch and large matrix products take turns")
    report["field"] = measure_field(settings, model, bundle, binaries)
    progress("encoder: the exported one and plain PyTorch take turns")
    report["encoder"] = measure_encoder(settings, model)
    del model
    progress("dense flow by preset and size, and OpenCV's DIS")
    report["flow"], matches = measure_flow(settings, binaries, folder)
    progress("keypoint transfer")
    dense = report["flow"]["sides"][str(settings.keypoint_side)]["REFERENCE"]
    report["keypoints"] = measure_keypoints(settings, bundle, matches, binaries, folder, dense)
    progress("memory of a dense flow with the large model")
    report["memory"] = measure_memory(settings, bundle, binaries, folder)
    progress("hot functions")
    report["hot"] = measure_hot(settings, binaries)
    return report


def machine(threads: int) -> dict[str, Any]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_average_at_start": os.getloadavg()[0],
        "threads": threads,
        "torch": torch.__version__,
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="everything once and small")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--bundle", type=Path, default=None, help="default: the one that ships")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench")
    arguments = parser.parse_args()
    # torch.jit's notice of maintenance; the version is pinned.
    warnings.simplefilter("ignore", DeprecationWarning)
    bundle = arguments.bundle or newest(ROOT / "model/bundles/nemf-small")
    settings = (quick if arguments.quick else full)(bundle, arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {"machine": machine(arguments.threads), "quick": arguments.quick}
    with tempfile.TemporaryDirectory() as folder:
        report |= measure(settings, arguments.bin, Path(folder), Progress())
    (arguments.out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    plots.draw(report, arguments.out)
    print(table.render(report))
    if arguments.quick:
        print("\n--quick: of tiny models and images; these figures mean nothing")
    print(f"\nreport.json and the plots are in {arguments.out}")


if __name__ == "__main__":
    main()

"""Measures the served system against its bars.

Usage: python -m tests.bench_serving [--bin DIR] [--out DIR] [--quick] [--check] [--seed N]
                                     [--only NAME]...
Every experiment starts a server of its own on a free port of the loopback and ends it. The results
go to OUT/serving.json, a table to stdout, plots to OUT. The exit status is 0 when every experiment
ran; with --check, only when every bar is met as well. --quick takes a model of random weights and
too little time for figures that mean anything: it shows that all of it works. --only runs some of
the experiments and prints what they found, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.bench_serving import (
    cache,
    cancel,
    dense,
    hot_reloads,
    log_pipe,
    metrics_cost,
    overhead,
    overload,
    sigterm,
    throughput,
)
from tests.bench_serving.bars import table, verdicts
from tests.bench_serving.context import ROOT, Context, make_context
from tests.bench_serving.plots import draw_all

EXPERIMENTS = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        throughput,
        overload,
        dense,
        cancel,
        sigterm,
        hot_reloads,
        cache,
        overhead,
        metrics_cost,
        log_pipe,
    )
}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench_serving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bin", type=Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=EXPERIMENTS, metavar="NAME")
    return parser.parse_args()


def machine() -> dict[str, Any]:
    """The machine in general words."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
    }


def run(context: Context, names: Iterable[str]) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for name in names:
        experiment = EXPERIMENTS[name]
        print(f"{name}: {experiment.__doc__}", flush=True)
        start = time.monotonic()
        results |= experiment.run(context)
        print(f"  {time.monotonic() - start:.0f} s", flush=True)
    return results


def main() -> int:
    arguments = parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    about = {"quick": arguments.quick, "seed": arguments.seed, "machine": machine()}
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nemf-bench-") as work:
        context = make_context(
            *(arguments.bin.resolve(), Path(work), arguments.out),
            quick=arguments.quick,
            seed=arguments.seed,
        )
        about["model"] = "/".join(context.model.parts[-2:])
        results = about | run(context, arguments.only or EXPERIMENTS)
    if arguments.only:
        print(json.dumps(results, indent=2))
        return 0
    results["seconds"] = time.monotonic() - start
    results["bars_met"] = verdicts(results)
    (arguments.out / "serving.json").write_text(json.dumps(results, indent=2) + "\n")
    print(f"\n{table(results)}\n")
    about_machine = results["machine"]
    print(
        f"{results['model']} on {about_machine['cores']} cores ({about_machine['architecture']}), "
        f"seed {results['seed']}, {results['seconds']:.0f} s"
    )
    for path in (arguments.out / "serving.json", *draw_all(results, arguments.out)):
        print(os.path.relpath(path))
    return 1 if arguments.check and not all(results["bars_met"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())

"""The benchmark of serving runs to its end and reports all that it is to report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench_serving.bars import BARS, table, verdicts
from tests.e2e.support import ROOT

BINARIES = Path(os.environ.get("NEMF_BIN_DIR", ROOT / "build" / "release" / "bin")).resolve()
GOOD = {
    "throughput_share_of_engine": 0.96,
    "goodput_share_at_2x": 0.95,
    "keypoint_p99_ms": {"idle": 100, "with_dense": 140},
    "chunk_ms": 50,
    "cancel_steps_max": 1,
    "deadline_miss_share": 0.0,
    "sigterm_cycles": {"count": 100, "lost": 0},
    "hot_reloads": {"count": 50, "failed": 0},
    "cache_speedup": 6,
    "server_added_ms_p99": 1.5,
    "metrics_cost_share": 0.001,
    "metrics_cost": {
        "measuring_per_second": [1.0],
        "silent_per_second": [1.0],
        "standard_error": 0.002,
    },
    "log_pipe_p99_ratio": 1.01,
    "log_pipe": {
        "full_pipe_p99_ms": [1.0],
        "file_p99_ms": [1.0],
        "standard_error": 0.01,
    },
}


def test_a_quick_run_is_complete(tmp_path):
    command = [sys.executable, "-m", "tests.bench_serving", "--quick", "--seed", "3"]
    command += ["--bin", str(BINARIES), "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "serving.json").read_text())
    assert results["quick"] and results["seed"] == 3
    for key, value in GOOD.items():
        if isinstance(value, dict):
            assert results[key].keys() == value.keys()
        else:
            assert isinstance(results[key], int | float), key
    # What does not depend on the machine's speed holds in a quick run, too.
    assert results["cancel_steps_max"] <= 1
    assert results["sigterm_cycles"]["count"] == 2
    assert results["sigterm"]["dropped_by_servers"] == {}
    assert results["sigterm"]["unclean_ends"] == 0
    assert results["hot_reloads"] == {"count": 2, "failed": 0}
    assert results["throughput_share_of_engine"] > 0
    assert results["cache_speedup"] > 0
    for bar in BARS:
        assert bar.name in done.stdout
    for name in ("keypoint_latency.png", "goodput.png", "cache.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_all_bars_are_met_by_good_results():
    assert all(verdicts(GOOD).values())
    assert "MISSED" not in table(GOOD)


@pytest.mark.parametrize(
    "worse",
    [
        {"throughput_share_of_engine": 0.94},
        {"goodput_share_at_2x": 0.89},
        {"keypoint_p99_ms": {"idle": 100, "with_dense": 151}},
        {"cancel_steps_max": 2},
        {"deadline_miss_share": 0.011},
        {"sigterm_cycles": {"count": 100, "lost": 1}},
        {"hot_reloads": {"count": 50, "failed": 1}},
        {"cache_speedup": 4.9},
        {"server_added_ms_p99": 2.0},
        {"metrics_cost_share": 0.01},
        {"log_pipe_p99_ratio": 1.06},
    ],
    ids=lambda worse: next(iter(worse)),
)
def test_each_bar_can_be_missed(worse):
    missed = [name for name, met in verdicts(GOOD | worse).items() if not met]
    assert len(missed) == 1
    assert table(GOOD | worse).count("MISSED") == 1

"""`make bench` in its quick mode: the report is complete, the plots are there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("NEMF_BIN_DIR", ROOT / "build" / "release" / "bin")).resolve()
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that the benchmark wrote, and what it printed."""
    out = tmp_path_factory.mktemp("bench")
    command = [sys.executable, str(ROOT / "tests/bench/run.py"), "--quick"]
    command += ["--bin", str(BINARIES), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


@pytest.fixture(scope="module")
def report(run: tuple[Path, str]) -> dict[str, Any]:
    return json.loads((run[0] / "report.json").read_text())


@pytest.mark.parametrize(
    "path",
    [
        "field.ratio_to_plain",
        "field.share_of_matmul_limit",
        "field.by_threads.1.share_of_matmul_limit",
        "field.by_threads.2.share_of_matmul_limit",
        "encoder.ratio_to_plain",
        "keypoints.10.query_ratio_dense_to_cone",
        "flow.balanced.query_ratio_reference_to_balanced",
        "memory.flow_48_peak_mib",
        "flow.plain.ratio_to_plain",
    ],
)
def test_figures_are_there_and_positive(report: dict[str, Any], path: str) -> None:
    value: Any = report
    for part in path.split("."):
        value = value[part]
    assert value > 0


def test_accuracy_is_there(report: dict[str, Any]) -> None:
    balanced = report["flow"]["balanced"]
    assert abs(balanced["pck_difference"]) <= 100
    assert abs(balanced["median_epe_difference_px"]) < 48


def test_keypoints_equal_the_dense_answer(report: dict[str, Any]) -> None:
    keypoints = report["keypoints"]
    assert keypoints["large_model"]["identical_to_dense"]
    assert all(one["identical_to_dense"] for count, one in keypoints.items() if count.isdigit())


def test_encoder_equals_the_plain_one(report: dict[str, Any]) -> None:
    assert report["encoder"]["largest_relative_difference"] <= 1e-4


def test_the_engine_equals_plain_pytorch(report: dict[str, Any]) -> None:
    assert report["flow"]["plain"]["share_within_0.01_px"] > 0.98


def test_hot_functions(report: dict[str, Any]) -> None:
    names = {name.split("/")[0] for name in report["hot"]}
    assert names >= {"Interpolation", "Embedding", "FieldForward", "FieldGradient", "SearchStep"}
    assert all(one["nanoseconds_an_item"] > 0 for one in report["hot"].values())


def test_table_and_plots(run: tuple[Path, str]) -> None:
    out, printed = run
    assert "matrix-product limit" in printed
    for group in ("field", "encoder", "keypoints", "flow", "memory", "hot"):
        assert (out / f"{group}.png").read_bytes().startswith(PNG)

"""`nemf bench` against the real server: it counts what the server counts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.support import Server, encode, photograph


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A folder of three small photographs."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    for number, size in enumerate(((61, 47), (53, 71), (64, 48))):
        (folder / f"{number}.jpg").write_bytes(encode(photograph(*size, seed=number), "JPEG"))
    return folder


@pytest.fixture
def bench(cli_binary: Path, pairs: Path):
    """Runs `nemf bench --json ARGUMENTS` against a server; returns its report."""

    def run(server: Server, *arguments: str) -> dict:
        command = [str(cli_binary), "bench", "--json", "--server", server.address]
        command += ["--pairs", str(pairs), "--preset", "fast", "--seed", "4", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""  # No progress bar in a pipe.
        return json.loads(done.stdout)

    return run


def ended(server: Server, method: str) -> float:
    """Calls that the server has answered."""
    return server.metric("nemf_requests_total", method=method, code="OK")


def test_closed_loop_of_both_kinds(bench, start_server):
    server = start_server()
    report = bench(server, "--concurrency", "3", "--flow-share", "0.3", "--duration", "1.5")
    assert report["model"] == "tiny/1 on cpu"
    requests = report["requests"]
    assert requests["started"] == sum(requests[key] for key in ("warm_up", "measured", "after"))
    assert report["all"]["errors"] == {}
    assert report["keypoint_requests"]["answers"] > 0
    assert report["flow_requests"]["answers"] > 0
    # Every request that was started is one that the server ended.
    served = ended(server, "TransferKeypoints") + ended(server, "ComputeFlow")
    assert requests["started"] == served
    keypoints = report["keypoint_requests"]
    stages = sum(stage["mean"] for stage in keypoints["server_ms"].values())
    assert 0 < stages <= keypoints["latency_ms"]["mean"]
    assert keypoints["rest_ms"]["mean"] >= 0


def test_open_loop_beyond_what_the_server_can(bench, start_server):
    server = start_server("--pair-cache-bytes", "0", "--max-queued-jobs", "2")
    report = bench(
        *(server, "--rate", "400", "--deadline-ms", "2000", "--duration", "1.5"),
        *("--warm-up", "0", "--keypoints", "40", "--flow-share", "0.3"),
    )
    group = report["all"]
    assert group["refused"] > 0
    # Requests that the full decoding queue refused carry no push-back.
    assert 0 < group["refused_with_pushback"] <= group["refused"]
    assert group["errors"]["RESOURCE_EXHAUSTED"] == group["refused"]
    assert group["answers"] + sum(group["errors"].values()) == group["requests"]
    assert report["goodput"] == pytest.approx(group["within_deadline"] / 1.5)

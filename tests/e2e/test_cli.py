"""The real command line against the real server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.flows import read_flow


@pytest.fixture
def pictures(tmp_path: Path, query_file: bytes, reference_file: bytes) -> list[str]:
    """Paths of the query and the reference."""
    paths = [tmp_path / "query.png", tmp_path / "reference.png"]
    for path, content in zip(paths, (query_file, reference_file), strict=True):
        path.write_bytes(content)
    return [str(path) for path in paths]


@pytest.fixture
def nemf(cli_binary: Path, server):
    """Runs `nemf ARGUMENTS` against the server."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"NEMF_SERVER": server.address}
        command = [str(cli_binary), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)

    return run


def test_transfer(nemf, stub, transfer_request, pictures):
    done = nemf("transfer", *pictures, "--point", "0,0", "--point", "30.25,20.5", "--point",
                "60,46", "--seed", "7", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    points = json.loads(done.stdout)["points"]
    answer = stub.TransferKeypoints(transfer_request)
    assert len(points) == 3
    for point, match in zip(points, answer.matches, strict=True):
        assert point["query"] == [match.query.x, match.query.y]
        expected = [match.reference.x, match.reference.y]
        assert np.allclose(point["reference"], expected, rtol=0, atol=1e-4)
        assert point["score"] == pytest.approx(match.score, abs=1e-5)
        assert point["confidence"] == pytest.approx(match.confidence, abs=1e-6)
        assert point["in_bounds"] == match.in_bounds


def test_transfer_of_a_file_of_keypoints(nemf, pictures, tmp_path):
    file = tmp_path / "keypoints.json"
    file.write_text(json.dumps({"points": [[1, 2], [3.5, 4]]}))
    flags = ("--keypoints", str(file), "--refinement", "coarse", "--preset", "reference")
    done = nemf("transfer", *pictures, *flags, "--json")
    assert done.returncode == 0, done.stderr
    assert [point["query"] for point in json.loads(done.stdout)["points"]] == [[1, 2], [3.5, 4]]


def test_transfer_as_a_table(nemf, pictures):
    done = nemf("transfer", *pictures, "--point", "5,6")
    assert done.returncode == 0, done.stderr
    assert "tiny/1 on cpu" in done.stdout


def test_flow(nemf, stub, flow_request, pictures, tmp_path):
    out, png = tmp_path / "flow.flo", tmp_path / "flow.png"
    flags = ("--preset", "fast", "--seed", "7", "--out", str(out), "--png", str(png))
    done = nemf("flow", *pictures, *flags, "--json")
    assert done.returncode == 0, done.stderr
    assert png.read_bytes().startswith(b"\x89PNG")
    content = out.read_bytes()
    assert content[:4] == b"PIEH"
    assert list(np.frombuffer(content[4:12], "<i4")) == [61, 47]
    flow = np.frombuffer(content[12:], "<f4").reshape(47, 61, 2)
    assert np.array_equal(flow, read_flow(stub.ComputeFlow(flow_request)).flow)


def test_flow_in_float16_with_consistency(nemf, stub, stubs, flow_request, pictures, tmp_path):
    flo, npy = tmp_path / "flow.flo", tmp_path / "consistency.npy"
    flags = ("--preset", "fast", "--seed", "7", "--float16", "--out", str(flo))
    done = nemf("flow", *pictures, *flags, "--consistency", str(npy), "--json")
    assert done.returncode == 0, done.stderr
    flow_request.type = stubs.messages.FLOAT16
    flow_request.with_consistency = True
    answer = read_flow(stub.ComputeFlow(flow_request))
    flow = np.frombuffer(flo.read_bytes()[12:], "<f4").reshape(47, 61, 2)
    assert np.array_equal(flow, answer.flow.astype(np.float32))
    consistency = np.load(npy)
    assert consistency.dtype == np.float32
    assert np.array_equal(consistency, answer.consistency.astype(np.float32))
    shares = json.loads(done.stdout)["consistency"]
    for bound in (1, 3):
        assert shares[f"within_{bound}_px"] == pytest.approx((consistency <= bound).mean())


def test_every_part_of_the_schedule_has_a_flag(nemf, stub, stubs, transfer_request, pictures):
    flags = ("--preset", "reference", "--iterations", "3", "--steps", "2", "--search-radius", "0.2",
             "--search-candidates", "3", "--search-decay", "0.5", "--lattice-stride", "3",
             "--upsample-candidates", "1")  # fmt: skip
    point = ("--point", "30.25,20.5", "--seed", "7", "--json")
    done = nemf("transfer", *pictures, *flags, *point)
    assert done.returncode == 0, done.stderr
    del transfer_request.keypoints[2], transfer_request.keypoints[0]
    options = transfer_request.options
    options.preset = stubs.messages.REFERENCE
    options.patchmatch_iterations, options.optimize_steps = 3, 2
    options.search_radius, options.search_decay = 0.2, 0.5
    options.search_candidates, options.lattice_stride, options.upsample_candidates = 3, 3, 1
    answer = stub.TransferKeypoints(transfer_request)
    expected = [answer.matches[0].reference.x, answer.matches[0].reference.y]
    document = json.loads(done.stdout)
    assert np.allclose(document["points"][0]["reference"], expected, rtol=0, atol=1e-4)
    assert document["statistics"]["field_queries"] == answer.statistics.field_queries
    done = nemf("transfer", *pictures, "--lattice-stride", "65", *point)
    assert done.returncode == 1
    assert "options.lattice_stride = 65, must be >= 1 and <= 64" in done.stderr


def test_health(nemf):
    done = nemf("health", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "SERVING"
    assert nemf("health").stdout == "SERVING\n"


def test_version(nemf):
    assert "version" in json.loads(nemf("version", "--json").stdout)
    assert nemf("version").stdout.startswith("nemf ")


def test_passes_on_what_the_server_refuses(nemf, pictures, tmp_path):
    done = nemf("transfer", *pictures, "--point", "100,0")
    assert done.returncode == 1
    assert "keypoints[0].x = 100, must be >= 0 and <= 60" in done.stderr
    done = nemf("transfer", *pictures, "--point", "0,0", "--model", "other")
    assert done.returncode == 1
    assert 'model "other" is not served' in done.stderr
    text = tmp_path / "text.png"
    text.write_text("no image")
    done = nemf("flow", str(text), pictures[1])
    assert done.returncode == 1
    assert "query.encoded = 8 bytes" in done.stderr


def test_says_when_no_server_is_there(nemf, pictures):
    done = nemf(
        "transfer", *pictures, "--point", "0,0", "--server", "127.0.0.1:1", "--timeout", "5"
    )
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr

"""Fixtures: the built binaries, stubs generated from the proto, a tiny bundle, a running server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.support import ROOT, Server, Stubs, encode, generate_stubs, photograph

BINARIES = Path(os.environ.get("NEMF_BIN_DIR", ROOT / "build" / "release" / "bin")).resolve()


def _binary(name: str) -> Path:
    path = BINARIES / name
    if not path.exists():
        pytest.fail(f"{path} is missing: run `make build`, or set NEMF_BIN_DIR")
    return path


@pytest.fixture(scope="session")
def server_binary() -> Path:
    return _binary("nemf-server")


@pytest.fixture(scope="session")
def cli_binary() -> Path:
    return _binary("nemf")


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Stubs:
    """Python's own stubs: a client that shares no code with ours."""
    return generate_stubs(tmp_path_factory.mktemp("stubs"))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny bundle of random weights, tiny/1."""
    out = tmp_path_factory.mktemp("models")
    command = [sys.executable, "-m", "nemf_model.export", "--config", "tiny"]
    command += ["--name", "tiny", "--version", "1", "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "model")}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return out


@pytest.fixture
def start_server(
    server_binary: Path, models: Path, tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """Starts servers of the test's own, with flags."""
    servers: list[Server] = []

    def start(*flags: str) -> Server:
        log = tmp_path / f"server-{len(servers)}.log"
        servers.append(Server(server_binary, models, log, flags))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def server(
    server_binary: Path, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server for all tests that leave it as it was."""
    running = Server(server_binary, models, tmp_path_factory.mktemp("server") / "server.log")
    yield running
    running.terminate()
    try:
        assert running.wait() == 0
    finally:
        running.close()


@pytest.fixture(scope="session")
def stub(server: Server, stubs: Stubs):
    return stubs.services.CorrespondenceStub(server.channel)


@pytest.fixture(scope="session")
def query_file() -> bytes:
    """A PNG of 61 x 47 pixels."""
    return encode(photograph(61, 47, seed=1))


@pytest.fixture(scope="session")
def reference_file() -> bytes:
    """A PNG of 53 x 71 pixels."""
    return encode(photograph(53, 71, seed=2))


@pytest.fixture
def transfer_request(stubs: Stubs, query_file: bytes, reference_file: bytes):
    """A good request with three keypoints; the test's own to spoil."""
    m = stubs.messages
    return m.TransferKeypointsRequest(
        query=m.Image(encoded=query_file),
        reference=m.Image(encoded=reference_file),
        keypoints=[m.Point(x=0, y=0), m.Point(x=30.25, y=20.5), m.Point(x=60, y=46)],
        options=m.MatchOptions(seed=7),
    )


@pytest.fixture
def flow_request(stubs: Stubs, query_file: bytes, reference_file: bytes):
    """A good request of a short schedule; the test's own to spoil."""
    m = stubs.messages
    return m.ComputeFlowRequest(
        query=m.Image(encoded=query_file),
        reference=m.Image(encoded=reference_file),
        options=m.MatchOptions(seed=7, preset=m.FAST),
    )

"""The client library, built without the server and its dependencies, and a project that uses it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.support import ROOT

# All that a build of the client library reads.
SOURCES = ("CMakeLists.txt", "CMakePresets.json", "LICENSE", "NOTICE", "client", "cmake", "proto")


def run(*command: str | Path, cwd: Path) -> str:
    """Returns the standard output; fails the test with all of the output unless the status is 0."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of the preset `client` in a copy of the sources that has no server/ and no .venv."""
    source = tmp_path_factory.mktemp("client-only")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    run("cmake", "--preset", "client", cwd=source)
    run("cmake", "--build", "--preset", "client", "--parallel", "2", cwd=source)
    return source / "build" / "client"


@pytest.fixture(scope="module")
def prefix(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The component `client` of that build, installed."""
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", build, "--prefix", prefix, cwd=prefix)
    return prefix


def test_build_knows_neither_torch_nor_opencv(build: Path):
    names = ("site-packages", "libtorch_cpu", "opencv4", "libopencv")
    for file in ("CMakeCache.txt", "compile_commands.json", "build.ninja"):
        text = (build / file).read_text()
        assert [name for name in names if name in text] == [], file


def test_installed_files(prefix: Path):
    public = {path.name for path in (ROOT / "client/include/nemf").glob("*.h")}
    assert {path.name for path in (prefix / "include/nemf").iterdir()} == public
    protos = {path.name for path in (ROOT / "proto/nemf/v1").glob("*.proto")}
    assert {path.name for path in (prefix / "share/nemf/proto/nemf/v1").iterdir()} == protos
    assert (prefix / "share/nemf/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert not (prefix / "bin").exists()


def test_consumer(prefix, tmp_path, server, stub, stubs, query_file, reference_file):
    source = ROOT / "tests/client/consumer"
    run("cmake", "-S", source, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}", cwd=tmp_path)
    run("cmake", "--build", tmp_path, cwd=tmp_path)
    (tmp_path / "query.png").write_bytes(query_file)
    (tmp_path / "reference.png").write_bytes(reference_file)
    pair = ("query.png", "reference.png")
    line = run(tmp_path / "consumer", server.address, *pair, "30.25", "20.5", cwd=tmp_path)

    m = stubs.messages
    request = m.TransferKeypointsRequest(
        query=m.Image(encoded=query_file),
        reference=m.Image(encoded=reference_file),
        keypoints=[m.Point(x=30.25, y=20.5)],
    )
    match = stub.TransferKeypoints(request).matches[0]
    expected = [match.reference.x, match.reference.y, match.score]
    assert [float(word) for word in line.split()] == pytest.approx(expected, rel=1e-6)

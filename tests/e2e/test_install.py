"""The installed tree runs from any folder and needs nothing of the checkout it was built in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import BINARIES
from tests.e2e.support import ROOT, Server

# Part of the GPU's driver: a machine without a GPU has none.
OF_THE_DRIVER = "libcuda.so.1"


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def install(component: str, prefix: Path) -> None:
    command = ["cmake", "--install", BINARIES.parent, "--component", component, "--prefix", prefix]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Both components, installed together and then moved to another folder."""
    folder = tmp_path_factory.mktemp("install")
    install("server", folder / "first")
    assert "bin/nemf" not in files_below(folder / "first")
    install("client", folder / "first")
    (folder / "first").rename(folder / "second")
    yield folder / "second"
    shutil.rmtree(folder)  # LibTorch is large


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Arguments of subprocess.Popen: a folder and an environment that do not name the checkout."""
    folder = tmp_path_factory.mktemp("elsewhere")
    return {"cwd": folder, "env": {"PATH": "/usr/bin:/bin", "HOME": str(folder)}}


@pytest.fixture(scope="module")
def programs(prefix: Path) -> list[Path]:
    """Every ELF file of the tree that is linked dynamically."""
    paths = (prefix / name for name in files_below(prefix) if not name.endswith(".a"))
    return [path for path in paths if path.open("rb").read(4) == b"\x7fELF"]


def test_files(prefix: Path):
    files = files_below(prefix)
    bundles = {f"share/nemf/bundles/{name}" for name in files_below(ROOT / "model/bundles")}
    protos = {f"share/nemf/proto/{name}" for name in files_below(ROOT / "proto") if "nemf/" in name}
    headers = {f"include/{name}" for name in files_below(ROOT / "client/include")}
    programs = {"bin/nemf-server", "bin/nemf", "lib/libnemf_client.a", "lib/nemf/libtorch_cpu.so"}
    others = {"lib/cmake/nemf/nemfConfig.cmake", "share/nemf/LICENSE"}
    licences = {"share/nemf/licences/torch/LICENSE", "share/nemf/licences/torch/NOTICE"}
    assert bundles | protos | headers | programs | others | licences <= files


def test_no_text_names_the_checkout(prefix: Path):
    texts = [prefix / name for name in files_below(prefix) if name.endswith((".cmake", ".proto"))]
    assert texts
    assert [path for path in texts if str(ROOT) in path.read_text()] == []


def test_run_paths_are_relative_to_the_program(programs: list[Path], elsewhere: dict):
    assert programs
    for program in programs:
        command = ["readelf", "--dynamic", str(program)]
        text = subprocess.check_output(command, text=True, **elsewhere)
        for run_path in re.findall(r"Library r(?:un)?path: \[(.*)\]", text):
            assert all(part.startswith("$ORIGIN") for part in run_path.split(":")), program


def test_libraries_are_found_in_the_tree_or_the_system(
    prefix: Path, programs: list[Path], elsewhere: dict
):
    checkout = (str(ROOT), os.path.realpath(ROOT), os.path.realpath(ROOT / ".venv"))
    for program in programs:
        text = subprocess.check_output(["ldd", str(program)], text=True, **elsewhere)
        missing = set(re.findall(r"(\S+) => not found", text))
        assert missing <= {OF_THE_DRIVER}, program
        found = [os.path.realpath(path) for path in re.findall(r"=> (/\S+)", text)]
        assert [path for path in found if path.startswith(checkout)] == [], program
        torch = [path for path in found if "torch" in path or "libc10" in path]
        assert all(path.startswith(os.path.realpath(prefix)) for path in torch), program


def test_server_and_cli(prefix: Path, elsewhere: dict, query_file: bytes, reference_file: bytes):
    folder: Path = elsewhere["cwd"]
    (folder / "query.png").write_bytes(query_file)
    (folder / "reference.png").write_bytes(reference_file)
    server = Server(prefix / "bin/nemf-server", None, folder / "server.log", **elsewhere)
    try:
        command = [str(prefix / "bin/nemf"), "transfer", "query.png", "reference.png"]
        command += ["--point", "30,20", "--server", server.address, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, **elsewhere)
        assert done.returncode == 0, done.stderr
    finally:
        server.terminate()
        assert server.wait() == 0
        server.close()
    answer = json.loads(done.stdout)
    shipped = [str(path.parent) for path in (ROOT / "model/bundles").glob("*/*/model.json")]
    assert any(path.endswith("/" + answer["statistics"]["model"]) for path in shipped)
    assert answer["points"][0]["query"] == [30, 20]
    assert answer["points"][0]["score"] is not None

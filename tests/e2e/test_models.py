"""Models that change while they are served, and the Models service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.e2e.bundles import export_bundles, publish, rename_bundle
from tests.e2e.reloads import MODEL, answers_of, run_reloads
from tests.e2e.support import Server, wait_until

# How often the test of reloads swaps the model; a long run may ask for more.
RELOADS = int(os.environ.get("NEMF_TEST_RELOADS", "5"))
POLLING = ("--model-poll-seconds", "0.05")
ON_DEMAND = ("--model-poll-seconds", "0", "--allow-model-control")


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three bundles with different answers."""
    return export_bundles(tmp_path_factory.mktemp("bundles"), seeds=(11, 12, 13))


@pytest.fixture
def folder(tmp_path: Path, bundles: list[Path]) -> Path:
    """A folder of models of the test's own, with tiny/1."""
    publish(bundles[1], tmp_path / "models", MODEL, 1)
    return tmp_path / "models"


@pytest.fixture
def serve(server_binary: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers over a folder of models, with flags."""
    servers: list[Server] = []

    def start(models: Path, *flags: str) -> Server:
        log = tmp_path / f"server-{len(servers)}.log"
        servers.append(Server(server_binary, models, log, flags))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def version_of(server: Server, stubs, version: str):
    """What Models.Get says of one version; None where it knows none."""
    catalog = stubs.model_services.ModelsStub(server.channel)
    model = catalog.Get(stubs.models.GetModelRequest(name=MODEL)).model
    return next((v for v in model.versions if v.version == version), None)


def answering_version(server: Server, stubs, request) -> str:
    stub = stubs.services.CorrespondenceStub(server.channel)
    return stub.TransferKeypoints(request).statistics.model_version


def test_reloads_under_load(serve, stubs, folder, bundles, transfer_request, tmp_path):
    expected = answers_of(bundles, tmp_path / "apart", serve, stubs, transfer_request)
    assert len({str(answer) for answer in expected}) == len(bundles)
    server = serve(folder, *POLLING)
    report = run_reloads(server, stubs, folder, bundles, expected, transfer_request, RELOADS)
    print(report)
    assert report.failed == 0, report.failures
    assert report.requests > RELOADS
    assert set(report.answers) == set(range(1, RELOADS + 2))
    assert server.metric("nemf_model_loads_total", result="ok") == RELOADS + 1
    newest = str(RELOADS + 1)
    wait_until(lambda: version_of(server, stubs, str(RELOADS)) is None)
    assert server.metric("nemf_model_info", name=MODEL, version=newest) == 1
    assert server.metric("nemf_model_info", name=MODEL, version="1") == 0
    server.terminate()
    assert server.wait() == 0
    log = [json.loads(line) for line in server.log.read_text().splitlines()]
    unloaded = [line["model"] for line in log if line["message"] == "model unloaded"]
    assert unloaded[:RELOADS] == [f"{MODEL}/{version}" for version in range(1, RELOADS + 1)]


def test_get_tells_what_is_served(serve, stubs, folder):
    server = serve(folder)
    catalog = stubs.model_services.ModelsStub(server.channel)
    (model,) = catalog.List(stubs.models.ListModelsRequest()).models
    assert (model.name, model.is_default, model.current_version) == (MODEL, True, "1")
    version = version_of(server, stubs, "1")
    manifest = json.loads((folder / MODEL / "1" / "model.json").read_text())
    assert version.state == stubs.models.ModelVersion.READY
    assert version.device == "cpu"
    assert version.encoder_sha256 == manifest["encoder"]["sha256"]
    assert version.field_sha256 == manifest["field"]["sha256"]
    assert json.loads(version.provenance_json) == manifest["provenance"]
    files = (folder / MODEL / "1").iterdir()
    assert version.bytes == sum(file.stat().st_size for file in files)


def test_nobody_changes_models_unless_allowed(serve, stubs, folder):
    server = serve(folder)
    catalog = stubs.model_services.ModelsStub(server.channel)
    with pytest.raises(grpc.RpcError) as error:
        catalog.Unload(stubs.models.UnloadModelRequest(name=MODEL))
    assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED
    assert "--allow-model-control" in error.value.details()


def test_a_copy_that_goes_on_is_tried_again(serve, stubs, folder, bundles, transfer_request):
    server = serve(folder, *POLLING)
    target = folder / MODEL / "2"
    shutil.copytree(bundles[0], target, ignore=lambda *_: ["model.json"])
    rest = (target / "encoder.pt").read_bytes()
    (target / "encoder.pt").write_bytes(rest[: len(rest) // 2])
    shutil.copy(bundles[0] / "model.json", target)
    rename_bundle(target, MODEL, 2)

    def state() -> int:
        version = version_of(server, stubs, "2")
        return version.state if version else 0

    wait_until(lambda: state() == stubs.models.ModelVersion.FAILED)
    assert "SHA-256" in version_of(server, stubs, "2").reason
    assert server.metric("nemf_model_loads_total", result="failed") == 1
    assert answering_version(server, stubs, transfer_request) == "1"
    wait_until(lambda: "model not loaded" in server.log.read_text())
    (target / "encoder.pt").write_bytes(rest)
    wait_until(lambda: state() == stubs.models.ModelVersion.READY)
    assert answering_version(server, stubs, transfer_request) == "2"


def test_command_line(serve, stubs, folder, bundles, cli_binary, transfer_request):
    server = serve(folder, *ON_DEMAND)
    publish(bundles[2], folder, MODEL, 2)
    publish(bundles[0], folder, MODEL, 3)
    (folder / MODEL / "3" / "field.pt").write_bytes(b"nothing")

    def nemf(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(cli_binary), "models", *arguments, "--server", server.address]
        return subprocess.run(command, capture_output=True, text=True, timeout=300)

    assert f"{MODEL}/1  READY" in nemf().stdout
    broken = nemf("load", f"{MODEL}/3")
    assert broken.returncode == 1
    assert "FAILED_PRECONDITION" in broken.stderr
    assert "field.pt: SHA-256 is" in broken.stderr
    assert answering_version(server, stubs, transfer_request) == "1"

    loaded = nemf("load", f"{MODEL}/2", "--json")
    assert loaded.returncode == 0, loaded.stderr
    assert json.loads(loaded.stdout)["current"] == "2"
    assert answering_version(server, stubs, transfer_request) == "2"
    assert nemf("load", f"{MODEL}/1").returncode == 0
    transfer_request.model.version = "1"
    assert answering_version(server, stubs, transfer_request) == "1"
    assert nemf("unload", f"{MODEL}/1").returncode == 0
    with pytest.raises(grpc.RpcError) as error:
        answering_version(server, stubs, transfer_request)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_pinned_version(serve, stubs, folder, bundles, transfer_request):
    publish(bundles[2], folder, MODEL, 2)
    server = serve(folder, "--pin-version", f"{MODEL}=1")
    assert answering_version(server, stubs, transfer_request) == "1"


def test_memory_budget(serve, stubs, folder, bundles):
    one = sum(file.stat().st_size for file in (folder / MODEL / "1").iterdir())
    server = serve(folder, *ON_DEMAND, "--model-memory-bytes", str(one + 1))
    publish(bundles[2], folder, MODEL, 2)
    catalog = stubs.model_services.ModelsStub(server.channel)
    with pytest.raises(grpc.RpcError) as error:
        catalog.Load(stubs.models.LoadModelRequest(name=MODEL))
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert f"must be <= 1: ModelRepositoryOptions.memory_bytes = {one + 1}" in error.value.details()
    assert server.metric("nemf_model_loads_total", result="refused") == 1

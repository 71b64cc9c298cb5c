"""Start and stop of the real server: clean ends, and one clear line for what cannot start."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.e2e.flows import read_flow
from tests.e2e.support import START_SECONDS, Server, encode, photograph, wait_until


def fail_to_start(binary: Path, *flags: str, **variables: str) -> str:
    """Runs a server that must not start; returns its last line on the error stream, the only one
    that is not of the log."""
    ports = {"NEMF_LISTEN": "127.0.0.1:0", "NEMF_METRICS": "127.0.0.1:0"}
    done = subprocess.run(
        [str(binary), *flags],
        capture_output=True,
        encoding="utf-8",
        errors="replace",  # A message may quote the bytes of a broken file.
        timeout=START_SECONDS,
        env={**ports, "NEMF_DEVICE": "cpu", **variables},
    )
    assert done.returncode not in (0, -signal.SIGABRT, -signal.SIGSEGV)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert all(line.startswith("{") for line in lines[:-1]), done.stderr
    assert lines[-1].startswith("nemf-server: ")
    return lines[-1]


# Of a flow that ends by itself, after some seconds, and of one that is still busy whenever a test
# stops it, on any machine.
SOME_ITERATIONS = 100
ENDLESS_ITERATIONS = 1000


def start_long_flow(server: Server, stubs, flow_request, iterations: int):
    """A flow that is in flight on return."""
    flow_request.query.encoded = encode(photograph(200, 150, seed=6))
    flow_request.options.preset = stubs.messages.REFERENCE
    flow_request.options.patchmatch_iterations = iterations
    call = stubs.services.CorrespondenceStub(server.channel).ComputeFlow(flow_request)
    wait_until(lambda: server.active_flows() > 0)
    return call


def test_prints_its_ports(server):
    assert server.lines == [
        f"listening on {server.address}",
        f"metrics on {server.metrics_address}",
        "ready",
    ]
    assert not server.address.endswith(":0")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_server_ends_at_once(start_server, number):
    server = start_server()
    # A watcher of health and its open stream must not keep the server.
    health = health_pb2_grpc.HealthStub(server.channel)
    watch = health.Watch(health_pb2.HealthCheckRequest())
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    server.process.send_signal(number)
    assert server.wait() == 0


def test_a_lame_duck_still_answers(start_server, stubs, transfer_request):
    server = start_server("--lame-duck", "2")
    health = health_pb2_grpc.HealthStub(server.channel)
    watch = health.Watch(health_pb2.HealthCheckRequest())
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    server.process.send_signal(signal.SIGTERM)
    assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert server.get("/readyz")[0] == 503
    stub = stubs.services.CorrespondenceStub(server.channel)
    assert stub.TransferKeypoints(transfer_request).matches
    assert server.wait() == 0


def test_flow_in_flight_is_finished(start_server, stubs, flow_request):
    server = start_server()
    health = health_pb2_grpc.HealthStub(server.channel)
    watch = health.Watch(health_pb2.HealthCheckRequest())
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    call = start_long_flow(server, stubs, flow_request, SOME_ITERATIONS)

    server.terminate()
    assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert server.get("/readyz")[0] == 503
    with pytest.raises(grpc.RpcError) as error:
        while True:  # The call that meets the closed gate.
            list(stubs.services.CorrespondenceStub(server.channel).ComputeFlow(flow_request))
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE

    assert read_flow(call).flow.shape == (150, 200, 2)
    assert server.wait() == 0


def test_second_signal_ends_at_once(start_server, stubs, flow_request):
    server = start_server()
    call = start_long_flow(server, stubs, flow_request, ENDLESS_ITERATIONS)
    server.terminate()
    wait_until(lambda: server.get("/readyz")[0] == 503)
    server.terminate()
    assert server.wait() == -signal.SIGTERM
    with pytest.raises(grpc.RpcError):
        list(call)


def test_drain_timeout_cancels(start_server, stubs, flow_request):
    server = start_server("--drain-timeout", "0")
    call = start_long_flow(server, stubs, flow_request, ENDLESS_ITERATIONS)
    server.terminate()
    with pytest.raises(grpc.RpcError):
        list(call)
    assert server.wait() == 0


def test_missing_models(server_binary, tmp_path):
    line = fail_to_start(server_binary, "--models", str(tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in line


def test_no_model_in_the_folder(server_binary, tmp_path):
    assert "no model to serve" in fail_to_start(server_binary, "--models", str(tmp_path))


@pytest.mark.parametrize("name", ["model.json", "encoder.pt", "field.pt"])
@pytest.mark.parametrize("damage", ["removed", "emptied", "changed"])
def test_broken_bundle(server_binary, models, tmp_path, name, damage):
    shutil.copytree(models, tmp_path / "models")
    file = tmp_path / "models" / "tiny" / "1" / name
    if damage == "removed":
        file.unlink()
    elif damage == "emptied":
        file.write_bytes(b"")
    else:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(content)
    line = fail_to_start(server_binary, "--models", str(tmp_path / "models"))
    assert "tiny" in line


def test_bundle_of_another_format(server_binary, models, tmp_path):
    shutil.copytree(models, tmp_path / "models")
    file = tmp_path / "models" / "tiny" / "1" / "model.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    assert "format" in fail_to_start(server_binary, "--models", str(tmp_path / "models"))


def test_unknown_default_model(server_binary, models):
    flags = ("--models", str(models), "--default-model", "other")
    assert 'model "other" is not served' in fail_to_start(server_binary, *flags)


def test_taken_ports(server_binary, models, server):
    for flag, address in (("--listen", server.address), ("--metrics", server.metrics_address)):
        line = fail_to_start(server_binary, "--models", str(models), flag, address)
        assert f"cannot listen on {address}" in line


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (("--bogus",), "--bogus"),
        (("--listen", "here"), "--listen"),
        (("--threads", "many"), "--threads"),
        (("--threads", "-1"), "EngineOptions.threads = -1"),
        (("--device", "tpu"), 'EngineOptions.device = "tpu"'),
        (("--max-keypoints", "0"), "max_keypoints = 0, must be >= 1"),
        (("--max-queued-jobs", "0"), "max_queued_jobs = 0"),
        (("--log-level", "loud"), "--log-level"),
    ],
)
def test_bad_flags(server_binary, models, flags, text):
    assert text in fail_to_start(server_binary, "--models", str(models), *flags)


def test_environment_variables(server_binary, models):
    variables = {"NEMF_MODELS": str(models), "NEMF_MAX_KEYPOINTS": "0"}
    assert "max_keypoints = 0" in fail_to_start(server_binary, **variables)

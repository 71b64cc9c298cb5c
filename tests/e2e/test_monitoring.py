"""Health, reflection, metrics and logs of the real server."""

from __future__ import annotations

import json

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

SERVICE = "nemf.v1.Correspondence"


@pytest.mark.parametrize("service", ["", SERVICE])
def test_health(server, service):
    health = health_pb2_grpc.HealthStub(server.channel)
    answer = health.Check(health_pb2.HealthCheckRequest(service=service))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_health_of_an_unknown_service(server):
    health = health_pb2_grpc.HealthStub(server.channel)
    with pytest.raises(grpc.RpcError) as error:
        health.Check(health_pb2.HealthCheckRequest(service="nemf.v1.Nothing"))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_reflection(server):
    database = ProtoReflectionDescriptorDatabase(server.channel)
    assert SERVICE in database.get_services()
    file = database.FindFileContainingSymbol(SERVICE)
    assert [method.name for method in file.service[0].method] == [
        "TransferKeypoints",
        "TransferKeypointsStream",
        "ComputeFlow",
        "SampleField",
    ]


def test_reflection_can_be_turned_off(start_server):
    server = start_server("--no-reflection")
    with pytest.raises(grpc.RpcError) as error:
        ProtoReflectionDescriptorDatabase(server.channel).get_services()
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_metrics_count_calls(server, stub, transfer_request):
    labels = {"method": "TransferKeypoints", "code": "OK"}
    before = server.metric("nemf_requests_total", **labels)
    queries = server.metric("nemf_field_queries_total")
    answer = stub.TransferKeypoints(transfer_request)
    assert server.metric("nemf_requests_total", **labels) == before + 1
    # The server counts what it spent, which is at most what the request was charged with.
    spent = server.metric("nemf_field_queries_total") - queries
    assert 0 < spent <= answer.statistics.field_queries
    assert server.metric("nemf_model_info", name="tiny", version="1", device="cpu") == 1
    memory = [server.metric("nemf_device_memory_bytes", kind=kind) for kind in ("used", "total")]
    assert 0 < memory[0] < memory[1]
    assert server.metric("nemf_request_duration_seconds_count", method="TransferKeypoints") > 0
    assert server.metric("nemf_stage_duration_seconds_count", stage="decode") > 0
    assert server.metric("nemf_stage_duration_seconds_count", stage="encode") > 0
    assert server.metric("nemf_build_info") == 1


def test_metrics_count_refusals(server, stub, transfer_request):
    labels = {"method": "TransferKeypoints", "code": "INVALID_ARGUMENT"}
    before = server.metric("nemf_requests_total", **labels)
    transfer_request.query.encoded = b"no image"
    with pytest.raises(grpc.RpcError):
        stub.TransferKeypoints(transfer_request)
    assert server.metric("nemf_requests_total", **labels) == before + 1


def test_probes(server):
    assert server.get("/healthz")[0] == 200
    assert server.get("/readyz")[0] == 200
    assert server.get("/nothing")[0] == 404


def test_one_log_line_a_request(start_server, stubs, transfer_request):
    server = start_server()
    stub = stubs.services.CorrespondenceStub(server.channel)
    stub.TransferKeypoints(transfer_request, metadata=[("x-request-id", "id-1")])
    transfer_request.query.encoded = b"no\nimage"
    with pytest.raises(grpc.RpcError):
        stub.TransferKeypoints(transfer_request, metadata=[("x-request-id", "id-2")])
    server.terminate()
    assert server.wait() == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    good, bad = (line for line in lines if line["message"] == "request")
    assert (good["request_id"], good["code"], good["model"]) == ("id-1", "OK", "tiny/1")
    assert good["method"] == "TransferKeypoints"
    assert good["seconds"] > 0
    assert (bad["request_id"], bad["code"]) == ("id-2", "INVALID_ARGUMENT")
    assert "query.encoded" in bad["error"]

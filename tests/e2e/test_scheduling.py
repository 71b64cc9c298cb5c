"""Pair cache, admission, priorities and watchdog of the real server."""

from __future__ import annotations

import json

import grpc
import pytest

from tests.e2e.flows import read_flow
from tests.e2e.support import encode, photograph, wait_until

# Of a flow that is still busy whenever a test ends, on any machine.
ENDLESS_ITERATIONS = 1000


@pytest.fixture
def fresh_request(transfer_request):
    """A request over a pair that no other test asks about; the test's own to spoil."""

    def make(seed: int):
        transfer_request.query.encoded = encode(photograph(61, 47, seed=seed))
        return transfer_request

    return make


def content(response) -> bytes:
    """Everything of an answer but its statistics."""
    return b"".join(match.SerializeToString(deterministic=True) for match in response.matches)


def start_endless_flow(server, stubs, flow_request):
    """A flow that is being matched on return; it is cancelled once nobody holds the call."""
    flow_request.query.encoded = encode(photograph(200, 150, seed=6))
    flow_request.options.preset = stubs.messages.REFERENCE
    flow_request.options.patchmatch_iterations = ENDLESS_ITERATIONS
    call = stubs.services.CorrespondenceStub(server.channel).ComputeFlow(flow_request)
    wait_until(lambda: server.metric("nemf_step_queries_count") > 0)
    return call


def test_a_second_keypoint_of_a_pair_needs_no_encoder(server, stub, stubs, fresh_request):
    request = fresh_request(101)
    first = stub.TransferKeypoints(request)
    assert not first.statistics.cached
    assert first.statistics.encode_seconds > 0

    passes = server.metric("nemf_encoder_batch_pairs_count")
    hits = server.metric("nemf_pair_cache_hits_total")
    again = stub.TransferKeypoints(request)
    request.keypoints.append(stubs.messages.Point(x=11, y=12))
    second = stub.TransferKeypoints(request)
    assert again.statistics.cached and second.statistics.cached
    assert second.statistics.encode_seconds == 0
    assert second.statistics.encoder_batch_pairs == 0
    assert content(again) == content(first)
    assert server.metric("nemf_encoder_batch_pairs_count") == passes
    assert server.metric("nemf_pair_cache_hits_total") == hits + 2
    assert server.metric("nemf_pair_cache_bytes") > 0


def test_flow_and_keypoints_share_a_pair(stub, flow_request, fresh_request):
    request = fresh_request(102)
    stub.TransferKeypoints(request)
    flow_request.query.CopyFrom(request.query)
    assert read_flow(stub.ComputeFlow(flow_request)).trailer.statistics.cached


def test_the_sides_of_a_pair_matter(stub, fresh_request):
    request = fresh_request(103)
    del request.keypoints[1:]  # (0, 0), which both images have
    stub.TransferKeypoints(request)
    query = request.query.encoded
    request.query.encoded = request.reference.encoded
    request.reference.encoded = query
    assert not stub.TransferKeypoints(request).statistics.cached


@pytest.mark.parametrize(
    "flags", [("--pair-cache-bytes", "0"), ("--overlap-encoding", "on")], ids=lambda flags: flags[0]
)
def test_how_pairs_are_encoded_changes_no_answer(
    stub, stubs, start_server, transfer_request, flags
):
    other = stubs.services.CorrespondenceStub(start_server(*flags).channel)
    requests = []
    for seed in range(6):
        request = stubs.messages.TransferKeypointsRequest()
        request.CopyFrom(transfer_request)
        request.query.encoded = encode(photograph(61, 47, seed=110 + seed // 2))
        request.options.seed = seed
        requests.append(request)
    futures = [other.TransferKeypoints.future(request) for request in requests]
    answers = [content(future.result()) for future in futures]
    assert answers == [content(stub.TransferKeypoints(request)) for request in requests]


def test_refuses_at_once_what_would_miss_its_deadline(start_server, stubs, flow_request):
    server = start_server("--max-queued-seconds", "1e9")
    endless = start_endless_flow(server, stubs, flow_request)
    stub = stubs.services.CorrespondenceStub(server.channel)
    with pytest.raises(grpc.RpcError) as error:
        list(stub.ComputeFlow(flow_request, timeout=2))
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "before the deadline" in error.value.details()
    assert server.metric("nemf_jobs_dropped_total", reason="deadline_unreachable") == 1
    wait_until(lambda: server.metric("nemf_queued_work_seconds") > 0)
    assert endless.is_active()


def test_refuses_at_once_what_would_wait_too_long(start_server, stubs, flow_request):
    server = start_server("--max-queued-seconds", "1")
    endless = start_endless_flow(server, stubs, flow_request)
    stub = stubs.services.CorrespondenceStub(server.channel)
    with pytest.raises(grpc.RpcError) as error:
        list(stub.ComputeFlow(flow_request))
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "goes before, must be <= 1 s" in error.value.details()
    assert server.metric("nemf_jobs_dropped_total", reason="queue_full") == 1
    assert endless.is_active()


def test_counts_what_was_wasted(start_server, stubs, flow_request):
    server = start_server()
    call = start_endless_flow(server, stubs, flow_request)
    assert server.metric("nemf_wasted_queries_total") == 0
    call.cancel()
    wait_until(lambda: server.metric("nemf_wasted_queries_total") > 0)
    wait_until(lambda: server.metric("nemf_queued_work_seconds") < 1e-6)
    assert server.metric("nemf_jobs_dropped_total", reason="cancelled") == 1


def test_a_trusted_priority_must_be_one(start_server, stubs, transfer_request):
    stub = stubs.services.CorrespondenceStub(start_server("--trust-priority-header").channel)
    stub.TransferKeypoints(transfer_request, metadata=[("x-nemf-priority", "high")])
    with pytest.raises(grpc.RpcError) as error:
        stub.TransferKeypoints(transfer_request, metadata=[("x-nemf-priority", "urgent")])
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert 'x-nemf-priority = "urgent"' in error.value.details()


def test_an_untrusted_priority_is_not_looked_at(stub, transfer_request):
    stub.TransferKeypoints(transfer_request, metadata=[("x-nemf-priority", "urgent")])


def test_the_watchdog_ends_a_server_that_does_not_move(start_server, stubs, flow_request):
    # No machine matches a whole chunk in this time.
    server = start_server("--watchdog-seconds", "0.002")
    flow_request.query.encoded = encode(photograph(200, 150, seed=6))
    flow_request.options.preset = stubs.messages.REFERENCE
    flow_request.options.patchmatch_iterations = ENDLESS_ITERATIONS
    stub = stubs.services.CorrespondenceStub(server.channel)
    with pytest.raises(grpc.RpcError):
        list(stub.ComputeFlow(flow_request))
    assert server.wait() == 1
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line[0] == "{"]
    assert [line["reason"] for line in lines if line["message"] == "broken"] == [
        "the scheduler made no progress for 2ms"
    ]

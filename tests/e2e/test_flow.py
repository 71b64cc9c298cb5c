"""ComputeFlow of the real server, called by an independent client."""

from __future__ import annotations

import grpc
import numpy as np
import pytest

from tests.e2e.flows import read_flow
from tests.e2e.support import encode, photograph, wait_until


def test_streams_the_flow(stub, flow_request):
    flow_request.with_confidence = True
    flow = read_flow(stub.ComputeFlow(flow_request))
    assert (flow.header.width, flow.header.height) == (61, 47)
    assert (flow.header.reference_width, flow.header.reference_height) == (53, 71)
    assert np.isfinite(flow.flow).all()
    assert ((flow.confidence >= 0) & (flow.confidence <= 1)).all()
    assert flow.trailer.statistics.model_name == "tiny"
    assert flow.trailer.statistics.field_queries >= 61 * 47


def test_confidence_only_where_asked_for(stub, flow_request):
    assert read_flow(stub.ComputeFlow(flow_request)).confidence is None


def test_same_request_twice_gives_the_same_bytes(stub, flow_request):
    flow_request.with_confidence = True
    first = read_flow(stub.ComputeFlow(flow_request))
    assert read_flow(stub.ComputeFlow(flow_request)).content == first.content


@pytest.mark.parametrize("refinement", ["COARSE", "PATCHMATCH"])
def test_agrees_with_the_keypoints(stub, stubs, flow_request, transfer_request, refinement):
    """A keypoint on a pixel is matched like that pixel of the dense flow."""
    flow_request.options.refinement = stubs.messages.Refinement.Value(refinement)
    flow = read_flow(stub.ComputeFlow(flow_request)).flow
    transfer_request.options.CopyFrom(flow_request.options)
    pixels = [(0, 0), (60, 46), (17, 31), (60, 0)]
    del transfer_request.keypoints[:]
    transfer_request.keypoints.extend(stubs.messages.Point(x=x, y=y) for x, y in pixels)
    matches = stub.TransferKeypoints(transfer_request).matches
    for (x, y), match in zip(pixels, matches, strict=True):
        expected = np.array([x, y]) + flow[y, x]
        assert np.allclose([match.reference.x, match.reference.y], expected, atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3)])
def test_odd_sizes(stub, flow_request, size):
    flow_request.query.encoded = encode(photograph(*size, seed=3))
    flow_request.reference.encoded = encode(photograph(*reversed(size), seed=4))
    assert read_flow(stub.ComputeFlow(flow_request)).flow.shape == (size[1], size[0], 2)


def test_large_flow_comes_in_many_small_messages(stub, stubs, flow_request):
    """8 MB of flow through a stock client, whose limit is 4 MiB a message."""
    flow_request.query.encoded = encode(photograph(1201, 801, seed=5))
    flow_request.options.refinement = stubs.messages.COARSE
    flow = read_flow(stub.ComputeFlow(flow_request))
    assert flow.flow.shape == (801, 1201, 2)
    assert flow.chunks >= 8


def test_cancelled_flow_frees_the_server(server, stub, flow_request):
    flow_request.query.encoded = encode(photograph(400, 300, seed=6))
    flow_request.options.patchmatch_iterations = 1000
    before = server.metric("nemf_requests_total", method="ComputeFlow", code="CANCELLED")
    call = stub.ComputeFlow(flow_request)
    wait_until(lambda: server.active_flows() > 0)
    call.cancel()
    with pytest.raises(grpc.RpcError) as error:
        list(call)
    assert error.value.code() == grpc.StatusCode.CANCELLED
    wait_until(lambda: server.active_flows() == 0)
    after = server.metric("nemf_requests_total", method="ComputeFlow", code="CANCELLED")
    assert after == before + 1


def test_missed_deadline_ends_the_call(server, stub, flow_request):
    flow_request.query.encoded = encode(photograph(400, 300, seed=6))
    flow_request.options.patchmatch_iterations = 1000
    with pytest.raises(grpc.RpcError) as error:
        list(stub.ComputeFlow(flow_request, timeout=0.3))
    # A server that has seen enough to know its speed says so at once.
    codes = (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert error.value.code() in codes
    wait_until(lambda: server.active_flows() == 0)

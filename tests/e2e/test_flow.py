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


def test_float16_is_the_same_flow_in_half_the_bytes(stub, stubs, flow_request):
    flow_request.with_confidence = True
    full = read_flow(stub.ComputeFlow(flow_request))
    flow_request.type = stubs.messages.FLOAT16
    half = read_flow(stub.ComputeFlow(flow_request))
    assert (full.header.type, half.header.type) == (stubs.messages.FLOAT32, stubs.messages.FLOAT16)
    assert half.flow.dtype == np.float16
    # NumPy rounds to the nearest, ties to even, as well.
    assert np.array_equal(half.flow, full.flow.astype(np.float16))
    assert np.array_equal(half.confidence, full.confidence.astype(np.float16))


def there_and_back(forward: np.ndarray, backward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """|x + F(x) + B(x + F(x)) - x| with B bilinear, infinite outside of the reference; and where
    x + F(x) is so near to the border that rounding decides."""
    height, width = backward.shape[:2]
    rows, columns = np.indices(forward.shape[:2]).astype(float)
    x, y = columns + forward[..., 0], rows + forward[..., 1]
    to_border = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    inside = to_border >= 0
    left, top = (np.where(inside, value, 0).astype(int) for value in (x, y))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    fx, fy = ((value - whole)[..., None] for value, whole in ((x, left), (y, top)))
    upper = (1 - fx) * backward[top, left] + fx * backward[top, right]
    lower = (1 - fx) * backward[bottom, left] + fx * backward[bottom, right]
    sums = forward + (1 - fy) * upper + fy * lower
    distance = np.where(inside, np.hypot(sums[..., 0], sums[..., 1]), np.inf)
    return distance, np.abs(to_border) < 1e-4


@pytest.mark.parametrize("refinement", ["COARSE", "PATCHMATCH_AND_OPTIMIZE"])
def test_consistency_is_there_and_back_again(stub, stubs, flow_request, refinement):
    flow_request.options.refinement = stubs.messages.Refinement.Value(refinement)
    forward = read_flow(stub.ComputeFlow(flow_request))
    exchanged = stubs.messages.ComputeFlowRequest()
    exchanged.CopyFrom(flow_request)
    exchanged.query.CopyFrom(flow_request.reference)
    exchanged.reference.CopyFrom(flow_request.query)
    backward = read_flow(stub.ComputeFlow(exchanged))

    flow_request.with_consistency = True
    flow_request.with_confidence = True
    both = read_flow(stub.ComputeFlow(flow_request))
    assert np.array_equal(both.flow, forward.flow)
    expected, undecided = there_and_back(forward.flow, backward.flow)
    assert np.isfinite(expected[~undecided]).any()
    found = both.consistency[~undecided]
    assert np.allclose(found, expected[~undecided], rtol=0, atol=1e-3)  # infinities alike
    statistics = [flow.trailer.statistics for flow in (forward, backward, both)]
    assert statistics[2].field_queries == statistics[0].field_queries + statistics[1].field_queries
    each = (both.trailer.forward_match_seconds, both.trailer.backward_match_seconds)
    assert statistics[2].match_seconds == max(each) >= min(each) > 0


def test_cancelled_flow_with_consistency_frees_the_server(server, stub, flow_request):
    flow_request.query.encoded = encode(photograph(400, 300, seed=6))
    flow_request.options.patchmatch_iterations = 1000
    flow_request.with_consistency = True
    call = stub.ComputeFlow(flow_request)
    wait_until(lambda: server.active_flows() > 0)
    call.cancel()
    with pytest.raises(grpc.RpcError):
        list(call)
    wait_until(lambda: server.active_flows() == 0)


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

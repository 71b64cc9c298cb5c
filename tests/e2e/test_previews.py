"""Previews of ComputeFlow of the real server, called by an independent client."""

from __future__ import annotations

import numpy as np
import pytest

from tests.e2e.flows import read_flow
from tests.e2e.support import encode, photograph


def read_previews(messages) -> dict[int, np.ndarray]:
    """The previews of a stream by iteration, [height, width, 2] each, in the order they came."""
    header = messages[0].header
    rows: dict[int, list[bytes]] = {}
    for message in messages:
        if message.WhichOneof("part") == "preview":
            rows.setdefault(message.preview.iteration, []).append(message.preview.chunk.flow)
    shape = (header.height, header.width, 2)
    return {i: np.frombuffer(b"".join(parts), "<f4").reshape(shape) for i, parts in rows.items()}


def without_previews(messages):
    return [message for message in messages if message.WhichOneof("part") != "preview"]


@pytest.fixture
def reference_schedule(stubs, flow_request):
    """A request of the paper's method, made short."""
    flow_request.options.preset = stubs.messages.REFERENCE
    flow_request.options.patchmatch_iterations = 5
    flow_request.options.optimize_steps = 2
    return flow_request


def test_previews_are_shorter_runs(stub, stubs, reference_schedule):
    """A preview after N iterations has the bits of a request with N iterations."""
    reference_schedule.preview_iterations.extend([0, 1, 3, 5, 9])
    messages = list(stub.ComputeFlow(reference_schedule))
    previews = read_previews(messages)
    assert list(previews) == [0, 1, 3, 5]  # there is no ninth iteration
    del reference_schedule.preview_iterations[:]
    flow = read_flow(stub.ComputeFlow(reference_schedule))
    assert read_flow(without_previews(messages)).content == flow.content

    options = reference_schedule.options
    options.refinement = stubs.messages.PATCHMATCH
    for iteration, preview in previews.items():
        options.patchmatch_iterations = iteration
        shorter = read_flow(stub.ComputeFlow(reference_schedule)).flow
        assert np.array_equal(preview, shorter), f"iteration {iteration}"
    options.refinement = stubs.messages.COARSE
    assert np.array_equal(previews[0], read_flow(stub.ComputeFlow(reference_schedule)).flow)


@pytest.mark.parametrize("preset", ["FAST", "BALANCED"])
def test_presets_have_previews_too(stub, stubs, flow_request, preset):
    flow_request.options.preset = stubs.messages.Preset.Value(preset)
    flow_request.preview_iterations.extend([0, 1, 2])
    messages = list(stub.ComputeFlow(flow_request))
    previews = read_previews(messages)
    assert list(previews) == [0, 1, 2]
    assert all(np.isfinite(preview).all() for preview in previews.values())
    del flow_request.preview_iterations[:]
    flow = read_flow(stub.ComputeFlow(flow_request))
    assert read_flow(without_previews(messages)).content == flow.content


def test_the_coarse_flow_comes_while_the_flow_is_computed(server, stub, reference_schedule):
    reference_schedule.query.encoded = encode(photograph(400, 300, seed=6))
    reference_schedule.options.patchmatch_iterations = 1000
    reference_schedule.preview_iterations.append(0)
    call = stub.ComputeFlow(reference_schedule)
    rows = 0
    for message in call:
        if message.WhichOneof("part") == "preview":
            rows += message.preview.chunk.rows
        if rows == 300:
            break
    assert server.active_flows() > 0
    call.cancel()

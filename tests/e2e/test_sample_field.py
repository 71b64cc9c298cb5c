"""SampleField of the real server, and `nemf field`."""

from __future__ import annotations

import io
import json
import subprocess

import grpc
import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def field_request(stubs, query_file, reference_file):
    m = stubs.messages
    return m.SampleFieldRequest(
        query=m.Image(encoded=query_file),
        reference=m.Image(encoded=reference_file),
        point=m.Point(x=30.25, y=20.5),
        columns=27,
        rows=36,
    )


def grid(response, content: bytes) -> np.ndarray:
    return np.frombuffer(content, "<f4").reshape(response.rows, response.columns)


def test_scores_every_node(server, stub, field_request):
    before = server.metric("nemf_requests_total", method="SampleField", code="OK")
    response = stub.SampleField(field_request)
    assert (response.columns, response.rows) == (27, 36)
    assert (response.reference_width, response.reference_height) == (53, 71)
    for content in (response.scores, response.cost):
        values = grid(response, content)
        assert np.isfinite(values).all()
        assert values.std() > 0
    assert response.statistics.model_name == "tiny"
    assert response.statistics.field_queries == 27 * 36
    assert stub.SampleField(field_request).scores == response.scores
    after = server.metric("nemf_requests_total", method="SampleField", code="OK")
    assert after == before + 2


def test_nodes_are_where_they_are_said_to_be(stub, field_request):
    """Of two grids, one with every second node of the other, the common nodes agree."""
    coarse = stub.SampleField(field_request)
    field_request.columns, field_request.rows = 53, 71
    fine = stub.SampleField(field_request)
    for part in ("scores", "cost"):
        every_second = grid(fine, getattr(fine, part))[::2, ::2]
        assert np.allclose(every_second, grid(coarse, getattr(coarse, part)), rtol=0, atol=1e-3)


def test_agrees_with_the_score_of_a_match(stub, stubs, field_request, transfer_request):
    """A match is said to score about what the nodes around it do."""
    transfer_request.options.refinement = stubs.messages.COARSE
    del transfer_request.keypoints[:]
    transfer_request.keypoints.append(field_request.point)
    match = stub.TransferKeypoints(transfer_request).matches[0]
    field_request.columns, field_request.rows = 256, 256
    response = stub.SampleField(field_request)
    scores = grid(response, response.scores)
    column, row = match.reference.x / 52 * 255, match.reference.y / 70 * 255
    around = scores[int(row) : int(row) + 2, int(column) : int(column) + 2]
    slack = around.max() - around.min() + 1e-3
    assert around.min() - slack <= match.score <= around.max() + slack


def test_bad_requests_are_named(stub, field_request):
    field_request.columns = 5000
    with pytest.raises(grpc.RpcError) as error:
        stub.SampleField(field_request)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error.value.details() == "columns * rows = 5000 * 36, must be <= 65536"


def test_command_line(server, cli_binary, stub, field_request, tmp_path):
    for name, image in (("q.png", field_request.query), ("r.png", field_request.reference)):
        (tmp_path / name).write_bytes(image.encoded)
    command = [str(cli_binary), "field", "q.png", "r.png", "--server", server.address]
    command += ["--point", "30.25,20.5", "--columns", "27", "--rows", "36"]
    command += ["--out", "f.png", "--npy", "f.npy", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    response = stub.SampleField(field_request)
    values = np.load(tmp_path / "f.npy")
    assert np.array_equal(values[0], grid(response, response.scores))
    assert np.array_equal(values[1], grid(response, response.cost))
    root = json.loads(done.stdout)
    assert np.allclose(root["scores"], values[0], rtol=1e-6, atol=0)
    row, column = np.unravel_index(values[1].argmax(), values[1].shape)
    assert root["best_cost"]["reference"] == pytest.approx([column * 2, row * 2])
    picture = Image.open(io.BytesIO((tmp_path / "f.png").read_bytes()))
    assert picture.width > 400 and picture.height > 300

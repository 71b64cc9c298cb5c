"""TransferKeypoints of the real server, called by an independent client."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.e2e.support import encode, photograph


def matches_of(response) -> bytes:
    """Everything of the answer but the timings."""
    return b"".join(match.SerializeToString(deterministic=True) for match in response.matches)


def test_transfers_keypoints(stub, transfer_request):
    response = stub.TransferKeypoints(transfer_request)
    assert [match.query for match in response.matches] == list(transfer_request.keypoints)
    for match in response.matches:
        assert np.isfinite([match.reference.x, match.reference.y, match.score]).all()
        assert match.confidence == pytest.approx(1 / (1 + np.exp(-match.score)), abs=1e-5)
        inside = 0 <= match.reference.x <= 52 and 0 <= match.reference.y <= 70
        assert match.in_bounds == inside


def test_says_what_it_cost(stub, transfer_request):
    transfer_request.query.encoded = encode(photograph(61, 47, seed=3))  # not in the pair cache
    statistics = stub.TransferKeypoints(transfer_request).statistics
    assert (statistics.model_name, statistics.model_version) == ("tiny", "1")
    assert statistics.device == "cpu"
    assert statistics.decode_seconds > 0
    assert statistics.encode_seconds > 0
    assert statistics.match_seconds > 0
    assert statistics.field_queries > 0
    assert statistics.encoder_batch_pairs >= 1


def test_same_request_twice_gives_the_same_bytes(stub, transfer_request):
    first = stub.TransferKeypoints(transfer_request)
    assert matches_of(stub.TransferKeypoints(transfer_request)) == matches_of(first)


def test_other_seed_gives_another_search(stub, transfer_request):
    first = stub.TransferKeypoints(transfer_request)
    transfer_request.options.seed = 8
    assert matches_of(stub.TransferKeypoints(transfer_request)) != matches_of(first)


def test_an_answer_does_not_depend_on_its_company(stub, transfer_request):
    together = stub.TransferKeypoints(transfer_request)
    points = list(transfer_request.keypoints)
    for point, match in zip(points, together.matches, strict=True):
        del transfer_request.keypoints[:]
        transfer_request.keypoints.append(point)
        alone = stub.TransferKeypoints(transfer_request)
        assert alone.matches[0].SerializeToString() == match.SerializeToString()


def test_concurrent_requests_get_their_own_answers(stub, stubs, transfer_request):
    requests = []
    for seed in range(8):
        request = stubs.messages.TransferKeypointsRequest()
        request.CopyFrom(transfer_request)
        request.options.seed = seed
        requests.append(request)
    alone = [matches_of(stub.TransferKeypoints(request)) for request in requests]
    futures = [stub.TransferKeypoints.future(request) for request in requests]
    assert [matches_of(future.result()) for future in futures] == alone


def test_refinements_differ_and_cost_more_in_their_order(stub, stubs, transfer_request):
    answers = []
    for refinement in ("COARSE", "PATCHMATCH", "PATCHMATCH_AND_OPTIMIZE"):
        transfer_request.options.refinement = stubs.messages.Refinement.Value(refinement)
        answers.append(stub.TransferKeypoints(transfer_request))
    costs = [answer.statistics.field_queries for answer in answers]
    assert costs == sorted(costs)
    assert len({matches_of(answer) for answer in answers}) == 3


def test_raw_pixels_give_the_answer_of_the_file(stub, stubs, transfer_request, query_file):
    from_file = stub.TransferKeypoints(transfer_request)
    pixels = np.asarray(Image.open(io.BytesIO(query_file)).convert("RGB"))
    raw = transfer_request.query.raw
    raw.format = stubs.messages.RawImage.RGB8
    raw.width, raw.height = 61, 47
    raw.data = pixels.tobytes()
    assert matches_of(stub.TransferKeypoints(transfer_request)) == matches_of(from_file)

    raw.format = stubs.messages.RawImage.BGR8
    raw.stride = 61 * 3 + 5
    raw.data = np.pad(pixels[..., ::-1].reshape(47, -1), ((0, 0), (0, 5))).tobytes()
    assert matches_of(stub.TransferKeypoints(transfer_request)) == matches_of(from_file)


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "BMP", "TIFF"])
def test_takes_every_format(stub, transfer_request, file_format):
    transfer_request.query.encoded = encode(photograph(61, 47, seed=1), file_format)
    assert len(stub.TransferKeypoints(transfer_request).matches) == 3


def test_keypoints_are_in_the_exif_orientation(stub, stubs, transfer_request):
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter: 47 x 61 pixels when shown
    photograph(61, 47, seed=1).save(buffer, "JPEG", exif=exif)
    transfer_request.query.encoded = buffer.getvalue()
    del transfer_request.keypoints[:]
    transfer_request.keypoints.append(stubs.messages.Point(x=46, y=60))
    assert len(stub.TransferKeypoints(transfer_request).matches) == 1


def test_model_can_be_named(stub, transfer_request):
    transfer_request.model.name = "tiny"
    transfer_request.model.version = "1"
    assert stub.TransferKeypoints(transfer_request).statistics.model_name == "tiny"


def test_request_id_comes_back(stub, transfer_request):
    _, call = stub.TransferKeypoints.with_call(
        transfer_request, metadata=[("x-request-id", "my-request-1")]
    )
    assert dict(call.trailing_metadata())["x-request-id"] == "my-request-1"
    _, call = stub.TransferKeypoints.with_call(transfer_request)
    assert len(dict(call.trailing_metadata())["x-request-id"]) == 32

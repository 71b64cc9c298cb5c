"""Many pairs through one call of the real server."""

from __future__ import annotations

import grpc
import pytest


@pytest.fixture
def pair(stubs, transfer_request):
    """Makes the message of one pair under an id."""

    def make(name: str):
        return stubs.messages.TransferKeypointsStreamRequest(id=name, request=transfer_request)

    return make


def test_answers_are_those_of_the_unary_method(stub, pair, transfer_request):
    ids = [str(number) for number in range(40)]
    answers = {a.id: a for a in stub.TransferKeypointsStream(pair(name) for name in ids)}
    assert sorted(answers) == sorted(ids)
    alone = stub.TransferKeypoints(transfer_request)
    for answer in answers.values():
        assert answer.response.matches == alone.matches


def test_a_bad_pair_does_not_end_the_stream(stub, pair):
    bad = pair("bad")
    bad.request.query.encoded = b"no image"
    answers = {a.id: a for a in stub.TransferKeypointsStream(iter([pair("a"), bad, pair("b")]))}
    assert answers["bad"].error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert "query.encoded = 8 bytes" in answers["bad"].error.message
    assert len(answers["a"].response.matches) == len(answers["b"].response.matches) == 3


def test_an_empty_stream(stub):
    assert list(stub.TransferKeypointsStream(iter([]))) == []


def test_cancel(server, stub, pair):
    call = stub.TransferKeypointsStream(pair(str(number)) for number in range(1000))
    next(call)
    call.cancel()
    with pytest.raises(grpc.RpcError) as error:
        list(call)
    assert error.value.code() == grpc.StatusCode.CANCELLED
    assert [a.id for a in stub.TransferKeypointsStream(iter([pair("after")]))] == ["after"]
